"""The states of a request: one table says what moves it, and every write of a state obeys it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import TypeAlias


class RequestState(StrEnum):
    """What is known of a request.

    Attributes:
        PLANNED: it is known not to be in Xero, and goes with the next push.
        SENT: written down before the call; nobody knows the answer yet.
        CONFIRMED: it is in Xero, under the id that is kept with it.
        REJECTED: Xero read it and said no, so it is not there.
        UNKNOWN: it may be in Xero; a look-up comes before anything else.
        FAILED: it left again and again, and each time Xero had not got it afterwards.
        HELD: a person wants it to wait.
        SKIPPED: a person wants it never to be sent.
        BLOCKED: planned, but what it needs has stopped.
        LEFT: a person makes it in Xero; it is never sent.
    """

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    FAILED = "failed"
    HELD = "held"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    LEFT = "left"


# A set of states that has a name; a tuple, so that what is printed has an order.
States: TypeAlias = tuple[RequestState, ...]

_S = RequestState

# In these a request begins: planned, left to a person, as one left the revision before it, or
# unknown, where a lost outbox may have sent what is not to be sent any more.
FIRST: States = (_S.PLANNED, _S.HELD, _S.SKIPPED, _S.LEFT, _S.UNKNOWN)
# A call may be on its way, or its answer was lost with the process.
IN_FLIGHT: States = (_S.SENT,)
# Whether it is in Xero is not known.
UNSETTLED: States = (_S.SENT, _S.UNKNOWN)
# The next push has something to do with it.
DUE: States = (_S.PLANNED, *UNSETTLED)
# It came to its end without being in Xero, so what needs it cannot go on.
STOPPED: States = (_S.REJECTED, _S.FAILED, _S.HELD, _S.SKIPPED, _S.LEFT)
# Nothing more happens to it by itself.
ENDED: States = (_S.CONFIRMED, *STOPPED, _S.BLOCKED)
# Nothing of it is in Xero, so a new rendering may take its place.
REPLACEABLE: States = (_S.PLANNED, *STOPPED, _S.BLOCKED)
# A person has had the last word, which holds for the next revision too.
KEPT_BY_PERSON: States = (_S.HELD, _S.SKIPPED)
# It is in Xero, or never will be because a person said so.
SETTLED: States = (_S.CONFIRMED, _S.SKIPPED)


class Event(Enum):
    """What can happen to a request; the value completes "it cannot be …"."""

    CLAIM = "sent"
    CONFIRM = "confirmed"
    REFUSE = "refused"
    TURN_AWAY = "refused before it is sent"
    DOUBT = "unknown"
    ABSENT = "planned again"
    GIVE_UP = "given up"
    HOLD = "held"
    SKIP = "skipped"
    KEEP_BACK = "kept back"
    PASS_BY = "looked for no longer"
    SUSPECT = "looked up before it is sent"
    WAIT = "made to wait"
    RESEND = "resent"
    RECHECK = "looked up and resent"
    RESOLVE = "resolved"
    BLOCK = "blocked"
    FREE = "set free"


@dataclass(frozen=True, slots=True)
class Transition:
    """From which states an event leads to which."""

    sources: States
    target: RequestState


# The only place that says which state follows on which, and why. What is not here is impossible.
TRANSITIONS: Mapping[Event, Transition] = MappingProxyType(
    {
        # An unknown one may go again under the key of its call, while Xero remembers the key.
        Event.CLAIM: Transition((_S.PLANNED, _S.UNKNOWN), _S.SENT),
        # What Xero's answer, or a look-up, says; an answer may be written down twice.
        Event.CONFIRM: Transition((*UNSETTLED, _S.CONFIRMED), _S.CONFIRMED),
        Event.REFUSE: Transition(UNSETTLED, _S.REJECTED),
        # The contact that it names cannot be used, so it never left.
        Event.TURN_AWAY: Transition((_S.PLANNED,), _S.REJECTED),
        Event.DOUBT: Transition(UNSETTLED, _S.UNKNOWN),
        Event.ABSENT: Transition(UNSETTLED, _S.PLANNED),
        Event.GIVE_UP: Transition(UNSETTLED, _S.FAILED),
        # Xero would refuse it as it is there now. It stays planned: each push looks again.
        Event.WAIT: Transition((_S.PLANNED,), _S.PLANNED),
        # What a person says; while a call is on its way it cannot be said.
        Event.HOLD: Transition((_S.PLANNED, _S.REJECTED, _S.FAILED, _S.BLOCKED), _S.HELD),
        Event.SKIP: Transition(
            (_S.PLANNED, _S.REJECTED, _S.FAILED, _S.BLOCKED, _S.HELD), _S.SKIPPED
        ),
        # What may be in Xero stays unknown, whatever a person wants: only once it is known to be
        # absent does it rest as the person said (`wishes`), and only then may another take its
        # place.
        Event.KEEP_BACK: Transition((_S.UNKNOWN,), _S.UNKNOWN),
        # What is only looked for is never sent, so a person who has looked may end the looking.
        Event.PASS_BY: Transition((_S.UNKNOWN,), _S.SKIPPED),
        # What is left to a person is none of these: it is resolved, and nothing else.
        # What never left is planned; what left once is looked up before it is sent again.
        Event.RESEND: Transition((_S.REJECTED, *KEPT_BY_PERSON, _S.BLOCKED), _S.PLANNED),
        Event.RECHECK: Transition(
            (_S.REJECTED, _S.FAILED, *KEPT_BY_PERSON, _S.UNKNOWN), _S.UNKNOWN
        ),
        Event.RESOLVE: Transition((*STOPPED, _S.PLANNED, _S.UNKNOWN, _S.BLOCKED), _S.CONFIRMED),
        # The outbox is new or an older copy, so another one may have sent it.
        Event.SUSPECT: Transition((_S.PLANNED,), _S.UNKNOWN),
        # What became of a request that this one needs.
        Event.BLOCK: Transition((_S.PLANNED,), _S.BLOCKED),
        Event.FREE: Transition((_S.BLOCKED,), _S.PLANNED),
    }
)
