"""The table of history notes: what is written beside a document in Xero, and is no part of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from pm2xero.outbox.schema import Identifier, Moment, metadata, organisation_column

history_notes = Table(
    "history_notes",
    metadata,
    organisation_column(),
    # The request whose object in Xero bears the note.
    Column("request", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("details", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    # When the last call with it left.
    Column("called_at", Moment),
    Column("message", Text),
    ForeignKeyConstraint(
        ["organisation", "request", "revision"],
        ["requests.organisation", "requests.id", "requests.revision"],
    ),
)
Index("history_notes_state", history_notes.c.organisation, history_notes.c.state)
