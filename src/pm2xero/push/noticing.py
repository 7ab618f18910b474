"""Notices, while documents are taken in, that an outbox is an older copy that looks whole.

Of a voided document that the outbox never sent nothing is planned. Before it is passed over Xero is
asked, in one call for a list at most, whether something of it may be there. It is asked before the
document is stored, so a push that is cut off in between asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pm2xero.outbox.memory import Gap, earliest
from pm2xero.outbox.records import StoredRequest
from pm2xero.read.transaction import Transaction, is_voided

if TYPE_CHECKING:
    from pm2xero.send.voided_there import VoidedThere


class Noticing:
    """Looks at what the outbox vouches for.

    Args:
        note: makes the gap that counts from then on, and writes it down where a push may write.
    """

    def __init__(self, there: VoidedThere, note: Callable[[], Gap]) -> None:
        self._there = there
        self._note = note

    def expect(self, documents: Iterable[Transaction]) -> None:
        """These come next, so that each list is asked for once."""
        self._there.expect([_made(tx) for tx in documents if is_voided(tx)])

    def gap(self, tx: Transaction, made: Sequence[StoredRequest]) -> Gap | None:
        """What the outbox does not know, where Xero may have one of these; None where it has none.

        Args:
            made: what the document would have made.
        """
        return self._note() if self._there.has(made, _made(tx)) else None


def _made(tx: Transaction) -> datetime:
    day = tx.fields.get("date")
    return earliest(tx.fields.get("created_at"), day.isoformat() if day else "")
