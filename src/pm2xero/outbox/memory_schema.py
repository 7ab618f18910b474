"""Tables of what an outbox knows of itself: how often it was opened to send, and what it lost."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from pm2xero.outbox.schema import Moment, metadata, organisation_column

# Each push is a generation; a file outside of the database has the last one, too.
generations = Table(
    "generations",
    metadata,
    organisation_column(),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", String(40), nullable=False),
    Column("at", Moment, nullable=False),
)

# What was written to Xero before `since` may have been written without this outbox knowing of it.
gaps = Table(
    "gaps",
    metadata,
    organisation_column(),
    Column("since", Moment, nullable=False),
    # When a call that it does not know of may last have left; None where there was none.
    Column("lost_at", Moment),
)
