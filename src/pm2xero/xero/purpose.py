"""What a request is for: it creates, changes or takes back one object of Xero."""

from __future__ import annotations

import json
from enum import StrEnum

GONE = frozenset(("VOIDED", "DELETED"))


class Purpose(StrEnum):
    """Why a request is made."""

    CREATE = "create"
    UPDATE = "update"
    UNDO = "undo"


def purpose_of(method: str, element: str) -> Purpose:
    """What a body says it is for; told once, when it is rendered.

    Args:
        method: PUT makes objects; POST changes them, and takes them back by their status.
    """
    if method == "PUT":
        return Purpose.CREATE
    if method == "DELETE":
        return Purpose.UNDO
    try:
        status = json.loads(element).get("Status")
    except (ValueError, AttributeError):
        return Purpose.UPDATE
    return Purpose.UNDO if status in GONE else Purpose.UPDATE
