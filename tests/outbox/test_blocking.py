"""Whatever happens in whatever order: blocked means that something stands in the way."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.outbox import Outbox
from pm2xero.outbox.records import StoredRequest

from .documents import AT, Clock, Document, document, request

SIZE = 7
OPERATIONS = (
    "send", "refuse", "lose", "absent", "found", "hold", "skip", "resend", "resolve", "save",
    "reject", "revise",
)  # fmt: skip

graphs = st.tuples(
    *(st.sets(st.integers(0, i - 1), max_size=3) if i else st.just(set()) for i in range(SIZE))
)
steps = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, SIZE - 1)), min_size=1, max_size=25
)


@settings(max_examples=80, deadline=None)
@given(graphs, steps)
def test_blocked_means_that_something_near_or_far_stands_in_the_way(
    graph: tuple[set[int], ...], script: list[tuple[str, int]]
) -> None:
    with Outbox.open("sqlite://", "bellbird", Clock()) as outbox:
        revisions = [1] * SIZE
        outbox.save_many(made(i, graph, 1) for i in range(SIZE))
        for operation, index in script:
            perform(outbox, operation, index, graph, revisions)
            check({r.id: r for r in outbox.requests()})


def made(index: int, graph: tuple[set[int], ...], revision: int) -> Document:
    needs = [f"D{n}/do" for n in sorted(graph[index])]
    return document(
        f"D{index}",
        request(f"D{index}/do", needs=needs, level=index, revision=revision),
        revision=revision,
        digest=f"d{revision}",
    )


def perform(
    outbox: Outbox, operation: str, index: int, graph: tuple[set[int], ...], revisions: list[int]
) -> None:
    """Do it where the state allows it; the refusals have tests of their own."""
    id = f"D{index}"
    found = outbox.request(f"{id}/do")
    state = found.state if found else "gone"
    ready = (
        found is not None
        and state == "planned"
        and all(
            (need := outbox.request(n)) is not None and need.state == "confirmed"
            for n in found.needs
        )
    )
    if operation == "save":
        outbox.save(*made(index, graph, revisions[index]))
    elif operation == "reject" and state not in ("sent", "unknown"):
        tx, decision, _ = document(
            id, revision=revisions[index], digest=f"d{revisions[index]}", outcome="reject"
        )
        outbox.save(tx, decision, [])
    elif operation == "revise" and state not in ("sent", "unknown", "confirmed"):
        revisions[index] += 1
        outbox.save(*made(index, graph, revisions[index]))
    elif state == "sent" or found is None:
        pass
    elif operation in ("hold", "skip", "resend"):
        getattr(outbox, operation)(id, "kim", "why", AT)
    elif operation == "resolve":
        outbox.resolve(id, "kim", "why", AT, f"x{index}")
    elif operation in ("send", "refuse", "lose") and ready:
        outbox.claim([found], AT)
        if operation == "refuse":
            outbox.refuse(found, "NO", "no", 400, AT)
        else:
            outbox.unknown([found], "LOST", "lost", AT)
    elif operation == "absent" and state == "unknown":
        outbox.plan_again([found])
    elif operation == "found" and state == "unknown":
        outbox.confirm([(found, f"x{index}")], 200, AT)


def check(found: Mapping[str, StoredRequest]) -> None:
    """The state of each request against those of its needs."""

    def roots(id: str) -> set[str]:
        one = found.get(id)
        if one is None or one.state in ("rejected", "held", "skipped"):
            return {id}
        if one.state == "blocked":
            return {root for need in one.needs for root in roots(need)}
        return set()

    for item in found.values():
        stopping = {root for need in item.needs for root in roots(need)}
        if item.state == "planned":
            assert stopping == set(), item.id
        elif item.state == "blocked":
            assert item.blocked_by in stopping, item.id
        else:
            assert item.blocked_by is None, item.id
