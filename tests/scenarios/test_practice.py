"""What a law office does every month, as files: documents pushed, what becomes of them and of Xero.

Each file of `practice/` names a firm (an example region, with what is different about it), pushes
documents in one step or several, and says what is decided, what Xero's accounts then hold, what is
to be entered by hand with which journal, and whether the ledgers agree, also as they were on a day.
What is left on the list at the end is entered as it is told, and then they agree; a file in which
that would not put things right says why under `not_entered`.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from pm2xero.cli.main import cli
from tests.examples.bookkeeper import Bookkeeper
from tests.support.office import EXAMPLES, Doc, Office

HERE = Path(__file__).parent / "practice"
FILES = sorted(p.stem for p in HERE.glob("*.yaml"))
CURRENCIES = {"au": "AUD", "nz": "NZD", "uk": "GBP", "ca": "CAD", "za": "ZAR", "us": "USD"}
CURRENCIES |= {"ie": "EUR", "sg": "SGD"}


class Firm:
    """A copy of an example firm, with what a scenario says is different."""

    def __init__(self, folder: Path, told: Doc) -> None:
        region = told["firm"]
        source = EXAMPLES / region
        firm = yaml.safe_load((source / "organisation.yaml").read_text(encoding="utf-8"))
        xero = json.loads((source / "xero.json").read_text(encoding="utf-8"))
        for key, value in (told.get("organisation") or {}).items():
            firm[key] = {**firm.get(key, {}), **value} if isinstance(value, dict) else value
        for account in told.get("xero_accounts") or ():
            like = next(a for a in xero["Accounts"] if a.get("Code") == account.pop("like"))
            number = {"BankAccountNumber": "000-999"} if like["Type"] == "BANK" else {}
            own = {"AccountID": str(uuid.uuid5(uuid.NAMESPACE_OID, account["Code"])), **number}
            xero["Accounts"].append({**like, **own, **account})
        xero |= told.get("xero") or {}
        self.xero, self.snapshot = xero, folder / "xero.json"
        self.keep()
        self.organisation = folder / "organisation.yaml"
        self.organisation.write_text(yaml.safe_dump(firm), encoding="utf-8")
        self.currency = CURRENCIES[region]
        self._count = 0

    def keep(self) -> None:
        """Write the snapshot as it is now."""
        self.snapshot.write_text(json.dumps(self.xero), encoding="utf-8")

    def document(self, told: Doc) -> Doc:
        """A document as it is exported; what every one carries is added."""
        self._count += 1
        moment = f"2026-05-01T02:{self._count // 60:02}:{self._count % 60:02}Z"
        every = {
            "revision": 1,
            "status": "posted",
            "created_at": moment,
            "posted_at": moment,
            "division": {"id": "1", "name": "Main"},
            "currency": self.currency,
        }
        return {**every, **told}


def lines_of(text: str) -> list[Doc]:
    return [json.loads(line) for line in text.splitlines()]


def by_hand(office: Office) -> dict[str, dict[str, Decimal]]:
    """The journals that are to be entered, by document and account; debits are positive."""
    table = csv.DictReader(io.StringIO(office.run("manual-work", "--format", "csv").stdout))
    found: dict[str, dict[str, Decimal]] = {}
    for row in table:
        journal: dict[str, Decimal] = {}
        for entry in filter(None, row["journal"].split("; ")):
            side, _, rest = entry.partition(" ")
            account, _, amount = rest.rpartition(" ")
            journal[account] = Decimal(amount) if side == "debit" else -Decimal(amount)
        found[row["id"]] = journal
    return found


def decided(result: Result) -> dict[str, list[Any]]:
    """Outcome and codes by document, as `decide` writes them."""
    found = lines_of(result.stdout)
    return {d["id"]: [d["outcome"], *(r["code"] for r in d["reasons"])] for d in found}


def _enter(office: Office, firm: Firm) -> None:
    """A bookkeeper enters the list as it is told, and what waited for that follows.

    What follows may have to be entered as well, when it pays what was entered by hand.
    """
    bookkeeper = Bookkeeper(firm.snapshot, office.sandbox_file, leaves=(), corrects=())
    for _ in range(2):
        work = json.loads(office.run("manual-work", "--format", "json").stdout)
        assert set(bookkeeper.enter(work)) == {item["id"] for item in work}
        office.run("resolve", "--matched", "--yes", "--reason", "entered")
        office.push()
    found = office.reconcile()
    assert (found["verdict"], by_hand(office)) == ("agrees", {})


@pytest.mark.parametrize("name", FILES)
def test_practice(name: str, tmp_path: Path) -> None:
    told = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    firm = Firm(tmp_path, told)
    office = Office(tmp_path, firm.organisation)
    for step in told["steps"]:
        for name in ("PeriodLockDate", "EndOfYearLockDate"):
            if name in step:
                firm.xero["Organisation"][name] = step[name]
                firm.keep()
        documents = [firm.document(d) for d in step["push"]]
        text = "\n".join(json.dumps(d) for d in documents)
        if step.get("decides"):
            asked = ["decide", "-", "--org", str(firm.organisation), "--format", "json"]
            result = CliRunner().invoke(cli, asked, input=text)
            wanted = {i: [w] if isinstance(w, str) else w for i, w in step["decides"].items()}
            assert decided(result) == wanted
        office.push(*documents)
        for code, amount in (step.get("in_xero") or {}).items():
            assert (code, office.balance(code)) == (code, Decimal(amount))
        journals = {
            id: {str(code): Decimal(amount) for code, amount in journal.items()}
            for id, journal in (step.get("by_hand") or {}).items()
        }
        found = by_hand(office)
        assert found == journals
        assert all(sum(journal.values()) == 0 for journal in found.values())
        if "agrees" in step:
            assert office.reconcile()["agrees"] is step["agrees"]
        for day in step.get("agrees_on") or ():
            assert (day, office.reconcile("--as-at", day)["agrees"]) == (day, True)
    if found and "not_entered" not in told:
        _enter(office, firm)
    for body, fields in (told.get("bodies") or {}).items():
        endpoint, _, reference = body.partition(" ")
        (document,) = (d for d in office.in_xero(endpoint) if d.get("Reference") == reference)
        for path, text in fields.items():
            value: Any = document
            for part in path.split("."):
                value = value[int(part)] if part.isdigit() else value[part]
            assert (body, path, value) == (body, path, text)
