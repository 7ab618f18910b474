"""Generates documents of any declared kind: awkward cents, many lines, several allocations.

Nothing here knows a kind by name. Values come from the types of fields and from the firm's own
accounts; sums that rules demand (`sum: lines.net, differs_from: totals.net`) are made to hold; and
what the rules then refuse is thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.pack.conditions import Sum, atoms
from pm2xero.pack.expressions import PathExpr
from pm2xero.pack.model import Kind
from pm2xero.pack.types import FieldType, ListType, RecordType, ScalarType, TaxCodeType

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
_ENVELOPE = frozenset(("id", "kind", "revision", "status", "date", "currency"))
# Optional fields whose presence changes what a document is: they are left to the variants.
_SPARINGLY = 0.35


class Generator:
    """Documents of one firm's kinds; the same seed gives the same documents."""

    def __init__(self, decider: Decider, seed: int) -> None:
        self._decider = decider
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

    def documents(
        self, kind: Kind, size: int, open_documents: list[str]
    ) -> Iterator[dict[str, Any]]:
        """Endless candidates; `size` bounds lists, `open_documents` may be referred to."""
        while True:
            yield self._document(kind, size, open_documents)

    def _document(self, kind: Kind, size: int, open_documents: list[str]) -> dict[str, Any]:
        self._count += 1
        organisation = self._decider.organisation
        moment = organisation.integration_start + timedelta(days=5, seconds=self._count)
        document: dict[str, Any] = {
            "id": f"G-{self._count}",
            "kind": kind.name,
            "revision": 1,
            "status": "posted",
            "date": self._date.isoformat(),
            "posted_at": moment.isoformat().replace("+00:00", "Z"),
            "currency": organisation.base_currency,
        }
        context = _Context(kind, size, open_documents)
        for name, of in kind.record.required.items():
            if name not in _ENVELOPE:
                document[name] = self._value(name, of, context)
        for name, of in kind.record.optional.items():
            if name not in document and self._wanted(name):
                document[name] = self._value(name, of, context)
        self._balance(kind, document)
        return document

    def _wanted(self, name: str) -> bool:
        never = ("voided_at", "created_at", "locked", "source", "division", "reversal_of")
        return name not in never and self._random.random() < _SPARINGLY

    def _value(self, name: str, of: FieldType, context: _Context) -> Any:
        random = self._random
        if isinstance(of, ListType):
            length = random.randint(1, context.size)
            return [self._value(name, of.of, context) for _ in range(length)]
        if isinstance(of, TaxCodeType):
            return random.choice(self._codes)
        if isinstance(of, RecordType):
            return self._record(of, context)
        if isinstance(of, ScalarType):
            return self._scalar(name, of)
        if of.name == "ledger_account":
            return random.choice(self._accounts)
        if of.name == "bank_account":
            return random.choice(self._banks)
        return random.choice(context.open_documents or ["none"])

    def _record(self, of: RecordType, context: _Context) -> dict[str, Any]:
        record = {n: self._value(n, t, context) for n, t in of.required.items()}
        for name, kind in of.required.items():
            if isinstance(kind, TaxCodeType):
                account, code = self._pair(context.kind, record[kind.account], record[name])
                record[kind.account], record[name] = account, code
                record[kind.amount] = self._tax(context.kind, record, kind, code, account)
        if of.name == "participant":
            number = self._random.randint(1, 4)
            record |= {"id": f"P{number}", "display_name": f"Party {number}"}
        return record

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

    def _balance(self, kind: Kind, document: dict[str, Any]) -> None:
        """Make the sums hold that some rule would refuse otherwise."""
        for rule in self._decider.pack.rules_of(kind.name):
            for atom in atoms(rule.conditions[kind.name]):
                if isinstance(atom, Sum) and atom.op == "differs_from":
                    _make_equal(document, atom)


class _Context:
    """What a value is made for."""

    def __init__(self, kind: Kind, size: int, open_documents: list[str]) -> None:
        self.kind = kind
        self.size = size
        self.open_documents = open_documents


def _make_equal(document: dict[str, Any], atom: Sum) -> None:
    operand = atom.operand
    if not isinstance(operand, PathExpr):
        return
    total = ZERO
    for path in atom.paths:
        values = _read(document, path.steps)
        if values is None:
            return
        total += sum((Decimal(v) for v in values), ZERO)
    holder: Any = document
    for step in operand.steps[:-1]:
        holder = holder.get(step)
        if holder is None:
            return
    if isinstance(holder, dict):
        holder[operand.steps[-1]] = str(total)


def _read(document: Any, steps: tuple[str, ...]) -> list[str] | None:
    values: list[Any] = [document]
    for step in steps:
        deeper: list[Any] = []
        for value in values:
            found = value.get(step) if isinstance(value, dict) else None
            if found is None:
                return None
            deeper += found if isinstance(found, list) else [found]
        values = deeper
    return [str(v) for v in values]
