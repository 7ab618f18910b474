"""What the simulation asks of the program besides pushes; the one place that knows how."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pm2xero.history.opening import OpenedPast
from pm2xero.push.entered_by_hand import resolve_by_hand
from pm2xero.reconcile.run import run as reconcile
from pm2xero.reconcile.verdict import Verdict
from tests.simulation.judge import Told
from tests.simulation.world import World

WHO = "operator"
# Of what reconcile says, this is about documents that are as they must be, or never will be there.
_QUIET = ("equal", "unsupported", "accounts", "controls", "taxes", "matters", "others")


def told(world: World, ids: Iterable[str]) -> tuple[Told, bool]:
    """What the program says of each document, and whether both ledgers agree."""
    wanted = set(ids)
    posted: dict[str, int] = {}
    open_: set[str] = set()
    out: set[str] = set()
    with world.connection() as connection:
        outbox = connection.outbox
        for id in sorted(wanted):
            decision, found = outbox.decision(id), outbox.posted(id)
            states = {request.state for request in outbox.requests(transaction=id)}
            if decision is None:
                continue
            if states - {"confirmed", "skipped"} or decision.outcome == "hold":
                open_.add(id)
            elif "skipped" in states:
                # What left before it was skipped may stand in Xero, once.
                open_.add(id)
            elif found is not None:
                posted[id] = found[0].revision
                if decision.outcome != "post":
                    open_.add(id)
            else:
                out.add(id)
        result = reconcile(connection, None, None)
        said = {k: v for k, v in result.as_json().items() if k not in _QUIET}
        named = {text.partition("/")[0] for text in _texts(said)}
    agrees = result.verdict is not Verdict.DIFFERS
    return Told(posted, frozenset(open_ | (wanted & named)), frozenset(out)), agrees


def stored(world: World, id: str) -> dict[str, Any] | None:
    """The latest revision of a document that the program knows."""
    with world.connection() as connection:
        found = connection.outbox.transaction(id)
    document: dict[str, Any] | None = json.loads(found.document) if found is not None else None
    return document


def stuck(world: World) -> dict[str, str]:
    """Documents with something that is not confirmed, and its state."""
    with world.connection() as connection:
        return {
            r.transaction: r.state
            for r in connection.outbox.requests()
            if r.state not in ("confirmed", "skipped")
        }


def known(world: World) -> list[str]:
    """Ids of all documents that the program has taken in."""
    with world.connection() as connection:
        return sorted({t.id for t in connection.outbox.transactions(latest=True)})


def decide(world: World, what: str, id: str, why: str) -> None:
    """Hold, skip or resend a document.

    Raises:
        StateConflict: a call with it is on its way.
    """
    with world.connection() as connection:
        getattr(connection.outbox, what)(id, WHO, why, world.clock())


def resolve(world: World, id: str, xero_id: str) -> None:
    """Say that a document is in Xero already.

    Raises:
        StateConflict: a call with it is on its way.
    """
    with world.connection() as connection:
        past = OpenedPast(
            connection.pipeline, connection.outbox, connection.state, connection.fingerprint
        )
        resolve_by_hand(past, id, WHO, "typed in", world.clock(), xero_id)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
