"""How many calls a push takes, the sign-in included, whatever its documents are.

    .venv/bin/pytest tests/push/test_reach.py -s

prints what each push took.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pm2xero.cli.main import cli
from tests.support.routine import KINDS, Days, Doc, as_lines
from tests.support.served_xero import ServedXero, served_xero

# Of ten documents a firm has less than this to wait for.
REACH = 12
# A token, and what the push looks at before it decides: organisation, accounts, tax rates.
FIRST = 4
# Bills, and whatever else comes on the same days.
OTHERS = [kind for kind in KINDS if kind != "client_bill"]
MIXES = [("client_bill", *rest) for size in (1, 2, 3)
         for rest in itertools.combinations(OTHERS, size)]  # fmt: skip


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedXero]:
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"PM2XERO_{name}", "any")
    with served_xero(tmp_path) as served:
        yield served


class Desk:
    """Pushes, and counts the calls."""

    def __init__(self, served: ServedXero, what: str) -> None:
        self.served = served
        self.what = what
        self.outbox = served.firm.parent / "outbox.sqlite3"

    def push(self, documents: list[Doc], when: str) -> list[str]:
        """The calls of a push that sends all of them."""
        self.served.calls.clear()
        args = ["push", "-", "--org", str(self.served.firm), "--xero-url", self.served.url,
                "--db", str(self.outbox), "--format", "json"]  # fmt: skip
        done = CliRunner().invoke(cli, args, input=as_lines(documents))
        assert done.exit_code == 0, done.output
        sent = json.loads(done.stdout)["sent"]
        assert (sent["confirmed"], sent["unknown"], sent["left"]) == (len(documents), 0, 0), sent
        calls = [f"{method} {path.rsplit('/', 1)[-1]}" for method, path in self.served.calls]
        if len(documents) > 1 and self._asks_where_it_is():
            # Only an emulated Xero is asked whether it is the one that the outbox was pushed to.
            del calls[1]
        print(f"{len(calls):3} calls {when:28} {self.what}: {dict(Counter(calls))}")
        return calls

    def _asks_where_it_is(self) -> bool:
        method, path = self.served.calls[1]
        return method == "GET" and len(path.rsplit("/", 1)[-1]) == 36


def bound(calls: list[str]) -> int:
    """The most calls of a push that writes so many: a look at contacts, and one at each list."""
    writes = [call for call in calls if call.startswith("PUT ")]
    lists = {call.removeprefix("PUT ") for call in writes} - {"Contacts", "Payments"}
    return FIRST + len(writes) + 1 + len(lists)


@pytest.mark.parametrize("mix", MIXES, ids="+".join)
def test_ten_documents_take_less_than_twelve_calls(
    served: ServedXero, mix: tuple[str, ...]
) -> None:
    days, desk = Days(len(mix)), Desk(served, "+".join(mix))
    # What is paid later was sent well before the end of this push, by Xero's clock.
    served.passed = -timedelta(hours=3)
    calls = desk.push(days.mix(10, mix), "in an empty Xero")
    assert len(calls) < REACH, calls
    served.passed = timedelta()
    calls = desk.push(days.mix(10, mix), "in steady state")
    assert len(calls) < REACH, calls
    assert len(calls) <= bound(calls), calls
    # The outbox is lost, and Xero is not empty: everything is looked up.
    desk.outbox = desk.outbox.with_name("another.sqlite3")
    days.open.clear()
    calls = desk.push(days.mix(10, mix), "in a new outbox")
    assert len(calls) < REACH, calls


def test_old_bills_alone_are_paid_in_few_calls(served: ServedXero) -> None:
    days, desk = Days(1), Desk(served, "client_payment")
    served.passed = -timedelta(hours=3)
    desk.push(days.documents(["client_bill"] * 10), "(before)")
    served.passed = timedelta()
    calls = desk.push(days.documents(["client_payment"] * 10), "in steady state")
    # The bills are looked at by their ids; nobody touched them, so no list of payments is asked.
    assert len(calls) == FIRST + 2, calls
