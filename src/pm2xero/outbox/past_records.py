"""The past of documents as plain values. Amounts are whole cents; debits are positive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from pm2xero.records import record

# What a held document may wait for: another document, money of a matter, what became of its own
# requests, another pack or firm, or what only Xero can say.
Wait = tuple[Literal["document", "matter", "request", "pack", "live"], str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stands for those that refer to it.

    Attributes:
        revision: the posted one, else the latest; with its digest in hexadecimal.
        outcome: what others are to think of it, such as post, hold or before_integration.
        mapping: by which it was posted.
        beside_revision: a later one that waits, or was refused, while this one is posted.
        opened: its whole amount, where it can be paid or used up.
        reversible: the amount that a reversal takes back.
        request: id of the request that creates it.
    """

    id: str
    revision: int
    digest: str
    outcome: str
    kind: str
    mapping: str | None = None
    beside_revision: int | None = None
    beside_digest: str | None = None
    contact: str | None = None
    request: str | None = None
    opened: int | None = None
    reversible: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a document says of itself: its number, date, first bank account, and worth."""

    number: str
    date: date | None
    bank: str | None
    cents: int


@dataclass(frozen=True, slots=True)
class Dues:
    """A document's standing, what was settled of it and how often it was reversed.

    Attributes:
        said: what its latest revision says of itself; None of what was never decided.
        to_come: what others, which are not in Xero yet, will put back on it.
        releases: what people let through of it: revision, rule, who, why.
        settles: what it took off others, in cents; None where that is nothing.
    """

    standing: Standing | None
    settled: int
    reversed: int
    said: Said | None = None
    to_come: tuple[tuple[str, int], ...] = ()
    releases: tuple[tuple[int, str, str, str], ...] = ()
    settles: int | None = None


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a decided revision did to others, or will."""

    settled: tuple[tuple[str, int], ...] = ()
    trust: tuple[tuple[str, str, int], ...] = ()
    reverses: str | None = None
    to_come: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Maker:
    """A request that makes or changes an object which others may need.

    Attributes:
        level: how many requests go before those that need it; 0 once Xero has confirmed it.
    """

    request: str
    transaction: str
    step: str
    level: int


@record
class EntryRow:
    """One line of what a document books, or is told of its tax.

    Attributes:
        part: journal; left_over (what of it a person enters); tax (by Xero's tax type); rounding
            (what Xero's own tax moves).
        name: the account as Practice Management calls it.
        account_id: its AccountID in Xero; account_code and account_name: as they were then.
        rounding: of tax, what Xero's calculation adds.
    """

    part: Literal["journal", "left_over", "tax", "rounding"]
    name: str
    account_id: str | None
    account_code: str
    account_name: str
    cents: int
    rounding: int = 0
    matter: str | None = None
    bank: str | None = None
    tax_type: str | None = None


@record
class Booking:
    """What one revision of a document is in Practice Management, with its entries.

    Attributes:
        counts: posted; of others, how the money counts that is not in Xero.
    """

    id: str
    revision: int
    kind: str
    number: str
    date: date | None
    contact: str | None
    contact_name: str
    bank: str | None
    currency: str
    cents: int
    voided: bool
    counts: str
    entries: tuple[EntryRow, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of an export that is no document, or contradicts one.

    Attributes:
        digest: hash of its content in hexadecimal, by which it is known again.
        id, revision, kind: as far as it says them; empty and 0 otherwise.
        place: file and line in which it was last met.
    """

    digest: str
    id: str
    revision: int
    kind: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """What is written of the past when a document is decided; None leaves what is there.

    Attributes:
        standing: takes the place of the one before; with it, `deeds` of the posted revision.
        beside: revision and digest of a later one that leaves a posted one standing.
        waits: what a held document waits for; empty when it is not held.
    """

    id: str
    revision: int
    standing: Standing | None = None
    deeds: Deeds = Deeds()
    beside: tuple[int, str] | None = None
    booking: Booking | None = None
    waits: tuple[Wait, ...] | None = None
