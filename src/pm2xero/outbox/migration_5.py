"""Schema 5: which organisation of Xero an outbox is of.

Speaks plain SQL of the tables as they were, so it stays as it is.
"""

from __future__ import annotations

from sqlalchemy import Connection, text


def pins(connection: Connection) -> None:
    """From schema 4 to 5."""
    moment = (
        "TIMESTAMP WITH TIME ZONE" if connection.dialect.name == "postgresql" else "VARCHAR(32)"
    )
    connection.execute(
        text(
            "CREATE TABLE xero_pins (organisation VARCHAR(200) NOT NULL,"
            " xero_organisation VARCHAR(200) NOT NULL, is_real BOOLEAN NOT NULL,"
            f" at {moment} NOT NULL, PRIMARY KEY (organisation))"
        )
    )
