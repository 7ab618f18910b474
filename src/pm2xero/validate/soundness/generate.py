"""Generates documents of any declared kind: awkward cents, many lines, several allocations.

Nothing here knows a kind by name. Values come from the types of fields, from the firm's own
accounts and from the documents that are open; sums that rules demand (`sum: lines.net,
differs_from: totals.net`) are made to hold; and what the rules then refuse is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.state import DocumentFact, State
from pm2xero.pack.language.conditions import Sum, atoms
from pm2xero.pack.language.types import (
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    ScalarType,
    TaxCodeType,
)
from pm2xero.pack.model import Kind
from pm2xero.validate.soundness.balance import make_equal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_ENVELOPE = frozenset(("id", "kind", "revision", "status", "date", "currency"))
# Optional fields whose presence changes what a document is: they are left to the variants.
_NEVER = ("voided_at", "created_at", "locked", "source", "division", "reversal_of")
_SPARINGLY = 0.35
_PARTIES = ("P1", "P2", "P3", "P4")
# How often a document may refer to documents of several contacts at once.
_MIXED = 0.2


@dataclass(slots=True)
class _Context:
    """What one document is made for.

    Attributes:
        size: the most items of a list.
        open: documents that it may refer to.
        contact: whose they are; None when they are of several.
        used: those that it refers to already.
    """

    kind: Kind
    size: int
    open: tuple[DocumentFact, ...]
    contact: str | None
    used: set[str] = field(default_factory=set)


class Generator:
    """Documents of one firm's kinds; the same seed gives the same documents."""

    def __init__(self, decider: Decider, state: State, seed: int) -> None:
        self._decider = decider
        self._state = state
        self._random = Random(seed)
        self._count = 0
        organisation = decider.organisation
        self._accounts = sorted(
            a for a in organisation.accounts if decider.chart.ledger(a).status == "ACTIVE"
        )
        self._banks = sorted(organisation.bank_accounts)
        self._codes = sorted(decider.pack.tax_codes)
        lock = organisation.xero.lock_date
        start = organisation.integration_start
        self._date = max(start.date(), lock or start.date()) + timedelta(days=3)
        self._pairs: dict[str, list[tuple[str, str]]] = {}
        self._sums: dict[str, tuple[Sum, ...]] = {}

    def document(
        self, kind: Kind, size: int, opened: Sequence[str], contact: str | None = None
    ) -> dict[str, Any]:
        """A candidate; `size` bounds its lists, `opened` are ids it may refer to.

        Args:
            contact: whose it is; anybody's when None.
        """
        document = self.envelope(kind)
        context = self._context(kind, size, opened)
        context.contact = contact or context.contact
        for name, of in kind.record.required.items():
            if name not in _ENVELOPE and name not in document:
                document[name] = self._value(name, of, context)
        for name, of in kind.record.optional.items():
            if name not in document and self._wanted(name):
                document[name] = self._value(name, of, context)
        self.balance(kind, document)
        return document

    def envelope(self, kind: Kind) -> dict[str, Any]:
        """What every document says of itself, under an id that was not given before."""
        self._count += 1
        organisation = self._decider.organisation
        moment = organisation.integration_start + timedelta(days=5, seconds=self._count)
        return {
            "id": f"G-{self._count}",
            "kind": kind.name,
            "revision": 1,
            "status": "posted",
            "date": self._date.isoformat(),
            "posted_at": moment.isoformat().replace("+00:00", "Z"),
            "currency": organisation.base_currency,
        }

    def balance(self, kind: Kind, document: dict[str, Any]) -> None:
        """Make the sums hold that some rule would refuse otherwise."""
        sums = self._sums.get(kind.name)
        if sums is None:
            rules = self._decider.pack.rules_of(kind.name)
            found = (a for r in rules for a in atoms(r.conditions[kind.name]))
            sums = tuple(a for a in found if isinstance(a, Sum) and a.op == "differs_from")
            self._sums[kind.name] = sums
        for atom in sums:
            make_equal(document, atom)

    def _context(self, kind: Kind, size: int, opened: Sequence[str]) -> _Context:
        facts = tuple(
            f for i in opened if (f := self._state.document(i)).amount_due and f.amount_due > 0
        )
        if not facts or self._random.random() < _MIXED:
            return _Context(kind, size, facts, None)
        contact = self._random.choice(facts).contact
        return _Context(kind, size, tuple(f for f in facts if f.contact == contact), contact)

    def _wanted(self, name: str) -> bool:
        return name not in _NEVER and self._random.random() < _SPARINGLY

    def _value(self, name: str, of: FieldType, context: _Context) -> Any:
        random = self._random
        if isinstance(of, ListType):
            return self._items(name, of, context)
        if isinstance(of, TaxCodeType):
            return random.choice(self._codes)
        if isinstance(of, RecordType):
            return self._record(of, context)
        if isinstance(of, ScalarType):
            return self._scalar(name, of)
        if of.name == "ledger_account":
            return random.choice(self._accounts)
        if isinstance(of, ReferenceType) and of.name == "bank_account":
            return random.choice(self._suiting(of.purpose))
        return self._reference(context, context.open)

    def _suiting(self, purpose: str) -> list[str]:
        """Banks of the purpose that a field asks for; all where it asks for none."""
        banks = self._decider.organisation.bank_accounts
        return [b for b in self._banks if banks[b].purpose == purpose] or self._banks

    def _items(self, name: str, of: ListType, context: _Context) -> list[Any]:
        length = self._random.randint(1, context.size)
        if isinstance(of.of, RecordType) and _names_document(of.of) and context.open:
            # What stands in one list is of one kind, such as the bills that a payment pays.
            kind = self._random.choice(context.open).kind
            alike = tuple(f for f in context.open if f.kind == kind)
            context = _Context(context.kind, context.size, alike, context.contact, context.used)
            free = sum(f.id not in context.used for f in alike)
            length = max(1, min(length, free))
        return [self._value(name, of.of, context) for _ in range(length)]

    def _reference(self, context: _Context, among: Iterable[DocumentFact]) -> str:
        free = [f.id for f in among if f.id not in context.used]
        if not free:
            return "none"
        chosen = self._random.choice(free)
        context.used.add(chosen)
        return chosen

    def _record(self, of: RecordType, context: _Context) -> dict[str, Any]:
        record = {n: self._value(n, t, context) for n, t in of.required.items()}
        for name, kind in of.required.items():
            if isinstance(kind, TaxCodeType):
                account, code = self._pair(context.kind, record[kind.account], record[name])
                record[kind.account], record[name] = account, code
                record[kind.amount] = self._tax(context.kind, record, kind, code, account)
            elif kind.name == "document":
                self._owe(of, record, record[name])
        if of.name == "participant":
            party = context.contact or self._random.choice(_PARTIES)
            record |= {"id": party, "display_name": f"Party {party}"}
        return record

    def _owe(self, of: RecordType, record: dict[str, Any], document: str) -> None:
        """No amount beside a document is more than what is left of it."""
        due = self._state.document(document).amount_due
        if due is None:
            return
        for name, kind in of.required.items():
            if kind.name == "money" and Decimal(record[name]) > due:
                record[name] = str(due)

    def _tax(
        self, kind: Kind, record: dict[str, Any], of: TaxCodeType, code: str, account: str
    ) -> str:
        """The tax of a net amount, now and then a cent off, as documents have it."""
        fact = self._decider.chart.tax(code, account, kind.side)
        tax = (Decimal(record[of.on]) * (fact.rate or ZERO) / 100).quantize(CENT, ROUND_HALF_UP)
        if tax and self._random.random() < 0.2:
            tax += self._random.choice((CENT, -CENT))
        return str(tax)

    def _pair(self, kind: Kind, account: str, code: str) -> tuple[str, str]:
        """An account and a tax code that suit each other on this kind's side."""
        side = str(kind.side)
        if side not in self._pairs:
            chart = self._decider.chart
            self._pairs[side] = [
                (a, c)
                for a in self._accounts
                for c in self._codes
                if (fact := chart.tax(c, a, kind.side)).mapped and fact.suits_account
            ]
        return self._random.choice(self._pairs[side] or [(account, code)])

    def _scalar(self, name: str, of: ScalarType) -> Any:
        random = self._random
        if of.values:
            return random.choice(of.values)
        if of.name == "money":
            return str(Decimal(random.choice((1, 7, 99, 10_005, 33_333, 123_457))) * CENT)
        if of.name == "date":
            return self._date.isoformat()
        if of.name == "flag":
            return random.random() < 0.5
        if of.name == "count":
            return 1
        if of.name == "instant":
            return self._decider.organisation.integration_start.isoformat()
        return f"{name}-{random.randint(1, 9)}-{self._count}"


def _names_document(record: RecordType) -> bool:
    return any(t.name == "document" for t in record.required.values())
