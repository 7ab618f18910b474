"""Input and outbox that cannot be trusted: what is told, and what is never sent because of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.support.office import Doc, Office, month, paying, revised


@pytest.fixture(scope="module")
def docs() -> dict[str, Doc]:
    return month()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_held_document_that_was_edited_in_the_outbox_stops_the_push(
    office: Office, docs: dict[str, Doc]
) -> None:
    bill = docs["AU-0016"] | {"status": "draft"}
    office.push(bill, paying(docs["AU-0038"], "AU-0016", "20.00"))
    office.sql(
        "UPDATE transactions SET document = CAST(replace(CAST(document AS TEXT), ?, ?) AS BLOB)"
        " WHERE id = ?",
        "20.00", "99.99", "AU-0038",
    )  # fmt: skip
    result = office.push(revised(docs["AU-0016"]))
    assert result.exit_code == 2
    assert "PE111" in result.stderr and "AU-0038" in result.stderr
    assert office.in_xero("Payments") == []


def test_a_refused_document_with_other_content_is_told_and_stops_nothing(
    office: Office, docs: dict[str, Doc]
) -> None:
    wrong = docs["AU-0016"] | {"id": "R-1", "number": "R-1", "currency": "USD"}
    office.push(wrong)
    report = office.report(wrong | {"currency": "AUD"}, docs["AU-0018"])
    assert report["sent"]["confirmed"] == 1
    told = office.push(wrong | {"currency": "AUD"})
    assert "conflicting_content" in told.stdout
    assert told.exit_code == 1


def test_a_refused_document_that_stands_twice_counts_once(
    office: Office, docs: dict[str, Doc]
) -> None:
    wrong = docs["AU-0016"] | {"id": "R-1", "number": "R-1", "currency": "USD"}
    report = office.report(wrong, wrong)
    assert (report["needs_attention"], report["known"]) == (1, 1)


def test_money_of_another_currency_is_not_added_up(office: Office, docs: dict[str, Doc]) -> None:
    wrong = docs["AU-0016"] | {"id": "R-1", "number": "R-1", "currency": "USD"}
    office.push(wrong, docs["AU-0018"])
    (group,) = office.reconcile()["unsupported"]
    assert (group["cause"], group["money"]) == ("multi_currency_not_supported", "0.00")


def work(office: Office) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(io.StringIO(office.run("manual-work", "--format", "csv").stdout))
    return {row["id"]: row for row in rows}


def test_what_must_be_corrected_is_no_manual_work_whatever_else_is_wrong(
    office: Office, docs: dict[str, Doc]
) -> None:
    early = docs["AU-0016"] | {"id": "E-1", "number": "E-1", "date": "2026-03-02"}
    torn = early | {"id": "E-2", "number": "E-2"}
    torn["totals"] = torn["totals"] | {"gross": "1.00"}
    office.push(early, torn)
    assert set(work(office)) == {"E-1"}


def test_of_a_changed_paid_bill_only_the_difference_is_to_be_entered(
    office: Office, docs: dict[str, Doc]
) -> None:
    bill = docs["AU-0012"]
    gross = bill["totals"]["gross"]
    pay = {
        **docs["AU-0040"],
        "id": "PAY-1",
        "amount": gross,
        "allocations": [{"document_id": "AU-0012", "amount": gross}],
    }
    office.push(bill, pay)
    line = bill["lines"][0]
    more = {
        **bill,
        "revision": 2,
        "lines": [*bill["lines"], line | {"net": "100.00", "tax": "10.00"}],
        "totals": {
            name: f"{float(bill['totals'][name]) + plus:.2f}"
            for name, plus in (("net", 100), ("tax", 10), ("gross", 110))
        },
    }
    office.push(more)
    row = work(office)["AU-0012"]
    assert row["amount"] == "110.00"
    assert "debit 610 110.00" in row["journal"]
    text = office.run("manual-work").stdout
    assert "difference 110.00" in text


def test_an_id_of_xero_that_belongs_to_another_document_is_refused(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.push(docs["AU-0016"], docs["AU-0028"])
    (invoice,) = office.in_xero("Invoices")
    result = office.run(
        "resolve", "AU-0028", "--as-done-in-xero", invoice["InvoiceID"], "--reason", "by hand"
    )
    assert result.exit_code == 2
    assert "PU914" in result.stderr and "AU-0016" in result.stderr
