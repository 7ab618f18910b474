"""What a person said about a request while nobody knew whether it was in Xero.

Such a word moves nothing until a look-up shows that the request is absent: what may be in Xero
keeps its state and its slot, or a second one could be sent beside it. The log has the word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from sqlalchemy import Connection, select

from pm2xero.outbox.blocking import block_on
from pm2xero.outbox.moving import move
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.rows import chunks, mine
from pm2xero.outbox.schema import human_actions, requests
from pm2xero.outbox.states import TRANSITIONS, Event, RequestState

_RESTS: Mapping[str, Event] = {"hold": Event.HOLD, "skip": Event.SKIP}
_ENDS = "resend"


def wishes(
    connection: Connection, organisation: str, given: Sequence[StoredRequest]
) -> dict[str, tuple[str, str]]:
    """The last word about each request that has one, `hold` or `skip`, and why it was said."""
    owners = {r.id: r.transaction for r in given}
    found: dict[str, tuple[str, str]] = {}
    for part in chunks(dict.fromkeys(owners.values())):
        said = connection.execute(
            select(human_actions.c.what, human_actions.c.why, human_actions.c.transaction_id,
                   human_actions.c.changed)
            .where(
                human_actions.c.organisation == organisation,
                human_actions.c.transaction_id.in_(part),
                human_actions.c.what.in_((*_RESTS, _ENDS)),
            )
            .order_by(human_actions.c.id)
        )  # fmt: skip
        for what, why, transaction, changed in said:
            own = [i for i in orjson.loads(changed) if owners.get(i) == transaction]
            for id in own:
                if what == _ENDS:
                    found.pop(id, None)
                else:
                    found[id] = (what, why)
    return found


def rest_as_wished(
    connection: Connection, organisation: str, given: Sequence[StoredRequest]
) -> dict[str, RequestState]:
    """Let those of the absent requests rest that a person wants to; what follows is blocked.

    Returns:
        the state of each that rests.
    """
    wanted = wishes(connection, organisation, given)
    rests: dict[str, RequestState] = {}
    for part in chunks(wanted):
        rows = connection.execute(
            select(requests.c.id, requests.c.state).where(
                mine(organisation), requests.c.id.in_(part)
            )
        )
        for row in rows:
            what, why = wanted[row.id]
            event = _RESTS[what]
            if row.state in TRANSITIONS[event].sources:
                said = {"cause": what, "message": why, "blocked_by": None}
                move(connection, organisation, [row.id], event, **said)
                rests[row.id] = TRANSITIONS[event].target
    block_on(connection, organisation, rests)
    return rests
