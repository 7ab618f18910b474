from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pm2xero.errors import PackError
from pm2xero.xero.client import Response
from pm2xero.xero.errors import ErrorTable, Waiting, load_errors, messages_of, messages_of_answer

TABLE = load_errors()

# Documented by Xero, reported by its users, or said by the emulated organisation.
MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text("utf-8"))


@pytest.mark.parametrize("case", MESSAGES["documents"], ids=lambda case: str(case["cause"]))
def test_messages_of_documents(case: dict[str, Any]) -> None:
    assert TABLE.classify(400, [case["message"]]).entry.id == case["cause"]


@pytest.mark.parametrize("case", MESSAGES["answers"], ids=lambda case: str(case["cause"]))
def test_answers_to_whole_calls(case: dict[str, Any]) -> None:
    refusal = TABLE.classify_answer(Response(case["status"], {}, case["body"], ""))
    assert (refusal.entry.id, refusal.entry.treat) == (case["cause"], case["treat"])


def test_the_sentence_says_the_meaning_and_every_word_of_xero() -> None:
    refusal = TABLE.classify(400, ["Invoice # must be unique.", "The DueDate is missing."])
    assert refusal.sentence == (
        "Another document in Xero has this number. "
        "Xero says: Invoice # must be unique; The DueDate is missing"
    )


def test_messages_stand_in_elements_and_in_their_parts_once_each() -> None:
    element = {
        "ValidationErrors": [{"Message": "one"}],
        "Payments": [{"ValidationErrors": [{"Message": "two"}, {"Message": "one"}]}],
        "Contact": {"ValidationErrors": [{"Message": "three"}]},
    }
    assert messages_of(element) == ["one", "two", "three"]


def test_pages_of_html_are_no_message() -> None:
    assert messages_of_answer(Response(404, {}, None, "<html>x</html>")) == []
    assert messages_of_answer(Response(503, {}, None, "Down")) == ["Down"]


def test_an_entry_can_be_asked_for_by_its_cause() -> None:
    entry = TABLE.entry("period_locked")
    assert entry is not None
    assert "lock date" in entry.remedy
    assert TABLE.entry("nothing") is None


def load(path: Path, text: str) -> ErrorTable:
    path.write_text(text)
    return load_errors(path)


BEFORE = "".join(f"  - {{ id: {cause}, say: x, remedy: y }}\n" for cause in Waiting)
DEFAULT = f"before:\n{BEFORE}default: {{ id: other, treat: person, say: no, remedy: none }}\n"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (
            "{ id: a, when: { message: { matches: '(' } }, treat: person, say: x, remedy: y }",
            "PX305",
        ),
        ("{ id: a, when: { message: x }, treat: person, say: x, remedy: y }", "PX301"),
        ("{ id: a, when: { status: { above: x } }, treat: person, say: x, remedy: y }", "PX303"),
        ("{ id: a, when: { status: '401' }, treat: person, say: x, remedy: y }", "PX305"),
        ("{ id: a, when: { status: 400 }, treat: ignore, say: x, remedy: y }", "PX104"),
        ("{ id: a, when: {}, treat: person, say: x, remedy: y }", "PX301"),
        ("{ id: a, when: { status: 400 }, treat: person, say: x }", "PX106"),
        ("{ id: a, when: { text: x }, treat: person, say: x, remedy: y }", "PX303"),
        ("{ id: a, when: { xero.country: AU }, treat: person, say: x, remedy: y }", "PX303"),
    ],
)
def test_faults_of_the_table_are_told_with_their_place(
    tmp_path: Path, entry: str, code: str
) -> None:
    with pytest.raises(PackError) as fault:
        load(tmp_path / "errors.yaml", f"spec: 1\nerrors:\n  - {entry}\n{DEFAULT}")
    assert [finding.code for finding in fault.value.findings] == [code]
    at = fault.value.findings[0].at
    assert at is not None
    assert (at.file, at.line) == ("errors.yaml", 3)


def test_an_id_must_not_stand_twice(tmp_path: Path) -> None:
    entry = "  - { id: a, when: { status: 400 }, treat: person, say: x, remedy: y }\n"
    with pytest.raises(PackError, match='the id "a" stands twice'):
        load(tmp_path / "errors.yaml", f"spec: 1\nerrors:\n{entry}{entry}{DEFAULT}")


def test_all_of_the_dialect_can_be_said(tmp_path: Path) -> None:
    """An entry asks as a rule does: ranges of statuses, and what must not be said."""
    entry = (
        "  - id: a\n    when: { status: { at_least: 400, below: 500 }, "
        "not: { message: { matches: ^Locked } } }\n"
        "    treat: person\n    say: x\n    remedy: y\n"
    )
    table = load(tmp_path / "errors.yaml", f"spec: 1\nerrors:\n{entry}{DEFAULT}")
    said = {
        (400, ("Refused",)): "a", (499, ()): "a", (500, ("Refused",)): "other",
        (400, ("locked period",)): "other", (400, ("locked", "Refused")): "a",
    }  # fmt: skip
    assert {k: table.classify(*k).entry.id for k in said} == said
