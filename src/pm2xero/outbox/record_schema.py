"""Tables that say why a document was decided as it was, also when it was decided anew since."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from pm2xero.outbox.schema import Identifier, Moment, metadata, organisation_column

# Only ever added to: a decision that comes out otherwise, or by another pack, is one more row.
decision_records = Table(
    "decision_records",
    metadata,
    organisation_column(),
    Column("id", Identifier, primary_key=True),
    Column("revision", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("decided_at", Moment, nullable=False),
    Column("who", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("code", String(100)),
    Column("rule", String(200)),
    Column("mapping", String(200)),
    Column("reasons", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    # What the deciding rules looked at: rule, test, whether it held, values.
    Column("facts", Text, nullable=False),
    Column("pack", String(128), nullable=False),
)

# What a fingerprint stands for: the version of the product and a hash of each file that decides.
packs = Table(
    "packs",
    metadata,
    organisation_column(),
    Column("fingerprint", String(128), primary_key=True),
    Column("first_used", Moment, nullable=False),
    Column("product", String(50), nullable=False),
    Column("files", Text, nullable=False),
)
