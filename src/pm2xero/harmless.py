"""Text of others (input, Xero, packs) made harmless for where it is shown.

A name can hold anything: what commands a terminal, what a spreadsheet takes for a formula, markup.
Whoever writes such text somewhere passes it through here; what is stored stays as it is.
"""

from __future__ import annotations

import json
import re

# Control characters but tab and line feed, what turns the direction of writing round, half
# characters, the line ends that only some programs take for one, and what cannot be seen at all
# (but not the joiners, which Persian, Hindi and emojis need).
_COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064"
    "\u2066-\u2069\ufeff\ud800-\udfff]"
)
MARK = "·"
# A spreadsheet takes text that begins so for a formula (OWASP, "CSV Injection"); blanks before it
# do not keep some from it.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
_MARKDOWN = re.compile(r"([\\`*\[|])")


def on_terminal(text: str) -> str:
    """Text without what a terminal obeys; a mark for each character, so that widths stay."""
    return text if text.isascii() and text.isprintable() else _COMMANDS.sub(MARK, text)


def quoted(text: str) -> str:
    """Text between quotation marks in a message; what stands for a character as JSON has it."""
    return on_terminal(json.dumps(text, ensure_ascii=False))


def in_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    plain = on_terminal(text)
    return f"'{plain}" if _FORMULA.match(plain) else plain


def in_markdown(text: str) -> str:
    """Text on one line of Markdown, without markup or HTML of its own."""
    plain = on_terminal(" ".join(text.split()))
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\1", plain)
