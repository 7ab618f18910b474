"""A firm of the examples with a layer of its own, for what firms wish."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pm2xero.decide.memory_state import MemoryState
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from tests.regions.firms import EXAMPLES
from tests.support.pack_reading import write

Raw = dict[str, Any]
HEAD = "spec: 1\nsection: Wishes\n"


def firm(
    folder: Path,
    files: dict[str, str],
    settings: str = "",
    *,
    changed: Mapping[str, str] | None = None,
) -> Pipeline:
    """The Australian example with a pack of these files, and settings in its organisation file.

    Args:
        changed: texts of the organisation file, and what stands in their place.
    """
    shutil.copytree(EXAMPLES / "au", folder / "firm", ignore=shutil.ignore_patterns("*.jsonl"))
    write(folder / "pack", files)
    file = folder / "firm" / "organisation.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (changed or {}).items():
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text + f"\npacks: [../pack]\n{settings}", encoding="utf-8")
    return Pipeline.load(file)


def bill(**changed: Any) -> Raw:
    """A client bill of the example's month with two lines of fees and one disbursement."""
    return {
        "id": "W-1", "kind": "client_bill", "revision": 1, "status": "posted", "number": "INV-1",
        "date": "2026-05-12", "due_date": "2026-06-11", "posted_at": "2026-05-12T02:15:00Z",
        "currency": "AUD", "matter": {"id": "M-1", "name": "Ng"},
        "participant": {"id": "C-1", "display_name": "Ada Ng", "email": "ada@example.com"},
        "lines": [
            line("4000", "100.05", "Fees", type="fee"),
            line("4000", "50.00", "More fees", type="fee"),
            line("4100", "20.00", "Search", type="disbursement"),
        ],
        "totals": {"net": "170.05", "tax": "17.01", "gross": "187.06"},
    } | changed  # fmt: skip


def line(account: str, net: str, text: str, **more: Any) -> Raw:
    """A line with tax of ten per cent."""
    tax = {"100.05": "10.01", "50.00": "5.00", "20.00": "2.00"}[net]
    return {
        "gl_account": account, "net": net, "tax_code": "GST", "tax": tax, "description": text,
        **more,
    }  # fmt: skip


def rendered(pipeline: Pipeline, raw: Raw, before: Sequence[Raw] = ()) -> list[Any]:
    """The requests that a posted document makes: step, path, needs and body.

    Args:
        before: documents that are posted before it.
    """
    state = MemoryState(None)
    for document in (*before, raw):
        tx = pipeline.reader.read(document, "in.jsonl", 1)
        assert isinstance(tx, Transaction), tx
        decision = pipeline.decider.decide(tx, state)
        assert decision.outcome == "post", decision.reasons
        if document is not raw:
            pipeline.decider.apply(tx, decision, state)
    made = pipeline.mapper.requests(tx, decision.mapping or "", state)
    return [
        {"step": r.step, "path": r.path, "needs": list(r.needs), "body": json.loads(r.element)}
        | ({"history": r.as_json()["history"]} if r.note is not None else {})
        for r in made
    ]
