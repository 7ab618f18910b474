"""Numbers of sales invoices and of sales credit notes: unique, and given when none is sent."""

from __future__ import annotations

from collections.abc import Collection

from pm2xero.sandbox import records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.records import Record


def holders(books: Books, endpoint: str, number: str, types: Collection[str]) -> list[Record]:
    """The documents that a number is taken by, the oldest first.

    A voided one keeps it. # unverified: that the number of a deleted draft is free again.
    """
    free = ["DELETED"] if books.mishaps.rules.keeps_voided_numbers else ["DELETED", "VOIDED"]
    return [
        record
        for record in records.numbered(books.store, endpoint, number)
        if record.type in types and record.status not in free
    ]


def following(books: Books, endpoint: str, prefix: str, types: Collection[str]) -> str:
    """The next free number of an endpoint."""
    key = f"next {prefix}"
    row = books.store.find("SELECT value FROM meta WHERE key = ?", (key,))
    count = int(row[0]) if row else 1
    while holders(books, endpoint, f"{prefix}{count:04}", types):
        count += 1
    books.store.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, str(count + 1)),
    )
    return f"{prefix}{count:04}"
