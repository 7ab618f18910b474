"""Reads a document back that the outbox keeps as it came."""

from __future__ import annotations

import orjson

from pm2xero.errors import Finding, OutboxError
from pm2xero.outbox.records import StoredTransaction
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction


def typed(pipeline: Pipeline, stored: StoredTransaction) -> Transaction | None:
    """A stored document, or None when the pack no longer reads it.

    Raises:
        OutboxError: PE111, somebody changed it after it was stored.
    """
    try:
        raw = orjson.loads(stored.document)
    except orjson.JSONDecodeError:
        return None
    tx = pipeline.reader.read(raw, "outbox", stored.sequence)
    if not isinstance(tx, Transaction):
        return None
    if tx.fingerprint.hex() != stored.digest:
        raise OutboxError(
            Finding(
                "PE111",
                f"the document {stored.id} (revision {stored.revision}) was changed in the outbox "
                "after it was stored; nothing was sent",
                hint="restore the outbox from a copy, or ask whoever changed it",
            )
        )
    return tx
