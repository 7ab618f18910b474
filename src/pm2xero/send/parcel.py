"""A parcel: the documents of one call, with what is known of the call and of its key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.conclusions import When
from pm2xero.send.fill_ids import Ready
from pm2xero.xero.contracts import number_of, with_suffix


@dataclass(frozen=True, slots=True)
class Said:
    """Why an outcome is not known: an id of errors.yaml, and a sentence."""

    cause: str
    message: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """Documents of one contract that go in one call.

    Attributes:
        keys: how many keys were used up before the present one.
        repeats: how often it went under the present key after the first time.
        begun: when the present key was first used; None where it is fresh, or of no use any more.
        is_doubted: an earlier call under the present key is in doubt.
        lost: when the last call was lost that may still arrive at Xero.
        is_spoiled: a call with all of them was refused as a whole.
    """

    members: tuple[Ready, ...]
    keys: int = 0
    repeats: int = 0
    begun: datetime | None = None
    is_doubted: bool = False
    lost: datetime | None = None
    is_spoiled: bool = False

    @property
    def rows(self) -> list[StoredRequest]:
        """Its requests."""
        return [member.row for member in self.members]

    @property
    def when(self) -> When:
        """Whether a call under its key is in doubt."""
        return When.DOUBTED if self.is_doubted else When.FIRST

    def only(self, members: Sequence[Ready]) -> Parcel:
        """Some of its members; without the others they make another call, with another key."""
        if len(members) == len(self.members):
            return self
        return replace(self, members=tuple(members), begun=None)

    def under_new_key(self, members: Sequence[Ready]) -> list[Parcel]:
        """What goes next, in halves where a document may spoil the call for the others."""
        fresh = tuple(member.under_new_key() for member in members)
        keys = self.keys + 1
        if len(fresh) > 1 and (self.is_spoiled or keys > 1):
            middle = len(fresh) // 2
            return [Parcel(fresh[:middle], keys), Parcel(fresh[middle:], keys)]
        return [Parcel(fresh, keys)]


def renumbered(member: Ready, parcel: Parcel) -> tuple[str, Ready] | None:
    """The same document under a number that is free; None where numbers may repeat."""
    made, sent = member.contract, json.loads(member.row.element)
    number = number_of(made, sent)
    if number is None or made.undo is None or made.undo.rename is None:
        return None
    free = with_suffix(number, str(parcel.keys + 2))
    return free, member.with_text(made.undo.rename.field, free)
