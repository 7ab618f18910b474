"""The PM side: every stored document with its journal, and how far it has come in Xero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import orjson

from pm2xero.decide.postings import Entry, JournalOf, compile_journal
from pm2xero.outbox.records import StoredDecision, StoredRequest, StoredTransaction
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from pm2xero.render.lines import compile_lines
from pm2xero.report.summary import money_of

ZERO = Decimal("0.00")
DONE = frozenset(("confirmed", "skipped"))


@dataclass(frozen=True, slots=True)
class Booked:
    """A document of Practice Management and where it stands.

    Attributes:
        standing: in_xero, partial (some of its requests are), pending, refused, skipped,
            unsupported (a rule rejects it), held, voided.
        cause: the reason code or the cause of the refusal.
        rounding: by account code, what Xero's own tax calculation moves (see `rounding_line`).
    """

    id: str
    revision: int
    kind: str
    date: date
    money: Decimal
    standing: str
    cause: str
    by_hand: bool
    message: str
    remedy: str
    entries: tuple[Entry, ...]
    rounding: Mapping[str, Decimal]
    requests: tuple[StoredRequest, ...]


class Books:
    """Reads stored documents back into journals, by the kinds of today's pack."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._journals: dict[str, JournalOf] = {}

    def booked(
        self,
        transactions: Iterable[StoredTransaction],
        decisions: Iterable[StoredDecision],
        requests: Sequence[StoredRequest],
    ) -> list[Booked]:
        """Every document once, by its last revision that was posted, else its last revision."""
        last: dict[str, tuple[StoredTransaction, StoredDecision]] = {}
        known = {(d.id, d.revision): d for d in decisions}
        for stored in transactions:
            decision = known.get((stored.id, stored.revision))
            if decision is None:
                continue
            before = last.get(stored.id)
            if before is None or decision.outcome == "post" or before[1].outcome != "post":
                last[stored.id] = (stored, decision)
        by_transaction: dict[str, list[StoredRequest]] = {}
        for request in requests:
            by_transaction.setdefault(request.transaction, []).append(request)
        result = []
        for stored, decision in last.values():
            tx = self._pipeline.reader.read(orjson.loads(stored.document), "outbox", 0)
            if isinstance(tx, Transaction):
                result.append(self._one(tx, decision, by_transaction.get(stored.id, [])))
        return result

    def _one(
        self, tx: Transaction, decision: StoredDecision, requests: list[StoredRequest]
    ) -> Booked:
        state = self._pipeline.state
        standing, cause, message = _standing(tx, decision, requests)
        first = decision.reasons[0] if decision.reasons else {}
        return Booked(
            id=tx.id,
            revision=tx.revision,
            kind=tx.kind,
            date=tx.fields["date"],
            money=money_of(tx),
            standing=standing,
            cause=cause,
            by_hand=decision.by_hand,
            message=message or str(first.get("message", "")),
            remedy=str(first.get("remedy", "")),
            entries=tuple(self._journal(tx.kind)(tx, state)),
            rounding=self._rounding(tx, decision) if decision.outcome == "post" else {},
            requests=tuple(requests),
        )

    def _journal(self, kind: str) -> JournalOf:
        found = self._journals.get(kind)
        if found is None:
            facts = self._pipeline.decider.program(kind).facts
            found = compile_journal(self._pipeline.pack.kinds[kind], facts)
            self._journals[kind] = found
        return found

    def _rounding(self, tx: Transaction, decision: StoredDecision) -> dict[str, Decimal]:
        """The cents that Xero's own calculation moves between tax and rounding accounts."""
        pipeline = self._pipeline
        moved: dict[str, Decimal] = {}
        facts = pipeline.decider.program(tx.kind).facts
        for spec in pipeline.pack.requests.get((decision.mapping or "", tx.kind), ()):
            if spec.when_tax_differs != "rounding_line":
                continue
            lines = compile_lines(spec, facts)
            made = lines(tx, pipeline.state) if lines is not None else None
            for row in made.lines if made else ():
                if row["sources"] == ["rounding"] and made is not None:
                    cents = -row["net"] if made.money_in else row["net"]
                    tax = pipeline.decider.chart.role("sales_tax").code or "sales_tax"
                    rounding = str(row["account"])
                    moved[rounding] = moved.get(rounding, ZERO) + cents
                    moved[tax] = moved.get(tax, ZERO) - cents
        return moved


def _standing(
    tx: Transaction, decision: StoredDecision, requests: list[StoredRequest]
) -> tuple[str, str, str]:
    if decision.outcome == "reject":
        return "unsupported", decision.code or "", ""
    if decision.outcome == "hold":
        return "held", decision.code or "", ""
    if decision.outcome == "skip":
        return "voided" if tx.fields.get("voided_at") else "skipped", decision.code or "", ""
    if not requests:
        return "pending", "", ""
    if tx.fields.get("voided_at") is not None or tx.fields.get("status") == "voided":
        done = all(r.state in DONE for r in requests)
        return ("voided", "", "") if done else ("pending", "", "")
    for state, standing in (
        ("rejected", "refused"), ("blocked", "pending"), ("unknown", "pending"), ("held", "held"),
        ("planned", "pending"), ("claimed", "pending"), ("sent", "pending"),
    ):  # fmt: skip
        stuck = next((r for r in requests if r.state == state), None)
        if stuck is not None:
            some = any(r.state == "confirmed" for r in requests)
            cause = stuck.cause or stuck.blocked_by or state
            return ("partial" if some else standing), cause, stuck.message or ""
    if all(r.state == "skipped" for r in requests):
        return "skipped", requests[0].cause or "", requests[0].message or ""
    return "in_xero", "", ""
