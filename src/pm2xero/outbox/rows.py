"""Between records and rows; the one place that knows both shapes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, Table, and_, or_, select

from pm2xero.errors import Finding, StateConflict
from pm2xero.outbox.asking import CHUNK, AnyRow, among, ask, of
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

# Requests beyond which their needs are asked for without naming each.
_MANY = 4 * CHUNK

# Calling an enum takes three times as long as looking its member up.
_STATES = {state.value: state for state in RequestState}
_PURPOSES = {purpose.value: purpose for purpose in Purpose}
_ACTORS = {actor.value: actor for actor in Actor}


@lru_cache(maxsize=256)
def mine(organisation: str, table: Table = requests) -> ColumnElement[bool]:
    """The organisation's rows that count now, not those of overtaken revisions."""
    return and_(table.c.organisation == organisation, table.c.current)


def current(table: Table = requests) -> ColumnElement[bool]:
    """The same of the organisation that is named when the statement runs."""
    return and_(of(table), table.c.current)


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


_REQUESTS = (
    select(requests)
    .where(current())
    .order_by(requests.c.level, requests.c.sequence, by_characters(requests.c.id))
)
# The requests that count now, in the order of sending: of documents, by their ids, by their states.
OF_DOCUMENTS = _REQUESTS.where(among(requests.c.transaction_id))
BY_ID = _REQUESTS.where(among(requests.c.id))
IN_STATES = _REQUESTS.where(among(requests.c.state))
ALL = _REQUESTS
# Just their states.
STATES = select(requests.c.id, requests.c.state).where(current(), among(requests.c.id))


def load_requests(
    connection: Connection, organisation: str, asked: Select[Any], values: Collection[str] | None
) -> list[StoredRequest]:
    """The requests that one of the questions above finds."""
    rows = list(ask(connection, asked, organisation, values))
    needed = needs_of(connection, organisation, {row.id: row.revision for row in rows})
    return [request_of(row, needed.get(row.id, ())) for row in rows]


def needs_of(
    connection: Connection, organisation: str, revisions: Mapping[str, int]
) -> dict[str, list[str]]:
    """The needs, in order, of requests given with their revisions.

    Asked without a join: planners without statistics choose a ruinous one.
    """
    found: dict[str, list[str]] = {}
    # Of very many all are read at once, and those of overtaken revisions passed over.
    some = len(revisions) <= _MANY
    edges = (
        ask(connection, _NEEDS_OF, organisation, revisions)
        if some
        else ask(connection, _NEEDS, organisation)
    )
    for request, revision, need in edges:
        if revisions.get(request) == revision:
            found.setdefault(request, []).append(need)
    return found


_NEEDS = (
    select(needs.c.request, needs.c.revision, needs.c.need)
    .where(of(needs))
    .order_by(needs.c.request, needs.c.revision, needs.c.position)
)
_NEEDS_OF = _NEEDS.where(among(needs.c.request))


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
    found = {
        row.id: row for row in ask(connection, _STATES_OF, organisation, [r.id for r in given])
    }
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


_STATES_OF = select(
    requests.c.id,
    requests.c.revision,
    requests.c.state,
    requests.c.attempts,
    requests.c.xero_id,
).where(current(), among(requests.c.id))
# The last call that was made with a request.
LAST_ATTEMPT = and_(
    requests.c.organisation == attempts.c.organisation,
    requests.c.id == attempts.c.request,
    requests.c.revision == attempts.c.revision,
    requests.c.attempts == attempts.c.number,
)
# A call of which nobody knows what became: it was cut off, or its answer told nothing.
OUTCOME_UNKNOWN = or_(attempts.c.outcome.is_(None), attempts.c.outcome == "unknown")
