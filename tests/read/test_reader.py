"""Documents as they come: what is read from good ones, and what is said about bad ones."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from pm2xero.pack.load import load_pack
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Malformed, Transaction

Raw = dict[str, Any]

BILL: Raw = {
    "id": "PM-1",
    "kind": "client_bill",
    "revision": 1,
    "status": "posted",
    "date": "2026-05-12",
    "due_date": "2026-06-11",
    "currency": "AUD",
    "number": "B-1",
    "posted_at": "2026-05-12T02:15:00Z",
    "participant": {"id": "C-1", "display_name": "Ada Byron"},
    "lines": [
        {"gl_account": "4000", "net": "600.00", "tax_code": "GST", "tax": "60.00"},
        {"gl_account": "4100", "net": "50.00", "tax_code": "FRE", "tax": "0.00"},
    ],
    "totals": {"net": "650.00", "tax": "60.00", "gross": "710.00"},
}


@cache
def reader() -> Reader:
    return Reader(load_pack("base").kinds)


def changed(path: str, value: object) -> Raw:
    """The bill with one value changed, or taken out where the value is `...`."""
    raw = deepcopy(BILL)
    *above, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    inner: Any = raw
    for step in above:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return raw


def faults(raw: object) -> tuple[str, ...]:
    read = reader().read(raw, "x.jsonl", 7)
    assert isinstance(read, Malformed), "the document was taken as good"
    assert (read.source, read.line) == ("x.jsonl", 7)
    return read.faults


def good(raw: Raw) -> Transaction:
    read = reader().read(raw, "x.jsonl", 7)
    assert isinstance(read, Transaction), read
    return read


MONEY = 'expected an amount as text with two decimals, such as "600.00"'
DATE = 'expected a date such as "2026-05-31"'
MOMENT = 'expected a moment with its time zone, such as "2026-05-31T02:15:00Z"'
NAME = "expected text in quotes, not empty and at most 200 characters"
ID = "expected text in quotes, not empty and at most 100 characters"
OBJECT = "expected a document, which is an object ({…})"
NAMED = "expected text in quotes that is not blank"
COUNT = f"expected a whole number from 0 to {2**63 - 1}, without quotes or a decimal point"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("totals.gross", 710.0, f"{MONEY}, found the number 710.0 without quotes"),
        ("totals.gross", 710, f"{MONEY}, found the number 710 without quotes"),
        ("totals.gross", "710.005", f'{MONEY}, found "710.005"'),
        ("totals.gross", "1,710.00", f'{MONEY}, found "1,710.00"'),
        ("totals.gross", "$710.00", f'{MONEY}, found "$710.00"'),
        ("totals.gross", "7.1e2", f'{MONEY}, found "7.1e2"'),
        ("totals.gross", "NaN", f'{MONEY}, found "NaN"'),
        ("totals.gross", "", f'{MONEY}, found ""'),
        ("totals.gross", "12345678901234.00", f'{MONEY}, found "12345678901234.00"'),
        ("totals.gross", "\u0667\u0661\u0660.00", f'{MONEY}, found "\u0667\u0661\u0660.00"'),
        ("totals.gross", "710.00\n", f'{MONEY}, found "710.00\\n"'),
        ("totals.gross", ["710.00"], f"{MONEY}, found a list"),
        ("totals.gross", ..., "missing"),
        ("totals.gross", None, "missing"),
        ("totals", "710.00", 'expected a group of fields ({…}), found "710.00"'),
        ("date", "12/05/2026", f'{DATE}, found "12/05/2026"'),
        ("date", "2026-5-12", f'{DATE}, found "2026-5-12"'),
        ("date", "2026-02-30", '"2026-02-30" is no date of the calendar'),
        ("date", "2026-05-12T00:00:00Z", f'{DATE}, found "2026-05-12T00:00:00Z"'),
        ("date", 20260512, f"{DATE}, found the number 20260512 without quotes"),
        ("date", ..., "missing"),
        ("posted_at", "2026-05-12T02:15:00", f'{MOMENT}, found "2026-05-12T02:15:00"'),
        ("posted_at", "2026-05-12", f'{MOMENT}, found "2026-05-12"'),
        (
            "posted_at", "2026-05-12T25:15:00Z",
            '"2026-05-12T25:15:00Z" is no instant of the calendar',
        ),
        ("id", "", f'{ID}, found ""'),
        ("id", 17, f"{ID}, found the number 17 without quotes"),
        ("id", "x" * 101, f'{ID}, found "{"x" * 37}…"'),
        ("id", ..., "missing"),
        ("id", None, "missing"),
        ("revision", "1", f'{COUNT}, found "1"'),
        ("revision", -1, f"{COUNT}, found the number -1"),
        ("revision", 1.0, f"{COUNT}, found the number 1.0"),
        ("revision", float(2**70), f"{COUNT}, found the number 1.1805916207174113e+21"),
        ("id", " ", f"{ID}, found nothing but blanks"),
        ("id", "\u200b\u00a0", f"{ID}, found nothing but blanks"),
        ("participant.id", "\u3000", f"{NAME}, found nothing but blanks"),
        ("participant.display_name", " \n", f"{NAMED}, found nothing but blanks"),
        ("participant.display_name", "", f'{NAMED}, found ""'),
        ("revision", True, f"{COUNT}, found true"),
        ("revision", ..., "missing"),
        (
            "status", "post",
            'expected one of draft, posted, voided, found "post"; did you mean "posted"?',
        ),
        (
            "status", "Posted",
            'expected one of draft, posted, voided, found "Posted"; did you mean "posted"?',
        ),
        ("status", 1, "expected one of draft, posted, voided, found the number 1 without quotes"),
        ("number", 17, "expected text in quotes, found the number 17 without quotes"),
        ("lines", [], "expected a list with at least one entry, found an empty list"),
        ("lines", {}, "expected a list with at least one entry, found a group of fields ({…})"),
        ("lines", ..., "missing"),
        ("participant", ["C-1"], "expected a group of fields ({…}), found a list"),
        ("participant.id", ..., "missing"),
        ("participant.is_company", "yes", 'expected true or false, found "yes"'),
    ],
)  # fmt: skip
def test_one_fault(path: str, value: object, message: str) -> None:
    assert faults(changed(path, value)) == (f"{path}: {message}",)


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("lines.1.net", 50.0, f"lines[1].net: {MONEY}, found the number 50.0 without quotes"),
        ("lines.1.net", ..., "lines[1].net: missing"),
        ("lines.0.gl_account", "", f'lines[0].gl_account: {NAME}, found ""'),
        ("lines.0", "x", 'lines[0]: expected a group of fields ({…}), found "x"'),
        ("lines.0", None, "lines[0]: expected a group of fields ({…}), found null"),
    ],
)
def test_a_fault_in_a_list_names_the_entry(path: str, value: object, shown: str) -> None:
    assert faults(changed(path, value)) == (shown,)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([1], f"{OBJECT}, found a list"),
        ("PM-1", f'{OBJECT}, found "PM-1"'),
        (None, f"{OBJECT}, found null"),
        (7, f"{OBJECT}, found the number 7"),
        (
            {"documents": [{"kind": "client_bill"}] * 9},
            (
                'this is no document: the list of documents is inside, under "documents"; '
                "export the array itself"
            ),
        ),
        ({"lines": [{"net": "1.00"}]}, "kind: missing; it says what type of transaction this is"),
        ({}, "kind: missing; it says what type of transaction this is"),
        (changed("kind", None), "kind: missing; it says what type of transaction this is"),
        (
            changed("kind", "client_bil"),
            'kind: "client_bil" is not known; did you mean "client_bill"?',
        ),
        (changed("kind", "zzz"), 'kind: "zzz" is not known'),
        (changed("kind", 7), "kind: the number 7 without quotes is not known"),
        (changed("kind", ["client_bill"]), "kind: a list is not known"),
    ],
)
def test_what_is_no_document_of_a_known_kind(raw: object, message: str) -> None:
    assert faults(raw) == (message,)


def test_all_faults_are_told_in_the_order_of_the_declaration() -> None:
    raw = changed("totals.gross", 710.0)
    raw["lines"][1]["net"] = 50
    raw["date"] = "tomorrow"
    del raw["status"]
    assert [f.split(":")[0] for f in faults(raw)] == [
        "status", "date", "lines[1].net", "totals.gross",
    ]  # fmt: skip


def test_a_missing_field_is_found_under_a_misspelt_name() -> None:
    raw = changed("due_date", ...) | {"due_dat": "2026-06-11"}
    assert faults(raw) == (
        "due_date: missing",
        'due_dat: not a field of client_bill; did you mean "due_date"?',
    )


def test_a_malformed_document_keeps_what_is_known_of_it() -> None:
    read = reader().read(changed("date", ...) | {"revision": 3}, "x.jsonl", 9)
    assert isinstance(read, Malformed)
    assert (read.id, read.kind, read.revision, read.line) == ("PM-1", "client_bill", 3, 9)
    read = reader().read({"id": 7, "kind": 8, "revision": "x"}, "x.jsonl", 9)
    assert isinstance(read, Malformed)
    assert (read.id, read.kind, read.revision) == ("", "", 0)


def test_values_are_typed() -> None:
    fields = good(BILL).fields
    assert fields["totals"] == {
        "net": Decimal("650.00"), "tax": Decimal("60.00"), "gross": Decimal("710.00"),
    }  # fmt: skip
    assert fields["date"] == date(2026, 5, 12)
    assert fields["posted_at"] == datetime(2026, 5, 12, 2, 15, tzinfo=UTC)
    assert fields["matter"] is None


@pytest.mark.parametrize(("text", "shown"), [("710", "710.00"), ("710.5", "710.50")])
def test_money_always_has_two_decimals(text: str, shown: str) -> None:
    assert str(good(changed("totals.gross", text)).fields["totals"]["gross"]) == shown


def test_null_is_the_same_as_missing_for_an_optional_field() -> None:
    assert good(changed("matter", None) | {"locked": None}).fields["matter"] is None


def test_names_of_the_greatest_length_are_taken() -> None:
    assert good(changed("id", "x" * 100)).id == "x" * 100
    account = good(changed("lines.0.gl_account", "x" * 200)).fields["lines"][0]["gl_account"]
    assert account == "x" * 200


def test_control_characters_of_a_text_are_read_as_blanks() -> None:
    raw = changed("participant.display_name", "Ada\x0bByron\x00\x7f\x9b") | {"memo": "a\tb\nc"}
    fields = good(raw).fields
    assert fields["participant"]["display_name"] == "Ada Byron   "
    assert fields["memo"] == "a\tb\nc"


@pytest.mark.parametrize("odd", ["\x00", "\x1b", "\n", "\t", "\x7f", "\x9b"])
def test_control_characters_of_a_name_are_refused(odd: str) -> None:
    told = f"{ID}, found the control character U+{ord(odd):04X} in it"
    assert faults(changed("id", f"PM{odd}1")) == (f"id: {told}",)
    (fault,) = faults(changed("lines.0.gl_account", f"40{odd}00"))
    assert fault.endswith(f"found the control character U+{ord(odd):04X} in it")


def test_what_is_larger_than_the_limits_is_refused_in_few_words() -> None:
    assert faults(changed("number", "9" * 10_000_000)) == (
        "number: expected at most 100,000 characters, found 10,000,000",
    )
    line = BILL["lines"][0]
    assert faults(changed("lines", [line] * 10_001)) == (
        "lines: expected at most 10,000 entries, found 10,001",
    )
    assert faults(changed("revision", 2**63))[0].startswith("revision: expected a whole number")
    assert good(changed("revision", 2**63 - 1)).revision == 2**63 - 1


def test_a_thousand_faults_are_told_as_twenty() -> None:
    told = faults(changed("lines", [{"net": 1}] * 1000))
    assert len(told) == 21 and told[-1] == "and more"


def test_a_hundred_thousand_unknown_fields_are_told_as_twenty() -> None:
    extra = {f"f{n:06}" + "x" * 100: n for n in range(100_000)}
    unknown = good(BILL | extra).unknown
    assert len(unknown) == 21 and unknown[-1] == "99,980 more"
    assert max(map(len, unknown)) <= 60
    assert len(faults(changed("due_date", ...) | extra)) == 1


@pytest.mark.parametrize(("levels", "taken"), [(240, True), (500, False)])
def test_unknown_fields_many_levels_deep(levels: int, taken: bool) -> None:
    deep: Any = 1
    for _ in range(levels):
        deep = [deep]
    raw = BILL | {"extra": deep}
    if taken:
        assert good(raw).unknown == ("extra",)
    else:
        assert faults(raw) == ("lists and groups stand more than 250 deep within each other",)


def test_each_fault_says_what_to_do_about_it() -> None:
    def remedy(raw: object) -> str:
        read = reader().read(raw, "x.jsonl", 7)
        assert isinstance(read, Malformed)
        return read.remedy

    assert "pm2xero schema client_bill --example" in remedy(changed("date", ...))
    assert "`pm2xero schema` lists them" in remedy(changed("kind", "client_bil"))


def test_unknown_fields_are_remembered_and_ignored() -> None:
    tx = good(BILL | {"zeta": 1, "alpha": {"x": []}})
    assert tx.unknown == ("alpha", "zeta")
    assert "zeta" not in tx.fields


def test_the_fingerprint_is_of_the_content_and_not_of_the_order_of_keys() -> None:
    backwards = dict(reversed(BILL.items()))
    assert good(backwards).fingerprint == good(BILL).fingerprint
    assert good(changed("number", "B-2")).fingerprint != good(BILL).fingerprint
