"""Notes as a firm has them: asked for in YAML, written beside documents, no part of the money."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.office import EXAMPLES, Doc, Office, month, revised
from tests.support.packs import write

RULES = """spec: 1
section: Notes
settings:
  history_notes: { type: flag, default: false, title: Write a note for each document }
"""
MAPPINGS = """spec: 1
section: Notes
mappings:
  sales_invoice:
    requests:
      - id: invoice
        history:
          note: "Bill {id}, revision {revision}, posted {posted_at} in Practice Management"
          when: { settings.history_notes: true }
"""
FILES = {"rules/notes.yaml": RULES, "mappings/notes.yaml": MAPPINGS}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    found = Office(tmp_path, firm(tmp_path, "settings: { history_notes: true }\n"))
    found.packs = (write(tmp_path / "pack", FILES),)
    return found


def firm(folder: Path, settings: str) -> Path:
    text = (EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8")
    write(folder, {"firm/organisation.yaml": text + settings})
    snapshot = (EXAMPLES / "au" / "xero.json").read_text(encoding="utf-8")
    write(folder, {"firm/xero.json": snapshot})
    return folder / "firm" / "organisation.yaml"


def bill() -> Doc:
    return month()["AU-0011"]


def notes(office: Office) -> list[str]:
    return [d for (d,) in office.xero_sql("SELECT details FROM history ORDER BY seq")]


def words(document: Doc) -> str:
    posted = document["posted_at"]
    return f"Bill {document['id']}, revision {document['revision']}, posted {posted}"


def test_a_firm_that_asks_for_notes_gets_one_for_each_document(office: Office) -> None:
    plan = office.run("plan", "-", "--format", "json", stdin=json.dumps(bill()))
    assert json.loads(plan.stdout)["history_notes"] == 1
    (office.folder / "other").mkdir()
    other = Office(office.folder / "other")
    without = other.run("plan", "-", "--format", "json", stdin=json.dumps(bill()))
    assert json.loads(plan.stdout)["calls"] == json.loads(without.stdout)["calls"] + 1
    shown = office.run("plan", "-", stdin=json.dumps(bill())).stdout
    assert "PUT History" in shown
    told = office.push(bill()).stdout
    assert "1 history note written" in told
    assert [n.partition(" in ")[0] for n in notes(office)] == [words(bill())]
    assert office.report(bill())["sent"]["notes"]["written"] == 0
    assert office.reconcile()["agrees"] is True


def test_nothing_is_noted_where_the_setting_is_off(tmp_path: Path) -> None:
    office = Office(tmp_path, firm(tmp_path, ""))
    office.packs = (write(tmp_path / "pack", FILES),)
    assert "history note" not in office.push(bill()).stdout
    assert notes(office) == []


def test_a_correction_adds_a_note_and_a_void_takes_none_away(office: Office) -> None:
    office.push(bill())
    later = bill() | {"revision": 2, "number": "INV-NEW"}
    assert office.report(later)["sent"]["notes"]["written"] == 1
    voided = later | {"revision": 3, "status": "voided"}
    office.push(voided)
    told = [n.partition(" in ")[0] for n in notes(office)]
    assert told == [words(bill()), words(later)]


def test_notes_of_what_is_refused_or_overtaken_are_no_calls_of_a_plan(office: Office) -> None:
    office.archive("200")
    for document in (bill(), revised(bill())):
        assert "1 refused by Xero" in office.push(document).stdout
        plan = json.loads(office.run("plan", "--format", "json").stdout)
        assert (plan["calls"], plan["history_notes"]) == (0, 0)
    office.restore("200")
    office.run("resend", bill()["id"], "--reason", "active again", "--who", "Bea")
    plan = json.loads(office.run("plan", "--format", "json").stdout)
    assert plan["history_notes"] == 1
    assert "1 history note written" in office.push().stdout
    assert json.loads(office.run("plan", "--format", "json").stdout)["calls"] == 0
