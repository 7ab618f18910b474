"""Trust money is guarded by code: also where a pack has no rule for it, and of every correction."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from tests.support.office import EXAMPLES, Doc, Office, revised

D = Decimal
CLIENT = {"id": "101", "display_name": "Rhea Lund", "is_company": False, "role": "client"}
WITHOUT_THE_RULE = {"rules": [{"id": "trust_equation", "remove": True}]}
CHANGES = {"unpaid": "delete_and_recreate", "paid": "delete_and_recreate", "voided": "delete"}
CORRECTED = {"mappings": {"trust_receipt": {"on_change": CHANGES}}}


def office(folder: Path, added: Doc) -> Office:
    firm = yaml.safe_load((EXAMPLES / "nz" / "organisation.yaml").read_text(encoding="utf-8"))
    (folder / "xero.json").write_bytes((EXAMPLES / "nz" / "xero.json").read_bytes())
    (folder / "organisation.yaml").write_text(yaml.safe_dump(firm | added), encoding="utf-8")
    return Office(folder, folder / "organisation.yaml")


def doc(id: str, kind: str, amount: str, **fields: object) -> Doc:
    return {
        "id": id, "revision": 1, "kind": kind, "status": "posted", "number": id, "amount": amount,
        "date": "2026-05-05", "created_at": "2026-05-05T02:00:00Z", "currency": "NZD",
        "posted_at": "2026-05-05T02:00:00Z", "division": {"id": "1", "name": "Main"}, **fields,
    }  # fmt: skip


def receipt(amount: str) -> Doc:
    lines = [{"matter": "2001", "amount": amount}]
    return doc(
        "R1", "trust_receipt", amount, bank_account="BA-TRUST", participant=CLIENT,
        trust_lines=lines,
    )  # fmt: skip


def payment(amount: str) -> Doc:
    return doc(
        "P1", "trust_payment", amount, bank_account="BA-TRUST", matter={"id": "2001"},
        payee={**CLIENT, "id": "900", "role": "payee"},
    )  # fmt: skip


def firm_funds(id: str, amount: str, banks: tuple[str, str]) -> Doc:
    return doc(
        id, "trust_transfer", amount, from_bank_account=banks[0], to_bank_account=banks[1],
        purpose="firm_funds",
    )  # fmt: skip


def test_clients_money_stays_where_a_pack_has_no_rule_for_it(tmp_path: Path) -> None:
    nz = office(tmp_path, WITHOUT_THE_RULE)
    out = firm_funds("T2", "1000.01", ("BA-TRUST", "BA-OFFICE"))
    nz.push(receipt("8000.00"), firm_funds("T1", "1000.00", ("BA-OFFICE", "BA-TRUST")))
    said = nz.push(out)
    assert (said.exit_code, "trust_imbalance" in said.stdout) == (1, True), said.output
    assert nz.balance("092") == D("9000.00")
    found = nz.reconcile()
    assert (found["verdict"], found["not_in_xero"]["total"]["ids"]) == (
        "agrees_for_what_is_in_xero", ["T2"],
    )  # fmt: skip


@pytest.mark.parametrize("amount", ["4999.99", "voided"])
def test_a_receipt_is_not_corrected_below_what_was_spent_of_it(tmp_path: Path, amount: str) -> None:
    nz = office(tmp_path, CORRECTED)
    first = receipt("6000.00")
    nz.push(first, payment("5000.00"))
    assert nz.balance("092") == D("1000.00")
    later = {"status": "voided"} if amount == "voided" else receipt(amount)
    later = {k: v for k, v in later.items() if k not in ("id", "revision")}
    said = nz.push(revised(first, **later))
    words = " ".join(said.stdout.split())
    assert (said.exit_code, "the new revision itself is refused" in words) == (1, True), words
    assert "overdraw" in words
    assert nz.balance("092") == D("1000.00")
    # What is spent may stay: so much is corrected.
    enough = {k: v for k, v in receipt("5000.00").items() if k not in ("id", "revision")}
    nz.push({**revised(first, **enough), "revision": 3})
    assert nz.balance("092") == D("0.00")
