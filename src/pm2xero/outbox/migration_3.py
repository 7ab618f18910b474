"""Schema 3: an outbox knows its generations and its gap; what may be in Xero is unknown again.

Speaks plain SQL of the tables as they were, so it stays as it is.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_OF = "organisation VARCHAR(200) NOT NULL"
_TABLES = (
    f"""CREATE TABLE generations ({_OF}, number BIGINT NOT NULL, mark VARCHAR(40) NOT NULL,
        at {{moment}} NOT NULL, PRIMARY KEY (organisation, number))""",
    f"""CREATE TABLE gaps ({_OF}, since {{moment}} NOT NULL, lost_at {{moment}},
        PRIMARY KEY (organisation))""",
)
# Up to schema 2 a person could skip what may have arrived, so that another could take its place.
# The word is in the log, and holds once a look-up has shown that it is not there.
_MAY_BE_THERE = """UPDATE requests SET state = 'unknown', message =
    'It may be in Xero, so it is looked up first; it is not sent again'
    WHERE current AND state = 'skipped' AND attempts > 0 AND EXISTS (SELECT 1 FROM attempts a
        WHERE a.organisation = requests.organisation AND a.request = requests.id
        AND a.revision = requests.revision AND a.number = requests.attempts
        AND (a.outcome IS NULL OR a.outcome = 'unknown'))"""


def memory(connection: Connection) -> None:
    """From schema 2 to 3."""
    is_server = connection.dialect.name == "postgresql"
    moment = "TIMESTAMP WITH TIME ZONE" if is_server else "VARCHAR(32)"
    for statement in _TABLES:
        connection.execute(text(statement.format(moment=moment)))
    connection.execute(text(_MAY_BE_THERE))
