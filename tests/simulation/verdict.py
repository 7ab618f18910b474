"""Whether everything is in Xero exactly once, told from the books themselves."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.store import Outbox
from pm2xero.reconcile.result import Reconciliation
from pm2xero.reconcile.run import run as reconcile
from pm2xero.reconcile.verdict import Verdict as Said
from pm2xero.sandbox import Sandbox
from pm2xero.sandbox.dispatch import RESOURCES
from tests.simulation.world import World

_GONE = ("VOIDED", "DELETED")
Books = Counter[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong after recovery; empty everywhere when nothing is."""

    duplicates: tuple[str, ...]
    losses: tuple[str, ...]
    unexplained: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def is_fine(self) -> bool:
        """Whether all is as it must be."""
        return not (self.duplicates or self.losses or self.unexplained or self.other)


def books(sandbox: Sandbox) -> Books:
    """Every object that is alive in Xero, by what it is, never by the id that Xero gave it."""
    found: Books = Counter()
    for endpoint in RESOURCES:
        for item in sandbox.documents(endpoint):
            if item.get("Status") in _GONE:
                continue
            names = ("Type", "InvoiceNumber", "CreditNoteNumber", "ContactNumber", "Reference",
                     "Narration", "Date", "Total", "TotalAmount", "Amount", "AmountDue",
                     "RemainingCredit", "Status")  # fmt: skip
            found[(endpoint, *(f"{n}={item[n]}" for n in names if item.get(n) is not None))] += 1
    return found


@dataclass(frozen=True, slots=True)
class Found:
    """What the end of a firm's pushes looks like.

    Attributes:
        requests: id and revision of every request that counts.
        stuck: requests that are not confirmed.
        unlinked: objects of Xero that nothing in the outbox accounts for.
        agrees, said: what `reconcile` says.
    """

    books: Books
    requests: frozenset[tuple[str, int]]
    stuck: tuple[str, ...]
    unlinked: tuple[str, ...]
    agrees: bool
    said: tuple[str, ...]


def look(world: World) -> Found:
    """Look at outbox and Xero when everything was pushed."""
    with world.connection() as connection:
        requests = connection.outbox.requests()
        result = reconcile(connection, None, None)
        return Found(
            books=books(world.sandbox),
            requests=frozenset((r.id, r.revision) for r in requests),
            stuck=tuple(f"{r.id} is {r.state} ({r.cause})" for r in requests
                        if r.state != "confirmed"),
            unlinked=tuple(_unlinked(world.sandbox, connection.outbox, requests)),
            agrees=result.verdict is not Said.DIFFERS,
            said=_report(result),
        )  # fmt: skip


def judge(found: Found, expected: Found) -> Verdict:
    """Compare what is there with what a push without any trouble makes of the same documents."""
    names = sorted(found.requests ^ expected.requests)
    other = [f"other requests than without trouble: {names}"] if names else []
    if found.said != expected.said:
        lines = difflib.unified_diff(expected.said, found.said, n=0)
        other.append("reconcile says otherwise than without trouble:\n" + "\n".join(lines))
    return Verdict(
        duplicates=tuple(map(str, (found.books - expected.books).elements())),
        losses=tuple(map(str, (expected.books - found.books).elements())),
        unexplained=(*found.stuck, *found.unlinked),
        other=tuple(other),
    )


def _unlinked(
    sandbox: Sandbox, outbox: Outbox, requests: list[StoredRequest]
) -> list[str]:  # fmt: skip
    """Objects of Xero that nothing in the outbox accounts for, and ids that stand twice."""
    linked = Counter(r.xero_id for r in requests if r.contract.startswith("put.") and r.xero_id)
    wrong = [f"{id} belongs to {n} requests" for id, n in linked.items() if n > 1]
    known = {id for id, _ in outbox.contacts().values()}
    for transfer in sandbox.documents("BankTransfers"):
        if outbox.link_of(str(transfer["BankTransferID"])):
            # Xero makes a spend and a receive transaction of each transfer.
            known |= {str(transfer[f"{side}BankTransactionID"]) for side in ("From", "To")}
    for endpoint, resource in RESOURCES.items():
        for item in sandbox.documents(endpoint):
            id = str(item[resource.id_field])
            batch = item.get("BatchPaymentID") or (item.get("BatchPayment") or {}).get(
                "BatchPaymentID"
            )
            if id in known or outbox.link_of(id) or (batch and outbox.link_of(str(batch))):
                continue
            wrong.append(f"{endpoint} {id} belongs to nothing in the outbox")
    return wrong


def _report(result: Reconciliation) -> tuple[str, ...]:
    """What the reconciliation says, without the ids that Xero gave.

    Refused documents are left out: each push decides them again, perhaps for another reason.
    """
    compared = (*result.differing, *result.voided_here, *result.changed_there)
    return tuple(
        map(
            str,
            (
                *result.accounts,
                *result.controls,
                *result.taxes,
                *result.matters,
                *result.missing,
                *result.by_hand,
                *result.tampered,
                *((c.request, c.verdict) for c in compared),
                result.equal,
            ),
        )
    )
