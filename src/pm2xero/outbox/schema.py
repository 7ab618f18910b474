"""Tables of the outbox. Every row belongs to one organisation; nothing is stored as a float."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine


class Money(TypeDecorator[Decimal]):
    """An exact amount in currency units, stored as its decimal digits."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Digits of a Decimal; anything else is a fault of the program."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise TypeError(f"money must be a finite Decimal, not {value!r}")
        return format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """The Decimal with the digits that were stored."""
        return None if value is None else Decimal(value)


class Moment(TypeDecorator[datetime]):
    """An instant: timestamptz on PostgreSQL, UTC text of fixed width (so it sorts) on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of a database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """The instant in UTC; a time without a zone is a fault of the program."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"a moment needs a time zone: {value!r}")
        utc = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return utc
        return utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The instant, aware and in UTC."""
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.astimezone(UTC)


metadata = MetaData()
Identifier = String(200)
# SQLite numbers rows by itself only for a column of exactly this type.
_Serial = BigInteger().with_variant(Integer(), "sqlite")


def organisation_column() -> Column[str]:
    return Column("organisation", Identifier, primary_key=True)


transactions = Table(
    "transactions",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("digest", String(128), nullable=False),
    Column("kind", String(100), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("current", Boolean, nullable=False),
)
Index(
    "transactions_current",
    transactions.c.organisation,
    transactions.c.id,
    unique=True,
    sqlite_where=transactions.c.current,
    postgresql_where=transactions.c.current,
)
Index(
    "transactions_sequence",
    transactions.c.organisation,
    transactions.c.sequence,
    transactions.c.id,
    transactions.c.revision,
)

decisions = Table(
    "decisions",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("outcome", String(20), nullable=False),
    Column("code", String(100)),
    Column("by_hand", Boolean, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    Column("mapping", String(200)),
    Column("rule", String(200)),
    # Who decided: the rules (product) or a person.
    Column("actor", String(10), nullable=False),
    Column("money", Money, nullable=False),
    # The same in whole cents, which the database sums exactly; and whether no later one is known.
    Column("cents", BigInteger, nullable=False),
    Column("latest", Boolean, nullable=False),
    Column("pack", String(128), nullable=False),
    Column("decided_at", Moment, nullable=False),
    ForeignKeyConstraint(
        ["organisation", "id", "revision"],
        ["transactions.organisation", "transactions.id", "transactions.revision"],
    ),
)

Index(
    "decisions_totals",
    decisions.c.organisation,
    decisions.c.outcome,
    decisions.c.code,
    decisions.c.by_hand,
    decisions.c.cents,
    sqlite_where=decisions.c.latest,
    postgresql_where=decisions.c.latest,
)

requests = Table(
    "requests",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("transaction_id", Identifier, nullable=False),
    Column("step", String(100), nullable=False),
    # create, update or undo; who made it (product or person); for what it holds a slot, and whether
    # it is the one that holds it; which request it changes or takes back.
    Column("purpose", String(10), nullable=False),
    Column("actor", String(10), nullable=False),
    Column("slot", String(100)),
    Column("stands", Boolean, nullable=False),
    Column("target", Identifier),
    Column("body_hash", String(32), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("level", Integer, nullable=False),
    Column("contract", String(100), nullable=False),
    Column("path", Text, nullable=False),
    Column("element", Text, nullable=False),
    Column("key", String(128), nullable=False),
    Column("becomes_document", Boolean, nullable=False),
    Column("state", String(20), nullable=False),
    Column("xero_id", Identifier),
    Column("cause", String(100)),
    Column("message", Text),
    Column("blocked_by", Identifier),
    Column("money", Money, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("current", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["organisation", "transaction_id", "revision"],
        ["transactions.organisation", "transactions.id", "transactions.revision"],
    ),
)
Index(
    "requests_current",
    requests.c.organisation,
    requests.c.id,
    unique=True,
    sqlite_where=requests.c.current,
    postgresql_where=requests.c.current,
)
# A transaction stands in Xero at most once: one standing creation for each of its slots.
Index(
    "requests_slot",
    requests.c.organisation,
    requests.c.transaction_id,
    requests.c.slot,
    unique=True,
    sqlite_where=requests.c.stands,
    postgresql_where=requests.c.stands,
)
Index("requests_xero_id", requests.c.organisation, requests.c.xero_id)
Index("requests_transaction", requests.c.organisation, requests.c.transaction_id)
Index(
    "requests_states",
    requests.c.organisation,
    requests.c.state,
    sqlite_where=requests.c.current,
    postgresql_where=requests.c.current,
)
Index("requests_state", requests.c.organisation, requests.c.state, requests.c.level)
Index("requests_blocked_by", requests.c.organisation, requests.c.blocked_by)

needs = Table(
    "request_needs",
    metadata,
    organisation_column(),
    Column("request", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("need", Identifier, nullable=False),
    ForeignKeyConstraint(
        ["organisation", "request", "revision"],
        ["requests.organisation", "requests.id", "requests.revision"],
    ),
)
Index("request_needs_need", needs.c.organisation, needs.c.need)

attempts = Table(
    "attempts",
    metadata,
    organisation_column(),
    Column("request", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("call", BigInteger, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("status", Integer),
    Column("outcome", String(20)),
    Column("cause", String(100)),
    Column("message", Text),
    ForeignKeyConstraint(
        ["organisation", "request", "revision"],
        ["requests.organisation", "requests.id", "requests.revision"],
    ),
)
Index("attempts_call", attempts.c.organisation, attempts.c.call)

links = Table(
    "links",
    metadata,
    organisation_column(),
    Column("request", Identifier, primary_key=True),
    Column("id_name", String(100), primary_key=True),
    Column("transaction_id", Identifier, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("xero_id", Identifier, nullable=False),
    Column("document", Boolean, nullable=False),
)
Index("links_xero_id", links.c.organisation, links.c.xero_id)

contacts = Table(
    "contacts",
    metadata,
    organisation_column(),
    Column("number", Identifier, primary_key=True),
    Column("xero_id", Identifier, nullable=False),
    Column("name", String(500), nullable=False),
)

human_actions = Table(
    "human_actions",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("organisation", Identifier, nullable=False),
    Column("at", Moment, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(20), nullable=False),
    Column("transaction_id", Identifier, nullable=False),
    Column("why", Text, nullable=False),
    Column("xero_id", Identifier),
    Column("changed", Text, nullable=False),
)
Index("human_actions_organisation", human_actions.c.organisation, human_actions.c.id)

leases = Table(
    "leases",
    metadata,
    organisation_column(),
    Column("owner", String(200), nullable=False),
    Column("heartbeat", Moment, nullable=False),
)

versions = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", Moment, nullable=False),
)
