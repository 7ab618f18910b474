"""What a document is in Practice Management, written down when it is decided.

Reconciliation sums these entries, so a later change of accounts or mappings never makes the past
differ. They are kept of refused documents too: their money moved in Practice Management.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from pm2xero.decide.cents import cents_of
from pm2xero.decide.decision import Decision
from pm2xero.decide.journal import Entry, JournalOf, compile_journal, compile_left_over
from pm2xero.decide.state import State
from pm2xero.history.taxes import TaxReader
from pm2xero.outbox.past_records import Booking, EntryRow
from pm2xero.pack.counts import Counts
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction, is_voided, money_of


class LeftOvers:
    """What a person enters of documents that are posted in part."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._journals: dict[str, JournalOf] = {}

    def of(self, tx: Transaction, decision: Decision, state: State) -> list[Entry]:
        """The journal of what is left over; empty where the requests make all of it."""
        if decision.outcome != "post" or decision.takes_back:
            return []
        mapping = self._pipeline.pack.mappings.get(decision.mapping or "")
        if mapping is None or not mapping.left_over:
            return []
        found = self._journals.get(tx.kind)
        if found is None:
            program = self._pipeline.decider.program(tx.kind)
            found = self._journals[tx.kind] = compile_left_over(program.kind, program.facts)
        return found(tx, state)


class Bookkeeping:
    """Makes the bookings of one firm."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._journals: dict[str, JournalOf] = {}
        self._taxes = TaxReader(pipeline)
        self._left_overs = LeftOvers(pipeline)

    def of(self, tx: Transaction, decision: Decision, state: State) -> Booking:
        """What a document books, by the pack and the accounts in force now."""
        fields = tx.fields
        participant = fields.get("participant") or {}
        day = fields.get("date")
        named = self._pipeline.decider.program(tx.kind).facts.named("banks", fields)
        counts = self._counts(tx, decision, day)
        return Booking(
            id=tx.id,
            revision=tx.revision,
            kind=tx.kind,
            number=str(fields.get("number") or ""),
            date=day if isinstance(day, date) else None,
            contact=participant.get("id"),
            contact_name=str(participant.get("display_name") or ""),
            bank=next(iter(named), None),
            currency=str(fields.get("currency") or self._pipeline.organisation.base_currency),
            cents=cents_of(money_of(tx)),
            voided=is_voided(tx),
            counts=counts,
            entries=() if counts is Counts.NOTHING else tuple(self._entries(tx, decision, state)),
        )

    def _counts(self, tx: Transaction, decision: Decision, day: object) -> Counts:
        if is_voided(tx):
            return Counts.NOTHING
        if decision.outcome == "post":
            return Counts.POSTED
        kind = self._pipeline.pack.kinds[tx.kind]
        if not (kind.postings or kind.settles):
            return Counts.NOTHING
        if decision.counts is Counts.IN_OPENING:
            # An opening holds what is dated up to its day, whenever that was entered.
            is_in = isinstance(day, date) and day <= self._pipeline.organisation.opening_day
            return Counts.IN_OPENING if is_in else Counts.MISSING
        return decision.counts

    def _entries(self, tx: Transaction, decision: Decision, state: State) -> Iterator[EntryRow]:
        # What is sent says its tax types itself.
        types = {} if decision.outcome == "post" else self._taxes.types(tx)
        for entry in self._journal(tx.kind)(tx, state):
            of_lines = types.get((entry.name, abs(entry.amount)))
            yield _row("journal", entry, (of_lines.pop(0) or None) if of_lines else None)
        for entry in self._left_overs.of(tx, decision, state):
            yield _row("left_over", entry)
        if decision.outcome != "post" or decision.takes_back:
            return
        mapping = decision.mapping or ""
        for type, tax in self._taxes.taxes(tx, mapping, state).items():
            amounts = cents_of(tax.amount), cents_of(tax.rounding)
            yield EntryRow("tax", type, None, "", "", *amounts, tax_type=type)
        for code, cents in self._taxes.rounding(tx, mapping, state).items():
            known = self._pipeline.organisation.xero.accounts.get(code)
            account_id = known.id or None if known is not None else None
            yield EntryRow("rounding", code, account_id, code, "", cents_of(cents))

    def _journal(self, kind: str) -> JournalOf:
        found = self._journals.get(kind)
        if found is None:
            program = self._pipeline.decider.program(kind)
            found = self._journals[kind] = compile_journal(program.kind, program.facts)
        return found


def _row(
    part: Literal["journal", "left_over"], entry: Entry, tax_type: str | None = None
) -> EntryRow:  # fmt: skip
    account = entry.account
    return EntryRow(
        part, entry.name, account.account_id, account.code or "", account.name or "",
        cents_of(entry.amount), 0, entry.matter, entry.bank, tax_type=tax_type,
    )  # fmt: skip
