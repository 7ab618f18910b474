"""Whether everything is in Xero exactly once, told from the books themselves."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass

from rich.console import Console

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.store import Outbox
from pm2xero.reconcile.result import Reconciliation
from pm2xero.reconcile.run import run as reconcile
from pm2xero.report.reconciliation import print_reconciliation
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


def judge(world: World, expected: Books, planned: set[tuple[str, int]]) -> Verdict:
    """Compare what is there with what a push without any trouble makes of the same documents.

    Args:
        planned: id and revision of every request that must be confirmed.
    """
    there = books(world.sandbox)
    with world.connection() as connection:
        outbox = connection.outbox
        requests = outbox.requests()
        stuck = [f"{r.id} is {r.state} ({r.cause})" for r in requests if r.state != "confirmed"]
        if {(r.id, r.revision) for r in requests} != planned:
            names = {(r.id, r.revision) for r in requests} ^ planned
            stuck.append(f"other requests than without trouble: {sorted(names)}")
        result = reconcile(connection, None, None)
        other = [] if result.agrees else [f"reconcile: {_differences(result)}"]
        return Verdict(
            duplicates=tuple(map(str, (there - expected).elements())),
            losses=tuple(map(str, (expected - there).elements())),
            unexplained=(*stuck, *_unlinked(world.sandbox, outbox, requests)),
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


def _differences(result: Reconciliation) -> str:
    said = Console(file=io.StringIO(), width=120)
    print_reconciliation(said, result, "")
    assert isinstance(said.file, io.StringIO)
    return said.file.getvalue()
