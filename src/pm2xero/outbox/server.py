"""A PostgreSQL server: its address, how messages call it, and what a connection to it needs.

What a server, database or user may have set otherwise is set for each connection: the exclusion of
writers, durability and the form of moments must not depend on where the tables are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from pm2xero.errors import Finding, OutboxError

_DRIVER = "postgresql+psycopg"
# How a server may be named by hand or by its vendor; there is one driver for it.
_NAMES = {"postgres": _DRIVER, "postgresql": _DRIVER}
# Parts of an address' query that are no secret; of others neither name nor value is shown.
_OPEN = frozenset(
    {"host", "port", "dbname", "user", "service", "sslmode", "application_name",
     "connect_timeout", "target_session_attrs", "hostaddr"}
)  # fmt: skip

# Seconds for one address to answer, and until a line that is dead is given up: 30 to the first
# probe, and three of 10. https://www.postgresql.org/docs/current/libpq-connect.html
_LINE: Mapping[str, int | str] = {
    "connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "tcp_user_timeout": 60_000, "fallback_application_name": "pm2xero",
}  # fmt: skip

# A write that the server forgets after it was confirmed would be sent again: `off` and `local`
# allow that, the stronger ones stay. Moments are read in ISO, as the driver knows no other form.
_SETTINGS = """
SELECT set_config('DateStyle', 'ISO', false), set_config('TimeZone', 'UTC', false),
       set_config('client_encoding', 'UTF8', false),
       set_config('standard_conforming_strings', 'on', false),
       set_config('lock_timeout', %s, false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                  WHEN 'off' THEN 'on' WHEN 'local' THEN 'on'
                  ELSE current_setting('synchronous_commit') END, false)
"""


def address_of(text: URL | str) -> URL:
    """The address of a database, with its driver.

    Raises:
        ArgumentError: it is none; the message shows nothing of it.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Both quote it, perhaps with its password.
        raise ArgumentError("the address cannot be read") from None
    if "@" in (url.host or ""):
        raise ArgumentError("a password has an @, which an address writes as %40")
    return url.set(drivername=_NAMES.get(url.drivername, url.drivername))


def shown(url: URL) -> str:
    """An address without anything that could be a secret."""
    query = {name: value for name, value in url.query.items() if name in _OPEN}
    return url.set(query=query).render_as_string(hide_password=True)


def line_options(url: URL) -> dict[str, int | str]:
    """Limits of the line to a server, but for those that its address states."""
    return {name: value for name, value in _LINE.items() if name not in url.query}


def prepare(engine: Engine, patience: float, *, may_idle: bool = False) -> None:
    """Set what each connection needs, and refuse a database that cannot hold every text.

    Args:
        patience: seconds for a lock that another one holds.
        may_idle: a transaction may wait for something else than the database, however long.
    """

    def configure(connection: Any, _record: Any) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            connection.close()
            raise OutboxError(
                Finding(
                    "PE131",
                    f"{shown(engine.url)} stores texts as {encoding}, which cannot hold every name",
                    should_be="CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'",
                )
            )
        connection.autocommit = True
        connection.execute(_SETTINGS, (f"{int(patience * 1000)}ms",))
        if may_idle:
            connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.autocommit = False

    # First of all: the dialect itself cannot read what such a database says of its version.
    event.listen(engine, "connect", configure, insert=True)
