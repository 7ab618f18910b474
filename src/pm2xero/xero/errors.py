"""What Xero's refusals mean: the table of `mappings/xero/errors.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.yaml.read import SourceMap, place_of, read_yaml
from pm2xero.pack.yaml.schema import check
from pm2xero.resources import root
from pm2xero.xero.client import Response

Treatment = Literal["retry", "reject", "person", "stop", "lookup", "adopt"]

# A refused element of an accepted call is matched as if the call had been refused.
REFUSED = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause.

    Attributes:
        statuses: HTTP statuses that fit; empty when any does.
        message: searched in each message of Xero; None when any message fits.
        say: a sentence for the user, without a full stop; remedy: what to do about it.
    """

    id: str
    statuses: frozenset[int]
    message: re.Pattern[str] | None
    treat: Treatment
    say: str
    remedy: str

    def fits(self, status: int, messages: Sequence[str]) -> bool:
        """Whether the entry is about this refusal."""
        if self.statuses and status not in self.statuses:
            return False
        return self.message is None or any(self.message.search(text) for text in messages)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal with what it means.

    Attributes:
        messages: Xero's own words.
    """

    entry: Entry
    status: int
    messages: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What the user is told: the meaning, then Xero's own words."""
        if not self.messages:
            return self.entry.say
        said = "; ".join(text.rstrip(".") for text in self.messages)
        return f"{self.entry.say}. Xero says: {said}"


class ErrorTable:
    """The causes in the order in which they are tried."""

    def __init__(self, entries: Sequence[Entry], default: Entry) -> None:
        self._entries = tuple(entries)
        self._default = default
        self._by_id = {entry.id: entry for entry in (*entries, default)}

    def entry(self, cause: str) -> Entry | None:
        """The entry of a cause that was stored."""
        return self._by_id.get(cause)

    def classify(self, status: int, messages: Sequence[str]) -> Refusal:
        """What a refusal means."""
        found = (entry for entry in self._entries if entry.fits(status, messages))
        return Refusal(next(found, self._default), status, tuple(messages))

    def classify_answer(self, answer: Response) -> Refusal:
        """What the refusal of a whole call means."""
        return self.classify(answer.status, messages_of_answer(answer))


def messages_of_answer(answer: Response) -> list[str]:
    """What Xero says when it refuses a whole call; its plain text answers count when short."""
    if answer.json is None:
        problem = answer.headers.get("x-rate-limit-problem")
        text = answer.text.strip()
        plain = [text] if text and "<" not in text and len(text) <= 300 else []
        return [*([f"limit: {problem}"] if problem else []), *plain]
    messages = [
        message for element in answer.json.get("Elements") or [] for message in messages_of(element)
    ]
    if messages:
        return messages
    said = [answer.json.get(name) for name in ("Type", "Message", "Detail", "Title")]
    return [str(text) for text in said if text]


def messages_of(element: Mapping[str, Any]) -> list[str]:
    """The validation errors of one element, each once, also those within its parts."""
    found = [error.get("Message", "") for error in element.get("ValidationErrors") or []]
    for value in element.values():
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            if isinstance(part, dict) and part.get("ValidationErrors"):
                found.extend(messages_of(part))
    return [text for text in dict.fromkeys(found) if text]


def warnings_of(element: Mapping[str, Any]) -> list[str]:
    """The warnings of one element; it is saved in spite of them."""
    return [str(warning.get("Message", "")) for warning in element.get("Warnings") or []]


def load_errors(path: Path | None = None) -> ErrorTable:
    """Read the table; the one of the pack when no file is named.

    Raises:
        PackError: with everything that is wrong in the file.
    """
    return _loaded(path or root() / "mappings" / "xero" / "errors.yaml")


@cache
def _loaded(path: Path) -> ErrorTable:
    tree = read_yaml(path, path.name)
    findings = check("xero_errors.schema", tree, Position(path.name))
    if findings:
        raise PackError(*findings)
    entries: list[Entry] = []
    for index, raw in enumerate(tree["errors"]):
        try:
            entries.append(_entry(raw))
        except re.error as error:
            at = place_of(tree, ["errors", index, "when", "message"])
            findings.append(Finding("PX108", f"the message is no regular expression: {error}", at))
        if entries and any(entries[-1].id == other.id for other in entries[:-1]):
            at = place_of(tree, ["errors", index, "id"])
            findings.append(Finding("PX102", f'the id "{raw["id"]}" stands twice', at))
    if findings:
        raise PackError(*findings)
    return ErrorTable(entries, _entry(tree["default"]))


def _entry(raw: SourceMap) -> Entry:
    when = raw.get("when") or {}
    status = when.get("status", [])
    pattern = when.get("message")
    return Entry(
        id=raw["id"],
        statuses=frozenset([status] if isinstance(status, int) else status),
        message=re.compile(pattern, re.IGNORECASE) if pattern else None,
        treat=cast(Treatment, raw["treat"]),
        say=raw["say"],
        remedy=raw["remedy"],
    )
