"""Schema 4: what Xero's lists said, and why each decision was made.

Speaks plain SQL of the tables as they were, so it stays as it is.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_OF = "organisation VARCHAR(200) NOT NULL"
_TABLES = (
    f"""CREATE TABLE xero_lists ({_OF}, endpoint VARCHAR(50) NOT NULL, tenant VARCHAR(50) NOT NULL,
        mark {{moment}}, whole_at {{moment}}, reader VARCHAR(40), reading VARCHAR(10),
        since {{moment}}, began {{moment}}, next_page INTEGER NOT NULL, round BIGINT NOT NULL,
        PRIMARY KEY (organisation, endpoint))""",
    f"""CREATE TABLE xero_objects ({_OF}, endpoint VARCHAR(50) NOT NULL, id VARCHAR(200) NOT NULL,
        round BIGINT NOT NULL, object {{bytes}} NOT NULL,
        PRIMARY KEY (organisation, endpoint, id))""",
    f"""CREATE TABLE decision_records ({_OF}, id VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        number INTEGER NOT NULL, decided_at {{moment}} NOT NULL, who VARCHAR(200) NOT NULL,
        outcome VARCHAR(20) NOT NULL, code VARCHAR(100), rule VARCHAR(200), mapping VARCHAR(200),
        reasons TEXT NOT NULL, warnings TEXT NOT NULL, facts TEXT NOT NULL,
        pack VARCHAR(128) NOT NULL, PRIMARY KEY (organisation, id, revision, number))""",
    f"""CREATE TABLE packs ({_OF}, fingerprint VARCHAR(128) NOT NULL,
        first_used {{moment}} NOT NULL, product VARCHAR(50) NOT NULL, files TEXT NOT NULL,
        PRIMARY KEY (organisation, fingerprint))""",
)


def lists_and_records(connection: Connection) -> None:
    """From schema 3 to 4."""
    is_server = connection.dialect.name == "postgresql"
    types = {
        "moment": "TIMESTAMP WITH TIME ZONE" if is_server else "VARCHAR(32)",
        "bytes": "BYTEA" if is_server else "BLOB",
    }
    for statement in _TABLES:
        connection.execute(text(statement.format(**types)))
