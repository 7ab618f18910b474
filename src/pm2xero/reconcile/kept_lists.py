"""Xero's lists as they are now, of which only what has changed since the last time is read.

Each list has a mark: all that changed before it is kept in the outbox. A reading asks for what has
changed since then (`If-Modified-Since`), keeps every page as it comes, and moves the mark. Then one
call asks how long the whole list is. Where that is not what is kept, something left the list or
was missed, and the whole list is read.

What one object shows of another (whose invoice a payment pays, what a contact is called) changes
without the object that shows it; it is taken from the other one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

import msgspec

from pm2xero.connection import Connection
from pm2xero.errors import Finding, UsageError
from pm2xero.outbox.seen import CHANGED, WHOLE, ListState
from pm2xero.reconcile.documents import Objects
from pm2xero.xero.answers import (
    Pagination,
    Unproven,
    complete_list,
    id_name_of,
    objects_of,
    page_of,
)
from pm2xero.xero.client import Response
from pm2xero.xero.reading import read_kept

PAGE_SIZE = 1000
# Clocks may differ so far, and a change may come to light so long after its time.
MARGIN = timedelta(hours=1)
# How often a list is read that does not come out as long as it says, and a page that is not whole.
_READINGS = 4
_TRIES = 3
# A reading of everything may take days, with the calls that Xero gives for each.
_ON_ITS_WAY = timedelta(days=7)
# More pages than Xero gives: it refuses lists of more than 100,000.
_MOST_PAGES = 1000
CONTACTS = "Contacts"
# Xero gives these in one piece, so they are read whole each time, in one call.
_IN_ONE_PIECE = frozenset(("Accounts", "BankTransfers", "BatchPayments"))
# Of these lists all is asked for, also what a user does not see any more.
_ALL: Mapping[str, Mapping[str, str]] = {CONTACTS: {"includeArchived": "true"}}
# What is kept of a contact: no address, no telephone number, nobody's bank account.
_CONTACT = ("ContactID", "Name", "ContactNumber", "ContactStatus", "MergedToContactID")
# How far a contact that was merged is followed.
_MERGES = 20
# Where an object shows another one: the field, and the list of what it shows.
_SHOWN = {"Invoice": "Invoices", "CreditNote": "CreditNotes"}

_GOES_ON = "every page that came is kept: run it again, and it goes on behind them"

Object = Mapping[str, Any]
Ask = Callable[[str, Mapping[str, str], Mapping[str, str]], Response]

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Kept(Protocol):
    """Where lists are kept; see `outbox.seen`."""

    def list_state(self, endpoint: str) -> ListState | None:
        """How far a list is known."""

    def want_whole(self, recently: datetime) -> None:
        """Every list is to be read from its beginning, unless that is on its way."""

    def begin_reading(
        self, endpoint: str, tenant: str, reader: str, reading: str, since: datetime | None
    ) -> ListState:
        """Begin to read a list anew."""

    def take_up_reading(self, endpoint: str, reader: str) -> None:
        """Go on with a reading that was cut off."""

    def keep_page(
        self, endpoint: str, reader: str, page: int, objects: Mapping[str, bytes], began: datetime
    ) -> None:
        """Keep a page."""

    def finish_reading(self, endpoint: str, reader: str, page: int, mark: datetime) -> None:
        """All pages are kept."""

    def count_seen(self, endpoint: str, *, this_round: bool = False) -> int:
        """How many objects are kept."""

    def seen(self, endpoint: str, known: Container[str] = ()) -> Iterator[tuple[str, bytes | None]]:
        """Every object that is kept by its id, with its JSON unless it is known.

        Of one that is damaged the JSON is empty.
        """


@dataclass(slots=True)
class Reading:
    """What was read to bring the lists forward.

    Attributes:
        read: objects that came over the line; kept: those that are known now.
        whole: lists that were read from their beginning.
        oldest: when the oldest of the last whole readings began; None where all are of this run.
    """

    read: int = 0
    kept: int = 0
    whole: list[str] = field(default_factory=list)
    oldest: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"read": self.read, "kept": self.kept, "read_whole": self.whole,
                "whole_since": self.oldest}  # fmt: skip


class KeptLists:
    """Lists of one organisation in Xero, each brought forward when it is first asked for.

    Args:
        ask: a GET with a query and headers.
        tenant: the organisation's id in Xero.
        reader: names this process among those that read.
        whole: read everything from its beginning; what another run began to read so in the last
            days is gone on with.
    """

    def __init__(
        self, ask: Ask, kept: Kept, tenant: str, reader: str, clock: Callable[[], datetime],
        *, whole: bool = False,
    ) -> None:  # fmt: skip
        self._ask = ask
        self._kept = kept
        self._tenant = tenant
        self._reader = reader
        self._clock = clock
        self._plain: dict[str, dict[str, dict[str, Any]]] = {}
        self._names: dict[str, Object] = {}
        self.reading = Reading()
        if whole:
            kept.want_whole(clock() - _ON_ITS_WAY)

    def __call__(self, endpoint: str) -> Objects:
        """All objects of a list by id, each as it is now.

        Raises:
            UsageError: PU904 when Xero does not show the list, or not the whole of it; the pages
                that came are kept, and the next run goes on behind them.
            LeaseLost: PE107, another process reads the same list.
        """
        found = self._objects(endpoint)
        if endpoint != CONTACTS:
            for item in found.values():
                self._bring_forward(item)
        return found

    def look(self, path: str) -> Object | None:
        """A contact by its path; None when there is none."""
        return self._objects(CONTACTS).get(path.rsplit("/", 1)[-1])

    def _objects(self, endpoint: str) -> dict[str, dict[str, Any]]:
        """The objects of a list, each as its own list has it."""
        if endpoint not in self._plain:
            self._plain[endpoint] = self._read_list(endpoint)
        return self._plain[endpoint]

    def _bring_forward(self, item: dict[str, Any]) -> None:
        """Let an object show others as they are now."""
        for name, endpoint in _SHOWN.items():
            shown = item.get(name)
            if isinstance(shown, dict) and (id := shown.get(f"{name}ID")):
                there = self._objects(endpoint).get(str(id))
                if there is not None:
                    for key in shown.keys() & there.keys():
                        if not isinstance(there[key], list):
                            shown[key] = there[key]
                self._rename(shown)
        self._rename(item)

    def _rename(self, item: dict[str, Any]) -> None:
        contact = item.get("Contact")
        if not isinstance(contact, dict) or not contact.get("ContactID"):
            return
        id = str(contact["ContactID"])
        if id not in self._names:
            self._names[id] = self._name_of(id)
        if told := self._names[id]:
            item["Contact"] = {**contact, **told}

    def _name_of(self, contact_id: str) -> Object:
        """Who a contact is now, after all merges; empty where it is not listed."""
        contacts = self._objects(CONTACTS)
        found = contacts.get(contact_id)
        for _ in range(_MERGES):
            into = contacts.get(str((found or {}).get("MergedToContactID")))
            if into is None or into is found:
                break
            found = into
        return {k: found[k] for k in ("ContactID", "Name") if k in found} if found else {}

    # --- one list ---

    def _read_list(self, endpoint: str) -> dict[str, dict[str, Any]]:
        try:
            if endpoint in _IN_ONE_PIECE:
                return self._read_at_once(endpoint)
            return self._read(endpoint)
        except Unproven as fault:
            raise UsageError(Finding("PU904", str(fault), hint=_GOES_ON)) from None
        except UsageError as stopped:
            told = (replace(f, hint=f.hint or _GOES_ON) for f in stopped.findings)
            raise UsageError(*told) from None

    def _read_at_once(self, endpoint: str) -> dict[str, dict[str, Any]]:
        found = complete_list(lambda p, q: self._ask(p, q, {}), endpoint, {}, paged=False)
        self.reading.read += len(found)
        self.reading.kept += len(found)
        return {str(item[id_name_of(endpoint)]): dict(item) for item in found}

    def _read(self, endpoint: str) -> dict[str, dict[str, Any]]:
        state = self._kept.list_state(endpoint)
        if state is not None and state.tenant != self._tenant:
            state = None
        told: dict[str, dict[str, Any]] = {}
        for _ in range(_READINGS):
            was_cut = state is not None and state.reading is not None
            if state is not None and was_cut:
                self._kept.take_up_reading(endpoint, self._reader)
            elif state is None or state.mark is None:
                self.reading.whole.append(endpoint)
                state = self._begin(endpoint, WHOLE, None)
            else:
                state = self._begin(endpoint, CHANGED, state.mark)
            is_right = self._read_on(endpoint, state, told)
            if is_right and not was_cut:
                if state.reading == WHOLE or self._is_all(endpoint):
                    # What was kept and is damaged by now is told by Xero anew.
                    with suppress(msgspec.MsgspecError):
                        return self._load(endpoint, told)
                is_right = False
            # Behind pages of days ago, what has changed since then is read now; what does not
            # come out as long as it says is read from its beginning.
            state = self._kept.list_state(endpoint) if is_right else None
        raise Unproven(f"Xero's list of {endpoint} is not as long as it says")

    def _begin(self, endpoint: str, reading: str, since: datetime | None) -> ListState:
        return self._kept.begin_reading(endpoint, self._tenant, self._reader, reading, since)

    def _read_on(
        self, endpoint: str, state: ListState, told: dict[str, dict[str, Any]]
    ) -> bool:  # fmt: skip
        """Read on from a state to the end; whether it came out as long as the list says.

        Args:
            told: gets each object as it is kept, by its id.
        """
        headers = {}
        if state.since is not None:
            # In the form of Xero's documentation: UTC, and no zone.
            since = (state.since - MARGIN).astimezone(UTC)
            headers["If-Modified-Since"] = since.strftime("%Y-%m-%dT%H:%M:%S")
        began, ids, name = state.began, set[str](), id_name_of(endpoint)
        for page in range(state.next_page, _MOST_PAGES):
            answer, items, said = self._page(endpoint, page, headers)
            began = began or self._time_of(answer)
            kept = {str(item[name]): _as_kept(endpoint, item) for item in items}
            texts = {id: _ENCODER.encode(item) for id, item in kept.items()}
            self._kept.keep_page(endpoint, self._reader, page, texts, began)
            ids.update(texts)
            told.update(kept)
            self.reading.read += len(items)
            if page >= said.page_count:
                if not self._came_out(endpoint, state, said.item_count, len(ids)):
                    return False
                self._kept.finish_reading(endpoint, self._reader, page + 1, began)
                return True
        raise Unproven(f"Xero's list of {endpoint} has no end")

    def _page(
        self, endpoint: str, page: int, headers: Mapping[str, str]
    ) -> tuple[Response, list[Object], Pagination]:
        """One page, asked for again where it is not whole."""
        query = {"page": str(page), "pageSize": str(PAGE_SIZE), **_ALL.get(endpoint, {})}
        for attempt in range(_TRIES):
            answer = self._ask(f"/{endpoint}", query, headers)
            if answer.status == 304 and headers:
                return answer, [], Pagination(page=page, page_count=page, item_count=0)
            try:
                items = objects_of(answer, endpoint)
                said = page_of(answer, page, len(items))
                if said is None:
                    raise Unproven(f"Xero does not say which page of its {endpoint} it shows")
                return answer, items, said
            except Unproven:
                if attempt + 1 == _TRIES:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _came_out(self, endpoint: str, state: ListState, count: int, ids: int) -> bool:
        """Whether a reading has as many objects as its list says."""
        if count < 0:
            return True
        if state.reading == WHOLE:
            return count == self._kept.count_seen(endpoint, this_round=True)
        return state.next_page > 1 or count == ids

    def _is_all(self, endpoint: str) -> bool:
        """Whether as many objects are kept as the whole list has."""
        query = {"page": "1", "pageSize": "1", **_ALL.get(endpoint, {})}
        answer = self._ask(f"/{endpoint}", query, {})
        said = page_of(answer, 1, len(objects_of(answer, endpoint)))
        return said is not None and said.item_count == self._kept.count_seen(endpoint)

    def _time_of(self, answer: Response) -> datetime:
        """When a page was read, by Xero's clock where it says so."""
        try:
            return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
        except (KeyError, ValueError):
            return self._clock()

    def _load(
        self, endpoint: str, told: Mapping[str, dict[str, Any]]
    ) -> dict[str, dict[str, Any]]:  # fmt: skip
        """All that is kept of a list; what was told just now is not read a second time.

        Raises:
            msgspec.MsgspecError: something of it is damaged.
        """
        state = self._kept.list_state(endpoint)
        found = {
            id: told[id] if text is None else read_kept(text)
            for id, text in self._kept.seen(endpoint, told)
        }
        self.reading.kept += len(found)
        if endpoint not in self.reading.whole and state is not None and state.whole_at is not None:
            self.reading.oldest = min(self.reading.oldest or state.whole_at, state.whole_at)
        return found


def _as_kept(endpoint: str, item: Object) -> dict[str, Any]:
    """An object as it is kept."""
    if endpoint == CONTACTS:
        return {k: item[k] for k in _CONTACT if k in item}
    return _without_addresses(item)


def _without_addresses(item: Object) -> dict[str, Any]:
    """An object with no more of its contact than who it is."""
    kept = dict(item)
    for name, part in item.items():
        if isinstance(part, dict):
            kept[name] = (
                {k: part[k] for k in _CONTACT if k in part}
                if name == "Contact"
                else _without_addresses(part)
            )
    return kept


def kept_lists(connection: Connection, *, whole: bool = False) -> KeptLists:
    """Xero's lists, brought forward from what the outbox keeps of them.

    Args:
        whole: read all of it from the beginning.
    """
    tenant = connection.pipeline.organisation.xero_organisation_id
    return KeptLists(
        connection.ask, connection.outbox, tenant, uuid.uuid4().hex, connection.clock, whole=whole
    )
