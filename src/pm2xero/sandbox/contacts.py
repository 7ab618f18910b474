"""Contacts: creating and changing them, and finding the one that a document names."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from pm2xero.sandbox import records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid, not_found
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import BASE_COLUMNS, Column, Resource, Written
from pm2xero.sandbox.wire import Wire, object_of, text_of

ENDPOINT = "Contacts"

_LONGEST = {
    "Name": 255,
    "FirstName": 255,
    "LastName": 255,
    "EmailAddress": 255,
    "ContactNumber": 50,
    "AccountNumber": 50,
    "TaxNumber": 50,
    "CompanyNumber": 50,
}
_KEPT = ("ContactPersons", "Addresses", "Phones", "BankAccountDetails", "DefaultCurrency")
_WRITABLE = {*_LONGEST, *_KEPT}
_ARCHIVED = (
    "The specified contact details matched an archived contact."
    " Archived contacts cannot currently be edited via the API."
)


def folded(name: str) -> str:
    """A name without case and accents, as Xero compares names."""
    plain = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def create(books: Books, element: Wire) -> Written:
    """PUT: a new contact.

    Raises:
        Invalid: no Name, or its Name or ContactNumber is taken.
    """
    name = text_of(element, "Name", _LONGEST["Name"])
    if name is None:
        raise Invalid("The contact name must be specified.")
    number = text_of(element, "ContactNumber", _LONGEST["ContactNumber"])
    if number and records.numbered(books.store, ENDPOINT, number):
        raise Invalid(f"The contact number {number} is already assigned to another contact.")
    return Written(_add(books, element).id)


def upsert(books: Books, element: Wire) -> Written:
    """POST: change the contact with this ContactID, ContactNumber or Name, or create one.

    Raises:
        Problem: 404 for the whole request when the ContactID is unknown.
        Invalid: the contact is archived, or the name belongs to another.
    """
    found = _named(books, element)
    if found is None and (name := element.get("Name")) and not element.get("ContactNumber"):
        found = _by_name(books, str(name))
    return Written((_change(books, found, element) if found else create_from(books, element)).id)


def merge(books: Books, merged_id: str, into_id: str) -> None:
    """Merge a contact into another, as a user does in Xero: no call of the API can.

    What the first one had belongs to the second; the first is archived and names the second.

    Raises:
        LookupError: one of them is not there.
        Invalid: one of them is not active, or they are the same.
    """
    merged, into = existing(books, merged_id), existing(books, into_id)
    if merged.id == into.id or (merged.status, into.status) != ("ACTIVE", "ACTIVE"):
        raise Invalid("Only two active contacts can be merged")
    books.store.execute(
        "UPDATE record SET contact_id = ? WHERE contact_id = ?", (into.id, merged.id)
    )
    body = {**merged.body, "MergedToContactID": into.id}
    gone = replace(merged, status="ARCHIVED", updated=books.now, body=body)
    records.update(books.store, gone)


def restore(books: Books, contact_id: str) -> None:
    """Restore an archived contact, as a user does in Xero: the API does not edit one.

    Raises:
        LookupError: it is not there.
    """
    records.update(books.store, replace(existing(books, contact_id), status="ACTIVE",
                                        updated=books.now))  # fmt: skip


def create_from(books: Books, element: Wire) -> Record:
    """A contact that a document brings with it."""
    return existing(books, create(books, element).id)


def existing(books: Books, contact_id: str) -> Record:
    """A contact that is known to exist."""
    found = records.get(books.store, ENDPOINT, contact_id)
    if found is None:
        raise LookupError(contact_id)
    return found


def resolve(books: Books, document: Wire) -> Record:
    """The contact of a document, created when only an unknown name (and number) is given.

    Raises:
        Problem: 404 for the whole request when the ContactID is unknown.
        Invalid: nothing identifies a contact, it is archived, or its name is another's.
    """
    sent = object_of(document, "Contact")
    if not any(sent.get(field) for field in ("ContactID", "ContactNumber", "Name")):
        raise Invalid(
            "The Contact must contain at least 1 of the following elements to identify the"
            " contact: Name, ContactID, ContactNumber"
        )
    found = _named(books, sent)
    if found is None and not sent.get("ContactNumber"):
        found = _by_name(books, str(sent["Name"]))
    if found is None:
        return create_from(books, sent)
    if found.status != "ACTIVE":
        raise Invalid(_ARCHIVED)
    # Whatever else a document says about its contact changes the contact.
    changes = {key: value for key, value in sent.items() if found.body.get(key) != value}
    changes.pop("ContactID", None)
    changes.pop("ContactStatus", None)
    return _change(books, found, changes) if set(changes) & _WRITABLE else found


def brief(contact: Record) -> Wire:
    """How a document names its contact."""
    shown = ("ContactNumber", "Name", "FirstName", "LastName", "EmailAddress")
    return {
        "ContactID": contact.id,
        "ContactStatus": contact.status,
        **{field: contact.body[field] for field in shown if contact.body.get(field)},
        "HasValidationErrors": False,
    }


def briefs(books: Books, owners: Sequence[Record]) -> dict[str, Wire]:
    """`brief` of every contact that the records name, by ContactID."""
    ids = list(dict.fromkeys(owner.contact_id for owner in owners if owner.contact_id))
    return {contact.id: brief(contact) for contact in records.among(books.store, "id", ids)}


def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of contacts."""
    roles = _roles(books, [contact.id for contact in found]) if full else set()
    return [
        {
            "ContactID": contact.id,
            "ContactStatus": contact.status,
            "Addresses": [],
            "Phones": [],
            "ContactGroups": [],
            **contact.body,
            "IsSupplier": (contact.id, "ACCPAY") in roles,
            "IsCustomer": (contact.id, "ACCREC") in roles,
            "UpdatedDateUTC": contact.updated,
            "HasAttachments": False,
            "HasValidationErrors": False,
        }
        for contact in found
    ]


def _roles(books: Books, contact_ids: Sequence[str]) -> set[tuple[str, str]]:
    roles: set[tuple[str, str]] = set()
    for some in records.batched(contact_ids):
        marks = ", ".join("?" * len(some))
        roles.update(
            (contact_id, type_name)
            for contact_id, type_name in books.store.rows(
                "SELECT DISTINCT contact_id, type FROM record"
                f" WHERE endpoint = 'Invoices' AND contact_id IN ({marks})",
                some,
            )
        )
    return roles


def _named(books: Books, sent: Wire) -> Record | None:
    if contact_id := sent.get("ContactID"):
        found = records.get(books.store, ENDPOINT, str(contact_id))
        if found is None:
            raise not_found()
        return found
    if number := sent.get("ContactNumber"):
        numbered = records.numbered(books.store, ENDPOINT, str(number))
        return numbered[0] if numbered else None
    return None


def _by_name(books: Books, name: str) -> Record | None:
    """The active contact of a name, else an archived one."""
    found = records.select(
        books.store, "endpoint = ? AND label = ? ORDER BY status", (ENDPOINT, folded(name))
    )
    return found[0] if found else None


def _add(books: Books, element: Wire) -> Record:
    body = {
        **_read(element),
        **{field: element[field] for field in _KEPT if element.get(field) is not None},
    }
    contact = Record(
        id=books.new_id(),
        endpoint=ENDPOINT,
        status="ACTIVE",
        updated=books.now,
        number=body.get("ContactNumber"),
        reference=body.get("AccountNumber"),
        label=_free_name(books, body["Name"], None),
        body=body,
    )
    records.insert(books.store, contact)
    return contact


def _change(books: Books, contact: Record, element: Wire) -> Record:
    if contact.status != "ACTIVE":
        raise Invalid(_ARCHIVED)
    body = {
        **contact.body,
        **_read(element),
        **{field: element[field] for field in _KEPT if element.get(field) is not None},
    }
    number = body.get("ContactNumber")
    if number != contact.number and number and records.numbered(books.store, ENDPOINT, number):
        raise Invalid(f"The contact number {number} is already assigned to another contact.")
    changed = replace(
        contact,
        status=str(element.get("ContactStatus") or contact.status),
        updated=books.now,
        number=number,
        reference=body.get("AccountNumber"),
        label=_free_name(books, body["Name"], contact.id),
        body=body,
    )
    records.update(books.store, changed)
    return changed


def _read(element: Wire) -> Wire:
    read = {field: text_of(element, field, longest) for field, longest in _LONGEST.items()}
    return {field: value for field, value in read.items() if value is not None}


def _free_name(books: Books, name: str, own_id: str | None) -> str:
    if "<" in name or ">" in name or name != " ".join(name.split()):
        raise Invalid(
            "The contact name must not have angle brackets, or spaces that lead, trail or repeat."
        )
    other = _by_name(books, name)
    if other is not None and other.id != own_id:
        if other.status != "ACTIVE":
            raise Invalid(_ARCHIVED)
        raise Invalid(
            f"The contact name {name} is already assigned to another contact."
            " The contact name must be unique across all active contacts."
        )
    return folded(name)


RESOURCE = Resource(
    endpoint=ENDPOINT,
    id_field="ContactID",
    render=render,
    create=create,
    upsert=upsert,
    columns={
        **BASE_COLUMNS,
        "ContactStatus": Column("status"),
        "ContactID": Column("id", "id"),
        "Name": Column("label", "folded"),
        "ContactNumber": Column("number"),
        "AccountNumber": Column("reference"),
        "EmailAddress": Column("json_extract(body, '$.EmailAddress')"),
    },
    parameters={"IDs": "ContactID"},
    searched=(
        Column("label", "folded"),
        Column("number"),
        *(
            Column(f"json_extract(body, '$.{field}')")
            for field in ("EmailAddress", "FirstName", "LastName", "CompanyNumber")
        ),
    ),
    heavy=frozenset(
        {
            "ContactPersons",
            "Addresses",
            "Phones",
            "ContactGroups",
            "BankAccountDetails",
            "IsSupplier",
            "IsCustomer",
        }
    ),
    numbered=True,
    shown="status = 'ACTIVE'",
    hidden_by="includeArchived",
)
