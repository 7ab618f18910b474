"""Every example month comes out as its firm expects, and every body that it makes can leave."""

from __future__ import annotations

import json
import re

import pytest

from pm2xero.pipeline import Pipeline

from .firms import EXAMPLES, FIRMS, decided, lines, month


@pytest.mark.parametrize("firm", FIRMS)
def test_month(firm: str) -> None:
    pipeline = Pipeline.load(EXAMPLES / firm / "organisation.yaml")
    found = []
    for decision, requests in decided(pipeline, month(firm)):
        codes = [reason.code for reason in decision.reasons] or ["posted"]
        found.append({"id": decision.id, "outcome": decision.outcome, "codes": codes})
        assert bool(requests) == (decision.outcome == "post"), decision.id
    assert found == lines(EXAMPLES / firm / "expected.jsonl")


@pytest.mark.parametrize("firm", FIRMS)
def test_tax_types_are_active_rates_of_the_firm(firm: str) -> None:
    folder = EXAMPLES / firm
    pipeline = Pipeline.load(folder / "organisation.yaml")
    snapshot = json.loads((folder / "xero.json").read_text(encoding="utf-8"))
    active = {r["TaxType"] for r in snapshot["TaxRates"] if r["Status"] == "ACTIVE"}
    used: set[str] = set()
    for _, requests in decided(pipeline, month(firm)):
        for request in requests:
            used.update(re.findall(r'"TaxType": ?"([^"]*)"', request.body.decode()))
    assert used
    assert used <= active
