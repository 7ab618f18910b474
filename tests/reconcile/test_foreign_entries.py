"""Entries that others make in Xero: told, explained account by account, never on trust money."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pm2xero.connection import connect
from pm2xero.reconcile.run import run
from pm2xero.report.reconciliation import print_reconciliation
from pm2xero.target import Target
from tests.support.office import Office, month

from .firm import Found, Snapshot, account, dated, differing, firm, lines, said

DAY = "2026-05-14"
OTHERS = {"Name": "Somebody else"}


def spend(*amounts: str, bank: str = "090", **changes: object) -> dict[str, object]:
    """Money spent; tax is included unless something else is said, as the API has it."""
    return {
        "Type": "SPEND", "Contact": OTHERS, "BankAccount": {"Code": bank}, "Date": DAY,
        "LineItems": [item(a, "453", "INPUT") for a in amounts], **changes,
    }  # fmt: skip


def item(amount: str, code: str, tax: str) -> dict[str, object]:
    return {
        "Description": "x", "Quantity": 1, "UnitAmount": amount, "AccountCode": code,
        "TaxType": tax,
    }  # fmt: skip


def bill(number: str, amount: str = "100.00", kind: str = "ACCPAY", **changes: object) -> Any:
    line = ("200", "OUTPUT") if kind == "ACCREC" else ("453", "INPUT")
    return {
        "Type": kind, "Status": "AUTHORISED", "Contact": OTHERS, "Date": DAY, "DueDate": DAY,
        "InvoiceNumber": number, "LineItems": [item(amount, *line)], **changes,
    }  # fmt: skip


def journal(*booked: tuple[str, str], **changes: object) -> dict[str, object]:
    lines = [{"LineAmount": amount, "AccountCode": code} for code, amount in booked]
    return {
        "Narration": "Payroll May", "Status": "POSTED", "Date": DAY, "JournalLines": lines,
        **changes,
    }  # fmt: skip


def paying(id: str, amount: str, **changes: object) -> dict[str, object]:
    return {
        "Invoice": {"InvoiceID": id}, "Account": {"Code": "090"}, "Date": DAY, "Amount": amount,
        **changes,
    }  # fmt: skip


def enter(office: Office, endpoint: str, *elements: object) -> str:
    """What somebody enters in Xero; the id of the last element."""
    office.user_calls("PUT", f"/{endpoint}", {endpoint: list(elements)})
    made = office.in_xero(endpoint)[-1]
    return str(made[f"{endpoint.removesuffix('s')}ID"])


def listed(found: Found) -> list[tuple[str, str, dict[str, str]]]:
    return [(o["endpoint"], o["amount"], o["accounts"]) for o in found["others"]]


def explained(office: Office, *args: str) -> Found:
    """The reconciliation, which agrees although others have entered something."""
    found = office.reconcile(*args)
    assert differing(found) == {}
    assert found["agrees"], (found["controls"], found["by_hand"])
    return found


def test_money_spent_with_tax_included_and_two_lines(office: Office) -> None:
    id = enter(office, "BankTransactions", spend("110.00", "33.00", Reference="card"))
    found = explained(office)
    assert listed(found) == [
        ("BankTransactions", "143.00", {"090": "-143.00", "453": "130.00", "820": "13.00"})
    ]
    (told,) = found["others"]
    assert (told["xero_id"], told["day"], told["trust"]) == (id, DAY, [])
    assert told["what"] == "SPEND, Somebody else, card"
    assert lines(found, "others") == {
        "090": Decimal("-143.00"), "453": Decimal("130.00"), "820": Decimal("13.00"),
    }  # fmt: skip
    (group,) = found["others_by_endpoint"]
    assert (group["cause"], group["count"], group["money"]) == ("BankTransactions", 1, "143.00")
    text = said(office)
    assert "8. In Xero, entered by others 1 × BankTransactions, 143.00 AUD" in text
    assert (
        f"{DAY} BankTransactions SPEND, Somebody else, card, 143.00: 090 -143.00, 453 130.00, "
        f"820 13.00 ({id})" in text
    )
    assert text.endswith(
        "agrees: both ledgers are equal to the cent as at 2026-05-20, with 1 entry of others in "
        "Xero explained"
    )


@pytest.mark.parametrize(
    ("how", "accounts"),
    [
        ("Exclusive", {"090": "11.00", "200": "-10.00", "820": "-1.00"}),
        ("Inclusive", {"090": "10.00", "200": "-9.09", "820": "-0.91"}),
        ("NoTax", {"090": "10.00", "200": "-10.00"}),
    ],
)
def test_money_received(office: Office, how: str, accounts: dict[str, str]) -> None:
    received = spend(
        Type="RECEIVE", LineAmountTypes=how, LineItems=[item("10.00", "200", "OUTPUT")]
    )
    enter(office, "BankTransactions", received)
    ((_, _, booked),) = listed(explained(office))
    assert booked == accounts


def test_a_payment_of_others_on_an_invoice_of_others(office: Office) -> None:
    invoice = enter(office, "Invoices", bill("X-1", kind="ACCREC"))
    enter(office, "Payments", paying(invoice, "60.00"))
    owed = enter(office, "Invoices", bill("X-2", "20.00"))
    enter(office, "Payments", paying(owed, "22.00"))
    found = explained(office)
    assert listed(found) == [
        ("Invoices", "22.00", {"453": "20.00", "800": "-22.00", "820": "2.00"}),
        ("Invoices", "110.00", {"200": "-100.00", "610": "110.00", "820": "-10.00"}),
        ("Payments", "22.00", {"090": "-22.00", "800": "22.00"}),
        ("Payments", "60.00", {"090": "60.00", "610": "-60.00"}),
    ]
    controls = {c["name"]: c["others"] for c in found["controls"]}
    assert controls["Accounts receivable"] == "50.00"
    assert controls["Sales tax"] == "-8.00"
    assert found["others"][3]["what"] == "ACCRECPAYMENT, Somebody else, X-1"
    assert said(office).endswith("with 4 entries of others in Xero explained")


def test_credit_notes_and_their_refunds(office: Office) -> None:
    note = {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": OTHERS, "Date": DAY,
        "LineItems": [item("50.00", "200", "OUTPUT")],
    }  # fmt: skip
    id = enter(office, "CreditNotes", note)
    refund = {"CreditNote": {"CreditNoteID": id}, "Account": {"Code": "090"}, "Date": DAY}
    enter(office, "Payments", {**refund, "Amount": "55.00"})
    assert [booked for _, _, booked in listed(explained(office))] == [
        {"200": "50.00", "610": "-55.00", "820": "5.00"}, {"090": "-55.00", "610": "55.00"},
    ]  # fmt: skip


def test_a_batch_is_one_entry(office: Office) -> None:
    ids = [enter(office, "Invoices", bill(n, "10.00")) for n in ("B-1", "B-2")]
    parts = [{"Invoice": {"InvoiceID": id}, "Amount": "11.00"} for id in ids]
    batch = enter(
        office, "BatchPayments", {"Account": {"Code": "090"}, "Date": DAY, "Payments": parts}
    )
    found = explained(office)
    (told,) = (o for o in found["others"] if o["endpoint"] == "BatchPayments")
    assert (told["xero_id"], told["amount"]) == (batch, "22.00")
    assert told["accounts"] == {"090": "-22.00", "800": "22.00"}


def test_a_batch_that_also_pays_a_document_that_was_sent(office: Office) -> None:
    (ours,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    theirs = enter(office, "Invoices", bill("B-1", kind="ACCREC"))
    parts = [
        {"Invoice": {"InvoiceID": ours["InvoiceID"]}, "Amount": "5.00"},
        {"Invoice": {"InvoiceID": theirs}, "Amount": "7.00"},
    ]
    enter(office, "BatchPayments", {"Account": {"Code": "090"}, "Date": DAY, "Payments": parts})
    found = office.reconcile()
    assert [(h["transaction"], h["amount"]) for h in found["by_hand"]] == [("AU-0016", "5.00")]
    (told,) = (o for o in found["others"] if o["endpoint"] == "BatchPayments")
    assert told["accounts"] == {"090": "7.00", "610": "-7.00"}
    # The part on the document that was sent is no entry of its own: it still differs.
    assert differing(found) == {"090": "5.00", "610": "-5.00"}
    assert "see section 6" in said(office)
    assert found["verdict"] == "does_not_agree"


def test_a_transfer_is_listed_once(office: Office) -> None:
    sides = {"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "094"}}
    enter(office, "BankTransfers", {**sides, "Amount": "500.00", "Date": DAY})
    assert listed(explained(office)) == [
        ("BankTransfers", "500.00", {"090": "-500.00", "094": "500.00"})
    ]


def test_payroll_journals_with_and_without_tax(office: Office) -> None:
    enter(office, "ManualJournals", journal(("477", "9000.00"), ("825", "-9000.00")))
    taxed = [
        {"LineAmount": "110.00", "AccountCode": "453", "TaxType": "INPUT"},
        {"LineAmount": "-110.00", "AccountCode": "880", "TaxType": "BASEXCLUDED"},
    ]
    enter(
        office, "ManualJournals",
        journal(Narration="Petty cash", LineAmountTypes="Inclusive", JournalLines=taxed),
    )  # fmt: skip
    enter(office, "ManualJournals", journal(("477", "1.00"), ("825", "-1.00"), Status="DRAFT"))
    found = explained(office)
    assert [(o["what"], o["amount"], o["accounts"]) for o in found["others"]] == [
        ("Payroll May", "9000.00", {"477": "9000.00", "825": "-9000.00"}),
        ("Petty cash", "110.00", {"453": "100.00", "820": "10.00", "880": "-110.00"}),
    ]


def test_over_and_prepayments_their_use_and_their_refund(office: Office) -> None:
    received = {"Contact": OTHERS, "BankAccount": {"Code": "090"}, "Date": DAY}
    over = {**received, "Type": "RECEIVE-OVERPAYMENT", "LineItems": [item("30.00", "610", "")]}
    pre = {**received, "Type": "RECEIVE-PREPAYMENT", "LineItems": [item("99.99", "200", "OUTPUT")]}
    enter(office, "BankTransactions", over, pre)
    invoice = enter(office, "Invoices", bill("P-1", kind="ACCREC"))
    (overpaid,) = office.in_xero("Overpayments")
    (prepaid,) = office.in_xero("Prepayments")
    use = {"Invoice": {"InvoiceID": invoice}, "Date": DAY}
    office.user_calls(
        "PUT", f"/Overpayments/{overpaid['OverpaymentID']}/Allocations",
        {"Allocations": [{**use, "Amount": "10.00"}]},
    )  # fmt: skip
    office.user_calls(
        "PUT", f"/Prepayments/{prepaid['PrepaymentID']}/Allocations",
        {"Allocations": [{**use, "Amount": "33.33"}]},
    )  # fmt: skip
    refund = {"Account": {"Code": "094"}, "Date": "2026-05-15"}
    enter(
        office, "Payments",
        {**refund, "Overpayment": {"OverpaymentID": overpaid["OverpaymentID"]}, "Amount": "20.00"},
        {**refund, "Prepayment": {"PrepaymentID": prepaid["PrepaymentID"]}, "Amount": "50.00"},
    )  # fmt: skip
    found = explained(office)
    booked = {(e, a): accounts for e, a, accounts in listed(found)}
    assert booked[("BankTransactions", "30.00")] == {"090": "30.00", "610": "-30.00"}
    assert booked[("Prepayments", "33.33")] == {"200": "30.30", "820": "3.03", "610": "-33.33"}
    assert booked[("Payments", "50.00")] == {"200": "45.45", "820": "4.55", "094": "-50.00"}
    assert len(booked) == 6


def test_a_prepayment_allocated_to_a_document_that_was_sent_belongs_to_section_6(
    office: Office,
) -> None:
    (ours,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    contact = {"ContactID": ours["Contact"]["ContactID"]}
    pre = spend(
        Type="RECEIVE-PREPAYMENT", Contact=contact, LineItems=[item("99.00", "200", "OUTPUT")]
    )
    enter(office, "BankTransactions", pre)
    (prepaid,) = office.in_xero("Prepayments")
    use = {"Invoice": {"InvoiceID": ours["InvoiceID"]}, "Amount": "99.00", "Date": DAY}
    path = f"/Prepayments/{prepaid['PrepaymentID']}/Allocations"
    office.user_calls("PUT", path, {"Allocations": [use]})
    found = office.reconcile()
    assert [e for e, _, _ in listed(found)] == ["BankTransactions"]
    assert [(h["transaction"], h["what"]) for h in found["by_hand"]] == [("AU-0016", "credit")]
    assert found["verdict"] == "does_not_agree"


def test_what_was_voided_or_deleted_is_no_entry(office: Office) -> None:
    id = enter(office, "BankTransactions", spend("11.00"))
    office.user_calls("POST", f"/BankTransactions/{id}", {"Status": "DELETED"})
    id = enter(office, "Invoices", bill("V-1"))
    office.user_calls("POST", f"/Invoices/{id}", {"Status": "VOIDED"})
    enter(office, "Invoices", bill("D-1", Status="DRAFT"))
    assert explained(office)["others"] == []
    assert "8. In Xero" not in said(office)


def test_an_entry_from_before_the_integration_belongs_to_the_opening(office: Office) -> None:
    enter(office, "BankTransactions", spend("11.00", Date="2026-04-30"))
    found = office.reconcile()
    assert found["others"] == []
    assert found["opening"]["accounts"] == ["090", "453", "820"]
    enter(office, "BankTransactions", spend("22.00", Date="2026-05-01"))
    assert [a for _, a, _ in listed(office.reconcile())] == ["22.00"]


def test_as_at_a_day_before_some_of_them(office: Office) -> None:
    for day in ("2026-05-05", "2026-05-06", "2026-05-07"):
        enter(office, "BankTransactions", spend("11.00", Date=day))
    assert len(explained(office, "--as-at", "2026-05-06")["others"]) == 2
    assert len(explained(office)["others"]) == 3
    # By default as at the last document: what comes later stands in no trial balance yet.
    enter(office, "BankTransactions", spend("11.00", Date="2026-05-21"))
    assert len(explained(office)["others"]) == 3
    assert len(explained(office, "--as-at", "2026-05-21")["others"]) == 4


def test_a_payment_by_hand_after_the_day_that_was_asked_for(office: Office) -> None:
    (ours,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    enter(office, "Payments", paying(ours["InvoiceID"], "5.00", Date="2026-05-30"))
    assert len(office.reconcile()["by_hand"]) == 1
    assert explained(office, "--as-at", "2026-05-29")["by_hand"] == []
    assert len(office.reconcile("--as-at", "2026-05-30")["by_hand"]) == 1


@pytest.mark.parametrize(
    ("endpoint", "element", "touched"),
    [
        ("BankTransactions", spend("11.00", bank="092"), ["092"]),
        ("BankTransactions", spend(LineItems=[item("5.00", "870", "BASEXCLUDED")]), ["870"]),
        ("BankTransactions", spend(LineItems=[item("5.00", "650", "BASEXCLUDED")]), ["650"]),
        ("ManualJournals", journal(("870", "7.00"), ("870", "-7.00")), ["870"]),
        (
            "BankTransfers",
            {"FromBankAccount": {"Code": "093"}, "ToBankAccount": {"Code": "090"},
             "Amount": "9.00", "Date": DAY},
            ["093"],
        ),
    ],
)  # fmt: skip
def test_trust_money_must_not_be_moved_by_others(
    office: Office, endpoint: str, element: object, touched: list[str]
) -> None:
    id = enter(office, endpoint, element)
    found = office.reconcile()
    assert differing(found) == {}
    assert [o["trust"] for o in found["others"]] == [touched]
    assert found["verdict"] == "does_not_agree"
    text = said(office)
    assert f"moves trust money (account {touched[0]}) past the trust ledger" in text
    assert f"others moved trust money: {endpoint} {id} of {DAY} (section 8)" in text
    assert office.run("reconcile").exit_code == 1


def test_a_payment_from_the_trust_bank_on_an_invoice_of_others(office: Office) -> None:
    invoice = enter(office, "Invoices", bill("T-1", kind="ACCREC"))
    id = enter(office, "Payments", paying(invoice, "1.00", Account={"Code": "092"}))
    found = office.reconcile()
    assert [o["xero_id"] for o in found["others"] if o["trust"]] == [id]
    assert found["verdict"] == "does_not_agree"


def test_a_difference_beside_the_entries_of_others_still_shows(office: Office) -> None:
    enter(office, "BankTransactions", spend("110.00"))
    ((journal, account),) = office.xero_sql(
        "SELECT p.journal, p.account_id FROM posting p JOIN journal j ON j.seq = p.journal "
        "WHERE j.source_type = 'SPEND' ORDER BY j.seq DESC LIMIT 1"
    )
    office.xero_sql(
        "UPDATE posting SET cents = cents + 1 WHERE journal = ? AND account_id = ?",
        journal, account,
    )  # fmt: skip
    found = office.reconcile()
    assert differing(found) == {"090": "0.01"}
    assert "does not agree as at 2026-05-20: account 090 differ" in said(office)


def test_an_account_that_came_to_xero_after_the_snapshot(office: Office) -> None:
    new = {"Code": "499X", "Name": "Staff drinks", "Type": "EXPENSE", "TaxType": "INPUT"}
    office.user_calls("PUT", "/Accounts", new)
    enter(office, "BankTransactions", spend(LineItems=[item("110.00", "499X", "INPUT")]))
    found = explained(office)
    (line,) = (a for a in found["accounts"] if a["code"] == "499X")
    assert (line["name"], line["others"], line["xero"]) == ("Staff drinks", "100.00", "100.00")


def test_last_years_entries_of_others_stand_in_retained_earnings(office: Office) -> None:
    enter(office, "BankTransactions", spend("110.00", Date="2026-06-30"))
    enter(office, "BankTransactions", spend("11.00", Date="2026-07-01"))
    found = explained(office, "--as-at", "2026-07-31")
    assert lines(found, "others") == {
        "090": Decimal("-121.00"), "820": Decimal("11.00"), "453": Decimal("10.00"),
        "960": Decimal("100.00"),
    }  # fmt: skip


# Of each sort of call that the month makes one.
CONTRACTS = (
    "put.Invoices", "put.CreditNotes", "put.CreditNotes.Allocations", "put.Payments",
    "put.BatchPayments", "put.BankTransactions", "put.BankTransfers", "put.ManualJournals",
    "post.Payments",
)  # fmt: skip


def test_a_document_whose_outcome_is_unknown_is_nobody_elses(office: Office) -> None:
    """The call was carried out, its answer was lost; the next push finds it."""
    office.sql(
        "UPDATE requests SET state = 'unknown', xero_id = NULL WHERE id = 'AU-0083/withdrawal'"
    )
    office.sql("DELETE FROM links WHERE transaction_id = 'AU-0083'")
    found = office.reconcile()
    assert found["others"] == []
    assert "090" in differing(found)
    assert found["verdict"] == "does_not_agree"


def test_whatever_is_unknown_reconcile_comes_to_an_end(office: Office) -> None:
    office.push(*month().values())
    for contract in CONTRACTS:
        (first,) = office.sql("SELECT min(id) FROM requests WHERE contract = ?", contract)
        assert first[0] is not None, contract
        office.sql("DELETE FROM links WHERE request = ?", *first)
        office.sql("UPDATE requests SET state = 'unknown', xero_id = NULL WHERE id = ?", *first)
        assert office.reconcile()["verdict"] == "does_not_agree", contract


def test_a_trial_balance_of_practice_management_knows_nothing_of_others(
    office: Office, tmp_path: Path
) -> None:
    rows = [f"{code},{amount}" for code, amount in lines(office.reconcile(), "pm").items()]
    file = tmp_path / "pm.csv"
    file.write_text("\n".join(["code,balance", *rows]), encoding="utf-8")
    enter(office, "BankTransactions", spend("110.00"))
    explained(office, "--pm-trial-balance", str(file))


def printed(office: Office, width: int) -> list[str]:
    out = StringIO()
    place = Target(office.organisation, None, (), str(office.database), None, office.sandbox_file)
    with connect(place) as connection:
        print_reconciliation(Console(file=out, width=width), run(connection, None, None), "AUD")
    return out.getvalue().splitlines()


def test_twenty_are_shown_and_the_rest_counted(office: Office) -> None:
    enter(office, "BankTransactions", *(spend(f"{n}.00") for n in range(1, 24)))
    enter(office, "BankTransactions", spend("24.00", bank="092", Date="2026-05-15"))
    text = "\n".join(printed(office, 200))
    assert text.count("  2026-05-1") == 20
    assert "  … and 4 more (--format json has them all)" in text
    assert "24 × BankTransactions, 300.00 AUD" in text
    # The one that decides the verdict is shown although it is the last.
    assert "moves trust money (account 092)" in text
    assert len(office.reconcile()["others"]) == 24


def test_amounts_are_whole_at_eighty_columns(tmp_path: Path) -> None:
    def longer(snapshot: Snapshot) -> None:
        account(snapshot, "453")["Name"] = "Office Expenses and everything like it"

    office = firm(tmp_path, longer)
    assert (
        office.push(dated("AU-0083", "2026-05-06"), dated("AU-0002", "2026-05-06")).exit_code == 0
    )
    enter(office, "BankTransactions", spend("1234567.89", Date="2026-05-06"))
    shown = printed(office, 80)
    # The verdict at the end is one line for programs.
    *tables, _ = shown
    assert max(map(len, tables)) <= 80
    head = next(n for n, line in enumerate(shown) if "others" in line)
    table = "\n".join(shown[head - 1 : head + 14])
    for word in ("rounding", "others", "difference", "-1,234,567.89", "1,122,334.45", "sum"):
        assert word in table, table
    assert all(word in table for word in ("Expenses and", "everything", "like it"))
