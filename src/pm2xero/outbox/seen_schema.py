"""Tables of what Xero's lists said when they were last read, so that only changes are read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from pm2xero.outbox.schema import Identifier, Moment, metadata, organisation_column

xero_lists = Table(
    "xero_lists",
    metadata,
    organisation_column(),
    Column("endpoint", String(50), primary_key=True),
    # The organisation in Xero: the lists of another one are no lists of this one.
    Column("tenant", String(50), nullable=False),
    # All that changed in Xero before this moment is kept; NULL before the first whole reading.
    Column("mark", Moment),
    Column("whole_at", Moment),
    # A reading that has not come to its end: who reads, what (whole, changed), since when it was
    # to tell of changes, when it began by Xero's clock, and which page comes next.
    Column("reader", String(40)),
    Column("reading", String(10)),
    Column("since", Moment),
    Column("began", Moment),
    Column("next_page", Integer, nullable=False),
    # Whole readings so far; what the latest has not shown is not there any more.
    Column("round", BigInteger, nullable=False),
)

xero_objects = Table(
    "xero_objects",
    metadata,
    organisation_column(),
    Column("endpoint", String(50), primary_key=True),
    Column("id", Identifier, primary_key=True),
    Column("round", BigInteger, nullable=False),
    # Its JSON, packed.
    Column("object", LargeBinary, nullable=False),
)
