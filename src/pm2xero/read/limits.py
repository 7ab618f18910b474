"""How large a record and its values may be; one that is larger is refused, and costs only itself.

They are far above what a law firm's document holds, and low enough that no record can take the
memory or the time of a run, or a place in the outbox that it does not fit. The published schema
(`schema/transaction.schema.json`) says the same.
"""

from __future__ import annotations

# Of one record, as it stands in the input.
RECORD_BYTES = 16 * 1024 * 1024
# Lists and groups within each other; deeper ones cannot be written down again for the outbox.
DEPTH = 250
# A document's id: with the name of a step behind it, it is the id of a request.
ID = 100
# Names of other things: accounts, banks, documents, tax codes, matters, participants.
NAME = 200
TEXT = 100_000
ENTRIES = 10_000
# What every database and programming language takes for a whole number.
COUNT = 2**63 - 1

# What is told of one record: so many faults, and so much of what stands there.
FAULTS = 20
SHOWN = 40
