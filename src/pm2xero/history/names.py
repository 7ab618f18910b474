"""What a document names of the past: read beforehand, for many documents at once.

More may be named than is asked in the end (conditions of postings are left out); what is asked and
not named here is read when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pm2xero.decide.decider import Decider
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.program import Program
from pm2xero.decide.values import getter
from pm2xero.firm.trust_holders import FIRM_FUNDS, held_as
from pm2xero.outbox.past_records import Wait
from pm2xero.pack.model import Posting
from pm2xero.read.transaction import Transaction

Named = Callable[[Transaction], Iterator[str]]
# A matter is read from the document itself; no state is asked.
_NOTHING = MemoryState()


@dataclass(frozen=True, slots=True)
class Names:
    """Ids of documents, the document's own first, and of those whose money is held in trust."""

    documents: tuple[str, ...]
    matters: tuple[str, ...]

    def waits(self) -> Iterator[Wait]:
        """What a held document may wait for, besides its own requests."""
        for document in self.documents:
            yield "document", document
        for matter in self.matters:
            yield "matter", matter


class Naming:
    """Reads names by the kinds of a pack."""

    def __init__(self, decider: Decider) -> None:
        self._decider = decider
        self._matters: dict[str, list[Named]] = {}

    def of(self, tx: Transaction) -> Names:
        """What a document names."""
        program = self._decider.program(tx.kind)
        documents = (tx.id, *program.facts.named("documents", tx.fields))
        found = (m for read in self._matters_of(tx.kind, program) for m in read(tx))
        return Names(tuple(dict.fromkeys(documents)), tuple(dict.fromkeys(found)))

    def _matters_of(self, kind: str, program: Program) -> list[Named]:
        found = self._matters.get(kind)
        if found is None:
            postings = program.kind.postings
            found = [_matters(p, program) for p in postings if p.matter and p.held_in]
            if any(p.held_in for p in postings):
                roles = (p.account.role for p in postings if p.held_in and not p.matter)
                others = [held_as(name) for name in (FIRM_FUNDS, *roles) if name]
                found.append(lambda tx: iter(others))
            self._matters[kind] = found
        return found


def _matters(posting: Posting, program: Program) -> Named:
    read = [getter(path, program.facts) for path in posting.matter]
    each = posting.each

    def named(tx: Transaction) -> Iterator[str]:
        items: Iterable[object] = (tx.fields[each] or ()) if each else (None,)
        for item in items:
            for get in read:
                matter = get(tx, item, _NOTHING)
                if matter is not None:
                    yield str(matter)

    return named
