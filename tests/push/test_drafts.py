"""Bills that are sent as drafts: they count when somebody has approved them in Xero, not before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.office import EXAMPLES, Doc, Office, month, revised
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


def office_of(folder: Path, status: str) -> Office:
    """A firm whose bills are sent with a status."""
    shutil.copytree(EXAMPLES / "au", folder / "firm", ignore=shutil.ignore_patterns("*.jsonl"))
    write(folder / "pack", {"rules/x.yaml": STATUS, "mappings/x.yaml": MAPPING})
    file = folder / "firm" / "organisation.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}\npacks: [../pack]\nsettings: {{ bill_status: {status} }}\n")
    return Office(folder, file)


def approve(office: Office) -> None:
    """Somebody approves the one bill in Xero."""
    (invoice,) = office.in_xero("Invoices")
    body = {"InvoiceID": invoice["InvoiceID"], "Status": "AUTHORISED"}
    office.user_calls("POST", "/Invoices", body)


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
@pytest.mark.parametrize(("approved", "gone"), [(False, "DELETED"), (True, "VOIDED")])
def test_a_void_takes_a_draft_back_as_xero_wants_it(
    tmp_path: Path, status: str, approved: bool, gone: str
) -> None:
    office = office_of(tmp_path, status)
    bill, _ = bill_and_payment()
    office.push(bill)
    if approved:
        approve(office)
    voided = {"status": "voided", "voided_at": "2026-05-30T00:00:00Z"}
    assert office.push(revised(bill, **voided)).exit_code == 0
    (invoice,) = office.in_xero("Invoices")
    assert invoice["Status"] == gone
    assert office.reconcile()["agrees"] is True


@pytest.mark.parametrize("approved", [False, True])
def test_a_change_leaves_what_was_approved_approved(tmp_path: Path, approved: bool) -> None:
    office = office_of(tmp_path, "DRAFT")
    bill, _ = bill_and_payment()
    office.push(bill)
    if approved:
        approve(office)
    assert office.push(revised(bill, due_date="2026-07-31")).exit_code == 0
    (invoice,) = office.in_xero("Invoices")
    assert invoice["DueDateString"].startswith("2026-07-31")
    assert invoice["Status"] == ("AUTHORISED" if approved else "DRAFT")
    assert office.reconcile()["agrees"] is approved


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_a_payment_waits_until_the_bill_is_approved(tmp_path: Path, status: str) -> None:
    office = office_of(tmp_path, status)
    bill, payment = bill_and_payment()
    told = office.push(bill, payment)
    (invoice,) = office.in_xero("Invoices")
    assert invoice["Status"] == status
    assert office.in_xero("Payments") == []
    assert office.reconcile()["agrees"] is False
    assert told.exit_code == 1
    status_said = " ".join(office.run("status").stdout.split())
    assert payment["id"] in status_said
    assert "is a draft in Xero until somebody approves it" in status_said
    # Nobody has, so the next push comes to the same.
    office.push()
    assert office.in_xero("Payments") == []
    assert [s["cause"] for s in office.status()["stuck"]] == ["not_approved"]

    approve(office)
    assert office.push().exit_code == 0
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
