"""Stored documents whose content no longer fits the hash that they were stored with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from pm2xero.outbox.records import StoredTransaction
from pm2xero.read.transaction import fingerprint_of


def tampered(transactions: Iterable[StoredTransaction]) -> Iterator[str]:
    """A sentence for each document that somebody changed after it was stored."""
    for stored in transactions:
        try:
            digest = fingerprint_of(orjson.loads(stored.document)).hex()
        except orjson.JSONDecodeError:
            yield f"{stored.id}: the document in the outbox can no longer be read"
            continue
        if digest != stored.digest:
            yield f"{stored.id}: the document in the outbox was changed after it was stored"
