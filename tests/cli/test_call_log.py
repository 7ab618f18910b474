"""The log of calls: enough to find a call again, and nothing of anybody."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm2xero.xero.auth import StaticToken
from pm2xero.xero.call_log import plain_path, plain_query
from pm2xero.xero.client import XeroClient
from tests.support.faulty_transport import FaultyTransport, minute_limit
from tests.support.office import Office, month
from tests.support.unkind import is_write, once
from tests.support.xero_world import World

IDS = ("AU-0002", "AU-0003", "AU-0016", "AU-0025", "AU-0038")
UUID = "3f2c9d1e-7c3a-4f1d-9d52-3e6a1c94b7f1"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def texts(value: Any) -> Iterator[str]:
    """Every text of a document that is long enough to be somebody's."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)
    elif isinstance(value, str) and len(value) > 3:
        yield value


def test_a_push_and_a_reconciliation_are_told_call_by_call_and_nothing_of_anybody(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    documents = [month()[id] for id in IDS]
    file = tmp_path / "calls.log"
    file.write_text("")
    file.chmod(0o644)
    office.push(*documents, args=("--log", file))
    office.run("reconcile", "--log", file)
    told = file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = lines(told)
    runs = {line["run"] for line in found}
    assert len(runs) == 2
    for run in runs:
        assert [n["call"] for n in found if n["run"] == run] == sorted(
            n["call"] for n in found if n["run"] == run
        )
    writes = [line for line in found if line["method"] == "PUT"]
    assert writes and all(line["sent"] > 100 and line["key"] for line in writes)
    assert all(
        {"at", "path", "outcome", "status", "ms", "received", "attempt"} <= line.keys()
        for line in found
    )
    # Days, kinds and words of the contract stand in documents, too; in a log they say nothing.
    plain = {"2026-05-01", "PUT", "GET"} | set(re.findall(r"[A-Za-z]+", " ".join(found[0])))
    for text in {t for d in documents for t in texts(d)} - plain:
        if not re.fullmatch(r"[0-9.-]+", text):
            assert text not in told, text
    with office.xero() as xero:
        secrets = [t for (t,) in office.xero_sql("SELECT token FROM token")]
        people = [str(c["ContactID"]) for c in xero.documents("Contacts")]
    keys = [k for (k,) in office.sql("SELECT key FROM requests")]
    assert secrets and people and keys
    for hidden in (*secrets, *people, *keys):
        assert str(hidden) not in told
    assert len({line["key"] for line in writes}) == len(writes)


def test_without_a_file_the_lines_stand_on_standard_error(tmp_path: Path) -> None:
    office = Office(tmp_path)
    result = office.push(month()["AU-0016"], args=("--log-format", "json", "--format", "json"))
    assert json.loads(result.stdout)["sent"]["confirmed"] == 1
    told = [line for line in result.stderr.splitlines() if line.startswith("{")]
    assert "/Invoices" in {json.loads(line)["path"] for line in told}
    plain = office.push(month()["AU-0017"], args=("--log-format", "text"))
    assert re.search(r"PUT /Invoices\?summarizeErrors=false 200 answered \d+ ms", plain.stderr)


def test_a_log_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    office = Office(tmp_path)
    result = office.push(month()["AU-0016"], args=("--log", tmp_path / "none" / "calls.log"))
    assert result.exit_code == 2
    assert "PU909" in result.stderr
    assert not office.sandbox_file.exists()


def test_each_attempt_of_one_call_is_told_with_its_fault() -> None:
    world = World()
    told: list[Any] = []
    world.month()
    line = FaultyTransport(world.asgi, world.clock, once(minute_limit, is_write))
    sender = world.sender(line)
    sender._caller._client.log_to(told.append, "run-1")
    sender.run()
    attempts = [(a.attempt, a.status) for a in told if a.method == "PUT"]
    first = next(n for n, (_, status) in enumerate(attempts) if status == 429)
    assert attempts[first + 1] == (2, 200)
    world.close()
    refused = XeroClient(StaticToken("t"), transport=httpx.MockTransport(_refuse))
    refused.log_to(told.append, "run-2")
    with pytest.raises(Exception, match="cannot be reached"):
        refused.call("GET", "/Invoices")
    assert (told[-1].outcome, told[-1].status, told[-1].fault) == (
        "unreachable", None, "ConnectError",
    )  # fmt: skip


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"cannot reach {request.headers['authorization']}")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/Invoices", "/Invoices"),
        (f"/Invoices/{UUID}", f"/Invoices/{UUID}"),
        (f"/CreditNotes/{UUID}/Allocations", f"/CreditNotes/{UUID}/Allocations"),
        (f"/Contacts/{UUID}", "/Contacts/{id}"),
        (f"/Contacts/{UUID}/History", "/Contacts/{id}/History"),
        ("/Contacts/CL-0042", "/Contacts/{id}"),
        ("/Invoices/INV-Mabel%20Quill", "/Invoices/{id}"),
        ("/Reports/TrialBalance", "/Reports/TrialBalance"),
        ("/Mabel%20Quill", "/{id}"),
    ],
)
def test_a_path_names_nobody(path: str, told: str) -> None:
    assert plain_path(path) == told


WORDS = st.text(st.characters(exclude_characters="/", min_codepoint=33), min_size=1)


@given(WORDS, WORDS, st.sampled_from(["where", "InvoiceNumbers", "searchTerm", "page", "date"]))
def test_no_value_of_a_person_is_told(endpoint: str, name: str, parameter: str) -> None:
    marked = f"Mabel{name}"
    assert "Mabel" not in plain_path(f"/Contacts/{marked}") + plain_path(f"/{marked} {endpoint}")
    assert "Mabel" not in json.dumps(plain_query({parameter: marked}))


def test_the_file_is_never_readable_by_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        office = Office(tmp_path)
        office.run("reconcile", "--log", tmp_path / "calls.log")
    finally:
        os.umask(before)
    # There is no outbox yet, so nothing was asked; the file was made all the same.
    assert stat.S_IMODE((tmp_path / "calls.log").stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["http://api.xero.com/api.xro/2.0", "http://10.0.0.7:8080/x"])
def test_no_token_goes_over_a_line_that_others_can_read(tmp_path: Path, url: str) -> None:
    office = Office(tmp_path)
    result = office.push(month()["AU-0016"], args=("--xero-url", url))
    assert result.exit_code == 2
    assert "PU905" in result.stderr and "in the clear" in result.stderr
    assert not office.database.exists()
