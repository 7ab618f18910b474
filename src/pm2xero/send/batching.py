"""Which requests may go now, and which of them go together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import ENDED, RequestState
from pm2xero.send.fill_ids import Ready, placeholders, references
from pm2xero.xero.contracts import contract

# Xero recommends about 50 documents in a call, and takes 3.5 MB (an older page) or 10 MB.
BATCH = 50
BATCH_BYTES = 3_000_000

State = Callable[[str], RequestState | None]


def ready(
    rows: Sequence[StoredRequest],
    state: State,
    after: Mapping[str, frozenset[str]],
    is_free: Callable[[StoredRequest], bool],
) -> list[StoredRequest]:
    """The planned requests that nothing stands before, in their order.

    Args:
        after: see `undone_before`.
        is_free: whether a request whose need is no request of the outbox may go.
    """
    found = []
    for row in rows:
        if state(row.id) != RequestState.PLANNED:
            continue
        needed = [state(need) for need in row.needs]
        if any(s not in (RequestState.CONFIRMED, None) for s in needed):
            continue
        if None in needed and not is_free(row):
            continue
        if all(state(earlier) in ENDED for earlier in after.get(row.id, ())):
            found.append(row)
    return found


def is_undo(row: StoredRequest) -> bool:
    """Whether a request may take back what another one made."""
    return contract(row.contract).method != "PUT"


def takes_back(row: StoredRequest) -> set[str]:
    """The transactions whose objects a request changes or takes back: named in it, or its own."""
    named = {transaction for _, transaction in placeholders(row)}
    return named | {row.transaction} if row.target is not None else named


def undone_before(
    rows: Sequence[StoredRequest],
    undoing: Sequence[StoredRequest],
    made: Sequence[StoredRequest],
) -> dict[str, frozenset[str]]:
    """For each request, the undoing of others that must have ended before it, done or refused.

    A bill that is paid, unpaid and paid again: the second payment fits only after the first is
    deleted, though nothing else makes it wait.

    Args:
        undoing: those of the rows that take something back.
        made: the requests of the documents that they take back.
    """
    makers: dict[str, list[StoredRequest]] = {}
    for row in made:
        if contract(row.contract).method == "PUT":
            makers.setdefault(row.transaction, []).append(row)
    undoings: dict[str, list[StoredRequest]] = {}
    for row in undoing:
        for transaction in takes_back(row):
            for creation in makers.get(transaction, ()):
                for touched in references(creation):
                    undoings.setdefault(touched, []).append(row)
    if not undoings:
        return {}
    after: dict[str, frozenset[str]] = {}
    for row in rows:
        earlier = {
            other.id
            for touched in references(row)
            for other in undoings.get(touched, ())
            if other.sequence < row.sequence
        }
        if earlier:
            after[row.id] = frozenset(earlier)
    return after


def wave(
    now: Sequence[StoredRequest],
    waiting: Sequence[StoredRequest],
    after: Mapping[str, frozenset[str]],
) -> list[list[StoredRequest]]:
    """Which of the ready requests go next, by contract.

    Contracts of which nothing else waits for any request come last: what becomes ready meanwhile
    can then go in the same calls.
    """
    awaited = {need for row in waiting for need in (*row.needs, *after.get(row.id, ()))}
    groups = list(grouped(now))
    urgent = [group for group in groups if any(row.id in awaited for row in group)]
    return urgent or groups


def in_order(
    rows: Sequence[StoredRequest], after: Mapping[str, frozenset[str]]
) -> list[StoredRequest]:
    """The planned requests as they go when nothing stops any; what waits for others is last."""
    left = {row.id: row for row in rows}
    found: list[StoredRequest] = []
    while left:
        rest = list(left.values())
        now = [row for row in rest if left.keys().isdisjoint((*row.needs, *after.get(row.id, ())))]
        if not now:
            return [*found, *rest]
        for group in wave(now, rest, after):
            found += group
            for row in group:
                del left[row.id]
    return found


def grouped(rows: Sequence[StoredRequest]) -> Iterator[list[StoredRequest]]:
    """Requests of the same contract together; the contract of the first request comes first."""
    groups: dict[str, list[StoredRequest]] = {}
    for row in rows:
        groups.setdefault(row.contract, []).append(row)
    yield from groups.values()


def batches(members: Sequence[Ready]) -> Iterator[list[Ready]]:
    """Requests of one contract in calls that Xero takes."""
    batch: list[Ready] = []
    size = 0
    for member in members:
        longest = BATCH if contract(member.row.contract).batch else 1
        is_full = len(batch) >= longest or size + len(member.element) > BATCH_BYTES
        if batch and is_full:
            yield batch
            batch, size = [], 0
        batch.append(member)
        size += len(member.element)
    if batch:
        yield batch
