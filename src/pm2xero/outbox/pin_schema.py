"""The table that says which organisation of Xero an outbox is of."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table

from pm2xero.outbox.schema import Identifier, Moment, metadata, organisation_column

# Written once, by the first push, and never changed.
xero_pins = Table(
    "xero_pins",
    metadata,
    organisation_column(),
    Column("xero_organisation", Identifier, nullable=False),
    # Xero itself, or an emulated one.
    Column("is_real", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)
