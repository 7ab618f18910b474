"""What is known to be wanted of a request while nobody knew whether it was in Xero.

Such a word moves nothing until a look-up shows that the request is absent: what may be in Xero
keeps its state and its slot, or a second one could be sent beside it. The log has the word.
The same is true of what is only looked for, because its document is voided by now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import Connection, and_, select

from pm2xero.outbox.asking import among, ask, of
from pm2xero.outbox.blocking import block_on
from pm2xero.outbox.memory import VOIDED
from pm2xero.outbox.moving import move
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.rows import STATES, current
from pm2xero.outbox.schema import decisions, human_actions, requests
from pm2xero.outbox.states import TRANSITIONS, Event, RequestState

_RESTS: Mapping[str, Event] = {"hold": Event.HOLD, "skip": Event.SKIP}
_ENDS = "resend"
_NOT_THERE = "Xero has not got it, and it is voided in Practice Management"


def wishes(
    connection: Connection, organisation: str, given: Sequence[StoredRequest]
) -> dict[str, tuple[str, str]]:
    """The last word about each request that has one, `hold` or `skip`, and why it was said."""
    owners = {r.id: r.transaction for r in given}
    found: dict[str, tuple[str, str]] = {}
    said = ask(connection, _SAID, organisation, dict.fromkeys(owners.values()))
    for what, why, transaction, changed in said:
        own = [i for i in orjson.loads(changed) if owners.get(i) == transaction]
        for id in own:
            if what == _ENDS:
                found.pop(id, None)
            else:
                found[id] = (what, why)
    return found


_SAID = (
    select(
        human_actions.c.what, human_actions.c.why, human_actions.c.transaction_id,
        human_actions.c.changed,
    )
    .where(
        of(human_actions),
        among(human_actions.c.transaction_id),
        human_actions.c.what.in_((*_RESTS, _ENDS)),
    )
    .order_by(human_actions.c.id)
)  # fmt: skip


def only_looked_for(
    connection: Connection, organisation: str, ids: Collection[str]
) -> set[str]:  # fmt: skip
    """Those of the requests that are never sent, as no decision ever posted their revision."""
    return {id for (id,) in ask(connection, _ONLY_LOOKED_FOR, organisation, ids)}


_ONLY_LOOKED_FOR = (
    select(requests.c.id)
    .join(
        decisions,
        and_(
            decisions.c.organisation == requests.c.organisation,
            decisions.c.id == requests.c.transaction_id,
            decisions.c.revision == requests.c.revision,
        ),
    )
    .where(current(), among(requests.c.id), decisions.c.outcome == "hold")
)


def rest_as_wished(
    connection: Connection, organisation: str, given: Sequence[StoredRequest]
) -> dict[str, RequestState]:
    """Let those of the absent requests rest that are not to be sent; what follows is blocked.

    Returns:
        the state of each that rests.
    """
    wanted = wishes(connection, organisation, given)
    voided = only_looked_for(connection, organisation, [r.id for r in given])
    wanted |= dict.fromkeys(voided, ("skip", _NOT_THERE))
    rests: dict[str, RequestState] = {}
    for row in ask(connection, STATES, organisation, wanted):
        what, why = wanted[row.id]
        event = _RESTS[what]
        if row.state in TRANSITIONS[event].sources:
            # No person has said it, so the next revision need not rest, too.
            cause = VOIDED if row.id in voided else what
            said = {"cause": cause, "message": why, "blocked_by": None}
            move(connection, organisation, [row.id], event, **said)
            rests[row.id] = TRANSITIONS[event].target
    block_on(connection, organisation, rests)
    return rests
