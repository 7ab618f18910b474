"""Every report prints on any screen, also where there is nothing, or next to nothing, to tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.office import Office, month

REPORTS = ("reconcile", "trust", "status", "manual-work", "plan", "recover")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("sent", ["nothing", "what is refused"])
def test_with_no_account_to_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, sent: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    office = Office(tmp_path)
    if sent == "nothing":
        assert office.run("push", "-", stdin="").exit_code == 0
    else:
        # A purchase order books nothing anywhere.
        office.push(next(d for d in month().values() if d["kind"] == "purchase_order"))
    for name in REPORTS:
        told = office.run(name)
        assert told.exit_code in (0, 1), (name, told.stderr)
