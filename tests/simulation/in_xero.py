"""What a person does in Xero's own pages: never late, never lost, not counted by any limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from pm2xero.sandbox import Limits, Unkindness
from pm2xero.xero.asgi import AsgiTransport
from tests.simulation.firm import knowledge
from tests.simulation.months import Document
from tests.simulation.world import World


@contextmanager
def pages(world: World) -> Iterator[httpx.Client]:
    """Xero's pages, as calls of another client."""
    sandbox = world.sandbox
    faults, limits = sandbox.mishaps.rules, sandbox.throttle.limits
    sandbox.mishaps.rules, sandbox.throttle.limits = Unkindness(), Limits.none()
    transport = AsgiTransport(sandbox.app)
    headers = {
        "Authorization": f"Bearer {sandbox.access_token()}",
        "xero-tenant-id": sandbox.organisation_id,
        "Accept": "application/json",
    }
    base = "https://api.xero.com/api.xro/2.0"
    try:
        with httpx.Client(transport=transport, base_url=base, headers=headers) as client:
            yield client
    finally:
        sandbox.mishaps.rules, sandbox.throttle.limits = faults, limits
        transport.close()


def snapshot(world: World) -> dict[str, Any]:
    """What Xero says of itself."""
    with pages(world) as client:
        (organisation,) = client.get("/Organisation").json()["Organisations"]
        accounts = client.get("/Accounts").json()["Accounts"]
        rates = client.get("/TaxRates").json()["TaxRates"]
    return {"Organisation": organisation, "Accounts": accounts, "TaxRates": rates}


def change(world: World, path: str, **changes: Any) -> bool:
    """Change one thing; whether Xero let it happen."""
    with pages(world) as client:
        return client.post(path, json=changes).status_code == 200


def type_in(world: World, document: Document, *, status: str = "AUTHORISED") -> str | None:
    """Type a bill, an invoice or money received; its id, or None when Xero refuses it."""
    made = _typed(world, document)
    if made is None:
        return None
    endpoint, id_name, body = made
    with pages(world) as client:
        answer = client.put(f"/{endpoint}", json={**body, "Status": status})
    if answer.status_code != 200:
        return None
    return str(answer.json()[endpoint][0][id_name])


def _typed(world: World, document: Document) -> tuple[str, str, Document] | None:
    who = document.get("participant")
    if who is None:
        return None
    contact = {"ContactNumber": who["id"], "Name": " ".join(who["display_name"].split())}
    known = knowledge(world.region)
    common = {"Contact": contact, "Date": document["date"]}
    if document["kind"] in ("client_bill", "supplier_invoice"):
        type = "ACCREC" if document["kind"] == "client_bill" else "ACCPAY"
        lines = [
            {
                "Description": line["description"],
                "Quantity": 1,
                "UnitAmount": line["net"],
                "TaxAmount": line["tax"],
                "AccountCode": known.accounts.get(line["gl_account"]),
            }
            for line in document["lines"]
        ]
        own = {
            "Type": type,
            "DueDate": document["due_date"],
            "InvoiceNumber": document["number"],
            "LineAmountTypes": "Exclusive",
            "LineItems": lines,
        }
        return "Invoices", "InvoiceID", common | own
    if document["kind"] == "trust_receipt":
        own = {
            "Type": "RECEIVE",
            "BankAccount": {"AccountID": known.firm.banks[document["bank_account"]]},
            "Reference": "typed in by hand",
            "LineAmountTypes": "NoTax",
            "LineItems": [
                {
                    "Description": "Trust receipt",
                    "Quantity": 1,
                    "UnitAmount": document["amount"],
                    "AccountCode": known.trust_liability,
                }
            ],
        }
        return "BankTransactions", "BankTransactionID", common | own
    return None
