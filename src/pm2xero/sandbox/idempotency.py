"""Idempotency-Key: for six minutes a repeated request gets the answer of the first."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from pm2xero.sandbox.problems import Problem, validation_exception
from pm2xero.sandbox.reply import Reply
from pm2xero.sandbox.store import Store

LIFETIME = timedelta(minutes=6)
LONGEST_KEY = 128


def fingerprint(method: str, url: str, body: bytes) -> str:
    """What a key is bound to."""
    digest = hashlib.sha256(f"{method} {url}\n".encode())
    digest.update(body)
    return digest.hexdigest()


def replay(store: Store, key: str, request: str, now: datetime) -> Reply | None:
    """The first answer under a key that is still alive.

    Raises:
        Problem: 400 when the key is too long, or belongs to another request.
    """
    if len(key) > LONGEST_KEY:
        raise _refused(f"Idempotency Key must not be longer than {LONGEST_KEY} characters.")
    row = store.find(
        "SELECT request, status, media_type, body FROM idempotency"
        " WHERE key = ? AND first_seen > ?",
        (key, _text(now - LIFETIME)),
    )
    if row is None:
        return None
    if row[0] != request:
        raise _refused(f"Idempotency Key: {key} is used with a different request.")
    return Reply(row[1], bytes(row[3]), row[2])


def remember(store: Store, key: str, request: str, now: datetime, reply: Reply) -> None:
    """Keep an answer, also an error, and forget those whose time is over."""
    store.execute("DELETE FROM idempotency WHERE first_seen <= ?", (_text(now - LIFETIME),))
    store.execute(
        "INSERT INTO idempotency (key, request, first_seen, status, media_type, body)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (key, request, _text(now), reply.status, reply.media_type, reply.body),
    )


def _refused(message: str) -> Problem:
    return validation_exception([], message)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
