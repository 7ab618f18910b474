"""The two keepers of the past say the same, whatever is decided in whatever order.

Each script runs against the state in memory and against rows that are written and read again after
every step, so that nothing lives only in the overlay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.decide.cents import cents_of
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.state import NO_EFFECT, DocumentFact, Effect
from pm2xero.history.rows_state import RowsState, deeds_of
from pm2xero.outbox import Outbox
from pm2xero.outbox.past_records import Chapter, Standing
from pm2xero.outbox.past_writing import write_past

IDS = ("A", "B", "C", "D", "OPEN")
MATTERS = ("M1", "M2")
AT = datetime(2026, 6, 1, tzinfo=UTC)

amounts = st.integers(-500, 500).map(lambda c: Decimal(c).scaleb(-2))
others = st.sampled_from(IDS)
effects = st.builds(
    Effect,
    opened=st.one_of(
        st.none(), st.integers(1, 900).map(lambda c: DocumentFact("", "in_xero", "bill",
                                                                   Decimal(c).scaleb(-2), "C-1")),
    ),
    reversible=st.one_of(st.none(), amounts),
    settled=st.lists(st.tuples(others, amounts), max_size=2).map(tuple),
    trust=st.lists(st.tuples(st.sampled_from(MATTERS), st.just("T"), amounts), max_size=2)
    .map(tuple),
    reverses=st.one_of(st.none(), others),
    to_come=st.lists(st.tuples(others, amounts), max_size=2).map(tuple),
)  # fmt: skip
steps = st.tuples(
    st.sampled_from(IDS[:4]),
    st.sampled_from(("post", "reject", "hold", "skip", "waiting", "before_integration")),
    effects,
)


def opening() -> MemoryState:
    state = MemoryState({("M1", "T"): Decimal("10.00")})
    state.add_open(DocumentFact("OPEN", "in_xero", "bill", Decimal("7.00"), "C-2", None, "x-1"))
    return state


@contextmanager
def outbox() -> Iterator[Outbox]:
    with Outbox.open("sqlite://", "bellbird", lambda: AT) as opened:
        yield opened


def remember(state: MemoryState, number: int, step: tuple[str, str, Effect]) -> None:
    id, outcome, effect = step
    if outcome != "post":
        waits = outcome in ("reject", "hold")
        effect = Effect(to_come=effect.to_come) if waits and effect.to_come else NO_EFFECT
    else:
        fact, opened = effect.opened, None
        if fact is not None:
            opened = DocumentFact(id, fact.state, fact.kind, fact.amount_due, fact.contact)
        kept = None if opened is not None else effect.reversible
        effect = Effect(opened, kept, effect.settled, effect.trust, effect.reverses)
    state.remember(id, number, b"%016d" % number, outcome, effect)


def write(state: RowsState, kept: Outbox, id: str) -> None:
    done = state.take(id)
    assert done is not None
    opened = done.effect.opened
    due = opened.amount_due if opened is not None else None
    standing = Standing(
        id, done.revision, done.digest.hex(), done.outcome, "bill",
        contact=opened.contact if opened else None,
        opened=cents_of(due) if due is not None else None,
        reversible=None if done.effect.reversible is None else cents_of(done.effect.reversible),
    )  # fmt: skip
    with kept._write() as connection:
        chapter = Chapter(id, done.revision, standing, deeds_of(done.effect))
        write_past(connection, "bellbird", [chapter])
    state.forget()


def said(state: MemoryState) -> list[object]:
    views = [state, *(state.without(id) for id in IDS[:4])]
    return [
        [v.document(i) for v in views for i in IDS],
        [(e.revision, e.outcome) if (e := v.earlier(i)) else None for v in views for i in IDS],
        [v.trust_balance(m, "T") for v in views for m in MATTERS],
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=12), st.booleans())
def test_rows_and_memory_say_the_same(script: list[tuple[str, str, Effect]], at_once: bool) -> None:
    memory = opening()
    with outbox() as kept:
        rows = RowsState(kept, opening())
        for number, step in enumerate(script, 1):
            remember(memory, number, step)
            remember(rows, number, step)
            if not at_once:
                write(rows, kept, step[0])
            assert said(rows) == said(memory)


def test_one_statement_asks_for_a_batch_and_not_for_each_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with outbox() as kept:
        asked: list[int] = []
        ask = kept.dues
        monkeypatch.setattr(kept, "dues", lambda ids: asked.append(len(ids)) or ask(ids))
        state = RowsState(kept, opening())
        state.prepare([f"P-{n}" for n in range(400)], ["M1", "M2"])
        for n in range(400):
            assert state.document(f"P-{n}").state == "unknown"
            assert state.earlier(f"P-{n}") is None
        assert asked == [400]
        assert state.document("never named").state == "unknown"
        assert asked == [400, 1]


@pytest.mark.parametrize("outcome", ["reject", "post"])
def test_what_was_promised_in_an_earlier_run_is_taken_back_by_a_later_decision(
    outcome: str,
) -> None:
    promise = Effect(to_come=(("OPEN", Decimal("2.00")),))
    with outbox() as kept:
        state = RowsState(kept, opening())
        remember(state, 1, ("A", "hold", promise))
        write(state, kept, "A")
        assert state.document("OPEN").to_come == (("A", Decimal("2.00")),)
        remember(state, 2, ("A", outcome, NO_EFFECT))
        assert state.document("OPEN").to_come == ()
        write(state, kept, "A")
        assert state.document("OPEN").to_come == ()


def test_what_is_not_written_cannot_be_forgotten() -> None:
    with outbox() as kept:
        state = RowsState(kept, opening())
        state.remember("A", 1, b"x" * 16, "post")
        with pytest.raises(AssertionError):
            state.forget()
