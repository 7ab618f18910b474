"""What a stopped request does to those that depend on it, and how they get free again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, Select, and_, select, update

from pm2xero.outbox.records import STOPPED
from pm2xero.outbox.rows import AnyRow, chunks, mine
from pm2xero.outbox.schema import needs, requests


def block(connection: Connection, organisation: str, root: str, start: Iterable[str]) -> list[str]:
    """Block the planned requests that need one of `start`, near or far, naming `root` as why."""
    changed: list[str] = []
    frontier = list(start)
    while frontier:
        found: list[str] = []
        for part in chunks(frontier):
            found.extend(connection.scalars(_dependants(organisation, part)))
        frontier = list(dict.fromkeys(found))
        for part in chunks(frontier):
            connection.execute(
                update(requests)
                .where(mine(organisation), requests.c.id.in_(part))
                .values(state="blocked", blocked_by=root, cause=None, message=None)
            )
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
                    requests.c.state == "blocked",
                    requests.c.blocked_by.in_(part),
                )
            )
        )
    for part in chunks(freed):
        connection.execute(
            update(requests)
            .where(mine(organisation), requests.c.id.in_(part))
            .values(state="planned", blocked_by=None)
        )
    blocked = set(block_again(connection, organisation, freed))
    return [i for i in freed if i not in blocked]


def block_again(connection: Connection, organisation: str, ids: Collection[str]) -> list[str]:
    """Block those of the planned requests `ids` that need a stopped, blocked or dropped one."""
    reasons: dict[str, dict[str, None]] = {}
    for part in chunks(ids):
        wanted = connection.scalars(
            select(needs.c.need)
            .join(requests, _NEEDED_BY)
            .where(mine(organisation), requests.c.id.in_(part))
            .distinct()
            .order_by(needs.c.need)
        )
        for need, root in _roots(connection, organisation, list(wanted)).items():
            reasons.setdefault(root, {})[need] = None
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
        if row.current and row.state == "blocked":
            roots[id] = row.blocked_by
        elif not row.current or row.state in STOPPED:
            roots[id] = id
    return roots


_NEEDED_BY = and_(
    needs.c.organisation == requests.c.organisation,
    needs.c.request == requests.c.id,
    needs.c.revision == requests.c.revision,
)


def _dependants(organisation: str, part: list[str]) -> Select[Any]:
    return (
        select(requests.c.id)
        .join(needs, _NEEDED_BY)
        .where(mine(organisation), needs.c.need.in_(part), requests.c.state == "planned")
        .order_by(requests.c.level, requests.c.sequence, requests.c.id)
    )
