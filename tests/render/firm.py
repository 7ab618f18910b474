"""The example firm with everything compiled, and documents for it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from pm2xero.pack.language.types import FieldType, ListType, RecordType, ReferenceType, ScalarType
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from pm2xero.render.lines import Lines, compile_lines

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
FIRM = Path(__file__).parents[2] / "examples" / "au" / "organisation.yaml"

Raw = dict[str, Any]

ENVELOPE: Raw = {
    "revision": 1,
    "status": "posted",
    "date": "2026-05-12",
    "posted_at": "2026-05-12T02:15:00Z",
    "currency": "AUD",
}
SAMPLES = {
    "money": "10.00",
    "date": "2026-05-12",
    "instant": "2026-05-12T02:15:00Z",
    "flag": True,
    "count": 1,
    "ledger_account": "4000",
    "bank_account": "BA-OFFICE",
    "tax_code": "GST",
    "document": "PM-0",
}


@cache
def firm() -> Pipeline:
    return Pipeline.load(FIRM)


def read(raw: Raw) -> Transaction:
    """A document as the product reads it."""
    tx = firm().reader.read(raw, "x.jsonl", 1)
    assert isinstance(tx, Transaction), tx
    return tx


def lines_of(tx: Transaction, mapping: str) -> Lines:
    """The lines that the first request of a mapping makes of a document."""
    spec = firm().pack.requests[mapping, tx.kind][0]
    made = compile_lines(spec, firm().decider.program(tx.kind).facts)
    assert made is not None
    return made(tx, firm().state)


def document(kind: str, text: str) -> Raw:
    """A document of a kind with every field filled, and one text in all that hold text."""
    filled = _fill(firm().pack.kinds[kind].record, text)
    assert isinstance(filled, dict)
    return filled | ENVELOPE | {"kind": kind}


def as_name(text: str) -> str:
    """A text that can be a name: one with a control character is refused when it is read."""
    return CONTROL.sub("·", text)[:100]


def as_read(text: str) -> str:
    """A text of the input as it is read: control characters but line breaks and tabs are blanks."""
    return "".join(c if c in "\t\n\r" else CONTROL.sub(" ", c) for c in text)


def _fill(kind: FieldType, text: str) -> object:
    if isinstance(kind, RecordType):
        return {n: _fill(t, text) for n, t in {**kind.required, **kind.optional}.items()}
    if isinstance(kind, ListType):
        return [_fill(kind.of, text), _fill(kind.of, text)]
    if isinstance(kind, ReferenceType):
        return SAMPLES[kind.name]
    if isinstance(kind, ScalarType) and kind.values:
        return kind.values[0]
    if kind.name == "identifier":
        return as_name(text)
    return SAMPLES.get(kind.name, text)
