"""The example firms, loaded; and a way to change one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pm2xero.decide.decision import Decision
from pm2xero.pipeline import Pipeline
from pm2xero.render.request import Request

EXAMPLES = Path(__file__).parents[2] / "examples"
FIRMS = sorted(path.parent.name for path in EXAMPLES.glob("*/month.jsonl"))


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one JSON object per line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def month(firm: str) -> list[dict[str, Any]]:
    """The documents of an example month."""
    return lines(EXAMPLES / firm / "month.jsonl")


def firm_with(firm: str, folder: Path, extra: str) -> Pipeline:
    """An example firm with more lines at the end of its organisation file."""
    text = (EXAMPLES / firm / "organisation.yaml").read_text(encoding="utf-8")
    changed = folder / "organisation.yaml"
    changed.write_text(f"{text}\n{extra}", encoding="utf-8")
    snapshot = (EXAMPLES / firm / "xero.json").read_bytes()
    (folder / "xero.json").write_bytes(snapshot)
    return Pipeline.load(changed)


def decided(
    pipeline: Pipeline, documents: list[dict[str, Any]]
) -> Iterator[tuple[Decision, tuple[Request, ...]]]:
    """The decision of each document and the requests of those that are posted, in turn."""
    for line, document in enumerate(documents, 1):
        transaction = pipeline.reader.read(document, "month.jsonl", line)
        decision = pipeline.decider.decide(transaction, pipeline.state)
        requests: tuple[Request, ...] = ()
        if decision.outcome == "post":
            decision, requests = pipeline.render(transaction, decision)
        pipeline.decider.apply(transaction, decision, pipeline.state)
        yield decision, requests
