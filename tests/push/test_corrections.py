"""What becomes of Xero when Practice Management changes a document that was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from tests.support.office import EXAMPLES, Doc, Office, paying, revised, with_lines

VOIDED = {"status": "voided", "voided_at": "2026-05-20T00:00:00Z"}


@pytest.fixture
def bill(docs: dict[str, Doc]) -> Doc:
    """INV-3007 of 4,672.98."""
    return docs["AU-0016"]


@pytest.fixture
def smaller(bill: Doc) -> Doc:
    """Its second revision, of 1,416.85."""
    return revised(with_lines(bill, "1000.00", "200.00", "88.05"))


@pytest.fixture
def payment(docs: dict[str, Doc]) -> Doc:
    return paying(docs["AU-0038"], "AU-0016", "2000.00")


def invoices(office: Office) -> list[tuple[str, str, str]]:
    found = office.in_xero("Invoices")
    return [(i["InvoiceNumber"], i["Status"], str(i["Total"])) for i in found]


def payments(office: Office) -> list[tuple[str, str]]:
    return [(p["Status"], str(p["Amount"])) for p in office.in_xero("Payments")]


def agrees(office: Office) -> bool:
    return bool(office.reconcile()["agrees"])


def test_unpaid_bill_is_updated_in_place(office: Office, bill: Doc, smaller: Doc) -> None:
    office.push(bill)
    assert office.push(smaller).exit_code == 0
    assert invoices(office) == [("INV-3007", "AUTHORISED", "1416.85")]
    assert agrees(office)
    third = revised(with_lines(smaller, "2000.00", "200.00", "88.05"))
    office.push(third)
    assert invoices(office) == [("INV-3007", "AUTHORISED", "2516.85")]
    assert agrees(office)


def test_updated_bill_is_voided_by_its_third_revision(
    office: Office, bill: Doc, smaller: Doc
) -> None:
    office.push(bill)
    office.push(smaller)
    office.push(revised(smaller, **VOIDED))
    assert invoices(office) == [("INV-3007", "VOIDED", "1416.85")]
    assert agrees(office)


def test_later_runs_know_what_is_due_by_the_new_revision(
    office: Office, bill: Doc, smaller: Doc, payment: Doc
) -> None:
    office.push(bill)
    office.push(smaller)
    too_much = office.report({**payment, "id": "P-1"})
    assert too_much["needs_attention"] == 1
    assert office.push({**paying(payment, "AU-0016", "1416.85"), "id": "P-2"}).exit_code == 0
    assert payments(office) == [("AUTHORISED", "1416.85")]


@pytest.mark.parametrize("first", ["payment", "bill"])
def test_a_bill_and_its_payment_voided_in_one_export_need_no_hand(
    office: Office, bill: Doc, payment: Doc, first: str
) -> None:
    office.push(bill, payment)
    times = {"payment": "2026-05-30T01:00:00Z", "bill": "2026-05-30T01:00:00Z"}
    times[first] = "2026-05-29T01:00:00Z"
    gone = [
        {**revised(bill, **VOIDED), "posted_at": times["bill"]},
        {**revised(payment, **VOIDED), "posted_at": times["payment"]},
    ]
    said = office.push(*gone)
    assert "needs_a_person" not in said.stdout
    work = json.loads(office.run("manual-work", "--format", "json").stdout)
    assert [w["id"] for w in work] == []
    office.push()
    assert {s for _, s, _ in invoices(office)} == {"VOIDED"}
    assert {s for s, _ in payments(office)} == {"DELETED"}
    assert agrees(office)


def test_paid_bill_needs_a_person(office: Office, bill: Doc, smaller: Doc, payment: Doc) -> None:
    office.push(bill, payment)
    result = office.push(smaller)
    assert result.exit_code == 1
    assert "something is paid on it" in " ".join(result.stdout.split())
    assert invoices(office) == [("INV-3007", "AUTHORISED", "4672.98")]
    found = office.reconcile()
    assert found["verdict"] == "does_not_agree"
    (behind,) = found["differing"]
    assert (behind["verdict"], behind["document"], behind["live"]) == (
        "behind", "1416.85", "4672.98",
    )  # fmt: skip
    assert [a["code"] for a in found["accounts"] if Decimal(str(a["difference"]))] == [
        "200", "610", "820",
    ]  # fmt: skip
    assert "AU-0016" in office.run("manual-work").stdout


def test_person_who_corrected_a_paid_bill_says_so(
    office: Office, bill: Doc, smaller: Doc, payment: Doc
) -> None:
    office.push(bill, payment)
    larger = revised(with_lines(bill, "4000.00", "1040.05", "88.05"))
    office.push(larger)
    invoice = office.in_xero("Invoices")[0]["InvoiceID"]
    resolve = ("resolve", "AU-0016", "--as-done-in-xero", invoice, "--reason", "done", "--who", "B")
    assert office.run(*resolve).exit_code == 0
    (wrong,) = office.reconcile()["changed_there"]
    assert wrong["verdict"] == "by_hand_otherwise"
    assert "account 200 5,040.05, there 4,160.10" in wrong["details"]
    assert office.sql("SELECT who, why FROM human_actions") == [("B", "done")]
    assert office.status()["stuck"] == []
    assert "AU-0016" not in office.run("manual-work").stdout


def test_payment_is_deleted_and_made_again(office: Office, bill: Doc, payment: Doc) -> None:
    office.push(bill, payment)
    office.push(revised(paying(payment, "AU-0016", "1500.00")))
    assert payments(office) == [("DELETED", "2000.00"), ("AUTHORISED", "1500.00")]
    assert agrees(office)
    office.push({**paying(payment, "AU-0016", "1600.00"), "revision": 3})
    assert payments(office)[1:] == [("DELETED", "1500.00"), ("AUTHORISED", "1600.00")]
    office.push({**paying(payment, "AU-0016", "1600.00"), "revision": 4, **VOIDED})
    assert [status for status, _ in payments(office)] == ["DELETED"] * 3
    assert agrees(office)
    assert office.in_xero("Invoices")[0]["AmountDue"] == Decimal("4672.98")


def test_bank_withdrawal_is_deleted_and_made_again(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0083"])
    changed = revised(with_lines(docs["AU-0083"], "60.00", rate="0"))
    office.push(changed)
    found = [(b["Status"], str(b["Total"])) for b in office.in_xero("BankTransactions")]
    assert found == [("DELETED", "53.40"), ("AUTHORISED", "60.00")]
    assert agrees(office)
    office.push(revised(changed, **VOIDED))
    assert [b["Status"] for b in office.in_xero("BankTransactions")] == ["DELETED", "DELETED"]
    assert agrees(office)


def test_voided_unpaid_bill_is_voided(office: Office, bill: Doc, payment: Doc) -> None:
    office.push(bill)
    office.push(revised(bill, **VOIDED))
    assert invoices(office) == [("INV-3007", "VOIDED", "4672.98")]
    assert agrees(office)
    late = office.push(payment)
    assert late.exit_code == 1
    assert "document_not_in_xero" in late.stdout


def test_voided_paid_bill_waits_until_nothing_is_paid_on_it(
    office: Office, bill: Doc, payment: Doc
) -> None:
    office.push(bill, payment)
    assert office.push(revised(bill, **VOIDED)).exit_code == 1
    found = office.reconcile()
    assert [c["verdict"] for c in found["voided_here"]] == ["voided_here"]
    assert found["verdict"] == "does_not_agree"
    office.push(revised(payment, **VOIDED))
    assert office.push().exit_code == 0
    assert invoices(office) == [("INV-3007", "VOIDED", "4672.98")]
    assert agrees(office)


def test_trust_entries_are_never_changed(office: Office, docs: dict[str, Doc]) -> None:
    office.push(*(docs[f"AU-00{n:02}"] for n in (6, 7, 8, 9, 10)), docs["AU-0059"])
    journals = office.in_xero("ManualJournals")
    result = office.push(revised(docs["AU-0059"], amount="1400.00"))
    assert result.exit_code == 1
    assert "never changed once it is there" in " ".join(result.stdout.split())
    assert office.in_xero("ManualJournals") == journals


def test_journal_is_voided_and_made_again_where_a_firm_says_so(
    tmp_path: Path, docs: dict[str, Doc]
) -> None:
    folder = tmp_path / "firm"
    folder.mkdir()
    firm = yaml.safe_load((EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8"))
    again = {"unpaid": "void_and_recreate", "paid": "void_and_recreate", "voided": "void"}
    firm["mappings"] = {"trust_journal": {"on_change": again}}
    (folder / "xero.json").write_bytes((EXAMPLES / "au" / "xero.json").read_bytes())
    (folder / "organisation.yaml").write_text(yaml.safe_dump(firm), encoding="utf-8")
    office = Office(tmp_path, folder / "organisation.yaml")
    office.push(*(docs[f"AU-00{n:02}"] for n in (6, 7, 8, 9, 10)), docs["AU-0059"])
    office.push(revised(docs["AU-0059"], amount="1400.00"))
    journals = office.in_xero("ManualJournals")
    assert [(j["Status"], j["JournalLines"][0]["LineAmount"]) for j in journals] == [
        ("VOIDED", Decimal("1500.00")), ("POSTED", Decimal("1400.00")),
    ]  # fmt: skip
    assert agrees(office)


def test_second_revision_takes_the_place_of_a_refused_first(
    office: Office, bill: Doc, smaller: Doc, payment: Doc
) -> None:
    office.archive("200")
    assert office.push(bill, paying(payment, "AU-0016", "100.00")).exit_code == 1
    office.restore("200")
    assert office.push(smaller).exit_code == 0
    assert invoices(office) == [("INV-3007", "AUTHORISED", "1416.85")]
    assert payments(office) == [("AUTHORISED", "100.00")]
    assert agrees(office)


def test_voided_before_it_arrived_is_never_sent(office: Office, bill: Doc) -> None:
    office.archive("200")
    office.push(bill)
    office.restore("200")
    assert office.push(revised(bill, **VOIDED)).exit_code == 0
    assert office.in_xero("Invoices") == []
    assert office.status()["stuck"] == []
    assert agrees(office)


def test_second_revision_that_a_rule_refuses_leaves_the_first(
    office: Office, docs: dict[str, Doc]
) -> None:
    first = docs["AU-0025"]
    office.push(first)
    archived = [{**line, "gl_account": "6190"} for line in first["lines"]]
    result = office.push(revised(first, lines=archived))
    assert result.exit_code == 1
    assert "the new revision itself is refused" in " ".join(result.stdout.split())
    assert "account_archived" in result.stdout
    assert [s for _, s, _ in invoices(office)] == ["AUTHORISED"]
    assert not agrees(office)


def test_correction_that_xero_refuses_goes_once_its_cause_is_gone(
    office: Office, bill: Doc, smaller: Doc
) -> None:
    office.push(bill)
    office.archive("200")
    assert office.push(smaller).exit_code == 1
    found = office.reconcile()
    assert [c["verdict"] for c in found["differing"]] == ["behind"]
    office.restore("200")
    assert office.run("resend", "AU-0016", "--reason", "restored").exit_code == 0
    assert office.push().exit_code == 0
    assert invoices(office) == [("INV-3007", "AUTHORISED", "1416.85")]
    assert agrees(office)


def test_document_taken_back_to_draft_stays_as_it_is(office: Office, bill: Doc) -> None:
    office.push(bill)
    assert office.push(revised(bill, status="draft")).exit_code == 0
    assert invoices(office) == [("INV-3007", "AUTHORISED", "4672.98")]
    assert agrees(office)


def test_other_content_of_a_revision_that_waits_does_not_stop_a_push(
    office: Office, bill: Doc, payment: Doc, docs: dict[str, Doc]
) -> None:
    """A paid bill's second revision waits for a person; it comes again with other content."""
    office.push(bill, payment)
    office.push(revised(bill, memo="changed"))
    found = office.push(revised(bill, memo="changed otherwise"), docs["AU-0017"])
    assert found.exit_code == 1
    assert "[conflicting_content]" in found.stdout
    assert "1 request confirmed" in found.stdout
    assert office.push(revised(bill, memo="changed")).exit_code == 1
    assert office.push(revised(revised(bill))).exit_code == 1


def test_of_two_revisions_of_a_trust_entry_in_one_push_the_later_is_sent(
    office: Office, docs: dict[str, Doc]
) -> None:
    receipt = docs["AU-0006"]
    again = revised(receipt, memo="again")
    assert office.push(receipt, again).exit_code == 0
    assert len(office.in_xero("BankTransactions")) == 1
    assert office.reconcile()["agrees"]
    office.push(revised(again, memo="once more"))
    (waiting,) = office.status()["stuck"]
    assert waiting["cause"] == "needs_a_person"
    assert "AU-0006" in office.run("manual-work").stdout


def test_a_payment_beside_a_higher_revision_of_its_bill_is_decided_by_the_new_amount(
    office: Office, bill: Doc, docs: dict[str, Doc]
) -> None:
    less = revised(with_lines(bill, "100.00"))
    whole = paying(docs["AU-0038"], bill["id"], "4672.98")
    assert "exceeds_amount_due" in office.push(bill, less, whole).stdout
    assert office.push(paying(docs["AU-0038"], bill["id"], "110.00") | {"id": "P-2"}).exit_code == 0
    assert office.reconcile()["verdict"] == "agrees_for_what_is_in_xero"


def test_a_revision_that_comes_again_voided_is_a_conflict(office: Office, bill: Doc) -> None:
    office.push(bill)
    found = office.push(bill | VOIDED)
    assert (found.exit_code, "[conflicting_content]" in found.stdout) == (1, True)
    assert invoices(office) == [("INV-3007", "AUTHORISED", "4672.98")]


def test_an_older_revision_than_one_that_waits_does_not_stop_a_push(
    office: Office, bill: Doc, docs: dict[str, Doc]
) -> None:
    second = revised(bill, memo="two")
    unmapped = [{**line, "gl_account": "NOPE"} for line in bill["lines"]]
    third = revised(second, lines=unmapped)
    office.push(bill, second, third)
    found = office.report(bill, second, third, docs["AU-0017"])
    assert found["sent"]["confirmed"] == 1
    assert sorted(number for number, _, _ in invoices(office)) == ["INV-3007", "INV-3008"]


def test_what_waited_and_went_in_the_same_push_needs_no_attention(
    office: Office, bill: Doc, payment: Doc
) -> None:
    found = office.push(bill | {"status": "draft"}, payment, revised(bill))
    assert (found.exit_code, "hold" in found.stdout) == (0, False)
    assert "2 requests confirmed" in found.stdout


def test_a_payment_that_was_made_again_and_then_by_hand_can_be_reconciled(
    office: Office, bill: Doc, payment: Doc
) -> None:
    office.push(bill, payment)
    second = revised(paying(payment, "AU-0016", "1500.00"))
    office.push(second)
    office.push(revised(paying(second, "AU-0016", "99999.00")))
    hand = "0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    office.run("resolve", payment["id"], "--as-done-in-xero", hand, "--reason", "so")
    assert office.reconcile()["verdict"] == "does_not_agree"


def applied(office: Office) -> list[Decimal]:
    return [
        Decimal(str(a["Amount"]))
        for note in office.in_xero("CreditNotes")
        for a in note.get("Allocations") or ()
        if not a.get("IsDeleted")
    ]


Allocated = Callable[..., Doc]


@pytest.fixture
def of(docs: dict[str, Doc]) -> Allocated:
    """A credit allocation of these amounts to these bills."""

    def made(*amounts: tuple[str, str]) -> Doc:
        allocations = [{"document_id": i, "amount": a} for i, a in amounts]
        total = sum(Decimal(a) for _, a in amounts)
        return docs["AU-0075"] | {"amount": f"{total:.2f}", "allocations": allocations}

    return made


def test_allocations_that_an_earlier_version_sent_in_one_request_are_left_to_a_person(
    office: Office, bill: Doc, docs: dict[str, Doc], of: Allocated
) -> None:
    other = bill | {"id": "B-2", "number": "INV-B2"}
    office.push(bill, other, docs["AU-0074"], of(("AU-0016", "40.00"), ("B-2", "30.00")))
    rows = office.sql("SELECT id, element FROM requests WHERE transaction_id = 'AU-0075'")
    (kept, first), (dropped, second) = rows
    parts = [json.loads(text)["Allocations"][0] for text in (first, second)]
    whole = json.dumps({"Allocations": parts})
    office.sql("UPDATE requests SET id = 'AU-0075/allocation', step = 'allocation',"
               " slot = 'allocation', element = ? WHERE id = ?", whole, kept)  # fmt: skip
    office.sql("UPDATE links SET request = 'AU-0075/allocation' WHERE request = ?", kept)
    for table in ("links", "attempts", "request_needs"):
        office.sql(f"DELETE FROM {table} WHERE request = ?", dropped)
    office.sql("DELETE FROM requests WHERE id = ?", dropped)
    assert office.push(of(("AU-0016", "70.00")) | {"revision": 2}).exit_code == 1
    assert sorted(applied(office)) == [Decimal("30.00"), Decimal("40.00")]
    ((why,),) = office.sql("SELECT reasons FROM decisions WHERE id = 'AU-0075' AND latest")
    assert "several parts of it went there in one request" in why


def test_a_credit_allocation_that_is_changed_twice_and_voided_leaves_what_is_right(
    office: Office, bill: Doc, docs: dict[str, Doc], of: Allocated
) -> None:
    other = bill | {"id": "B-2", "number": "INV-B2"}
    office.push(bill, other, docs["AU-0074"], of(("AU-0016", "100.00")))
    assert applied(office) == [Decimal("100.00")]
    office.push(revised(of(("AU-0016", "60.00"))))
    assert applied(office) == [Decimal("60.00")]
    office.push(of(("AU-0016", "40.00"), ("B-2", "30.00")) | {"revision": 3})
    assert sorted(applied(office)) == [Decimal("30.00"), Decimal("40.00")]
    assert office.reconcile()["agrees"]
    assert office.push(of(("AU-0016", "70.00")) | VOIDED | {"revision": 4}).exit_code == 0
    assert applied(office) == []
    assert office.reconcile()["agrees"]
