"""A stream of transactions of a made-up firm: the same bytes for the same number, any length.

Every hundred holds 20 client bills, 8 refused documents (five of kinds that are not posted, three
with a fault) and 72 others that post: payments pay bills that were sent, trust money is there
before it is used. Only what is still open is remembered, so a stream of any length stays small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson

from tests.benchmarks.faults import Refused
from tests.benchmarks.firm import Document, Firm

MIX = {
    "client_bill": 20,
    "client_payment": 15,
    "trust_receipt": 12,
    "trust_payment": 7,
    "trust_invoice_payment": 4,
    "trust_journal": 2,
    "trust_transfer": 1,
    "trust_interest": 1,
    "supplier_invoice": 12,
    "supplier_payment": 8,
    "supplier_credit_note": 1,
    "supplier_credit_allocation": 1,
    "client_credit_note": 1,
    "client_credit_note_allocation": 1,
    "bank_deposit": 3,
    "bank_withdrawal": 3,
    "unsupported": 5,
    "faulty": 3,
}


def generate(count: int, seed: int = 7) -> Iterator[bytes]:
    """`count` transactions as lines of JSON, in the order in which they were posted."""
    firm = Firm(seed)
    refused = Refused(firm)
    makers: dict[str, Callable[[], Document]] = {
        name: getattr(firm, name, None) or getattr(refused, name) for name in MIX
    }
    slots = [name for name, share in MIX.items() for _ in range(share)]
    order: list[str] = []
    for number in range(1, count + 1):
        if not order:
            order = slots.copy()
            firm.random.shuffle(order)
        firm.step(number)
        slot = order.pop()
        line = orjson.dumps(makers[slot]())
        if slot == "trust_receipt":
            refused.last = line
        yield line
