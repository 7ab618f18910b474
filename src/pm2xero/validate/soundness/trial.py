"""One kind put to the test: its documents are booked, and compared with what it declares.

A trial has only its part of the pack: the kind, and the kinds of the documents that it can name, of
which some are booked first. So nothing else can change what a trial says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.journal import Entry, JournalOf, compile_journal, compile_left_over
from pm2xero.decide.memory_state import MemoryState
from pm2xero.errors import Finding, RenderError
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Kind, Pack
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction
from pm2xero.render.mapper import Mapper
from pm2xero.render.rounding import rounding_moves
from pm2xero.render.templates import BodyEnvironment
from pm2xero.validate.soundness.book import Ledger, Refused
from pm2xero.validate.soundness.branches import Branches
from pm2xero.validate.soundness.generate import Generator
from pm2xero.validate.soundness.result import Result
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


class Trial:
    """One kind of a part of a pack, at one firm; the same seed gives the same documents.

    Args:
        env: templates that were compiled before, where there are any.
    """

    def __init__(
        self, pack: Pack, organisation: Organisation, kind: Kind, *, seed: int,
        env: BodyEnvironment | None = None,
    ) -> None:  # fmt: skip
        self._pack = pack
        self._wanted_kind = kind
        self._decider = Decider(pack, organisation)
        self._mapper = Mapper(self._decider, env=env)
        self._reader = Reader(pack.kinds)
        # Balances of matters are unknown, so that money can leave trust before any came in.
        self._state = MemoryState(None)
        self._generator = Generator(self._decider, self._state, seed)
        now = organisation.integration_start + timedelta(days=40)
        self._ledger = Ledger(organisation, now, seed)
        self._open: list[str] = []
        self._journals: dict[str, JournalOf] = {}
        self._left_overs: dict[str, JournalOf] = {}
        self._booked = 0
        self._mappings: dict[str, None] = {}
        self._untried: list[Finding] = []
        self._later = False

    def run(self, per_kind: int) -> Result:
        """Book documents of the kind, after some of each kind that it can name.

        Args:
            per_kind: how many of each kind are booked at least.
        """
        kind = self._wanted_kind
        is_helped = True
        try:
            for helper in self._pack.kinds.values():
                if helper is not kind:
                    is_helped = self._provide(helper, per_kind) and is_helped
            # What refers to documents that are booked wrong cannot be blamed for anything.
            unsound = self._kind(kind, per_kind, thorough=is_helped)
        finally:
            self._ledger.close()
        return Result(self._booked, tuple(self._mappings), unsound, tuple(self._untried))

    def _provide(self, kind: Kind, wanted: int) -> bool:
        """Put some documents of a kind into Xero, to be named; whether they are booked right."""
        for number in range(wanted):
            found = next(self._posted(kind, _size(number, wanted)), None)
            if found is not None and self._compared(kind, found) is not None:
                return False
            if found is not None:
                self._apply(kind, found)
        return True

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
            found = next(self._posted(kind, _size(number, wanted)), None)
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
        return Booking(document, tx, decision.mapping, decision.left_over is not None)

    def _reverse(self, kind: Kind, booking: Booking, branches: Branches) -> Unsound | None:
        """The same document with every amount negated, as a reversal, where rules post that.

        It is dated as what it reverses or some days later, whichever takes a new branch.
        """
        self._later = not self._later
        day = date.fromisoformat(booking.document["date"])
        days = [day, day + _DAYS_LATER]
        made = []
        for when in reversed(days) if self._later else days:
            document = negated(booking.document) | {
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
        self._booked += 1
        self._mappings[booking.mapping] = None
        return None

    def _apply(self, kind: Kind, booking: Booking) -> None:
        decision = self._decider.decide(booking.tx, self._state)
        self._decider.apply(booking.tx, decision, self._state)
        if kind.opens is not None:
            self._open.append(booking.tx.id)

    def _compared(self, kind: Kind, booking: Booking) -> Unsound | None:
        declared = self._declared(kind, booking)
        refused, booked, unrendered = "", {}, None
        try:
            requests = self._mapper.requests(booking.tx, booking.mapping, self._state)
            booked = self._ledger.effect(requests)
            if not requests and declared:
                refused = "it sends nothing, as the `when` of none of its requests holds"
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
        """What the mapping leaves to a person, who is told so by the rule."""
        if not booking.leaves_over or not self._pack.mappings[booking.mapping].left_over:
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


def _size(number: int, wanted: int) -> int:
    """How many items the lists of the document of a number may have: few at first."""
    return _SIZES[number * len(_SIZES) // wanted]


def negated(value: Any) -> Any:
    """Every amount with the other sign."""
    if isinstance(value, dict):
        return {k: negated(v) for k, v in value.items()}
    if isinstance(value, list):
        return [negated(v) for v in value]
    if isinstance(value, str) and value[-3:-2] == "." and value.replace(".", "").isdigit():
        return f"-{value}"
    return value
