"""What an endpoint can do: how its elements are written, shown and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pm2xero.sandbox.books import Books
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.wire import Wire

ColumnKind = Literal["text", "folded", "id", "money", "date", "time", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """An SQL expression over `record` that a query may use, and how its values are written."""

    sql: str
    kind: ColumnKind = "text"


@dataclass(frozen=True, slots=True)
class Written:
    """One element that was saved."""

    id: str
    warnings: tuple[str, ...] = ()


Writer = Callable[[Books, Wire], Written]
Renderer = Callable[[Books, Sequence[Record], bool], list[Wire]]


@dataclass(frozen=True, slots=True)
class Resource:
    """One endpoint.

    Attributes:
        id_field: InvoiceID, PaymentID and so on.
        render: (books, records, with lines) to GET shapes, in the order of the records.
        columns: what `where` and `order` know.
        create: PUT of one element.
        upsert: POST of one element.
        parameters: list parameters such as IDs, to the column that they filter.
        paged: whether `page` and `pageSize` count.
        shown: a condition that hides records unless `hidden_by` asks for them.
        posts_bare: whether POST may create from a single object outside its collection.
        searched: what `searchTerm` looks into.
        heavy: fields that `summaryOnly` leaves out. # unverified: which they are.
        has_history: whether notes can be added.
    """

    endpoint: str
    id_field: str
    render: Renderer
    columns: Mapping[str, Column]
    create: Writer | None = None
    upsert: Writer | None = None
    create_bare: Writer | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    searched: tuple[Column, ...] = ()
    heavy: frozenset[str] = frozenset()
    paged: bool = True
    numbered: bool = False
    shown: str = ""
    hidden_by: str = ""
    has_history: bool = True


BASE_COLUMNS: Mapping[str, Column] = {
    "Status": Column("status"),
    "UpdatedDateUTC": Column("updated", "time"),
}

DOCUMENT_COLUMNS: Mapping[str, Column] = {
    **BASE_COLUMNS,
    "Type": Column("type"),
    "Date": Column("date", "date"),
    "Reference": Column("reference"),
    "Total": Column("total", "money"),
    "Contact.ContactID": Column("contact_id", "id"),
    "Contact.Name": Column(
        "(SELECT c.label FROM record c WHERE c.id = record.contact_id)", "folded"
    ),
    "Contact.ContactNumber": Column(
        "(SELECT c.number FROM record c WHERE c.id = record.contact_id)"
    ),
    "Url": Column("json_extract(body, '$.Url')"),
}
