"""The served sandbox is killed while it writes; its file holds what was answered, and no halves.

Seven kills here; `PM2XERO_KILLS=50` for more.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from pm2xero.sandbox import Limits, Sandbox

from .api import SNAPSHOT, Clock, invoice, payment, seeded_ids, spend

KILLS = int(os.environ.get("PM2XERO_KILLS", "7"))
RUN = "from pm2xero.cli.sandbox import command; command()"
SNAPSHOT_FILE = Path(__file__).parent / "snapshot.json"
EACH = 3
_DOWN = (httpx.TransportError,)


@contextmanager
def served(database: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The sandbox as a process of its own, and a client that is signed in."""
    options = ["--xero", str(SNAPSHOT_FILE), "--port", "0", "--db", str(database), "--no-limits"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *options], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = dict(process.stdout.readline().rsplit(maxsplit=1) for _ in range(4))
        # Whoever has read the address may call: no attempt is refused.
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        token = httpx.post(said["Token"], data=form).json()["access_token"]
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "xero-tenant-id": said["Tenant"],
        }
        with httpx.Client(base_url=said["Xero API"], headers=headers, timeout=20) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def call(number: int) -> dict[str, Any]:
    """Three invoices, money spent, and a batch that pays the invoices: one call after the other."""
    return {"Invoices": [invoice(InvoiceNumber=f"{number}-{part}") for part in range(EACH)]}


def write(client: httpx.Client, first: int, answered: dict[str, bytes], last: list[int]) -> None:
    """Write until the sandbox is gone."""
    with suppress(*_DOWN):
        for number in range(first, first + 10_000):
            last[:] = [number]
            made = _put(client, "Invoices", call(number), f"i{number}", answered)
            parts = [payment(one["InvoiceID"], "10.00") for one in made["Invoices"]]
            batch = {"Account": {"Code": "090"}, "Date": "2026-05-10", "Payments": parts}
            _put(client, "BatchPayments", {"BatchPayments": [batch]}, f"b{number}", answered)
            money = {"BankTransactions": [spend(Reference=str(number))]}
            _put(client, "BankTransactions", money, f"s{number}", answered)


def _put(
    client: httpx.Client, endpoint: str, body: Any, key: str, answered: dict[str, bytes]
) -> Any:
    answer = client.put(f"/{endpoint}", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 200, answer.text
    answered[key] = answer.content
    return answer.json()


@pytest.mark.long
def test_killed_while_it_writes(tmp_path: Path) -> None:
    database, chance = tmp_path / "xero.db", random.Random(20260502)
    answered: dict[str, bytes] = {}
    last = [0]
    cut_off = 0
    for _ in range(KILLS):
        with served(database) as (process, client):
            if last[0]:
                _repeat_last(client, last[0], answered)
            begun = len(answered)
            writer = threading.Thread(target=write, args=(client, last[0] + 1, answered, last))
            writer.start()
            while len(answered) == begun and writer.is_alive():
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.1))
            cut_off += writer.is_alive()
            process.send_signal(signal.SIGKILL)
            writer.join()
    assert cut_off == KILLS
    _check(database, answered)


def _repeat_last(client: httpx.Client, number: int, answered: dict[str, bytes]) -> None:
    """The call that was cut off is made again under its key: done once, whatever was answered."""
    again = client.put("/Invoices", json=call(number), headers={"Idempotency-Key": f"i{number}"})
    assert again.status_code == 200, again.text
    assert answered.setdefault(f"i{number}", again.content) == again.content


def _check(database: Path, answered: dict[str, bytes]) -> None:
    sandbox = Sandbox.open(
        SNAPSHOT, path=database, clock=Clock(), ids=seeded_ids(), limits=Limits.none()
    )
    try:
        invoices = {str(d["InvoiceNumber"]): d for d in sandbox.documents("Invoices")}
        calls = Counter(number.partition("-")[0] for number in invoices)
        assert set(calls.values()) == {EACH}, "half of a call"
        assert {key[1:] for key in answered if key[0] == "i"} <= set(calls), "an answer was lost"
        batches = sandbox.documents("BatchPayments")
        assert {len(batch["Payments"]) for batch in batches} == {EACH}, "half of a batch"
        paid = Counter(str(p["Invoice"]["InvoiceID"]) for p in sandbox.documents("Payments"))
        assert set(paid.values()) == {1}
        for found in invoices.values():
            assert found["AmountDue"] == found["Total"] - 10 * paid[str(found["InvoiceID"])]
        spent = {str(d["Reference"]) for d in sandbox.documents("BankTransactions")}
        assert {key[1:] for key in answered if key[0] == "s"} <= spent
        for entry in sandbox.journals():
            assert sum(posting.amount for posting in entry.postings) == 0
        balances = {b.code: b.debit - b.credit for b in sandbox.trial_balance()}
        assert sum(balances.values()) == 0
        assert balances["610"] == sum(d["AmountDue"] for d in invoices.values())
        assert balances["090"] == 10 * sum(paid.values()) - 110 * len(spent)
    finally:
        sandbox.close()
