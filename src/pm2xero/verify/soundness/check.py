"""Compares what a mapping does to Xero's ledger with the postings that its kind declares.

Transactions of every kind that posts are generated from small to large, decided, rendered, booked
in an in-memory Xero organisation, and the effect on each account is compared with the journal of
the declared postings (plus the cents of declared rounding lines). The first that differs is the
smallest, since sizes grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.postings import compile_journal
from pm2xero.decide.state import MemoryState
from pm2xero.errors import Finding, Position, RenderError
from pm2xero.pack.model import Kind, Pack
from pm2xero.pack.organisation import Organisation
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction
from pm2xero.render.mapper import Mapper
from pm2xero.render.rounding import rounding_moves
from pm2xero.verify.soundness.book import Ledger, Refused
from pm2xero.verify.soundness.generate import Generator

ZERO = Decimal("0.00")
# Candidates tried for each transaction that is wanted; rules throw many of them away.
_TRIES = 400
_SIZES = (1, 1, 2, 3, 5, 8)


@dataclass(frozen=True, slots=True)
class Unsound:
    """A transaction whose mapping does not book what its kind declares.

    Amounts are by account code, debits positive, in currency units.
    """

    kind: str
    mapping: str
    document: dict[str, Any]
    declared: dict[str, Decimal]
    booked: dict[str, Decimal]
    refused: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class SoundnessReport:
    """What was checked for one firm."""

    region: str
    kinds: int
    transactions: int
    mappings: int
    unsound: tuple[Unsound, ...]
    untested: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, unsound mappings first."""
        return (*(u.finding for u in self.unsound), *self.untested)

    @property
    def sentence(self) -> str:
        """The result in words."""
        if self.findings:
            return f"{len(self.findings)} of {self.kinds} kinds do not book what they declare"
        return (
            f"{self.transactions} generated transactions of {self.kinds} kinds book exactly "
            f"what their kinds declare ({self.region})"
        )


def check_soundness(
    pack: Pack, organisation: Organisation, *, seed: int = 1, per_kind: int = 12
) -> SoundnessReport:
    """Check every kind that some rule posts.

    Args:
        seed: makes the generated transactions; the same seed gives the same ones.
        per_kind: how many transactions of each kind are booked.
    """
    return _Check(pack, organisation, seed).run(per_kind)


class _Check:
    def __init__(self, pack: Pack, organisation: Organisation, seed: int) -> None:
        self._pack = pack
        self._decider = Decider(pack, organisation)
        self._mapper = Mapper(self._decider)
        self._reader = Reader(pack.kinds)
        self._generator = Generator(self._decider, seed)
        now = organisation.integration_start + timedelta(days=40)
        self._ledger = Ledger(organisation, now, seed)
        # Balances of matters are unknown, so that money can leave trust before any came in.
        self._state = MemoryState(None)
        self._open: list[str] = []
        self._booked = 0
        self._mappings: set[str] = set()

    def run(self, per_kind: int) -> SoundnessReport:
        posting = [
            k
            for k in self._pack.kinds.values()
            if any(r.outcome == "post" for r in self._pack.rules_of(k.name))
        ]
        posting.sort(key=lambda k: k.opens is None)
        unsound: list[Unsound] = []
        untested: list[Finding] = []
        for kind in posting:
            fault, count = self._kind(kind, per_kind)
            if fault is not None:
                unsound.append(fault)
            elif count == 0:
                untested.append(_untested(kind))
        self._ledger.close()
        return SoundnessReport(
            self._pack.region, len(posting), self._booked, len(self._mappings), tuple(unsound),
            tuple(untested),
        )  # fmt: skip

    def _kind(self, kind: Kind, wanted: int) -> tuple[Unsound | None, int]:
        count = 0
        for number in range(wanted):
            size = _SIZES[number * len(_SIZES) // wanted]
            found = next(self._posted(kind, size), None)
            if found is None:
                continue
            fault = self._book(kind, *found)
            if fault is not None:
                return fault, count
            count += 1
            fault = self._reverse(kind, found[1])
            if fault is not None:
                return fault, count
        return None, count

    def _posted(self, kind: Kind, size: int) -> Iterator[tuple[dict[str, Any], Transaction, str]]:
        """Documents of the kind that the rules post, from a bounded number of candidates."""
        candidates = self._generator.documents(kind, size, self._open)
        for document in islice(candidates, _TRIES):
            found = self._decided(document)
            if found is not None:
                yield document, *found

    def _decided(self, document: dict[str, Any]) -> tuple[Transaction, str] | None:
        tx = self._reader.read(document, "generated", 1)
        if not isinstance(tx, Transaction):
            return None
        decision = self._decider.decide(tx, self._state)
        if decision.outcome != "post" or decision.mapping is None:
            return None
        return tx, decision.mapping

    def _reverse(self, kind: Kind, tx: Transaction) -> Unsound | None:
        """The same document with every amount negated, as a reversal, where rules post that."""
        document = _negated(self._last_document) | {
            "id": f"{tx.id}R",
            "reversal_of": tx.id,
            "posted_at": self._last_document["posted_at"],
        }
        found = self._decided(document)
        return self._book(kind, document, *found) if found is not None else None

    def _book(
        self, kind: Kind, document: dict[str, Any], tx: Transaction, mapping: str
    ) -> Unsound | None:
        self._last_document = document
        journal = compile_journal(kind, self._decider.program(kind.name).facts)
        declared: dict[str, Decimal] = {}
        for entry in journal(tx, self._state):
            code = entry.account.code or entry.name
            declared[code] = declared.get(code, ZERO) + entry.amount
        for code, cents in rounding_moves(self._decider, tx, mapping, self._state).items():
            declared[code] = declared.get(code, ZERO) + cents
        declared = {c: a for c, a in declared.items() if a}
        refused, booked = "", {}
        try:
            requests = self._mapper.requests(tx, mapping, self._state)
            booked = self._ledger.effect(requests)
        except RenderError as exc:
            refused = "; ".join(f.message for f in exc.findings)
        except Refused as exc:
            refused = str(exc)
        if refused or booked != declared:
            return _unsound(self._pack, kind, mapping, document, declared, booked, refused)
        decision = self._decider.decide(tx, self._state)
        self._decider.apply(tx, decision, self._state)
        if kind.opens is not None:
            self._open.append(tx.id)
        self._booked += 1
        self._mappings.add(mapping)
        return None


def _negated(value: Any) -> Any:
    """Every amount with the other sign."""
    if isinstance(value, dict):
        return {k: _negated(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_negated(v) for v in value]
    if isinstance(value, str) and value[-3:-2] == "." and value.replace(".", "").isdigit():
        return f"-{value}"
    return value


def _unsound(
    pack: Pack, kind: Kind, mapping: str, document: dict[str, Any], declared: dict[str, Decimal],
    booked: dict[str, Decimal], refused: str,
) -> Unsound:  # fmt: skip
    at = pack.mappings[mapping].at
    what = refused or side_by_side(declared, booked)
    message = (
        f'the mapping "{mapping}" does not book what the kind "{kind.name}" declares: {what}; '
        f"smallest transaction: {json.dumps(document, ensure_ascii=False)}"
    )
    finding = Finding(
        "PX801", message, at, width=len(mapping), related=((kind.at, "the declared postings"),)
    )
    return Unsound(kind.name, mapping, document, declared, booked, refused, finding)


def side_by_side(declared: dict[str, Decimal], booked: dict[str, Decimal]) -> str:
    """Both journals, only the accounts that differ."""
    parts = []
    for code in sorted({*declared, *booked}):
        pm, xero = declared.get(code, ZERO), booked.get(code, ZERO)
        if pm != xero:
            parts.append(f"account {code}: declared {pm:,.2f}, in Xero {xero:,.2f}")
    return "; ".join(parts)


def _untested(kind: Kind) -> Finding:
    at: Position = kind.at
    return Finding(
        "PX802",
        f'no transaction of kind "{kind.name}" could be generated that its rules post',
        at,
        severity="warning",
        hint="its rules may ask for values that no field type gives",
    )
