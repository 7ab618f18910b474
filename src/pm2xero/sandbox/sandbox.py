"""An emulated Xero organisation: its store, its ledger and the ASGI application over them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pm2xero.sandbox import (
    catalogue,
    chart,
    consent_page,
    contacts,
    dispatch,
    ledger,
    opening,
    records,
    settings,
)
from pm2xero.sandbox.access import ALL_SCOPES, Doorkeeper
from pm2xero.sandbox.authority import Authority
from pm2xero.sandbox.books import Books, load_organisation, save_organisation, text_ids
from pm2xero.sandbox.connections import Connections
from pm2xero.sandbox.gateway import Gateway
from pm2xero.sandbox.limits import Limits, Throttle
from pm2xero.sandbox.mishaps import Mishaps
from pm2xero.sandbox.problems import Problem, forbidden, post_data_invalid
from pm2xero.sandbox.reply import Reply, problem_reply
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.unkindness import Unkindness
from pm2xero.sandbox.wire import Wire, dump, ms_date

if TYPE_CHECKING:
    from starlette.applications import Starlette

_PROVIDER = "pm2xero sandbox"


class Sandbox:
    """One Xero organisation in an SQLite file or in memory.

    Every request is one transaction, committed before its answer leaves; a process that is killed
    loses nothing that was answered. Use `open`.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        ids: Callable[[], uuid.UUID],
        limits: Limits,
        unkindness: Unkindness,
        others: Mapping[str, str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = text_ids(ids)
        self._lock = RLock()
        self._organisation = load_organisation(store)
        self._chart = chart.load(store)
        self.throttle = Throttle(limits, clock)
        self.mishaps = Mishaps(unkindness)
        own = {self._organisation.id: self._organisation.name}
        self._connections = Connections(store, clock, self._new_id, {**own, **others})
        self._doorkeeper = Doorkeeper(
            store, clock, self._new_id, self._organisation.id, self._connections, self.mishaps
        )
        self._authority = Authority(store, clock, self._new_id, self._connections, self.mishaps)
        self._gateway = Gateway(store, clock, self.mishaps, self._answer)

    @classmethod
    def open(
        cls,
        snapshot: Mapping[str, Any],
        *,
        path: str | Path = ":memory:",
        clock: Callable[[], datetime],
        ids: Callable[[], uuid.UUID],
        limits: Limits | None = None,
        unkindness: Unkindness | None = None,
        others: Mapping[str, str] | None = None,
    ) -> Sandbox:
        """A sandbox on a fresh store seeded from a snapshot, or on the file as it was left.

        Args:
            snapshot: Organisation, Accounts and TaxRates in Xero's GET shapes; for a fresh store
                also OpeningBalances (see `opening`).
            path: the SQLite file; memory when omitted.
            clock: the current time, aware; tokens, limits and idempotency keys live by it.
            ids: makes every id that the sandbox assigns.
            limits: Xero's when omitted.
            unkindness: Xero's rules, and no faults, when omitted.
            others: names of further organisations of the same user, by id; they can be connected,
                and show nothing but who they are.

        Raises:
            ValueError: the snapshot is incomplete, or the file has another schema or belongs to
                another organisation.
        """
        store = Store(path)
        try:
            with store.transaction():
                is_fresh = store.is_fresh
                if is_fresh:
                    _seed(store, snapshot)
                sandbox = cls(
                    store, clock, ids, limits or Limits.xero(), unkindness or Unkindness(),
                    others or {},
                )  # fmt: skip
                if is_fresh:
                    opening.open_balances(sandbox._books(), snapshot)
            wanted = str(snapshot["Organisation"]["OrganisationID"]).lower()
            if sandbox.organisation_id != wanted:
                raise ValueError(
                    f"the sandbox file holds organisation {sandbox.organisation_id}, not {wanted}"
                )
        except KeyError as error:
            store.close()
            raise ValueError(f"the snapshot has no {error.args[0]}") from error
        except BaseException:
            store.close()
            raise
        return sandbox

    @cached_property
    def app(self) -> Starlette:
        """The application that answers as Xero does, over whatever line it is reached."""
        from pm2xero.sandbox import server

        return server.application(self)

    @property
    def organisation_id(self) -> str:
        """The tenant id that the API wants in `xero-tenant-id`."""
        return self._organisation.id

    def trial_balance(self, as_at: date | None = None) -> list[ledger.AccountBalance]:
        """Every account that does not stand at zero on a day (by default ever), by code."""
        with self._ready():
            return ledger.balances(self._store, self._chart, as_at)

    def journals(self, after: int = 0) -> list[ledger.Journal]:
        """Every journal of the ledger in the order of posting, after a sequence number."""
        with self._ready():
            return ledger.journals(self._store, after)

    def documents(self, endpoint: str) -> list[Wire]:
        """Every element of an endpoint with its lines, in the order of creation.

        Amounts are Decimal and dates are dates; otherwise the shape is Xero's.
        """
        resource = dispatch.RESOURCES[endpoint]
        with self._ready():
            found = records.select(self._store, "endpoint = ? ORDER BY seq", (endpoint,))
            return resource.render(self._books(), found, True)

    def set_lock_dates(self, period: date | None = None, end_of_year: date | None = None) -> None:
        """Set both lock dates; None lifts one."""
        wire = dict(self._organisation.wire)
        for field, day in (("PeriodLockDate", period), ("EndOfYearLockDate", end_of_year)):
            wire.pop(field, None)
            if day is not None:
                wire[field] = ms_date(day)
        with self._lock:
            with self._store.transaction():
                save_organisation(self._store, wire)
            self._organisation = load_organisation(self._store)

    def archive_account(self, code: str) -> None:
        """Archive an account by its code, as a user does in Xero.

        Raises:
            KeyError: there is no such account.
            Invalid: it is a system account.
        """
        with self._lock:
            with self._store.transaction():
                settings.update_account(
                    self._books(), self._chart.codes[code], {"Status": "ARCHIVED"}
                )
            self._chart = chart.load(self._store)

    def recode_account(self, account_id: str, code: str) -> None:
        """Give an account another code, as a user does in Xero; a bank account may have none.

        Raises:
            Invalid: the code is taken, or missing.
        """
        with self._lock:
            with self._store.transaction():
                settings.update_account(self._books(), account_id, {"Code": code})
            self._chart = chart.load(self._store)

    def merge_contacts(self, merged_id: str, into_id: str) -> None:
        """Merge a contact into another, as a user does in Xero; the first one is archived.

        Raises:
            LookupError: one of them is not there.
            Invalid: one of them is not active.
        """
        with self._ready(), self._store.transaction():
            contacts.merge(self._books(), merged_id, into_id)

    def restore_contact(self, contact_id: str) -> None:
        """Restore an archived contact, as a user does in Xero.

        Raises:
            LookupError: it is not there.
        """
        with self._ready(), self._store.transaction():
            contacts.restore(self._books(), contact_id)

    def access_token(self, scopes: str = ALL_SCOPES) -> str:
        """An access token without a sign-in, for embedded use."""
        with self._lock, self._store.transaction():
            return self._authority.issue("access", scopes, bound=True)

    def consent(self, scopes: str = ALL_SCOPES) -> str:
        """A refresh token, standing for a user who has agreed to the connection."""
        with self._lock, self._store.transaction():
            self._connections.connect("", self._organisation.id, "")
            return self._authority.issue("refresh", scopes, bound=False)

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._store.close()

    def consent_page(self, query: Mapping[str, str]) -> str:
        """The page that asks a user to let an app in.

        Raises:
            Problem: 400.
        """
        wanted = self._authority.request(query)
        return consent_page.page(wanted.client, query, self._connections.names)

    def consented(self, form: Mapping[str, str]) -> str:
        """Where the browser goes when the user has answered.

        Raises:
            Problem: 400.
        """
        wanted = self._authority.request(form)
        tenant = form.get("tenant", "")
        if form.get("answer") != "allow" or tenant not in self._connections.names:
            return wanted.answered(error="access_denied")
        with self._lock, self._store.transaction():
            return wanted.answered(code=self._authority.consented(wanted, tenant))

    def token(self, form: bytes, authorization: str | None, issuer: str) -> Wire:
        """The token endpoint.

        Raises:
            Problem: 400 with an OAuth error; 504 for an answer that is lost.
        """
        with self._lock, self._store.transaction():
            answer = self._authority.token(form, authorization, issuer)
        if "refresh_token" in answer and self.mishaps.happens("lost_tokens"):
            raise Problem(504, "<html><body>Gateway timeout</body></html>", media_type="text/html")
        return answer

    def revoke(self, form: bytes, authorization: str | None) -> None:
        """The revocation endpoint."""
        with self._lock, self._store.transaction():
            self._authority.revoke(form, authorization)

    def disconnect(self, authorization: str | None, connection: str) -> None:
        """Take one connection back, by the app.

        Raises:
            Problem: 401, 404.
        """
        with self._lock, self._store.transaction():
            grant = self._doorkeeper.identify(authorization)
            self._connections.disconnect(grant.client, connection)

    def connections(self, authorization: str | None, event: str | None = None) -> list[Wire]:
        """What a token may reach, or what one consent of its user connected.

        Raises:
            Problem: 401.
        """
        with self._lock:
            grant = self._doorkeeper.identify(authorization)
            if not grant.is_bound:
                return self._connections.listed(grant.client, event)
        # unverified: that the token of a custom connection may ask
        made = f"{self._clock():%Y-%m-%dT%H:%M:%S}.0000000"
        return [
            {
                "id": self._organisation.id,
                "authEventId": self._organisation.id,
                "tenantId": self._organisation.id,
                "tenantType": "ORGANISATION",
                "tenantName": self._organisation.name,
                "createdDateUtc": made,
                "updatedDateUtc": made,
            }
        ]

    def handle(self, call: dispatch.Call, url: str) -> Reply:
        """One request to the Accounting API, in one transaction.

        Raises:
            Problem: what is refused before an Idempotency-Key counts.
        """
        writes = call.method != "GET"
        limit = self.throttle.limits.body_bytes
        with self._ready():
            tenant = self._doorkeeper.authorise(call.headers, call.endpoint, writes=writes)
            if tenant != self.organisation_id:
                return self._of_another(call, tenant)
            if "application/json" not in call.headers.get("accept", ""):
                raise Problem(406, "The sandbox speaks JSON only; Xero would answer in XML.")
            if limit is not None and len(call.body) > limit:
                raise post_data_invalid(f"The body is larger than {limit} bytes")
            return self._gateway.carry(call, url)

    def answer(self, call: dispatch.Call) -> Reply:
        """The answer to one request of this process, without a line; a refusal is one, too."""
        try:
            return self.handle(call, f"{'/'.join(call.path)}?{urlencode(call.query)}")
        except Problem as problem:
            return problem_reply(problem)

    def _of_another(self, call: dispatch.Call, tenant: str) -> Reply:
        """What another organisation of the user shows: who it is."""
        if call.endpoint != "Organisation" or call.method != "GET":
            raise forbidden(self._new_id())
        name = self._connections.names[tenant]
        wire = {**self._organisation.wire, "OrganisationID": tenant, "Name": name}
        return Reply(200, dump({"Organisations": [wire]}))

    @contextmanager
    def _ready(self) -> Iterator[None]:
        """The lock, when what was late and is due has been done."""
        with self._lock:
            self._gateway.catch_up()
            yield

    def _answer(self, call: dispatch.Call) -> Reply:
        try:
            payload = dispatch.answer(self._books(call.query.get("unitdp", "")), call)
        except Problem as problem:
            if problem.keeps:
                return problem_reply(problem)
            raise
        if call.method != "GET" and call.endpoint == "Accounts":
            self._chart = chart.load(self._store)
        envelope = {
            "Id": self._new_id(),
            "Status": "OK",
            "ProviderName": _PROVIDER,
            "DateTimeUTC": self._clock(),
        }
        return Reply(200, dump({**envelope, **payload}))

    def _books(self, unit_places: str = "") -> Books:
        return Books(
            store=self._store,
            organisation=self._organisation,
            chart=self._chart,
            now=self._clock(),
            new_id=self._new_id,
            mishaps=self.mishaps,
            unit_places=4 if unit_places == "4" else 2,
        )


def _seed(store: Store, snapshot: Mapping[str, Any]) -> None:
    store.create()
    catalogue.seed(store, snapshot)
    save_organisation(store, snapshot["Organisation"])
    for account in snapshot["Accounts"]:
        chart.save_account(store, account)
    for rate in snapshot["TaxRates"]:
        chart.save_rate(store, rate)


def load_snapshot(path: str | Path) -> Mapping[str, Any]:
    """A snapshot file of the Xero side.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON.
    """
    snapshot: Mapping[str, Any] = json.loads(Path(path).read_text("utf-8"))
    return snapshot
