"""After an outbox was lost, a document that is emptied as it is voided is found by its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.push.test_lost_then_changed import (
    month_there,
    office,
    owners,
    sent,
    standing,
    voided,
    waiting,
)
from tests.push.test_recover import WHY, keys_lapse, lose
from tests.support.office import Doc, Office, month, revised, with_lines

__all__ = ["month_there", "office", "sent"]

PARTS = ("lines", "trust_lines")
AMOUNTS = ("net", "tax", "amount")


def emptied(doc: Doc) -> Doc:
    """Voided, with nothing left of its money."""
    changed: Doc = {"status": "voided", "voided_at": "2026-05-29T00:00:00Z"}
    if "amount" in doc:
        changed["amount"] = "0.00"
    if "allocations" in doc:
        changed["allocations"] = []
    for name in PARTS:
        if name in doc:
            part = doc[name][0]
            changed[name] = [part | {k: "0.00" for k in AMOUNTS if k in part}]
    if "totals" in doc:
        changed["totals"] = dict.fromkeys(doc["totals"], "0.00")
    return revised(doc, **changed)


def lost(folder: Path, *ids: str) -> Office:
    """An office whose outbox is lost after these were sent."""
    office = Office(folder)
    office.push(month()["AU-0003"], *(month()[id] for id in ids))
    lose(office, memory=True)
    keys_lapse(office)
    return office


def test_nothing_of_a_month_is_silently_left(office: Office, sent: list[Doc]) -> None:
    before = standing(office)
    later = [emptied(doc) for doc in sent]
    told = [office.push(*later) for _ in range(3)]
    after = standing(office)
    assert set(after) <= set(before)
    assert len(after) < len(before)
    linked = dict(office.sql("SELECT xero_id, transaction_id FROM links"))
    known = waiting(office)
    # The reference of a batch names it here; what is on it, a batch shows; the rest is unreadable.
    left = [doc for doc in after.values() if not owners(doc, linked) & known]
    words = {str(doc.get("Reference") or "").split(" ")[0] for doc in left}
    assert told[-1].exit_code == 1
    assert words - {""} <= known
    assert office.reconcile()["verdict"] != "agrees"


@pytest.mark.parametrize("id", ["AU-0016", "AU-0023", "AU-0002", "AU-0034"])
def test_what_is_found_is_taken_back(tmp_path: Path, id: str) -> None:
    bill = {"AU-0034": "AU-0004"}.get(id)
    office = lost(tmp_path, *([bill] if bill else []), id)
    there = len(standing(office))
    given = [month()["AU-0003"], *([month()[bill]] if bill else []), emptied(month()[id])]
    codes = [office.push(*given).exit_code for _ in range(3)]
    assert (codes, len(standing(office))) == ([1, 0, 0], there - 1)
    assert office.reconcile()["verdict"] == "agrees"


def test_trust_money_waits_for_a_person_who_is_told(tmp_path: Path) -> None:
    office = lost(tmp_path, "AU-0006")
    codes = [office.push(month()["AU-0003"], emptied(month()["AU-0006"])) for _ in range(3)]
    assert [c.exit_code for c in codes] == [1, 1, 1]
    (stuck,) = office.status()["stuck"]
    assert stuck["transactions"] == ["AU-0006"]
    assert "never taken back" in stuck["message"]
    assert office.reconcile()["verdict"] != "agrees"


def test_what_never_was_there_ends_by_itself(tmp_path: Path) -> None:
    office = lost(tmp_path)
    gone = [emptied(month()[id]) for id in ("AU-0006", "AU-0016", "AU-0023")]
    codes = [office.push(month()["AU-0003"], *gone).exit_code for _ in range(3)]
    assert codes == [1, 0, 0]
    assert office.reconcile()["verdict"] == "agrees"


def test_of_several_that_bear_the_name_a_person_chooses(tmp_path: Path) -> None:
    office = lost(tmp_path, "AU-0006")
    (ours,) = office.in_xero("BankTransactions")
    (line,) = ours["LineItems"]
    entered = {
        "Type": "RECEIVE", "Status": "AUTHORISED", "Date": "2026-05-05",
        "Contact": {"ContactID": ours["Contact"]["ContactID"]},
        "BankAccount": {"Code": ours["BankAccount"]["Code"]}, "Reference": "AU-0006 again",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "by hand", "Quantity": 1, "UnitAmount": 10,
                       "AccountCode": line["AccountCode"], "TaxType": line["TaxType"]}],
    }  # fmt: skip
    office.user_calls("PUT", "/BankTransactions", entered)
    for _ in range(2):
        assert office.push(month()["AU-0003"], emptied(month()["AU-0006"])).exit_code == 1
    assert office.sql("SELECT state, cause FROM requests WHERE transaction_id = 'AU-0006'") == [
        ("unknown", "several")
    ]
    assert len(standing(office)) == 3


def test_a_number_of_somebody_else_is_no_name(tmp_path: Path) -> None:
    """Two suppliers may give the same number."""
    office = lost(tmp_path, "AU-0023")
    gone = emptied(month()["AU-0023"])
    gone["participant"] = gone["participant"] | {"id": "999", "display_name": "Somebody else"}
    for _ in range(2):
        assert office.push(month()["AU-0003"], gone).exit_code == 1
    assert len(standing(office)) == 2
    assert office.reconcile()["verdict"] == "does_not_agree"


@pytest.mark.parametrize("is_found", [True, False])
def test_a_verdict_is_no_plain_agrees_while_one_of_others_may_be_ours(
    tmp_path: Path, is_found: bool
) -> None:
    """What differs counts as an entry of others, which is no fault by itself."""
    office = lost(tmp_path, "AU-0002")
    gone = with_lines(voided(month()["AU-0002"]), "1.00", rate="0")
    for _ in range(2):
        office.push(month()["AU-0003"], gone)
    verdict = office.reconcile()
    assert verdict["verdict"] == "agrees_for_what_is_in_xero"
    (doubt,) = verdict["unsettled"]
    assert doubt["id"] == "AU-0002"
    assert "(skip)" in doubt["why"]
    assert "resend" not in doubt["why"]
    said = office.run("reconcile")
    assert said.exit_code == 1
    assert "nobody knows whether Xero has AU-0002" in " ".join(said.stdout.split())
    (entry,) = office.in_xero("BankTransactions")
    word = ("resolve", "AU-0002", "--as-done-in-xero", entry["BankTransactionID"])
    assert office.run(*(word if is_found else ("skip", "AU-0002")), *WHY).exit_code == 0
    assert [office.push().exit_code for _ in range(2)] == [0, 0]
    assert len(standing(office)) == (1 if is_found else 2)
    assert office.reconcile()["verdict"] == "agrees"


def test_a_word_that_it_is_none_of_them_does_not_keep_back_what_is_posted_again(
    tmp_path: Path,
) -> None:
    office = lost(tmp_path)
    gone = emptied(month()["AU-0077"])
    bills = [month()[id] for id in ("AU-0003", "AU-0023", "AU-0024", "AU-0026")]
    for _ in range(2):
        office.push(*bills, gone)
    assert office.run("skip", gone["id"], *WHY).exit_code == 0
    back = month()["AU-0077"] | {"revision": gone["revision"] + 1}
    for _ in range(2):
        office.push(*bills, back)
    assert len(office.in_xero("BatchPayments")) == 1
    assert office.reconcile()["verdict"] == "agrees"


def nameless(folder: Path) -> tuple[Office, Doc]:
    """A batch that pays three bills, voided and emptied."""
    bills = ("AU-0023", "AU-0024", "AU-0026")
    office = lost(folder, *bills, "AU-0077")
    return office, emptied(month()["AU-0077"])


def test_what_bears_no_name_is_told_until_a_person_has_looked(tmp_path: Path) -> None:
    office, gone = nameless(tmp_path)
    bills = [month()[id] for id in ("AU-0003", "AU-0023", "AU-0024", "AU-0026")]
    codes = [office.push(*bills, gone).exit_code for _ in range(4)]
    assert codes == [1, 1, 1, 1]
    assert "bears no name" in json.dumps(office.status())
    (batch,) = office.in_xero("BatchPayments")
    said = office.run(
        "resolve", gone["id"], "--as-done-in-xero", batch["BatchPaymentID"], *WHY
    )  # fmt: skip
    assert said.exit_code == 0
    assert [office.push(*bills, gone).exit_code for _ in range(2)] == [0, 0]
    assert {doc["Status"] for doc in office.in_xero("BatchPayments")} == {"DELETED"}
    assert office.reconcile()["verdict"] == "agrees"


def test_a_person_who_found_nothing_says_so(tmp_path: Path) -> None:
    office = lost(tmp_path, "AU-0023")
    gone = emptied(month()["AU-0077"])
    for _ in range(2):
        office.push(month()["AU-0023"], gone)
    assert office.push().exit_code == 1
    assert office.run("skip", gone["id"], *WHY).exit_code == 0
    assert [office.push(gone).exit_code for _ in range(2)] == [0, 0]
    assert office.status()["stuck"] == []
