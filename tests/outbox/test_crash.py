"""A process that is killed between two commits."""

from __future__ import annotations

import multiprocessing
import os
import signal

from pm2xero.outbox import Outbox

from .conftest import Open
from .documents import AT, Clock, chain, get, states


def die(url: str, moment: str) -> None:
    """Start a call and be killed: in the middle of the claim, before, or after the answer."""
    outbox = Outbox.open(url, "bellbird", Clock())
    claimed = [get(outbox, "B1/invoice"), get(outbox, "B2/invoice")]
    if moment == "while saving":
        with outbox._write() as connection:
            connection.exec_driver_sql("UPDATE requests SET state = 'sent'")
            os.kill(os.getpid(), signal.SIGKILL)
    outbox.claim(claimed, AT)
    if moment == "after the answer":
        outbox.confirm([(claimed[0], "inv-1")], 200, AT)
    os.kill(os.getpid(), signal.SIGKILL)


def killed(url: str, moment: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=die, args=(url, moment))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def test_a_call_that_was_begun_is_known_after_a_crash(url: str, open_outbox: Open) -> None:
    chain(open_outbox())
    killed(url, "before the answer")
    after = open_outbox()
    assert [r.id for r in after.interrupted()] == ["B1/invoice", "B2/invoice"]
    after.unknown(after.interrupted(), "INTERRUPTED", "The push was stopped.", AT)
    assert after.interrupted() == []


def test_an_answer_that_was_written_down_survives(url: str, open_outbox: Open) -> None:
    chain(open_outbox())
    killed(url, "after the answer")
    after = open_outbox()
    assert after.links() == {("B1", "InvoiceID"): "inv-1"}
    assert [r.id for r in after.interrupted()] == ["B2/invoice"]


def test_half_a_step_leaves_nothing(url: str, open_outbox: Open) -> None:
    chain(open_outbox())
    killed(url, "while saving")
    assert set(states(open_outbox()).values()) == {"planned"}
