"""Every code that the product can say has its page, and no page is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pm2xero.validate.codes import page, pages, parse

SRC = Path(__file__).parents[2] / "src"
CODE = re.compile(r"\bP[XOIERU][0-9]{3}\b")


def said() -> set[str]:
    return {
        code
        for file in SRC.rglob("*.py")
        for code in re.findall(r'"(P[XOIERU][0-9]{3})"', file.read_text(encoding="utf-8"))
    }


def test_every_code_in_the_source_has_a_page() -> None:
    assert sorted(said() - set(pages())) == []


def test_every_page_is_of_a_code_that_is_said() -> None:
    assert sorted(set(pages()) - said()) == []


def test_codes_in_docstrings_exist() -> None:
    mentioned = {c for f in SRC.rglob("*.py") for c in CODE.findall(f.read_text(encoding="utf-8"))}
    assert sorted(mentioned - set(pages())) == []


@pytest.mark.parametrize("code", sorted(pages()))
def test_a_page_says_what_it_must(code: str) -> None:
    found = pages()[code]
    assert found.code == code
    assert 5 < len(found.title) < 90
    assert len(found.meaning) > 20
    assert found.fails != found.passes
    assert found.text().startswith(f"{code}  {found.title}")


def test_no_title_is_used_twice() -> None:
    titles = [p.title for p in pages().values()]
    assert len(titles) == len(set(titles))


def test_an_unknown_code_has_no_page() -> None:
    assert page("PX000") is None


def test_a_page_without_its_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks its meaning"):
        parse("PX000", "A title\n\nA meaning.\n\nFAIL\n    x: 1\n")
