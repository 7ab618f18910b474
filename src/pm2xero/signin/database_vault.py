"""Sign-ins of many firms in a database, for servers: one row a firm, its grant encrypted.

The key is no part of the database, so that a copy of it signs nobody in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, insert, select, update
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from pm2xero.errors import OutboxError, UsageError
from pm2xero.outbox import faults
from pm2xero.outbox.database import lock_writers, make_engine
from pm2xero.outbox.schema import Identifier
from pm2xero.outbox.server import shown
from pm2xero.signin.grant import Enrolment
from pm2xero.signin.vault import packed, unpacked, unusable

KEY = "PM2XERO_GRANT_KEY"
# Seconds for another process that renews the firm's sign-in: three calls, each of three minutes.
_PATIENCE = 600.0
_metadata = MetaData()
_sign_ins = Table(
    "xero_sign_ins",
    _metadata,
    Column("organisation", Identifier, primary_key=True),
    # What the firm is pinned to, in plain JSON; it outlives the grant.
    Column("pin", LargeBinary, nullable=False),
    Column("sealed", LargeBinary),
)


class DatabaseVault:
    """One firm's row.

    Args:
        url: of SQLAlchemy; not an outbox in an SQLite file, whose writers would wait for Xero.
        keys: Fernet keys with commas between; the first seals, each opens.

    Raises:
        UsageError: PU953, the database or the key cannot be used.
    """

    def __init__(self, url: str, firm: str, keys: str) -> None:
        self._firm = firm
        self._seal = _sealer(keys)
        url_form = "PM2XERO_GRANTS=postgresql+psycopg://…, or file"
        try:
            # Whoever renews a sign-in holds its row while Xero is asked.
            self._engine = make_engine(url, _PATIENCE, may_idle=True)
        except ArgumentError as error:
            message = f"the database of the sign-ins cannot be used: {error}"
            raise unusable(message, url_form) from None
        except (SQLAlchemyError, ImportError) as error:
            # The error may quote the address with its password.
            said = type(error).__name__
            message = f"the database of the sign-ins cannot be used ({said})"
            raise unusable(message, url_form) from None
        self.place = f"the database {shown(self._engine.url)}"
        try:
            with self._told():
                self._make_table(url_form)
        except UsageError:
            self.close()
            raise

    def read(self) -> Enrolment:
        """What is there now."""
        with self._told(), self._engine.connect() as connection:
            connection = connection.execution_options(reading=True)
            return self._found(connection)

    @contextmanager
    def locked(self) -> Iterator[_Row]:
        """The row, in one transaction that no other process may begin meanwhile.

        SQLite locks at BEGIN IMMEDIATE; PostgreSQL by the firm's name, as there may be no row yet,
        and by the row itself.
        """
        with self._told(), self._engine.begin() as connection:
            lock_writers(connection, f"pm2xero sign-in {self._firm}")
            yield _Row(self, connection)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _make_table(self, url_form: str) -> None:
        try:
            self._engine.connect().close()
        except DBAPIError as error:
            # Nothing was stored yet: the driver speaks of the address and nothing else.
            said = " ".join(str(error.orig).split())
            raise unusable(f"{self.place} cannot be used: {said}", url_form) from None
        with self._engine.begin() as connection:
            lock_writers(connection, "pm2xero sign-ins")
            _metadata.create_all(connection)

    def _found(self, connection: Connection, *, to_change: bool = False) -> Enrolment:
        query = select(_sign_ins.c.pin, _sign_ins.c.sealed)
        query = query.where(_sign_ins.c.organisation == self._firm)
        row = connection.execute(query.with_for_update() if to_change else query).first()
        if row is None:
            return Enrolment()
        kept = unpacked(row.pin, self.place)
        if row.sealed is None:
            return kept
        try:
            opened = self._seal.decrypt(row.sealed)
        except InvalidToken:
            message = f"{self.place} was sealed with another key than {KEY}"
            raise unusable(message, "the key that `pm2xero connect` had") from None
        return replace(kept, grant=unpacked(opened, self.place).grant)

    def _keep(self, connection: Connection, enrolment: Enrolment) -> None:
        grant = enrolment.grant
        sealed = self._seal.encrypt(packed(Enrolment(grant=grant))) if grant else None
        values = {"pin": packed(replace(enrolment, grant=None)), "sealed": sealed}
        mine = _sign_ins.c.organisation == self._firm
        if connection.execute(update(_sign_ins).where(mine).values(**values)).rowcount == 0:
            connection.execute(insert(_sign_ins).values(organisation=self._firm, **values))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What a database refuses, without any value of the statement."""
        try:
            yield
        except OutboxError as error:
            raise unusable(error.findings[0].message, error.findings[0].should_be) from None
        except SQLAlchemyError as error:
            if not faults.is_refusal(error):
                raise
            found = faults.finding(error, self.place)
            raise unusable(found.message, found.should_be) from None


class _Row:
    def __init__(self, vault: DatabaseVault, connection: Connection) -> None:
        self._vault = vault
        self._connection = connection

    def read(self) -> Enrolment:
        """What is there now."""
        return self._vault._found(self._connection, to_change=True)

    def write(self, enrolment: Enrolment) -> None:
        """Keep this instead, once the transaction ends."""
        self._vault._keep(self._connection, enrolment)


def _sealer(keys: str) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])
    except ValueError:
        make = "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"
        message = f"sign-ins in a database are encrypted, and {KEY} holds no key for it"
        raise unusable(message, f'a key: python -c "{make}"') from None
