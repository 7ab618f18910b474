"""Every fact that is marked as unverified has its check, and each check can come out either way."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

import pm2xero
from pm2xero.doctor.checks import CHECKS
from pm2xero.doctor.facts import Fact, load_facts
from pm2xero.doctor.run import Examination, Verdict, examine
from pm2xero.doctor.trial import require_demo
from pm2xero.errors import UsageError
from pm2xero.sandbox import Limits, Sandbox, Unkindness
from pm2xero.send.caller import Caller
from pm2xero.xero.asgi import AsgiTransport
from pm2xero.xero.auth import StaticToken
from pm2xero.xero.budget import Budget, CallLimits
from pm2xero.xero.client import XeroClient
from pm2xero.xero.errors import load_errors
from tests.support.faulty_transport import FaultyTransport, timeout_after
from tests.support.unkind import is_write
from tests.support.xero_world import SNAPSHOT, Clock

SOURCE = Path(pm2xero.__file__).parent
MARK = re.compile(r"unverified", re.IGNORECASE)
DEMO = {**SNAPSHOT, "Organisation": {**SNAPSHOT["Organisation"], "Class": "DEMO",
                                     "IsDemoCompany": True}}  # fmt: skip
# What the sandbox does not do as Xero is taken to do, and why.
UNLIKE = {
    "names_its_calls": "it has no correlation id",
    "tells_the_time": "there is no HTTP server before it here",
    "tells_what_is_left": "it has no limits here",
}


@contextmanager
def demo(
    unkindness: Unkindness | None = None, **changes: Any
) -> Iterator[tuple[Sandbox, AsgiTransport, Clock]]:
    clock = Clock()
    numbers = random.Random(1)
    raw = {**DEMO, "Organisation": {**DEMO["Organisation"], **changes}}
    sandbox = Sandbox.open(
        raw,
        clock=clock,
        ids=lambda: uuid.UUID(int=numbers.getrandbits(128), version=4),
        limits=Limits.none(),
        unkindness=unkindness,
    )
    line = AsgiTransport(sandbox.app)
    try:
        yield sandbox, line, clock
    finally:
        line.close()
        sandbox.close()


def examined(sandbox: Sandbox, line: httpx.BaseTransport, clock: Clock, *only: str) -> Examination:
    client = XeroClient(
        StaticToken(sandbox.access_token()), tenant=sandbox.organisation_id, transport=line
    )
    budget = Budget(CallLimits.none(), clock)
    caller = Caller(client, budget, load_errors(), lambda: None, clock, clock.sleep, 60.0)
    there = (caller.read("/Organisation", {}).json or {})["Organisations"][0]
    facts = [fact for fact in load_facts() if not only or fact.live in only]
    return examine(caller, there, facts, clock, "0", "DRTEST")


def verdicts(found: Examination) -> dict[str | None, Verdict]:
    return {told.fact.live: told.verdict for told in found.checks}


def standing(sandbox: Sandbox) -> Counter[str]:
    """What stands in the organisation."""
    endpoints = ("Invoices", "CreditNotes", "Payments", "BatchPayments", "BankTransactions",
                 "ManualJournals")  # fmt: skip
    return Counter(
        endpoint
        for endpoint in endpoints
        for found in sandbox.documents(endpoint)
        if found.get("Status") not in ("VOIDED", "DELETED")
    )


def test_every_fact_has_a_number_of_its_own_and_a_check_that_is_there() -> None:
    facts = load_facts()
    assert [fact.number for fact in facts] == list(range(1, len(facts) + 1))
    live = [fact.live for fact in facts if fact.live is not None]
    assert sorted(live) == sorted(CHECKS)


def test_every_mark_in_the_source_has_its_fact() -> None:
    """A mark `unverified` without a numbered check would be a fact that nobody ever looks at."""
    named = Counter(module for fact in load_facts() for module in {*fact.depends})
    for file in sorted(SOURCE.rglob("*.py")):
        module = file.relative_to(SOURCE).as_posix()
        if module.startswith(("doctor/", "report/doctor", "cli/doctor", "cli/main")):
            continue
        marks = len(MARK.findall(file.read_text(encoding="utf-8")))
        assert marks <= named[module], f"{module} has {marks} marks and {named[module]} facts"


def test_every_module_that_a_fact_names_is_there() -> None:
    for fact in load_facts():
        for module in fact.depends:
            assert (SOURCE / module).is_file(), f"{fact.number}: {module}"


def test_the_sandbox_does_as_xero_is_taken_to_do_and_is_left_as_it_was() -> None:
    with demo(PeriodLockDate="/Date(1772236800000+0000)/") as (sandbox, line, clock):
        before = sandbox.trial_balance(date(2026, 6, 30))
        found = examined(sandbox, line, clock)
        told = {t.fact.live: (t.verdict, t.seen) for t in found.checks if t.fact.live}
        unlike = {name for name, (v, _) in told.items() if v is not Verdict.AS_ASSUMED}
        assert unlike == set(UNLIKE), told
        assert (found.left, found.stopped) == ([], "")
        assert standing(sandbox) == Counter()
        assert sandbox.trial_balance(date(2026, 6, 30)) == before
        (contact,) = (c for c in sandbox.documents("Contacts") if "DRTEST" in c["Name"])
        assert contact["ContactStatus"] == "ARCHIVED"
        by_hand = [t for t in found.checks if t.fact.live is None]
        assert by_hand and all(t.verdict is Verdict.BY_HAND for t in by_hand)


@pytest.mark.parametrize(
    ("switch", "check"),
    [
        ("keeps_valid_elements=0", "keeps_valid_elements"),
        ("keeps_voided_numbers=0", "keeps_numbers_of_voided_invoices"),
        ("one_allocation_per_call=1", "allocates_lists"),
        ("drops_batch_references=1", "keeps_batch_references"),
    ],
)
def test_a_xero_that_does_otherwise_is_found_out(switch: str, check: str) -> None:
    with demo(Unkindness().also([switch])) as (sandbox, line, clock):
        found = examined(sandbox, line, clock, check)
        assert verdicts(found) == {check: Verdict.OTHERWISE}
        assert found.needs_attention and found.left == []
        assert standing(sandbox) == Counter()


def test_what_was_made_by_a_call_without_an_answer_is_taken_back() -> None:
    with demo() as (sandbox, line, clock):
        lost = FaultyTransport(
            line, clock, lambda n, r: timeout_after if is_write(r, "Invoices") and n < 5 else None
        )
        found = examined(sandbox, lost, clock, "takes_invoices_of_zero", "shows_at_once")
        assert Verdict.NOT_TOLD in verdicts(found).values()
        assert found.left == [] and standing(sandbox) == Counter()


class Stopped(httpx.BaseTransport):
    """Somebody stops the program while these writes are under way; Xero carries them out."""

    def __init__(self, line: httpx.BaseTransport, *at: int) -> None:
        self._line, self._at, self._writes = line, at, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._line.handle_request(request)
        self._writes += request.method != "GET"
        if request.method != "GET" and self._writes in self._at:
            raise KeyboardInterrupt
        return answer


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("check", ["shows_at_once", "voids_journals_by_status"])
def test_who_stops_it_leaves_nothing_behind_and_gets_the_report(check: str, at: int) -> None:
    with demo() as (sandbox, line, clock):
        found = examined(sandbox, Stopped(line, at), clock, check)
        assert "stopped" in found.stopped and "DRTEST" in found.stopped
        assert found.left == [] and found.needs_attention
        assert standing(sandbox) == Counter()
        contacts = [c for c in sandbox.documents("Contacts") if "DRTEST" in c["Name"]]
        assert len(contacts) == (check == "shows_at_once")
        assert all(c["ContactStatus"] == "ARCHIVED" for c in contacts)


def test_who_stops_it_twice_is_told_what_is_left() -> None:
    with demo() as (sandbox, line, clock):
        stopped = Stopped(line, 2, 3)
        found = examined(sandbox, stopped, clock, "shows_at_once")
        (contact,) = (c for c in sandbox.documents("Contacts") if "DRTEST" in c["Name"])
        assert any(contact["ContactID"] in thing for thing in found.left)
        assert any("DRTEST" in thing for thing in found.left)


def test_without_a_lock_date_the_check_says_what_it_wants() -> None:
    changes = {"PeriodLockDate": None, "EndOfYearLockDate": None}
    with demo(**changes) as (sandbox, line, clock):
        found = examined(sandbox, line, clock, "locks_the_lock_date")
        (told,) = found.checks
        assert told.verdict is Verdict.NOT_TOLD and "set one in Xero" in told.seen


def test_no_real_organisation_is_written_in_unless_somebody_says_so() -> None:
    real = SNAPSHOT["Organisation"]
    with pytest.raises(UsageError, match="PU960"):
        require_demo(real, any_one=False)
    require_demo(real, any_one=True)
    require_demo({"Class": "DEMO"}, any_one=False)
    require_demo({"IsDemoCompany": True}, any_one=False)


def test_a_fact_is_json_too() -> None:
    with demo() as (sandbox, line, clock):
        found = examined(sandbox, line, clock, "counts_the_whole_list")
    told = json.loads(json.dumps(found.as_json(), default=str))
    (one,) = told["checks"]
    assert one["verdict"] == "as_assumed" and one["number"] and one["depends"]
    assert isinstance(load_facts()[0], Fact)
