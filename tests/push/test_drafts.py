"""Bills that are sent as drafts: they count when somebody has approved them in Xero, not before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.office import EXAMPLES, Doc, Office, month
from tests.support.pack_reading import write

STATUS = """spec: 1
section: Client Billing
settings: { bill_status: { type: { one_of: [DRAFT, SUBMITTED, AUTHORISED] }, default: DRAFT } }
"""
MAPPING = """spec: 1
section: Client Billing
mappings:
  sales_invoice:
    requests: [{ id: invoice, status: { field: settings.bill_status } }]
"""


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_a_payment_waits_until_the_bill_is_approved(tmp_path: Path, status: str) -> None:
    shutil.copytree(EXAMPLES / "au", tmp_path / "firm", ignore=shutil.ignore_patterns("*.jsonl"))
    write(tmp_path / "pack", {"rules/x.yaml": STATUS, "mappings/x.yaml": MAPPING})
    file = tmp_path / "firm" / "organisation.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\npacks: [../pack]\nsettings: {{ bill_status: {status} }}\n")
    office = Office(tmp_path, file)
    bill, payment = bill_and_payment()
    told = office.push(bill, payment)
    (invoice,) = office.in_xero("Invoices")
    assert invoice["Status"] == status
    assert office.in_xero("Payments") == []
    assert office.reconcile()["agrees"] is False
    assert told.exit_code == 1
    status_said = " ".join(office.run("status").stdout.split())
    assert payment["id"] in status_said
    assert "it is a draft, paid, voided or deleted" in status_said

    body = {"InvoiceID": invoice["InvoiceID"], "Status": "AUTHORISED"}
    office.user_calls("POST", "/Invoices", body)
    office.run("resend", payment["id"], "--reason", "the bill is approved", "--who", "Bea")
    office.push()
    (paid,) = office.in_xero("Payments")
    assert paid["Invoice"]["InvoiceID"] == invoice["InvoiceID"]
    assert office.reconcile()["agrees"] is True


def bill_and_payment() -> tuple[Doc, Doc]:
    """A bill of the example month and the payment of it alone."""
    documents = month()
    for payment in documents.values():
        if payment["kind"] == "client_payment" and len(payment["allocations"]) == 1:
            bill = documents[payment["allocations"][0]["document_id"]]
            if bill["kind"] == "client_bill":
                return bill, payment
    raise AssertionError("the month has such a payment")
