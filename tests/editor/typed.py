"""Texts as they are while somebody types: `‸` is where the cursor stands."""

from __future__ import annotations

import itertools
from textwrap import dedent

from .client import LanguageServer, Message
from .language_server import ROOT

_NUMBERS = itertools.count(1)


def offered(server: LanguageServer, schema: str, text: str) -> dict[str, Message]:
    """What an editor offers at the cursor, by label."""
    uri, line, character = _opened(server, schema, text)
    items = server.completion(uri, line, character)
    return {item["label"]: item for item in items}


def shown(server: LanguageServer, schema: str, text: str) -> str:
    """What an editor shows of the word after the cursor, without the escapes of Markdown."""
    uri, line, character = _opened(server, schema, text)
    return server.hover(uri, line, character + 1).replace("\\", "")


def _opened(server: LanguageServer, schema: str, text: str) -> tuple[str, int, int]:
    header = f"# yaml-language-server: $schema=schema/{schema}.schema.json\nspec: 1\n"
    before, mark, after = (header + dedent(text)).partition("‸")
    assert mark, "there is no cursor in the text"
    uri = (ROOT / f"typed-{next(_NUMBERS)}.yaml").as_uri()
    server.open(uri, before + after)
    return uri, before.count("\n"), len(before) - before.rfind("\n") - 1
