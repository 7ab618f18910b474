"""No input ends in a traceback, in an endless message, or in a command to the terminal."""

from __future__ import annotations

import io
import json
import os
import re
from contextlib import closing
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pm2xero.decide.decider import opening_state
from pm2xero.errors import Pm2XeroError
from pm2xero.pipeline import Pipeline
from pm2xero.read.schema import transaction_schema
from pm2xero.read.stream import open_source
from pm2xero.read.transaction import Transaction
from pm2xero.report.text import console, print_decision

AU = Path(__file__).parents[2] / "examples" / "au"
ROUNDS = settings(
    max_examples=max(60, int(os.environ.get("PM2XERO_FUZZ", "200")) // 2),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ODD = st.one_of(
    st.sampled_from(
        [
            None, True, False, 0, -1, 1.0, 1e308, 2**63 - 1, 2**63, 2**64, "", " ", "x" * 101,
            "x" * 201, "\x00", "\x1b[2J\x9b31m", "[/red]", "[bold]", "\u202e", "=cmd()", "😀",
            "0001-01-01", "9999-12-31", "2026-02-30", "2026-05-04T24:00:00Z",
            "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "1e3", "NaN", "-0.00",
            "9999999999999.99", "-9999999999999.99", "0.005", [], {}, [[]], {"id": "x"},
            ["client_bill"], {"kind": {}}, [None], "draft", "voided", "posted", "{x}", "{{ x }}",
        ]
    ),
    st.text(max_size=30),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=6,
    ),
)  # fmt: skip


@cache
def documents() -> list[dict[str, Any]]:
    lines = (AU / "month.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@cache
def pipeline() -> Pipeline:
    return Pipeline.load(AU / "organisation.yaml")


@cache
def schema() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(transaction_schema(dict(pipeline().pack.kinds)))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document, itself included."""
    found = [path]
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            found += places(inner, (*path, key))
    return found


@st.composite
def odd_documents(draw: st.DrawFn) -> Any:
    """A document of the example month with a few values that are none, or none at all."""
    document = deepcopy(draw(st.sampled_from(documents())))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(places(document)))
        how = draw(st.sampled_from(["set", "drop", "more"]))
        if not place:
            if how == "set":
                return deepcopy(draw(ODD))
            document[draw(st.text(max_size=5))] = deepcopy(draw(ODD))
            continue
        inner: Any = document
        for step in place[:-1]:
            inner = inner[step]
        if how == "drop":
            del inner[place[-1]]
        elif how == "more" and isinstance(inner[place[-1]], list):
            inner[place[-1]].append(deepcopy(draw(ODD)))
        else:
            inner[place[-1]] = deepcopy(draw(ODD))
    return document


def told(content: bytes) -> str:
    """What `decide` and `render` say of an input; all that may be raised is a finding."""
    ready = pipeline()
    ready.state = opening_state(ready.organisation)
    out = io.StringIO()
    shown = console(out, colour=False)
    try:
        with closing(open_source("-", io.BytesIO(content))) as source:
            for result in ready.run(ready.order([source]), with_requests=True):
                print_decision(shown, result.decision)
                json.dumps(result.decision.as_json())
    except Pm2XeroError as exc:
        out.write("; ".join(f.message for f in exc.findings))
    return out.getvalue()


@ROUNDS
@given(st.lists(odd_documents(), min_size=1, max_size=4), st.booleans())
def test_odd_documents_are_decided(docs: list[Any], as_array: bool) -> None:
    text = json.dumps(docs) if as_array else "\n".join(map(json.dumps, docs))
    # What json writes of half characters and endless numbers no JSON takes; that is told, too.
    said = told(text.encode("utf-8", "surrogatepass"))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said)
    assert len(said) < 20_000 * len(docs)


@ROUNDS
@given(st.data())
def test_broken_bytes_are_told(data: st.DataObject) -> None:
    docs = data.draw(st.lists(st.sampled_from(documents()), min_size=1, max_size=3))
    form = data.draw(st.sampled_from([None, 0, 1]))
    text = json.dumps(docs, indent=form) if form is not None else "\n".join(map(json.dumps, docs))
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        upto = at + data.draw(st.sampled_from([0, 0, 1, 2, 30, 5000]))
        content[at:upto] = data.draw(
            st.sampled_from(
                [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b"\n", b"\x00", b"\xff", b""]
            )
            | st.binary(max_size=6)
        )
    said = told(bytes(content))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)


@ROUNDS
@given(st.binary(max_size=400))
def test_any_bytes_are_told(content: bytes) -> None:
    told(content)


@ROUNDS
@given(odd_documents())
def test_what_the_published_schema_takes_is_read_and_nothing_else(document: Any) -> None:
    """But for what no schema can say: dates that no calendar has, 1.0 where 1 is meant."""
    try:
        raw = json.loads(json.dumps(document))
        fits = schema().is_valid(raw)
    except (ValueError, UnicodeError):
        return
    read = pipeline().reader.read(raw, "x", 1)
    if isinstance(read, Transaction):
        assert fits
    elif fits:
        assert all("of the calendar" in f or "whole number" in f for f in read.faults), read.faults
