"""Documents of which nobody knows what Xero has of them, and that are missing by no other count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import UNSETTLED
from pm2xero.reconcile.missing import is_missing
from pm2xero.reconcile.pm_side import Booked

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A document that may be in Xero, or whose taking back waits for a person.

    Attributes:
        money: what the document is worth, in its currency; 0.00 where it says nothing any more.
        why: a sentence.
    """

    id: str
    money: Decimal
    why: str


def unsettled(
    booked: Iterable[Booked], requests: Iterable[StoredRequest], later: Collection[str]
) -> Iterator[Unsettled]:
    """What is voided here and may stand there, and what left and is booked nowhere.

    A document that is booked and not (wholly) in Xero is missing, whatever became of its calls.

    Args:
        later: documents of days that do not count.
    """
    items = {item.id: item for item in booked}
    doubtful: dict[str, str] = {}
    for request in requests:
        if request.state in UNSETTLED:
            doubtful.setdefault(request.transaction, request.message or str(request.state))
    for item in items.values():
        if item.is_voided and item.standing == "held":
            doubtful.setdefault(item.id, item.message)
    for id, why in doubtful.items():
        known = items.get(id)
        if id in later or (known is not None and is_missing(known)):
            continue
        yield Unsettled(id, known.money if known is not None else ZERO, why)
