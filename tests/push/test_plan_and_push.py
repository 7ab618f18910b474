"""What `plan` says of Xero is what `push` then finds, wherever a month is cut in two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import EXAMPLES, Office

REGIONS = sorted(path.parent.name for path in EXAMPLES.glob("*/month.jsonl"))


def waiting(look: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(w["request"], w["cause"], w["message"]) for w in look["waiting"]]


@pytest.mark.parametrize("region", REGIONS)
def test_nothing_waits_where_nobody_has_touched_xero(region: str, tmp_path: Path) -> None:
    """Each lot is planned together with all that comes later, and pushed alone."""
    lines = (EXAMPLES / region / "month.jsonl").read_text(encoding="utf-8").splitlines()
    office = Office(tmp_path, EXAMPLES / region / "organisation.yaml")
    # In the middle, and between a payment and what takes it back.
    back = next(n for n, text in enumerate(lines) if json.loads(text).get("reversal_of"))
    begin = 0
    for cut in (*sorted({len(lines) // 3, back}), len(lines)):
        rest = "\n".join(lines[begin:])
        plan = json.loads(office.run("plan", "-", "--format", "json", stdin=rest).stdout)
        assert waiting(plan["look"]) == []
        assert plan["look"]["changed_in_xero"] == []
        lot = "\n".join(lines[begin:cut])
        sent = json.loads(office.run("push", "-", "--format", "json", stdin=lot).stdout)["sent"]
        assert waiting(sent["outlook"]) == []
        assert (sent["rejected"], sent["failed"], sent["left"]) == (0, 0, 0)
        begin = cut
