"""Records that are no documents: they leave a trace until they are mended or dismissed."""

from __future__ import annotations

import json

import pytest

from tests.support.office import Doc, Office, month, revised

from .firm import Found, dated, said

IN_XERO = "agrees_for_what_is_in_xero"


def broken(document: Doc) -> Doc:
    return {**document, "date": "the sixth of May"}


def push_text(office: Office, text: str) -> int:
    return office.run("push", "-", stdin=text).exit_code


def traces(found: Found) -> list[tuple[str, int]]:
    return [(t["id"], t["revision"]) for t in found["unreadable"]]


def test_a_record_that_is_no_document_is_missed_until_it_is_exported_well(office: Office) -> None:
    bill = dated("AU-0018", "2026-05-06")
    office.push(broken(bill))
    found = office.reconcile()
    assert (found["verdict"], traces(found)) == (IN_XERO, [("AU-0018", 1)])
    assert office.run("reconcile").exit_code == 1
    text = said(office)
    place = found["unreadable"][0]["place"]
    assert f"AU-0018 of {place} could not be read: date:" in text
    assert text.endswith("agrees for what is in Xero as at 2026-05-20: 1 record could not be read "
                         "(section 4)")  # fmt: skip
    # The same once more is the same trace.
    office.push(broken(bill))
    assert len(office.reconcile()["unreadable"]) == 1
    office.push(bill)
    found = office.reconcile()
    assert (found["verdict"], found["unreadable"]) == ("agrees", [])
    # When it comes broken again, something is wrong again.
    office.push(broken(bill))
    assert traces(office.reconcile()) == [("AU-0018", 1)]
    office.push(bill)
    assert office.reconcile()["verdict"] == "agrees"


def test_a_later_revision_mends_and_an_earlier_one_does_not(office: Office) -> None:
    bill = dated("AU-0018", "2026-05-06")
    office.push(bill)
    office.push(broken(revised(bill)))
    office.push(bill)
    assert traces(office.reconcile()) == [("AU-0018", 2)]
    office.push(revised(revised(bill)))
    assert office.reconcile()["unreadable"] == []


def test_a_line_that_is_no_json_is_known_by_its_bytes(office: Office) -> None:
    bill = json.dumps(dated("AU-0018", "2026-05-06"))
    cut = bill[: len(bill) // 2]
    push_text(office, f"{cut}\n")
    push_text(office, f"\n  {cut}\r\n")
    (trace,) = office.reconcile()["unreadable"]
    assert (trace["id"], trace["revision"]) == ("", 0)
    assert push_text(office, f"{bill}\n") == 0
    # Nobody can know that this was it, except a person.
    assert len(office.reconcile()["unreadable"]) == 1
    short = trace["digest"][:8]
    result = office.run("skip", "--unreadable", short, "--reason", "cut off", "--who", "Bea")
    assert (result.exit_code, result.stdout) == (0, f"dismissed: the record of {trace['place']}\n")
    assert office.reconcile()["verdict"] == "agrees"
    push_text(office, f"{cut}\n")
    assert office.reconcile()["verdict"] == "agrees"
    (word,) = office.status()["people"]
    assert (word["who"], word["what"], word["why"]) == ("Bea", "dismiss", "cut off")


def test_a_revision_that_says_something_else_than_before_leaves_a_trace(office: Office) -> None:
    """One revision has one content, so neither can be trusted to be what was booked."""
    bill = month()["AU-0016"]
    other = {**bill, "memo": "changed without a new revision"}
    office.push(other)
    found = office.reconcile()
    assert (found["verdict"], traces(found)) == (IN_XERO, [("AU-0016", 1)])
    office.push(bill)
    assert office.reconcile()["verdict"] == "agrees"


def test_of_an_export_that_contradicts_itself_the_contradiction_stays(office: Office) -> None:
    bill = dated("AU-0018", "2026-05-06")
    other = {**bill, "memo": "otherwise"}
    for _ in range(2):
        office.push(bill, other)
        assert traces(office.reconcile()) == [("AU-0018", 1)]


@pytest.mark.parametrize("args", [(), ("AU-0016", "--unreadable", "12345678")])
def test_one_thing_is_skipped_at_a_time(office: Office, args: tuple[str, ...]) -> None:
    assert office.run("skip", *args, "--reason", "x").exit_code == 2


@pytest.mark.parametrize("digest", ["", "1", "ffffffff"])
def test_a_hash_that_names_no_record_is_refused(office: Office, digest: str) -> None:
    office.push(broken(month()["AU-0018"]))
    result = office.run("skip", "--unreadable", digest, "--reason", "x")
    assert (result.exit_code, "PE106" in result.stderr) == (2, True)


def test_a_plan_leaves_no_trace(office: Office) -> None:
    line = json.dumps(broken(month()["AU-0018"]))
    office.run("plan", "-", stdin=line)
    assert office.reconcile()["unreadable"] == []
