"""What is found when a mapping does not book what its kind declares, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.model import Kind
from pm2xero.prove.example import Example, ProofFinding
from pm2xero.read.transaction import Transaction
from pm2xero.validate.soundness.branches import Branch
from pm2xero.validate.soundness.solve import Way

ZERO = Decimal("0.00")
# A reversal without what it reverses would be another document.
_KEPT = frozenset(("reversal_of", "posted_at"))


@dataclass(frozen=True, slots=True)
class Booking:
    """A document that is posted by a mapping: as it would stand in the input, and typed.

    Attributes:
        leaves_over: the rule that posts it says that a person enters a part.
    """

    document: dict[str, Any]
    tx: Transaction
    mapping: str
    leaves_over: bool = False


@dataclass(frozen=True, slots=True)
class Unsound:
    """A document whose mapping does not book what its kind declares.

    Attributes:
        at: where the requests of the mapping stand, in the highest layer that has any.
        declared, booked: by account code, debits positive, in currency units.
        refused: why Xero would not take the bodies, if it would not.
        unrendered: the fault of a body that never got as far as that.
    """

    of: Kind
    booking: Booking
    at: Position
    declared: Mapping[str, Decimal]
    booked: Mapping[str, Decimal]
    refused: str
    unrendered: Finding | None = None

    @property
    def kind(self) -> str:
        """Name of the kind."""
        return self.of.name

    @property
    def mapping(self) -> str:
        """Name of the mapping."""
        return self.booking.mapping

    @property
    def document(self) -> dict[str, Any]:
        """The smallest document that was found to show it."""
        return self.booking.document

    @property
    def finding(self) -> ProofFinding:
        """The finding, with both journals side by side and the document."""
        if self.unrendered is not None:
            fault = self.unrendered
            # Of several kinds that a template serves, one tells it; the id is none of anybody's.
            message = fault.message.partition(": ")[2] or fault.message
            return ProofFinding(
                fault.code, message, fault.at, hint=fault.hint, should_be=fault.should_be,
                width=fault.width, related=fault.related, example=Example(self.document),
            )  # fmt: skip
        what = f'the mapping "{self.mapping}" does not book what the kind "{self.kind}" declares'
        return ProofFinding(
            "PX801",
            f"{what}: {self.refused or _differences(self.declared, self.booked)}",
            self.at,
            hint="correct the mapping, or the postings of the kind if they are wrong",
            should_be=None if self.refused else side_by_side(self.declared, self.booked),
            related=((self.of.at, "the declared postings"),),
            example=Example(self.document),
        )


def untried(kind: Kind, branch: Branch, way: Way) -> ProofFinding:
    """A branch that documents can take, though none of those that were generated did."""
    return ProofFinding(
        "PX802",
        f'no generated "{kind.name}" could be booked by {branch.words}',
        branch.at,
        hint="its rules ask for values that are seldom met together; the example shows some",
        severity="warning",
        related=((kind.at, "the kind"),),
        example=way.example,
    )


def side_by_side(declared: Mapping[str, Decimal], booked: Mapping[str, Decimal]) -> str:
    """Both journals, account by account."""
    codes = sorted({*declared, *booked})
    width = max(len("account"), *map(len, codes))
    rows = [f"{'account':<{width}}  {'declared':>16}  {'in Xero':>16}"]
    rows += [
        f"{c:<{width}}  {_side(declared.get(c)):>16}  {_side(booked.get(c)):>16}" for c in codes
    ]
    return "\n".join(rows)


def smaller(kind: Kind, document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with a little less: without an optional field, without an item of a list."""
    for name in document:
        if name in kind.record.optional and name not in _KEPT:
            yield {k: v for k, v in document.items() if k != name}
    for name, value in document.items():
        if isinstance(value, list) and len(value) > 1:
            for index in range(len(value)):
                yield {**document, name: [*value[:index], *value[index + 1 :]]}


def _differences(declared: Mapping[str, Decimal], booked: Mapping[str, Decimal]) -> str:
    codes = (c for c in sorted({*declared, *booked}) if declared.get(c) != booked.get(c))
    return "; ".join(
        f"account {c}: declared {declared.get(c, ZERO):,.2f}, in Xero {booked.get(c, ZERO):,.2f}"
        for c in codes
    )


def _side(amount: Decimal | None) -> str:
    if not amount:
        return "–"
    return f"{'debit' if amount > 0 else 'credit'} {abs(amount):,.2f}"
