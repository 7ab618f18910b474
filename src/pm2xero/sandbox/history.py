"""History notes of documents, contacts and payments."""

from __future__ import annotations

from pm2xero.sandbox import records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid, not_found
from pm2xero.sandbox.wire import Wire, text_of

# unverified: a newer secondary source says 2500.
LONGEST_NOTE = 250


def add(books: Books, endpoint: str, record_id: str, element: Wire) -> Wire:
    """PUT of one note; returns its GET shape.

    Raises:
        Problem: 404 when the record is unknown.
        Invalid: the note is empty or too long.
    """
    record = records.get(books.store, endpoint, record_id)
    if record is None:
        raise not_found()
    details = text_of(element, "Details", LONGEST_NOTE)
    if details is None:
        raise Invalid("The Details of a note must be specified")
    books.store.execute(
        "INSERT INTO history (record_id, changes, details, made) VALUES (?, 'Note', ?, ?)",
        (record.id, details, books.now.isoformat()),
    )
    return {
        "Details": details,
        "Changes": "Note",
        "User": "System Generated",
        "DateUTC": books.now,
    }


def notes(books: Books, endpoint: str, record_id: str) -> Wire:
    """GET of the notes of a record, the newest first.

    Raises:
        Problem: 404 when the record is unknown.
    """
    record = records.get(books.store, endpoint, record_id)
    if record is None:
        raise not_found()
    rows = books.store.rows(
        "SELECT changes, details, made FROM history WHERE record_id = ? ORDER BY seq DESC",
        (record.id,),
    )
    return {
        "HistoryRecords": [
            {
                "Changes": changes,
                "Details": details,
                "DateUTCString": made[:19],
                "DateUTC": type(books.now).fromisoformat(made),
                "User": "System Generated",
            }
            for changes, details, made in rows
        ]
    }
