"""Why a document was decided as it was, and what became of it, from the rows of the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.history.half_sent import HalfSent, half_sent
from pm2xero.outbox.records import (
    Action,
    Attempt,
    DecisionRecord,
    PackRecord,
    StoredRequest,
)
from pm2xero.report.status import print_half_sent
from pm2xero.report.text import STYLES
from pm2xero.sentences import counted


class Kept(Protocol):
    """What is read of an outbox."""

    def records_of(self, id: str) -> Sequence[DecisionRecord]:
        """How each revision was decided, the oldest first."""

    def pack_of(self, fingerprint: str) -> PackRecord | None:
        """What a fingerprint stands for."""

    def actions(self) -> Sequence[Action]:
        """What people decided."""

    def requests(self, *, transaction: str | None = None) -> Sequence[StoredRequest]:
        """The requests that count now."""

    def only_looked_for(self, ids: Collection[str]) -> Collection[str]:
        """Those of the requests that are looked up and never sent."""

    def attempts(self, request: str | None = None) -> Sequence[Attempt]:
        """The attempts of a request."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that an outbox knows of why a document is where it is.

    Attributes:
        packs: by fingerprint, what decided.
        looked_for: ids of requests that are never sent, as the document is voided by now.
        changed: by fingerprint, the files that are others now than when it decided.
    """

    id: str
    records: Sequence[DecisionRecord]
    packs: Mapping[str, PackRecord]
    changed: Mapping[str, Sequence[str]]
    actions: Sequence[Action]
    requests: Sequence[StoredRequest]
    attempts: Mapping[str, Sequence[Attempt]]
    looked_for: Collection[str] = ()

    @property
    def half_sent(self) -> Sequence[HalfSent]:
        """What is in Xero in part."""
        return half_sent(self.requests, self.looked_for)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "id": self.id,
            "decisions": [
                asdict(record) | {"changed_since": list(self.changed.get(record.pack, ()))}
                for record in self.records
            ],
            "packs": [asdict(pack) for pack in self.packs.values()],
            "people": [asdict(action) for action in self.actions],
            "requests": [
                {
                    "id": r.id, "revision": r.revision, "purpose": r.purpose, "state": r.state,
                    "xero_id": r.xero_id, "message": r.message,
                    "attempts": [asdict(a) for a in self.attempts[r.id]],
                }
                for r in self.requests
            ],
            "half_sent": [document.as_json() for document in self.half_sent],
        }  # fmt: skip


def gather(kept: Kept, id: str, files_now: Mapping[str, str]) -> Told:
    """All of one document.

    Args:
        files_now: a hash of each file that decides now, by its name.
    """
    records = kept.records_of(id)
    named = dict.fromkeys(record.pack for record in records)
    packs = {mark: pack for mark in named if (pack := kept.pack_of(mark)) is not None}
    requests = kept.requests(transaction=id)
    return Told(
        id,
        records,
        packs,
        {mark: _changed(pack.files, files_now) for mark, pack in packs.items()},
        [action for action in kept.actions() if action.transaction == id],
        requests,
        {request.id: kept.attempts(request.id) for request in requests},
        kept.only_looked_for([request.id for request in requests]),
    )


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def print_record(out: Console, told: Told) -> None:
    """Each decision with its reasons, facts and what decided; then people, then what was sent."""
    if not told.records:
        out.print(f"{told.id} was decided before reasons were written down with decisions")
    for record in told.records:
        _print_decision(out, record)
        for fact in record.facts:
            _line(out, f"{fact['rule']}, {fact['at']}, looked at", 2, "dim")
            for test in fact["tests"]:
                values = ", ".join(f"{name} = {value}" for name, value in test["values"].items())
                said = "held" if test["held"] else "did not hold"
                _line(out, f"{test['test']}: {said}" + (f" ({values})" if values else ""), 4)
        _print_pack(out, told, record.pack)
    for action in told.actions:
        _line(out, f"{_at(action.at)}  {action.what} by {action.who}: {action.why}")
    for request in told.requests:
        there = f", {request.xero_id} in Xero" if request.xero_id else ""
        head = f"{request.id} of revision {request.revision}: {request.state}{there}"
        _line(out, head, style="bold")
        for attempt in told.attempts[request.id]:
            ended = attempt.outcome or "no answer known"
            status = f", HTTP {attempt.status}" if attempt.status else ""
            why = f": {attempt.message}" if attempt.message else ""
            line = f"{_at(attempt.started_at)}  call {attempt.call}: {ended}{status}{why}"
            _line(out, line, 2)
    print_half_sent(out, told.half_sent)


def _print_decision(out: Console, record: DecisionRecord) -> None:
    line = Text(f"{record.outcome:<7}", style=STYLES.get(record.outcome, "yellow"))
    how = f" \u2192 {record.mapping}" if record.mapping else ""
    line.append(f"{record.id} revision {record.revision}{how}")
    by = f" at the keyboard of {record.who}" if record.who else ""
    line.append(f"  {_at(record.decided_at)}{by}", style="dim")
    out.print(line)
    if not record.reasons:
        rule = f"rule {record.rule}; " if record.rule else ""
        _line(out, f"{rule}no rule refused or held it", 2)
    for part in (*record.reasons, *record.warnings):
        _line(out, str(part["message"]), 2)
        place = f"{part['rule']}, {part['at']}" if part.get("rule") else "the program itself"
        _line(out, f"[{part['code']}] {place}", 2, "dim")


def _print_pack(out: Console, told: Told, mark: str) -> None:
    pack = told.packs.get(mark)
    if pack is None:
        _line(out, f"decided by {mark}", 2, "dim")
        return
    changed = told.changed[mark]
    since = (
        f"{counted(len(changed), 'file')} changed since: {', '.join(changed)}"
        if changed
        else "the files that decided are those of today"
    )
    _line(out, f"decided by pm2xero {pack.product}, {mark}; {since}", 2, "dim")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _line(out: Console, text: str, indent: int = 0, style: str = "") -> None:
    """A sentence, folded to the width of the output below its own beginning."""
    out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
