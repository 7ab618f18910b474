"""Pushes as an operator runs them: again, more of them, refused ones, and what people decide."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from decimal import Decimal

from tests.support.office import EXAMPLES, Doc, Office, paying, revised

MONTH = EXAMPLES / "au" / "month.jsonl"

# Something that was refused is not in Xero.
FOR_XERO = "agrees_for_what_is_in_xero"


def refused(office: Office, docs: dict[str, Doc]) -> None:
    """A bill that Xero refuses for an archived account, and a payment that waits for it."""
    office.archive("200")
    office.push(docs["AU-0016"], paying(docs["AU-0038"], "AU-0016", "2000.00"))


def states(office: Office) -> dict[str, str]:
    return dict(office.sql("SELECT id, state FROM requests WHERE current"))


def test_second_push_of_a_month_sends_nothing(office: Office) -> None:
    first = json.loads(office.run("push", MONTH, "--format", "json").stdout)
    assert (first["sent"]["confirmed"], first["sent"]["rejected"]) == (89, 0)
    invoices = office.in_xero("Invoices")
    again = json.loads(office.run("push", MONTH, "--format", "json").stdout)
    assert (again["sent"]["confirmed"], again["sent"]["calls"]) == (0, 0)
    assert office.in_xero("Invoices") == invoices
    assert office.reconcile()["verdict"] == FOR_XERO


def test_next_month_pays_the_bills_of_the_first(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0016"], docs["AU-0017"])
    later = {"date": "2026-06-02", "posted_at": "2026-06-02T00:00:00Z"}
    june = paying(docs["AU-0038"], "AU-0016", "4672.98") | {"id": "JUN-1"} | later
    part = paying(docs["AU-0038"], "AU-0017", "1000.00") | {"id": "JUN-2"} | later
    assert office.push(june, part).exit_code == 0
    due = {i["InvoiceNumber"]: i["AmountDue"] for i in office.in_xero("Invoices")}
    assert due == {"INV-3007": Decimal("0.00"), "INV-3008": Decimal("2097.40")}
    assert office.reconcile()["agrees"]


def test_malformed_records_never_stop_a_push(office: Office, docs: dict[str, Doc]) -> None:
    lines = ["{no json", json.dumps({"kind": "client_bil"}), json.dumps(docs["AU-0016"]), "7"]
    result = office.run("push", "-", stdin="\n".join(lines))
    assert result.exit_code == 1
    assert len(office.in_xero("Invoices")) == 1
    assert 'did you mean "client_bill"?' in " ".join(result.stdout.split())
    assert office.status()["decisions"] == {"post": 1}


def test_array_that_breaks_off_is_told_after_what_was_sent(
    office: Office, docs: dict[str, Doc]
) -> None:
    text = "[" + json.dumps(docs["AU-0016"]) + ',\n{"kind'
    result = office.run("push", "-", stdin=text)
    assert result.exit_code == 2
    assert "PI802" in result.stderr
    assert len(office.in_xero("Invoices")) == 1


def test_refused_document_is_told_with_its_money(office: Office, docs: dict[str, Doc]) -> None:
    refused(office, docs)
    assert states(office) == {"AU-0016/invoice": "rejected", "AU-0038/payment": "blocked"}
    result = office.run("status")
    assert result.exit_code == 1
    assert "1 document refused by Xero (account_archived), 4,672.98 AUD" in result.stdout
    assert "1 document blocked by AU-0016/invoice, 2,000.00 AUD" in result.stdout
    told = office.status()["stuck"]
    assert [(s["state"], s["money"], s["transactions"]) for s in told] == [
        ("rejected", "4672.98", ["AU-0016"]), ("blocked", "2000.00", ["AU-0038"]),
    ]  # fmt: skip
    plan = office.run("plan")
    assert plan.exit_code == 1
    assert "1 request rejected (account_archived)" in plan.stdout
    assert "1 request blocked by AU-0016/invoice" in plan.stdout


def test_resend_after_the_cause_is_gone_posts_everything(
    office: Office, docs: dict[str, Doc]
) -> None:
    refused(office, docs)
    office.restore("200")
    assert office.push().exit_code == 0
    assert office.in_xero("Invoices") == []
    result = office.run("resend", "AU-0016", "--reason", "account restored", "--who", "Bea")
    assert result.stdout == "looked up, then sent: AU-0016/invoice\nplanned: AU-0038/payment\n"
    assert office.push().exit_code == 0
    assert set(states(office).values()) == {"confirmed"}
    assert office.run("status").exit_code == 0
    assert office.reconcile()["agrees"]
    assert office.sql("SELECT who, what, transaction_id, why FROM human_actions") == [
        ("Bea", "resend", "AU-0016", "account restored")
    ]


def test_lock_date_that_moved_after_the_decision(office: Office, docs: dict[str, Doc]) -> None:
    with office.xero() as xero:
        xero.set_lock_dates(period=date(2026, 5, 31))
    assert office.push(docs["AU-0016"], docs["AU-0017"]).exit_code == 1
    (stuck,) = office.status()["stuck"]
    assert (stuck["state"], stuck["money"]) == ("rejected", "7770.38")
    with office.xero() as xero:
        xero.set_lock_dates()
    for id in ("AU-0016", "AU-0017"):
        office.run("resend", id, "--reason", "lock date moved back")
    assert office.push().exit_code == 0
    assert office.reconcile()["agrees"]


def test_skip_cascades_and_hold_waits(office: Office, docs: dict[str, Doc]) -> None:
    refused(office, docs)
    office.restore("200")
    result = office.run("hold", "AU-0016", "--reason", "client disputes it")
    assert result.stdout.startswith("held: AU-0016/invoice\n")
    office.push()
    assert states(office) == {"AU-0016/invoice": "held", "AU-0038/payment": "blocked"}
    assert "held by a person (hold)" in office.run("status").stdout
    office.run("skip", "AU-0016", "--reason", "entered twice")
    office.push()
    assert states(office) == {"AU-0016/invoice": "skipped", "AU-0038/payment": "blocked"}
    assert office.in_xero("Invoices") == []
    office.run("resend", "AU-0016", "--reason", "it was not")
    office.push()
    assert set(states(office).values()) == {"confirmed"}


def test_refused_document_that_was_entered_by_hand(office: Office, docs: dict[str, Doc]) -> None:
    refused(office, docs)
    office.restore("200")
    line = {"Description": "x", "Quantity": 1, "AccountCode": "200", "TaxType": "OUTPUT"}
    lines = [
        {**line, "UnitAmount": 4160.10},
        {**line, "UnitAmount": 88.05, "AccountCode": "215", "TaxAmount": 8.81},
    ]
    lines[0]["TaxAmount"] = 416.02
    client = docs["AU-0016"]["participant"]
    contact = {"ContactNumber": client["id"], "Name": client["display_name"]}
    invoice = {
        "Type": "ACCREC", "Status": "AUTHORISED", "Contact": contact,
        "Date": "2026-05-06", "DueDate": "2026-06-05", "InvoiceNumber": "INV-3007",
        "LineAmountTypes": "Exclusive", "LineItems": lines,
    }  # fmt: skip
    office.user_calls("PUT", "/Invoices", {"Invoices": [invoice]})
    (made,) = office.in_xero("Invoices")
    result = office.run(
        "resolve", "AU-0016", "--as-done-in-xero", made["InvoiceID"], "--reason", "by hand"
    )
    assert result.stdout == "confirmed: AU-0016/invoice\nplanned: AU-0038/payment\n"
    assert office.push().exit_code == 0
    (payment,) = office.in_xero("Payments")
    assert payment["Invoice"]["InvoiceID"] == made["InvoiceID"]
    assert office.reconcile()["agrees"]


def test_document_that_waits_for_another_follows_it(office: Office, docs: dict[str, Doc]) -> None:
    bill = docs["AU-0016"] | {"status": "draft"}
    payment = paying(docs["AU-0038"], "AU-0016", "2000.00")
    assert office.push(bill, payment).exit_code == 1
    (waiting,) = office.status()["stuck"]
    assert (waiting["state"], waiting["cause"]) == ("waiting", "waiting_for_document")
    assert office.push(revised(bill, status="posted")).exit_code == 0
    assert len(office.in_xero("Payments")) == 1
    assert office.reconcile()["agrees"]


def test_locks_name_everything_that_is_in_xero(office: Office, docs: dict[str, Doc]) -> None:
    file = office.folder / "locks.json"
    office.push(docs["AU-0016"], docs["AU-0001"], args=("--locks", file))
    locks = json.loads(file.read_text(encoding="utf-8"))
    (invoice,) = office.in_xero("Invoices")
    assert locks == {
        "spec": 1,
        "organisation": "bellbird-legal",
        "lock": [
            {
                "id": "AU-0016", "revision": 1, "locked": True,
                "xero": {"InvoiceID": invoice["InvoiceID"]},
            }
        ],
    }  # fmt: skip


def test_locks_follow_the_revision(office: Office, docs: dict[str, Doc]) -> None:
    file = office.folder / "locks.json"
    office.push(docs["AU-0016"])
    office.push(revised(docs["AU-0016"], memo="changed"), args=("--locks", file))
    (lock,) = json.loads(file.read_text(encoding="utf-8"))["lock"]
    assert (lock["id"], lock["revision"]) == ("AU-0016", 2)


def test_pre_integration_is_refused_until_it_is_saved_again(
    office: Office, docs: dict[str, Doc]
) -> None:
    old, payment = docs["AU-0001"], docs["AU-0039"]
    result = office.push(old, payment)
    words = " ".join(result.stdout.split())
    assert "pre_integration" in words
    assert "put back to draft and saved again" in words
    # The three ways for an invoice that is partly paid.
    assert (
        "take the payments off that document, put it back to draft, save it again and pay" in words
    )
    assert "save it again in Practice Management when nothing is paid yet" in words
    assert "or enter this transaction in Xero by hand" in words
    again = revised(old, posted_at="2026-05-08T00:00:00Z")
    assert office.push(again, payment).exit_code == 0
    assert len(office.in_xero("Invoices")) == len(office.in_xero("Payments")) == 1
    assert office.reconcile()["agrees"]


def test_status_tells_what_rules_refused_and_what_people_decided(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.push(docs["AU-0016"], docs["AU-0086"], {**docs["AU-0086"], "id": "AU-0086B"})
    word = ("--reason", "entered twice", "--who", "kim")
    assert (
        "as rules reject it (not_supported.bank_transfer)"
        in office.run("skip", "AU-0086", *word).stderr
    )
    assert "as nothing of it waits to be sent" in office.run("hold", "AU-0016", *word).stderr
    told = office.status()
    assert told["refused"] == [
        {"code": "not_supported.bank_transfer", "documents": 2, "by_hand": 2, "money": "24000.00",
         "counts": "missing", "foreign": []}
    ]  # fmt: skip
    assert told["money"] == {"post": "4672.98", "reject": "24000.00"}
    assert [(p["who"], p["what"], p["transaction"], p["why"]) for p in told["people"]] == [
        ("kim", "hold", "AU-0016", "entered twice"), ("kim", "skip", "AU-0086", "entered twice"),
    ]  # fmt: skip
    shown = office.run("status").stdout
    assert "not_supported.bank_transfer  2  24,000.00  not in Xero" in shown
    assert "to be entered by hand: 2, see pm2xero manual-work" in shown
    assert "kim  hold AU-0016: entered twice" in shown
    assert "Xero last answered at" in shown


def test_money_in_another_currency_is_not_added_up(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0020"], docs["AU-0086"])
    assert docs["AU-0020"]["currency"] == "USD"
    assert office.status()["money"] == {"reject": "12000.00"}


def test_machines_are_told_each_document_that_needs_attention(
    office: Office, docs: dict[str, Doc]
) -> None:
    broken = {**docs["AU-0017"], "totals": None}
    told = office.report(docs["AU-0020"], broken)["attention"]
    assert [(d["id"], d["outcome"]) for d in told] == [("AU-0017", "reject"), ("AU-0020", "reject")]


def test_requests_of_a_push_that_was_cut_off_are_told(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0016"])
    with sqlite3.connect(office.database) as database:
        database.execute("UPDATE requests SET state = 'sent'")
    result = office.run("status")
    assert result.exit_code == 1
    assert "1 document on the way to Xero when this was asked (no answer yet)" in result.stdout
    assert "push again" in result.stdout


def test_reversals_to_enter_by_hand_are_work_like_others(
    office: Office, docs: dict[str, Doc]
) -> None:
    transfer = docs["AU-0086"]
    back = {**transfer, "id": "AU-0086R", "amount": "-12000.00", "reversal_of": "AU-0086"}
    found = office.push(transfer, back)
    assert "2 to be entered in Xero by hand, 24,000.00 AUD in all" in found.stdout
    assert "in Xero by hand, 24,000.00 AUD" in office.run("manual-work").stdout
    abroad = office.push(docs["AU-0020"])
    assert "1 to be entered in Xero by hand\n" in abroad.stdout
