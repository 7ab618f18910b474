"""Jinja in a sandbox, made for JSON: every value is encoded, nothing undefined passes.

A template looks like the JSON it makes. `{{ value }}` writes the value as JSON, quotes included, so
no value can break the body; an expression inside quotes is a fault. White space outside of strings
is dropped when the template is compiled. Money is written with its own digits.
"""

from __future__ import annotations

import json.encoder
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateSyntaxError, Undefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

_text = json.encoder.encode_basestring

# Stands for a comma between the rounds of a loop. JSON text never holds it: control characters in
# values are encoded.
COMMA = "\x1e"

# What a template may ask of `loop`, without the sandbox looking at it each time.
_LOOP = frozenset(("first", "last", "index", "index0", "length"))


class OpenQuote(TemplateSyntaxError):
    """A quote is opened and not closed on its line; JSON has no texts of several lines."""


class ValueInQuotes(TemplateSyntaxError):
    """An expression stands inside quotes, where its value could break the body."""


class NotText(TemplateSyntaxError):
    """The file of a template is no UTF-8 text."""


def encode(value: Any) -> str:
    """One value as JSON text.

    Raises:
        TypeError: floats and unknown types; money must be Decimal.
    """
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is Decimal:
        return _decimal(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is date:
        return f'"{value.isoformat()}"'
    if kind is dict:
        return "{" + ",".join(f"{_text(str(k))}:{encode(v)}" for k, v in value.items()) + "}"
    if kind in (list, tuple):
        return "[" + ",".join(encode(v) for v in value) + "]"
    if isinstance(value, Undefined):
        return str(value)
    if isinstance(value, str):
        return _text(str(value))
    raise TypeError(f"a {kind.__name__} cannot be written to a body")


def _decimal(value: Decimal) -> str:
    text = str(value)
    if text[-3:-2] == "." or text.lstrip("-").isdigit() or text[-2:-1] == ".":
        return text
    raise TypeError(f"{text} is not an amount of at most two decimals")


class JsonTemplates(Extension):
    """Drops white space outside of strings, and refuses an expression inside quotes."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Called by Jinja with the tokens of a template."""
        return self._filtered(stream)

    def _filtered(self, stream: TokenStream) -> Iterator[Token]:
        quoted = False
        opened = 1
        tokens = list(stream)
        for place, token in enumerate(tokens):
            if token.type == "data":
                text, still, broken = _compact(token.value, quoted)
                if still and (not quoted or '"' in token.value):
                    opened = token.lineno + token.value[: token.value.rfind('"')].count("\n")
                quoted = still
                if broken is not None:
                    line = token.lineno + broken
                    raise OpenQuote("a quote is not closed", line, stream.name, stream.filename)
                if text.endswith(",") and not quoted and _ends_loop(tokens, place + 1):
                    text = text[:-1] + COMMA
                if text:
                    yield Token(token.lineno, "data", text)
                continue
            if quoted and token.type == "variable_begin":
                raise ValueInQuotes(
                    "a value stands inside quotes; leave the quotes out, they are added",
                    token.lineno,
                    stream.name,
                    stream.filename,
                )
            yield token
        if quoted:
            raise OpenQuote("a quote is not closed", opened, stream.name, stream.filename)


def _ends_loop(tokens: list[Token], place: int) -> bool:
    following = [t.value for t in tokens[place : place + 2]]
    return len(following) == 2 and tokens[place].type == "block_begin" and following[1] == "endfor"


def _compact(text: str, quoted: bool) -> tuple[str, bool, int | None]:
    """The text without its white space, whether a quote is open, and the line of a broken one."""
    out: list[str] = []
    escaped = False
    line = 0
    for char in text:
        if quoted:
            if char == "\n":
                return "".join(out), True, line
            out.append(char)
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                quoted = False
        elif char == '"':
            out.append(char)
            quoted = True
        elif not char.isspace():
            out.append(char)
        line += char == "\n"
    return "".join(out), quoted, None


class BodyEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox, with a short way for the plain dictionaries that templates read."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`: a key of a dictionary, otherwise whatever the sandbox allows."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        if type(obj) is LoopContext and attribute in _LOOP:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`, the same way."""
        if type(obj) is dict:
            try:
                return obj[argument]
            except (KeyError, TypeError):
                return self.undefined(obj=obj, name=str(argument))
        return super().getitem(obj, argument)


def fit(text: Any, length: int) -> str:
    """Cut a text so that it fits a field, ending it with … where something was left out."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= length else plain[: length - 1] + "…"


def together(parts: Iterable[Any], between: str) -> str:
    """The parts that are there, each once, with a text between them."""
    said = (" ".join(str(p).split()) for p in parts if p is not None)
    return between.join(dict.fromkeys(p for p in said if p))


def plus_days(day: date, days: int) -> date:
    """The date so many days later."""
    return day + timedelta(days=days)


def end_of_month(day: date) -> date:
    """The last day of the date's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


class _Loader(FileSystemLoader):
    """Templates from folders, where texts that are not saved yet stand in the place of files."""

    def __init__(self, folders: Iterable[Path], edited: Mapping[Path, str]) -> None:
        super().__init__([str(f) for f in folders])
        self._edited = edited

    def get_source(self, environment: Any, template: str) -> Any:
        """The text of a template, its file, and that it is up to date.

        Raises:
            NotText: the file is there, and is no text.
        """
        for folder in self.searchpath if self._edited else ():
            file = Path(folder) / template
            text = self._edited.get(file.resolve())
            if text is not None:
                return text, str(file), lambda: True
            if file.is_file():
                break
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as exc:
            line = exc.object[: exc.start].count(b"\n") + 1
            folders = (Path(folder) / template for folder in self.searchpath)
            named = next((str(f) for f in folders if f.is_file()), None)
            raise NotText("the template is not UTF-8 text", line, template, named) from None


def environment(
    folders: Iterable[Path],
    finalize: Callable[[Any], str] = encode,
    extensions: tuple[Any, ...] = (),
    edited: Mapping[Path, str] | None = None,
) -> BodyEnvironment:
    """The Jinja environment of a pack; earlier folders hide later ones.

    Args:
        edited: texts that are not saved yet, by the path of their file.
    """
    names = [str(f) for f in folders]
    env = BodyEnvironment(
        loader=_Loader(map(Path, names), edited or {}),
        undefined=StrictUndefined,
        autoescape=False,
        finalize=finalize,
        extensions=[JsonTemplates, *extensions],
        auto_reload=False,
        cache_size=-1,
    )
    env.globals.clear()
    # One document must make the same body each time.
    env.filters.pop("random")
    env.filters["fit"] = fit
    env.filters["together"] = together
    env.filters["plus_days"] = plus_days
    env.filters["end_of_month"] = end_of_month
    return env


def render(template: Template, values: dict[str, Any]) -> str:
    """The JSON text that a template makes of some values."""
    context: Any
    if reads_only_names(template):
        context = Names(values if type(values) is Values else Values(values))
    else:
        context = template.new_context(values, shared=False)
    text = "".join(template.root_render_func(context))
    if COMMA in text:
        return text.replace(COMMA + "]", "]").replace(COMMA + "}", "}").replace(COMMA, ",")
    return text


# What a compiled template asks of a whole context: for include, import, set, blocks and macros.
_WHOLE = frozenset(("get_all", "vars", "exported_vars", "eval_ctx", "derived", "blocks", "super"))


@cache
def reads_only_names(template: Template) -> bool:
    """Whether a template only looks names up, so that it needs no context of its own."""
    asked: set[str] = set()
    codes = [template.root_render_func.__code__]
    while codes:
        code = codes.pop()
        asked.update(code.co_names)
        codes += [c for c in code.co_consts if isinstance(c, CodeType)]
    return not template.blocks and not asked & _WHOLE


class Values(dict[str, Any]):
    """The names of a template; what is not there is Jinja's mark for it."""

    def __missing__(self, name: str) -> Any:
        return missing


class Names:
    """What a compiled template asks of its context, without the making of one."""

    __slots__ = ("resolve_or_missing",)

    def __init__(self, values: dict[str, Any]) -> None:
        self.resolve_or_missing = values.__getitem__

    def call(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
        return function(*given, **named)
