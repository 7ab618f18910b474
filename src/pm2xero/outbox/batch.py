"""Saves documents with different ids by few statements: compare with what is known, then write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Connection,
    Executable,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from pm2xero.errors import DigestConflict, Finding, OutboxError, StateConflict
from pm2xero.outbox.asking import AnyRow, among, ask, of, write
from pm2xero.outbox.blocking import block_again, block_on, unblock
from pm2xero.outbox.decision_records import add_records
from pm2xero.outbox.history_notes import write_notes
from pm2xero.outbox.memory import VOIDED
from pm2xero.outbox.records import (
    Actor,
    Document,
    StoredDecision,
    StoredRequest,
    StoredTransaction,
)
from pm2xero.outbox.rows import (
    LAST_ATTEMPT,
    OUTCOME_UNKNOWN,
    decision_row,
    need_rows,
    request_row,
    slot_of,
    transaction_row,
)
from pm2xero.outbox.schema import attempts, decisions, needs, requests, transactions
from pm2xero.outbox.states import FIRST, KEPT_BY_PERSON, REPLACEABLE, UNSETTLED, RequestState
from pm2xero.xero.purpose import Purpose

Values = dict[str, Any]


class Batch:
    """Documents with different ids and what saving them changes."""

    def __init__(
        self, connection: Connection, organisation: str, documents: list[Document]
    ) -> None:
        self._connection = connection
        self._organisation = organisation
        self._documents = documents
        self._known: dict[str, dict[int, str]] = {}
        self._posted: set[tuple[str, int]] = set()
        self._requests: dict[str, list[AnyRow]] = {}
        # Ids and revisions of what left, and of which no answer and no look-up tells the end.
        self._lost: set[tuple[str, int]] = set()
        self._new: list[tuple[Values, Values]] = []
        self._seen: list[tuple[Values, Values]] = []
        self._overtaken: list[Values] = []
        self._retired: list[Values] = []
        self._released: list[Values] = []
        # What holds its slot again, as its taking back is dropped.
        self._regained: list[Values] = []
        self._inserted: list[StoredRequest] = []
        self._rendered: list[StoredRequest] = []
        # Ids that are to stop their dependants, and ids that may set theirs free.
        self._gone: list[str] = []
        self._arrived: set[str] = set()

    def save(self) -> None:
        """Look up what is known of the documents, and write what is new.

        Raises:
            OutboxError: as `Saving.save_many` says.
        """
        self._look_up()
        for tx, decision, planned in self._documents:
            self._compare(tx, decision, planned)
        self._write_documents()
        self._write_records()
        self._write_requests()
        connection, organisation = self._connection, self._organisation
        block_on(connection, organisation, self._gone)
        unblock(connection, organisation, self._arrived)
        written = [r.id for r in (*self._inserted, *self._rendered) if r.needs]
        block_again(connection, organisation, written)

    def _look_up(self) -> None:
        ids = [tx.id for tx, _, _ in self._documents]
        for row in self._ask(_KNOWN, ids):
            self._known.setdefault(row.id, {})[row.revision] = row.digest
        self._posted.update((row.id, row.revision) for row in self._ask(_POSTED, self._known))
        for row in self._ask(_MADE, self._known):
            self._requests.setdefault(row.transaction_id, []).append(row)
        left = [r.id for rows in self._requests.values() for r in rows if r.attempts]
        self._lost.update((row.request, row.revision) for row in self._ask(_LOST, left))

    def _ask(self, statement: Executable, ids: Iterable[str]) -> Iterator[AnyRow]:
        return ask(self._connection, statement, self._organisation, ids)

    def _may_be_there(self, row: AnyRow) -> bool:
        """Whether nobody knows of a request if it is in Xero; whatever its state is called."""
        if row.state == RequestState.CONFIRMED:
            return False
        return row.state in UNSETTLED or (row.id, row.revision) in self._lost

    def _compare(
        self, tx: StoredTransaction, decision: StoredDecision, planned: Sequence[StoredRequest]
    ) -> None:
        known = self._known.get(tx.id, {})
        same = known.get(tx.revision)
        newest = max(known, default=tx.revision)
        if same is not None and same != tx.digest:
            raise _other_content(tx)
        if tx.revision < newest and planned:
            raise _too_old(tx, newest)
        current = tx.revision >= newest
        rows = (
            transaction_row(self._organisation, tx, current=current),
            decision_row(self._organisation, decision, latest=current),
        )
        if same is None:
            self._new.append(rows)
            if known and current:
                self._overtaken.append(self._key(tx.id, newest))
        elif current and (decision.outcome != "skip" or (tx.id, tx.revision) not in self._posted):
            self._seen.append(rows)
        else:
            return
        replaces = decision.outcome == "post" or bool(planned)
        if current and (same is not None or replaces):
            self._compare_requests(tx, planned, replaces=replaces)

    def _compare_requests(
        self, tx: StoredTransaction, planned: Sequence[StoredRequest], *, replaces: bool
    ) -> None:
        rows = self._requests.get(tx.id, [])
        # One that is not posted, however often it is decided, leaves the lower ones on their way.
        counting = [r for r in rows if r.current and (replaces or r.revision == tx.revision)]
        unsettled = [r for r in counting if r.revision < tx.revision and self._may_be_there(r)]
        if unsettled:
            raise _unsettled(tx, unsettled)
        wanted = {r.id for r in planned}
        kept: set[str] = set()
        for row in counting:
            if row.revision < tx.revision:
                retired = row.id in wanted or row.state != RequestState.CONFIRMED
            else:
                retired = row.id not in wanted and self._is_replaceable(row)
            if retired:
                self._retired.append(self._key(row.id, row.revision))
                if row.purpose == Purpose.UNDO and row.target and row.state != "confirmed":
                    kept.add(row.target)
                if row.stands and row.state != "confirmed":
                    self._released.append(self._key(row.id, row.revision))
                if row.blocked_by is not None:
                    self._arrived.add(row.blocked_by)
                if row.id not in wanted:
                    self._gone.append(row.id)
        self._check_slots(tx, rows, planned, kept)
        by_people = (r for r in counting if r.state in KEPT_BY_PERSON and r.cause != VOIDED)
        said = next(by_people, None)
        of_revision = {r.id: r for r in rows if r.revision == tx.revision}
        for request in planned:
            self._compare_request(request, of_revision.get(request.id), said)

    def _is_replaceable(self, row: AnyRow) -> bool:
        return row.state in REPLACEABLE and not self._may_be_there(row)

    def _check_slots(
        self,
        tx: StoredTransaction,
        rows: list[AnyRow],
        planned: Sequence[StoredRequest],
        kept: set[str],
    ) -> None:
        """What is planned anew finds its slot free, or hands it over itself.

        Args:
            kept: ids of what was to be taken back and is not, as a later revision came before.
        """
        created = {slot_of(r): r for r in planned if r.purpose is Purpose.CREATE}
        undone = {r.target for r in planned if r.purpose is Purpose.UNDO}
        free = {(k["id_"], k["revision_"]) for k in self._released}
        held = {r.slot for r in rows if r.stands and (r.id, r.revision) not in free}
        for row in rows:
            there = row.id in kept and row.state == "confirmed" and row.current
            regains = there and row.purpose == Purpose.CREATE and row.slot not in held
            if regains and row.id not in undone:
                self._regained.append(self._key(row.id, row.revision))
            if not (row.stands or regains) or (row.id, row.revision) in free:
                continue
            request = created.get(row.slot)
            same = request is not None and (request.id, request.revision) == (row.id, row.revision)
            by_person = request is not None and request.actor is Actor.PERSON
            if row.id in undone or (by_person and not same):
                if self._may_be_there(row):
                    raise _unsettled(tx, [row])
                self._released.append(self._key(row.id, row.revision))
            elif request is not None and not same:
                raise stands_already(tx.id, row.id)

    def _compare_request(
        self, request: StoredRequest, row: AnyRow | None, said: AnyRow | None
    ) -> None:
        if row is not None and row.current:
            if not self._is_replaceable(row):
                return
            if row.blocked_by is not None:
                # Its needs may be others now, so what blocked it is looked at again.
                self._arrived.add(row.blocked_by)
            self._rendered.append(_as_before(request, row))
            return
        if said is not None and request.state is not RequestState.LEFT:
            state = RequestState(said.state)
            request = replace(request, state=state, cause=said.cause, message=said.message)
        if request.state not in FIRST:
            raise _no_beginning(request)
        self._arrived.add(request.id)
        (self._inserted if row is None else self._rendered).append(request)

    def _key(self, id: str, revision: int) -> Values:
        return {"of_": self._organisation, "id_": id, "revision_": revision}

    def _write_documents(self) -> None:
        self._run(_OVERTAKE, self._overtaken)
        self._run(_OVERTAKE_DECISION, self._overtaken)
        self._run(_ADD_TRANSACTION, [tx for tx, _ in self._new])
        self._run(_ADD_DECISION, [decision for _, decision in self._new])
        self._run(
            _MOVE,
            [
                {**self._key(tx["id"], tx["revision"]), "sequence": tx["sequence"]}
                for tx, _ in self._seen
            ],
        )
        self._run(_DECIDE, [self._keyed(decision) for _, decision in self._seen])

    def _write_records(self) -> None:
        """One more record of each decision that comes out otherwise than the one before."""
        written = {(row["id"], row["revision"]) for _, row in (*self._new, *self._seen)}
        decided = [d for _, d, _ in self._documents if (d.id, d.revision) in written]
        add_records(self._connection, self._organisation, decided)

    def _write_requests(self) -> None:
        organisation = self._organisation
        self._run(_RETIRE, self._retired)
        self._run(_RELEASE, self._released)
        self._run(_REGAIN, self._regained)
        self._run(_ADD_REQUEST, [request_row(organisation, r) for r in self._inserted])
        self._run(_RENDER, [self._keyed(request_row(organisation, r)) for r in self._rendered])
        self._run(_FORGET_NEEDS, [self._key(r.id, r.revision) for r in self._rendered])
        written = (*self._inserted, *self._rendered)
        self._run(_ADD_NEED, [row for r in written for row in need_rows(organisation, r)])
        write_notes(self._connection, organisation, written)

    def _keyed(self, row: Values) -> Values:
        rest = {k: v for k, v in row.items() if k not in _KEY}
        return {**rest, **self._key(row["id"], row["revision"])}

    def _run(self, statement: Any, rows: list[Values]) -> None:
        write(self._connection, statement, rows)


def _as_before(request: StoredRequest, row: AnyRow) -> StoredRequest:
    return replace(
        request,
        state=RequestState(row.state),
        xero_id=row.xero_id,
        cause=row.cause,
        message=row.message,
        blocked_by=row.blocked_by,
        attempts=row.attempts,
        stands=row.stands,
    )


_KEY = frozenset(("organisation", "id", "revision"))


def _this(table: Any, id: str = "id") -> Any:
    return and_(
        table.c.organisation == bindparam("of_"),
        table.c[id] == bindparam("id_"),
        table.c.revision == bindparam("revision_"),
    )


def _set(table: Any, *names: str) -> Any:
    return update(table).where(_this(table)).values({n: bindparam(n) for n in names})


_KNOWN = select(transactions.c.id, transactions.c.revision, transactions.c.digest).where(
    of(transactions), among(transactions.c.id)
)
_POSTED = select(decisions.c.id, decisions.c.revision).where(
    of(decisions), decisions.c.outcome == "post", among(decisions.c.id)
)
_MADE = select(requests).where(of(requests), among(requests.c.transaction_id))
_LOST = (
    select(attempts.c.request, attempts.c.revision)
    .join(requests, LAST_ATTEMPT)
    .where(of(attempts), OUTCOME_UNKNOWN, among(attempts.c.request))
)
_ADD_TRANSACTION = insert(transactions)
_ADD_DECISION = insert(decisions)
_ADD_REQUEST = insert(requests)
_ADD_NEED = insert(needs)
_OVERTAKE = update(transactions).where(_this(transactions)).values(current=False)
_OVERTAKE_DECISION = update(decisions).where(_this(decisions)).values(latest=False)
_MOVE = _set(transactions, "sequence")
_DECIDE = _set(decisions, *(c.name for c in decisions.c if c.name not in _KEY))
_RETIRE = update(requests).where(_this(requests)).values(current=False)
_RELEASE = update(requests).where(_this(requests)).values(stands=False)
_REGAIN = update(requests).where(_this(requests)).values(stands=True)
_RENDER = _set(requests, *(c.name for c in requests.c if c.name not in _KEY))
_FORGET_NEEDS = delete(needs).where(_this(needs, "request"))


def _other_content(tx: StoredTransaction) -> DigestConflict:
    return DigestConflict(
        Finding(
            "PE101",
            f"{tx.id} revision {tx.revision} came before with other content",
            should_be="every change of a document raises its revision",
        )
    )


def stands_already(transaction: str, request: str) -> StateConflict:
    """The finding for a second creation of what stands in Xero, or is to."""
    return StateConflict(
        Finding(
            "PE113",
            f"{transaction} would be created a second time: {request} stands in Xero, or is on its "
            "way there; nothing was stored",
            should_be="a correction takes back what is there before it sends anything in its place",
        )
    )


def _too_old(tx: StoredTransaction, newest: int) -> OutboxError:
    return OutboxError(
        Finding(
            "PE103", f"{tx.id} revision {tx.revision} is older than the revision {newest} known"
        )
    )


def _no_beginning(request: StoredRequest) -> StateConflict:
    message = f"{request.id} cannot begin as {request.state}"
    return StateConflict(Finding("PE105", message, should_be=", ".join(FIRST)))


def _unsettled(tx: StoredTransaction, rows: list[AnyRow]) -> StateConflict:
    return StateConflict(
        *(
            Finding(
                "PE104",
                f"{row.id} of revision {row.revision} is {row.state}; whether it is in Xero must be"
                f" known before revision {tx.revision} can take its place",
            )
            for row in rows
        )
    )
