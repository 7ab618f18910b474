"""Documents for the tests, and a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pm2xero.outbox import Outbox
from pm2xero.outbox.records import (
    RequestState,
    StoredDecision,
    StoredRequest,
    StoredTransaction,
    hash_of,
)

AT = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
Document = tuple[StoredTransaction, StoredDecision, list[StoredRequest]]


class Clock:
    """Gives the same moment until `forward` is called."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)


def request(
    id: str,
    *,
    needs: Sequence[str] = (),
    revision: int = 1,
    sequence: int = 0,
    level: int | None = None,
    element: str = "{}",
    contract: str = "put.Invoices",
    becomes_document: bool = True,
) -> StoredRequest:
    """A planned request; its id is `transaction/step`."""
    transaction, step = id.split("/")
    return StoredRequest(
        id=id,
        revision=revision,
        transaction=transaction,
        step=step,
        sequence=sequence,
        level=level if level is not None else len(needs),
        contract=contract,
        path="/Invoices",
        element=element,
        key=f"key-{id}-{revision}",
        needs=tuple(needs),
        becomes_document=becomes_document,
        state="planned",
        xero_id=None,
        cause=None,
        message=None,
        blocked_by=None,
        money=Decimal("110.00"),
        attempts=0,
        slot=step,
        body_hash=hash_of("/Invoices", element),
    )


def document(
    id: str,
    *requests: StoredRequest,
    revision: int = 1,
    digest: str = "d1",
    outcome: str = "post",
    sequence: int = 0,
    reasons: list[dict[str, object]] | None = None,
) -> Document:
    """A document with the requests given, or with one `id/invoice` when it is posted."""
    made = list(requests)
    if not made and outcome == "post":
        made = [request(f"{id}/invoice", revision=revision, sequence=sequence)]
    return (
        StoredTransaction(id, revision, digest, "client_bill", b'{"id":"x"}', sequence),
        StoredDecision(
            id=id,
            revision=revision,
            outcome=outcome,
            code=None if outcome == "post" else "because",
            by_hand=outcome == "reject",
            reasons=reasons or [],
            warnings=[],
            mapping="client_bill" if outcome == "post" else None,
            rule="bills",
            money=Decimal("110.00"),
            pack="pack-1",
            decided_at=AT,
        ),
        made,
    )


def chain(outbox: Outbox) -> None:
    """A bill, its payment, what undoes the payment, and a bill that has to do with neither."""
    outbox.save_many(
        [
            document("B1", sequence=1),
            document("P1", request("P1/payment", needs=["B1/invoice"], level=1), sequence=2),
            document("R1", request("R1/undo", needs=["P1/payment"], level=2), sequence=3),
            document("B2", sequence=4),
        ]
    )


def states(outbox: Outbox) -> dict[str, RequestState]:
    """State by request id."""
    return {r.id: r.state for r in outbox.requests()}


def get(outbox: Outbox, id: str) -> StoredRequest:
    """A request that is there."""
    found = outbox.request(id)
    assert found is not None
    return found


def sent(outbox: Outbox, id: str) -> StoredRequest:
    """Claim one request and give it as it was before."""
    found = get(outbox, id)
    outbox.claim([found], AT)
    return found


def confirmed(outbox: Outbox, id: str, xero_id: str | None = None) -> None:
    """Take one request through to its id in Xero."""
    outbox.confirm([(sent(outbox, id), xero_id or f"x-{id}")], 200, AT)


def refused(outbox: Outbox, id: str) -> None:
    """Take one request through to a refusal."""
    outbox.refuse(sent(outbox, id), "ACCOUNT", "Account 200 is archived.", 400, AT)
