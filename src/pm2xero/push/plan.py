"""What a push would do, counted before anything is sent; a saved plan is kept to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, InputError, Position, UsageError
from pm2xero.outbox.records import Document, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.push.intake_report import IntakeReport
from pm2xero.send.look_ahead import Outlook
from pm2xero.xero.documents import Rates, TaxShare, contents_of_body

ZERO = Decimal("0.00")
# What goes with the next push, and what stands in its way.
_GOES = (RequestState.PLANNED, RequestState.SENT)
OPEN = (
    *_GOES, RequestState.BLOCKED, RequestState.UNKNOWN, RequestState.REJECTED, RequestState.FAILED,
    RequestState.HELD,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """Tax under one Xero tax type of everything that is due; debits are positive."""

    type: str
    name: str
    documents: int
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests that are due, by contract, and what stands in their way.

    Attributes:
        digest: names exactly these requests, with their bodies, by this pack.
        calls: calls needed at least, by contract and dependency level, contacts included.
        seconds: how long that takes under Xero's limits, as far as it can be told beforehand.
        per_day: calls that Xero allows in a day.
        waiting: requests that cannot go yet, with what blocks them.
        taxes: by Xero's tax type: its name, how many documents, and their net and tax; debits
            are positive.
        unchecked: a trust bank of which nobody says whose the money was at the start, so that
            overdraw cannot be checked; None where it can.
        outlook: what a look at Xero shows, and what that look costs.
        may_forget: the outbox is new or an older copy, so all that is due is looked up first.
        notes: notes to be written into the history of documents, of which each takes a call.
    """

    digest: str
    intake: IntakeReport
    due: tuple[StoredRequest, ...]
    waiting: tuple[StoredRequest, ...]
    calls: int
    seconds: float
    per_day: int = 5000
    per_contract: dict[str, tuple[int, int]] = field(default_factory=dict)
    taxes: tuple[TaxTotal, ...] = ()
    unchecked: str | None = None
    outlook: Outlook = field(default_factory=Outlook)
    notes: int = 0
    may_forget: bool = False

    @property
    def needs_attention(self) -> bool:
        """Whether documents are refused or held, or requests wait for a person."""
        if self.outlook.obstacles:
            return True
        stuck = any(r.state in ("rejected", "failed", "unknown", "held") for r in self.waiting)
        return stuck or self.intake.summary.attention > 0

    @property
    def bytes(self) -> int:
        """Bytes of the documents that are due, before they are wrapped into calls."""
        return sum(len(r.element.encode()) for r in self.due)

    def as_json(self) -> dict[str, Any]:
        """The plan as it is saved and printed for machines."""
        summary = self.intake.summary
        return {
            "spec": 1,
            "digest": self.digest,
            "documents": {
                f"{kind}.{outcome}": {"count": cell.count, "money": str(cell.money)}
                for (kind, outcome), cell in sorted(summary.cells.items())
            },
            "tax": [
                {
                    "type": t.type,
                    "name": t.name,
                    "documents": t.documents,
                    "net": str(t.net),
                    "tax": str(t.tax),
                }
                for t in self.taxes
            ],
            "requests": [r.id for r in self.due],
            "trust_unchecked": self.unchecked,
            "calls": self.calls,
            "history_notes": self.notes,
            "outbox_may_forget": self.may_forget,
            "calls_per_day": self.per_day,
            "seconds": round(self.seconds),
            "bytes": self.bytes,
            "look": self.outlook.as_json(),
            "waiting": [
                {"request": r.id, "state": r.state, "blocked_by": r.blocked_by or r.cause}
                for r in self.waiting
            ],
        }


def mark_of(decided: Iterable[Document], fingerprint: str) -> str:
    """Names exactly these documents and what is decided about each, by this pack."""
    digest = hashlib.blake2b(fingerprint.encode(), digest_size=16)
    for tx, decision, _ in decided:
        digest.update(f"{tx.id}\x1f{tx.revision}\x1f{tx.digest}\x1f{decision.outcome}\x1e".encode())
    return digest.hexdigest()


def make_plan(
    intake: IntakeReport, stored: Sequence[StoredRequest], known_contacts: int, mark: str,
    per_day: int, rates: Rates, open_notes: int = 0,
) -> Plan:  # fmt: skip
    """The plan of what is new (`intake`) together with what was planned before.

    Args:
        open_notes: history notes that were planned before.
    """
    from dataclasses import replace

    from pm2xero.send.estimate import lower_bound, predict_seconds
    from pm2xero.xero.budget import CallLimits

    due = [r for r in (*stored, *intake.requests) if r.state in _GOES]
    waiting = [r for r in stored if r.state not in _GOES]
    contacts = len({n for r in due if (n := _contact_number(r.element)) is not None})
    # A note is a call of its own.
    notes = open_notes + sum(1 for r in due if r.note is not None)
    bound = lower_bound(due, max(contacts - known_contacts, 0)).total + notes
    per_contract: dict[str, tuple[int, int]] = {}
    for request in due:
        count, calls = per_contract.get(request.contract, (0, 0))
        per_contract[request.contract] = (count + 1, calls)
    for name, (count, _) in per_contract.items():
        calls = lower_bound([r for r in due if r.contract == name]).total
        per_contract[name] = (count, calls)
    seconds = predict_seconds(bound, replace(CallLimits(), per_day=per_day))
    # What is looked up first may be sent as well.
    doubtful = [r for r in waiting if r.state == "unknown"]
    digest = _digest((*due, *doubtful), mark)
    return Plan(
        digest, intake, tuple(due), tuple(waiting), bound, seconds, per_day, per_contract,
        tuple(_taxes(due, rates)), notes=notes,
    )  # fmt: skip


def _taxes(due: Sequence[StoredRequest], rates: Rates) -> Iterator[TaxTotal]:
    totals: dict[str, tuple[int, TaxShare]] = {}
    for request in due:
        said = contents_of_body(request.element, rates)
        for type, share in said.taxes.items() if said is not None else ():
            count, sum_ = totals.get(type, (0, TaxShare(ZERO, ZERO)))
            totals[type] = (count + 1, sum_ + share)
    for type, (count, share) in sorted(totals.items()):
        rate = rates.get(type)
        yield TaxTotal(type, rate.name if rate else type, count, share.net, share.tax)


def _contact_number(element: str) -> str | None:
    """The number of the contact that a body names, when it does not name it by id."""
    found = json.loads(element).get("Contact")
    number = found.get("ContactNumber") if isinstance(found, dict) else None
    return str(number) if number is not None else None


def check_saved(path: Path, fresh: Plan) -> None:
    """Refuse a saved plan that is not exactly what would be done now.

    Raises:
        InputError: PI804 when the file is no plan.
        UsageError: PU903 when documents, pack, firm or outbox have moved since it was made.
    """
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        digest = saved["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        at = Position(str(path))
        raise InputError(Finding("PI804", "this file is no saved plan", at)) from None
    if digest == fresh.digest:
        return
    before, now = set(saved.get("requests", ())), {r.id for r in fresh.due}
    changes = []
    if now - before:
        changes.append(f"{len(now - before)} requests more")
    if before - now:
        changes.append(f"{len(before - now)} requests fewer")
    raise UsageError(
        Finding(
            "PU903",
            "the plan is stale: documents, pack, firm or outbox have changed since it was made "
            f"({', '.join(changes) or 'the same requests, with other contents or decisions'})",
            Position(str(path)),
            hint="look at a fresh plan and save it again with --out",
        )
    )


def _digest(due: Sequence[StoredRequest], mark: str) -> str:
    digest = hashlib.blake2b(mark.encode(), digest_size=16)
    for request in sorted(due, key=lambda r: r.id):
        digest.update(f"{request.id}\x1f{request.path}\x1f{request.element}\x1e".encode())
    return digest.hexdigest()
