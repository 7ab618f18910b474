"""What the outbox keeps, as plain values. Money is in currency units, times are aware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Literal

from pm2xero.outbox.states import RequestState
from pm2xero.records import record
from pm2xero.xero.purpose import Purpose


class Actor(StrEnum):
    """Who decided or made something."""

    PRODUCT = "product"
    PERSON = "person"


HumanAction = Literal["hold", "skip", "resend", "resolve", "unresolve", "dismiss", "release"]


@record
class StoredTransaction:
    """One revision of one document.

    Attributes:
        digest: fingerprint of the whole document in hexadecimal.
        document: the document as JSON.
        sequence: its place in the order of posting.
    """

    id: str
    revision: int
    digest: str
    kind: str
    document: bytes
    sequence: int


@record
class StoredDecision:
    """What was decided about one revision of a document.

    Attributes:
        code: code of the primary reason; None when the document is posted.
        money: what the document is worth, for totals.
        pack: fingerprint of the pack that decided.
        actor: who decided, the product by its rules or a person.
        facts: what the deciding rules looked at; only known where it is decided, and afterwards in
            the records of decisions.
        who: at whose keyboard; the same.
    """

    id: str
    revision: int
    outcome: str
    code: str | None
    by_hand: bool
    reasons: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    mapping: str | None
    rule: str | None
    money: Decimal
    pack: str
    decided_at: datetime
    actor: Actor = Actor.PRODUCT
    facts: Sequence[Mapping[str, Any]] = ()
    who: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """How a revision of a document was decided at one time, and why.

    Attributes:
        number: from 1, in the order in which it was decided.
        facts: rule, place, and each test with whether it held and the values it looked at.
        pack: fingerprint of all that decided; see `PackRecord`.
    """

    id: str
    revision: int
    number: int
    decided_at: datetime
    who: str
    outcome: str
    code: str | None
    rule: str | None
    mapping: str | None
    reasons: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    pack: str


@dataclass(frozen=True, slots=True)
class PackRecord:
    """What a fingerprint stands for: the product's version, and a hash of each file."""

    fingerprint: str
    first_used: datetime
    product: str
    files: Mapping[str, str]


@record
class StoredRequest:
    """One request and its state.

    Attributes:
        level: how many requests must have been made before it, one after the other.
        contract: verb and endpoint, such as `put.Invoices`.
        element: JSON text of the one document, ids of Xero still as `<InvoiceID of AU-0007>`.
        cause: code of why it stopped; message: the sentence for it.
        blocked_by: id of the request that stopped and on which this one depends, near or far.
        attempts: how many calls carried it.
        step: the step of the mapping that made it, or made what it changes or takes back.
        purpose: create, update or undo; actor: who made it, the product or a person.
        slot: the place in Xero that a creation fills, at most once at a time; steps that stand in
            for each other share one.
        stands: it is the creation that holds its slot.
        target: id of the request whose object it changes or takes back.
        body_hash: of path and body as they were planned.
        note: what is written into the history of its object in Xero; known only while it is
            planned, and kept apart.
    """

    id: str
    revision: int
    transaction: str
    step: str
    sequence: int
    level: int
    contract: str
    path: str
    element: str
    key: str
    needs: tuple[str, ...]
    becomes_document: bool
    state: RequestState
    xero_id: str | None
    cause: str | None
    message: str | None
    blocked_by: str | None
    money: Decimal
    attempts: int
    purpose: Purpose = Purpose.CREATE
    actor: Actor = Actor.PRODUCT
    slot: str | None = None
    stands: bool = True
    target: str | None = None
    body_hash: str = ""
    note: str | None = None


def hash_of(path: str, element: str) -> str:
    """What a body is known by, so that a change of a stored one is seen."""
    return blake2b(f"{path}\x1f{element}".encode(), digest_size=16).hexdigest()


Document = tuple[StoredTransaction, StoredDecision, Sequence[StoredRequest]]


@dataclass(frozen=True, slots=True)
class Link:
    """A document of Practice Management and what it became in Xero."""

    transaction: str
    id_name: str
    xero_id: str
    request: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request in one call.

    Attributes:
        call: number of the call within the organisation; a batch shares it.
        number: which attempt of the request it was, from 1.
        ended_at: None while no answer is known.
        status: HTTP status; None when no answer came.
        outcome: confirmed, rejected, unknown or absent; None while no answer is known.
    """

    request: str
    revision: int
    number: int
    call: int
    started_at: datetime
    ended_at: datetime | None
    status: int | None
    outcome: str | None
    cause: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Action:
    """What a person decided, with the ids of the requests that it changed."""

    at: datetime
    who: str
    what: HumanAction
    transaction: str
    why: str
    xero_id: str | None
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write for the organisation, and when that writer was last alive."""

    owner: str
    heartbeat: datetime
