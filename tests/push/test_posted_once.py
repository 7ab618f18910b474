"""What was posted is never posted anew, whatever the rules of a pack say or no longer say."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pm2xero.decide.decider import opening_state
from pm2xero.history.rows_state import RowsState
from pm2xero.outbox import Outbox
from pm2xero.pack.model import Pack
from pm2xero.pipeline import Pipeline
from pm2xero.push.intake import Intake
from pm2xero.push.revise import Corrector, Situation
from pm2xero.read.stream import Source
from pm2xero.xero.purpose import Purpose
from tests.support.office import EXAMPLES, Doc, month, revised

FIRM = EXAMPLES / "au" / "organisation.yaml"
AT = datetime(2026, 6, 1, tzinfo=UTC)
GUARDS = (
    "already_posted", "superseded", "conflicting_content", "changed_after_posting",
    "voided_before_sending",
)  # fmt: skip
# One document of each kind of the month that posts by itself.
POSTED = {
    "client_bill": "AU-0016", "client_payment": "AU-0038", "trust_receipt": "AU-0006",
    "supplier_invoice": "AU-0018",
}  # fmt: skip


def without(pack: Pack, gone: frozenset[str]) -> Pack:
    return replace(pack, rules=tuple(r for r in pack.rules if r.id not in gone))


@pytest.fixture(scope="module")
def ready() -> Pipeline:
    return Pipeline.load(FIRM)


def pipeline(ready: Pipeline, gone: frozenset[str]) -> Pipeline:
    return Pipeline(without(ready.pack, gone), ready.organisation, env=ready.mapper.env)


def decided(given: Pipeline, documents: list[Doc]) -> Iterator[tuple[str, str]]:
    lines = b"\n".join(json.dumps(d).encode() for d in documents)
    given.state = opening_state(given.organisation)
    source = Source("input", io.BytesIO(lines))
    for result in given.run(given.order([source]), with_requests=False):
        yield result.decision.outcome, ",".join(r.code for r in result.decision.reasons)


def variants(document: Doc) -> list[Doc]:
    other = {**document, "memo": "other words"}
    return [document, other, revised(other), {**revised(other), "status": "voided"}]


@pytest.mark.parametrize("gone", [frozenset(), frozenset(GUARDS)], ids=["all rules", "no guards"])
@pytest.mark.parametrize("kind", sorted(POSTED))
def test_decide_never_posts_a_second_time(ready: Pipeline, gone: frozenset[str], kind: str) -> None:
    document = month()[POSTED[kind]]
    bill = [month()["AU-0003"]] if kind == "client_payment" else []
    for again in variants(document):
        *_, first, second = decided(pipeline(ready, gone), [*bill, document, again])
        assert first == ("post", "")
        assert second[0] != "post", second


class Kept:
    """What a push would plan, over an outbox in memory."""

    def __init__(self, given: Pipeline) -> None:
        self.outbox = Outbox.open("sqlite://", given.organisation.id, lambda: AT)
        assert self.outbox.is_taken_over(AT)
        self.pipeline = given
        self.opening = opening_state(given.organisation)

    def push(self, *documents: Doc) -> None:
        given = self.pipeline
        given.state = state = RowsState(self.outbox, self.opening)
        corrector = Corrector(
            given, lambda _: Situation(), self.outbox.undone, self.outbox.ids_ever
        )
        intake = Intake(
            given, self.outbox, state, self.outbox.save_many, "pack", lambda: AT, corrector
        )
        lines = b"\n".join(json.dumps(d).encode() for d in documents)
        intake.run(given.order([Source("input", io.BytesIO(lines))]))

    def confirm(self) -> None:
        for request in self.outbox.requests():
            if request.state == "planned":
                self.outbox.claim([request], AT)
                # What takes the place of another is a document of its own in Xero.
                creates = request.purpose is Purpose.CREATE
                id = f"x-{request.id if creates else request.target}"
                self.outbox.confirm([(request, id)], 200, AT)

    def standing(self) -> list[tuple[str, str | None]]:
        return [(r.transaction, r.slot) for r in self.outbox.requests() if r.stands]


steps: Any = st.lists(
    st.tuples(st.sampled_from(sorted(POSTED.values())), st.integers(1, 3), st.booleans(),
              st.booleans()),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@example(script=[("AU-0038", 1, False, True), ("AU-0038", 2, False, True),
                 ("AU-0038", 3, False, False)])  # fmt: skip
@given(script=steps)
def test_push_plans_at_most_one_standing_creation_of_each_slot(
    ready: Pipeline, script: list[tuple[str, int, bool, bool]]
) -> None:
    kept = Kept(pipeline(ready, frozenset(GUARDS)))
    kept.push(month()["AU-0003"])
    for id, revision, voided, sent in script:
        document: Doc = {**month()[id], "revision": revision, "memo": f"words {revision}"}
        if voided:
            document |= {"status": "voided"}
        kept.push(document)
        if sent:
            kept.confirm()
        found = kept.standing()
        assert len(found) == len(set(found))


def test_one_line_that_removes_the_guard_makes_no_second_receipt(
    ready: Pipeline, tmp_path: Path
) -> None:
    kept = Kept(pipeline(ready, frozenset(("changed_after_posting",))))
    receipt = month()["AU-0006"]
    kept.push(receipt)
    kept.confirm()
    kept.push(revised(receipt, memo="again"))
    assert [r.id for r in kept.outbox.requests()] == ["AU-0006/receipt"]
    decision = kept.outbox.decision("AU-0006")
    assert decision is not None
    assert (decision.outcome, decision.code) == ("hold", "needs_a_person")
