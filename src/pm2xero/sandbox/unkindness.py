"""Every way in which the emulated Xero is as unkind as the real one, as switches with names.

Rules are what Xero does by public account; they are on. Habits are told of by some and not
confirmed; they are off. Faults happen by chance, each with a rate between 0 and 1; they are off,
and the same seed makes the same faults of the same calls. Those of the sign-in are faults, too,
apart from the others because a call that cannot be made says nothing about what is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Literal, Self

USUAL_RATE = 0.2

Sort = Literal["rule", "habit", "fault", "sign-in"]


def _switch(default: Any, sort: Sort, says: str) -> Any:
    return field(default=default, metadata={"sort": sort, "says": says})


@dataclass(frozen=True, slots=True)
class Unkindness:
    """What the sandbox does to its callers; `says` of each switch tells it in a sentence.

    Attributes:
        late_seconds: between how many seconds after its answer a late call is carried out.
        at_most: how many faults there are in all; None for no end.
        seed: of the chance that faults happen by.
    """

    keeps_valid_elements: bool = _switch(
        True, "rule", "a call of several elements that is answered 400 keeps the valid ones"
    )
    keeps_voided_numbers: bool = _switch(
        True, "rule", "the number of a voided sales invoice or credit note stays taken"
    )
    largest_batch: int = _switch(200, "rule", "most payments in one batch payment; 0 for no limit")
    refresh_grace: bool = _switch(
        True, "rule", "a refresh token may be used again for 30 minutes if its successor was not"
    )
    longest_address: int = _switch(
        0, "habit", "a list asked by a longer address is answered 404; 0 for no limit"
    )
    one_allocation_per_call: bool = _switch(
        False, "habit", "of several allocations in one call only the first is made and answered"
    )
    drops_batch_references: bool = _switch(
        False, "habit", "the Reference of a batch payment is lost outside New Zealand"
    )
    late: float = _switch(
        0.0, "fault", "a write is answered 500, 502, 503 or 504 and carried out later"
    )
    unsaid: float = _switch(0.0, "fault", "a write is carried out and answered 500 to 504")
    lost: float = _switch(0.0, "fault", "a write is answered 500 to 504 and never carried out")
    fails_elements: float = _switch(
        0.0, "fault", "one element of several is refused for no lasting reason"
    )
    empty_ids: float = _switch(
        0.0, "fault", "where one element of several fails, all ids in the answer are zeros"
    )
    refuses_mixed_calls: float = _switch(
        0.0, "fault", "where one element fails, the call is 400, also with summarizeErrors=false"
    )
    short_answers: float = _switch(
        0.0, "fault", "the answer to several elements lacks one of those that were saved"
    )
    reordered_answers: float = _switch(
        0.0, "fault", "the answer to several elements has them in another order"
    )
    lists_not_found: float = _switch(0.0, "fault", "a list is answered 404")
    busy_lists: float = _switch(0.0, "fault", 'a list is answered 200 with {"status": "busy"}')
    refused_filters: float = _switch(
        0.0, "fault", "a list with a filter is answered 400, as not filtering efficiently"
    )
    missing_pages: float = _switch(
        0.0, "fault", "a page of a list lacks elements that its pagination counts"
    )
    lost_tokens: float = _switch(
        0.0, "sign-in", "tokens are refreshed and the answer is 504, so that nobody has them"
    )
    refused_grants: float = _switch(
        0.0, "sign-in", "a refresh token that is good is answered invalid_grant"
    )
    early_expiry: float = _switch(
        0.0, "sign-in", "an access token is answered TokenExpired before its time: clocks differ"
    )
    late_seconds: tuple[float, float] = (1.0, 110.0)
    at_most: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a rate that is none.

        Raises:
            ValueError: with the name of the switch.
        """
        for switch in (*switches("fault"), *switches("sign-in")):
            if not 0 <= getattr(self, switch.name) <= 1:
                raise ValueError(f"{switch.name} must lie between 0 and 1")

    @classmethod
    def kind(cls) -> Self:
        """Not even the rules of the real one."""
        return cls(keeps_valid_elements=False, keeps_voided_numbers=False, largest_batch=0)

    def also(self, words: Iterable[str]) -> Self:
        """The same with more switched on: `name`, `name=value`, or `all` of the faults and habits.

        Raises:
            ValueError: there is no such switch, or the value does not suit it.
        """
        changes: dict[str, Any] = {}
        for word in words:
            name, _, value = word.replace("-", "_").partition("=")
            if name == "all":
                changes |= {
                    s.name: _value(s, value)
                    for s in switches()
                    if s.name != _BATCH and s.metadata["sort"] != "sign-in"
                }
                continue
            found = {s.name: s for s in switches()}.get(name)
            if found is None:
                known = ", ".join(s.name for s in switches())
                raise ValueError(f"there is no switch {name!r}; there are: all, {known}")
            changes[name] = _value(found, value)
        return replace(self, **changes)


_BATCH = "largest_batch"
_LONGEST = 2_000


def switches(sort: Sort | None = None) -> Iterator[Field[Any]]:
    """Every switch, or those of one sort, in the order of the class."""
    for switch in fields(Unkindness):
        if switch.metadata and sort in (None, switch.metadata["sort"]):
            yield switch


def _value(switch: Field[Any], text: str) -> Any:
    try:
        if isinstance(switch.default, bool):
            return {"": True, "1": True, "true": True, "0": False, "false": False}[text.lower()]
        if isinstance(switch.default, int):
            return int(text or (switch.default or _LONGEST))
        return float(text or USUAL_RATE)
    except (KeyError, ValueError):
        raise ValueError(f"{switch.name} cannot be {text!r}") from None
