"""Inputs in every form: what is read of them, what is told of them, and at which place."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm2xero.errors import InputError
from pm2xero.read.limits import RECORD_BYTES
from pm2xero.read.repeated import repeated_key
from pm2xero.read.stream import Record, Source, open_source

Raw = dict[str, Any]
Opened = Callable[[bytes], Source]


def doc(number: int, **more: object) -> Raw:
    return {"id": f"J-{number}", "kind": "client_bill", "lines": [{"net": "1.00"}], **more}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Opens an input with these bytes."""
    sources: list[Source] = []

    def open_(content: bytes) -> Source:
        file = tmp_path / "month.json"
        file.write_bytes(content)
        sources.append(open_source(str(file), io.BytesIO()))
        return sources[-1]

    yield open_
    for source in sources:
        source.close()


def read(source: Source) -> list[Record]:
    """All records, read once in a row and once each by its place."""
    records = list(source.records())
    again = [source.at(r.offset, r.line) for r in records]
    assert again == records
    return records


def ids(source: Source) -> list[str]:
    return [r.raw["id"] if r.fault is None else r.fault for r in read(source)]


FORMS: dict[str, Callable[[list[Raw]], str]] = {
    "lines": lambda docs: "".join(json.dumps(d) + "\n" for d in docs),
    "lines of windows": lambda docs: "".join(json.dumps(d) + "\r\n" for d in docs),
    "no last line end": lambda docs: "\n".join(map(json.dumps, docs)),
    "blank lines between": lambda docs: "\n \n".join(map(json.dumps, docs)),
    "array": json.dumps,
    "array, a line each": lambda docs: "[\n" + ",\n".join(map(json.dumps, docs)) + "\n]\n",
    "array over lines": lambda docs: json.dumps(docs, indent=2),
    "array of windows": lambda docs: json.dumps(docs, indent=2).replace("\n", "\r\n"),
    "over lines": lambda docs: "\n".join(json.dumps(d, indent=2) for d in docs),
    "over lines, side by side": lambda docs: "".join(json.dumps(d, indent=1) for d in docs),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("count", [1, 3])
def test_every_form_gives_the_same_documents(
    opened: Opened, form: str, mark: bytes, count: int
) -> None:
    docs = [doc(n, memo='é ] } " [ { \\ 😀', amount=n + 0.5) for n in range(count)]
    source = opened(mark + FORMS[form](docs).encode())
    assert [r.raw for r in read(source)] == docs
    assert source.broken is None


@pytest.mark.parametrize("form", FORMS)
def test_a_record_has_the_line_on_which_it_begins(opened: Opened, form: str) -> None:
    text = FORMS[form]([doc(n) for n in range(3)])
    lines = text.splitlines()
    for number, record in enumerate(read(opened(text.encode()))):
        first = next(i for i, line in enumerate(lines, 1) if f"J-{number}" in line)
        assert record.line in (first, first - 1), "its brace may stand on a line of its own"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]", b" [ ] \n", b"\xef\xbb\xbf"])
def test_an_empty_input_has_no_records(opened: Opened, content: bytes) -> None:
    source = opened(content)
    assert read(source) == [] and source.broken is None


def around(bad: bytes, form: str) -> bytes:
    """Two good documents with a bad one between them."""
    first, last = (json.dumps(doc(n), indent=1).encode() for n in (1, 3))
    if form == "lines":
        parts = [p.replace(b"\n", b" ") for p in (first, bad, last)]
        return b"\n".join(parts)
    return b"[" + b",\n".join((first, bad, last)) + b"]"


BAD = {
    b'{"id": "J-2", "kind": "x" "memo": 1}': "expected ',' or '}'",
    b'{"id": "J-2", "kind": "x",}': "nothing follows a comma",
    b"{'id': 'J-2', 'kind': 'x'}": "expected a string key",
    b'{"id": "J-2", "memo": "Advice \\ud83d"}': r"half a character (\ud83d)",
    b'{"id": "J-2", "memo": "Advice \\ude00 x"}': r"half a character (\ude00)",
    b'{"id": "J-2", "memo": "Ren\xe9"}': 'byte E9, which is "é" in Windows-1252',
    b'{"id": "J-2", "memo": "Ren\x81"}': "byte 81, at",
    b'{"id": "J-2", "memo": NaN}': "expected a JSON value",
    b'{"id": "J-2", "memo": ' + b"9" * 5000 + b"}": "a number is too large",
    b'{"id": "J-2", "memo": 1e999}': "a number is too large",
    b'{"id": "J-2", "memo": ' + b"[" * 5000 + b"]" * 5000 + b"}": "too deep within each other",
    b'{"id": "J-2", "memo": "a\x07b"}': "without its backslash",
    b'{"id": "J-2", "size": 12" wide, "memo": "x"}': "expected ',' or '}'",
    b'{"id": "J-2", "memo": "12" wide"}': "expected ',' or '}'",
    b'{"id": "J-2", "lines": [{"net": "1.00"}': "",
    b'{"id": "J-2", "lines": [{"net": "1.00"}, {"net": "2.00"]}': "expected ',' or '}'",
    b"nonsense": "expected",
    b"{": "",
}


@pytest.mark.parametrize("form", ["lines", "array"])
@pytest.mark.parametrize("bad", BAD, ids=lambda b: repr(b[:40]))
def test_one_bad_record_costs_only_itself(opened: Opened, bad: bytes, form: str) -> None:
    source = opened(around(bad, form))
    first, *between, last = read(source)
    assert (first.raw["id"], last.raw["id"]) == ("J-1", "J-3")
    assert source.broken is None
    assert 1 <= len(between) <= 2
    told = [r.fault for r in between]
    assert BAD[bad] in (told[0] or ""), told
    assert all(t is not None and len(t) < 250 for t in told)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'[\n {"id": "1",\n  "memo": "Ren\xe9"\n }\n]', "line 3, character 15"),
        (b'[\r\n {"id": "1",\r\n  "memo": 01\r\n }\r\n]', "line 3, character 11"),
        (b'{"id": "1", "memo": "Ren\xe9"}\n', "character 25"),
        ('{"id": "é", "memo": tru}\n'.encode(), "character 21"),
    ],
)
def test_the_place_of_a_fault_is_that_in_the_file(opened: Opened, text: bytes, place: str) -> None:
    (record,) = read(opened(text))
    assert f", at {place}, " in (record.fault or ""), record.fault


@pytest.mark.parametrize(
    ("text", "left", "line", "column", "told"),
    [
        (b'[{"id": "1"}]\n[{"id": "2"}]', ["1"], 2, 1, "text after the array"),
        ('[{"id": "é"}] "é" x'.encode(), ["é"], 1, 15, "text after the array"),
        (b'[{"id": "1"},\n {"id": "2"}', ["1", "2"], 2, 13, "breaks off"),
        (b"[", [], 1, 2, "breaks off"),
    ],
)
def test_an_array_that_is_not_one(
    opened: Opened, text: bytes, left: list[str], line: int, column: int, told: str
) -> None:
    source = opened(text)
    assert ids(source) == left
    assert source.broken is not None and source.broken.code == "PI802"
    assert told in source.broken.message
    assert source.broken.at is not None
    assert (source.broken.at.line, source.broken.at.column) == (line, column)


def test_a_cut_array_is_told_once(opened: Opened) -> None:
    source = opened(b'[{"id": "1"}, {"id": "2", "me')
    assert ids(source) == ["1"]
    assert source.broken is not None and "1 document before it counts" in source.broken.message
    assert source.broken.at is not None and source.broken.at.column == 15


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b'{"id": "1"}\n', mtime=0), "compressed with gzip"),
        (b"PK\x03\x04month.xlsx", "a zip archive or an Excel workbook"),
        (b"%PDF-1.7\n", "a PDF"),
        ('{"id": "1"}\n'.encode("utf-16"), "text in UTF-16"),
        ('{"id": "1"}\n'.encode("utf-16-le"), "text in UTF-16"),
        ("[".encode("utf-16-be"), "text in UTF-16"),
        (b"id,kind,date\n1,client_bill,2026-05-04\n", "columns are separated by commas (CSV)"),
        (b"\xef\xbb\xbfid;kind\n1;client_bill\n", "columns are separated by semicolons (CSV)"),
        (b"id\tkind\n1\tclient_bill\n", "columns are separated by tabs (CSV)"),
        (b"<?xml version='1.0'?><bills/>", "XML or a web page"),
        (b"Dear accountant\n", 'text that begins with "Dear accountant"'),
        (b"\x7fELF\x00\x01\x02", "no text"),
    ],
)
def test_what_is_no_json_is_told_once(opened: Opened, content: bytes, what: str) -> None:
    with pytest.raises(InputError, match="PI807") as caught:
        opened(content)
    (told,) = caught.value.findings
    assert what in told.message and told.hint
    assert len(told.message) < 250


def test_a_first_line_that_is_no_json_is_one_bad_record(opened: Opened) -> None:
    first, second = read(opened(b'# exported, at noon\n{"id": "1"}\n'))
    assert first.fault is not None and second.raw == {"id": "1"}


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"PI807 .*a folder"):
        open_source(str(tmp_path), io.BytesIO())
    with pytest.raises(InputError, match="PI801"):
        open_source(str(tmp_path / "none.jsonl"), io.BytesIO())
    with pytest.raises(InputError, match="PI801"):
        open_source("a\x00b", io.BytesIO())


@pytest.mark.parametrize("form", ["lines", "array"])
def test_a_pipe_can_be_read_twice(tmp_path: Path, form: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = FORMS[form]([doc(1), doc(2)]).encode()
    writer = threading.Thread(target=lambda: pipe.write_bytes(text))
    writer.start()
    with closing(open_source(str(pipe), io.BytesIO())) as source:
        assert ids(source) == ["J-1", "J-2"]
    writer.join()
    with closing(open_source("-", io.BytesIO(text))) as source:
        assert ids(source) == ["J-1", "J-2"]


@pytest.mark.parametrize("form", ["lines", "array", "array over lines"])
def test_a_record_that_is_too_large_costs_only_itself(opened: Opened, form: str) -> None:
    large = doc(2, memo='x\\"[' * (RECORD_BYTES // 5))
    began = time.process_time()
    first, second, third = read(opened(FORMS[form]([doc(1), large, doc(3)]).encode()))
    assert (first.raw["id"], second.fault, third.raw["id"]) == (
        "J-1", "the record is larger than 16 MB", "J-3",
    )  # fmt: skip
    assert time.process_time() - began < 30


def test_elements_larger_than_a_piece_are_read_in_linear_time(opened: Opened) -> None:
    docs = [doc(n, memo="é" * 3_000_000) for n in range(3)]
    assert [r.raw for r in read(opened(json.dumps(docs, ensure_ascii=False).encode()))] == docs


def test_files_put_one_after_the_other_keep_their_marks(opened: Opened) -> None:
    mark = b"\xef\xbb\xbf"
    source = opened(mark + b'{"id": "1"}\n' + mark + b'{"id": "2"}\n')
    assert ids(source) == ["1", "2"]


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ('{"id": "1", "amount": "1.00", "amount": "2.00"}', "amount"),
        ('{"id": "1", "lines": [{"net": "1.00", "net": "1.00"}]}', "net"),
        ('{"id" : "1", "amount" : "1.00", "amount" : "2.00"}', "amount"),
        (r'{"id": "1", "amount": "1.00", "am\u006funt": "2.00"}', "amount"),
        # A text that hides as many colons as the repeated key lost.
        (r'{"id": "a\u003Ab", "amount": "1.00", "amount" : "2.00"}', "amount"),
        (r'{"id": "\":", "x\":y": {"\":":1,"\":":2}}', '\\":'),
    ],
)
def test_a_key_that_stands_twice_costs_its_record(opened: Opened, record: str, key: str) -> None:
    first, second = read(opened(f'{record}\n{{"id": "2", "id ": "\\":"}}\n'.encode()))
    assert first.fault == f'the key "{key}" stands twice in one group of fields'
    assert (second.fault, second.raw["id"]) == (None, "2")


@given(st.recursive(
    st.text() | st.integers(0, 9) | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_no_key_that_stands_once_is_told(value: object) -> None:
    for separators in ((",", ":"), (", ", " : ")):
        text = json.dumps(value, separators=separators, ensure_ascii=False).encode()
        assert repeated_key(text, orjson.loads(text)) is None
