"""A model of Xero and of the outbox, small enough to walk through everything that can happen.

The real sender runs against it. Whatever can go one way or another is a choice; `explore` walks
every sequence of choices in which not more than some of them go wrong.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pm2xero.errors import StateConflict
from pm2xero.outbox.records import Link, StoredRequest
from pm2xero.outbox.states import TRANSITIONS, UNSETTLED, Event, RequestState
from pm2xero.send.send_report import SendReport
from pm2xero.send.sender import LATE, make_sender
from pm2xero.xero.budget import CallLimits
from pm2xero.xero.client import Response, UnknownOutcome, Unreachable

KEY_LIFE = timedelta(minutes=6)
NO_ID = "00000000-0000-0000-0000-000000000000"


class Killed(BaseException):
    """The process is killed here."""


class Choices:
    """One sequence of choices; what it does not say yet goes well (0)."""

    def __init__(self, given: Sequence[int]) -> None:
        self.given = list(given)
        self.widths: list[int] = []
        self.names: list[str] = []

    def pick(self, options: Sequence[str]) -> str:
        """The option that this sequence takes."""
        place = len(self.widths)
        self.widths.append(len(options))
        index = self.given[place] if place < len(self.given) else 0
        self.names.append(options[index])
        return options[index]


def explore(
    run: Callable[[Choices], None], deviations: int, most: int = 10**9
) -> Iterator[Choices]:
    """Run every sequence of choices with at most so many that go wrong."""
    stack: list[tuple[list[int], int]] = [([], 0)]
    count = 0
    while stack and count < most:
        given, wrong = stack.pop()
        choices = Choices(given)
        run(choices)
        count += 1
        yield choices
        if wrong == deviations:
            continue
        for place in range(len(given), len(choices.widths)):
            for index in range(1, choices.widths[place]):
                rest = [0] * (place - len(given))
                stack.append(([*given, *rest, index], wrong + 1))


@dataclass
class Xero:
    """Documents by the reference that they bear, and calls that are still on their way."""

    now: Callable[[], datetime]
    documents: list[dict[str, Any]] = field(default_factory=list)
    late: list[tuple[datetime, str, bytes]] = field(default_factory=list)
    remembered: dict[str, tuple[datetime, list[dict[str, Any]]]] = field(default_factory=dict)
    count: int = 0

    def arrive(self) -> None:
        """Carry out the calls that arrive by now."""
        for due, key, body in sorted(self.late):
            if due <= self.now():
                self.late.remove((due, key, body))
                self.carry_out(key, body, at=due)

    def carry_out(
        self, key: str, body: bytes, places: Collection[int] | None = None,
        at: datetime | None = None,
    ) -> Any:  # fmt: skip
        """Create what a call asks for, once under a key that is still remembered."""
        at = at or self.now()
        known = self.remembered.get(key)
        if known is not None and at - known[0] < KEY_LIFE:
            return known[1]
        made = []
        for place, element in enumerate(json.loads(body)["BankTransactions"]):
            if places is not None and place not in places:
                continue
            self.count += 1
            id_ = str(uuid.UUID(int=self.count, version=4))
            document = {**element, "BankTransactionID": id_, "Status": "AUTHORISED"}
            self.documents.append(document)
            made.append(document)
        self.remembered[key] = (at, made)
        return made

    def of(self, reference: str) -> int:
        """How many documents bear a reference."""
        return sum(document["Reference"] == reference for document in self.documents)


class ModelOutbox:
    """The outbox in memory; every state moves by the table of transitions."""

    def __init__(self, clock: Callable[[], datetime], names: Sequence[str]) -> None:
        self.clock = clock
        self.rows = {name: _request(name) for name in names}
        self.lost: dict[str, datetime | None] = dict.fromkeys(names)
        self.ids: dict[str, str] = {}
        self.held: set[str] = set()

    def _move(self, rows: Iterable[StoredRequest], event: Event, **values: Any) -> None:
        for row in rows:
            now = self.rows[row.id]
            allowed = TRANSITIONS[event]
            if now.state not in allowed.sources:
                raise StateConflict()
            values = {"cause": None, "message": None} | values
            self.rows[row.id] = replace(now, state=allowed.target, **values)

    @contextmanager
    def writing(self, owner: str) -> Iterator[None]:
        yield

    def heartbeat(self, owner: str) -> None:
        pass

    def requests(self, *, states: Collection[RequestState] | None = None) -> list[StoredRequest]:
        return [r for r in self.rows.values() if states is None or r.state in states]

    def requests_of(self, transactions: Iterable[str]) -> list[StoredRequest]:
        return []

    def states_of(self, ids: Iterable[str]) -> dict[str, RequestState]:
        return {}

    def tally(self, states: Collection[RequestState]) -> Mapping[RequestState, int]:
        return {s: sum(r.state is s for r in self.rows.values()) for s in states}

    def links_of(self, transactions: Iterable[str]) -> dict[tuple[str, str], str]:
        return {}

    def link_of(self, xero_id: str) -> Link | None:
        for name, id_ in self.ids.items():
            if id_ == xero_id:
                return Link(name, "BankTransactionID", id_, name)
        return None

    def contacts_of(self, numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
        return {}

    def contacts_beginning(self, start: str) -> dict[str, tuple[str, str]]:
        return {}

    def only_looked_for(self, ids: Collection[str]) -> set[str]:
        return set()

    def made_at(self, ids: Collection[str]) -> dict[str, datetime]:
        return {}

    def notes_due(self) -> list[Any]:
        # Nothing that is modelled has a note in its history.
        return []

    def suspect_forgotten(self) -> set[str]:
        return set()

    def try_again(self, causes: Collection[str]) -> list[str]:
        # Nothing is refused here for a cause that ends by itself.
        return []

    def gap(self) -> None:
        return None

    def set_aside(self, row: StoredRequest, cause: str, message: str) -> None:
        raise NotImplementedError

    def lost_at(self, looked_up: Collection[str]) -> datetime | None:
        lost = [
            at
            for name, at in self.lost.items()
            if at is not None
            and self.rows[name].state in UNSETTLED
            and self.rows[name].cause not in looked_up
        ]
        return max(lost, default=None)

    def claim(self, rows: Sequence[StoredRequest], at: datetime) -> int:
        self._move(rows, Event.CLAIM)
        for row in rows:
            now = self.rows[row.id]
            self.rows[row.id] = replace(now, attempts=now.attempts + 1)
            self.lost[row.id] = at
        return 1

    def confirm(
        self, results: Sequence[tuple[StoredRequest, str | None]], status: int | None, at: datetime
    ) -> None:
        self._move([row for row, _ in results], Event.CONFIRM)
        for row, xero_id in results:
            self.ids[row.id] = str(xero_id)

    def refuse(
        self, row: StoredRequest, cause: str, message: str, status: int | None, at: datetime
    ) -> None:
        self._move([row], Event.REFUSE, cause=cause)
        self.lost[row.id] = None

    def turn_away(self, row: StoredRequest, cause: str, message: str) -> None:
        self._move([row], Event.TURN_AWAY, cause=cause)

    def wait(self, given: Sequence[tuple[StoredRequest, str | None, str | None]]) -> None:
        for row, cause, message in given:
            self._move([row], Event.WAIT, cause=cause, message=message)

    def accounts_meant(
        self, revisions: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], dict[str, tuple[str, str]]]:
        return {}

    def give_up(
        self, row: StoredRequest, cause: str, message: str, status: int | None, at: datetime
    ) -> None:
        self._move([row], Event.GIVE_UP, cause=cause)
        self.lost[row.id] = None

    def unknown(
        self, rows: Sequence[StoredRequest], cause: str, message: str, at: datetime
    ) -> None:
        self._move(rows, Event.DOUBT, cause=cause, message=message)
        for row in rows:
            self.lost[row.id] = at

    def plan_again(self, rows: Sequence[StoredRequest]) -> dict[str, RequestState]:
        self._move(rows, Event.ABSENT)
        for row in rows:
            self.lost[row.id] = None
        rests = [row for row in rows if row.id in self.held]
        self._move(rests, Event.HOLD, cause="hold")
        return {row.id: RequestState.HELD for row in rests}

    def resend(self, name: str) -> None:
        """What a person does; as `people.resend` decides it."""
        row = self.rows[name]
        self.held.discard(name)
        rechecked = row.attempts and row.state in TRANSITIONS[Event.RECHECK].sources
        if rechecked:
            self._move([row], Event.RECHECK, cause="resend")
        elif row.state in TRANSITIONS[Event.RESEND].sources:
            self._move([row], Event.RESEND)

    def hold(self, name: str) -> None:
        """What a person does; what may be there is held when it is known not to be."""
        row = self.rows[name]
        if row.state in TRANSITIONS[Event.HOLD].sources:
            self._move([row], Event.HOLD, cause="hold")
        elif row.state in TRANSITIONS[Event.KEEP_BACK].sources:
            self._move([row], Event.KEEP_BACK, cause="hold")
            self.held.add(name)


# What can happen to a call that writes; the first goes well. `late` is carried out that many
# seconds after it was given up.
ONE = ("taken", "not sent", "turned back", "lost before", "lost after", "late 5", "late 100",
       "fault before", "fault after", "fault late 5", "fault late 100", "refused", "killed before",
       "killed after", "killed late 100", "no id", "empty answer", "other reference",
       "always fault before", "always lost before", "always fault late 100",
       "always fault late 5", "always no id", "always not sent")  # fmt: skip
SEVERAL = (*ONE, "short", "reversed", "second refused", "empty ids", "spoiled", "spoiled after",
           "first kept")  # fmt: skip
LOOKS = ("shown", "404", "busy", "page missing", "killed", "always 404")


class Line:
    """A client whose calls go one way or another."""

    def __init__(self, xero: Xero, choices: Choices, advance: Callable[[float], None]) -> None:
        self.xero = xero
        self.choices = choices
        self.advance = advance
        # What goes on to happen to each call until the run ends.
        self.always: dict[str, str] = {}

    def _pick(self, of: str, options: Sequence[str]) -> str:
        if of in self.always:
            return self.always[of]
        kind = self.choices.pick(options)
        if kind.startswith("always "):
            kind = self.always[of] = kind.removeprefix("always ")
        return kind

    def call(
        self, method: str, path: str, query: Any = None, headers: Any = None,
        body: bytes | None = None, leaving: Callable[[], None] | None = None, *,
        again: bool = False,
    ) -> Response:  # fmt: skip
        self.advance(1)
        self.xero.arrive()
        if method == "GET":
            return self._list()
        assert body is not None
        return self._write(headers["Idempotency-Key"], body, leaving or (lambda: None))

    def _list(self) -> Response:
        kind = self._pick("look", LOOKS)
        if kind == "killed":
            raise Killed
        if kind == "404":
            return Response(404, {}, None, "")
        if kind == "busy":
            return _answer({"status": "busy"})
        documents = list(self.xero.documents)
        said = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": len(documents)}
        if kind == "page missing":
            documents = documents[:-1]
            said["itemCount"] = len(documents) + 1
        return _answer({"BankTransactions": documents, "pagination": said})

    def _write(self, key: str, body: bytes, leaving: Callable[[], None]) -> Response:
        count = len(json.loads(body)["BankTransactions"])
        kind = self._pick("write", ONE if count == 1 else SEVERAL)
        if kind == "not sent":
            raise Unreachable("no connection")
        leaving()
        if kind == "turned back":
            return Response(403, {}, {"Detail": "no"}, "")
        if kind == "refused" and count == 1:
            return _answer({"Elements": []}, 400)
        if kind in ("spoiled", "refused"):
            return _answer({"Elements": []}, 400)
        if kind == "first kept":
            self.xero.carry_out(key, body, places=[0])
            return _answer({"Elements": []}, 400)
        if kind == "second refused":
            made = self.xero.carry_out(key, body, places=[0])
            refusal = {"BankTransactionID": NO_ID, "ValidationErrors": [{"Message": "no"}]}
            return _answer({"BankTransactions": [*made, *[refusal] * (count - len(made))]})
        if "late" in kind:
            due = self.xero.now() + timedelta(seconds=int(kind.rsplit(" ", 1)[-1]))
            self.xero.late.append((due, key, body))
        elif kind.endswith("before"):
            pass
        else:
            made = self.xero.carry_out(key, body)
        if kind.startswith("killed"):
            raise Killed
        if kind.startswith("fault"):
            return Response(504, {}, None, "<html>")
        if kind.startswith(("lost", "late")):
            raise UnknownOutcome("no answer")
        if kind == "spoiled after":
            return _answer({"Elements": []}, 400)
        return _answer({"BankTransactions": _told(kind, made)})


def _told(kind: str, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    match kind:
        case "short":
            return made[:-1]
        case "empty answer":
            return []
        case "reversed":
            return made[::-1]
        case "no id":
            return [{**element, "BankTransactionID": None} for element in made]
        case "other reference":
            return [{**element, "Reference": "another"} for element in made]
        case "empty ids":
            none = [{**element, "BankTransactionID": NO_ID} for element in made]
            none[0]["ValidationErrors"] = [{"Message": "no"}]
            return none
        case _:
            return made


class Story:
    """Some runs of the sender over some requests, with a person between them."""

    def __init__(self, choices: Choices, names: Sequence[str], runs: int) -> None:
        self.choices = choices
        self.names = names
        self.clock = datetime(2026, 6, 1, tzinfo=UTC)
        self.xero = Xero(lambda: self.clock)
        self.outbox = ModelOutbox(lambda: self.clock, names)
        self.reports: list[SendReport | None] = []
        for number in range(runs):
            self._run()
            if number + 1 < runs:
                self._hands()
        self.advance(LATE.total_seconds())

    def advance(self, seconds: float) -> None:
        """Let time pass, and what is late arrive."""
        self.clock += timedelta(seconds=seconds)
        self.xero.arrive()

    def _run(self) -> None:
        line = Line(self.xero, self.choices, self.advance)
        sender = make_sender(
            self.outbox, line, lambda: self.clock, self.advance, "one", CallLimits.none()  # type: ignore[arg-type]
        )  # fmt: skip
        try:
            self.reports.append(sender.run())
        except Killed:
            self.reports.append(None)

    def _hands(self) -> None:
        """What a person does between two pushes; how long it takes."""
        what = self.choices.pick(("nothing", "resend", "hold and resend", "wait", "wait longer"))
        if what == "wait":
            self.advance(200)
        elif what == "wait longer":
            self.advance(500)
        for name in self.names if "resend" in what else ():
            if "hold" in what:
                self.outbox.hold(name)
            self.outbox.resend(name)

    def clean_runs(self, count: int) -> None:
        """Runs in which nothing goes wrong any more."""
        self.choices = Choices([])
        for _ in range(count):
            self.advance(600)
            self._run()

    def states(self) -> dict[str, RequestState]:
        """The states of the requests."""
        return {name: row.state for name, row in self.outbox.rows.items()}

    def faults(self) -> list[str]:
        """What must never be: a double, a false word, or silence."""
        found = []
        for name, row in self.outbox.rows.items():
            there = self.xero.of(name)
            if there > 1:
                found.append(f"{name} is in Xero {there} times")
            if row.state is RequestState.CONFIRMED and there != 1:
                found.append(f"{name} is confirmed and in Xero {there} times")
            if row.state in (RequestState.REJECTED, RequestState.FAILED) and there:
                found.append(f"{name} is {row.state} and in Xero")
            if row.state is RequestState.PLANNED and there:
                found.append(f"{name} is planned and in Xero")
            if row.state in UNSETTLED and row.cause is None and self.reports[-1] is not None:
                found.append(f"{name} is {row.state} and nobody says why")
        ids = [self.outbox.ids[n] for n in self.names if n in self.outbox.ids]
        mine = {d["BankTransactionID"]: d["Reference"] for d in self.xero.documents}
        found += [f"{n} has the id of another" for n in self.names
                  if n in self.outbox.ids and mine.get(self.outbox.ids[n]) != n]  # fmt: skip
        if len(ids) != len(set(ids)):
            found.append("two requests have one id")
        return found


def _answer(value: dict[str, Any], status: int = 200) -> Response:
    return Response(status, {}, value, json.dumps(value))


def _request(name: str) -> StoredRequest:
    element = {"Type": "RECEIVE", "Reference": name, "Date": "2026-05-01"}
    return StoredRequest(
        id=name,
        revision=1,
        transaction=name,
        step="receipt",
        sequence=1,
        level=1,
        contract="put.BankTransactions",
        path="/BankTransactions",
        element=json.dumps(element),
        key=f"key-{name}",
        needs=(),
        becomes_document=False,
        state=RequestState.PLANNED,
        xero_id=None,
        cause=None,
        message=None,
        blocked_by=None,
        money=Decimal(0),
        attempts=0,
    )
