"""Opening, reopening, a killed process, speed."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pm2xero.sandbox import Limits, Sandbox

from .api import SNAPSHOT, Api, Clock, invoice, line, payment, seeded_ids

WRITER = """
import asyncio, sys
from sandbox.api import *
from pm2xero.sandbox import Limits, Sandbox
sandbox = Sandbox.open(
    SNAPSHOT, path=sys.argv[1], clock=Clock(), ids=seeded_ids(), limits=Limits.none()
)
with asyncio.Runner() as runner:
    api = Api(sandbox, runner)
    while True:
        (made,) = api.put("Invoices", invoice())
        print(made["InvoiceID"], flush=True)
"""


def reopen(path: Path, seed: int) -> Sandbox:
    return Sandbox.open(
        SNAPSHOT, path=path, clock=Clock(), ids=seeded_ids(seed), limits=Limits.none()
    )


def test_state_survives_reopening(tmp_path: Path, runner: asyncio.Runner) -> None:
    path = tmp_path / "sandbox.db"
    first = reopen(path, 1)
    (made,) = Api(first, runner).put("Invoices", invoice(InvoiceNumber="A"))
    first.set_lock_dates(period=date(2026, 4, 30))
    first.archive_account("469")
    before = first.trial_balance()
    first.close()
    second = reopen(path, 2)
    api = Api(second, runner)
    assert second.trial_balance() == before
    assert api.refused("Invoices", invoice(InvoiceNumber="A")) == ["Invoice # must be unique."]
    assert "period lock date" in api.refused("Invoices", invoice(Date="2026-04-30"))[0]
    assert api.get("Accounts", where='Code=="469"')["Accounts"][0]["Status"] == "ARCHIVED"
    api.put("Payments", payment(made["InvoiceID"], "110.00"))
    second.close()


def test_idempotency_keys_and_tokens_survive_reopening(
    tmp_path: Path, runner: asyncio.Runner
) -> None:
    path = tmp_path / "sandbox.db"
    body, key = {"Invoices": [invoice()]}, {"Idempotency-Key": "k"}
    first = reopen(path, 1)
    token = first.access_token()
    answer = Api(first, runner).call("PUT", "Invoices", body, headers=key)
    first.close()
    second = reopen(path, 2)
    again = Api(second, runner).call(
        "PUT", "Invoices", body, headers={**key, "Authorization": f"Bearer {token}"}
    )
    assert again.content == answer.content
    assert len(second.documents("Invoices")) == 1
    second.close()


@pytest.mark.parametrize("answers", [1, 7, 30])
def test_killed_process_loses_nothing_that_was_answered(tmp_path: Path, answers: int) -> None:
    path = tmp_path / "sandbox.db"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    answered = [process.stdout.readline().strip() for _ in range(answers)]
    process.send_signal(signal.SIGKILL)
    answered += [row.strip() for row in process.stdout.readlines() if row.endswith("\n")]
    process.wait()
    process.stdout.close()
    sandbox = reopen(path, 99)
    saved = [found["InvoiceID"] for found in sandbox.documents("Invoices")]
    assert saved[: len(answered)] == answered
    assert len(saved) - len(answered) in (0, 1)
    balances = {row.code: row.debit - row.credit for row in sandbox.trial_balance()}
    assert balances["610"] == Decimal("110.00") * len(saved)
    assert sum(balances.values()) == 0
    sandbox.close()


def test_file_of_another_organisation_or_schema(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    reopen(path, 1).close()
    other = {**SNAPSHOT, "Organisation": {**SNAPSHOT["Organisation"], "OrganisationID": "x"}}
    with pytest.raises(ValueError, match="holds organisation 5b8e0c1e"):
        Sandbox.open(other, path=path, clock=Clock(), ids=seeded_ids())
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(ValueError, match="schema 99"):
        reopen(path, 1)


def test_trial_balance_as_at_a_day(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    api.put("Payments", payment(made["InvoiceID"], "110.00"))
    early = api.sandbox.trial_balance(date(2026, 5, 9))
    assert [(row.code, row.name, row.debit, row.credit) for row in early] == [
        ("200", "Fees", Decimal("0.00"), Decimal("100.00")),
        ("610", "Accounts Receivable", Decimal("110.00"), Decimal("0.00")),
        ("820", "Tax", Decimal("0.00"), Decimal("10.00")),
    ]
    assert api.sandbox.trial_balance(date(2026, 5, 3)) == []


def test_money_is_stored_as_whole_cents(tmp_path: Path, runner: asyncio.Runner) -> None:
    path = tmp_path / "sandbox.db"
    sandbox = reopen(path, 1)
    Api(sandbox, runner).put("Invoices", invoice(LineItems=[line(UnitAmount="0.07")]))
    sandbox.close()
    connection = sqlite3.connect(path)
    kinds = connection.execute(
        "SELECT DISTINCT typeof(total), typeof(remaining) FROM record"
        " UNION SELECT DISTINCT typeof(cents), 'integer' FROM posting"
    ).fetchall()
    connection.close()
    assert kinds == [("integer", "integer")]


def test_ten_thousand_documents_in_batches_of_fifty(api: Api) -> None:
    started = time.perf_counter()
    for batch in range(200):
        contacts = [{"Name": f"Client {(batch * 50 + place) % 700}"} for place in range(50)]
        api.put("Invoices", *(invoice(Contact=contact) for contact in contacts))
    assert time.perf_counter() - started < 60
    assert api.balances()["610"] == "1100000.00"


@pytest.mark.parametrize("missing", ["Organisation", "Accounts", "TaxRates"])
def test_incomplete_snapshot_leaves_no_file_that_looks_whole(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "sandbox.db"
    part = {name: value for name, value in SNAPSHOT.items() if name != missing}
    with pytest.raises(ValueError, match=f"the snapshot has no {missing}"):
        Sandbox.open(part, path=path, clock=Clock(), ids=seeded_ids())
    reopen(path, 1).close()


def test_who_hangs_up_while_asking_changes_nothing(
    sandbox: Sandbox, runner: asyncio.Runner
) -> None:
    heard = iter(
        [
            {"type": "http.request", "body": b'{"Contacts": [{"Name"', "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    scope = {
        "type": "http", "method": "PUT", "path": "/api.xro/2.0/Contacts", "query_string": b"",
        "headers": [(b"authorization", f"Bearer {sandbox.access_token()}".encode())],
    }  # fmt: skip
    said: list[Any] = []

    async def receive() -> Any:
        return next(heard)

    async def send(message: Any) -> None:
        said.append(message)

    runner.run(sandbox.app(scope, receive, send))
    assert said[0]["status"] == 400
    assert sandbox.documents("Contacts") == []
