"""Schema 6: notes in the history of documents.

Speaks plain SQL of the tables as they were, so it stays as it is.
"""

from __future__ import annotations

from sqlalchemy import Connection, text


def notes(connection: Connection) -> None:
    """From schema 5 to 6."""
    moment = (
        "TIMESTAMP WITH TIME ZONE" if connection.dialect.name == "postgresql" else "VARCHAR(32)"
    )
    connection.execute(
        text(
            "CREATE TABLE history_notes (organisation VARCHAR(200) NOT NULL,"
            " request VARCHAR(200) NOT NULL, revision BIGINT NOT NULL, details TEXT NOT NULL,"
            " state VARCHAR(20) NOT NULL, attempts INTEGER NOT NULL,"
            f" called_at {moment}, message TEXT,"
            " PRIMARY KEY (organisation, request, revision),"
            " FOREIGN KEY (organisation, request, revision)"
            " REFERENCES requests (organisation, id, revision))"
        )
    )
    connection.execute(
        text("CREATE INDEX history_notes_state ON history_notes (organisation, state)")
    )
