"""What the product is measured against, and the proof that all of them say the same.

Peers get the documents already read and typed, like the product's own stages.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import orjson

from pm2xero.decide.decision import Decision
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Pack
from pm2xero.read.transaction import Transaction
from tests.benchmarks import official, straight
from tests.benchmarks.bodies import Call, Group, bodies, contact, summed
from tests.benchmarks.ours import Documents, Done
from tests.benchmarks.straight import Answer, Books
from tests.benchmarks.table import Tables

Prepared = tuple[Transaction, list[Group], dict[str, Any]]


class Disagreement(AssertionError):
    """A peer decided or wrote something else than the product."""


class Peers:
    """All peers; each keeps books of its own."""

    def __init__(self, pack: Pack, organisation: Organisation) -> None:
        self.pack = pack
        self.organisation = organisation
        self.books = self.new_books()
        self.tables = Tables(self.new_books())

    def new_books(self) -> Books:
        """The firm's set-up with no document yet."""
        return Books(self.pack, self.organisation)

    def restart(self) -> None:
        """Forget all documents, keep everything that was compiled."""
        self.books = self.new_books()
        self.tables.books = self.new_books()

    def straight(self, documents: Documents) -> list[Answer]:
        """Decisions by hand-written Python."""
        decide, books = straight.decide, self.books
        return [decide(tx, books) for tx in documents]

    def zen(self, documents: Documents) -> list[Answer]:
        """Decisions by zen-engine, one transaction at a time."""
        decide = self.tables.decide
        return [decide(tx) for tx in documents]

    def by_hand(self, posted: list[Transaction]) -> list[list[Call]]:
        """Bodies by hand-written dictionaries."""
        books = self.books
        return [bodies(tx, books) for tx in posted]

    def prepare(self, posted: list[Transaction]) -> list[Prepared]:
        """The bills among documents, with their lines summed, as the SDK is given them."""
        books = self.books
        return [
            (tx, summed(tx, books), contact(tx.fields["participant"], books))
            for tx in posted
            if tx.kind in official.KINDS
        ]

    @staticmethod
    def official(bills: list[Prepared]) -> list[str]:
        """Bodies of bills by Xero's Python SDK."""
        bill = official.bill
        return [bill(tx, groups, party) for tx, groups, party in bills]


def floor(lines: list[bytes]) -> int:
    """Only parse and write the same bytes again."""
    loads, dumps = orjson.loads, orjson.dumps
    return sum(len(dumps(loads(text))) for text in lines)


def same_decisions(ours: list[Decision], theirs: list[Answer], who: str) -> None:
    """Outcome, codes of all reasons and codes of all warnings are the same.

    Raises:
        Disagreement: naming the first transaction that is not.
    """
    for decision, answer in zip(ours, theirs, strict=True):
        mine = (
            decision.outcome,
            {r.code for r in decision.reasons},
            {w.code for w in decision.warnings},
        )
        yours = (answer[0], set(answer[1]), set(answer[2]))
        if mine != yours:
            raise Disagreement(f"{who}, {decision.kind} {decision.id}: {yours}, not {mine}")


def same_bodies(ours: Done, theirs: list[list[Call]], who: str) -> None:
    """Method, path and the values of every body are the same.

    Raises:
        Disagreement: naming the first request that is not.
    """
    posted = [requests for decision, requests in ours if decision.outcome == "post"]
    for requests, calls in zip(posted, theirs, strict=True):
        mine = [(r.method, r.path, orjson.loads(r.body)) for r in requests]
        yours = [(method, path, orjson.loads(body)) for method, path, body in calls]
        if mine != yours:
            raise Disagreement(f"{who}, {requests[0].id}: {yours}, not {mine}")


def same_bills(ours: Done, theirs: list[str], who: str) -> None:
    """The bills are the same, apart from what the SDK always adds and how it writes dates.

    Raises:
        Disagreement: naming the first request that is not.
    """
    bills = [r for d, rs in ours if d.kind in official.KINDS for r in rs]
    for request, text in zip(bills, theirs, strict=True):
        mine, yours = orjson.loads(request.body), _plain(orjson.loads(text))
        if mine != yours:
            raise Disagreement(f"{who}, {request.id}: {yours}, not {mine}")


_DATE = re.compile(r"^/Date\((\d+)\)/$")
_ADDED = frozenset(("HasAttachments", "HasErrors", "HasValidationErrors"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in _ADDED}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, str) and (found := _DATE.match(value)):
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC).date().isoformat()
    return value
