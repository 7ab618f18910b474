"""Whose the money in a trust bank is: a matter's, or one of the few that are no matter.

A holder is named by one text: the id of a matter, or a name that no matter can have for what is
`held_as` something else: the firm's own funds, or an account that plays a role with trust money
(interest owed to a statutory body, money placed with a regulator).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIRM_FUNDS = "firm_funds"
# A control character: no matter's id begins with one.
_MARK = "\x1f"


def held_as(name: str) -> str:
    """The holder that is no matter: `firm_funds`, or the id of a role."""
    return _MARK + name


def is_matter(holder: str) -> bool:
    """Whether the money is a matter's."""
    return not holder.startswith(_MARK)


def name_of(holder: str) -> str:
    """The id of the matter, or what the money is held as."""
    return holder.removeprefix(_MARK)


def holder_of(entry: Mapping[str, Any]) -> str:
    """The holder that an entry of `trust_balances` names, by `matter` or `held_as`."""
    return str(entry["matter"]) if "matter" in entry else held_as(str(entry["held_as"]))


def entry_of(holder: str) -> dict[str, str]:
    """How an entry of `trust_balances` names a holder."""
    return {"matter" if is_matter(holder) else "held_as": name_of(holder)}
