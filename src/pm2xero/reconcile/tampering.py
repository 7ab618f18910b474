"""Stored documents whose content no longer fits the hash that they were stored with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from pm2xero.read.transaction import fingerprint_of


def tampered(documents: Iterable[tuple[str, str, bytes]]) -> Iterator[str]:
    """A sentence for each document that somebody changed after it was stored.

    Args:
        documents: id, the digest that it was stored with in hexadecimal, and the JSON.
    """
    for id, digest, document in documents:
        try:
            found = fingerprint_of(orjson.loads(document)).hex()
        except orjson.JSONDecodeError:
            yield f"{id}: the document in the outbox can no longer be read"
            continue
        if found != digest:
            yield f"{id}: the document in the outbox was changed after it was stored"
