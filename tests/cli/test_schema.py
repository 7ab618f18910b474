"""`schema`: the input contract of each kind, as a table, a JSON Schema and an example."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from pm2xero.firm.organisation import load_organisation
from pm2xero.pack.load import load_pack
from pm2xero.pipeline import Pipeline
from pm2xero.read.contract import rows
from pm2xero.read.transaction import Transaction
from pm2xero.scaffold.example_document import example_document

from .conftest import EXAMPLES, Run

REGIONS = sorted(p.parent.name for p in EXAMPLES.glob("*/organisation.yaml"))


@pytest.mark.parametrize("region", REGIONS)
def test_an_example_of_every_kind_is_a_document(region: str) -> None:
    ready = Pipeline.load(EXAMPLES / region / "organisation.yaml")
    firm = load_organisation(EXAMPLES / region / "organisation.yaml")
    for kind in ready.pack.kinds.values():
        document = example_document(ready.pack, firm, kind)
        read = ready.reader.read(json.loads(json.dumps(document)), "x", 1)
        assert isinstance(read, Transaction), read
        assert read.unknown == ()
        codes = [r.code for r in ready.decider.decide(read, ready.state).reasons]
        assert "totals_mismatch" not in codes, document


def test_the_table_names_every_field_that_the_schema_has() -> None:
    kind = load_pack("base").kinds["client_bill"]
    found = {r.path: r.required for r in rows(kind)}
    assert found["lines[].net"] and found["participant.id"] and found["id"]
    assert not found["matter"] and found["matter.id"] and not found["matter.name"]
    assert {p for p in found if "." not in p and "[" not in p} == {
        *kind.record.required, *kind.record.optional,
    }  # fmt: skip


def test_kinds_are_listed_and_told(run: Run, firm: Path) -> None:
    listed = run("schema").stdout
    rows = listed.splitlines()
    assert sum(not row.startswith(" ") for row in rows) == len(load_pack("base").kinds)
    assert max(map(len, rows)) <= 100
    told = run("schema", "client_bill").stdout
    assert "lines[].net" in told and "the word client_bill" in told
    schema = json.loads(run("schema", "client_bill", "--format", "json").stdout)
    example = json.loads(run("schema", "client_bill", "--example", "--org", firm).stdout)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(example)
    assert example["lines"][0]["gl_account"] in load_organisation(firm).accounts
    whole = json.loads(run("schema", "--format", "json").stdout)
    published = json.loads((EXAMPLES.parent / "schema" / "transaction.schema.json").read_text())
    assert whole == published


@pytest.mark.parametrize(("words", "code"), [(("client_bil",), "PU911"), (("--example",), "PU928")])
def test_wrong_use(run: Run, words: tuple[str, ...], code: str) -> None:
    result = run("schema", *words)
    assert (result.exit_code, code in result.stderr) == (2, True)


def test_codes_know_reasons_of_rules_and_of_xero(run: Run) -> None:
    told = run("codes", "locked_period").stdout
    assert "Xero lock date" in told and "rules/base/checks.yaml:" in told
    assert "Xero: stop" in run("codes", "token_expired").stdout
    assert 'did you mean "locked_period"?' in run("codes", "locked_perod").stderr
    listed = run("codes").stdout
    assert max(map(len, listed.splitlines())) <= 100
    assert "\nlocked_period  The date" in listed and "\nPX104  " in listed
    as_json = json.loads(run("codes", "no_rule", "--format", "json").stdout)
    assert as_json["outcomes"] == ["reject"]


def test_every_reason_has_its_sentence() -> None:
    from pm2xero.validate.reasons import reasons

    assert [c for c, page in reasons().items() if not page.sentence or not page.outcomes] == []
