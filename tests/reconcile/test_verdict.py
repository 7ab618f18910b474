"""The three values of the verdict: what counts as missing, where, and as at which day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pm2xero.connection import now
from pm2xero.outbox.store import Outbox
from pm2xero.pack.counts import Counts
from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.missing import is_missing
from pm2xero.reconcile.pm_side import books_of
from tests.support.office import Doc, Office, month, revised

from .firm import Found, dated, declare, differing, firm, said

AGREES, IN_XERO, DIFFERS = "agrees", "agrees_for_what_is_in_xero", "does_not_agree"


def missing(found: Found) -> dict[str, list[str]]:
    return {g["cause"]: g["ids"] for g in found["not_in_xero"]["causes"]}


def column(found: Found, name: str) -> dict[str, Decimal]:
    return {a["code"]: v for a in found["accounts"] if (v := Decimal(a[name]))}


@pytest.mark.parametrize("sample", ["AU-0086", "AU-0094", "AU-0046", "AU-0027", "AU-0015"])
def test_whatever_books_something_and_was_refused_is_missing(office: Office, sample: str) -> None:
    document = month()[sample]
    office.push(document)
    found = office.reconcile()
    assert (found["verdict"], found["agrees"]) == (IN_XERO, False)
    assert list(missing(found).values()) == [[sample]]
    assert found["not_in_xero"]["accounts"] == {
        code: str(amount) for code, amount in column(found, "missing").items()
    }
    assert differing(found) == {}
    assert office.run("reconcile").exit_code == 1


def with_named(id: str) -> list[Doc]:
    """A document of the month with the payments that it contains, and what they pay."""
    docs = month()
    found, waiting = [docs[id]], [docs[id]]
    while waiting:
        document = waiting.pop()
        paid = (part["document_id"] for part in document.get("allocations", ()))
        named = [docs[n] for n in (*document.get("contains", ()), *paid) if n in docs]
        found = [*named, *found]
        waiting += named
    return found


@pytest.mark.parametrize(
    ("sample", "counts"),
    [("AU-0001", "in_opening"), ("AU-0044", "elsewhere"), ("AU-0021", "elsewhere"),
     ("AU-0052", "nothing"), ("AU-0035", "nothing"), ("AU-0078", "nothing")],
)  # fmt: skip
def test_what_counts_elsewhere_or_moves_nothing_leaves_the_verdict_alone(
    office: Office, sample: str, counts: str
) -> None:
    office.push(*with_named(sample))
    found = office.reconcile()
    assert found["verdict"] == AGREES
    (group,) = found["unsupported"]
    assert (group["ids"], group["counts"]) == ([sample], counts)
    assert office.run("reconcile").exit_code == 0


def test_a_draft_is_nothing_until_it_is_saved(office: Office) -> None:
    office.push({**dated("AU-0018", "2026-05-06"), "status": "draft"})
    assert office.reconcile()["verdict"] == AGREES


def test_an_opening_holds_only_what_is_dated_up_to_its_day(office: Office) -> None:
    """Entered before the integration began, but dated after: no opening balance has it."""
    old = month()["AU-0001"]
    assert old["posted_at"] < "2026-05-01"
    office.push({**old, "date": "2026-05-02", "due_date": "2026-05-30"})
    found = office.reconcile()
    assert (found["verdict"], missing(found)) == (IN_XERO, {"pre_integration": ["AU-0001"]})


def test_where_money_is_holds_beside_every_other_reason(office: Office) -> None:
    """A bank entry of a linked payment that could not be sent anyway is elsewhere all the same."""
    entry = month()["AU-0044"]
    office.push({**entry, "bank_account": "BA-TRUST"})
    (group,) = office.reconcile()["unsupported"]
    assert group["counts"] == "elsewhere"


def test_a_firm_says_of_its_own_rule_where_the_money_is(tmp_path: Path) -> None:
    office = firm(tmp_path)
    rule = (
        "\nrules:\n  - id: below_the_line\n    kinds: [bank_deposit]\n    outcome: {}\n"
        "    reason: Entered from the bank feed.\n{}"
    )
    file = tmp_path / "organisation.yaml"
    plain = file.read_text(encoding="utf-8")
    deposit = dated("AU-0002", "2026-05-01")
    for outcome in ("reject", "skip"):
        for said_of_it, verdict in (("", IN_XERO), ("    counts: elsewhere\n", AGREES)):
            file.write_text(plain + rule.format(outcome, said_of_it), encoding="utf-8")
            deposit = revised(deposit)
            office.push(deposit)
            assert office.reconcile()["verdict"] == verdict, (outcome, said_of_it)


def bounced(receipt: Doc) -> tuple[Doc, Doc]:
    """Part of a receipt is spent, then the bank takes all of it back."""
    amount, matter = receipt["amount"], receipt["trust_lines"][0]["matter"]
    payment = {
        **month()["AU-0057"], "id": "V-1", "amount": str(Decimal(amount) - 100),
        "matter": {**month()["AU-0057"]["matter"], "id": matter}, "date": "2026-05-20",
        "bank_account": receipt["bank_account"],
    }  # fmt: skip
    back = {
        **receipt, "id": "V-2", "amount": f"-{amount}", "reversal_of": receipt["id"],
        "trust_lines": [{**receipt["trust_lines"][0], "amount": f"-{amount}"}],
        "date": "2026-05-20", "posted_at": "2026-05-20T02:00:00Z",
    }  # fmt: skip
    return payment, back


def test_a_trust_receipt_that_bounced_after_it_was_spent_is_told_by_matter(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    receipt = month()["AU-0006"]
    payment, back = bounced(receipt)
    assert office.push(receipt, payment).exit_code == 0
    office.push(back)
    found = office.reconcile()
    matter, bank = receipt["trust_lines"][0]["matter"], receipt["bank_account"]
    assert found["verdict"] == IN_XERO
    assert found["not_in_xero"]["matters"] == [
        {"matter": matter, "bank": bank, "amount": f"-{receipt['amount']}"}
    ]
    # Practice Management has spent what it no longer has; Xero still shows the receipt.
    assert column(found, "pm")["092"] == 100 - Decimal(receipt["amount"])
    assert column(found, "xero")["092"] == 100
    assert f"matter {matter} -{Decimal(receipt['amount']):,.2f} AUD" in said(office)


def test_a_trial_balance_of_practice_management_holds_what_was_refused_too(
    office: Office, tmp_path: Path
) -> None:
    office.push(month()["AU-0086"])
    rows = [f"{code},{amount}" for code, amount in column(office.reconcile(), "pm").items()]
    file = tmp_path / "pm.csv"
    file.write_text("\n".join(["code,balance", *rows]), encoding="utf-8")
    found = office.reconcile("--pm-trial-balance", file)
    assert (found["verdict"], differing(found)) == (IN_XERO, {})


def test_another_currency_is_missing_and_never_added_up(office: Office) -> None:
    office.push(month()["AU-0020"])
    found = office.reconcile()
    total = found["not_in_xero"]["total"]
    assert (total["count"], total["money"], total["foreign"]) == (1, "0.00", [["USD", "3000.00"]])
    assert found["not_in_xero"]["accounts"] == {}
    assert "1 document, 3,000.00 USD is not in Xero (section 4)" in said(office)


def test_what_a_person_skipped_stays_a_named_difference(office: Office) -> None:
    office.archive("200")
    office.push(dated("AU-0018", "2026-05-06"))
    assert office.run("skip", "AU-0018", "--reason", "entered twice").exit_code == 0
    found = office.reconcile()
    assert (found["verdict"], [x["id"] for x in found["left_out"]]) == (IN_XERO, ["AU-0018"])
    assert found["not_in_xero"]["total"]["ids"] == ["AU-0018"]
    assert "not in Xero (section 4)" in said(office)


def test_a_slip_in_the_date_of_a_refused_document_moves_no_trial_balance(office: Office) -> None:
    before = office.reconcile()
    office.push({**month()["AU-0020"], "date": "2062-05-06", "due_date": "2062-06-06"})
    found = office.reconcile()
    assert (found["day"], found["accounts"]) == (before["day"], before["accounts"])
    assert found["not_in_xero"]["later"] == ["AU-0020"]
    assert said(office).startswith("Trial balances as at 2026-05-20")


def test_a_slip_in_the_date_of_what_was_sent_is_told_and_moves_nothing(office: Office) -> None:
    office.push(dated("AU-0018", "2062-05-06"))
    found = office.reconcile()
    today = date.fromisoformat(found["day"])
    assert abs(today - date.today()) <= timedelta(days=1)
    assert [a["id"] for a in found["ahead"]] == ["AU-0018"]
    assert (found["verdict"], differing(found)) == (AGREES, {})
    assert f"1 document in Xero is dated after {today}" in said(office)


def test_nothing_at_all_is_told_as_of_the_opening(tmp_path: Path) -> None:
    office = firm(tmp_path)
    declare(tmp_path, None)
    office.push(month()["AU-0086"])
    found = office.reconcile()
    assert found["verdict"] == IN_XERO


@pytest.mark.parametrize("counts", Counts)
def test_what_is_partly_in_xero_is_missing_whatever_a_later_revision_says(
    office: Office, counts: Counts
) -> None:
    office.push(month()["AU-0086"])
    with Outbox.open(f"sqlite:///{office.database}", "bellbird-legal", now) as outbox:
        (item,) = (b for b in books_of(outbox, (), Accounts(())) if b.id == "AU-0086")
    assert is_missing(replace(item, standing="partial", counts=counts))
    assert not is_missing(replace(item, standing="in_xero", counts=counts))
