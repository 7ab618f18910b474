"""Push, plan, status, reconcile and what people say, as commands: wrong input is told in words."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pm2xero.outbox.store import Outbox
from pm2xero.pipeline import Pipeline
from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.pm_side import books_of
from pm2xero.reconcile.to_enter import to_enter
from pm2xero.report.manual_work import Work, is_work, print_manual_work
from tests.support.office import EXAMPLES, Doc, Office, month, now

READERS = (
    ("status",),
    ("reconcile",),
    ("manual-work",),
    ("hold", "AU-1", "--reason", "x"),
    (
        "resolve",
        "AU-1",
        "--as-done-in-xero",
        "11111111-2222-4333-8444-555555555555",
        "--reason",
        "x",
    ),
)
ALL = (*READERS, ("plan",), ("push",))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture(scope="module")
def docs() -> dict[str, Doc]:
    return month()


@pytest.mark.parametrize("command", READERS)
def test_missing_outbox_is_told_and_not_made(office: Office, command: tuple[str, ...]) -> None:
    result = office.run(*command)
    assert result.exit_code == 2
    assert "PU907" in result.stderr
    assert not office.database.exists()


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("url", ["nosuch+driver://x/y", "/nowhere/x/outbox.sqlite3", "sqlite"])
def test_wrong_address_of_the_outbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sqlite").mkdir()
    office = Office(tmp_path)
    office.database = Path(url) if "://" not in url else url  # type: ignore[assignment]  # a URL is text
    result = office.run(*command)
    assert result.exit_code == 2
    assert "PE108" in result.stderr or "PU907" in result.stderr


@pytest.mark.parametrize("command", ALL)
def test_outbox_that_is_no_database(office: Office, command: tuple[str, ...]) -> None:
    office.database.write_text("not a database, but long enough to be taken for one" * 9)
    result = office.run(*command)
    assert result.exit_code == 2
    assert "PE108" in result.stderr


@pytest.mark.parametrize("url", ["nonsense", "ftp://xero", "https://", "http://[x"])
def test_an_address_that_is_none_is_told_before_anything_is_made(office: Office, url: str) -> None:
    result = office.run("push", "--xero-url", url)
    assert result.exit_code == 2
    assert "PU905" in result.stderr and "is no address of Xero" in result.stderr
    assert not office.database.exists()


def test_an_older_revision_is_told_as_one(office: Office, docs: dict[str, Doc]) -> None:
    newer = {**docs["AU-0016"], "revision": 7}
    office.push(newer)
    assert "1 document came before as it is, and was left alone" in office.push(newer).stdout
    told = office.push({**newer, "revision": 6, "memo": "as it was"}).stdout
    assert "1 document passed over: an older revision than was taken in before" in told
    assert "came before as it is" not in told


@pytest.mark.parametrize("content", ["other", "text", "folder"])
@pytest.mark.parametrize("command", ["push", "plan", "reconcile"])
def test_wrong_file_of_the_embedded_organisation(
    office: Office, docs: dict[str, Doc], content: str, command: str
) -> None:
    office.push(docs["AU-0016"])
    office.sandbox_file = office.folder / "other.sqlite3"
    if content == "other":
        nz = Office(office.folder / "nz", EXAMPLES / "nz" / "organisation.yaml")
        nz.folder.mkdir()
        nz.sandbox_file = office.sandbox_file
        nz.run("push")
    elif content == "text":
        office.sandbox_file.write_text("not a database, but long enough to be taken for one" * 9)
    else:
        office.sandbox_file = Path("/nowhere/xero.sqlite3")
    result = office.run(command)
    assert result.exit_code == 2
    assert "PU906" in result.stderr


@pytest.mark.parametrize("option", ["--out", "--locks"])
def test_file_that_cannot_be_written(office: Office, docs: dict[str, Doc], option: str) -> None:
    command = "plan" if option == "--out" else "push"
    result = office.run(
        command, "-", option, "/nowhere/file.json", stdin=json.dumps(docs["AU-0016"])
    )
    assert result.exit_code == 2
    assert "PU909" in result.stderr


@pytest.mark.parametrize("action", ["hold", "skip", "resend", "resolve"])
def test_unknown_id_is_told_with_the_closest(
    office: Office, docs: dict[str, Doc], action: str
) -> None:
    office.push(docs["AU-0016"])
    more = (
        ("--as-done-in-xero", "11111111-2222-4333-8444-555555555555") if action == "resolve" else ()
    )
    result = office.run(action, "AU-016", "--reason", "x", *more)
    assert result.exit_code == 2
    assert "PE106" in result.stderr
    assert 'did you mean "AU-0016"?' in result.stderr


def test_reason_must_say_something(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0016"])
    assert office.run("skip", "AU-0016").exit_code == 2
    result = office.run("skip", "AU-0016", "--reason", " ")
    assert (result.exit_code, "PU908" in result.stderr) == (2, True)


def test_nothing_left_to_do_is_said(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0016"])
    result = office.run("hold", "AU-0016", "--reason", "too late")
    assert result.exit_code == 1
    assert "nothing was left to hold" in result.stderr


def test_dry_run_sends_nothing(office: Office, docs: dict[str, Doc]) -> None:
    assert office.push(docs["AU-0016"], args=("--dry-run",)).exit_code == 0
    assert office.in_xero("Invoices") == []


def test_empty_plan_and_status(office: Office) -> None:
    assert "nothing to send" in office.run("plan").stdout
    assert not office.database.exists()
    office.run("push")
    assert office.run("status").stdout == "the outbox is empty: nothing was pushed yet\n"


def test_manual_work_has_exact_figures(office: Office, docs: dict[str, Doc]) -> None:
    office.push(docs["AU-0028"], docs["AU-0020"])
    text = office.run("manual-work").stdout
    for line in (
        "2026-05-07  AU-0028  supplier_invoice  726.00 AUD",
        "    P-55127 Papermill Office Supplies",
        "    debit          660.00  444 Law Library (closed)",
        "    debit           66.00  820 GST",
        "    credit         726.00  800 Accounts Payable",
        "2 transactions to enter in Xero by hand, 726.00 AUD, 3,000.00 USD",
    ):
        assert line in [x.rstrip() for x in text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(office.run("manual-work", "--format", "csv").stdout)))
    assert [(r["id"], r["amount"], r["currency"]) for r in rows] == [
        ("AU-0020", "3000.00", "USD"), ("AU-0028", "726.00", "AUD"),
    ]  # fmt: skip
    assert rows[1]["journal"] == "debit 444 660.00; debit 820 66.00; credit 800 726.00"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_csv_holds_no_formula(office: Office, docs: dict[str, Doc], start: str) -> None:
    name = f'{start}HYPERLINK("http://x")'
    participant = docs["AU-0028"]["participant"] | {"display_name": name}
    office.push(docs["AU-0028"] | {"participant": participant, "number": f"{start}1"})
    (row,) = csv.DictReader(io.StringIO(office.run("manual-work", "--format", "csv").stdout))
    for cell in row.values():
        assert not cell.startswith(("=", "+", "-", "@", "\t"))


@pytest.mark.parametrize("width", [80, 120])
def test_manual_work_fits_the_terminal(office: Office, width: int) -> None:
    office.run("push", EXAMPLES / "au" / "month.jsonl")
    pipeline = Pipeline.load(office.organisation)
    with Outbox.open(f"sqlite:///{office.database}", pipeline.organisation.id, now) as outbox:
        accounts = Accounts(pipeline.organisation.xero.raw["Accounts"])
        booked = books_of(outbox, outbox.requests(), accounts)
    work = [Work(b, to_enter(b, accounts)) for b in booked if is_work(b)]
    stream = io.StringIO()
    print_manual_work(Console(file=stream, width=width), work)
    lines = stream.getvalue().splitlines()
    assert len(work) > 10
    assert max(map(len, lines)) <= width
    total = next(n for n, line in enumerate(lines) if line.startswith(f"{len(work)} "))
    continued = [x for x in lines[:total] if x.strip() and not x.startswith((" ", "20"))]
    assert continued == []


def test_people_are_named_by_default(
    office: Office, docs: dict[str, Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "bea")
    office.push(docs["AU-0016"])
    office.run("hold", "AU-0016", "--reason", "x")
    assert office.sql("SELECT who FROM human_actions") == [("bea",)]
