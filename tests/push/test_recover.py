"""An outbox that is lost, or is an older copy, never sends what Xero has."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import EXAMPLES, Doc, Office, revised, with_lines

ENDPOINTS = ("Invoices", "CreditNotes", "Payments", "BatchPayments", "BankTransactions",
             "BankTransfers", "ManualJournals", "Contacts")  # fmt: skip
WHY = ("--reason", "because", "--who", "Bea")
MONTH = EXAMPLES / "au" / "month.jsonl"


def keys_lapse(office: Office) -> None:
    """Six minutes pass in Xero: it remembers no idempotency key."""
    office.xero_sql("DELETE FROM idempotency")


def lose(office: Office, *, memory: bool) -> None:
    """The outbox is deleted; with or without what remembers that it was there."""
    for file in office.folder.glob(f"{office.database.name}*"):
        if memory or not file.name.endswith(".generation"):
            file.unlink()


def in_xero(office: Office) -> dict[str, Counter[str]]:
    """How many documents of each status every list has."""
    return {e: Counter(str(d.get("Status", "")) for d in office.in_xero(e)) for e in ENDPOINTS}


def told(verdict: dict[str, Any]) -> str:
    """What reconcile says, but for what belongs to one outbox alone."""
    return json.dumps(verdict, sort_keys=True)


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm whose whole month is in Xero."""
    folder = tmp_path_factory.mktemp("pushed")
    office = Office(folder)
    office.run("push", MONTH)
    return folder


@pytest.fixture
def office(pushed: Path, tmp_path: Path) -> Office:
    shutil.copytree(pushed, tmp_path, dirs_exist_ok=True)
    return Office(tmp_path)


@pytest.mark.parametrize("memory", [False, True], ids=["outbox", "outbox and its memory"])
def test_the_whole_month_is_pushed_again_by_a_new_outbox(office: Office, memory: bool) -> None:
    before, verdict = in_xero(office), office.reconcile()
    lose(office, memory=memory)
    keys_lapse(office)
    office.run("push", MONTH)
    assert in_xero(office) == before
    assert told(office.reconcile()) == told(verdict)
    assert office.push().exit_code in (0, 1)
    assert in_xero(office) == before


def copy_of(office: Office, folder: Path) -> Path:
    """A copy of the outbox as it is now, and of the file that vouches for it."""
    folder.mkdir()
    for file in office.folder.glob(f"{office.database.name}*"):
        shutil.copy(file, folder / file.name)
    return folder


# What becomes of the file beside the outbox: it stays as it is, is gone, or is of the copy, too.
STAYS, GONE, RESTORED = "stays", "gone", "restored"


def restore(office: Office, copy: Path, *, memory: str) -> None:
    lose(office, memory=memory != STAYS)
    for file in copy.iterdir():
        if memory == RESTORED or not file.name.endswith(".generation"):
            shutil.copy(file, office.folder / file.name)


def planned(office: Office, folder: Path) -> Path:
    """From when all of the month was taken in, and nothing sent."""
    office.run("recover", MONTH)
    return copy_of(office, folder)


def half(office: Office, folder: Path) -> Path:
    """From when half of the month was in Xero."""
    lines = MONTH.read_text(encoding="utf-8").splitlines()
    office.run("push", "-", stdin="\n".join(lines[: len(lines) // 2]))
    return copy_of(office, folder)


def unsure(office: Office, folder: Path) -> Path:
    """From when all was sent and no answer had come."""
    office.run("push", MONTH)
    copy = copy_of(office, folder)
    with sqlite3.connect(copy / office.database.name) as connection:
        connection.execute(
            "UPDATE requests SET state = 'unknown', xero_id = NULL, cause = 'no_answer'"
            " WHERE state = 'confirmed' AND current"
        )
        connection.execute("UPDATE attempts SET outcome = 'unknown'")
        for table in ("links", "contacts"):
            connection.execute(f"DELETE FROM {table}")
    return copy


# What nobody was sure of when the copy was made is looked up in any case.
COPIES = [
    *((when, memory) for when in (planned, half, unsure) for memory in (STAYS, GONE)),
    *((when, RESTORED) for when in (planned, half)),
]


@pytest.mark.parametrize(("from_when", "memory"), COPIES)
def test_an_older_copy_of_the_outbox_adopts_what_xero_has(
    tmp_path: Path, pushed: Path, from_when: Callable[[Office, Path], Path], memory: str
) -> None:
    office = Office(tmp_path)
    copy = from_when(office, tmp_path / "copy")
    office.run("push", MONTH)
    before, verdict = in_xero(office), office.reconcile()
    assert before == in_xero(Office(pushed))
    restore(office, copy, memory=memory)
    keys_lapse(office)
    office.run("push", MONTH)
    assert in_xero(office) == before
    assert told(office.reconcile()) == told(verdict)


BILL, PAYMENT = "AU-0016", "AU-0038"
CHANGES: dict[str, Callable[[Doc], Doc]] = {
    "changed": lambda bill: revised(with_lines(bill, "1000.00", "200.00", "88.05")),
    "voided": lambda bill: revised(bill, status="voided", voided_at="2026-05-20T00:00:00Z"),
}


@pytest.mark.parametrize("id", [BILL, "AU-0006"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_from_before_a_later_revision_corrects_nothing_twice(
    tmp_path: Path, docs: dict[str, Doc], change: str, id: str
) -> None:
    office, document = Office(tmp_path), docs[id]
    later = CHANGES[change](document) if "lines" in document else revised(
        document, **({"status": "voided", "voided_at": "2026-05-20T00:00:00Z"}
                     if change == "voided" else {"memo": "other words"}))  # fmt: skip
    office.push(document)
    copy = copy_of(office, tmp_path / "copy")
    office.push(later)
    before, verdict = in_xero(office), office.reconcile()
    restore(office, copy, memory=STAYS)
    keys_lapse(office)
    office.push(later)
    assert in_xero(office) == before
    assert told(office.reconcile()) == told(verdict)


def void_by_hand(office: Office) -> None:
    (found,) = office.in_xero("Invoices")
    id = found["InvoiceID"]
    office.user_calls("POST", f"/Invoices/{id}", {"InvoiceID": id, "Status": "VOIDED"})


@pytest.mark.parametrize("word", ["nothing", "skip", "resend"])
def test_what_somebody_took_back_in_xero_is_left_to_a_person(
    tmp_path: Path, docs: dict[str, Doc], word: str
) -> None:
    office = Office(tmp_path)
    office.push(docs[BILL])
    void_by_hand(office)
    lose(office, memory=True)
    keys_lapse(office)
    first = office.push(docs[BILL])
    assert first.exit_code == 1
    assert "1 taken back in Xero by somebody; resend or skip them" in first.stdout
    office.push(docs[BILL])
    assert in_xero(office)["Invoices"] == {"VOIDED": 1}
    assert "voided or deleted it there" in json.dumps(office.status())
    if word != "nothing":
        assert office.run(word, BILL, *WHY).exit_code == 0
        office.push()
    standing = {"AUTHORISED": 1} if word == "resend" else {}
    assert in_xero(office)["Invoices"] == {"VOIDED": 1, **standing}


def test_recover_says_what_it_found_and_sends_nothing(tmp_path: Path, docs: dict[str, Doc]) -> None:
    office = Office(tmp_path)
    office.push(docs[BILL], docs["AU-0003"])
    (voided, kept) = sorted(
        office.in_xero("Invoices"), key=lambda i: i["InvoiceNumber"] != "INV-3007"
    )
    office.user_calls("POST", f"/Invoices/{voided['InvoiceID']}", {"Status": "VOIDED"})
    lose(office, memory=True)
    keys_lapse(office)
    before = in_xero(office)
    lines = "\n".join(json.dumps(docs[i]) for i in (BILL, "AU-0003", PAYMENT, "AU-0006"))
    result = office.run("recover", "-", stdin=lines)
    assert result.exit_code == 1
    gone, there = voided["InvoiceID"], kept["InvoiceID"]
    assert (
        result.stdout.split()
        == f"""
        1 request is in Xero already; taken over, and not sent again
          AU-0003/invoice {there}
        2 requests are not in Xero; the next push sends what is to be sent
        1 request is for a person to look at:
          AU-0016/invoice: It is in Xero already, but somebody voided or deleted it there ({gone});
          resend it to have it there again, or skip it""".split()
    )
    assert in_xero(office) == before
    again = office.run("recover", "--format", "json")
    found = json.loads(again.stdout)
    assert (again.exit_code, found["in_xero"], found["person"]) == (0, [], [])
    assert sorted(found["not_in_xero"]) == ["AU-0006/receipt", "AU-0038/payment"]
    office.push()
    assert in_xero(office)["BankTransactions"] == {"AUTHORISED": 1}


def test_pushes_that_follow_each_other_do_not_take_their_own_work_for_that_of_another(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    lines = MONTH.read_text(encoding="utf-8").splitlines()
    for start in range(0, len(lines), 20):
        office.run("push", "-", stdin="\n".join(lines[start : start + 20]))
        assert office.sql("SELECT * FROM gaps") == []
