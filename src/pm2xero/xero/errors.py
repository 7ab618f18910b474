"""What Xero's refusals mean: the table of `mappings/xero/errors.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Literal, cast

from pm2xero.errors import Finding, PackError
from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.language.plain_conditions import holds, parse_plain
from pm2xero.pack.language.types import COUNT, TEXT, RecordType
from pm2xero.pack.yaml.read import SourceMap, place_of
from pm2xero.pack.yaml.table import read_table
from pm2xero.resources import root
from pm2xero.sentences import closed, sentences
from pm2xero.xero.answers import messages_of, plain
from pm2xero.xero.client import Response

Treatment = Literal["retry", "reject", "person", "stop", "lookup", "adopt", "wait"]

# A refused element of an accepted call is matched as if the call had been refused.
REFUSED = 400
# What a condition of the table is about.
ANSWER = RecordType("an answer of Xero", {"status": COUNT}, {"message": TEXT})


@dataclass(frozen=True, slots=True)
class Entry:
    """One cause.

    Attributes:
        when: asked of the HTTP status and each message of Xero; None where anything fits.
        say: a sentence for the user, without a full stop; remedy: what to do about it.
        about_contact: the contact may be the cause.
        about_draft: it is said of a document in Xero that nobody has approved yet, of no other.
        about_sign_in: Xero does not take the sign-in, whatever is asked for.
        by_hand: it may be that a person must enter the document, so `manual-work` lists it.
    """

    id: str
    when: Condition | None
    treat: Treatment
    say: str
    remedy: str
    about_contact: bool = False
    about_draft: bool = False
    about_sign_in: bool = False
    by_hand: bool = False

    def fits(self, status: int, messages: Sequence[str]) -> bool:
        """Whether the entry is about this refusal."""
        if self.when is None:
            return True
        said: Sequence[str | None] = messages or (None,)
        return any(holds(self.when, {"status": status, "message": m}, _says) for m in said)


class Waiting(StrEnum):
    """Why a request is not sent, though nothing was refused: what was seen in Xero before."""

    LOCKED = "locked_meanwhile"
    ACCOUNT_RECODED = "account_recoded_meanwhile"
    ACCOUNT_GONE = "account_gone_meanwhile"
    ACCOUNT_ARCHIVED = "account_archived_meanwhile"
    TAX_TYPE = "tax_type_meanwhile"
    CONTACT_ARCHIVED = "contact_archived_meanwhile"
    GONE = "gone_meanwhile"
    MISSING = "missing_meanwhile"
    NOT_APPROVED = "not_approved"
    PAID = "paid_meanwhile"
    PART = "part_waits"


# What a sentence may name, by its cause.
_KNOWN: Mapping[Waiting, frozenset[str]] = MappingProxyType(
    {
        Waiting.LOCKED: frozenset(("date", "lock_date")),
        Waiting.ACCOUNT_RECODED: frozenset(("account", "was", "now")),
        Waiting.ACCOUNT_GONE: frozenset(("account", "was")),
        Waiting.ACCOUNT_ARCHIVED: frozenset(("account", "now")),
        Waiting.TAX_TYPE: frozenset(("tax_type",)),
        Waiting.CONTACT_ARCHIVED: frozenset(("contact",)),
        Waiting.GONE: frozenset(("document", "status", "changed")),
        Waiting.MISSING: frozenset(("document",)),
        Waiting.NOT_APPROVED: frozenset(("document", "status", "changed")),
        Waiting.PAID: frozenset(("document", "amount", "due", "taken", "changed")),
        Waiting.PART: frozenset(("request",)),
    }
)


@dataclass(frozen=True, slots=True)
class Waits:
    """The words for a cause; `say` has names in braces, as its cause knows them.

    Attributes:
        by_hand: it may be that a person must enter the document, so `manual-work` lists it.
    """

    cause: Waiting
    say: str
    remedy: str
    by_hand: bool = False

    def sentence(self, **values: str) -> str:
        """What the user is told: what was seen, and what to do about it."""
        return closed(sentences((self.say.format_map(values), self.remedy)))


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
        return sentences((self.entry.say, f"Xero says: {said}"))


# What Xero quotes in its sentences: codes, and names that may consist of any words.
_QUOTED = re.compile(r"''.*?''|'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019")


def _says(pattern: str, text: str) -> bool:
    """Whether Xero says this in its own words, and not in a name that it quotes.

    Each alternative stands for itself: with ^ the whole sentence counts, else the unquoted rest.
    """
    words = _compiled(pattern)
    found = words.search(text)
    if found is None:
        return False
    return found.start() == 0 or words.search(_QUOTED.sub("''", text)) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


class ErrorTable:
    """The causes in the order in which they are tried."""

    def __init__(
        self, entries: Sequence[Entry], default: Entry, before: Mapping[Waiting, Waits]
    ) -> None:
        self._entries = tuple(entries)
        self._before = before
        self._default = default
        self._by_id = {entry.id: entry for entry in (*entries, default)}

    def entry(self, cause: str) -> Entry | None:
        """The entry of a cause that was stored."""
        return self._by_id.get(cause)

    def by_hand(self, cause: str) -> str | None:
        """What to do about a cause for which a person may have to enter the document."""
        found: Entry | Waits | None = self._by_id.get(cause)
        if found is None and cause in frozenset(Waiting):
            found = self._before[Waiting(cause)]
        return found.remedy if found is not None and found.by_hand else None

    def waits(self, cause: Waiting) -> Waits:
        """The words for what makes a request wait."""
        return self._before[cause]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries, the default last."""
        return (*self._entries, self._default)

    @property
    def waiting(self) -> frozenset[str]:
        """The causes that end by themselves, once somebody has done something in Xero."""
        return frozenset(id for id, entry in self._by_id.items() if entry.treat == "wait")

    def classify(self, status: int, messages: Sequence[str]) -> Refusal:
        """What a refusal means."""
        entries = (entry for entry in self._entries if not entry.about_draft)
        found = (entry for entry in entries if entry.fits(status, messages))
        return Refusal(next(found, self._default), status, tuple(messages))

    def of_draft(self, refusal: Refusal) -> Refusal | None:
        """What a refusal means where it is of a document that is a draft in Xero, if it may be."""
        for entry in self._entries:
            if entry.about_draft and entry.fits(refusal.status, refusal.messages):
                return replace(refusal, entry=entry)
        return None

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
    tree = read_table(path, "xero_errors.schema")
    findings: list[Finding] = []
    entries: list[Entry] = []
    for index, raw in enumerate(tree["errors"]):
        entries.append(_entry(raw, findings))
        if any(entries[-1].id == other.id for other in entries[:-1]):
            at = place_of(tree, ["errors", index, "id"])
            findings.append(Finding("PX102", f'the id "{raw["id"]}" stands twice', at))
    default = _entry(tree["default"], findings)
    before = {w.cause: w for w in _before(tree, findings)}
    findings += [
        Finding("PX106", f'the words for "{cause}" are missing', tree.key_at["before"],
                should_be=f"- {{ id: {cause}, say: …, remedy: … }}")
        for cause in Waiting
        if cause not in before
    ]  # fmt: skip
    if findings:
        raise PackError(*findings)
    return ErrorTable(entries, default, before)


def _before(tree: SourceMap, findings: list[Finding]) -> Iterator[Waits]:
    for index, raw in enumerate(tree["before"]):
        cause = Waiting(raw["id"])
        for place, name in _names(raw["say"]):
            if name not in _KNOWN[cause]:
                findings.append(
                    Finding(
                        "PX303",
                        f'"{cause}" does not know {{{name}}}' if name is not None else place,
                        place_of(tree, ["before", index, "say"]),
                        should_be=", ".join(sorted(_KNOWN[cause])),
                    )
                )
        yield Waits(cause, raw["say"], raw["remedy"], raw.get("by_hand") is True)


def _names(text: str) -> Iterator[tuple[str, str | None]]:
    """Every name in braces; a text whose braces cannot be read, with why."""
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is not None:
                plain_name = not form and conversion is None
                yield ("", name) if plain_name else ("a name in braces has no form here", None)
    except ValueError as exc:
        yield (f"the braces cannot be read: {exc}", None)


def _entry(raw: SourceMap, findings: list[Finding]) -> Entry:
    when = None
    if "when" in raw:
        when = parse_plain(raw["when"], ANSWER, raw.value_at["when"], findings)
        findings += _whole_sentences(raw["when"])
    return Entry(
        id=raw["id"],
        when=when,
        treat=cast(Treatment, raw["treat"]),
        say=raw["say"],
        remedy=raw["remedy"],
        about_contact=raw.get("about") == "contact",
        about_draft=raw.get("about") == "draft",
        about_sign_in=raw.get("about") == "sign_in",
        by_hand=raw.get("by_hand") is True,
    )


def _whole_sentences(when: SourceMap) -> Iterator[Finding]:
    """A message written as plain text, which would have to be all that Xero says."""
    for key in ("message",):
        text = when.get(key)
        if isinstance(text, str):
            yield Finding(
                "PX301",
                "this asks for the whole message, word for word",
                when.value_at[key],
                hint="a part of a message, or a pattern, is asked for with `matches`",
                should_be=f"{key}: {{ matches: {text!r} }}",
                width=len(text),
            )
