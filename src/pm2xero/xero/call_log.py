"""What is written down of each attempt of a call: enough to find it again, nothing of anybody.

No body, no header but Xero's own correlation id, no value of a filter, no id of a contact, and
nothing that signs in: a log is read by more people than the books are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import count
from typing import Any, TypeAlias

# Parts of a path that are words of the API, and endpoints whose ids stand for people.
_WORD = re.compile(r"[A-Z][A-Za-z]{1,39}|connections")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PEOPLE = frozenset(("contacts", "users", "employees", "contactgroups", "connections"))
# Parts of a path that come after an id.
_PARTS = frozenset(("History", "Allocations", "Actions", "TrialBalance"))
# Query parameters whose values say nothing of anybody.
_PLAIN = frozenset(("page", "pageSize", "summarizeErrors", "unitdp", "summaryOnly",
                    "includeArchived", "date"))  # fmt: skip
_PLAIN_VALUE = re.compile(r"[0-9]{1,9}|true|false|[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one call.

    Attributes:
        at: when it began, in UTC.
        path: the path with `{id}` for whatever may name somebody.
        query: names of parameters, with their values where these are numbers or switches.
        outcome: answered; unknown (it left, and no answer came); unreachable (it did not leave).
        status: of the answer; None without one.
        ms: milliseconds from its beginning to the last byte.
        sent, received: bytes of the bodies as they went over the line.
        run, call, attempt: the run, the call within it, and how often that call was tried.
        xero: Xero's own correlation id, to be named to its support.
        key: a hash of the idempotency key.
        fault: the sort of fault, where no answer came.
    """

    at: datetime
    run: str
    call: int
    attempt: int
    method: str
    path: str
    query: Mapping[str, str]
    outcome: str
    status: int | None
    ms: int
    sent: int
    received: int
    xero: str | None
    key: str | None
    fault: str | None

    def as_json(self) -> dict[str, Any]:
        """The line of a log; what there is not is left out."""
        return {name: value for name, value in asdict(self).items() if value not in (None, {})}


CallLog: TypeAlias = Callable[[Attempt], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told of the attempts of a run, whichever part of the program makes them.

    Attributes:
        log: is told of each attempt.
        run: names the run.
        numbers: numbers the calls of the run.
    """

    log: CallLog
    run: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1), compare=False)


@dataclass(slots=True)
class Told:
    """What is told of one attempt while it goes on."""

    outcome: str = "stopped"
    status: int | None = None
    received: int = 0
    xero: str | None = None
    fault: str | None = None

    def failed(self, outcome: str, error: BaseException | None) -> None:
        """It came to no answer, by this fault; by a redirect where it is None."""
        self.outcome = outcome
        self.fault = type(error).__name__ if error is not None else "Redirected"


def plain_path(path: str) -> str:
    """A path without anything that may name a person or their document."""
    endpoint, *rest = path.strip("/").split("/")
    parts = [endpoint if _WORD.fullmatch(endpoint) else "{id}"]
    for part in rest:
        is_ours = _UUID.fullmatch(part) and endpoint.lower() not in _PEOPLE
        parts.append(part if part in _PARTS or is_ours else "{id}")
    return "/" + "/".join(parts)


def plain_query(query: Mapping[str, str] | None) -> dict[str, str]:
    """Which parameters were asked for; values only where they are switches, numbers or days."""
    return {
        name: value if name in _PLAIN and _PLAIN_VALUE.fullmatch(value) else "…"
        for name, value in (query or {}).items()
    }


def key_hash(key: str | None) -> str | None:
    """An idempotency key as it is told: the same key has the same hash, and no document's name."""
    return blake2b(key.encode(), digest_size=8).hexdigest() if key is not None else None


def correlation_of(headers: Mapping[str, str]) -> str | None:
    """Xero's own id of a call; seen in recorded answers, in no page of the documentation."""
    found = headers.get("xero-correlation-id", "")
    return found if _UUID.fullmatch(found) else None
