"""Documents of Xero that a run asks for by their ids, each once, whoever needs it."""

from __future__ import annotations

from collections.abc import Iterable

from pm2xero.send.claims import Claim
from pm2xero.xero.addresses import blocks
from pm2xero.xero.answers import (
    Object,
    Read,
    Unproven,
    complete_list,
    id_name_of,
    one_object,
)

# Endpoints whose lists take ids [OAS]; of the others up to so many are asked for one by one, and
# beyond that the whole list is read in pages of 1,000. unverified: that the list by ids has voided
# invoices, too; one that it does not have is asked for by itself.
_BY_IDS = frozenset(("Invoices",))
_FEW = 3

# Endpoint, and id in small letters.
Key = tuple[str, str]


class Shown:
    """Documents of Xero that were asked for, each once."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._found: dict[Key, Object | None] = {}
        # What was listed as changed, whatever it was wanted for.
        self.changed: dict[Key, Object] = {}

    def note(self, endpoint: str, document: Object) -> None:
        """A document that was listed as changed."""
        self.changed[_key(endpoint, document)] = document

    def keep(self, endpoint: str, document: Object) -> None:
        """A document as it is now, which another question has shown."""
        self._found[_key(endpoint, document)] = document

    def documents(self, claims: Iterable[Claim]) -> dict[Key, Object | None]:
        """The documents that are needed; None where Xero has none. What is not shown is left out.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        every = [(claim.endpoint, claim.xero_id) for claim in claims]
        wanted: dict[str, dict[str, None]] = {}
        for endpoint, id in every:
            if (endpoint, id) not in self._found:
                wanted.setdefault(endpoint, {})[id] = None
        for endpoint, ids in wanted.items():
            try:
                for document in self._listed(endpoint, list(ids)):
                    self.keep(endpoint, document)
                for id in ids:
                    if (endpoint, id) not in self._found:
                        self._found[endpoint, id] = one_object(self._read, endpoint, id)
            except Unproven:
                continue
        return {key: self._found[key] for key in every if key in self._found}

    def forget(self) -> None:
        """Time has passed: ask again."""
        self._found = {}

    def _listed(self, endpoint: str, ids: list[str]) -> list[Object]:
        if endpoint in _BY_IDS:
            return [
                document
                for part in blocks(ids)
                for document in complete_list(self._read, endpoint, {"IDs": ",".join(part)})
            ]
        return complete_list(self._read, endpoint, {}) if len(ids) > _FEW else []


def _key(endpoint: str, document: Object) -> Key:
    return endpoint, str(document[id_name_of(endpoint)]).lower()
