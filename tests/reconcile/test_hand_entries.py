"""Entries in Xero that are documents of Practice Management: those that a person entered."""

from __future__ import annotations

from tests.support.office import Office

from .firm import Found, dated, differing, said
from .test_foreign_entries import OTHERS, enter, item

NOWHERE = "11111111-2222-4333-8444-555555555555"
TRANSFER = {
    "FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "094"}, "Amount": "12000.00",
    "Date": "2026-05-20",
}  # fmt: skip


def resolve(office: Office, id: str, xero_id: str) -> None:
    result = office.run("resolve", id, "--as-done-in-xero", xero_id, "--reason", "entered")
    assert result.exit_code == 0, result.output


def others(found: Found) -> list[tuple[str, str | None]]:
    return [(o["xero_id"], o["document"]) for o in found["others"]]


def test_an_entry_like_a_document_that_waits_says_how_to_tell(office: Office) -> None:
    office.push(dated("AU-0086", "2026-05-20"))
    id = enter(office, "BankTransfers", TRANSFER)
    again = enter(office, "BankTransfers", {**TRANSFER, "Date": "2026-05-19"})
    found = office.reconcile()
    # Of two alike the one of the document's day.
    assert others(found) == [(again, None), (id, "AU-0086")]
    assert found["verdict"] == "agrees_for_what_is_in_xero"
    assert (
        "books what AU-0086 would; if it is that, say so: `pm2xero resolve AU-0086 "
        f"--as-done-in-xero {id}`" in said(office)
    )
    resolve(office, "AU-0086", id)
    found = office.reconcile()
    assert (others(found), found["agrees"]) == ([(again, None)], True)


def test_a_document_without_requests_counts_once(office: Office) -> None:
    """Nothing in the outbox bears the id that was named, so that it is kept in the log alone."""
    office.push(dated("AU-0086", "2026-05-20"))
    id = enter(office, "BankTransfers", TRANSFER)
    resolve(office, "AU-0086", id)
    found = office.reconcile()
    assert (others(found), found["agrees"]) == ([], True), differing(found)


def test_an_id_that_is_none_still_finds_what_was_entered(office: Office) -> None:
    office.push(dated("AU-0086", "2026-05-20"))
    enter(office, "BankTransfers", TRANSFER)
    resolve(office, "AU-0086", NOWHERE)
    found = office.reconcile()
    assert others(found) == []
    assert differing(found) == {}


def paid_from_trust_by_hand(office: Office) -> tuple[str, str]:
    """A payment from trust that Xero refused, entered by hand as two entries: their ids."""
    money = dated("AU-0006", "2026-05-06")
    paid = {
        **dated("AU-0068", "2026-05-07"), "amount": "100.00", "matter": {"id": "2101", "name": "x"},
        "allocations": [{"document_id": "AU-0016", "amount": "100.00", "matter": "2101"}],
    }  # fmt: skip
    assert office.push(money).exit_code == 0
    office.archive("090")
    office.push(paid)
    office.restore("090")
    (ours,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    payment = enter(
        office, "Payments",
        {"Invoice": {"InvoiceID": ours["InvoiceID"]}, "Account": {"Code": "090"},
         "Date": "2026-05-07", "Amount": "100.00"},
    )  # fmt: skip
    withdrawal = enter(
        office, "BankTransactions",
        {"Type": "SPEND", "Contact": OTHERS, "BankAccount": {"Code": "092"}, "Date": "2026-05-07",
         "LineItems": [item("100.00", "870", "BASEXCLUDED")]},
    )  # fmt: skip
    return payment, withdrawal


def test_a_document_entered_in_two_parts_of_which_one_was_named(office: Office) -> None:
    payment, withdrawal = paid_from_trust_by_hand(office)
    found = office.reconcile()
    assert found["verdict"] == "does_not_agree"
    assert others(found) == [(withdrawal, None)]
    resolve(office, "AU-0068", payment)
    found = office.reconcile()
    assert others(found) == []
    assert differing(found) == {}


def test_a_document_may_be_resolved_again_to_name_its_other_part(office: Office) -> None:
    payment, withdrawal = paid_from_trust_by_hand(office)
    resolve(office, "AU-0068", withdrawal)
    resolve(office, "AU-0068", payment)
    found = office.reconcile()
    assert (others(found), found["by_hand"]) == ([], [])
    assert differing(found) == {}
