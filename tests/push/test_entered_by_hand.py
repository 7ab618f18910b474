"""Documents that a bookkeeper entered in Xero by hand, and what was said about them."""

from __future__ import annotations

from decimal import Decimal

from tests.support.office import Doc, Office, revised


def enter_bill(office: Office, number: str, account: str, net: float) -> str:
    """A bookkeeper enters a supplier's bill in Xero; its id there."""
    line = {"Description": "by hand", "Quantity": 1, "UnitAmount": net, "AccountCode": account,
            "TaxType": "INPUT"}  # fmt: skip
    invoice = {
        "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": {"Name": "Papermill Office Supplies"},
        "Date": "2026-05-07", "DueDate": "2026-06-07", "InvoiceNumber": number,
        "LineAmountTypes": "Exclusive", "LineItems": [line],
    }  # fmt: skip
    office.user_calls("PUT", "/Invoices", {"Invoices": [invoice]})
    found = {i["InvoiceNumber"]: i["InvoiceID"] for i in office.in_xero("Invoices")}
    return str(found[number])


def test_rejected_bill_counts_once_it_is_entered_and_can_be_paid_from_here(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.archive("444")
    office.push(docs["AU-0025"], docs["AU-0028"], docs["AU-0081"])
    assert "AU-0028" in office.run("manual-work").stdout
    office.restore("444")
    xero_id = enter_bill(office, "P-55127", "444", 660.00)
    # Until somebody says what it is, it is an entry of others that books what AU-0028 would.
    found = office.reconcile()
    assert [(o["xero_id"], o["document"]) for o in found["others"]] == [(xero_id, "AU-0028")]
    result = office.run(
        "resolve", "AU-0028", "--as-done-in-xero", xero_id, "--reason", "entered", "--who", "Bea"
    )
    assert (result.exit_code, result.stdout) == (0, "confirmed: AU-0028/invoice\n")
    found = office.reconcile()
    # What pays it was refused before, and is decided again with the next push.
    assert [g["ids"] for g in found["not_in_xero"]["causes"]] == [["AU-0081"]]
    assert (found["verdict"], found["others"]) == ("agrees_for_what_is_in_xero", [])
    assert "AU-0028 " not in office.run("manual-work").stdout
    assert office.push(docs["AU-0081"]).exit_code == 0
    (payment,) = office.in_xero("Payments")
    assert (payment["Invoice"]["InvoiceID"], payment["Amount"]) == (xero_id, Decimal("726.00"))
    assert office.reconcile()["agrees"]
    assert office.sql("SELECT who, what, transaction_id, xero_id FROM human_actions") == [
        ("Bea", "resolve", "AU-0028", xero_id)
    ]


def test_entry_with_other_amounts_is_told(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0028"])
    xero_id = enter_bill(office, "P-55127", "453", 600.00)
    office.run("resolve", "AU-0028", "--as-done-in-xero", xero_id, "--reason", "entered")
    (told,) = office.reconcile()["changed_there"]
    assert (told["transaction"], told["verdict"]) == ("AU-0028", "by_hand_otherwise")
    assert (told["document"], told["live"]) == ("726.00", "660.00")


def test_unknown_kind_of_entry_counts_without_a_document(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.push(docs["AU-0086"])
    assert office.run("manual-work").stdout.startswith("2026-05-20  AU-0086")
    office.run(
        "resolve",
        "AU-0086",
        "--as-done-in-xero",
        "11111111-2222-4333-8444-555555555555",
        "--reason",
        "entered",
    )
    assert office.run("manual-work").stdout.startswith("0 transactions")


def test_an_id_that_was_named_by_mistake_is_corrected(office: Office, docs: dict[str, Doc]) -> None:
    office.archive("444")
    office.push(docs["AU-0025"], docs["AU-0028"], docs["AU-0081"])
    office.restore("444")
    wrong = "11111111-1111-4111-8111-111111111111"
    right = enter_bill(office, "P-55127", "444", 660.00)
    word = ("AU-0028", "--reason", "entered", "--as-done-in-xero")
    office.run("resolve", *word, wrong)
    assert office.reconcile()["verdict"] == "does_not_agree"
    never = office.run("resolve", *word, right, "--instead-of", right)
    assert (never.exit_code, "PE112" in never.stderr, wrong in never.stderr) == (2, True, True)
    assert office.run("resolve", *word, right, "--instead-of", wrong).exit_code == 0
    assert office.reconcile()["verdict"] == "agrees_for_what_is_in_xero"
    assert [p["what"] for p in office.status()["people"]] == ["resolve", "unresolve", "resolve"]
    # What depends on it refers to the right one.
    office.push(docs["AU-0081"])
    (payment,) = office.in_xero("Payments")
    assert payment["Invoice"]["InvoiceID"] == right


def test_an_id_of_what_has_no_request_is_corrected_too(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.push(docs["AU-0086"])
    first, second = (f"{n}1111111-1111-4111-8111-111111111111" for n in (1, 2))
    word = ("AU-0086", "--reason", "entered", "--as-done-in-xero")
    office.run("resolve", *word, first)
    assert office.run("resolve", *word, second, "--instead-of", first).exit_code == 0
    assert office.run("resolve", *word, first, "--instead-of", first).exit_code == 2


def receipt_by_hand(office: Office, receipt: Doc, amount: str) -> str:
    """A bookkeeper enters the difference of a trust receipt; its id in Xero."""
    before = {b["BankTransactionID"] for b in office.in_xero("BankTransactions")}
    line = {"Description": "difference", "Quantity": 1, "UnitAmount": amount, "AccountCode": "870",
            "TaxType": "BASEXCLUDED"}  # fmt: skip
    entry = {
        "Type": "RECEIVE", "Status": "AUTHORISED",
        "Contact": {"Name": receipt["participant"]["display_name"]},
        "BankAccount": {"Code": "092"}, "Date": receipt["date"], "LineAmountTypes": "NoTax",
        "LineItems": [line],
    }  # fmt: skip
    office.user_calls("PUT", "/BankTransactions", {"BankTransactions": [entry]})
    (made,) = {b["BankTransactionID"] for b in office.in_xero("BankTransactions")} - before
    return str(made)


def test_difference_of_a_changed_trust_entry_that_was_entered_agrees(
    office: Office, docs: dict[str, Doc]
) -> None:
    receipt = docs["AU-0006"]
    more = str(Decimal(receipt["amount"]) + Decimal("10.10"))
    parts = [{**receipt["trust_lines"][0], "amount": more}]
    assert len(receipt["trust_lines"]) == 1
    office.push(receipt)
    office.push(revised(receipt, amount=more, trust_lines=parts))
    assert "debit           10.10  092" in office.run("manual-work").stdout
    xero_id = receipt_by_hand(office, receipt, "10.10")
    office.run("resolve", receipt["id"], "--as-done-in-xero", xero_id, "--reason", "entered")
    found = office.reconcile()
    assert (found["agrees"], found["others"], found["changed_there"]) == (True, [], [])


def test_other_difference_of_a_changed_trust_entry_is_told(
    office: Office, docs: dict[str, Doc]
) -> None:
    receipt = docs["AU-0006"]
    more = str(Decimal(receipt["amount"]) + Decimal("10.10"))
    office.push(receipt)
    parts = [{**receipt["trust_lines"][0], "amount": more}]
    office.push(revised(receipt, amount=more, trust_lines=parts))
    xero_id = receipt_by_hand(office, receipt, "10.01")
    office.run("resolve", receipt["id"], "--as-done-in-xero", xero_id, "--reason", "entered")
    (told,) = office.reconcile()["changed_there"]
    assert told["verdict"] == "by_hand_otherwise"


def test_a_journal_of_another_amount_is_told_though_it_nets_to_nothing(
    office: Office, docs: dict[str, Doc]
) -> None:
    """A trust journal moves money between matters of one account in Xero."""
    journal = next(d for d in docs.values() if d["kind"] == "trust_journal")
    receipts = [d for d in docs.values() if d["kind"] == "trust_receipt"]
    office.push(*receipts, journal | {"date": "2026-03-30"})
    lines = [{"LineAmount": a, "AccountCode": "870"} for a in (1.00, -1.00)]
    entry = {
        "Narration": "by hand", "Date": "2026-05-02", "Status": "POSTED",
        "LineAmountTypes": "NoTax", "JournalLines": lines,
    }  # fmt: skip
    office.user_calls("PUT", "/ManualJournals", {"ManualJournals": [entry]})
    (made,) = office.in_xero("ManualJournals")
    said = ("--as-done-in-xero", made["ManualJournalID"], "--reason", "entered")
    assert office.run("resolve", journal["id"], *said).exit_code == 0
    assert office.reconcile()["verdict"] == "does_not_agree"
