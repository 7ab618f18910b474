"""Notes which expressions of a template were written to a body; the bodies stay the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from pm2xero.render.templates import BodyEnvironment, environment

_FILTER = "__field__"
# An expression of a template: the template, its line and its text.
Field = tuple[str, int, str]


class Recorder:
    """All expressions of the templates that were compiled, and those that were written."""

    def __init__(self) -> None:
        self._known: list[Field] = []
        self._written: set[Field] = set()

    def environment(self, folders: tuple[Path, ...]) -> BodyEnvironment:
        """The environment of a pack, with every expression noted as it is written."""
        known = self._known

        class Noting(Extension):
            def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
                return _noted(stream, known)

        env = environment(folders, extensions=(Noting,))
        env.filters[_FILTER] = self._note
        return env

    def fields(self, env: BodyEnvironment) -> list[Field]:
        """Every expression of every template of an environment, in the order of the files."""
        names = [n for n in env.list_templates() if n.endswith(".j2")]
        for name in names:
            try:
                env.get_template(name)
            except (TemplateNotFound, TemplateSyntaxError):
                # A template that cannot be read is a finding of the pack's own checks.
                continue
        return sorted(set(self._known))

    def take(self) -> frozenset[Field]:
        """What was written since the last call."""
        written = frozenset(self._written)
        self._written.clear()
        return written

    def _note(self, value: Any, template: str, line: str, text: str) -> Any:
        self._written.add((template, int(line), text))
        return value


def _noted(stream: TokenStream, known: list[Field]) -> Iterator[Token]:
    held: list[Token] | None = None
    name = stream.name or ""
    for token in stream:
        if token.type == "variable_begin":
            held = []
            yield token
            yield Token(token.lineno, "lparen", "(")
        elif token.type == "variable_end" and held is not None:
            line = held[0].lineno if held else token.lineno
            text = _text(held)
            known.append((name, line, text))
            yield Token(line, "rparen", ")")
            yield Token(line, "pipe", "|")
            yield Token(line, "name", _FILTER)
            yield Token(line, "lparen", "(")
            yield Token(line, "string", name)
            yield Token(line, "comma", ",")
            yield Token(line, "string", str(line))
            yield Token(line, "comma", ",")
            yield Token(line, "string", text)
            yield Token(line, "rparen", ")")
            yield token
            held = None
        else:
            if held is not None:
                held.append(token)
            yield token


def _text(tokens: list[Token]) -> str:
    out = ""
    for token in tokens:
        text = json.dumps(token.value) if token.type == "string" else str(token.value)
        tight = token.type in ("dot", "lparen", "rparen", "comma", "lbracket", "rbracket")
        out += text if tight or not out or out.endswith((".", "(", "[")) else f" {text}"
    return out
