"""A transaction with typed values, and the documents that could not become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from pm2xero.records import record


@record
class Transaction:
    """One document of Practice Management, read and typed.

    Attributes:
        fields: every declared field of its kind; what is missing or null is None. Money is
            `Decimal` in currency units, dates are `date`, moments are aware `datetime`.
        fingerprint: hash of the whole document, whatever the order of its keys.
        line: where it stood in the input, from 1.
        unknown: fields that the kind does not declare; they are ignored, with a warning.
        lacks: what is missing or wrong in a document that is still worked on, as sentences; such
            a field is None.
    """

    id: str
    kind: str
    revision: int
    fields: dict[str, Any]
    fingerprint: bytes
    source: str
    line: int
    unknown: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A record of the input that is no document; the run goes on without it.

    Attributes:
        faults: sentences, each naming the field and what was expected; bounded in number and
            length.
        remedy: what whoever exported it can do.
    """

    id: str
    kind: str
    revision: int
    faults: tuple[str, ...]
    source: str
    line: int
    remedy: str = ""


def money_of(tx: Transaction | Malformed) -> Decimal:
    """The amount of a transaction in currency units: its gross total, else its amount."""
    if isinstance(tx, Malformed):
        return Decimal("0.00")
    totals: Mapping[str, Any] | None = tx.fields.get("totals")
    if totals is not None:
        gross: Decimal = totals["gross"]
        return gross
    amount: Decimal | None = tx.fields.get("amount")
    return amount if amount is not None else Decimal("0.00")


def is_emptied(tx: Transaction) -> bool:
    """Whether a document that says an amount says that it is nothing."""
    says = tx.fields.get("totals") is not None or tx.fields.get("amount") is not None
    return says and not money_of(tx)


def fingerprint_of(raw: object) -> bytes:
    """Hash of a whole document as it was read, whatever the order of its keys."""
    return blake2b(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def is_voided(tx: Transaction) -> bool:
    """Whether Practice Management took the document back."""
    return tx.fields.get("voided_at") is not None or tx.fields.get("status") == "voided"
