"""What the sender may conclude: what came back, and when, give the state and the next step.

The table is the only place where a conclusion is drawn. `delivery` follows it, the model check
walks it, and the documentation prints it. Its words for time:

  first    no call under this key is in doubt
  doubted  an earlier call under this key is in doubt, so it may still arrive
  early    a call may still arrive, and its key may be used again: Xero makes the two one
  late     a call may still arrive, and its key cannot be used any more
  over     no call may still arrive (the late window has ended, or Xero has answered)
  last     the same, and the request has left as often as it may
  refused  Xero has just refused it, and perhaps because it is there already
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from pm2xero.outbox.states import TRANSITIONS, Event


class Seen(Enum):
    """What came back; the value says it in the documentation."""

    # of a call
    NOT_SENT = "there was no connection, or no right to send: nothing left"
    TURNED_BACK = "Xero did not look at it (401, 403, 412, 429)"
    NO_ANSWER = "time-out, lost connection, killed process"
    FAULT = "any 5xx, of Xero or of a gateway"
    MISFIT = "an answer that does not fit, with more or fewer elements, or none that can be read"
    REFUSED = "Xero refuses the call with this one element (any other 4xx)"
    SPOILED = "Xero refuses a call with several elements (any other 4xx)"
    # of an element in an answer that fits
    TAKEN = "a usable id, the status that was asked for, and the number, reference and amount sent"
    DRAFT_MADE = "a usable id, but as a draft"
    NAMELESS = "no error and no usable id, or an echo of something else"
    SAID_NO = "an error of this element"
    # of a look-up
    STANDS = "it is there and stands in the ledger (or it is taken back, where that was asked)"
    DRAFT = "it is there as a draft"
    RIVALS = "several could be it, or one bears its id and differs"
    SPENT = "a new or restored outbox: it is there, taken back, and its taking back is planned, too"
    TAKEN_BACK = "a new or restored outbox: it is there, but somebody took it back"
    ABSENT = "the complete list does not have it"
    UNPROVEN = "the list is not complete, or no list (404, a page missing, no ids)"
    UNSEEN = "nothing shows whether it was done"


class When(Enum):
    """The time of a conclusion; see the head of the module."""

    FIRST = "first"
    DOUBTED = "doubted"
    EARLY = "early"
    LATE = "late"
    OVER = "over"
    LAST = "last"
    REFUSED = "refused"


class Step(Enum):
    """What is done next."""

    DONE = "nothing more"
    POLICY = "as errors.yaml says: refuse, look it up, send it again, or end the run"
    LOOK = "look it up after a pause"
    LOOK_NOW = "look it up"
    REPEAT = "send it again under the same key"
    WAIT = "wait until no call can arrive any more, then look it up"
    NEW_KEY = "send it under a new key; in halves what was spoiled, or failed twice"
    STOP = "end the run"
    NEXT_RUN = "leave it to the next run, which looks it up first"
    PERSON = "a person must look; the next run looks again, too"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows: the event that moves the request (None leaves it as it is), and the next step.

    Attributes:
        why: the reason, as the documentation tells it.
    """

    event: Event | None
    step: Step
    why: str


_S, _W, _E = Seen, When, Event

_ANY_CALL = (_W.FIRST, _W.DOUBTED)
# `early` is only where the whole call is absent, for the key is of no use for a part of it.
_ANY_LOOK = (_W.LATE, _W.OVER, _W.LAST)


def _rows() -> dict[tuple[Seen, When], Conclusion]:
    rows: dict[tuple[Seen, When], Conclusion] = {}

    def row(seen: Seen, when: tuple[When, ...], event: Event | None, step: Step, why: str) -> None:
        for moment in when:
            assert (seen, moment) not in rows
            rows[seen, moment] = Conclusion(event, step, why)

    # --- what a call came back with ---
    for seen in (_S.NOT_SENT, _S.TURNED_BACK):
        row(seen, (_W.FIRST,), _E.ABSENT, Step.STOP, "nothing can have been done")
        row(seen, (_W.DOUBTED,), _E.DOUBT, Step.STOP, "the earlier call may have been carried out")
    for seen in (_S.NO_ANSWER, _S.FAULT, _S.MISFIT):
        row(seen, _ANY_CALL, _E.DOUBT, Step.LOOK, "it may be done, or be carried out later")
    row(_S.REFUSED, (_W.FIRST,), None, Step.POLICY, "Xero has read it, and it is the only one")
    row(_S.REFUSED, (_W.DOUBTED,), _E.DOUBT, Step.LOOK,
        "the earlier call may be why it is refused, or may still arrive")  # fmt: skip
    row(_S.SPOILED, (_W.FIRST,), _E.DOUBT, Step.LOOK_NOW, "good elements were seen to be kept")
    row(_S.SPOILED, (_W.DOUBTED,), _E.DOUBT, Step.LOOK, "good elements were seen to be kept")
    # --- what an element of an answer says ---
    row(_S.TAKEN, _ANY_CALL, _E.CONFIRM, Step.DONE, "it is in Xero under this id")
    row(_S.DRAFT_MADE, _ANY_CALL, _E.DOUBT, Step.PERSON, "a draft is not in the ledger")
    row(_S.NAMELESS, _ANY_CALL, _E.DOUBT, Step.LOOK,
        "ids of saved elements were seen to come back empty")  # fmt: skip
    row(_S.SAID_NO, (_W.FIRST,), None, Step.POLICY, "Xero has read it and says what is wrong")
    row(_S.SAID_NO, (_W.DOUBTED,), _E.DOUBT, Step.LOOK,
        "the earlier call may be why it is refused, or may still arrive")  # fmt: skip
    # --- what a look-up shows ---
    row(_S.STANDS, _ANY_LOOK, _E.CONFIRM, Step.DONE, "its id is taken over")
    row(_S.SPENT, _ANY_LOOK, _E.CONFIRM, Step.DONE,
        "its id is taken over, and the taking back finds itself done")  # fmt: skip
    row(_S.TAKEN_BACK, _ANY_LOOK, _E.HOLD, Step.PERSON,
        "who took it back may not want it a second time")  # fmt: skip
    row(_S.DRAFT, _ANY_LOOK, _E.DOUBT, Step.PERSON, "it counts once it is approved in Xero")
    row(_S.RIVALS, _ANY_LOOK, _E.DOUBT, Step.PERSON, "sending it might make one more of it")
    row(_S.UNSEEN, _ANY_LOOK, _E.DOUBT, Step.PERSON, "nothing proves that it is not there")
    row(_S.UNPROVEN, _ANY_LOOK, _E.DOUBT, Step.NEXT_RUN, "what was not seen proves nothing")
    row(_S.ABSENT, (_W.EARLY,), _E.DOUBT, Step.REPEAT, "the key protects from doing it twice")
    row(_S.ABSENT, (_W.LATE,), _E.DOUBT, Step.WAIT, "it may still arrive")
    row(_S.ABSENT, (_W.OVER,), _E.ABSENT, Step.NEW_KEY,
        "it did not arrive, and Xero repeats its answers, faults too, to the old key")  # fmt: skip
    row(_S.ABSENT, (_W.LAST,), _E.GIVE_UP, Step.DONE,
        "it did not arrive, again and again; it ends with Xero's last answer")  # fmt: skip
    refused = (_W.REFUSED,)
    row(_S.STANDS, refused, _E.CONFIRM, Step.DONE, "it was refused because it is there already")
    row(_S.DRAFT, refused, _E.DOUBT, Step.PERSON, "it counts once it is approved in Xero")
    for seen in (_S.ABSENT, _S.RIVALS, _S.UNPROVEN, _S.UNSEEN):
        row(seen, refused, _E.REFUSE, Step.DONE, "Xero has read it and refused it")
    return rows


TABLE: Mapping[tuple[Seen, When], Conclusion] = MappingProxyType(_rows())


def conclude(seen: Seen, when: When) -> Conclusion:
    """What follows from what was seen at that time."""
    return TABLE[seen, when]


def as_markdown() -> str:
    """The table for the documentation; rows that say the same at several times are one."""
    lines = ["| what came back | when | state | next | why |", "|---|---|---|---|---|"]
    merged: dict[tuple[Seen, Conclusion], list[str]] = {}
    for (seen, when), conclusion in TABLE.items():
        merged.setdefault((seen, conclusion), []).append(when.value)
    for (seen, conclusion), times in merged.items():
        event = conclusion.event
        state = TRANSITIONS[event].target.value if event is not None else "as it says"
        cells = (seen.value, ", ".join(times), state, conclusion.step.value, conclusion.why)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
