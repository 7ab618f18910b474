"""Templates make JSON whatever the texts are, and reach nothing but what they are given."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError

from pm2xero.read.schema import SEEN
from pm2xero.render.contact import contact
from pm2xero.render.templates import OpenQuote, ValueInQuotes, encode, environment, fit, render

from .firm import as_name, as_read, document, firm, read

HOSTILE = (
    '"', "\\", '\\"', "{{ 7 * 7 }}", "{% for x in lines %}", "{# x #}", "}}", '", "Status": "PAID',
    "'", "\n", "\r\n", "\t", "\x00", "\x1f", "\u2028", "\ufeff", "é", "👩‍⚖️", "العربية", "</script>",
    "<Ada>", "  two  spaces ",
)  # fmt: skip
characters = st.characters(exclude_categories=["Cs"])
hostile = st.one_of(
    st.text(characters, min_size=1, max_size=40),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=6).map("".join),
    st.text(characters, min_size=1, max_size=5).map(lambda t: (t * 5000)[:5000]),
).filter(lambda text: re.search(SEEN, as_read(text)))
MAPPED = sorted(firm().pack.requests)


def shape(value: Any) -> Any:
    """Keys, lengths and types, without the texts."""
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return type(value).__name__


def bodies(kind: str, mapping: str, text: str) -> list[Any]:
    """All bodies of a document in which every text is the given one, as JSON reads them."""
    line = firm()
    tx = read(document(kind, text))
    return [
        json.loads(request.element)
        for compiled in line.mapper.compiled(mapping, kind)
        for request in compiled.make(tx, line.state, {})
    ]


@pytest.mark.parametrize(("mapping", "kind"), MAPPED)
@given(text=hostile)
@settings(max_examples=15)
def test_a_text_never_changes_the_form_of_a_body(mapping: str, kind: str, text: str) -> None:
    assert shape(bodies(kind, mapping, text)) == shape(bodies(kind, mapping, "plain"))


@pytest.mark.parametrize("blank", [" ", "\u2028"])
def test_a_description_of_blanks_is_none(blank: str) -> None:
    raw = document("client_bill", "plain")
    raw["lines"] = [{**line, "description": blank} for line in raw["lines"]]
    (made,) = firm().mapper.compiled("sales_invoice", "client_bill")
    (request,) = made.make(read(raw), firm().state, {})
    lines = json.loads(request.element)["LineItems"]
    assert {row["Description"] for row in lines} == {"(no description)"}


@given(text=hostile)
@example(text='", "Status": "PAID')
@example(text="x" * 5000)
def test_the_texts_of_a_bill_arrive_whole_or_fitted(text: str) -> None:
    (body,) = bodies("client_bill", "sales_invoice", text)
    name, text = as_name(text), as_read(text)
    assert body["InvoiceNumber"] == text
    plain = " ".join(text.split())
    both = " ".join(f"{name} {text}".split())
    assert body["Reference"] == fit(" · ".join(dict.fromkeys(filter(None, (both, plain)))), 255)
    assert body["Contact"] == contact(name, text)
    expected = text if len(text) <= 4000 else text[:3999] + "…"
    assert {row["Description"] for row in body["LineItems"]} == {expected}


@given(
    st.recursive(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.text(characters),
            st.decimals(-10**9, 10**9, places=2), st.dates(),
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.text(characters), inner, max_size=4),
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_every_value_survives_its_encoding(value: Any) -> None:
    def plain(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: plain(v) for k, v in part.items()}
        if isinstance(part, list):
            return [plain(v) for v in part]
        return part.isoformat() if isinstance(part, date) else part

    read_back = json.loads(encode(value), parse_float=Decimal)
    assert read_back == plain(value)


def test_money_is_written_with_its_own_digits() -> None:
    assert encode(Decimal("10.00")) == "10.00"
    assert encode(Decimal("0.10") + Decimal("0.20")) == "0.30"


@pytest.mark.parametrize("value", [0.1, float("nan"), Decimal("NaN"), Decimal("1E+5"), {1, 2}, len])
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


@given(st.text(characters, max_size=600), st.integers(1, 300))
def test_fitting_never_exceeds_the_length_and_keeps_what_fits(text: str, length: int) -> None:
    fitted = fit(text, length)
    plain = " ".join(text.split())
    assert len(fitted) <= length
    assert fitted == plain or (fitted[:-1] == plain[: length - 1] and fitted[-1] == "…")


VALUES: dict[str, Any] = {
    "number": "B-1",
    "lines": [{"net": Decimal("1.00")}],
    "matter": {"id": "M-1"},
    "total": Decimal("1.00"),
    "date": date(2026, 5, 12),
    "xero_id": lambda document: document,
}


def made(source: str) -> str:
    return render(environment(()).from_string(source), dict(VALUES))


@pytest.mark.parametrize(
    "source",
    [
        "{{ number.__class__ }}",
        '{{ number["__class__"] }}',
        '{{ number | attr("__class__") }}',
        "{{ matter.__class__ }}",
        '{{ matter["__class__"] }}',
        "{{ matter.update({}) }}",
        "{{ matter.keys() }}",
        "{{ lines.append(1) }}",
        "{{ lines.clear() }}",
        "{{ lines.__init__ }}",
        "{{ xero_id.__globals__ }}",
        "{{ xero_id.__code__ }}",
        "{{ total.__reduce__() }}",
        "{{ date.__class__.today() }}",
        '{{ "".__class__.__mro__ }}',
        '{{ "{0.__class__}".format(number) }}',
        '{{ ("{0.__class__}" | format)(number) }}',
        "{{ self.__init__ }}",
        "{{ range(9) }}",
        "{{ cycler }}",
        "{{ namespace() }}",
        "{{ lipsum() }}",
        "{{ xero_id }}",
        '{% include "/etc/passwd" %}',
        '{% import "os" as os %}',
    ],
)
def test_a_template_reaches_nothing_but_its_values(source: str) -> None:
    with pytest.raises((TemplateError, TypeError)):
        made(source)


def test_a_name_that_is_not_there_is_an_error_and_not_an_empty_text() -> None:
    for source in ("{{ numbr }}", "{{ matter.nam }}", '{{ matter["nam"] }}'):
        with pytest.raises(UndefinedError):
            made(source)


@pytest.mark.parametrize(
    ("source", "error", "line"),
    [
        ('{\n"A": "{{ number }}"\n}', ValueInQuotes, 2),
        ('{\n"A": "No. {{ number }}"\n}', ValueInQuotes, 2),
        ('{\n"A": "x,\n"B": 1\n}', OpenQuote, 2),
        ('{\n"A": 1,\n"B: 2\n}', OpenQuote, 3),
        ('{\n"A": "x', OpenQuote, 2),
    ],
)
def test_quotes_are_checked_when_a_template_is_compiled(
    source: str, error: type[TemplateSyntaxError], line: int
) -> None:
    with pytest.raises(error) as caught:
        environment(()).from_string(source)
    assert caught.value.lineno == line


def test_white_space_outside_of_texts_is_dropped_and_inside_kept() -> None:
    assert made('{\n  "A b":  {{ number }},\n\t"C": " d \\" e "\n}') == (
        '{"A b":"B-1","C":" d \\" e "}'
    )


def test_nothing_in_a_template_is_left_to_chance() -> None:
    with pytest.raises(TemplateError, match="random"):
        environment([]).from_string("{{ [1, 2, 3] | random }}")
