"""What Xero's refusals mean: the table of `mappings/xero/errors.yaml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.yaml.read import SourceMap, place_of, read_yaml
from pm2xero.pack.yaml.schema import check
from pm2xero.resources import root
from pm2xero.xero.answers import messages_of, plain
from pm2xero.xero.client import Response

Treatment = Literal["retry", "reject", "person", "stop", "lookup", "adopt"]

# A refused element of an accepted call is matched as if the call had been refused.
REFUSED = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause.

    Attributes:
        statuses: HTTP statuses that fit; empty when any does.
        message: the words of Xero; None when any message fits.
        say: a sentence for the user, without a full stop; remedy: what to do about it.
        about_contact: the contact may be the cause.
    """

    id: str
    statuses: frozenset[int]
    message: re.Pattern[str] | None
    treat: Treatment
    say: str
    remedy: str
    about_contact: bool = False

    def fits(self, status: int, messages: Sequence[str]) -> bool:
        """Whether the entry is about this refusal."""
        if self.statuses and status not in self.statuses:
            return False
        return self.message is None or any(_says(self.message, text) for text in messages)


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


# What Xero quotes in its sentences: codes, and names that may consist of any words.
_QUOTED = re.compile(r"''.*?''|'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019")


def _says(words: re.Pattern[str], text: str) -> bool:
    """Whether Xero says this in its own words, and not in a name that it quotes.

    Each alternative stands for itself: with ^ the whole sentence counts, else the unquoted rest.
    """
    found = words.search(text)
    if found is None:
        return False
    return found.start() == 0 or words.search(_QUOTED.sub("''", text)) is not None


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
        text = plain(answer.text[:400])
        said = [text] if text and "<" not in text and len(text) <= 300 else []
        return [*([plain(f"limit: {problem}")] if problem else []), *said]
    elements = answer.json.get("Elements")
    parts = (
        [part for part in elements if isinstance(part, dict)] if isinstance(elements, list) else []
    )
    if messages := [message for part in parts for message in messages_of(part)]:
        return messages
    told = [answer.json.get(name) for name in ("Type", "Message", "Detail", "Title")]
    return [plain(str(text)) for text in told if text and not isinstance(text, dict | list)]


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
        about_contact=raw.get("about") == "contact",
    )
