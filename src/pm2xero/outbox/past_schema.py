"""Tables of the past: what each decided document did and what Practice Management booked.

Amounts are whole cents, so that the database sums them exactly. Rows of an overtaken revision stay,
marked as not live.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, String, Table, Text

from pm2xero.outbox.schema import Identifier, Moment, metadata, organisation_column

documents = Table(
    "documents",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    # The decision that counts for others: of the posted revision, else of the latest.
    Column("revision", BigInteger, nullable=False),
    Column("digest", String(128), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("kind", String(100), nullable=False),
    Column("mapping", String(200)),
    # A later revision beside one that is posted: it waits, or was refused.
    Column("beside_revision", BigInteger),
    Column("beside_digest", String(128)),
    Column("contact", Identifier),
    Column("request", Identifier),
    Column("opened", BigInteger),
    Column("reversible", BigInteger),
)

settlements = Table(
    "settlements",
    metadata,
    organisation_column(),
    Column("by", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("document", Identifier, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
)
Index("settlements_document", settlements.c.organisation, settlements.c.document)

reversals = Table(
    "reversals",
    metadata,
    organisation_column(),
    Column("by", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("document", Identifier, nullable=False),
    Column("live", Boolean, nullable=False),
)
Index("reversals_document", reversals.c.organisation, reversals.c.document)

# A person lets one revision through that a rule holds.
releases = Table(
    "releases",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("rule", Identifier, primary_key=True),
    Column("who", String(200), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

trust_moves = Table(
    "trust_moves",
    metadata,
    organisation_column(),
    Column("by", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("matter", Identifier, nullable=False),
    Column("bank", Identifier, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
)
Index("trust_moves_matter", trust_moves.c.organisation, trust_moves.c.matter, trust_moves.c.bank)

# What a transaction that waits, or was refused, will put back on others once it is in Xero.
expected = Table(
    "expected",
    metadata,
    organisation_column(),
    Column("by", Identifier, primary_key=True),
    Column("document", Identifier, primary_key=True),
    Column("cents", BigInteger, nullable=False),
)
Index("expected_document", expected.c.organisation, expected.c.document)

# The sum of the live moves of each matter and bank; written with them.
trust_totals = Table(
    "trust_totals",
    metadata,
    organisation_column(),
    Column("matter", Identifier, primary_key=True),
    Column("bank", Identifier, primary_key=True),
    Column("cents", BigInteger, nullable=False),
)

# What a document is in Practice Management, as it was when it was decided.
bookings = Table(
    "bookings",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("kind", String(100), nullable=False),
    Column("number", Text, nullable=False),
    Column("date", Date),
    Column("contact", Identifier),
    Column("contact_name", Text, nullable=False),
    Column("bank", Identifier),
    Column("currency", Identifier, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("voided", Boolean, nullable=False),
    # posted; of others, how the money counts that is not in Xero: missing, nothing, …
    Column("counts", String(20), nullable=False),
)

entries = Table(
    "entries",
    metadata,
    organisation_column(),
    Column("by", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    # journal; left_over (what of it a person enters); tax (told of it, by Xero's tax type);
    # rounding (what Xero's own tax moves).
    Column("part", String(10), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Identifier, nullable=False),
    Column("account_id", String(40)),
    Column("account_code", String(100), nullable=False),
    Column("account_name", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("rounding", BigInteger, nullable=False),
    Column("matter", Identifier),
    Column("bank", Identifier),
    Column("tax_type", String(50)),
)

# What a held document waits for; `due` is set when that changed.
waits = Table(
    "waits",
    metadata,
    organisation_column(),
    Column("held", Identifier, primary_key=True),
    Column("what", String(10), primary_key=True),
    Column("id", Identifier, primary_key=True),
    Column("due", Boolean, nullable=False),
)
Index("waits_on", waits.c.organisation, waits.c.what, waits.c.id)
Index(
    "waits_due",
    waits.c.organisation,
    waits.c.held,
    sqlite_where=waits.c.due,
    postgresql_where=waits.c.due,
)

# Records of an export that are no documents, by the hash of their content: their money may have
# moved. Open until a later export mends them, or a person dismisses them.
unreadable = Table(
    "unreadable",
    metadata,
    organisation_column(),
    Column("digest", String(64), primary_key=True),
    # Of the document that it seems to be; empty where it does not say.
    Column("id", Identifier, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("kind", Identifier, nullable=False),
    Column("place", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
    # open, mended, dismissed
    Column("state", String(10), nullable=False),
)

# Whose past is kept as rows; an outbox of an earlier schema is taken over once.
taken_over = Table(
    "taken_over",
    metadata,
    organisation_column(),
    Column("at", Moment, nullable=False),
)
