"""`reconcile` over a real outbox and a real ledger: what agrees, and what exactly differs."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import Office, month, revised

from .conftest import IDS

Found = dict[str, Any]


def text(office: Office, *args: str | Path) -> str:
    return " ".join(office.run("reconcile", *args).stdout.split())


def differing_accounts(found: Found) -> dict[str, str]:
    return {a["code"]: a["difference"] for a in found["accounts"] if Decimal(a["difference"])}


def tamper(office: Office, request: str, old: str, new: str) -> None:
    """Change a sent body in the outbox."""
    ((element,),) = office.sql("SELECT element FROM requests WHERE id = ?", request)
    assert old in element
    office.sql("UPDATE requests SET element = ? WHERE id = ?", element.replace(old, new), request)


def test_agrees(office: Office) -> None:
    result = office.run("reconcile")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith(
        "agrees: both ledgers are equal to the cent as at 2026-05-20"
    )
    found = office.reconcile()
    assert (found["equal"]["count"], found["agrees"]) == (len(IDS), True)
    assert differing_accounts(found) == {}
    assert sum(Decimal(a["pm"]) for a in found["accounts"]) == 0


def test_tax_by_rate_adds_up_to_the_tax_account(office: Office) -> None:
    found = office.reconcile()
    (control,) = (c for c in found["controls"] if c["name"] == "Sales tax")
    assert len(found["taxes"]) == 3
    for side in ("pm", "xero", "rounding"):
        assert sum(Decimal(t[side]) for t in found["taxes"]) == Decimal(control[side])
    # The bank's charges: two lines of 0.50 that Xero taxes together with 0.99.
    assert [t["rounding"] for t in found["taxes"] if Decimal(t["rounding"])] == ["-0.01"]


def test_bill_edited_in_xero(office: Office) -> None:
    (bill,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    lines = [dict(line) for line in bill["LineItems"]]
    body = [
        {
            "LineItemID": line["LineItemID"], "Description": line["Description"], "Quantity": 1,
            "UnitAmount": float(line["LineAmount"]) - (60.1 if n == 0 else 0),
            "AccountCode": line["AccountCode"], "TaxType": line["TaxType"],
        }
        for n, line in enumerate(lines)
    ]  # fmt: skip
    office.user_calls(
        "POST", "/Invoices", {"Invoices": [{"InvoiceID": bill["InvoiceID"], "LineItems": body}]}
    )
    found = office.reconcile()
    (told,) = found["changed_there"]
    assert (told["transaction"], told["verdict"]) == ("AU-0016", "changed")
    assert "account 200 4,160.10, there 4,100.00" in told["details"]
    assert set(differing_accounts(found)) == {"200", "610", "820"}
    assert differing_accounts(found)["200"] == "60.10"
    assert office.run("reconcile").exit_code == 1
    assert "AU-0016/invoice of 2026-05-06: edited in Xero" in text(office)
    assert "does not agree as at 2026-05-20: accounts 200, 610, 820 differ; see section 6" in text(
        office
    )


def test_ledger_of_xero_changed_in_its_file(office: Office) -> None:
    ((journal, account),) = office.xero_sql(
        "SELECT p.journal, p.account_id FROM posting p JOIN account a ON a.id = p.account_id "
        "JOIN journal j ON j.seq = p.journal JOIN record r ON r.id = j.source_id "
        "WHERE r.number = 'INV-3007' AND a.body LIKE '%\"Code\":%\"200\"%' LIMIT 1"
    )
    office.xero_sql(
        "UPDATE posting SET cents = cents + 1 WHERE journal = ? AND account_id = ?",
        journal, account,
    )  # fmt: skip
    found = office.reconcile()
    assert found["verdict"] == "does_not_agree"
    assert differing_accounts(found) == {"200": "0.01"}
    assert "does not agree as at 2026-05-20: account 200 differ" in text(office)


def test_bill_voided_in_xero(office: Office) -> None:
    (bill,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    office.user_calls("POST", f"/Invoices/{bill['InvoiceID']}", {"Status": "VOIDED"})
    found = office.reconcile()
    assert [(c["transaction"], c["verdict"]) for c in found["changed_there"]] == [
        ("AU-0016", "gone")
    ]
    assert differing_accounts(found)["610"] == "-4672.98"
    assert "voided or deleted in Xero" in text(office)


def test_date_moved_in_xero(office: Office) -> None:
    (bill,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    change = {"InvoiceID": bill["InvoiceID"], "Date": "2026-05-09"}
    office.user_calls("POST", "/Invoices", {"Invoices": [change]})
    (told,) = office.reconcile()["changed_there"]
    assert told["details"] == ["date 2026-05-06, there 2026-05-09"]


def test_payment_entered_in_xero(office: Office) -> None:
    (bill,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    payment = {
        "Invoice": {"InvoiceID": bill["InvoiceID"]}, "Account": {"Code": "090"},
        "Date": "2026-05-12", "Amount": 250.5,
    }  # fmt: skip
    office.user_calls("PUT", "/Payments", payment)
    found = office.reconcile()
    (told,) = found["by_hand"]
    assert (told["transaction"], told["amount"], told["day"], told["where"]) == (
        "AU-0016", "250.50", "2026-05-12", "090",
    )  # fmt: skip
    assert differing_accounts(found) == {"090": "250.50", "610": "-250.50"}
    assert (
        "AU-0016: a payment of 250.50 AUD on 2026-05-12 through account 090 was entered in Xero, "
        "not sent from here" in text(office)
    )


def test_sent_amount_changed_in_the_outbox(office: Office) -> None:
    tamper(office, "AU-0038/payment", "2000.00", "2100.00")
    found = office.reconcile()
    (told,) = found["differing"]
    assert (told["request"], told["document"], told["sent"], told["live"]) == (
        "AU-0038/payment", "2000.00", "2100.00", "2000.00",
    )  # fmt: skip
    assert differing_accounts(found) == {}
    assert (
        "AU-0038/payment of 2026-05-08: what was sent is not what the document makes; Practice "
        "Management 2,000.00, sent 2,100.00, Xero 2,000.00" in text(office)
    )


def test_sent_account_changed_in_the_outbox(office: Office) -> None:
    tamper(office, "AU-0016/invoice", '"AccountCode":"215"', '"AccountCode":"210"')
    (told,) = office.reconcile()["differing"]
    assert told["details"] == ["account 210 0.00, there 88.05", "account 215 88.05, there 0.00"]


def test_sent_body_made_unreadable_in_the_outbox(office: Office) -> None:
    office.sql("UPDATE requests SET element = '{' WHERE id = 'AU-0016/invoice'")
    (told,) = office.reconcile()["differing"]
    assert (told["request"], told["sent"]) == ("AU-0016/invoice", "0.00")


def test_document_changed_in_the_outbox(office: Office) -> None:
    document = month()["AU-0038"]
    document = {**document, "amount": "2100.00"}
    document["allocations"] = [{"document_id": "AU-0003", "amount": "2100.00"}]
    office.sql("UPDATE transactions SET document = ? WHERE id = 'AU-0038'",
               json.dumps(document).encode())  # fmt: skip
    found = office.reconcile()
    assert found["tampered"] == [
        "AU-0038: the document in the outbox was changed after it was stored"
    ]
    assert found["verdict"] == "does_not_agree"
    # What was decided of it is kept, so both ledgers still say the same.
    assert (found["differing"], differing_accounts(found)) == ([], {})


def test_document_made_unreadable_in_the_outbox(office: Office) -> None:
    office.sql("UPDATE transactions SET document = ? WHERE id = 'AU-0038'", b"{")
    found = office.reconcile()
    assert found["tampered"] == ["AU-0038: the document in the outbox can no longer be read"]
    assert found["verdict"] == "does_not_agree"


def test_pending_documents_are_told_and_do_not_count(office: Office) -> None:
    office.archive("200")
    new = revised(month()["AU-0018"]) | {"revision": 1}
    office.push(new)
    found = office.reconcile()
    assert (found["verdict"], found["agrees"]) == ("agrees_for_what_is_in_xero", False)
    assert [(g["cause"], g["ids"], g["money"]) for g in found["missing"]] == [
        ("account_archived", ["AU-0018"], "1512.50")
    ]
    verdict = (
        "agrees for what is in Xero as at 2026-05-20: 1 document, 1,512.50 AUD is not in Xero "
        "(section 3)"
    )
    assert verdict in text(office)
    assert office.run("reconcile").exit_code == 1


def trial_balance(office: Office, folder: Path, **changes: str) -> Path:
    rows = ["code,debit,credit"]
    for line in office.reconcile()["accounts"]:
        amount = Decimal(changes.get(f"a{line['code']}", line["pm"]))
        rows.append(f'{line["code"]},"{max(amount, 0):,.2f}","{max(-amount, 0):,.2f}"')
    file = folder / "pm.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


def test_exported_trial_balance_in_place_of_postings(office: Office, tmp_path: Path) -> None:
    file = trial_balance(office, tmp_path)
    assert office.run("reconcile", "--pm-trial-balance", file).exit_code == 0
    other = trial_balance(office, tmp_path, a090="1.00")
    found = office.reconcile("--pm-trial-balance", other)
    assert set(differing_accounts(found)) == {"090"}
    assert found["verdict"] == "does_not_agree"


@pytest.mark.parametrize(
    ("content", "code"),
    [("code,debit,credit\n200,ten,0\n", "PI803"), ("account;amount\n200;1\n", "PI803"),
     ("code,debit,credit\nBA-OFFICE,1.00,0\n4000,0,1.00\n", "PI806"), (None, "PI801")],
)  # fmt: skip
def test_wrong_trial_balance_is_told(
    office: Office, tmp_path: Path, content: str | None, code: str
) -> None:
    file = tmp_path / "pm.csv"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    result = office.run("reconcile", "--pm-trial-balance", file)
    assert result.exit_code == 2
    assert code in result.stderr


def test_as_at_an_earlier_day_leaves_what_came_later_out_on_both_sides(office: Office) -> None:
    found, whole = office.reconcile("--as-at", "2026-05-06"), office.reconcile()
    assert found["agrees"], differing_accounts(found)
    assert 0 < found["equal"]["count"] < whole["equal"]["count"]


def test_push_goes_on_beside_a_document_that_cannot_be_read(office: Office) -> None:
    office.sql("UPDATE transactions SET document = ? WHERE id = 'AU-0038'", b"{")
    assert office.push(month()["AU-0018"]).exit_code == 0
    assert len(office.in_xero("Invoices")) == 6
