"""`trust` and the trust part of `reconcile`, over a real outbox and a real ledger."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import EXAMPLES, Doc, Office, month

Found = dict[str, Any]
D = Decimal
COMMON = {
    "revision": 1, "status": "posted", "locked": False, "source": "manual",
    "division": {"id": "1", "name": "Main"}, "currency": "NZD",
}  # fmt: skip
CLIENT = {"id": "101", "display_name": "Rhea Lund", "is_company": False, "role": "client"}


def doc(id: str, kind: str, day: int, **fields: object) -> Doc:
    date = f"2026-05-{day:02}"
    moment = f"{date}T02:00:00Z"
    return {
        **COMMON, "id": id, "kind": kind, "date": date, "created_at": moment, "posted_at": moment,
        "number": id, **fields,
    }  # fmt: skip


def receipt(id: str, day: int, amount: str, matter: str = "2001") -> Doc:
    return doc(
        id, "trust_receipt", day, amount=amount, bank_account="BA-TRUST", participant=CLIENT,
        trust_lines=[{"matter": matter, "amount": amount}],
    )  # fmt: skip


def payment(id: str, day: int, amount: str, matter: str = "2001") -> Doc:
    return doc(
        id, "trust_payment", day, amount=amount, bank_account="BA-TRUST",
        matter={"id": matter, "name": "Matter"}, payee={**CLIENT, "id": "900", "role": "payee"},
    )  # fmt: skip


def firm_funds(id: str, day: int, amount: str, *, into: bool) -> Doc:
    banks = ("BA-OFFICE", "BA-TRUST") if into else ("BA-TRUST", "BA-OFFICE")
    return doc(
        id, "trust_transfer", day, amount=amount, from_bank_account=banks[0],
        to_bank_account=banks[1], purpose="firm_funds",
    )  # fmt: skip


@pytest.fixture
def nz(tmp_path: Path) -> Office:
    folder = tmp_path / "firm"
    shutil.copytree(EXAMPLES / "nz", folder)
    return Office(tmp_path, folder / "organisation.yaml")


def proof(office: Office, *args: str) -> Found:
    found: Found = json.loads(office.run("trust", "--format", "json", *args).stdout)
    return found


def bank(found: Found, account: str = "092") -> Found:
    one: Found
    (one,) = (b for b in found["banks"] if b["account"] == account)
    return one


def test_the_firms_own_money_goes_in_and_out(nz: Office) -> None:
    nz.push(
        receipt("R1", 4, "8000.00"), firm_funds("T1", 5, "3000.00", into=True),
        firm_funds("T2", 6, "1000.00", into=False),
    )  # fmt: skip
    assert (nz.balance("092"), nz.balance("090")) == (D("10000.00"), D("-2000.00"))
    found = proof(nz)
    assert (found["value"], found["policy"]) == ("proved", "zero_or_more")
    one = bank(found)
    assert (one["booked"]["matters"], one["booked"]["surplus"]) == ("8000.00", "2000.00")
    assert (one["in_xero"], one["in_xero_surplus"]) == ("10000.00", "2000.00")
    assert nz.run("trust").exit_code == 0
    assert nz.reconcile()["agrees"]


def test_more_than_the_firm_has_in_trust_is_refused_and_missing(nz: Office) -> None:
    bill = doc(
        "B1", "client_bill", 5, participant=CLIENT, matter={"id": "2001", "name": "Matter"},
        due_date="2026-05-05",
        lines=[
            {"gl_account": "4000", "description": "x", "type": "fee", "net": "1000.00",
             "tax_code": "GST", "tax": "150.00"}
        ],
        totals={"net": "1000.00", "tax": "150.00", "gross": "1150.00"},
    )  # fmt: skip
    paid = doc(
        "TIP", "trust_invoice_payment", 6, amount="1150.00", bank_account="BA-TRUST",
        transfer="deferred", matter={"id": "2001", "name": "Matter"}, participant=CLIENT,
        allocations=[{"document_id": "B1", "amount": "1150.00", "matter": "2001"}],
    )  # fmt: skip
    slip = firm_funds("T2", 7, "11500.00", into=False)
    assert nz.push(receipt("R1", 4, "8000.00"), bill, paid, slip).exit_code == 1
    assert nz.balance("092") == D("8000.00")
    found = proof(nz)
    assert found["value"] == "proved_for_what_is_in_xero"
    (lost,) = bank(found)["missing"]
    assert (lost["id"], lost["cause"], lost["bank"]) == ("T2", "firm_funds_short", "-11500.00")
    assert bank(found)["in_xero_surplus"] == "1150.00"
    assert nz.run("trust").exit_code == 1
    later = bank(proof(nz, "--as-at", "2026-05-31"))
    assert later["booked"]["surplus"] == "-10350.00"
    said = " ".join(nz.run("trust", "--as-at", "2026-05-31").stdout.split())
    assert "the firm's funds would be -10,350.00; they must not be below 0.00." in said
    assert said.endswith("1 document that moved 11,500.00 NZD of trust banks is not there")


@pytest.mark.parametrize("account", ["092", "870", "872"])
def test_what_others_move_of_trust_money_breaks_the_proof(nz: Office, account: str) -> None:
    """In the bank, on the liability or on the interest; the other side is the firm's own."""
    nz.push(receipt("R1", 4, "8000.00"))
    if account == "092":
        nz.user_calls("PUT", "/BankTransactions", spent("092", "404"))
    else:
        nz.user_calls("PUT", "/BankTransactions", spent("090", account))
    found = proof(nz, "--as-at", "2026-05-31")
    assert found["value"] == "broken"
    differing = {a["account"] for a in found["accounts"] if D(a["difference"])}
    differing |= {b["account"] for b in found["banks"] if D(b["difference"])}
    assert differing == {account}
    assert not nz.reconcile("--as-at", "2026-05-31")["agrees"]
    said = nz.run("trust", "--as-at", "2026-05-31").stdout
    assert f"{account} differs by" in said.splitlines()[-1] + said.splitlines()[-2]


def spent(bank_code: str, account: str) -> Found:
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 10.0, "AccountCode": account,
            "TaxType": "NONE"}  # fmt: skip
    entry = {
        "Type": "SPEND", "Contact": {"Name": "The Bank"}, "Date": "2026-05-08",
        "BankAccount": {"Code": bank_code}, "LineAmountTypes": "NoTax", "LineItems": [line],
    }  # fmt: skip
    return {"BankTransactions": [entry]}


def test_a_firm_without_trust_openings_is_told_what_cannot_be_checked(nz: Office) -> None:
    text = nz.organisation.read_text(encoding="utf-8")
    nz.organisation.write_text(text.replace("  trust_balances: []\n", ""), encoding="utf-8")
    nz.push(receipt("R1", 4, "8000.00"), firm_funds("T1", 5, "9000.00", into=False))
    found = proof(nz)
    assert (found["opening_known"], bank(found)["outside"]) == (False, None)
    assert "cannot be checked" in nz.run("trust").stdout


def test_an_opening_that_does_not_say_whose_all_of_it_is(nz: Office) -> None:
    def declare(more: str) -> None:
        text = (EXAMPLES / "nz" / "organisation.yaml").read_text(encoding="utf-8")
        entries = '\n    - { matter: "2001", bank: BA-TRUST, amount: "8000.00" }' + more
        opening = f"  trial_balance: opening.csv\n  trust_balances:{entries}\n"
        nz.organisation.write_text(
            text.replace("  trust_balances: []\n", opening), encoding="utf-8"
        )

    folder = nz.organisation.parent
    (folder / "opening.csv").write_text(
        "code,balance\n092,10000.00\n870,-8000.00\n090,-2000.00\n", encoding="utf-8"
    )
    snapshot = json.loads((folder / "xero.json").read_text(encoding="utf-8"))
    rows = [("092", "10000.00"), ("870", "-8000.00"), ("090", "-2000.00")]
    snapshot["OpeningBalancesDate"] = "2026-04-29"
    snapshot["OpeningBalances"] = [{"Code": c, "Amount": a} for c, a in rows]
    (folder / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    declare("")
    nz.push(receipt("R1", 4, "100.00"))
    found = proof(nz)
    assert (bank(found)["opening_gap"], found["value"]) == ("2000.00", "broken")
    said = " ".join(nz.run("reconcile").stdout.split())
    assert "has 2,000.00 more in 092 than opening.trust_balances says whose it is" in said
    declare('\n    - { held_as: firm_funds, bank: BA-TRUST, amount: "2000.00" }')
    found = proof(nz)
    assert (bank(found)["opening_gap"], found["value"]) == ("0.00", "proved")
    assert bank(found)["in_xero_surplus"] == "2000.00"


def test_a_statement_of_a_matter(nz: Office) -> None:
    nz.push(
        receipt("R1", 4, "8000.00"), receipt("R2", 4, "70.00", "2002"), payment("P1", 5, "500.00"),
        payment("P2", 6, "7500.01"),
    )  # fmt: skip
    result = nz.run("trust", "--matter", "2001", "--format", "json")
    found = json.loads(result.stdout)
    moved = [(m["id"], m["amount"], m["balance"], m["cause"]) for m in found["movements"]]
    assert moved == [
        ("R1", "8000.00", "8000.00", ""),
        ("P1", "-500.00", "7500.00", ""),
        ("P2", "-7500.01", "-0.01", "trust_overdraw"),
    ]
    assert (found["balance"], found["overdrawn"], result.exit_code) == ("-0.01", ["BA-TRUST"], 1)
    until = nz.run("trust", "--matter", "2001", "--as-at", "2026-05-05")
    assert until.exit_code == 0
    assert "matter 2001 has 7,500.00 NZD as at 2026-05-05" in until.stdout
    table = nz.run("trust", "--matter", "2001", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(r["id"], r["balance"], r["in_xero"]) for r in rows][1:] == [
        ("P1", "7500.00", "yes"), ("P2", "-0.01", "no"),
    ]  # fmt: skip


def test_a_statement_of_nobody(nz: Office) -> None:
    nz.push(receipt("R1", 4, "8000.00"))
    result = nz.run("trust", "--matter", "20O1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "PU940" in result.stderr


@pytest.mark.parametrize("region", ["au", "nz", "uk", "ie", "us", "ca", "sg", "za"])
def test_the_trust_money_of_each_example_month_is_right_in_xero(
    tmp_path: Path, region: str
) -> None:
    office = Office(tmp_path, EXAMPLES / region / "organisation.yaml")
    office.push(*month(region).values())
    found = proof(office)
    broken = [b for b in found["banks"] if b["value"] == "broken"]
    assert (broken, [a for a in found["accounts"] if D(a["difference"])]) == ([], [])
    # What was not sent is told, and is the whole of the difference of both sides.
    for one in found["banks"]:
        moved = sum((D(m["bank"]) for m in one["missing"]), D(0))
        assert D(one["booked"]["bank"]) - D(one["sent"]["bank"]) == moved


def test_the_table_for_a_spreadsheet(nz: Office) -> None:
    nz.push(receipt("R1", 4, "8000.00"))
    rows = list(csv.DictReader(io.StringIO(nz.run("trust", "--format", "csv").stdout)))
    (liability,) = (r for r in rows if r["account"] == "870")
    assert (liability["booked"], liability["in_xero"]) == ("8000.00", "8000.00")


def test_a_plan_says_what_cannot_be_checked(nz: Office) -> None:
    said = "overdrawn matters cannot be checked: BA-TRUST is a trust account"
    file = nz.folder / "in.jsonl"
    file.write_text(json.dumps(receipt("R1", 4, "10.00")), encoding="utf-8")
    assert said not in nz.run("plan", file).stdout
    text = nz.organisation.read_text(encoding="utf-8")
    nz.organisation.write_text(text.replace("  trust_balances: []\n", ""), encoding="utf-8")
    assert said in " ".join(nz.run("plan", file).stdout.split())
    plan = json.loads(nz.run("plan", file, "--format", "json").stdout)
    assert plan["trust_unchecked"] == "BA-TRUST"


def test_trust_money_at_the_start_is_given_once(nz: Office) -> None:
    entry = '    - { matter: "2001", bank: BA-TRUST, amount: "1.00" }\n'
    text = nz.organisation.read_text(encoding="utf-8")
    twice = f"  trust_balances:\n{entry}{entry}"
    nz.organisation.write_text(text.replace("  trust_balances: []\n", twice), encoding="utf-8")
    result = nz.push(receipt("R1", 4, "10.00"))
    assert (result.exit_code, nz.database.exists()) == (2, False)
    assert "PO520" in result.stderr


def test_the_page_about_trust_shows_what_the_commands_say(nz: Office) -> None:
    page = (EXAMPLES.parent / "docs" / "trust.md").read_text(encoding="utf-8")
    shown = [" ".join(x.split()) for x in re.findall(r"```\n(.*?)\n```", page, re.S)]

    def said(*args: str) -> str:
        return " ".join(nz.run("trust", *args).stdout.split())

    nz.push(
        receipt("R1", 4, "8000.00"), firm_funds("T1", 5, "3000.00", into=True),
        firm_funds("T2", 6, "1000.00", into=False), payment("P1", 7, "500.00"),
    )  # fmt: skip
    proved, missing, broken, statement = shown
    assert said().startswith(proved.rpartition(" trust money")[0])
    assert said().endswith(proved.rpartition("agree")[0][-60:] + "agree")
    nz.push(payment("P2", 8, "7500.01"))
    late = ("--as-at", "2026-05-31")
    assert said(*late).endswith(missing)
    assert said("--matter", "2001", *late) == statement
    nz.user_calls("PUT", "/BankTransactions", spent("092", "404"))
    assert said(*late).endswith(broken)
