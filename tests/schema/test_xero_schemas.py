"""The schemas of the bodies sent to Xero: what they take, what they refuse, what they say."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest
import referencing
from referencing.jsonschema import DRAFT202012

from pm2xero.send.lookup_table import ByKey, load_table

from .bad_bodies import BAD, LENGTHS, MISSING, REQUIRED
from .bodies import GOOD, LINE

FOLDER = Path(__file__).parents[2] / "schema" / "xero"
BASE = "https://schema.invalid/xero/"
COMMON = json.loads((FOLDER / "common.json").read_text(encoding="utf-8"))
SCHEMAS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("p*.json"))
}
REGISTRY = jsonschema_rs.Registry([(BASE + "common.json", COMMON)])
FAST = {
    name: jsonschema_rs.Draft202012Validator(
        schema, registry=REGISTRY, base_uri=f"{BASE}{name}.json"
    )
    for name, schema in SCHEMAS.items()
}
SECOND_REGISTRY: referencing.Registry[Any] = referencing.Registry().with_resource(
    BASE + "common.json", DRAFT202012.create_resource(COMMON)
)
# A second implementation keeps a schema from leaning on a habit of the first.
SECOND = {
    name: jsonschema.Draft202012Validator(
        {"$id": f"{BASE}{name}.json", **schema}, registry=SECOND_REGISTRY
    )
    for name, schema in SCHEMAS.items()
}


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of ``body`` with ``value`` at ``path`` (``LineItems/0/Quantity``), or without it."""
    copied = copy.deepcopy(body)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    target: Any = copied
    for part in parents:
        target = target[part]
    if value is MISSING:
        del target[last]
    elif isinstance(target, list) and last == len(target):
        target.append(value)
    else:
        target[last] = value
    return copied


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every object, list, text, number and flag below ``value``, with its path."""
    yield path, value
    entries = enumerate(value) if isinstance(value, list) else ()
    for key, part in value.items() if isinstance(value, dict) else entries:
        yield from leaves(part, f"{path}/{key}" if path else str(key))


def refused_paths(name: str, body: Any) -> set[str]:
    """Where ``body`` is refused; both implementations must agree that it is."""
    found = {"/".join(map(str, error.instance_path)) for error in FAST[name].iter_errors(body)}
    assert FAST[name].is_valid(body) is SECOND[name].is_valid(body) is (not found)
    return found


def described(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property below ``schema`` that describes a value, by name."""
    if isinstance(schema, list):
        for part in schema:
            yield from described(part)
    elif isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            if isinstance(part, dict) and {"type", "enum", "$ref"} & part.keys():
                yield name, part
        for part in schema.values():
            yield from described(part)


def is_number(part: dict[str, Any]) -> bool:
    while "$ref" in part:
        part = COMMON["$defs"][part["$ref"].rpartition("/")[2]]
    return part.get("type") == "number"


GOOD_BODIES = [
    pytest.param(name, number, body, id=f"{name}-{number}")
    for name, bodies in GOOD.items()
    for number, body in enumerate(bodies)
]
MAY_BE_EMPTY = {"ContactPersons", "Addresses", "Phones", "SalesTrackingCategories"}
PROPERTIES = [
    (file, name, part)
    for file, schema in [*SCHEMAS.items(), ("common", COMMON)]
    for name, part in described(schema)
]


@pytest.mark.parametrize("name", [*SCHEMAS, "common"])
def test_is_itself_a_valid_schema(name: str) -> None:
    schema = COMMON if name == "common" else SCHEMAS[name]
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)
    assert jsonschema_rs.meta.is_valid(schema)


def test_each_schema_has_good_and_bad_bodies() -> None:
    assert set(GOOD) == set(SCHEMAS) == {row[0] for row in BAD}


@pytest.mark.parametrize(("name", "which", "body"), GOOD_BODIES)
def test_good_body_passes(name: str, which: int, body: dict[str, Any]) -> None:
    parsed = orjson.loads(orjson.dumps(body))
    assert [error.message for error in FAST[name].iter_errors(parsed)] == []
    assert SECOND[name].is_valid(parsed)


@pytest.mark.parametrize(
    ("name", "which", "path", "value", "refused_at"),
    BAD,
    ids=[f"{row[0]}-{row[2]}" for row in BAD],
)
def test_bad_body_is_refused_at_its_place(
    name: str, which: int, path: str, value: Any, refused_at: str
) -> None:
    body = changed(GOOD[name][which], path, value)
    expected = {"=": path, "^": path.rpartition("/")[0]}.get(refused_at, refused_at)
    assert expected in refused_paths(name, body)


@pytest.mark.parametrize(
    ("name", "which", "path", "required"),
    REQUIRED,
    ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in REQUIRED],
)
def test_only_required_fields_are_required(name: str, which: int, path: str, required: str) -> None:
    body = GOOD[name][which]
    fields = dict(leaves(body))[path]
    refused = {
        field
        for field in fields
        if path in refused_paths(name, changed(body, f"{path}/{field}".lstrip("/"), MISSING))
    }
    assert refused == set(required.split())


@pytest.mark.parametrize(("name", "which", "body"), GOOD_BODIES)
def test_every_part_is_checked(name: str, which: int, body: dict[str, Any]) -> None:
    """Nothing unknown, of another type, empty or nil passes at any place."""
    for path, value in leaves(body):
        if isinstance(value, dict):
            unknown = changed(body, f"{path}/Unknown".lstrip("/"), 1)
            assert path in refused_paths(name, unknown), f"{path} takes an unknown field"
            other_type: Any = changed(body, path, 7) if path else []
            assert path in refused_paths(name, other_type), f"{path} takes what is no object"
            continue
        wrong: list[Any] = [None, {}, 7 if isinstance(value, (str, bool)) else "7"]
        if isinstance(value, str) and path.split("/")[0] not in ("Addresses", "Phones"):
            wrong.append("")
        if path.endswith("ID"):
            wrong += ["00000000-0000-0000-0000-000000000000", "INV-1", "<SomeID of 1>"]
        if isinstance(value, list):
            wrong.append([])
        for other in wrong:
            if other == [] and path in MAY_BE_EMPTY:
                continue
            assert path in refused_paths(name, changed(body, path, other)), f"{path}: {other!r}"


@pytest.mark.parametrize(("name", "which", "body"), GOOD_BODIES)
def test_lengths(name: str, which: int, body: dict[str, Any]) -> None:
    for path, value in leaves(body):
        plain = "/".join(part for part in path.split("/") if not part.isdigit())
        limit = LENGTHS.get(f"{name}:{plain}") or LENGTHS.get(plain.split("/")[-1])
        if isinstance(value, str) and limit:
            assert refused_paths(name, changed(body, path, "x" * limit)) == set()
            assert path in refused_paths(name, changed(body, path, "x" * (limit + 1)))


@pytest.mark.parametrize("name", SCHEMAS)
def test_says_how_the_call_is_made(name: str) -> None:
    schema = SCHEMAS[name]
    assert name == f"{schema['x-method'].lower()}.{schema['x-endpoint']}"
    assert schema["x-method"] in ("PUT", "POST")
    assert schema["x-path"].startswith("/")
    assert schema["x-idempotency"] is True
    assert schema["additionalProperties"] is False
    if schema["x-batch"]:
        # Elements that cannot answer for themselves are looked up one by one after a refusal.
        assert schema["x-summarize-errors"] or isinstance(load_table().get(name), ByKey)
        assert schema["x-wrapper"], "elements that have no list"
        assert "{" not in schema["x-path"]
    named = schema["properties"].get(schema["x-id"], {}).get("$ref", "")
    assert (schema["x-method"] == "POST") == (
        named.endswith(f"/{schema['x-id']}") or schema["x-path"].endswith(f"{{{schema['x-id']}}}")
    ), "an update names what it updates, in the body or in the path; a creation does not"


def test_every_property_is_described() -> None:
    assert [(f, n) for f, n, part in PROPERTIES if len(part.get("description", "")) < 4] == []


def test_every_number_says_its_decimals_the_same_everywhere() -> None:
    decimals: dict[str, set[Any]] = {}
    for _, name, part in PROPERTIES:
        if is_number(part):
            decimals.setdefault(name, set()).add(part.get("x-decimals"))
    assert decimals == {
        "Amount": {2},
        "BankAmount": {2},
        "CurrencyRate": {6},
        "DiscountAmount": {2},
        "DiscountRate": {4},
        "LineAmount": {2},
        "Quantity": {4},
        "TaxAmount": {2},
        "UnitAmount": {4},
    }


def test_one_bad_line_among_many_is_named() -> None:
    lines = [dict(LINE) for _ in range(50)]
    lines[49]["AccountCode"] = ""
    body = changed(GOOD["put.Invoices"][0], "LineItems", lines)
    paths = [error.instance_path for error in FAST["put.Invoices"].iter_errors(body)]
    assert paths == [["LineItems", 49, "AccountCode"]]
