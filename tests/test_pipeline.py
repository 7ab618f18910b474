from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pm2xero.pipeline import Pipeline, Result
from pm2xero.read.stream import Source

MONTH = Path(__file__).parents[1] / "examples" / "au" / "month.jsonl"


def decided(pipeline: Pipeline) -> list[Result]:
    source = Source("month.jsonl", BytesIO(MONTH.read_bytes()))
    return list(pipeline.run(pipeline.order([source]), with_requests=True))


def test_a_pipeline_begins_afresh_with_what_was_compiled() -> None:
    used = Pipeline.load(MONTH.with_name("organisation.yaml"))
    first = decided(used)
    fresh = used.afresh()
    assert (fresh.decider, fresh.mapper) == (used.decider, used.mapper)
    assert decided(fresh) == first
    # Who has seen the month before knows every document of it.
    assert decided(used) != first
