"""The schemas themselves: that they are whole, true to the product, and fit for editors.

No language server is needed for these.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pm2xero.pack.language.conditions import OPERATORS, STRUCTURE
from pm2xero.pack.language.types import DOCUMENT_STATES, OUTCOMES, REFERENCES, SCALARS
from pm2xero.pack.load import builtin, load_pack, regions

from .language_server import ROOT
from .schemas import SCHEMAS, Part, parts, properties, schema, target, validator

COMMON = schema("common")["$defs"]
ALL = [part for name in SCHEMAS for part in parts(name)]
each_schema = pytest.mark.parametrize("name", SCHEMAS)


@each_schema
def test_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@each_schema
def test_every_property_is_described(name: str) -> None:
    """By words of its own, or by those of what it refers to."""
    words = {str(p): (target(p) | p.content).get("description", "") for p in properties(name)}
    assert [p for p, description in words.items() if not description.strip()] == []


@each_schema
def test_every_required_key_is_declared(name: str) -> None:
    for part in parts(name):
        if "properties" in part.content:
            required = {*part.content.get("required", ())}
            assert required <= {*part.content["properties"]}, str(part)


def test_every_definition_is_used() -> None:
    used = {id(target(p)) for p in ALL if "$ref" in p.content}
    defined = {str(p): p.content for p in ALL if p.way[:-1] == ("$defs",)}
    assert [way for way, content in defined.items() if id(content) not in used] == []


def test_alternatives_only_suggest() -> None:
    """Of real alternatives the server says what is wrong with any of them: it cannot know which
    was meant. So a part names its types and has the keywords of each side by side."""
    assert [str(p) for p in ALL if "oneOf" in p.content] == []
    # The text of a line may be a list of parts, and a part a list of ways.
    texts = {"common: $defs/line/properties/describe"}
    found = [str(p) for p in ALL if p.content.get("anyOf", [True])[-1] is not True]
    assert [p for p in found if not any(p.startswith(text) for text in texts)] == []


def test_examples_are_no_mappings() -> None:
    """The server would offer them as "[object Object]"; snippets have a label."""
    assert [
        str(p) for p in ALL if any(isinstance(e, dict) for e in p.content.get("examples", ()))
    ] == []


def test_no_pattern_is_shown_as_it_is() -> None:
    said = ("patternErrorMessage", "errorMessage")
    patterns = [p for p in ALL if "pattern" in p.content]
    assert [str(p) for p in patterns if not any(p.content.get(k) for k in said)] == []


def test_each_value_that_is_described_has_its_own_words() -> None:
    described = [p for p in ALL if "enumDescriptions" in p.content]
    assert described
    for part in described:
        assert len(part.content["enumDescriptions"]) == len(part.content["enum"]), str(part)


def test_keywords_for_editors_only_are_there() -> None:
    marked = [p for p in ALL if "x-editors-only" in p.content]
    assert marked
    assert [str(p) for p in marked if not {*p.content["x-editors-only"]} <= {*p.content}] == []


def test_conditions_are_those_of_the_product() -> None:
    assert tuple(COMMON["test"]["properties"]) == OPERATORS
    condition = COMMON["condition"]
    assert tuple(condition["properties"]) == STRUCTURE
    for branch in ("then", "else"):
        assert {*STRUCTURE} <= {*condition[branch]["properties"]} <= {*STRUCTURE, *OPERATORS}


def test_words_are_those_of_the_product() -> None:
    assert {*COMMON["type"]["then"]["enum"]} == SCALARS | REFERENCES
    assert tuple(COMMON["outcome"]["enum"]) == OUTCOMES
    known = schema("cases")["$defs"]["known_document"]["properties"]
    assert tuple(known["state"]["enum"]) == DOCUMENT_STATES


@pytest.mark.parametrize("verb", ["put", "post"])
def test_endpoints_are_those_that_xero_has(verb: str) -> None:
    """A note in the history of a document is never a request of a mapping."""
    files = {f.stem for f in (ROOT / "schema" / "xero").glob(f"{verb}.*.json")} - {"put.History"}
    there = {name.partition(".")[2] for name in files}
    suggested = [s["body"] for s in COMMON["request"]["properties"][verb]["defaultSnippets"]]
    assert {re.sub(r"/\{[^}]*\}", "", e).replace("/", ".") for e in suggested} == there
    allowed = re.compile(COMMON["request"]["properties"][verb]["pattern"])
    assert not allowed.search("Invoice")
    assert not allowed.search("Payments/reversal_of")


def test_names_that_are_suggested_are_those_of_the_pack() -> None:
    pack = load_pack("au")
    templates = {f.name for f in (ROOT / "mappings" / "templates").iterdir()}
    request, rule = COMMON["request"]["properties"], COMMON["rule"]["properties"]
    for suggested, there in (
        (COMMON["kind_name"], {*pack.kinds}),
        (COMMON["role_name"], {*pack.roles}),
        (COMMON["section"], {*pack.sections}),
        (COMMON["region_name"], {*regions((builtin(),))}),
        (rule["mapping"], {*pack.mappings}),
        (request["template"], templates),
    ):
        assert {s["body"] for s in suggested["defaultSnippets"]} <= there


@pytest.mark.parametrize("part", [p for p in ALL if "defaultSnippets" in p.content], ids=str)
def test_what_is_suggested_is_allowed(part: Part) -> None:
    whole = Part(part.name, part.way[:-2], None) if part.way[-2] == "anyOf" else part
    allows = validator(whole)
    for snippet in part.content["defaultSnippets"]:
        assert [e.message for e in allows.iter_errors(_filled(snippet["body"]))] == []


def _filled(body: Any) -> Any:
    """A snippet as it is when its placeholders are left as they are."""
    if isinstance(body, dict):
        return {_filled(k): _filled(v) for k, v in body.items()}
    if isinstance(body, list):
        return [_filled(v) for v in body]
    if not isinstance(body, str):
        return body
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", body)
    text = re.sub(r"\$\{\d+\|([^,|]*)[^|]*\|\}", r"\1", text)
    return re.sub(r"\$\d+", "name", text).strip('"')
