"""The judge finds what is planted in a ledger that was right, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from pm2xero.sandbox import Limits, Unkindness
from tests.simulation import desk
from tests.simulation.acts import ACTS
from tests.simulation.firm import knowledge
from tests.simulation.judge import Hands, Judgement, Told, judge
from tests.simulation.life import FAULTS
from tests.simulation.months import month
from tests.simulation.trouble import Clock, Trouble
from tests.simulation.world import World

REGION = "uk"  # its month has reversals of every sort


class Ledger:
    """A month that was pushed without trouble, to be broken on purpose."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, REGION, Trouble(random.Random(0), Clock()), Limits.none())
        # Rules that keep a hand from breaking things are lifted.
        self.world.sandbox.mishaps.rules = Unkindness.kind()
        while self.world.push(month(REGION)).confirmed:
            pass
        self.told, _ = desk.told(self.world, {d["id"] for d in month(REGION)})

    def judged(self, hands: Hands | None = None, told: Told | None = None) -> Judgement:
        firm = knowledge(REGION).firm
        return judge(self.world.sandbox, month(REGION), told or self.told, hands or Hands(), firm)

    def first(self, endpoint: str, **wanted: Any) -> dict[str, Any]:
        """The first live element that has these values."""
        for found in self.world.sandbox.documents(endpoint):
            is_alive = found["Status"] in ("AUTHORISED", "PAID", "POSTED")
            if is_alive and all(found.get(n) == v for n, v in wanted.items()):
                return dict(found)
        raise LookupError(endpoint)

    def sql(self, statement: str, *values: object) -> None:
        self.world.sandbox._store.execute(statement, values)

    def again(self, endpoint: str, id_name: str, **changes: Any) -> None:
        """Put the first one into the ledger a second time, with these changes of its row."""
        types = {"BankTransactions": {"Type": "RECEIVE"}}
        found = self.first(endpoint, **types.get(endpoint, {}))
        names = (
            "endpoint, type, status, date, due_date, number, reference, label, contact_id,"
            " account_id, target_id, source_id, group_id, total, remaining, updated, body"
        )
        self.sql(
            f"INSERT INTO record (id, {names}) SELECT 'copy', {names} FROM record WHERE id = ?",
            str(found[id_name]),
        )
        for name, value in changes.items():
            self.sql(f"UPDATE record SET {name} = ? WHERE id = 'copy'", value)

    def set(self, id: str, **changes: object) -> None:
        for name, value in changes.items():
            self.sql(f"UPDATE record SET {name} = ? WHERE id = ?", value, id)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    made = Ledger(tmp_path_factory.mktemp("firm"))
    yield made
    made.world.close()


@pytest.fixture
def ledger(pushed: Ledger) -> Iterator[Ledger]:
    """The ledger, as it was again afterwards."""
    pushed.sql("SAVEPOINT planted")
    yield pushed
    pushed.sql("ROLLBACK TO planted")
    pushed.sql("RELEASE planted")
    assert pushed.judged().is_fine


def only(judgement: Judgement, name: str) -> tuple[str, ...]:
    """What was found of one sort, when nothing of another was."""
    found: tuple[str, ...] = getattr(judgement, name)
    assert replace(judgement, **{name: ()}) == Judgement()
    return found


def test_a_month_without_trouble_is_right(ledger: Ledger) -> None:
    assert ledger.judged() == Judgement()
    assert len(ledger.told.posted) > 50


TWICE = [
    ("Invoices", "InvoiceID"),
    ("CreditNotes", "CreditNoteID"),
    ("Payments", "PaymentID"),
    ("BankTransactions", "BankTransactionID"),
    ("BankTransfers", "BankTransferID"),
    ("ManualJournals", "ManualJournalID"),
]


@pytest.mark.parametrize(("endpoint", "id_name"), TWICE)
def test_what_stands_twice_is_a_double(ledger: Ledger, endpoint: str, id_name: str) -> None:
    ledger.again(endpoint, id_name)
    (found,) = only(ledger.judged(), "doubles")
    assert "copy" in found


def test_a_double_is_found_under_another_number_amount_or_party(ledger: Ledger) -> None:
    first = ledger.first("Invoices")
    ledger.again("Invoices", "InvoiceID", number=f"{first['InvoiceNumber']}-2", total=5)
    assert len(only(ledger.judged(), "doubles")) == 1


def test_a_payment_twice_is_found_without_its_reference(ledger: Ledger) -> None:
    ledger.again("Payments", "PaymentID", reference=None)
    assert len(only(ledger.judged(), "doubles")) == 1


def test_an_allocation_twice_is_a_double(ledger: Ledger) -> None:
    (used, *_) = next(d["Allocations"] for d in ledger.world.sandbox.documents("CreditNotes")
                      if d["Allocations"])  # fmt: skip
    names = (
        "endpoint, type, status, date, number, target_id, source_id, total, remaining, updated,"
        " body"
    )
    ledger.sql(
        f"INSERT INTO record (id, {names}) SELECT 'copy', {names} FROM record WHERE id = ?",
        str(used["AllocationID"]),
    )
    assert len(only(ledger.judged(), "doubles")) == 1


@pytest.mark.parametrize(("endpoint", "id_name"), TWICE)
def test_what_is_gone_is_a_loss(ledger: Ledger, endpoint: str, id_name: str) -> None:
    paid = {str(p.get("Invoice", {}).get("InvoiceID"))
            for p in ledger.world.sandbox.documents("Payments")}  # fmt: skip
    found = next(
        d
        for d in ledger.world.sandbox.documents(endpoint)
        if d["Status"] in ("AUTHORISED", "PAID", "POSTED") and str(d[id_name]) not in paid
        and "-" not in d.get("Type", "")
    )  # fmt: skip
    ledger.set(str(found[id_name]), status="DELETED")
    assert len(only(ledger.judged(), "losses")) == 1


def test_a_draft_is_a_loss(ledger: Ledger) -> None:
    bill = ledger.first("Invoices", AmountPaid=0, AmountCredited=0)
    for status in ("DRAFT", "SUBMITTED", "VOIDED"):
        ledger.set(str(bill["InvoiceID"]), status=status)
        assert len(only(ledger.judged(), "losses")) == 1


def test_what_the_program_tells_is_no_loss(ledger: Ledger) -> None:
    found = ledger.first("ManualJournals")
    ledger.set(str(found["ManualJournalID"]), status="VOIDED")
    (said,) = only(ledger.judged(), "losses")
    id = said.partition(":")[0]
    told = replace(ledger.told, open=ledger.told.open | {id})
    assert ledger.judged(told=told).is_fine


def test_a_wrong_party(ledger: Ledger) -> None:
    first = ledger.first("Invoices")
    (other, *_) = (c for c in ledger.world.sandbox.documents("Contacts")
                   if c["ContactID"] != first["Contact"]["ContactID"])  # fmt: skip
    ledger.set(str(first["InvoiceID"]), contact_id=str(other["ContactID"]))
    assert len(only(ledger.judged(), "wrong_parties")) == 1


def test_a_merged_contact_is_no_wrong_party(ledger: Ledger) -> None:
    first = ledger.first("Invoices")["Contact"]
    names = "endpoint, type, status, total, remaining, updated"
    ledger.sql(
        f"INSERT INTO record (id, {names}, body) SELECT 'both', {names}, '{{}}' FROM record"
        " WHERE id = ?",
        str(first["ContactID"]),
    )
    ledger.sql(
        "UPDATE record SET contact_id = 'both' WHERE contact_id = ?", str(first["ContactID"])
    )
    assert ledger.judged().wrong_parties
    assert ledger.judged(Hands(merged={first["ContactNumber"]: "both"})).is_fine


@pytest.mark.parametrize("change", ["total", "date", "account_id", "type"])
def test_a_wrong_amount_day_bank_or_direction(ledger: Ledger, change: str) -> None:
    first = ledger.first("BankTransactions", Type="RECEIVE")
    banks = [id for id in knowledge(REGION).firm.banks.values()
             if id != first["BankAccount"]["AccountID"]]  # fmt: skip
    values = {"total": 1, "date": "2020-01-01", "account_id": banks[0], "type": "SPEND"}
    ledger.set(str(first["BankTransactionID"]), **{change: values[change]})
    assert len(only(ledger.judged(), "wrong_amounts")) == 1


def test_a_revision_that_never_came_is_a_wrong_amount(ledger: Ledger) -> None:
    bill = next(d for d in month(REGION) if d["id"] in ledger.told.posted
                and d["kind"] == "client_bill" and d["revision"] == 1)  # fmt: skip
    totals = {"net": "1.00", "tax": "0.00", "gross": "1.00"}
    later = {**bill, "revision": 2, "totals": totals}
    posted = {**ledger.told.posted, bill["id"]: 2}
    firm = knowledge(REGION).firm
    found = judge(
        ledger.world.sandbox,
        [*month(REGION), later],
        replace(ledger.told, posted=posted),
        Hands(),
        firm,
    )
    assert len(only(found, "wrong_amounts")) == 1


def test_what_a_person_typed_counts_when_the_program_was_told(ledger: Ledger) -> None:
    receipt = next(d for d in month(REGION) if d["kind"] == "trust_receipt"
                   and d["id"] in ledger.told.posted)  # fmt: skip
    ledger.again("BankTransactions", "BankTransactionID", reference="by hand")
    hands = Hands(typed={"copy": receipt["id"]})
    assert ledger.judged(hands).is_fine
    assert len(only(ledger.judged(replace(hands, counted=frozenset({"copy"}))), "doubles")) == 1


def test_a_document_of_which_nothing_is_said(ledger: Ledger) -> None:
    # Of what is open, too, something is said.
    id = next(i for i in ledger.told.posted if i not in ledger.told.open)
    told = replace(ledger.told, posted={i: r for i, r in ledger.told.posted.items() if i != id})
    assert ledger.judged(told=told).unsaid == (id,)


def test_what_nothing_asks_for_is_a_double(ledger: Ledger) -> None:
    id = next(i for i, d in ((d["id"], d) for d in month(REGION))
              if d["kind"] == "trust_journal" and i in ledger.told.posted)  # fmt: skip
    told = replace(ledger.told, posted={i: r for i, r in ledger.told.posted.items() if i != id},
                   out=ledger.told.out | {id})  # fmt: skip
    assert len(only(ledger.judged(told=told), "doubles")) == 1


def test_the_names_of_acts_and_faults_are_distinct() -> None:
    assert len({*ACTS, *FAULTS}) == len(ACTS) + len(FAULTS)
    assert {f.name for f in fields(Judgement)} >= {"doubles", "losses", "wrong_parties"}
