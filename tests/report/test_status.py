"""`status` says of every refused document where its money is, and what nobody could read."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from pm2xero.report.status import Cause, Status, print_status
from pm2xero.resources import root
from tests.support.office import Office, month

SAMPLES = {
    "AU-0001": ("pre_integration", "in_opening", "in the opening", 0),
    "AU-0044": ("covered_by_linked_payment", "elsewhere", "elsewhere", 0),
    "AU-0021": ("division_not_supported", "elsewhere", "elsewhere", 0),
    "AU-0052": ("not_supported.purchase_order", "nothing", "moves no money", 0),
    "AU-0086": ("not_supported.bank_transfer", "missing", "not in Xero", 1),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_where_the_money_of_a_refused_document_is(tmp_path: Path, sample: str) -> None:
    code, counts, words, by_hand = SAMPLES[sample]
    office = Office(tmp_path)
    office.push(month()[sample])
    (row,) = json.loads(office.run("status", "--format", "json").stdout)["refused"]
    assert (row["code"], row["counts"], row["by_hand"]) == (code, counts, by_hand)
    text = office.run("status").stdout
    assert words in text
    assert ("pm2xero manual-work" in text) == bool(by_hand)
    # The list of work is as long as this says.
    assert len(json.loads(office.run("manual-work", "--format", "json").stdout)) == by_hand


def test_another_currency_is_never_added_to_the_firms_own(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.push(month()["AU-0020"])
    told = json.loads(office.run("status", "--format", "json").stdout)
    assert told["money"] == {"reject": "0.00"}
    assert [(r["money"], r["foreign"]) for r in told["refused"]] == [("0.00", [["USD", "3000.00"]])]
    assert "3,000.00 USD" in office.run("status").stdout


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (("a",), "1 document of which nobody knows whether Xero has it ("),
        (("a", "b"), "2 documents of which nobody knows whether Xero has them ("),
    ],
)
def test_what_nobody_knows_is_told_of_one_and_of_many(ids: tuple[str, ...], words: str) -> None:
    cause = Cause("unknown", "no_answer", "", ids, Decimal(0))
    out = Console(file=StringIO(), width=200)
    print_status(out, Status({}, {"post": len(ids)}, {"post": Decimal(0)}, (cause,)), "AUD")
    assert isinstance(out.file, StringIO) and words in out.file.getvalue()


def test_what_could_not_be_read_needs_attention_until_it_is_dismissed(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.push({**month()["AU-0018"], "date": "the sixth of May"})
    asked = office.run("status")
    (trace,) = json.loads(office.run("status", "--format", "json").stdout)["unreadable"]
    assert (asked.exit_code, trace["id"]) == (1, "AU-0018")
    text = " ".join(asked.stdout.split())
    assert "1 record of an export could not be read" in text
    # A command that is shown can be run as it is; the reconciliation shows the same.
    firm = root() / "examples" / "au" / "organisation.yaml"
    shown = f"skip--unreadable{trace['digest'][:8]}--reason…--org{firm}"
    for command in ("status", "reconcile"):
        said = "".join(office.run(command).stdout.replace('"', "").split())
        assert shown in said, (command, said)
    office.run("skip", "--unreadable", trace["digest"], "--reason", "exported twice")
    asked = office.run("status")
    assert (asked.exit_code, "could not be read" in asked.stdout) == (0, False)
