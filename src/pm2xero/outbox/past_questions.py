"""The questions about the past, made once; `past.py` asks them."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import and_, bindparam, func, or_, select

from pm2xero.outbox.asking import among, of
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.past_records import EntryRow
from pm2xero.outbox.past_schema import (
    bookings,
    documents,
    entries,
    expected,
    releases,
    reversals,
    settlements,
    trust_moves,
    trust_totals,
    waits,
)
from pm2xero.outbox.rows import current
from pm2xero.outbox.schema import decisions, requests, transactions
from pm2xero.outbox.states import RequestState
from pm2xero.xero.purpose import Purpose

# What stands of documents, and what others did to it.
STANDINGS = select(documents).where(of(documents), among(documents.c.id))
SETTLED = (
    select(settlements.c.document, func.sum(settlements.c.cents))
    .where(of(settlements), among(settlements.c.document), settlements.c.live)
    .group_by(settlements.c.document)
)
SETTLES = (
    select(settlements.c.by, func.sum(settlements.c.cents))
    .where(of(settlements), among(settlements.c.by), settlements.c.live)
    .group_by(settlements.c.by)
)
REVERSED = (
    select(reversals.c.document, func.count())
    .where(of(reversals), among(reversals.c.document), reversals.c.live)
    .group_by(reversals.c.document)
)
# The latest decided revision comes last.
SAID = (
    select(bookings.c.id, bookings.c.number, bookings.c.date, bookings.c.bank, bookings.c.cents)
    .where(of(bookings), among(bookings.c.id))
    .order_by(bookings.c.revision)
)
TO_COME = (
    select(expected.c.document, expected.c.by, expected.c.cents)
    .where(of(expected), among(expected.c.document))
    .order_by(by_characters(expected.c.by))
)
RELEASED = (
    select(releases)
    .where(of(releases), among(releases.c.id))
    .order_by(releases.c.revision, by_characters(releases.c.rule))
)

# What documents did to others.
DID_SETTLE = (
    select(settlements.c.document, settlements.c.cents)
    .where(of(settlements), among(settlements.c.by), settlements.c.live)
    .order_by(settlements.c.position)
)
DID_MOVE = (
    select(trust_moves.c.matter, trust_moves.c.bank, trust_moves.c.cents)
    .where(of(trust_moves), among(trust_moves.c.by), trust_moves.c.live)
    .order_by(trust_moves.c.position)
)
DID_REVERSE = select(reversals.c.document).where(
    of(reversals), among(reversals.c.by), reversals.c.live
)
TOTALS = select(trust_totals.c.matter, trust_totals.c.bank, trust_totals.c.cents).where(
    of(trust_totals), among(trust_totals.c.matter)
)

HELD_ON = select(waits.c.held).where(
    of(waits), waits.c.what == bindparam("what_"), among(waits.c.id)
)
HELD_DUE = (
    select(waits.c.held)
    .where(
        of(waits),
        or_(
            waits.c.due,
            waits.c.what == "live",
            and_(waits.c.what == "pack", waits.c.id != bindparam("pack_")),
        ),
    )
    .distinct()
)

LATEST = select(transactions).where(current(transactions), among(transactions.c.id))
DECIDED = (
    select(decisions)
    .join(
        transactions,
        and_(
            transactions.c.organisation == decisions.c.organisation,
            transactions.c.id == decisions.c.id,
            transactions.c.revision == decisions.c.revision,
        ),
    )
    .where(current(transactions), among(transactions.c.id))
)
MAKERS = (
    select(
        requests.c.id, requests.c.transaction_id, requests.c.step, requests.c.level,
        requests.c.state,
    )
    .where(current(), among(requests.c.transaction_id), requests.c.purpose != Purpose.UNDO)
    .order_by(requests.c.revision, by_characters(requests.c.id))
)  # fmt: skip
UNDONE = select(requests.c.xero_id).where(
    current(),
    among(requests.c.xero_id),
    requests.c.purpose == Purpose.UNDO,
    requests.c.state == RequestState.CONFIRMED,
)
LAST_SEQUENCE = select(func.max(transactions.c.sequence)).where(of(transactions))

# What every decided revision is in Practice Management, and each line of it.
BOOKINGS = (
    select(bookings).where(of(bookings)).order_by(by_characters(bookings.c.id), bookings.c.revision)
)
ENTRIES = (
    select(entries.c.by, entries.c.revision, *(entries.c[f.name] for f in fields(EntryRow)))
    .where(of(entries))
    .order_by(entries.c.by, entries.c.revision, entries.c.part, entries.c.position)
)
# The transactions of which something stands in Xero, or is on its way there.
STANDING = select(requests.c.transaction_id).where(of(requests), requests.c.stands).distinct()
