"""What a stopped request does to those that depend on it, and how they get free again."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, select

from pm2xero.outbox.moving import move
from pm2xero.outbox.rows import AnyRow, chunks, mine, needs_of
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
    freed: list[str] = []
    for part in chunks(roots):
        freed.extend(
            connection.scalars(
                select(requests.c.id).where(
                    mine(organisation),
                    requests.c.state == RequestState.BLOCKED,
                    requests.c.blocked_by.in_(part),
                )
            )
        )
    move(connection, organisation, freed, Event.FREE, blocked_by=None)
    blocked = set(block_again(connection, organisation, freed))
    return [i for i in freed if i not in blocked]


def block_again(connection: Connection, organisation: str, ids: Collection[str]) -> list[str]:
    """Block those of the planned requests `ids` that need a stopped, blocked or dropped one."""
    revisions = _revisions(connection, organisation, ids)
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
    latest: dict[str, AnyRow] = {}
    for part in chunks(ids):
        rows = connection.execute(
            select(requests.c.id, requests.c.state, requests.c.blocked_by, requests.c.current)
            .where(requests.c.organisation == organisation, requests.c.id.in_(part))
            .order_by(requests.c.current)
        )
        latest.update((row.id, row) for row in rows)
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
    *conditions: ColumnElement[bool],
) -> dict[str, int]:
    """The revisions that count, in the order of sending, of the requests that meet conditions."""
    found: list[AnyRow] = []
    columns = (requests.c.id, requests.c.revision, requests.c.level, requests.c.sequence)
    for part in chunks(ids):
        found.extend(
            connection.execute(
                select(*columns).where(mine(organisation), requests.c.id.in_(part), *conditions)
            )
        )
    found.sort(key=lambda row: (row.level, row.sequence, row.id))
    return {row.id: row.revision for row in found}


def _planned_dependants(
    connection: Connection, organisation: str, ids: Collection[str]
) -> list[str]:
    edges: set[tuple[str, int]] = set()
    for part in chunks(ids):
        edges.update(
            (row.request, row.revision)
            for row in connection.execute(
                select(needs.c.request, needs.c.revision).where(
                    needs.c.organisation == organisation, needs.c.need.in_(part)
                )
            )
        )
    planned = _revisions(
        connection, organisation, {id for id, _ in edges}, requests.c.state == RequestState.PLANNED
    )
    return [id for id, revision in planned.items() if (id, revision) in edges]
