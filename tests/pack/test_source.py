"""YAML 1.2 habits, faults of the text, and positions."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pm2xero.errors import PackError, Position
from pm2xero.pack.yaml.read import parse_yaml, place_of, read_yaml
from tests.support.pack_reading import fault, read


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("0123", "0123"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-05-31", "2026-05-31"),
        ("42", 42),
        ("-7", -7),
        ("0", 0),
        ("1.50", Decimal("1.50")),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("~", None),
        ("null", None),
        ("", None),
        ("'42'", "42"),
        ('"true"', "true"),
    ],
)
def test_scalars(written: str, value: object) -> None:
    got = read(f"key: {written}\n")["key"]
    assert got == value
    assert type(got) is type(value)


def test_keys_are_text_as_written() -> None:
    assert list(read("NO: 1\n0123: 2\n4000: 3\ntrue: 4\n")) == ["NO", "0123", "4000", "true"]


def test_every_duplicate_key_is_told_with_its_first_place() -> None:
    with pytest.raises(PackError) as caught:
        read("a: 1\nb: { c: 1, c: 2 }\na: 3\n")
    assert [(f.code, str(f.at), str(f.related[0][0])) for f in caught.value.findings] == [
        ("PX102", "x.yaml:2:12", "x.yaml:2:6"),
        ("PX102", "x.yaml:3:1", "x.yaml:1:1"),
    ]


def test_aliases_that_unfold_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    finding = fault("\n".join(lines))
    assert finding.code == "PX103"
    assert finding.message == "the aliases of this file unfold to more than 200,000 values"


@pytest.mark.parametrize("text", ["a: &a { b: *a }\n", "a: &a [*a]\n", "a: " + "[" * 99 + "]" * 99])
def test_what_holds_itself_or_is_nested_too_deep_is_refused(text: str) -> None:
    finding = fault(text)
    assert finding.code == "PX103"
    assert "nested more than 60 deep" in finding.message


def test_very_deep_nesting_is_a_finding_and_no_crash() -> None:
    assert fault("a: " + "[" * 20_000).code in ("PX101", "PX103")


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("a:\n\tb: 1\n", "x.yaml:2:1", "a tab stands in the indentation"),
        ("a: one: two\n", "x.yaml:1:7", "a second colon on this line makes the text look like"),
        ('a: "one\nb: 2\n', "x.yaml:1:4", "this quote is never closed"),
        ("a: 'one\nb: 2\n", "x.yaml:1:4", "this quote is never closed"),
        ("a:\n  b: 1\n c: 2\n", "x.yaml:3:2", "the indentation does not fit the lines above"),
        ("a: {b} is due\n", "x.yaml:1:4", "a text that starts with { must be in quotes"),
        ("a: [1, 2\nb: 3\n", "x.yaml:1:4", "what starts with [ is not closed"),
        ("a: *b\n", "x.yaml:1:4", "*b repeats something that is not defined"),
        ("a: @b\n", "x.yaml:1:4", "a text cannot start with @"),
        ("a: `b`\n", "x.yaml:1:4", "a text cannot start with `"),
        ("a: 1\nb\nc: 2\n", "x.yaml:2:1", "this line has no colon"),
        ("? [a, b]\n: 1\n", "x.yaml:1:3", "a key must be one plain word"),
    ],
)
def test_faults_of_the_text(text: str, at: str, message: str) -> None:
    finding = fault(text)
    assert (finding.code, str(finding.at)) == ("PX101", at)
    assert finding.message.startswith(message)


def test_two_documents_in_one_file_are_refused() -> None:
    finding = fault("a: 1\n---\nb: 2\n")
    assert (str(finding.at), finding.message) == ("x.yaml:2:1", "a second document begins here")


def test_tags_are_not_obeyed() -> None:
    assert read("a: !!python/object/apply:os.system [ls]\n")["a"] == ["ls"]
    assert read("a: !!int '7'\n")["a"] == "7"


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert read("") == {}
    assert read("# nothing\n") == {}


def test_positions_of_keys_values_and_items() -> None:
    tree = read('rules:\n  - id: a\n    kinds: [x, "y"]\n')
    path: list[str | int] = ["rules", 0, "kinds", 1]
    assert str(place_of(tree, path)) == "x.yaml:3:16"
    assert str(place_of(tree, ["rules", 0, "kinds"], of_key=True)) == "x.yaml:3:5"
    assert str(place_of(tree, ["rules", 0, "missing"])) == "x.yaml:2:5"


def test_the_place_of_a_text_is_known_where_it_stands_as_written() -> None:
    tree = read('a: plain\nb: "quoted"\nc: "with \\" escape"\nd: over\n  two lines\n')
    assert tree.text_at == {"a": Position("x.yaml", 1, 4), "b": Position("x.yaml", 2, 5)}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"\xef\xbb\xbfspec: 1\n")
    tree = read_yaml(file, "x.yaml")
    assert tree == {"spec": 1}
    assert str(tree.key_at["spec"]) == "x.yaml:1:1"


def test_windows_line_ends_change_no_position(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_bytes(b"spec: 1\r\nsection: A\r\n")
    tree = read_yaml(file, "x.yaml")
    assert tree == {"spec": 1, "section": "A"}
    assert str(tree.key_at["section"]) == "x.yaml:2:1"


@pytest.mark.parametrize(
    ("raw", "code", "at"),
    [(b"spec: 1\na: Caf\xe9\n", "PX101", "x.yaml:2:7"), (None, "PX100", "x.yaml:1:1")],
)
def test_files_that_cannot_be_read(tmp_path: Path, raw: bytes | None, code: str, at: str) -> None:
    file = tmp_path / "x.yaml"
    if raw is not None:
        file.write_bytes(raw)
    with pytest.raises(PackError) as caught:
        read_yaml(file, "x.yaml")
    (finding,) = caught.value.findings
    assert (finding.code, str(finding.at)) == (code, at)


def test_values_nested_too_deep_are_told_however_deep() -> None:
    for depth in (61, 600):
        with pytest.raises(PackError) as caught:
            parse_yaml("a: " + "[" * depth + "]" * depth, "f.yaml")
        assert [f.code for f in caught.value.findings] == ["PX103"]
