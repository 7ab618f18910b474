"""A receipt that is one overpayment in Xero: what may change of it, and what a person changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.office import Doc, Office, firm_of, revised

ANEW = {"unpaid": "delete_and_recreate", "paid": "delete_and_recreate", "voided": "delete"}
VOIDED = {"status": "voided", "voided_at": "2026-05-30T00:00:00Z"}


def office_with(folder: Path, **firm: Any) -> Office:
    """The example firm that wants one entry, with a layer of its own."""
    return Office(folder, firm_of(folder, settings={"overpayments": "one_entry"}, **firm))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return office_with(tmp_path)


def stands(office: Office) -> list[tuple[str, list[str]]]:
    """Each overpayment's total, and the amounts that are applied of it."""
    found = office.in_xero("Overpayments")
    return [(str(o["Total"]), [str(a["Amount"]) for a in o["Allocations"]]) for o in found]


def test_what_it_is_applied_to_may_change_in_every_way(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    assert stands(office) == [("5000.00", ["4000.00"])]
    part = {"document_id": bill["id"]}
    for number, amounts in enumerate((["4672.98"], [], ["10.00"]), 2):
        allocations = [{**part, "amount": amount} for amount in amounts]
        office.push({**receipt, "revision": number, "allocations": allocations})
        assert stands(office) == [("5000.00", amounts)]
        assert office.reconcile()["verdict"] == "agrees"


@pytest.mark.parametrize(
    "change", [{"amount": "5001.00"}, {"date": "2026-05-27"}, {"number": "R-77"}, VOIDED],
    ids=["amount", "date", "number", "void"],
)  # fmt: skip
@pytest.mark.parametrize("on_change", [None, ANEW], ids=["built_in", "anew"])
def test_the_entry_itself_is_changed_by_a_person_whatever_a_mapping_says(
    tmp_path: Path, bill: Doc, receipt: Doc, change: Doc, on_change: Doc | None
) -> None:
    layer = {"mappings": {"overpayment": {"on_change": on_change}}} if on_change else {}
    office = office_with(tmp_path, **layer)
    office.push(bill, receipt)
    office.push(revised(receipt, **change))
    assert stands(office) == [("5000.00", ["4000.00"])]
    assert [s["cause"] for s in office.status()["stuck"]] == ["needs_a_person"]
    assert office.reconcile()["verdict"] != "agrees"


def test_an_interrupted_push_finds_its_overpayment_again(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    """An outbox that was lost takes over the entry, and what is applied of it."""
    office.push(bill, receipt)
    office.database.unlink()
    office.push(bill, receipt)
    assert stands(office) == [("5000.00", ["4000.00"])]
    assert office.reconcile()["verdict"] == "agrees"
