"""What changed in Practice Management after it was sent by an outbox that is lost by now."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.push.test_recover import ENDPOINTS, keys_lapse, lose
from tests.support.office import EXAMPLES, Doc, Office, revised, with_lines

GONE = ("VOIDED", "DELETED")
MONTH = EXAMPLES / "au" / "month.jsonl"


def standing(office: Office) -> dict[str, dict[str, Any]]:
    """Everything that stands in Xero, by its id there."""
    return {
        doc[f"{endpoint.removesuffix('s')}ID"]: doc
        for endpoint in ENDPOINTS
        if endpoint != "Contacts"
        for doc in office.in_xero(endpoint)
        if doc.get("Status") not in GONE
    }


def voided(doc: Doc) -> Doc:
    return revised(doc, status="voided", voided_at="2026-05-29T00:00:00Z")


def moved(doc: Doc) -> Doc:
    day = date.fromisoformat(doc["date"]) + timedelta(days=1)
    return revised(doc, date=day.isoformat())


def renumbered(doc: Doc) -> Doc:
    return revised(doc, number=f"{doc['number']}-X") if doc.get("number") else doc


def doubled(doc: Doc) -> Doc:
    if not doc.get("lines"):
        return doc
    return revised(with_lines(doc, *(str(2 * float(line["net"])) for line in doc["lines"])))


@pytest.fixture(scope="session")
def month_there(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Doc]]:
    """A firm whose outbox is lost, and the documents that Xero has, each as it was sent."""
    folder = tmp_path_factory.mktemp("lost")
    office = Office(folder)
    office.run("push", MONTH)
    rows = office.sql(
        "SELECT DISTINCT t.document FROM transactions t JOIN requests r"
        " ON r.transaction_id = t.id AND r.revision = t.revision"
        " WHERE r.state = 'confirmed' AND r.current AND t.current ORDER BY t.sequence"
    )
    lose(office, memory=True)
    keys_lapse(office)
    return folder, [json.loads(document) for (document,) in rows]


@pytest.fixture
def office(month_there: tuple[Path, list[Doc]], tmp_path: Path) -> Office:
    shutil.copytree(month_there[0], tmp_path, dirs_exist_ok=True)
    return Office(tmp_path)


@pytest.fixture
def sent(month_there: tuple[Path, list[Doc]]) -> list[Doc]:
    return month_there[1]


def owners(doc: dict[str, Any], linked: dict[str, str]) -> set[str]:
    """The documents by which a person learns of something that stands in Xero.

    What Xero shows a second time is known by its first showing: the lines of a transfer, and the
    payments of a batch. Of a payment the bill tells, which is voided, too.
    """
    known = [str(v) for name, v in doc.items() if name.endswith("ID")]
    known.append(str((doc.get("Invoice") or {}).get("InvoiceID")))
    words = str(doc.get("Reference") or "").split()[:1]
    is_line = str(doc.get("Type")).endswith("-TRANSFER")
    return {linked[id] for id in known if id in linked} | set(words if is_line else ())


def waiting(office: Office) -> set[str]:
    """The documents of which the product says that they are not done."""
    held = office.sql("SELECT id FROM decisions WHERE latest AND outcome IN ('hold', 'reject')")
    open_ = office.sql("SELECT transaction_id FROM requests WHERE current AND state = 'unknown'")
    return {id for (id,) in (*held, *open_)}


@pytest.mark.parametrize(
    ("change", "history"),
    [(voided, True), (voided, False), (moved, False), (renumbered, False), (doubled, False)],
)
def test_nothing_comes_a_second_time(
    office: Office, sent: list[Doc], change: Callable[[Doc], Doc], history: bool
) -> None:
    """Of a document the export has its later revision, or all that came before it, too."""
    before = standing(office)
    changed = [later for doc in sent if (later := change(doc)) is not doc]
    for _ in range(3 if change is voided else 2):
        office.push(*(sent if history else ()), *changed)
        keys_lapse(office)
    after = standing(office)
    assert [doc for id, doc in after.items() if id not in before] == []
    if change is voided:
        # What still stands is what the product says a person must see to.
        linked = dict(office.sql("SELECT xero_id, transaction_id FROM links"))
        told = waiting(office)
        assert [doc for doc in after.values() if not owners(doc, linked) & told] == []


@pytest.mark.parametrize("word", [None, "resend", "hold"])
def test_what_is_voided_and_was_never_sent_is_looked_for_and_not_sent(
    tmp_path: Path, docs: dict[str, Doc], word: str | None
) -> None:
    office = Office(tmp_path)
    office.push(docs["AU-0003"])
    lose(office, memory=True)
    keys_lapse(office)
    first = office.push(docs["AU-0003"], voided(docs["AU-0016"]), voided(docs["AU-0006"]))
    assert first.exit_code == 1
    assert "nobody knows yet whether it was sent before" in " ".join(first.stdout.split())
    states = office.sql("SELECT state FROM requests WHERE current ORDER BY transaction_id")
    assert states == [("confirmed",), ("skipped",), ("skipped",)]
    if word is not None:
        for id in ("AU-0016", "AU-0006"):
            office.run(word, id, "--reason", "because", "--who", "Bea")
    last = [office.push() for _ in range(2)][-1]
    assert (last.exit_code, len(standing(office))) == (0, 1)
    assert waiting(office) == set()
    assert office.reconcile()["verdict"] == "agrees"


def test_what_another_outbox_sent_and_voided_is_known_as_done(
    tmp_path: Path, docs: dict[str, Doc]
) -> None:
    office = Office(tmp_path)
    bill = docs["AU-0016"]
    office.push(bill)
    office.push(voided(bill))
    lose(office, memory=True)
    keys_lapse(office)
    codes = [office.push(voided(bill)).exit_code for _ in range(3)]
    assert (codes, standing(office)) == ([1, 0, 0], {})
    assert office.reconcile()["verdict"] == "agrees"
