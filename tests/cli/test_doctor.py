"""`doctor`: the list of facts, and a report of a served organisation that can be kept."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Run
from .test_live import Served
from .test_live import served as served


def test_every_fact_is_listed_with_source_check_and_what_depends_on_it(run: Run) -> None:
    found = json.loads(run("doctor", "--format", "json").stdout)
    told = run("doctor").stdout
    assert len(found) >= 40
    for fact in found:
        assert fact["fact"] and fact["source"] and fact["check"] and fact["depends"]
        assert f"{fact['number']:>3}  {fact['fact']}" in told
    assert "can be checked by `pm2xero doctor --live`" in told
    one = run("doctor", "--only", "25")
    assert "If-Modified-Since" in one.stdout and len(one.stdout.splitlines()) < 10
    assert run("doctor", "--only", "999").exit_code == 2
    assert run("doctor", "--live").exit_code == 2


def test_a_real_organisation_is_refused_before_anything_is_made(run: Run, served: Served) -> None:
    refused = run("doctor", "--live", *served.places)
    assert refused.exit_code == 2
    assert "PU960" in refused.stderr and "--any-organisation" in refused.stderr
    assert served.sandbox.documents("Contacts") == []


def test_a_report_is_printed_and_kept(run: Run, served: Served, tmp_path: Path) -> None:
    kept, log = tmp_path / "doctor.txt", tmp_path / "calls.log"
    only = [word for number in (3, 28, 35) for word in ("--only", str(number))]
    words = ("doctor", "--live", *served.places, "--any-organisation", *only)
    result = run(*words, "--out", kept, "--log", log)
    # The sandbox has no correlation id.
    assert result.exit_code == 1
    assert kept.read_text(encoding="utf-8") == result.stdout
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert " 28  as assumed The count of a page" in result.stdout
    assert "2 as assumed, 1 otherwise, 0 not told" in result.stdout
    assert all(json.loads(line)["outcome"] == "answered" for line in log.read_text().splitlines())
    found = json.loads(run(*words, "--format", "json").stdout)
    assert found["left"] == [] and found["organisation"] == served.sandbox.organisation_id
    invoices = served.sandbox.documents("Invoices")
    assert invoices and {i["Status"] for i in invoices} == {"VOIDED"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_it_by_a_signal_gets_the_report_and_leaves_nothing(
    number: signal.Signals, served: Served, tmp_path: Path
) -> None:
    kept = tmp_path / "doctor.txt"
    words = [sys.executable, "-m", "pm2xero", "doctor", "--live", *map(str, served.places)]
    words += ["--any-organisation", "--out", str(kept)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        mark = running.stderr.readline().split(",")[0].rsplit(" ", 1)[-1]
        for line in running.stderr:
            if line.startswith("check 4 of"):
                running.send_signal(number)
                break
        out, said = running.communicate(timeout=60)
    assert running.returncode == 1, said
    assert mark.startswith("DR") and "stopping" in said
    assert "stopped: it was stopped before its end" in out and mark in out
    assert kept.read_text(encoding="utf-8") == out
    assert "left behind" not in out
    assert {i["Status"] for i in served.sandbox.documents("Invoices")} <= {"VOIDED", "DELETED"}
