"""Messages that people meet first, as they are told: what is wrong, where, and the way out."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from syrupy.assertion import SnapshotAssertion

from pm2xero.cli.main import cli

AU = Path(__file__).parents[2] / "examples" / "au"
TEMPLATES = Path(__file__).parents[2] / "mappings" / "templates"


@pytest.fixture
def docs() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in (AU / "month.jsonl").read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        found.setdefault(document["id"], document)
    return found


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A firm of one's own in an empty folder, so that messages hold no path of the machine."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(AU, "firm", ignore=shutil.ignore_patterns("*.sqlite3*"))


def told(*words: str, input: Any = None) -> str:
    """What a command says, without its summary."""
    if input is not None:
        text = input if isinstance(input, bytes) else "\n".join(map(json.dumps, input)).encode()
        Path("month.jsonl").write_bytes(text)
    result = CliRunner().invoke(cli, words, prog_name="pm2xero")
    assert result.exit_code in (1, 2), result.output
    said = re.split(r"\n\n(?:kind  |checked )", result.output)[0].strip()
    # Where a line of the built-in pack stands is no part of what is said.
    return re.sub(r"((?:rules|mappings)/base/\w+\.yaml):\d+:\d+", r"\1", said)


DECIDE = ("decide", "month.jsonl", "--org", "firm/organisation.yaml")
RENDER = ("render", "month.jsonl", "--org", "firm/organisation.yaml", "--pack", "pack")
VALIDATE = ("validate", "pack", "--region", "au", "--no-proofs")


def pack(file: str, text: str) -> None:
    place = Path("pack") / file
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


def template(change: str, by: str) -> None:
    """The invoice's template with a piece changed."""
    text = (TEMPLATES / "invoice.json.j2").read_text(encoding="utf-8")
    assert change in text
    pack("mappings/templates/invoice.json.j2", text.replace(change, by, 1))


def test_a_malformed_record(docs: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    wrong = docs["AU-0011"] | {"date": "12/05/2026", "totals": {"net": 100, "tax": "0.00"}}
    assert told(*DECIDE, input=[wrong]) == snapshot


def test_a_kind_that_is_not_known_ends_with_one_mark(docs: dict[str, Any]) -> None:
    said = told(*DECIDE, input=[docs["AU-0011"] | {"kind": "client_bil"}])
    assert 'did you mean "client_bill"?\n' in said


@pytest.mark.parametrize("form", ["csv", "gzip", "utf-16"])
def test_an_input_that_is_no_json(
    docs: dict[str, Any], form: str, snapshot: SnapshotAssertion
) -> None:
    line = json.dumps(docs["AU-0011"])
    content = {
        "csv": b"id,kind,date\n1,client_bill,2026-05-04\n",
        "gzip": gzip.compress(line.encode()),
        "utf-16": line.encode("utf-16"),
    }[form]
    assert told(*DECIDE, input=content) == snapshot


def test_a_template_that_reads_a_field_of_a_missing_record(
    docs: dict[str, Any], snapshot: SnapshotAssertion
) -> None:
    template("{{ date }}", "{{ matter.name }}")
    bill = {k: v for k, v in docs["AU-0011"].items() if k != "matter"}
    assert told(*RENDER, input=[bill]) == snapshot


def test_a_template_that_asks_a_group_for_get(
    docs: dict[str, Any], snapshot: SnapshotAssertion
) -> None:
    template("{{ date }}", '{{ participant.get("name") }}')
    assert told(*RENDER, input=[docs["AU-0011"]]) == snapshot


def test_an_account_without_its_code(snapshot: SnapshotAssertion) -> None:
    file = Path("firm/organisation.yaml")
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r'  "4000": .*', '  "4000":', text), encoding="utf-8")
    assert told("validate", "--org", str(file), "--no-proofs") == snapshot


def test_a_document_that_refers_to_one_of_this_very_run(
    docs: dict[str, Any], snapshot: SnapshotAssertion
) -> None:
    """The bill is refused in the same run, so that it is not in Xero."""
    payment = next(d for d in docs.values() if d["kind"] == "client_payment")
    named = payment["allocations"][0]["document_id"]
    refused = docs[named] | {"currency": "EUR"}
    said = told(*DECIDE, input=[refused, payment])
    assert said.partition("reject " + payment["id"])[2] == snapshot


def test_an_endpoint_that_is_not_there(snapshot: SnapshotAssertion) -> None:
    request = "{ id: a, put: Items, template: invoice.json.j2 }"
    pack("mappings/own.yaml", f"spec: 1\nmappings:\n  thing: {{ requests: [{request}] }}\n")
    assert told(*VALIDATE) == snapshot


def test_a_request_without_its_verb_in_an_override(snapshot: SnapshotAssertion) -> None:
    """One more request for a mapping of a lower layer; its own ones are merged by their ids."""
    request = "{ id: thanks, template: payment.json.j2 }"
    pack("mappings/own.yaml", f"spec: 1\nmappings:\n  payment: {{ requests: [{request}] }}\n")
    assert told(*VALIDATE) == snapshot


def test_a_reversal_that_does_not_say_what_it_takes_back(
    docs: dict[str, Any], snapshot: SnapshotAssertion
) -> None:
    bill = docs["AU-0011"]
    lines = [i | {k: str(-Decimal(i[k])) for k in ("net", "tax")} for i in bill["lines"]]
    totals = {k: str(-Decimal(v)) for k, v in bill["totals"].items()}
    assert told(*DECIDE, input=[bill | {"lines": lines, "totals": totals}]) == snapshot
