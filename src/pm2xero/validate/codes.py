"""The page of every code that the product can say: title, meaning, and what fails and passes.

The pages of the checks are the docstrings of their modules; all others stand in `pages/`, in the
same form below a line `## CODE`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pm2xero.validate.checks import checks


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be known of a code; `fails` and `passes` are short pieces of a file or command."""

    code: str
    title: str
    meaning: str
    fails: str
    passes: str

    def text(self) -> str:
        """The page as it is printed."""
        return (
            f"{self.code}  {self.title}\n\n{self.meaning}\n\n"
            f"FAIL\n{_indented(self.fails)}\n\nPASS\n{_indented(self.passes)}"
        )


def page(code: str) -> Page | None:
    """The page of a code, or None when the product never says it."""
    return pages().get(code)


@cache
def pages() -> dict[str, Page]:
    """All pages by code."""
    found = [parse(check.code, check.page) for check in checks()]
    for file in sorted((Path(__file__).parent / "pages").glob("*.md")):
        text = file.read_text(encoding="utf-8")
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            head, _, body = part.partition("\n")
            code, _, title = head.partition(" ")
            found.append(parse(code, f"{title}\n{body}"))
    return {p.code: p for p in sorted(found, key=lambda p: p.code)}


def parse(code: str, text: str) -> Page:
    """A page from its form: title, meaning, FAIL with lines below it, PASS with lines below it.

    Raises:
        ValueError: a part is missing.
    """
    title, _, rest = text.strip("\n").partition("\n")
    match = re.fullmatch(r"\s*(.*?)\n+FAIL\n(.*?)\n+PASS\n(.*?)\s*", rest, re.DOTALL)
    if match is None or not all(part.strip() for part in match.groups()):
        raise ValueError(f"the page of {code} lacks its meaning, FAIL or PASS")
    meaning = re.sub(r"(?<!\n)\n(?!\n)", " ", match[1].strip())
    return Page(code, title.strip(), meaning, _dedented(match[2]), _dedented(match[3]))


def _dedented(text: str) -> str:
    from textwrap import dedent

    return dedent(text).strip("\n")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
