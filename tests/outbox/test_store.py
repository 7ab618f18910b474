from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pm2xero.errors import OutboxError
from pm2xero.outbox import Outbox

from .documents import AT, Clock, chain, document, states


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("outbox.db", "cannot be used"),
        ("nosuchdb://host/name", "cannot be used"),
        ("sqlite:////nowhere/at/all/outbox.db", "unable to open database file"),
    ],
)
def test_an_address_that_cannot_be_opened_says_why(address: str, says: str) -> None:
    with pytest.raises(OutboxError, match=f"PE108 .*{says}") as caught:
        Outbox.open(address, "bellbird", Clock())
    assert caught.value.findings[0].should_be is not None


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        (
            "sqlite:////nowhere/at/all/outbox.db",
            "the file and its folder must be there, and writable",
        ),
        # A driver that is not installed, whichever it is.
        ("postgresql+pg8000://host/name", 'pip install "pm2xero[postgres]"'),
        ("nosuchdb://host/name", None),
    ],
)
def test_an_address_that_cannot_be_opened_has_a_way_out(address: str, hint: str | None) -> None:
    with pytest.raises(OutboxError) as caught:
        Outbox.open(address, "bellbird", Clock())
    assert caught.value.findings[0].hint == hint


def test_a_file_that_is_no_database_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    file.write_text("dear diary\n" * 100)
    with pytest.raises(OutboxError, match=r"PE108 .*not a database"):
        Outbox.open(f"sqlite:///{file}", "bellbird", Clock())
    assert file.read_text() == "dear diary\n" * 100


def test_passwords_stay_out_of_messages() -> None:
    address = "postgresql+psycopg://pm:secret@127.0.0.1:1/outbox?connect_timeout=2"
    with pytest.raises(OutboxError, match="PE108") as caught:
        Outbox.open(address, "bellbird", Clock())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_in_memory_all_threads_see_the_same_outbox(address: str) -> None:
    with Outbox.open(address, "bellbird", Clock()) as outbox:
        chain(outbox)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda i: outbox.save(*document(f"T{i}")), range(20)))
            seen = list(pool.map(lambda _: len(states(outbox)), range(4)))
    assert seen == [24] * 4


def test_threads_may_share_an_outbox(outbox: Outbox) -> None:
    outbox.save_many(document(f"B{i}") for i in range(20))
    planned = outbox.requests()
    with ThreadPoolExecutor(4) as pool:
        calls = list(pool.map(lambda r: outbox.claim([r], AT), planned))
    assert sorted(calls) == list(range(1, 21))


def test_the_records_alone_do_not_load_sqlalchemy() -> None:
    program = (
        "import sys, pm2xero.outbox.records, pm2xero.cli.main\n"
        "assert 'sqlalchemy' not in sys.modules, 'loaded too early'\n"
        "from pm2xero.outbox import Outbox\n"
        "assert 'sqlalchemy' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
