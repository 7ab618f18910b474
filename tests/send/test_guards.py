"""No guard can be taken away without a test that sees it: each is broken here, one at a time.

The model check of `test_model` must find a double, a false word, or something that hangs. Guards
that the model has no part in are broken against the scenario that shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from pm2xero.outbox.states import Event
from pm2xero.send import caller, delivery, echo, looking, lookup, sender
from pm2xero.send.conclusions import TABLE, Conclusion, Seen, Step, When
from pm2xero.xero import answers
from tests.send.test_model import walk

Break = Callable[[pytest.MonkeyPatch], None]


def is_caught() -> bool:
    """Whether the walk finds that something is wrong."""
    for names, runs, depth in (("A", 2, 1), ("AB", 1, 1), ("AB", 2, 2), ("A", 2, 2)):
        try:
            walk(names, runs, depth)
        except BaseException:
            return True
    return False


def test_nothing_is_broken() -> None:
    assert not is_caught()


def row(seen: Seen, when: When, event: Event | None, step: Step) -> Break:
    """Another conclusion in one row of the table."""

    def break_(patch: pytest.MonkeyPatch) -> None:
        changed: Mapping[Any, Conclusion] = {**TABLE, (seen, when): Conclusion(event, step, "")}
        for module in (delivery, looking):
            patch.setattr(module, "conclude", lambda s, w: changed[s, w])

    return break_


ROWS = [
    (Seen.NO_ANSWER, When.FIRST, None, Step.POLICY),
    (Seen.NO_ANSWER, When.FIRST, Event.ABSENT, Step.STOP),
    (Seen.NO_ANSWER, When.FIRST, Event.GIVE_UP, Step.DONE),
    (Seen.NO_ANSWER, When.FIRST, Event.CONFIRM, Step.DONE),
    (Seen.NO_ANSWER, When.DOUBTED, Event.ABSENT, Step.STOP),
    (Seen.FAULT, When.FIRST, Event.ABSENT, Step.STOP),
    (Seen.FAULT, When.FIRST, Event.GIVE_UP, Step.DONE),
    (Seen.FAULT, When.DOUBTED, Event.GIVE_UP, Step.DONE),
    (Seen.MISFIT, When.FIRST, Event.ABSENT, Step.STOP),
    (Seen.MISFIT, When.DOUBTED, Event.ABSENT, Step.STOP),
    (Seen.NOT_SENT, When.DOUBTED, Event.ABSENT, Step.STOP),
    (Seen.TURNED_BACK, When.DOUBTED, Event.ABSENT, Step.STOP),
    (Seen.REFUSED, When.DOUBTED, None, Step.POLICY),
    (Seen.SPOILED, When.FIRST, Event.ABSENT, Step.STOP),
    (Seen.SPOILED, When.DOUBTED, Event.ABSENT, Step.STOP),
    (Seen.NAMELESS, When.FIRST, Event.ABSENT, Step.STOP),
    (Seen.NAMELESS, When.FIRST, Event.GIVE_UP, Step.DONE),
    (Seen.NAMELESS, When.DOUBTED, Event.ABSENT, Step.STOP),
    (Seen.TAKEN, When.FIRST, Event.DOUBT, Step.LOOK),
    (Seen.STANDS, When.LATE, Event.ABSENT, Step.NEW_KEY),
    (Seen.STANDS, When.OVER, Event.ABSENT, Step.NEW_KEY),
    (Seen.UNPROVEN, When.LATE, Event.ABSENT, Step.NEW_KEY),
    (Seen.UNPROVEN, When.OVER, Event.ABSENT, Step.NEW_KEY),
    (Seen.UNPROVEN, When.OVER, Event.GIVE_UP, Step.DONE),
    (Seen.ABSENT, When.EARLY, Event.ABSENT, Step.NEW_KEY),
    (Seen.ABSENT, When.EARLY, Event.GIVE_UP, Step.DONE),
    (Seen.ABSENT, When.LATE, Event.ABSENT, Step.NEW_KEY),
    (Seen.ABSENT, When.LATE, Event.GIVE_UP, Step.DONE),
    (Seen.ABSENT, When.OVER, Event.CONFIRM, Step.DONE),
    (Seen.ABSENT, When.LAST, Event.CONFIRM, Step.DONE),
]


@pytest.mark.parametrize(
    ("seen", "when", "event", "step"),
    ROWS,
    ids=[f"{s.name}-{w.name}-{e.name if e else 'none'}-{n.name}" for s, w, e, n in ROWS],
)
def test_a_wrong_row_is_seen(
    seen: Seen, when: When, event: Event | None, step: Step, monkeypatch: pytest.MonkeyPatch
) -> None:
    row(seen, when, event, step)(monkeypatch)
    assert is_caught()


def always(module: Any, name: str, value: Any) -> Break:
    """A function that always says the same, or another value of a constant."""
    return lambda patch: patch.setattr(module, name, value)


def no_key_salt(patch: pytest.MonkeyPatch) -> None:
    numbers = count()
    patch.setattr(delivery, "idempotency_key", lambda members: f"{next(numbers)}")


def no_late_window(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sender.Sender.__init__, "__kwdefaults__", {"limits": None, "late": timedelta(0)})


GUARDS: dict[str, Break] = {
    "a lost call may still arrive": no_late_window,
    "a look-up is not made in the window": lambda patch: patch.setattr(
        looking.Looking, "_moment", lambda self, parcel_, at, is_whole: When.OVER
    ),
    "the same key is the same": no_key_salt,
    "a list must answer 200": lambda patch: patch.setattr(
        answers, "objects_of", lambda answer, endpoint: (answer.json or {}).get(endpoint) or []
    ),
    "a list must be whole": always(answers, "_check_complete", lambda *given: None),
    "an answer has as many elements": lambda patch: patch.setattr(
        delivery, "elements_of", _without_count
    ),
    "an id is an id": always(answers, "is_id", lambda value: True),
    "an answer echoes what was sent": always(echo, "_echoes", lambda *given: True),
    "what is looked up is unlinked": lambda patch: patch.setattr(
        lookup.NaturalKey, "mismatches", lambda *given, **more: set()
    ),
    "a gateway's fault is no answer of Xero": always(
        caller, "TURNED_BACK", frozenset((401, 403, 412, 429, 504))
    ),
    "the next run waits": lambda patch: patch.setattr(
        "tests.support.model.ModelOutbox.lost_at", lambda self, looked_up: None
    ),
}


def _without_count(*given: Any) -> Any:
    answer, wrapper, id_name, count = given
    items = list((answer.json or {}).get(wrapper) or [])
    padded = (items * count)[:count]
    return [answers._element(item, id_name) for item in padded]


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_is_missing_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    GUARDS[name](monkeypatch)
    if name == "a gateway's fault is no answer of Xero":
        monkeypatch.setattr(delivery, "TURNED_BACK", caller.TURNED_BACK)
    assert is_caught()
