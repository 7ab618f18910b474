"""Between records and rows; the one place that knows both shapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, or_, select

from pm2xero.errors import Finding, StateConflict
from pm2xero.outbox.database import CHUNK
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.records import (
    Actor,
    StoredDecision,
    StoredRequest,
    StoredTransaction,
    hash_of,
)
from pm2xero.outbox.schema import attempts, needs, requests
from pm2xero.outbox.states import TRANSITIONS, Event, RequestState
from pm2xero.xero.purpose import Purpose

T = TypeVar("T")
# Requests beyond which their needs are asked for without naming each.
_MANY = 4 * CHUNK
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

# Calling an enum takes three times as long as looking its member up.
_STATES = {state.value: state for state in RequestState}
_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_ACTORS = {actor.value: actor for actor in Actor}


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists short enough for one statement."""
    rest = list(items)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def mine(organisation: str, table: Table = requests) -> ColumnElement[bool]:
    """The organisation's rows that count now, not those of overtaken revisions."""
    return and_(table.c.organisation == organisation, table.c.current)


def transaction_row(organisation: str, tx: StoredTransaction, *, current: bool) -> dict[str, Any]:
    """The row of a transaction."""
    return {
        "organisation": organisation,
        "id": tx.id,
        "revision": tx.revision,
        "digest": tx.digest,
        "kind": tx.kind,
        "document": tx.document,
        "sequence": tx.sequence,
        "current": current,
    }


def transaction_of(row: AnyRow) -> StoredTransaction:
    """The transaction of a row."""
    return StoredTransaction(
        row.id, row.revision, row.digest, row.kind, bytes(row.document), row.sequence
    )


def decision_row(organisation: str, decision: StoredDecision, *, latest: bool) -> dict[str, Any]:
    """The row of a decision."""
    return {
        "organisation": organisation,
        "id": decision.id,
        "revision": decision.revision,
        "outcome": decision.outcome,
        "code": decision.code,
        "by_hand": decision.by_hand,
        "reasons": orjson.dumps(decision.reasons).decode(),
        "warnings": orjson.dumps(decision.warnings).decode(),
        "mapping": decision.mapping,
        "rule": decision.rule,
        "actor": decision.actor,
        "money": decision.money,
        "cents": _cents(decision.money),
        "latest": latest,
        "pack": decision.pack,
        "decided_at": decision.decided_at,
    }


def _cents(money: Decimal) -> int:
    if not isinstance(money, Decimal) or not money.is_finite():
        raise TypeError(f"money must be a finite Decimal, not {money!r}")
    return int(money.scaleb(2))


def decision_of(row: AnyRow) -> StoredDecision:
    """The decision of a row."""
    return StoredDecision(
        row.id,
        row.revision,
        row.outcome,
        row.code,
        row.by_hand,
        orjson.loads(row.reasons),
        orjson.loads(row.warnings),
        row.mapping,
        row.rule,
        row.money,
        row.pack,
        row.decided_at,
        _ACTORS[row.actor],
    )


def request_row(organisation: str, request: StoredRequest) -> dict[str, Any]:
    """The row of a request; its needs are rows of their own."""
    return {
        "organisation": organisation,
        "id": request.id,
        "revision": request.revision,
        "transaction_id": request.transaction,
        "step": request.step,
        "purpose": request.purpose,
        "actor": request.actor,
        "slot": slot_of(request),
        "stands": request.stands and request.purpose is Purpose.CREATE,
        "target": request.target,
        "body_hash": request.body_hash or hash_of(request.path, request.element),
        "sequence": request.sequence,
        "level": request.level,
        "contract": request.contract,
        "path": request.path,
        "element": request.element,
        "key": request.key,
        "becomes_document": request.becomes_document,
        "state": request.state,
        "xero_id": request.xero_id,
        "cause": request.cause,
        "message": request.message,
        "blocked_by": request.blocked_by,
        "money": request.money,
        "attempts": request.attempts,
        "current": True,
    }


def slot_of(request: StoredRequest) -> str | None:
    """The slot that a creation fills: its own step, where the mapping names no other."""
    if request.purpose is not Purpose.CREATE:
        return None
    return request.slot or request.step


def need_rows(organisation: str, request: StoredRequest) -> list[dict[str, Any]]:
    """The rows of a request's needs."""
    return [
        {
            "organisation": organisation,
            "request": request.id,
            "revision": request.revision,
            "position": position,
            "need": need,
        }
        for position, need in enumerate(request.needs)
    ]


def request_of(row: AnyRow, needed: Sequence[str]) -> StoredRequest:
    """The request of a row."""
    return StoredRequest(
        row.id,
        row.revision,
        row.transaction_id,
        row.step,
        row.sequence,
        row.level,
        row.contract,
        row.path,
        row.element,
        row.key,
        tuple(needed),
        row.becomes_document,
        _STATES[row.state],
        row.xero_id,
        row.cause,
        row.message,
        row.blocked_by,
        row.money,
        row.attempts,
        _PURPOSES[row.purpose],
        _ACTORS[row.actor],
        row.slot,
        row.stands,
        row.target,
        row.body_hash,
    )


def load_requests(
    connection: Connection, organisation: str, *conditions: ColumnElement[bool]
) -> list[StoredRequest]:
    """The requests that count now and meet the conditions, in the order of sending."""
    rows = connection.execute(
        select(requests)
        .where(mine(organisation), *conditions)
        .order_by(requests.c.level, requests.c.sequence, by_characters(requests.c.id))
    ).all()
    needed = needs_of(connection, organisation, {row.id: row.revision for row in rows})
    return [request_of(row, needed.get(row.id, ())) for row in rows]


def needs_of(
    connection: Connection, organisation: str, revisions: Mapping[str, int]
) -> dict[str, list[str]]:
    """The needs, in order, of requests given with their revisions.

    Asked without a join: planners without statistics choose a ruinous one.
    """
    found: dict[str, list[str]] = {}
    edges = (
        select(needs.c.request, needs.c.revision, needs.c.need)
        .where(needs.c.organisation == organisation)
        .order_by(needs.c.request, needs.c.revision, needs.c.position)
    )
    # Of very many all are read at once, and those of overtaken revisions passed over.
    some = len(revisions) <= _MANY
    queries = [edges.where(needs.c.request.in_(p)) for p in chunks(revisions)] if some else [edges]
    for query in queries:
        for request, revision, need in connection.execute(query).all():
            if revisions.get(request) == revision:
                found.setdefault(request, []).append(need)
    return found


def check_states(
    connection: Connection,
    organisation: str,
    given: Sequence[StoredRequest],
    event: Event,
) -> dict[str, AnyRow]:
    """The rows of the requests given, all of them in a state in which the event can happen.

    Raises:
        StateConflict: PE105, somebody or something else moved a request, or a newer revision
            took its place.
    """
    found: dict[str, AnyRow] = {}
    for part in chunks(r.id for r in given):
        rows = connection.execute(
            select(
                requests.c.id,
                requests.c.revision,
                requests.c.state,
                requests.c.attempts,
                requests.c.xero_id,
            ).where(mine(organisation), requests.c.id.in_(part))
        )
        found.update((row.id, row) for row in rows)
    allowed = TRANSITIONS[event].sources
    findings = []
    for request in given:
        row = found.get(request.id)
        if row is None:
            findings.append(Finding("PE105", f"{request.id} is not in the outbox"))
        elif row.revision != request.revision:
            findings.append(
                Finding(
                    "PE105",
                    f"{request.id} is at revision {row.revision} now, not {request.revision}",
                )
            )
        elif row.state not in allowed:
            findings.append(
                Finding(
                    "PE105",
                    f"{request.id} is {row.state} and cannot be {event.value}",
                    should_be=", ".join(allowed),
                )
            )
    if findings:
        raise StateConflict(*findings)
    return found


# The last call that was made with a request.
LAST_ATTEMPT = and_(
    requests.c.organisation == attempts.c.organisation,
    requests.c.id == attempts.c.request,
    requests.c.revision == attempts.c.revision,
    requests.c.attempts == attempts.c.number,
)
# A call of which nobody knows what became: it was cut off, or its answer told nothing.
OUTCOME_UNKNOWN = or_(attempts.c.outcome.is_(None), attempts.c.outcome == "unknown")
