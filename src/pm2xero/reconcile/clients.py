"""Whose a document in Xero is: the client or supplier that it is about, or somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# How many merges of a contact are followed.
_MERGES = 20

Object = Mapping[str, Any]


class Clients:
    """Compares contacts by their ids in Xero.

    Args:
        known: ContactID and name by the number that documents were sent with.
        look: one object of Xero by its path.
    """

    def __init__(
        self, known: Mapping[str, tuple[str, str]], look: Callable[[str], Object | None]
    ) -> None:
        self._known = known
        self._look = look
        self._ends: dict[str, str] = {}

    def differs(self, number: str | None, name: str, there: object) -> str | None:
        """In words, that a document stands on somebody else; None when it does not.

        Args:
            number: the participant's id in Practice Management.
            there: the contact on the document in Xero.
        """
        if not isinstance(there, dict) or not (number or name):
            return None
        known = self._known.get(number or "")
        if known is not None and there.get("ContactID"):
            theirs = str(there["ContactID"]).lower()
            if known[0].lower() == theirs or self._end(known[0]) == self._end(theirs):
                return None
        elif number and str(there.get("ContactNumber") or "") == number:
            return None
        elif not name or _plain(str(there.get("Name") or "")) == _plain(name):
            # Nothing was ever sent for them, so the name is all there is.
            return None
        ours = name or (known[1] if known is not None else number)
        return f"contact {ours}, there {there.get('Name') or there.get('ContactID')}"

    def _end(self, contact_id: str) -> str:
        """Where a contact leads to after all merges; itself when Xero does not say."""
        key = contact_id.lower()
        if key not in self._ends:
            end = key
            for _ in range(_MERGES):
                found = self._look(f"/Contacts/{end}")
                into = str((found or {}).get("MergedToContactID") or "").lower()
                if not into or into == end:
                    break
                end = into
            self._ends[key] = end
        return self._ends[key]


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
