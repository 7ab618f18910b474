"""Tax of documents by Xero's tax type, and the cents that Xero's own calculation moves.

The amounts are those of Practice Management; only which Xero tax type a tax code means is asked
of the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pm2xero.decide.state import State
from pm2xero.decide.values import getter
from pm2xero.pack.language.types import ListType, RecordType, TaxCodeType
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from pm2xero.render.lines import Lines, LinesOf, compile_lines

ZERO = Decimal("0.00")
TAX_ROLE = "sales_tax"


@dataclass(frozen=True, slots=True)
class Tax:
    """Tax under one Xero tax type; debits are positive, currency units.

    Attributes:
        amount: what the documents say.
        rounding: what Xero's calculation adds to it.
    """

    amount: Decimal = ZERO
    rounding: Decimal = ZERO

    def __add__(self, other: Tax) -> Tax:
        return Tax(self.amount + other.amount, self.rounding + other.rounding)


class TaxReader:
    """Reads the taxes of documents of one firm."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        # How the lines are made whose rounding is a line of its own, by mapping and kind.
        self._lines: dict[tuple[str, str], list[LinesOf]] = {}

    def types(self, tx: Transaction) -> dict[tuple[str, Decimal], list[str]]:
        """Xero's tax type of each line by its account and net amount, in the order of lines.

        Whoever enters the document by hand has to give one, whatever becomes of it here.
        """
        found: dict[tuple[str, Decimal], list[str]] = {}
        for account, net, type, _ in self._taxed_lines(tx):
            found.setdefault((account, abs(net)), []).append(type)
        return found

    def of_lines(self, tx: Transaction) -> dict[tuple[str, Decimal], tuple[Decimal, ...]]:
        """The tax of each line by its account and net amount, in the order of lines."""
        found: dict[tuple[str, Decimal], tuple[Decimal, ...]] = {}
        for account, net, _, tax in self._taxed_lines(tx):
            key = (account, abs(net))
            found[key] = (*found.get(key, ()), tax)
        return found

    def _taxed_lines(self, tx: Transaction) -> Iterator[tuple[str, Decimal, str, Decimal]]:
        """Account, net amount, Xero's tax type (empty where there is none) and tax."""
        facts = self._pipeline.decider.program(tx.kind).facts
        for name, of in facts.kind.record.required.items():
            if not isinstance(of, ListType) or not isinstance(of.of, RecordType):
                continue
            for field, tax in of.of.required.items():
                if not isinstance(tax, TaxCodeType):
                    continue
                for item in tx.fields[name] or ():
                    account, net, code = item[tax.account], item[tax.on], item[field]
                    if account is not None and net is not None and code is not None:
                        type = facts.tax(code, account, facts.kind.side).type or ""
                        yield account, net, type, item[tax.amount] or ZERO

    def taxes(self, tx: Transaction, mapping: str, state: State) -> dict[str, Tax]:
        """Tax by Xero's tax type, as the document's kind posts it to the tax account."""
        pipeline = self._pipeline
        facts = pipeline.decider.program(tx.kind).facts
        signs = {
            p.each: p.sign
            for p in pipeline.pack.kinds[tx.kind].postings
            if p.account.role == TAX_ROLE
        }
        found: dict[str, Tax] = {}
        for spec in pipeline.pack.requests.get((mapping, tx.kind), ()):
            for source in spec.lines:
                path = source.account.path
                if source.each is None or source.tax is None or source.tax_amount is None:
                    continue
                if source.each not in signs or path is None:
                    continue
                amount = getter(source.tax_amount, facts)
                for item in tx.fields[source.each] or ():
                    code, account = item[source.tax.steps[-1]], item[path.steps[-1]]
                    kind = facts.tax(code, account, facts.kind.side).type or code
                    tax = signs[source.each] * (amount(tx, item, state) or ZERO)
                    found[kind] = found.get(kind, Tax()) + Tax(tax)
        for kind, cents in self._calculated(tx, mapping, found, state).items():
            found[kind] = found.get(kind, Tax()) + Tax(ZERO, cents)
        return found

    def _calculated(
        self, tx: Transaction, mapping: str, told: Mapping[str, Tax], state: State
    ) -> dict[str, Decimal]:
        """By tax type, Xero's tax beyond the document's, where Xero calculates it itself."""
        moved: dict[str, Decimal] = {}
        for made in self._rounded(tx, mapping, state):
            side = -1 if made.money_in else 1
            for row in made.lines:
                kind = str(row["tax_type"])
                moved[kind] = moved.get(kind, ZERO) + side * row["tax"]
        if not moved:
            return {}
        return {
            kind: tax - told[kind].amount
            for kind, tax in moved.items()
            if kind in told and tax != told[kind].amount
        }

    def rounding(self, tx: Transaction, mapping: str, state: State) -> dict[str, Decimal]:
        """By account code, the cents that go between the tax and the rounding account."""
        moved: dict[str, Decimal] = {}
        tax_account = self._pipeline.decider.chart.role(TAX_ROLE).called
        for made in self._rounded(tx, mapping, state):
            for row in made.lines:
                if row["sources"] == ["rounding"]:
                    cents = -row["net"] if made.money_in else row["net"]
                    account = str(row["account"])
                    moved[account] = moved.get(account, ZERO) + cents
                    moved[tax_account] = moved.get(tax_account, ZERO) - cents
        return moved

    def _rounded(self, tx: Transaction, mapping: str, state: State) -> Iterator[Lines]:
        key = (mapping, tx.kind)
        found = self._lines.get(key)
        if found is None:
            facts = self._pipeline.decider.program(tx.kind).facts
            compiled = (
                compile_lines(spec, facts)
                for spec in self._pipeline.pack.requests.get(key, ())
                if spec.when_tax_differs == "rounding_line"
            )
            found = self._lines[key] = [lines for lines in compiled if lines is not None]
        for lines in found:
            yield lines(tx, state)
