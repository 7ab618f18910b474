"""Compares what a mapping does to Xero's ledger with the postings that its kind declares.

Transactions of every kind that posts are generated, decided, rendered, booked in an in-memory Xero
organisation, and the effect on each account is compared with the journal of the declared postings
(plus the cents of declared rounding lines, less what a person enters of it). Every branch of a
mapping's conditions is taken: those that chance leaves out are made by the solver, or shown to be
impossible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.journal import Entry, JournalOf, compile_journal, compile_left_over
from pm2xero.decide.memory_state import MemoryState
from pm2xero.errors import Finding, RenderError
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Kind, Pack
from pm2xero.pack.payment_roles import payment_roles
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction
from pm2xero.render.mapper import Mapper
from pm2xero.render.rounding import rounding_moves
from pm2xero.validate.soundness.book import Ledger, Refused
from pm2xero.validate.soundness.branches import Branches
from pm2xero.validate.soundness.generate import Generator
from pm2xero.validate.soundness.solve import Way, Ways, renamed
from pm2xero.validate.soundness.unsound import Booking, Unsound, smaller, untried

ZERO = Decimal("0.00")
# Candidates tried for each transaction that is wanted; rules throw many of them away.
_TRIES = 120
# Candidates tried to take the branches that are left, before the solver is asked for documents.
_GUIDED = 60
_SIZES = (1, 1, 2, 3, 5, 8)
_WIDE = 4
# Smaller variants tried of a transaction that shows a fault.
_SHRINKS = 120
# What is taken back on another day than its own.
_DAYS_LATER = timedelta(days=3)


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
        if self.unsound:
            return f"{len(self.unsound)} of {self.kinds} kinds do not book what they declare"
        if not self.transactions:
            return "nothing is posted at this firm, so nothing was booked"
        said = (
            f"{self.transactions} generated transactions of {self.kinds} kinds book exactly "
            "what they declare"
        )
        return f"{said}, {len(self.untested)} branches untried" if self.untested else said


def check_soundness(
    pack: Pack,
    organisation: Organisation,
    *,
    seed: int = 1,
    per_kind: int = 12,
    only: Collection[str] | None = None,
) -> SoundnessReport:
    """Check every kind that some rule posts.

    Args:
        seed: makes the generated transactions; the same seed gives the same ones.
        per_kind: how many transactions of each kind are booked at least.
        only: kinds to check; all when None. Others are booked as far as these refer to them.
    """
    return _Check(pack, organisation, seed).run(per_kind, only)


def _with_payments(pack: Pack, firm: Organisation) -> Organisation:
    """The firm with payments enabled where the pack pays to; PX524 tells where they are not.

    Else a mapping would be blamed for a setting of one firm's account.
    """
    paid = {firm.roles.get(role) for role in payment_roles(pack)} - {None}
    accounts = [
        {**a, "EnablePaymentsToAccount": True} if a.get("Code") in paid else a
        for a in firm.xero.raw["Accounts"]
    ]
    return replace(firm, xero=replace(firm.xero, raw={**firm.xero.raw, "Accounts": accounts}))


class _Check:
    def __init__(self, pack: Pack, organisation: Organisation, seed: int) -> None:
        self._pack = pack
        self._decider = Decider(pack, organisation)
        self._mapper = Mapper(self._decider)
        self._reader = Reader(pack.kinds)
        # Balances of matters are unknown, so that money can leave trust before any came in.
        self._state = MemoryState(None)
        self._generator = Generator(self._decider, self._state, seed)
        now = organisation.integration_start + timedelta(days=40)
        self._ledger = Ledger(_with_payments(pack, organisation), now, seed)
        self._open: list[str] = []
        self._journals: dict[str, JournalOf] = {}
        self._left_overs: dict[str, JournalOf] = {}
        self._booked = 0
        self._mappings: set[str] = set()
        self._untried: list[Finding] = []
        self._later = False

    def run(self, per_kind: int, only: Collection[str] | None) -> SoundnessReport:
        posting = [
            k
            for k in self._pack.kinds.values()
            if any(r.outcome == "post" for r in self._pack.rules_of(k.name))
        ]
        wanted = posting if only is None else [k for k in posting if k.name in only]
        needs_help = any(self._decider.program(k.name).facts.document_fields for k in wanted)
        helping = [k for k in posting if k.opens is not None and k not in wanted and needs_help]
        unsound: list[Unsound] = []
        lacks_documents = False
        try:
            for kind in sorted((*helping, *wanted), key=lambda k: k.opens is None):
                refers = bool(self._decider.program(kind.name).facts.document_fields)
                # What refers to documents that are booked wrong cannot be blamed for anything.
                fault = self._kind(
                    kind, per_kind, thorough=kind in wanted and not (refers and lacks_documents)
                )
                if fault is not None:
                    unsound.append(fault)
                    lacks_documents = lacks_documents or kind.opens is not None
        finally:
            self._ledger.close()
        return SoundnessReport(
            self._pack.region, len(wanted), self._booked, len(self._mappings), tuple(unsound),
            tuple(self._untried),
        )  # fmt: skip

    def _kind(self, kind: Kind, wanted: int, *, thorough: bool) -> Unsound | None:
        branches = Branches(kind, self._decider)
        for booking in self._wanted(kind, wanted, branches, thorough):
            fault = self._book(kind, booking, branches) or self._reverse(kind, booking, branches)
            if fault is not None:
                return fault
        return None

    def _wanted(
        self, kind: Kind, wanted: int, branches: Branches, thorough: bool
    ) -> Iterator[Booking]:
        """Documents by chance, then such as take new branches, then those of the solver."""
        for number in range(wanted):
            size = _SIZES[number * len(_SIZES) // wanted]
            found = next(self._posted(kind, size), None)
            if found is not None:
                yield found
        if not thorough or not branches.left:
            return
        solver = Ways(self._decider, kind)
        branches.keep({b.key for b in branches.left if solver.possible(b)})
        for found in self._posted(kind, _WIDE, _GUIDED) if branches.left else ():
            if branches.is_new(found.tx, found.mapping, self._state):
                yield found
            if not branches.left:
                return
        for branch in branches.left:
            made = self._made(kind, solver.way(branch)) if branch in branches.left else None
            if made is not None:
                yield made
        # What is left may be taken by the reversals of more documents.
        for found in self._posted(kind, _WIDE, _GUIDED) if branches.left else ():
            yield found
            if not branches.left:
                return
        self._untried += [untried(kind, b, solver.way(b)) for b in branches.roots]

    def _posted(self, kind: Kind, size: int, tries: int = _TRIES) -> Iterator[Booking]:
        """Documents of the kind that the rules post, from a bounded number of candidates."""
        for _ in range(tries):
            found = self._decided(self._generator.document(kind, size, self._open))
            if found is not None:
                yield found

    def _made(self, kind: Kind, way: Way) -> Booking | None:
        """The solver's document, and before it in Xero those that it refers to.

        A reversal comes of the document that it reverses (`_reverse`), never by itself.
        """
        if "reversal_of" in way.example.transaction:
            return None
        names: dict[str, str] = {}
        for fact in way.example.documents:
            name = self._provided(fact)
            if name is None:
                return None
            names[str(fact["id"])] = name
        fields = self._decider.program(kind.name).facts.document_fields
        document = dict(way.example.transaction)
        for path in fields:
            document = renamed(document, path, names)
        return self._decided(document | self._generator.envelope(kind))

    def _provided(self, fact: Mapping[str, Any]) -> str | None:
        """A document in Xero of the kind, the contact and (at least) the amount that is asked."""
        kind = self._pack.kinds.get(str(fact.get("kind")))
        if kind is None or kind.opens is None:
            return None
        for _ in range(_TRIES):
            found = self._decided(self._generator.document(kind, 1, (), fact["contact"]))
            if found is None or self._compared(kind, found) is not None:
                continue
            self._apply(kind, found)
            due = self._state.document(found.tx.id).amount_due
            if due is not None and due >= Decimal(fact["amount_due"]):
                return found.tx.id
        return None

    def _decided(self, document: dict[str, Any]) -> Booking | None:
        tx = self._reader.read(document, "generated", 1)
        if not isinstance(tx, Transaction):
            return None
        decision = self._decider.decide(tx, self._state)
        if decision.outcome != "post" or decision.mapping is None:
            return None
        return Booking(document, tx, decision.mapping)

    def _reverse(self, kind: Kind, booking: Booking, branches: Branches) -> Unsound | None:
        """The same document with every amount negated, as a reversal, where rules post that.

        It is dated as what it reverses or some days later, whichever takes a new branch.
        """
        self._later = not self._later
        day = date.fromisoformat(booking.document["date"])
        days = [day, day + _DAYS_LATER]
        made = []
        for when in reversed(days) if self._later else days:
            document = _negated(booking.document) | {
                "id": f"{booking.tx.id}R",
                "date": str(when),
                "reversal_of": booking.tx.id,
                "posted_at": booking.document["posted_at"],
            }
            found = self._decided(document)
            if found is not None:
                made.append(found)
        if not made:
            return None
        new = (m for m in made if branches.is_new(m.tx, m.mapping, self._state))
        return self._book(kind, next(new, made[0]), branches)

    def _book(self, kind: Kind, booking: Booking, branches: Branches) -> Unsound | None:
        branches.take(booking.tx, booking.mapping, self._state)
        fault = self._compared(kind, booking)
        if fault is not None:
            return self._smallest(kind, fault)
        self._apply(kind, booking)
        return None

    def _apply(self, kind: Kind, booking: Booking) -> None:
        decision = self._decider.decide(booking.tx, self._state)
        self._decider.apply(booking.tx, decision, self._state)
        if kind.opens is not None:
            self._open.append(booking.tx.id)
        self._booked += 1
        self._mappings.add(booking.mapping)

    def _compared(self, kind: Kind, booking: Booking) -> Unsound | None:
        declared = self._declared(kind, booking)
        refused, booked, unrendered = "", {}, None
        try:
            requests = self._mapper.requests(booking.tx, booking.mapping, self._state)
            booked = self._ledger.effect(requests)
        except RenderError as exc:
            refused = "; ".join(f.message for f in exc.findings)
            unrendered = exc.findings[0]
        except Refused as exc:
            refused = str(exc)
        if not refused and booked == declared:
            return None
        mapping = self._pack.mappings[booking.mapping]
        at = mapping.origins["requests"].at if "requests" in mapping.origins else mapping.at
        return Unsound(kind, booking, at, declared, booked, refused, unrendered)

    def _declared(self, kind: Kind, booking: Booking) -> dict[str, Decimal]:
        journal = self._journals.get(kind.name)
        if journal is None:
            facts = self._decider.program(kind.name).facts
            journal = self._journals[kind.name] = compile_journal(kind, facts)
        declared: dict[str, Decimal] = {}
        for entry in journal(booking.tx, self._state):
            code = entry.account.code or entry.name
            declared[code] = declared.get(code, ZERO) + entry.amount
        for entry in self._left_over(kind, booking):
            code = entry.account.code or entry.name
            declared[code] = declared.get(code, ZERO) - entry.amount
        moves = rounding_moves(self._decider, booking.tx, booking.mapping, self._state)
        for code, cents in moves.items():
            declared[code] = declared.get(code, ZERO) + cents
        return {c: a for c, a in declared.items() if a}

    def _left_over(self, kind: Kind, booking: Booking) -> list[Entry]:
        """What the mapping leaves to a person."""
        if not self._pack.mappings[booking.mapping].left_over:
            return []
        left = self._left_overs.get(kind.name)
        if left is None:
            facts = self._decider.program(kind.name).facts
            left = self._left_overs[kind.name] = compile_left_over(kind, facts)
        return left(booking.tx, self._state)

    def _smallest(self, kind: Kind, fault: Unsound) -> Unsound:
        """The same fault in a document with as little in it as can be."""
        left = _SHRINKS
        found = True
        while found:
            found = False
            for document in smaller(kind, fault.booking.document):
                left -= 1
                if left < 0:
                    return fault
                document |= {"id": self._generator.envelope(kind)["id"]}
                self._generator.balance(kind, document)
                booking = self._decided(document)
                if booking is None or booking.mapping != fault.booking.mapping:
                    continue
                less = self._compared(kind, booking)
                if less is not None and bool(less.refused) == bool(fault.refused):
                    fault, found = less, True
                    break
        return fault


def _negated(value: Any) -> Any:
    """Every amount with the other sign."""
    if isinstance(value, dict):
        return {k: _negated(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_negated(v) for v in value]
    if isinstance(value, str) and value[-3:-2] == "." and value.replace(".", "").isdigit():
        return f"-{value}"
    return value
