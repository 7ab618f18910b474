"""The published schema of input documents is the one that the kinds declare."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs

from pm2xero.pack.load import load_pack
from pm2xero.read.schema import transaction_schema

ROOT = Path(__file__).parents[2]


def test_published_schema_is_current() -> None:
    derived = transaction_schema(dict(load_pack("base").kinds))
    published = json.loads((ROOT / "schema" / "transaction.schema.json").read_text())
    assert published == derived


def test_every_example_document_fits() -> None:
    schema = json.loads((ROOT / "schema" / "transaction.schema.json").read_text())
    validator = jsonschema_rs.Draft202012Validator(schema)
    lines = (ROOT / "examples" / "au" / "month.jsonl").read_text(encoding="utf-8").splitlines()
    assert all(validator.is_valid(json.loads(line)) for line in lines)
    broken = json.loads(lines[0]) | {"date": "yesterday"}
    assert not validator.is_valid(broken)
