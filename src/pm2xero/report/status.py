"""The outbox by state, and causes with the money at stake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pm2xero.history.half_sent import HalfSent, half_sent
from pm2xero.outbox.history_notes import NoteState, OpenNote
from pm2xero.outbox.past_records import Unreadable
from pm2xero.outbox.records import Action
from pm2xero.outbox.states import IN_FLIGHT, UNSETTLED, RequestState
from pm2xero.outbox.store import Outbox
from pm2xero.outbox.totals import DecisionTotal
from pm2xero.pack.counts import Counts
from pm2xero.report.text import money
from pm2xero.sentences import counted

ZERO = Decimal("0.00")
PEOPLE = 10
# So many documents that are in Xero in part are told one by one.
HALVES = 12
PUSH_AGAIN = "If no push is running, one was cut off: push again, and it looks first what arrived."
_OPEN = tuple(s for s in RequestState if s not in (RequestState.CONFIRMED, RequestState.SKIPPED))
STUCK = (
    "rejected", "failed", "unknown", "on its way", "planned", "put off", "held", "waiting",
    "blocked",
)  # fmt: skip
WHERE: dict[str, str] = {
    Counts.MISSING: "not in Xero",
    Counts.IN_OPENING: "in the opening",
    Counts.ELSEWHERE: "elsewhere",
    Counts.NOTHING: "moves no money",
}
NOTES: Mapping[NoteState, str] = {
    NoteState.REFUSED: "refused by Xero; the documents are posted",
    NoteState.UNKNOWN: "of unknown outcome; the next push looks for them",
    NoteState.SENT: "of unknown outcome; the next push looks for them first",
    NoteState.PLANNED: "to go with the next push",
}
WORDS = {
    "rejected": "refused by Xero",
    "failed": "that left again and again and never arrived",
    "on its way": "on the way to Xero when this was asked",
    "planned": "waiting for what is not there",
    "put off": "not sent, as Xero would refuse what it is there now",
    "unknown": "of which nobody knows whether Xero has them",
    "held": "held by a person",
    "waiting": "not sent yet",
    "blocked": "blocked",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why documents are stuck: which, their money, and the sentence."""

    state: str
    cause: str
    message: str
    transactions: tuple[str, ...]
    money: Decimal


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason for which rules reject documents, or a part of them, and how their money counts.

    Attributes:
        counts: missing where it is to be in Xero; by_hand: how many of those a person can enter.
        money: of those in the base currency, in its units; foreign: of others, by currency.
    """

    code: str
    count: int
    by_hand: int
    money: Decimal
    counts: str = Counts.MISSING
    foreign: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Requests by state and decisions by outcome, with their money.

    Attributes:
        refused: what rules reject, by the first reason and how it counts; what is missing in Xero
            comes first, then what most documents have.
        money: by outcome, of documents in the base currency.
        unreadable: records of exports that were no documents; what they moved is not known.
        people: what people decided, the last first.
        last_answer: when Xero last answered.
        half_sent: documents of which Xero has one part and not the other.
        notes: history notes that are not in Xero, as far as is known; none is of money.
    """

    requests: dict[str, int]
    decisions: dict[str, int]
    money: dict[str, Decimal]
    stuck: tuple[Cause, ...]
    refused: tuple[Refusal, ...] = ()
    people: tuple[Action, ...] = ()
    last_answer: datetime | None = None
    unreadable: tuple[Unreadable, ...] = ()
    half_sent: tuple[HalfSent, ...] = ()
    notes: tuple[OpenNote, ...] = ()

    @property
    def needs_attention(self) -> bool:
        """Whether something is stuck, or is not known because it could not be read."""
        return bool(self.stuck or self.unreadable or any(n.is_stuck for n in self.notes))

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "requests": self.requests,
            "half_sent": [document.as_json() for document in self.half_sent],
            "decisions": self.decisions,
            "money": {k: str(v) for k, v in self.money.items()},
            "last_answer": self.last_answer.isoformat() if self.last_answer else None,
            "refused": [
                {
                    "code": r.code,
                    "documents": r.count,
                    "by_hand": r.by_hand,
                    "money": str(r.money),
                    "counts": r.counts,
                    "foreign": [[currency, str(amount)] for currency, amount in r.foreign],
                }
                for r in self.refused
            ],
            "unreadable": [asdict(trace) for trace in self.unreadable],
            "history_notes": [asdict(note) for note in self.notes],
            "people": [
                {
                    "at": a.at.isoformat(),
                    "who": a.who,
                    "what": a.what,
                    "transaction": a.transaction,
                    "why": a.why,
                    "xero_id": a.xero_id,
                }
                for a in self.people
            ],
            "stuck": [
                {
                    "state": c.state,
                    "cause": c.cause,
                    "message": c.message,
                    "transactions": list(c.transactions),
                    "money": str(c.money),
                }
                for c in self.stuck
            ],
        }


def gather(outbox: Outbox, base: str) -> Status:
    """Group what is stuck by its cause; the money of a transaction counts once in a group.

    A document that a rule holds is stuck as well, though it has no requests (of that revision).
    Only what is open is read; the rest is counted where it is kept.

    Args:
        base: the base currency; money in others is never added to it.
    """
    groups: dict[tuple[str, str, str], dict[str, Decimal]] = {}
    # What rules leave over of documents that they post, by the reason.
    left: dict[str, list[Decimal]] = {}
    given = outbox.requests(states=_OPEN)
    wanted = {n for r in given if r.state is RequestState.PLANNED for n in r.needs}
    there = outbox.states_of(wanted)
    for request in given:
        absent = [n for n in request.needs if n not in there and n in wanted]
        if request.state is RequestState.LEFT:
            left.setdefault(request.cause or "", []).append(request.money)
            continue
        if request.state in IN_FLIGHT:
            key = ("on its way", "no answer yet", PUSH_AGAIN)
        elif request.state is RequestState.PLANNED:
            if request.cause is not None:
                key = ("put off", request.cause, request.message or "")
                groups.setdefault(key, {})[request.transaction] = request.money
                continue
            if not absent:
                continue
            message = f"It needs the id of {absent[0]}, which no document makes."
            key = ("planned", "nothing_to_wait_for", message)
        elif request.state is RequestState.BLOCKED:
            key = ("blocked", f"by {request.blocked_by}", "")
        else:
            key = (request.state, request.cause or "", request.message or "")
        groups.setdefault(key, {})[request.transaction] = request.money
    for decision in outbox.decided_as("hold"):
        first = decision.reasons[0] if decision.reasons else {}
        key = ("waiting", decision.code or "", str(first.get("message", "")))
        groups.setdefault(key, {})[decision.id] = decision.money
    stuck = tuple(
        Cause(*key, tuple(money_by), sum(money_by.values(), ZERO))
        for key, money_by in sorted(groups.items(), key=lambda g: (STUCK.index(g[0][0]), g[0]))
    )
    totals = outbox.decision_totals()
    outcomes: Counter[str] = Counter()
    sums: dict[str, Decimal] = {}
    for total in totals:
        outcomes[total.outcome] += total.count
        money = total.money if total.currency in (None, base) else ZERO
        sums[total.outcome] = sums.get(total.outcome, ZERO) + money
    states = {str(state): count for state, count in outbox.tally(tuple(RequestState)).items()}
    return Status(
        states, dict(outcomes), sums, stuck, (*_refused(totals, base), *_left_over(left)),
        tuple(reversed(outbox.actions())), outbox.last_answer(), tuple(outbox.unreadable()),
        tuple(half_sent(
            outbox.requests_of(dict.fromkeys(r.transaction for r in given)),
            outbox.only_looked_for([r.id for r in given if r.state in UNSETTLED]),
        )),
        tuple(outbox.open_notes()),
    )  # fmt: skip


def _refused(totals: Iterable[DecisionTotal], base: str) -> tuple[Refusal, ...]:
    alike: dict[tuple[str, str], list[DecisionTotal]] = {}
    for total in totals:
        if total.outcome == "reject":
            counts = total.counts or Counts.MISSING
            alike.setdefault((total.code or "", counts), []).append(total)
    found = []
    for (code, counts), group in alike.items():
        foreign: dict[str, Decimal] = {}
        for total in group:
            if total.currency not in (None, base):
                name = str(total.currency)
                foreign[name] = foreign.get(name, ZERO) + total.money
        found.append(Refusal(
            code,
            sum(t.count for t in group),
            sum(t.count for t in group if t.by_hand) if counts == Counts.MISSING else 0,
            sum((t.money for t in group if t.currency in (None, base)), ZERO),
            counts,
            tuple(sorted(foreign.items())),
        ))  # fmt: skip
    return tuple(sorted(found, key=lambda r: (r.counts != Counts.MISSING, -r.count, r.code)))


def _left_over(left: Mapping[str, list[Decimal]]) -> Iterator[Refusal]:
    for code, amounts in sorted(left.items()):
        yield Refusal(code, len(amounts), len(amounts), sum(amounts, ZERO))


def print_status(out: Console, status: Status, currency: str, firm: str = "ORG") -> None:
    """The documents and requests, what is stuck and why, what rules refused, what people said.

    Args:
        firm: the organisation file, as a command to run names it.
    """
    if not status.decisions and not status.unreadable:
        out.print("the outbox is empty: nothing was pushed yet")
        return
    if status.decisions:
        _documents(out, status, currency)
    if status.requests:
        out.print()
        _requests(out, status)
    for cause in status.stuck:
        out.print()
        head = f"{counted(len(cause.transactions), 'document')} {_words(cause)}"
        head += f" {cause.cause}" if cause.state == "blocked" else f" ({cause.cause})"
        amount = f", {money(cause.money)} {currency}" if cause.money else ""
        out.print(Text(head + amount, style="red" if cause.state == "rejected" else "yellow"))
        if cause.message:
            _line(out, cause.message)
        ids = ", ".join(cause.transactions[:12])
        _line(out, f"{ids}{' …' if len(cause.transactions) > 12 else ''}", "dim")
    print_half_sent(out, status.half_sent)
    _notes(out, status.notes, firm)
    if status.unreadable:
        _unreadable(out, status.unreadable, firm)
    if status.refused:
        _refusals(out, status.refused, currency)
    if status.people:
        _people(out, status.people)


def print_half_sent(out: Console, documents: Sequence[HalfSent]) -> None:
    """Each document that is in Xero in part: what is there, what is not, what to do."""
    for document in documents[:HALVES]:
        out.print()
        head = f"{document.document} is in Xero in part"
        out.print(Text(head, style="red"))
        for line in document.lines:
            _line(out, line)
    if len(documents) > HALVES:
        left = counted(len(documents) - HALVES, "document")
        _line(out, f"… and {left} more in part; --format json has them all", "dim")


def _notes(out: Console, notes: Sequence[OpenNote], firm: str) -> None:
    """Notes that are not in Xero; those that Xero refused end by a word of a person."""
    for state, words in NOTES.items():
        found = [note for note in notes if note.state is state]
        if not found:
            continue
        out.print()
        is_stuck = any(note.is_stuck for note in found)
        head = f"{counted(len(found), 'history note')} {words}"
        out.print(Text(head, style="yellow" if is_stuck else "dim"))
        for note in found[:HALVES]:
            _line(out, f"{note.request}: {note.message or note.details}")
        if len(found) > HALVES:
            _line(out, f"… and {len(found) - HALVES} more; --format json has them all", "dim")
        if state is NoteState.REFUSED:
            id = found[0].transaction
            for word, what in (("resend", "to try again"), ("skip", "to do without")):
                _line(out, f'{what}: pm2xero {word} {id} --reason "…" --org {firm}', "dim")


def _words(cause: Cause) -> str:
    words = WORDS[cause.state]
    return words.replace("has them", "has it") if len(cause.transactions) == 1 else words


def _documents(out: Console, status: Status, currency: str) -> None:
    table = _table("documents", "", currency)
    for name, count in sorted(status.decisions.items(), key=lambda c: -c[1]):
        table.add_row(name, f"{count:,}", money(status.money[name]))
    out.print(table)


def _requests(out: Console, status: Status) -> None:
    table = _table("requests", "")
    for name, count in sorted(status.requests.items(), key=lambda c: -c[1]):
        table.add_row(name, f"{count:,}")
    out.print(table)
    if status.last_answer is not None:
        out.print(Text(f"Xero last answered at {_moment(status.last_answer)}", style="dim"))


def _unreadable(out: Console, traces: tuple[Unreadable, ...], firm: str) -> None:
    out.print()
    records = counted(len(traces), "record")
    out.print(Text(f"{records} of an export could not be read", style="yellow"))
    for trace in traces:
        _line(out, f"{trace.id or 'a record'} of {trace.place}: {trace.message}")
    command = f'pm2xero skip --unreadable {traces[0].digest[:8]} --reason "…" --org {firm}'
    _line(out, f"export again, or dismiss each: {command}", "dim")


def _refusals(out: Console, refused: tuple[Refusal, ...], currency: str) -> None:
    out.print()
    table = _table("refused by rules", "", currency)
    table.add_column("where it is")
    for refusal in refused:
        amounts = [money(refusal.money)] if refusal.money or not refusal.foreign else []
        amounts += [f"{money(amount)} {name}" for name, amount in refusal.foreign]
        table.add_row(refusal.code, f"{refusal.count:,}", "\n".join(amounts), WHERE[refusal.counts])
    out.print(table)
    if any(r.counts == Counts.MISSING for r in refused):
        by_hand = sum(r.by_hand for r in refused)
        told = f"to be entered by hand: {by_hand:,}, see pm2xero manual-work" if by_hand else ""
        out.print(Text(told or "to be corrected in Practice Management", style="dim"))


def _people(out: Console, people: tuple[Action, ...]) -> None:
    out.print()
    out.print(Text("decided by people", style="bold"))
    for action in people[:PEOPLE]:
        done = f" as {action.xero_id}" if action.xero_id else ""
        head = f"{_moment(action.at)}  {action.who}  {action.what} {action.transaction}{done}"
        _line(out, f"{head}: {action.why}")
    if len(people) > PEOPLE:
        _line(out, f"… and {len(people) - PEOPLE:,} before; --format json has them all", "dim")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _table(title: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, 2), expand=False))
