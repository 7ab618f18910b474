"""What people do between two pushes: never while one runs, always logged, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from pm2xero.outbox import Outbox
from tests.support.office import Doc, Office, now, revised, with_lines

ID = "3f2c9d1e-7a40-4f5b-9c3d-0b1a2c3d4e5f"
OTHER = "4f2c9d1e-7a40-4f5b-9c3d-0b1a2c3d4e5f"
WHY = ("--reason", "because", "--who", "Bea")
ACTS = {
    "hold": ("hold", "AU-0016"),
    "skip": ("skip", "AU-0016"),
    "resend": ("resend", "AU-0016"),
    "resolve": ("resolve", "AU-0016", "--as-done-in-xero", ID),
    "resolve instead of": (
        "resolve", "AU-0016", "--as-done-in-xero", OTHER, "--instead-of", ID,
    ),
    "resolve matched": ("resolve", "--matched", "--yes"),
    "skip unreadable": ("skip", "--unreadable"),
}  # fmt: skip
LOGGED = {"resolve instead of": ["unresolve", "resolve"], "resolve matched": [],
          "skip unreadable": ["dismiss"]}  # fmt: skip


@contextmanager
def running_push(office: Office) -> Iterator[None]:
    """Another process that sends for the firm."""
    with Outbox.open(f"sqlite:///{office.database}", "bellbird-legal", now) as outbox:
        assert outbox.acquire_lease("another", now() - now())
        yield
        outbox.release("another")


@pytest.mark.parametrize("act", ACTS)
def test_a_person_waits_for_a_running_push_and_is_logged(
    office: Office, docs: dict[str, Doc], act: str
) -> None:
    office.archive("200")
    office.push(docs["AU-0016"], {**docs["AU-0038"], "revision": "none"})
    args = list(ACTS[act])
    if act == "resolve instead of":
        office.run(*ACTS["resolve"], *WHY)
    if act == "skip unreadable":
        ((digest,),) = office.sql("SELECT digest FROM unreadable")
        args.append(digest)
    before = list(office.sql("SELECT id, state, xero_id, cause FROM requests"))
    logged = len(office.sql("SELECT id FROM human_actions"))
    with running_push(office):
        refused = office.run(*args, *WHY)
        assert refused.exit_code == 2
        assert "PE110" in refused.stderr
        assert before == office.sql("SELECT id, state, xero_id, cause FROM requests")
        assert len(office.sql("SELECT id FROM human_actions")) == logged
    office.run(*args, *WHY)
    words = office.sql("SELECT who, what, why FROM human_actions ORDER BY id")[logged:]
    assert words == [("Bea", what, "because") for what in LOGGED.get(act, [act])]
    assert office.sql("SELECT owner FROM leases") == []


def lose_the_answer(office: Office, request: str) -> str:
    """Nobody knows any more whether this request arrived; returns what it became in Xero."""
    ((xero_id,),) = office.sql("SELECT xero_id FROM requests WHERE id = ?", request)
    office.sql(
        "UPDATE requests SET state = 'unknown', xero_id = NULL, cause = 'no_answer',"
        " message = 'no answer' WHERE id = ?", request,
    )  # fmt: skip
    office.sql("UPDATE attempts SET outcome = 'unknown' WHERE request = ?", request)
    office.sql("DELETE FROM links WHERE request = ?", request)
    return str(xero_id)


def standing(office: Office) -> list[tuple[str, str]]:
    found = office.in_xero("Invoices")
    return [(i["InvoiceNumber"], str(i["Total"])) for i in found if i["Status"] == "AUTHORISED"]


Later = Callable[[Doc], Doc]
LATER: dict[str, Later] = {
    "the same": lambda bill: bill,
    "a revision": lambda bill: revised(with_lines(bill, "1000.00", "200.00", "88.05")),
    "a void": lambda bill: revised(bill, status="voided", voided_at="2026-05-20T00:00:00Z"),
}


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("word", ["nothing", "hold", "skip", "resend"])
def test_what_may_be_in_xero_is_never_made_a_second_time(
    office: Office, docs: dict[str, Doc], word: str, later: str
) -> None:
    bill = docs["AU-0016"]
    office.push(bill)
    lose_the_answer(office, "AU-0016/invoice")
    if word != "nothing":
        said = office.run(word, "AU-0016", *WHY)
        assert said.exit_code == 0
        assert "looked up" in said.stdout
    changed = LATER[later](bill)
    for _ in range(3):
        office.push(changed)
    expected = {
        "the same": [("INV-3007", "4672.98")], "a revision": [("INV-3007", "1416.85")],
        "a void": [],
    }[later]  # fmt: skip
    assert standing(office) == expected
    assert office.reconcile()["agrees"]


def test_a_person_can_name_what_stands_while_a_later_revision_waits_for_it(
    office: Office, docs: dict[str, Doc]
) -> None:
    bill = docs["AU-0016"]
    office.push(bill)
    there = lose_the_answer(office, "AU-0016/invoice")
    # Somebody changed its total, so a look-up cannot tell that it is ours.
    with office.xero() as xero:
        (found,) = [dict(d) for d in xero.documents("Invoices")]
    line = {**found["LineItems"][0], "UnitAmount": 9.0, "LineAmount": 9.0, "TaxAmount": 0.9}
    office.user_calls("POST", f"/Invoices/{there}", {"InvoiceID": there, "LineItems": [line]})
    changed = LATER["a revision"](bill)
    office.push(changed)
    office.push(changed)
    assert json.loads(office.run("status", "--format", "json").stdout)["stuck"]
    said = office.run("resolve", "AU-0016", "--as-done-in-xero", there, *WHY)
    assert (said.exit_code, said.stdout) == (0, "confirmed: AU-0016/invoice\n")
    office.push(changed)
    assert standing(office) == [("INV-3007", "1416.85")]
    assert office.reconcile()["agrees"]


def test_reconcile_tells_of_an_allocation_whose_outcome_is_unknown(
    office: Office, docs: dict[str, Doc]
) -> None:
    allocated = {**docs["AU-0075"], "amount": "40.00",
                 "allocations": [{"document_id": "AU-0016", "amount": "40.00"}]}  # fmt: skip
    office.push(docs["AU-0016"], docs["AU-0074"], allocated)
    ((request,),) = office.sql("SELECT id FROM requests WHERE transaction_id = 'AU-0075'")
    lose_the_answer(office, request)
    assert not office.reconcile()["agrees"]
    office.push()
    assert office.reconcile()["agrees"]


def taken_out(office: Office, request: str) -> None:
    """It is not in Xero, and is still to be sent."""
    ((xero_id,),) = office.sql("SELECT xero_id FROM requests WHERE id = ?", request)
    office.user_calls("POST", f"/BankTransactions/{xero_id}", {"Status": "DELETED"})
    forgotten(office, request)


def forgotten(office: Office, request: str) -> None:
    office.sql("UPDATE requests SET state = 'planned', xero_id = NULL WHERE id = ?", request)
    office.sql("DELETE FROM links WHERE request = ?", request)


def test_a_word_about_one_part_leaves_the_others_to_be_sent(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.push(*docs.values())
    before = office.balance("092")
    taken_out(office, "AU-0067/withdrawal")
    xero_id = lose_the_answer(office, "AU-0067/payment")
    told = office.run("resolve", "AU-0067", "--as-done-in-xero", xero_id, *WHY)
    assert "confirmed: AU-0067/payment" in told.stdout
    assert "planned, and not meant by this id: AU-0067/withdrawal" in told.stderr
    states = "SELECT id, state, xero_id FROM requests WHERE transaction_id = ? ORDER BY id"
    assert office.sql(states, "AU-0067") == [
        ("AU-0067/payment", "confirmed", xero_id), ("AU-0067/withdrawal", "planned", None),
    ]  # fmt: skip
    assert office.balance("092") != before
    # What was deleted in Xero is asked about; the other part is not touched.
    office.push()
    office.run("resend", "AU-0067", *WHY)
    office.push()
    assert office.balance("092") == before
    assert ("AU-0067/payment", "confirmed", xero_id) in office.sql(states, "AU-0067")


def test_one_part_of_what_a_person_entered_does_not_make_the_whole_equal(
    office: Office, docs: dict[str, Doc]
) -> None:
    office.push(*docs.values())
    assert "AU-0067" in office.reconcile()["equal"]["ids"]
    taken_out(office, "AU-0067/withdrawal")
    xero_id = str(office.sql("SELECT xero_id FROM requests WHERE id = 'AU-0067/payment'")[0][0])
    forgotten(office, "AU-0067/payment")
    office.run("resolve", "AU-0067", "--as-done-in-xero", xero_id, *WHY)
    found = office.reconcile()
    assert "AU-0067" not in found["equal"]["ids"]
    (named,) = [d for d in found["changed_there"] if d["transaction"] == "AU-0067"]
    assert any("092" in text for text in named["details"])
