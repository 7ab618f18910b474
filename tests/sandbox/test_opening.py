"""Opening balances of an emulated organisation."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pm2xero.sandbox import Limits, Sandbox

from .api import SNAPSHOT, Clock, seeded_ids

SAVINGS = next(a["AccountID"] for a in SNAPSHOT["Accounts"] if not a.get("Code"))
BALANCES: list[dict[str, Any]] = [
    {"Code": "092", "Amount": "120000.00"},
    {"Code": "870", "Amount": "-120000.00"},
    {"Code": "200", "Amount": "-50.05"},
    {"AccountID": SAVINGS, "Amount": 50.05},
]


def opened(balances: object, path: Path | str = ":memory:", **changes: object) -> Sandbox:
    snapshot = {
        **SNAPSHOT, "OpeningBalancesDate": "2026-04-30", "OpeningBalances": balances, **changes,
    }  # fmt: skip
    return Sandbox.open(snapshot, path=path, clock=Clock(), ids=seeded_ids(), limits=Limits.none())


def standing(sandbox: Sandbox) -> dict[str, Decimal]:
    return {b.code or b.name: b.debit - b.credit for b in sandbox.trial_balance()}


def test_they_are_one_journal_of_their_day() -> None:
    sandbox = opened(BALANCES)
    (journal,) = sandbox.journals()
    assert (journal.source_type, journal.date.isoformat()) == ("OPENING", "2026-04-30")
    assert standing(sandbox) == {
        "092": Decimal("120000.00"), "870": Decimal("-120000.00"), "200": Decimal("-50.05"),
        "Savings without a code": Decimal("50.05"),
    }  # fmt: skip


def test_they_are_booked_once_when_the_file_is_new(tmp_path: Path) -> None:
    path = tmp_path / "xero.sqlite3"
    opened(BALANCES, path).close()
    again = opened(BALANCES, path)
    assert len(again.journals()) == 1
    again.close()


def test_a_file_that_was_there_before_takes_none(tmp_path: Path) -> None:
    path = tmp_path / "xero.sqlite3"
    opened([], path).close()
    late = opened(BALANCES, path)
    assert late.journals() == []
    late.close()


@pytest.mark.parametrize(
    ("balances", "said"),
    [
        ([*BALANCES, {"Code": "200", "Amount": "0.01"}], "add up to 0.01, not to zero"),
        ([{"Code": "999", "Amount": "0.00"}], "name an account 999 that is not there"),
        ([{"Code": "200", "Amount": "ten"}], "is no number"),
        ([{"Code": "200", "Amount": "0.001"}], "fractions of a cent"),
        ([{"Code": "200"}], "lack Amount"),
    ],
)
def test_wrong_ones_are_refused_and_leave_the_file_new(
    tmp_path: Path, balances: object, said: str
) -> None:
    path = tmp_path / "xero.sqlite3"
    with pytest.raises(ValueError, match=said):
        opened(balances, path)
    opened(BALANCES, path).close()


def test_the_day_must_be_said() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat string"):
        opened(BALANCES, OpeningBalancesDate="30 April")
    snapshot = {**SNAPSHOT, "OpeningBalances": BALANCES}
    with pytest.raises(ValueError, match="lack OpeningBalancesDate"):
        Sandbox.open(snapshot, clock=Clock(), ids=seeded_ids())
