"""The same bills by Xero's own Python SDK: its models, its serialiser, then `json.dumps`.

The lines are given to it already summed, so it is timed for building and writing the body alone.
"""

from __future__ import annotations

import json
from typing import Any

# xero-python ships no types.
from xero_python.accounting import Contact, Invoice, Invoices, LineAmountTypes, LineItem  # type: ignore[import-untyped]
from xero_python.api_client.serializer import serialize  # type: ignore[import-untyped]

from pm2xero.read.transaction import Transaction
from tests.benchmarks.bodies import Group

KINDS = {"client_bill": "ACCREC", "supplier_invoice": "ACCPAY"}


def bill(tx: Transaction, groups: list[Group], contact: dict[str, Any]) -> str:
    """The body of a bill or supplier invoice."""
    f = tx.fields
    kind = KINDS[tx.kind]
    matter = f["matter"]
    items = [
        LineItem(
            description="; ".join(texts),
            quantity=1,
            unit_amount=net,
            line_amount=net,
            account_code=code,
            tax_type=tax_type,
            tax_amount=tax,
        )
        for code, tax_type, net, tax, texts in groups
    ]
    invoice = Invoice(
        type=kind,
        status="AUTHORISED",
        contact=Contact(contact_number=contact["ContactNumber"], name=contact["Name"]),
        date=f["date"],
        due_date=f["due_date"],
        invoice_number=f["number"],
        reference=f"{matter['id']} {matter['name'] or ''}" if kind == "ACCREC" and matter else None,
        line_amount_types=LineAmountTypes.EXCLUSIVE,
        line_items=items,
    )
    return json.dumps(serialize(Invoices(invoices=[invoice])))
