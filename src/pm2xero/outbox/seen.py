"""What Xero's lists said when they were last read; of each reading every finished page is kept."""

from __future__ import annotations

import zlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from pm2xero.errors import Finding, LeaseLost
from pm2xero.outbox.asking import AnyRow, chunks
from pm2xero.outbox.database import PAGE, Database
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.seen_schema import xero_lists, xero_objects

WHOLE, CHANGED = "whole", "changed"
# The quickest; objects of one list are alike.
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class ListState:
    """How far a list of Xero is known; moments are aware.

    Attributes:
        mark: all that changed before it is kept; None before the first whole reading.
        whole_at: when the last whole reading began.
        reading: whole or changed, of a reading that has not come to its end; None otherwise.
        since: from when on that reading is told of changes; began: when it began.
        next_page: the page that comes next.
        round: whole readings so far.
    """

    tenant: str
    mark: datetime | None
    whole_at: datetime | None
    reading: str | None
    since: datetime | None
    began: datetime | None
    next_page: int
    round: int


class Seen(Database):
    """Objects of Xero as they were last read, by endpoint."""

    def list_state(self, endpoint: str) -> ListState | None:
        """How far a list is known; None when it was never read."""
        with self._read() as connection:
            row = connection.execute(select(xero_lists).where(*self._list(endpoint))).first()
        return _state(row) if row is not None else None

    def want_whole(self, recently: datetime) -> None:
        """Every list is to be read from its beginning.

        Where some lists are not read whole yet, and all others were so recently, that is on its
        way already, and is gone on with.
        """
        mine = xero_lists.c.organisation == self._organisation
        with self._write() as connection:
            rows = connection.execute(select(xero_lists).where(mine)).all()
            done = [row for row in rows if row.mark is not None and row.reading != WHOLE]
            fresh = all(row.whole_at is not None and row.whole_at >= recently for row in done)
            if len(done) < len(rows) and fresh:
                return
            again = {"mark": None, "reading": None, "reader": None, "next_page": 1}
            connection.execute(update(xero_lists).where(mine).values(again))

    def begin_reading(
        self, endpoint: str, tenant: str, reader: str, reading: str, since: datetime | None
    ) -> ListState:
        """Begin to read a list anew; whoever else reads it is overtaken.

        Args:
            tenant: the organisation in Xero; what is kept of another one is forgotten.
            reading: whole, or changed since a moment.
        """
        with self._write() as connection:
            row = connection.execute(select(xero_lists).where(*self._list(endpoint))).first()
            if row is not None and row.tenant != tenant:
                connection.execute(delete(xero_lists).where(*self._list(endpoint)))
                connection.execute(delete(xero_objects).where(*self._objects(endpoint)))
                row = None
            if row is None:
                first = {"organisation": self._organisation, "endpoint": endpoint}
                connection.execute(
                    insert(xero_lists).values(tenant=tenant, next_page=1, round=0, **first)
                )
            values = {"reader": reader, "reading": reading, "since": since, "began": None,
                      "next_page": 1}  # fmt: skip
            if reading == WHOLE:
                values["round"] = (row.round if row is not None else 0) + 1
            connection.execute(update(xero_lists).where(*self._list(endpoint)).values(values))
            made = connection.execute(select(xero_lists).where(*self._list(endpoint))).one()
        return _state(made)

    def take_up_reading(self, endpoint: str, reader: str) -> None:
        """Go on with a reading that was cut off; whoever else goes on with it is overtaken."""
        with self._write() as connection:
            connection.execute(
                update(xero_lists).where(*self._list(endpoint)).values(reader=reader)
            )

    def keep_page(
        self, endpoint: str, reader: str, page: int, objects: Mapping[str, bytes], began: datetime
    ) -> None:
        """Keep a page of the present reading.

        Args:
            objects: JSON by id.
            began: when the reading began, by Xero's clock; that of its first page counts.

        Raises:
            LeaseLost: PE107, somebody else reads this list now.
        """
        with self._write() as connection:
            state = self._turn_page(connection, endpoint, reader, page, page + 1)
            if page == 1:
                connection.execute(
                    update(xero_lists).where(*self._list(endpoint)).values(began=began)
                )
            rows = [
                {"organisation": self._organisation, "endpoint": endpoint, "id": id,
                 "round": state.round, "object": zlib.compress(text, _LEVEL)}
                for id, text in self._give_way(connection, endpoint, state.round, objects)
            ]  # fmt: skip
            if rows:
                connection.execute(insert(xero_objects), rows)

    def finish_reading(self, endpoint: str, reader: str, page: int, mark: datetime) -> None:
        """All pages are kept; of a whole reading, what it has not shown is forgotten.

        Args:
            page: the page that would come next.
            mark: all that changed before it is kept.

        Raises:
            LeaseLost: PE107, somebody else reads this list now.
        """
        with self._write() as connection:
            state = self._turn_page(connection, endpoint, reader, page, 1)
            values: dict[str, object] = {"mark": mark, "reading": None, "reader": None}
            if state.reading == WHOLE:
                values["whole_at"] = state.began
                connection.execute(
                    delete(xero_objects).where(
                        *self._objects(endpoint), xero_objects.c.round < state.round
                    )
                )
            connection.execute(update(xero_lists).where(*self._list(endpoint)).values(values))

    def count_seen(self, endpoint: str, *, this_round: bool = False) -> int:
        """How many objects of a list are kept; those of the present whole reading only."""
        query = select(func.count()).select_from(xero_objects).where(*self._objects(endpoint))
        if this_round:
            newest = select(xero_lists.c.round).where(*self._list(endpoint)).scalar_subquery()
            query = query.where(xero_objects.c.round == newest)
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def seen(self, endpoint: str, known: Container[str] = ()) -> Iterator[tuple[str, bytes | None]]:
        """The id of every object of a list that is kept, in order, with its JSON.

        Of one that is damaged the JSON is empty.

        Args:
            known: ids of objects that the caller has, of which the JSON is not unpacked.
        """
        query = (
            select(xero_objects.c.id, xero_objects.c.object)
            .where(*self._objects(endpoint))
            .order_by(by_characters(xero_objects.c.id))
        )
        with self._read() as connection:
            for page in connection.execute(query).partitions(PAGE):
                for id, packed in page:
                    yield id, None if id in known else _unpacked(packed) or b""

    def _give_way(
        self, connection: Connection, endpoint: str, round: int, objects: Mapping[str, bytes]
    ) -> Iterator[tuple[str, bytes]]:
        """Those of a page that are to be written; what was there of them is gone.

        Most of what Xero tells again is as it was: it stays, and only its round moves.
        """
        mine = self._objects(endpoint)
        for part in chunks(objects):
            kept = connection.execute(
                select(xero_objects.c.id, xero_objects.c.round, xero_objects.c.object).where(
                    *mine, xero_objects.c.id.in_(part)
                )
            ).all()
            same = {id for id, _, packed in kept if _unpacked(packed) == objects[id]}
            behind = [id for id, seen, _ in kept if id in same and seen != round]
            other = [id for id, _, _ in kept if id not in same]
            if behind:
                among = xero_objects.c.id.in_(behind)
                connection.execute(update(xero_objects).where(*mine, among).values(round=round))
            if other:
                connection.execute(delete(xero_objects).where(*mine, xero_objects.c.id.in_(other)))
            yield from ((id, objects[id]) for id in part if id not in same)

    def _turn_page(
        self, connection: Connection, endpoint: str, reader: str, page: int, next_page: int
    ) -> AnyRow:
        turned = connection.execute(
            update(xero_lists)
            .where(
                *self._list(endpoint), xero_lists.c.reader == reader, xero_lists.c.next_page == page
            )
            .values(next_page=next_page)
        )
        if turned.rowcount != 1:
            message = f"another process reads Xero's list of {endpoint} now"
            raise LeaseLost(Finding("PE107", message, hint="run it again when that is done"))
        return connection.execute(select(xero_lists).where(*self._list(endpoint))).one()

    def _list(self, endpoint: str) -> Sequence[ColumnElement[bool]]:
        mine = xero_lists.c.organisation == self._organisation
        return (mine, xero_lists.c.endpoint == endpoint)

    def _objects(self, endpoint: str) -> Sequence[ColumnElement[bool]]:
        mine = xero_objects.c.organisation == self._organisation
        return (mine, xero_objects.c.endpoint == endpoint)


def _unpacked(packed: bytes) -> bytes | None:
    """What was kept; None where it is damaged, so that it gives way to what comes."""
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return None


def _state(row: AnyRow) -> ListState:
    return ListState(
        row.tenant, row.mark, row.whole_at, row.reading, row.since, row.began, row.next_page,
        row.round,
    )  # fmt: skip
