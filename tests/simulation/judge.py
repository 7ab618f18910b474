"""An accountant who never saw the program: both books on the table, entry by entry.

It reads the documents of Practice Management, what people did, and the ledger of the emulated Xero.
Of the program it only hears what it says of its own work (`Told`), and holds it to that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pm2xero.sandbox import Sandbox
from tests.simulation.claims import Claim, Document, Firm, Key, claims, takes_back
from tests.simulation.standing import Entry, entries


@dataclass(frozen=True, slots=True)
class Told:
    """What the program says.

    Attributes:
        posted: the revision of each document of which it says that all of it is in Xero.
        open: documents of which it says that something is to be done, or differs.
        out: documents that it says it will not send: refused, skipped.
    """

    posted: Mapping[str, int]
    open: frozenset[str]
    out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Hands:
    """What people did in Xero.

    Attributes:
        typed: ids of Xero of what they typed in, with the document that it is of.
        counted: those of them that the program was told of, or can tell by their number.
        merged: ContactNumber of a merged contact, to number or id of the one that has it all now.
        first: of a revision that was handed in with several contents, those that came through
            first: a push may have been turned back as a whole, or what it knew may be lost.
    """

    typed: Mapping[str, str] = field(default_factory=dict)
    counted: frozenset[str] = frozenset()
    merged: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[tuple[str, int], Document] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong; empty everywhere when nothing is.

    Attributes:
        doubles: entries beyond what the documents claim.
        losses: what the program says is in Xero, and is not.
        wrong_parties, wrong_amounts: entries of another contact; of another amount, day or bank.
        unsaid: documents of which the program says nothing at all.
    """

    doubles: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    wrong_parties: tuple[str, ...] = ()
    wrong_amounts: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return self == Judgement()


def judge(
    sandbox: Sandbox, documents: Iterable[Document], told: Told, hands: Hands, firm: Firm
) -> Judgement:
    """Compare every entry of the ledger with every document.

    Args:
        documents: all revisions that were ever pushed.
    """
    return _Case(sandbox, list(documents), told, hands, firm).judgement()


class _Case:
    def __init__(
        self,
        sandbox: Sandbox,
        documents: Sequence[Document],
        told: Told,
        hands: Hands,
        firm: Firm,
    ) -> None:
        self._told, self._hands, self._firm = told, hands, firm
        self._revisions: dict[str, dict[int, Document]] = defaultdict(dict)
        # Of a revision that comes again with other contents the first one counts.
        first = [document for document in documents if document in hands.first.values()]
        for document in (*first, *documents):
            self._revisions[document["id"]].setdefault(document["revision"], document)
        latest = {id: found[max(found)] for id, found in self._revisions.items()}
        self._possible = {
            id: [claims(d, latest, firm) for _, d in sorted(found.items())]
            for id, found in self._revisions.items()
        }
        known = {c.key for sets in self._possible.values() for made in sets for c in made}
        self._entries: dict[Key | None, list[Entry]] = defaultdict(list)
        for entry in entries(sandbox, known, latest, hands.typed):
            self._entries[entry.key].append(entry)
        self._wrong: dict[str, list[str]] = defaultdict(list)

    def judgement(self) -> Judgement:
        must: dict[Key, list[Claim]] = defaultdict(list)
        may: dict[Key, list[Claim]] = defaultdict(list)
        reversed_ = self._taken_back()
        for id in self._revisions:
            firmly, perhaps = self._claimed(id)
            for claim in firmly:
                is_loose = claim.key[0] == "payment" and reversed_.get(id) == "perhaps"
                (may if is_loose else must)[claim.key].append(claim)
            for claim in perhaps:
                may[claim.key].append(claim)
        for key in {*must, *may, *self._entries}:
            self._compare(key, must.get(key, []) if key else [], may.get(key, []) if key else [])
        for id in self._revisions:
            said = self._told.posted.keys() | self._told.open | self._told.out
            if id not in said:
                self._wrong["unsaid"].append(id)
        return Judgement(**{name: tuple(sorted(found)) for name, found in self._wrong.items()})

    def _taken_back(self) -> dict[str, str]:
        """Documents whose payments another one takes back: certainly, or perhaps."""
        found = {}
        for id, revisions in self._revisions.items():
            for document in revisions.values():
                if (original := takes_back(document)) is not None:
                    certain = id in self._told.posted and id not in self._told.open
                    if certain or id in self._told.open:
                        found[original] = "certainly" if certain else "perhaps"
        return found

    def _claimed(self, id: str) -> tuple[list[Claim], list[Claim]]:
        """What must, and what may stand of a document."""
        gone = self._taken_back().get(id) == "certainly"

        def left(made: Iterable[Claim]) -> list[Claim]:
            return [c for c in made if not (gone and c.key[0] == "payment")]

        if id in self._told.open:
            sets = [left(made) for made in self._possible[id]]
            return [], max(sets, key=self._fits)
        if id in self._told.posted:
            revision = self._told.posted[id]
            place = sorted(self._revisions[id]).index(revision)
            return left(self._possible[id][place]), []
        return [], []

    def _fits(self, made: Sequence[Claim]) -> tuple[int, int]:
        """How well the ledger has what a revision claims."""
        pairs = [(c, e) for c in made for e in self._entries.get(c.key, ())]
        return sum(self._alike(c, e) for c, e in pairs), len(made)

    def _compare(self, key: Key | None, must: Sequence[Claim], may: Sequence[Claim]) -> None:
        counted = [
            e for e in self._entries.get(key, ())
            if not e.is_typed or e.id in self._hands.counted
        ]  # fmt: skip
        fillers = [e for e in self._entries.get(key, ()) if e not in counted]
        wanted = [*((claim, True) for claim in must), *((claim, False) for claim in may)]
        # The best pairs first, so that one wrong entry is not told as two.
        pairs = sorted(
            (-self._alike(claim, entry), not is_needed, place, seat)
            for place, (claim, is_needed) in enumerate(wanted)
            for seat, entry in enumerate(counted)
        )
        partners: dict[int, int] = {}
        for _, _, place, seat in pairs:
            if place not in partners and seat not in partners.values():
                partners[place] = seat
                self._check(wanted[place][0], counted[seat], wanted[place][1])
        for place, (claim, is_needed) in enumerate(wanted):
            if place in partners:
                continue
            if fillers:
                fillers.pop(0)
            elif is_needed:
                self._wrong["losses"].append(f"{claim.document}: {key} {claim.amount}")
        left = [entry for seat, entry in enumerate(counted) if seat not in partners.values()]
        if left:
            self._wrong["doubles"] += [f"{key} {e.amount} of {e.day} ({e.id})" for e in left]

    def _alike(self, claim: Claim, entry: Entry) -> int:
        return (
            4 * (claim.amount == entry.amount)
            + 2 * self._same_place(claim, entry)
            + (self._party(claim) in (None, entry.party))
        )

    def _same_place(self, claim: Claim, entry: Entry) -> bool:
        bank = self._firm.banks.get(claim.bank, claim.bank) if claim.bank else None
        return (
            claim.day in ("", entry.day)
            and bank in (None, entry.bank)
            and claim.is_receipt in (None, entry.is_receipt)
        )

    def _party(self, claim: Claim) -> str | None:
        party = claim.party
        for _ in self._hands.merged:
            party = self._hands.merged.get(party, party) if party else None
        return party

    def _check(self, claim: Claim, entry: Entry, is_needed: bool) -> None:
        where = f"{claim.document}: {claim.key} ({entry.id})"
        if self._party(claim) not in (None, entry.party):
            said = f"{where} is of {entry.party}, not of {self._party(claim)}"
            self._wrong["wrong_parties"].append(said)
        if is_needed and claim.amount != entry.amount:
            self._wrong["wrong_amounts"].append(f"{where}: {entry.amount}, not {claim.amount}")
        elif is_needed and not self._same_place(claim, entry):
            self._wrong["wrong_amounts"].append(f"{where}: another day, bank or direction")
