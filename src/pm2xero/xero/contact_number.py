"""The number that a participant of Practice Management has as a contact in Xero."""

from __future__ import annotations

import hashlib

LONGEST = 50
_MARK = "~"
_HASH = 12


def contact_number(id: str) -> str:
    """The participant's id; one that is longer than Xero takes ends in a hash of the whole.

    No two participants share a number, however alike their ids are.
    """
    if len(id) <= LONGEST:
        return id
    digest = hashlib.blake2b(id.encode(), digest_size=_HASH // 2).hexdigest()
    return f"{id[: LONGEST - _HASH - len(_MARK)]}{_MARK}{digest}"


def is_shortened(number: str) -> bool:
    """Whether a number may stand for a longer id."""
    return len(number) == LONGEST and number[-_HASH - 1] == _MARK


def shared_start(number: str) -> str:
    """What a shortened number has in common with the id that was cut at 50 characters before."""
    return number[: LONGEST - _HASH - len(_MARK)]
