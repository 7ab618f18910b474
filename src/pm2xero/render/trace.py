"""Renders once more while noting which expression of the template made each value of a body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from pm2xero.decide.decider import Decider
from pm2xero.decide.state import State
from pm2xero.pack.language.paths import AccountExpr, PathExpr
from pm2xero.pack.model import RequestSpec
from pm2xero.read.transaction import Transaction
from pm2xero.render.mapper import CompiledRequest, Mapper
from pm2xero.render.request import Request
from pm2xero.render.template_checks import template_file
from pm2xero.render.templates import encode, environment, render

# Names that templates give to what they go through.
_LOOPED = frozenset(("line", "part"))
_MARK = "\u0001value "


@dataclass(frozen=True, slots=True)
class TracedField:
    """One value of a body: where it stands, what it is, what made it and where that is written."""

    field: str
    value: str
    made_by: str
    at: str
    origin: str


class _Notes(Extension):
    """Sends every expression through `__noted__`, with its line and text."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Called by Jinja with the tokens of a template."""
        return self._noted(stream)

    def _noted(self, stream: TokenStream) -> Iterator[Token]:
        held: list[Token] | None = None
        for token in stream:
            if token.type == "variable_begin":
                held = []
                yield token
                yield Token(token.lineno, "lparen", "(")
            elif token.type == "variable_end" and held is not None:
                line = held[0].lineno if held else token.lineno
                text = _source(held)
                yield Token(line, "rparen", ")")
                yield Token(line, "pipe", "|")
                yield Token(line, "name", "__noted__")
                yield Token(line, "lparen", "(")
                yield Token(line, "string", f"{stream.name}:{line}")
                yield Token(line, "comma", ",")
                yield Token(line, "string", text)
                yield Token(line, "rparen", ")")
                yield token
                held = None
            else:
                if held is not None:
                    held.append(token)
                yield token


def _source(tokens: list[Token]) -> str:
    out = ""
    for token in tokens:
        text = json.dumps(token.value) if token.type == "string" else str(token.value)
        tight = token.type in ("dot", "lparen", "rparen", "comma", "lbracket", "rbracket")
        after_open = out.endswith((".", "(", "["))
        out += text if tight or after_open or not out else f" {text}"
    return out


def trace(
    decider: Decider, tx: Transaction, mapping: str, state: State
) -> list[tuple[Request, list[TracedField]]]:
    """The requests of a transaction, each with the origin of every value of its body."""
    notes: list[tuple[Any, str, str]] = []

    def noted(value: Any, at: str, text: str) -> str:
        notes.append((value, at, text))
        return f"{_MARK}{len(notes) - 1}"

    env = environment(decider.pack.template_dirs, extensions=(_Notes,))
    env.filters["__noted__"] = noted
    mapper = Mapper(decider)
    tracing = Mapper(decider, env=env)
    requests = mapper.requests(tx, mapping, state)
    result = []
    by_step = {c.spec.id: c for c in tracing.compiled(mapping, tx.kind)}
    for request in requests:
        step = request.step.split(".")[0]
        compiled = by_step[step]
        each = compiled.spec.each
        items = tx.fields[each] if each else [None]
        index = int(request.step.rsplit(".", 1)[1]) - 1 if "." in request.step else 0
        values = compiled.values(tx, items[index], state, [])
        body = json.loads(render(compiled.template, values))
        result.append((request, list(_fields(body, "", notes, compiled, values))))
    return result


def _fields(
    body: Any, path: str, notes: list[tuple[Any, str, str]], compiled: CompiledRequest,
    values: dict[str, Any],
) -> Iterator[TracedField]:  # fmt: skip
    if isinstance(body, dict):
        for key, value in body.items():
            yield from _fields(value, f"{path}.{key}" if path else key, notes, compiled, values)
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from _fields(value, f"{path}[{index}]", notes, compiled, values)
    elif isinstance(body, str) and body.startswith(_MARK):
        value, at, text = notes[int(body.removeprefix(_MARK))]
        origin = _origin(text, path, compiled.spec, values)
        name, _, line = at.rpartition(":")
        template = f"{template_file(compiled.env, name)}:{line}"
        yield TracedField(path, encode(value), f"{{{{ {text} }}}}", template, origin)
    else:
        template = template_file(compiled.env, compiled.spec.template)
        yield TracedField(path, json.dumps(body), "written in the template", template, "")


def _origin(text: str, path: str, spec: RequestSpec, values: dict[str, Any]) -> str:
    """Where the first name of an expression that names something gets its value from."""
    words = re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", text))
    name = next((w for w in words if w in values or w in _LOOPED), "")
    if not name:
        return "written in the template"
    if name == "line":
        index = int(path.split("[")[1].split("]")[0]) if "[" in path else 0
        lines = values.get("lines") or []
        parts = ", ".join(lines[index]["sources"]) if index < len(lines) else ""
        source = spec.lines[0] if spec.lines else None
        where = source.at if source else spec.at
        if source and re.match(r"line\.account\b", text):
            account = source.account
            named = account.role or (account.path.text if account.path else "")
            return f"{account.by} {named} of {parts} by {where}"
        if source and source.tax and text.startswith("line.tax_type"):
            return f"tax code {source.tax.text} of {parts} by {where}"
        return f"sum of {parts} by {where}" if "," in parts else f"{parts} by {where}"
    if name in spec.values:
        value = spec.values[name]
        at = spec.value_at.get(name, spec.at)
        if isinstance(value, AccountExpr):
            what = value.role or (value.path.text if value.path else "")
            return f"{value.by} {what} by {at}"
        if isinstance(value, PathExpr):
            return f"field {value.text} by {at}"
        return f"set by {at}"
    if name == "contact":
        paths = " or ".join(p.text for p in spec.contact)
        return f"field {paths} by {spec.value_at.get('contact', spec.at)}"
    if name == "money_in":
        return f"movement {spec.movement} by {spec.value_at.get('movement', spec.at)}"
    if name in ("xero_id", "part", "item"):
        return "the document that the allocation names" if name == "xero_id" else "the allocation"
    return f"field {name} of the transaction"
