"""What a stopped request does to those that depend on it, and how they get free again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Select, select

from pm2xero.outbox.asking import among, ask, of
from pm2xero.outbox.moving import move
from pm2xero.outbox.rows import current, needs_of
from pm2xero.outbox.schema import needs, requests
from pm2xero.outbox.states import STOPPED, Event, RequestState


def block(connection: Connection, organisation: str, root: str, start: Iterable[str]) -> list[str]:
    """Block the planned requests that need one of `start`, near or far, naming `root` as why."""
    changed: list[str] = []
    frontier = list(start)
    while frontier:
        frontier = _planned_dependants(connection, organisation, frontier)
        why = {"blocked_by": root, "cause": None, "message": None}
        move(connection, organisation, frontier, Event.BLOCK, **why)
        changed.extend(frontier)
    return changed


def block_on(connection: Connection, organisation: str, roots: Iterable[str]) -> list[str]:
    """Block what depends on each of these stopped requests."""
    return [i for root in roots for i in block(connection, organisation, root, [root])]


def unblock(connection: Connection, organisation: str, roots: Collection[str]) -> list[str]:
    """Plan again what was blocked by these, unless something else stands in its way."""
    freed = [id for (id,) in ask(connection, _BLOCKED_BY, organisation, roots)]
    move(connection, organisation, freed, Event.FREE, blocked_by=None)
    blocked = set(block_again(connection, organisation, freed))
    return [i for i in freed if i not in blocked]


def block_again(connection: Connection, organisation: str, ids: Collection[str]) -> list[str]:
    """Block those of the planned requests `ids` that need a stopped, blocked or dropped one."""
    revisions = _revisions(connection, organisation, ids, _COUNTING)
    wanted = needs_of(connection, organisation, revisions).values()
    unique = list(dict.fromkeys(need for listed in wanted for need in listed))
    reasons: dict[str, list[str]] = {}
    for need, root in _roots(connection, organisation, unique).items():
        reasons.setdefault(root, []).append(need)
    return [
        i for root, start in reasons.items() for i in block(connection, organisation, root, start)
    ]


def _roots(connection: Connection, organisation: str, ids: Collection[str]) -> dict[str, str]:
    """Why nothing can follow on these requests, for those where that is so."""
    latest = {row.id: row for row in ask(connection, _STANDS, organisation, ids)}
    roots = {}
    for id, row in latest.items():
        if row.current and row.state == RequestState.BLOCKED:
            roots[id] = row.blocked_by
        elif not row.current or row.state in STOPPED:
            roots[id] = id
    return roots


def _revisions(
    connection: Connection,
    organisation: str,
    ids: Iterable[str],
    asked: Select[Any],
) -> dict[str, int]:
    """The revisions that count, in the order of sending, of the requests that are asked for."""
    found = list(ask(connection, asked, organisation, ids))
    found.sort(key=lambda row: (row.level, row.sequence, row.id))
    return {row.id: row.revision for row in found}


def _planned_dependants(
    connection: Connection, organisation: str, ids: Collection[str]
) -> list[str]:
    rows = ask(connection, _FOLLOWING, organisation, ids)
    edges = {(row.request, row.revision) for row in rows}
    planned = _revisions(connection, organisation, {id for id, _ in edges}, _PLANNED)
    return [id for id, revision in planned.items() if (id, revision) in edges]


_BLOCKED_BY = select(requests.c.id).where(
    current(), requests.c.state == RequestState.BLOCKED, among(requests.c.blocked_by)
)
# The revision that counts comes last.
_STANDS = (
    select(requests.c.id, requests.c.state, requests.c.blocked_by, requests.c.current)
    .where(of(requests), among(requests.c.id))
    .order_by(requests.c.current)
)
_COUNTING = select(requests.c.id, requests.c.revision, requests.c.level, requests.c.sequence).where(
    current(), among(requests.c.id)
)
_PLANNED = _COUNTING.where(requests.c.state == RequestState.PLANNED)
_FOLLOWING = select(needs.c.request, needs.c.revision).where(of(needs), among(needs.c.need))
