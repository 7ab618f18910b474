"""Notes as a firm has them: asked for in YAML, written beside documents, no part of the money."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.push.test_recover import WHY, keys_lapse
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


def kept(office: Office) -> Callable[[], None]:
    """The whole folder as it is now; the result restores it."""
    copy = office.folder / "copy"
    copy.mkdir()
    for file in office.folder.glob(f"{office.database.name}*"):
        shutil.copy2(file, copy / file.name)

    def restore() -> None:
        for file in office.folder.glob(f"{office.database.name}*"):
            file.unlink()
        for file in copy.iterdir():
            shutil.copy2(file, office.folder / file.name)
        keys_lapse(office)

    return restore


def unsent(office: Office) -> None:
    """A push ended between the document and its note."""
    office.sql("UPDATE history_notes SET state = 'planned', attempts = 0, called_at = NULL")


def test_a_folder_from_before_a_note_writes_it_once(office: Office) -> None:
    """The copy vouches for itself, so nothing but Xero tells that the note is there."""
    office.push(bill())
    unsent(office)
    restore = kept(office)
    office.push()
    restore()
    assert "1 history note written" in office.push().stdout
    assert [n.partition(" in ")[0] for n in notes(office)] == [words(bill())]
    assert office.run("status").exit_code == 0


@pytest.mark.parametrize("outbox", ["restored", "lost"])
def test_a_note_of_what_is_taken_over_is_written_once(office: Office, outbox: str) -> None:
    office.push(month()["AU-0003"])
    restore = kept(office)
    office.push(bill())
    if outbox == "lost":
        for file in office.folder.glob(f"{office.database.name}*"):
            file.unlink()
        keys_lapse(office)
    else:
        restore()
    office.push(month()["AU-0003"], bill())
    told = [n.partition(" in ")[0] for n in notes(office)]
    assert sorted(told) == sorted({words(bill()), words(month()["AU-0003"])})


def test_a_correction_that_a_restored_copy_repeats_notes_nothing_twice(office: Office) -> None:
    office.push(bill())
    restore = kept(office)
    later = bill() | {"revision": 2, "number": "INV-NEW"}
    office.push(later)
    restore()
    office.push(later)
    told = [n.partition(" in ")[0] for n in notes(office)]
    assert told == [words(bill()), words(later)]


REFUSED = "UPDATE history_notes SET state = 'refused', message = 'Xero says no'"


def test_a_refused_note_is_told_until_a_person_has_said_what_becomes_of_it(office: Office) -> None:
    office.push(bill())
    unsent(office)
    office.xero_sql("DELETE FROM history")
    office.sql(REFUSED)
    status = office.run("status")
    assert status.exit_code == 1
    assert "1 history note refused by Xero; the documents are posted" in status.stdout
    assert "Xero says no" in status.stdout
    (told,) = office.status()["history_notes"]
    assert (told["transaction"], told["state"]) == (bill()["id"], "refused")
    # It says nothing of money.
    assert office.reconcile()["agrees"] is True
    assert "sent" in office.run("resend", bill()["id"], *WHY).stdout
    (told,) = office.status()["history_notes"]
    assert (told["state"], office.run("status").exit_code) == ("planned", 0)
    assert "1 history note written" in office.push().stdout
    assert office.status()["history_notes"] == []


def test_a_person_may_do_without_a_refused_note(office: Office) -> None:
    office.push(bill())
    office.sql(REFUSED)
    assert office.run("skip", bill()["id"], *WHY).exit_code == 0
    assert (office.run("status").exit_code, office.status()["history_notes"]) == (0, [])
    assert office.reconcile()["agrees"] is True
