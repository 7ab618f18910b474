"""Only what changed in Xero is read again, and the verdict is that of reading all of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from pm2xero.connection import Connection, connect
from pm2xero.errors import Finding, LeaseLost, UsageError
from pm2xero.outbox.seen_schema import xero_objects
from pm2xero.outbox.store import Outbox
from pm2xero.reconcile import kept_lists as kept_lists_module
from pm2xero.reconcile.kept_lists import KeptLists, kept_lists
from pm2xero.reconcile.run import run
from pm2xero.target import Target
from pm2xero.xero.client import Response
from tests.support.office import Office

Object = dict[str, Any]
TENANT = "5b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f1"
START = datetime(2026, 5, 1, tzinfo=UTC)


class Lists:
    """Lists of Xero as far as they are asked for here: pages, counts and changes since a moment."""

    def __init__(self) -> None:
        self.now = START
        self.items: dict[str, dict[str, Object]] = {}
        self.calls: list[tuple[str, int, str | None]] = []
        # Called before each answer, with its number.
        self.before: Callable[[int], None] = lambda number: None
        self.says_when = True
        self.takes_since = True

    def put(self, endpoint: str, number: int, **changes: Any) -> None:
        id = str(uuid.UUID(int=number, version=4))
        items = self.items.setdefault(endpoint, {})
        name = f"{endpoint.removesuffix('s')}ID"
        items[id] = {**items.get(id, {name: id}), "changed": self.now.isoformat(), **changes}

    def fill(self, endpoint: str, count: int) -> None:
        for number in range(1, count + 1):
            self.put(endpoint, number, Total=number)

    def ask(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        endpoint, since = path.strip("/"), headers.get("If-Modified-Since")
        self.calls.append((endpoint, int(query["page"]), since))
        self.before(len(self.calls))
        items = list(self.items.get(endpoint, {}).values())
        if since is not None and self.takes_since:
            moment = datetime.fromisoformat(since).replace(tzinfo=UTC).isoformat()
            items = [item for item in items if item["changed"] >= moment]
        page, size = int(query["page"]), int(query["pageSize"])
        body = {
            "pagination": {"page": page, "pageSize": size, "itemCount": len(items),
                           "pageCount": -(-len(items) // size)},
            endpoint: items[(page - 1) * size : page * size],
        }  # fmt: skip
        said = {"date": format_datetime(self.now, usegmt=True)} if self.says_when else {}
        return Response(200, said, body, "")


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    with Outbox.open("sqlite://", "bellbird", lambda: START) as opened:
        yield opened


def reader(lists: Lists, outbox: Outbox, *, whole: bool = False, tenant: str = TENANT) -> KeptLists:
    return KeptLists(
        lists.ask, outbox, tenant, uuid.uuid4().hex, lambda: lists.now, whole=whole
    )  # fmt: skip


def all_of(lists: Lists, endpoint: str) -> dict[str, Object]:
    return lists.items.get(endpoint, {})


def test_500_changes_among_50000_documents_take_a_handful_of_calls(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of all that, on pages of a tenth; the whole of it is a benchmark."""
    monkeypatch.setattr(kept_lists_module, "PAGE_SIZE", 100)
    lists = Lists()
    counts = {"Invoices": 2_000, "Payments": 2_000, "BankTransactions": 900,
              "CreditNotes": 50, "ManualJournals": 50}  # fmt: skip
    for endpoint, count in counts.items():
        lists.fill(endpoint, count)
    lists.now += timedelta(days=1)
    first = reader(lists, outbox)
    for endpoint in counts:
        first(endpoint)
    assert first.reading.read == 5_000
    lists.now += timedelta(days=1)
    for number in range(1, 26):
        lists.put("Invoices", number * 79, Total=number + 0.5)
        lists.put("Payments", 2_000 + number, Total=number)
    lists.calls.clear()
    second = reader(lists, outbox)
    for endpoint in counts:
        assert {i: o.get("Total") for i, o in second(endpoint).items()} == {
            i: o.get("Total") for i, o in all_of(lists, endpoint).items()
        }
    assert len(lists.calls) <= 3 * (len(counts) + 1) < 40
    assert (second.reading.read, second.reading.whole) == (50, [])


def test_a_reading_that_is_cut_off_goes_on_behind_its_last_page(outbox: Outbox) -> None:
    lists = Lists()
    lists.fill("Invoices", 7_500)

    def cut(number: int) -> None:
        if number == 5:
            raise UsageError(Finding("PU904", "Xero takes no more calls for now"))

    lists.before = cut
    with pytest.raises(UsageError) as stopped:
        reader(lists, outbox)("Invoices")
    assert "run it again" in str(stopped.value.findings[0].hint)
    lists.before = lambda number: None
    lists.now += timedelta(days=1)
    # A document of a page that was read before changes, and one comes that nobody has seen.
    lists.put("Invoices", 17, Total=-1)
    lists.put("Invoices", 7_501, Total=-2)
    lists.now += timedelta(days=2)
    lists.calls.clear()
    again = reader(lists, outbox, whole=True)
    found = again("Invoices")
    pages = [page for endpoint, page, since in lists.calls if since is None and endpoint != "x"]
    assert pages[:4] == [5, 6, 7, 8]
    assert {i: o["Total"] for i, o in found.items()} == {
        i: o["Total"] for i, o in all_of(lists, "Invoices").items()
    }


def test_a_reading_of_everything_goes_on_the_next_day_and_begins_anew_when_it_is_done(
    outbox: Outbox,
) -> None:
    lists = Lists()
    for endpoint in ("Invoices", "Payments"):
        lists.fill(endpoint, 2_500)
        reader(lists, outbox)(endpoint)

    def cut(number: int) -> None:
        if number == 4:
            raise UsageError(Finding("PU904", "Xero takes no more calls for now"))

    def whole() -> list[str]:
        """Which lists are read from their beginning."""
        lists.now += timedelta(days=1)
        lists.calls.clear()
        read = reader(lists, outbox, whole=True)
        for endpoint in ("Invoices", "Payments", "Contacts"):
            read(endpoint)
        return read.reading.whole

    lists.before = cut
    with pytest.raises(UsageError):
        whole()
    lists.before = lambda number: None
    # Invoices were read yesterday, and payments are gone on with.
    assert whole() == ["Contacts"]
    everything = {"Invoices", "Payments", "Contacts"}
    assert {*whole()} == everything
    # What was begun long ago and never went on is no part of it.
    lists.before = cut
    with pytest.raises(UsageError):
        whole()
    lists.before = lambda number: None
    lists.now += timedelta(days=30)
    assert {*whole()} == everything


def test_what_left_a_list_is_found_by_its_length(outbox: Outbox) -> None:
    lists = Lists()
    lists.fill("Invoices", 1_500)
    reader(lists, outbox)("Invoices")
    lists.now += timedelta(days=1)
    gone = next(iter(lists.items["Invoices"]))
    del lists.items["Invoices"][gone]
    lists.put("Invoices", 1_501, Total=1)
    found = reader(lists, outbox)("Invoices")
    assert found.keys() == lists.items["Invoices"].keys()


@pytest.mark.parametrize(("says_when", "takes_since"), [(False, True), (True, False)])
def test_without_a_clock_or_a_filter_of_xero_it_is_right_all_the_same(
    outbox: Outbox, says_when: bool, takes_since: bool
) -> None:
    lists = Lists()
    lists.says_when, lists.takes_since = says_when, takes_since
    lists.fill("Payments", 1_200)
    for day in range(3):
        lists.now += timedelta(days=1)
        lists.put("Payments", 3 + day, Total=-day)
        found = reader(lists, outbox)("Payments")
        assert {o["Total"] for o in found.values()} == {
            o["Total"] for o in lists.items["Payments"].values()
        }


def test_lists_of_another_organisation_are_not_taken_for_this_ones(outbox: Outbox) -> None:
    lists, other = Lists(), Lists()
    lists.fill("Invoices", 20)
    reader(lists, outbox)("Invoices")
    for number in range(101, 121):
        other.put("Invoices", number, Total=number)
    found = reader(other, outbox, tenant=str(uuid.uuid4()))("Invoices")
    assert found.keys() == other.items["Invoices"].keys()


def test_of_two_that_read_one_list_the_first_gives_way(outbox: Outbox) -> None:
    lists = Lists()
    lists.fill("Invoices", 2_500)
    second: list[KeptLists] = []

    def another(number: int) -> None:
        if number == 2 and not second:
            second.append(reader(lists, outbox))
            second[0]("Invoices")

    lists.before = another
    with pytest.raises(LeaseLost, match="PE107"):
        reader(lists, outbox)("Invoices")
    assert reader(lists, outbox)("Invoices").keys() == lists.items["Invoices"].keys()


def test_a_list_that_never_is_as_long_as_it_says_is_no_list(outbox: Outbox) -> None:
    lists = Lists()
    lists.fill("Invoices", 20)
    plain = lists.ask

    def ask(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response:
        answer = plain(path, query, headers)
        assert answer.json is not None
        answer.json["pagination"]["itemCount"] += 1
        return answer

    lists.ask = ask  # type: ignore[method-assign]
    with pytest.raises(UsageError, match="PU904"):
        reader(lists, outbox)("Invoices")


def test_nothing_of_a_contact_is_kept_but_who_it_is(outbox: Outbox) -> None:
    lists = Lists()
    contact = {"ContactID": str(uuid.UUID(int=1, version=4)), "Name": "Mabel Quill",
               "EmailAddress": "mabel@example.org", "Addresses": [{"City": "Hobart"}]}  # fmt: skip
    lists.put("Contacts", 1, **contact)
    lists.put("Invoices", 1, Total=1, Contact=contact)
    lists.put("Payments", 1, Invoice={"InvoiceID": "x", "Contact": contact})
    everything = reader(lists, outbox)
    for endpoint in ("Invoices", "Payments", "Contacts"):
        everything(endpoint)
        kept = b"".join(text or b"" for _, text in outbox.seen(endpoint))
        assert b"Mabel Quill" in kept
        assert b"mabel@" not in kept and b"Hobart" not in kept


# --- the whole reconciliation ---


@contextmanager
def opened(pushed: Path) -> Iterator[tuple[Office, Connection]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(pushed, folder, dirs_exist_ok=True)
        office = Office(folder)
        place = Target(
            office.organisation, None, (), str(office.database), None, office.sandbox_file
        )
        with connect(place) as connection:
            yield office, connection


def write(connection: Connection, method: str, path: str, body: Any) -> None:
    """What a user does by hand; Xero may refuse it."""
    text = json.dumps(body, default=str).encode()
    connection.client.call(method, path, body=text)


def pick(items: list[Object], number: int) -> Object:
    return items[number % len(items)]


LINE = {"Description": "by hand", "Quantity": 1, "UnitAmount": "10.00", "AccountCode": "200",
        "TaxType": "OUTPUT"}  # fmt: skip


def edit(office: Office, connection: Connection, what: str, n: int) -> None:
    """One thing that a person does in Xero."""
    invoices, contacts = office.in_xero("Invoices"), office.in_xero("Contacts")
    invoice, contact = pick(invoices, n), pick(contacts, n)
    other = pick(contacts, n + 1)
    bank = {"Code": "090"}
    match what:
        case "void an invoice":
            write(connection, "POST", f"/Invoices/{invoice['InvoiceID']}", {"Status": "VOIDED"})
        case "edit an invoice":
            changes: list[Object] = [
                {"Reference": "x"}, {"InvoiceNumber": f"R-{n}"}, {"Date": "2026-05-09"},
                {"Contact": {"ContactID": other["ContactID"]}}, {"LineItems": [LINE]},
            ]  # fmt: skip
            write(connection, "POST", "/Invoices", {"Invoices": [
                {"InvoiceID": invoice["InvoiceID"], **changes[n % len(changes)]}]})  # fmt: skip
        case "pay an invoice":
            write(connection, "PUT", "/Payments", {"Payments": [{
                "Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": bank,
                "Date": "2026-05-19", "Amount": "1.00"}]})  # fmt: skip
        case "delete a payment" if payments := office.in_xero("Payments"):
            id = pick(payments, n)["PaymentID"]
            write(connection, "POST", f"/Payments/{id}", {"Status": "DELETED"})
        case "enter an invoice":
            write(connection, "PUT", "/Invoices", {"Invoices": [{
                "Type": "ACCREC", "Status": "AUTHORISED", "Date": "2026-05-12",
                "DueDate": "2026-06-12", "Contact": {"ContactID": contact["ContactID"]},
                "InvoiceNumber": f"H-{n}", "LineItems": [LINE]}]})  # fmt: skip
        case "enter a receipt":
            write(connection, "PUT", "/BankTransactions", {"BankTransactions": [{
                "Type": "RECEIVE", "BankAccount": bank, "Date": "2026-05-12",
                "Contact": {"ContactID": contact["ContactID"]}, "LineItems": [LINE]}]})  # fmt: skip
        case "give a receipt to another" if receipts := office.in_xero("BankTransactions"):
            found = pick(receipts, n)
            kept = {k: found[k] for k in ("BankTransactionID", "Type", "LineItems", "BankAccount")}
            change = {**kept, "Contact": {"ContactID": other["ContactID"]}}
            write(connection, "POST", "/BankTransactions", {"BankTransactions": [change]})
        case "delete a receipt" if receipts := office.in_xero("BankTransactions"):
            id = pick(receipts, n)["BankTransactionID"]
            write(connection, "POST", f"/BankTransactions/{id}", {"Status": "DELETED"})
        case "enter a journal":
            lines = [{"LineAmount": "5.00", "AccountCode": "200"},
                     {"LineAmount": "-5.00", "AccountCode": "404"}]  # fmt: skip
            write(connection, "PUT", "/ManualJournals", {"ManualJournals": [
                {"Narration": f"by hand {n}", "Date": "2026-05-12", "Status": "POSTED",
                 "JournalLines": lines}]})  # fmt: skip
        case "rename a contact":
            write(connection, "POST", "/Contacts", {"Contacts": [
                {"ContactID": contact["ContactID"], "Name": f"Renamed {n}"}]})  # fmt: skip
        case "merge contacts":
            active = [c for c in contacts if c["ContactStatus"] == "ACTIVE"]
            if len(active) > 1:
                one, two = (str(pick(active, n + i)["ContactID"]) for i in (0, 1))
                with office.xero() as xero:
                    xero.merge_contacts(one, two)
        case "lose a row":
            # No user can; it stands for whatever leaves a list without a change.
            office.xero_sql("DELETE FROM record WHERE id = ?", str(invoice["InvoiceID"]))


EDITS = ("void an invoice", "edit an invoice", "edit an invoice", "pay an invoice",
         "delete a payment", "enter an invoice", "enter a receipt", "give a receipt to another",
         "delete a receipt", "enter a journal", "rename a contact", "merge contacts")  # fmt: skip


def every(what: str, numbers: range) -> list[list[tuple[str, int]]]:
    """The same thing done to one after the other, in one pass."""
    return [[(what, n) for n in numbers], []]


# PM2XERO_FUZZ=500 makes that many.
@settings(max_examples=int(os.environ.get("PM2XERO_FUZZ", "4")), deadline=None)
# What an object shows of another changes without it: whose invoice a payment pays, and its name.
@example(passes=every("edit an invoice", range(3, 33, 5)), loses=False)
@example(passes=every("merge contacts", range(5)), loses=False)
@example(passes=every("rename a contact", range(5)), loses=True)
@given(
    passes=st.lists(
        st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 40)), max_size=5),
        min_size=2,
        max_size=3,
    ),
    loses=st.booleans(),
)
def test_the_verdict_is_that_of_reading_all_of_it(
    pushed: Path, passes: list[list[tuple[str, int]]], loses: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch, opened(pushed) as (office, connection):
        # So that nothing is read again by the way.
        patch.setattr(kept_lists_module, "MARGIN", timedelta(0))
        run(connection, None, None, kept_lists(connection))
        for number, edits in enumerate(passes):
            for what, n in edits:
                edit(office, connection, what, n)
            if loses and number == 1:
                edit(office, connection, "lose a row", number)
            changed = kept_lists(connection)
            incremental = run(connection, None, None, changed).as_json()
            whole = run(connection, None, None).as_json()
            assert incremental == whole
            assert loses or changed.reading.whole == []


@pytest.mark.parametrize("damage", [b"", b"nothing packed", zlib.compress(b"[1]")])
def test_what_is_damaged_where_it_is_kept_is_read_from_xero_anew(
    outbox: Outbox, damage: bytes
) -> None:
    lists = Lists()
    lists.fill("Invoices", 3)
    lists.now += timedelta(days=1)
    reader(lists, outbox)("Invoices")
    id = next(iter(all_of(lists, "Invoices")))
    with outbox._write() as connection:
        connection.execute(
            update(xero_objects).values(object=damage).where(xero_objects.c.id == id)
        )
    lists.now += timedelta(days=1)
    for whole in (["Invoices"], []):
        again = reader(lists, outbox)
        assert again("Invoices") == all_of(lists, "Invoices")
        assert again.reading.whole == whole
