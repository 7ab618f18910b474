"""What is kept of Xero's lists is what readings told; what is as it was is not rewritten."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from pm2xero.outbox import Outbox
from pm2xero.outbox.seen import CHANGED, WHOLE
from pm2xero.outbox.seen_schema import xero_objects

from .documents import AT

LIST, TENANT, READER = "Invoices", "5b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f1", "one"
Objects = dict[str, bytes]


def read(outbox: Outbox, reading: str, *pages: Objects) -> None:
    """A reading from its beginning to its end."""
    outbox.begin_reading(LIST, TENANT, READER, reading, None if reading == WHOLE else AT)
    for number, objects in enumerate(pages, 1):
        outbox.keep_page(LIST, READER, number, objects, AT)
    outbox.finish_reading(LIST, READER, len(pages) + 1, AT)


def kept(outbox: Outbox) -> Objects:
    return {id: text for id, text in outbox.seen(LIST) if text is not None}


@contextmanager
def written(outbox: Outbox) -> Iterator[list[str]]:
    """The first words of what is done to the objects meanwhile."""
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        word = statement.split()[0]
        if word != "SELECT" and "xero_objects" in statement:
            done.append(word)

    event.listen(outbox._engine, "before_cursor_execute", note)
    try:
        yield done
    finally:
        event.remove(outbox._engine, "before_cursor_execute", note)


def test_what_is_told_again_as_it_was_is_not_rewritten(outbox: Outbox) -> None:
    first = {"a": b'{"Total":1}', "b": b'{"Total":2}'}
    read(outbox, WHOLE, first)
    with written(outbox) as done:
        read(outbox, CHANGED, first)
    assert done == []
    with written(outbox) as done:
        read(outbox, CHANGED, {**first, "b": b'{"Total":3}', "c": b'{"Total":4}'})
    assert done == ["DELETE", "INSERT"]
    assert kept(outbox) == {"a": b'{"Total":1}', "b": b'{"Total":3}', "c": b'{"Total":4}'}


def test_what_is_known_is_named_without_its_text(outbox: Outbox) -> None:
    read(outbox, WHOLE, {"b": b"{}", "a": b"{}"})
    assert list(outbox.seen(LIST, {"b"})) == [("a", b"{}"), ("b", None)]


@pytest.mark.parametrize("damaged", [b"no packed text", zlib.compress(b'{"Total":9}')])
def test_what_somebody_damaged_gives_way_to_what_comes(outbox: Outbox, damaged: bytes) -> None:
    read(outbox, WHOLE, {"a": b'{"Total":1}'})
    with outbox._engine.begin() as connection:
        connection.execute(update(xero_objects).values(object=damaged))
    read(outbox, CHANGED, {"a": b'{"Total":1}'})
    assert kept(outbox) == {"a": b'{"Total":1}'}


_OBJECTS = st.dictionaries(st.sampled_from("abcde"), st.sampled_from([b"{}", b"[]", b"1"]))


@settings(max_examples=60, deadline=None)
@given(
    readings=st.lists(
        st.tuples(st.sampled_from([WHOLE, CHANGED]), st.lists(_OBJECTS, min_size=1, max_size=3)),
        max_size=5,
    )
)
def test_what_is_kept_is_what_all_readings_told(readings: list[tuple[str, list[Objects]]]) -> None:
    with Outbox.open("sqlite://", "bellbird", lambda: AT) as outbox:
        told: Objects = {}
        for reading, pages in readings:
            read(outbox, reading, *pages)
            of_this = {id: text for page in pages for id, text in page.items()}
            told = of_this if reading == WHOLE else {**told, **of_this}
            assert kept(outbox) == told
            assert outbox.count_seen(LIST) == len(told)
