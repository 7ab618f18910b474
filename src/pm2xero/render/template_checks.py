"""Templates before any transaction: each is compiled, and every name it reads must be there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, meta, nodes

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.cache import Memory
from pm2xero.pack.language.paths import AccountExpr, PathExpr
from pm2xero.pack.language.types import FieldType, ListType, RecordType
from pm2xero.pack.model import Kind, Pack, RequestSpec
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.render.templates import BodyEnvironment, NotText, OpenQuote, ValueInQuotes, environment
from pm2xero.resources import root

# What is known below a name: its own names, or None where nothing is known or nothing is below.
Shape = Mapping[str, "Shape | None"]

_ACCOUNT: Shape = dict.fromkeys(("id", "code", "name", "class"))
_CONTACT: Shape = dict.fromkeys(("ContactNumber", "Name", "EmailAddress", "Addresses"))
_LINE: Shape = dict.fromkeys(
    ("description", "net", "tax", "account", "tax_type", "sources", "item", "tracking")
)
# What a dictionary of Python can do, and a group of fields cannot.
_METHODS = frozenset(("get", "keys", "items", "values", "setdefault"))
# The key under which a list keeps the shape of its items; no name in a template can be this.
_ITEMS = "[]"


def check_templates(
    pack: Pack, env: BodyEnvironment | None = None, memory: Memory | None = None
) -> list[Finding]:
    """Every fault of the templates that the requests of a pack name, without rendering any.

    Args:
        memory: what was found in other regions.

    PX400: there is no such template; PX401: it cannot be read; PX402: it reads a name that its
    requests do not provide; PX403: a value stands inside quotes.
    """
    env, memory = env or environment(pack.template_dirs), memory or Memory()
    found: dict[tuple[object, ...], Finding] = {}
    for (_, kind), specs in pack.requests.items():
        for spec in specs:
            faults = memory.once(
                "template",
                (env, spec, pack.kinds[kind]),
                partial(_faults, env, spec, pack.kinds[kind]),
            )
            for finding in faults:
                found.setdefault((finding.code, finding.at, finding.message), finding)
    return sorted(found.values(), key=lambda f: (f.at or Position(""), f.code))


def provided(spec: RequestSpec, kind: Kind) -> Shape:
    """The names that a template of a request may read, and what is below each."""
    record = kind.record
    names: dict[str, Shape | None] = {
        n: _shape(t) for n, t in {**record.required, **record.optional}.items()
    }
    if spec.each is not None:
        listed = record.field(spec.each)
        names["item"] = _shape(listed.of) if isinstance(listed, ListType) else None
    for name, value in spec.values.items():
        names[name] = _value_shape(value)
    if spec.lines:
        names |= {"lines": {_ITEMS: _LINE}, "total": None, "money_in": None}
    if spec.contact:
        names["contact"] = _CONTACT
    names |= dict.fromkeys(("xero_id", "id_of", "status", "link"))
    names["settings"] = dict.fromkeys(kind.settings)
    return names


def load_template(env: BodyEnvironment, spec: RequestSpec) -> Template:
    """The compiled template of a request.

    Raises:
        PackError: PX400 when there is none of that name, PX401 when it cannot be read, PX403
            when a value stands inside quotes.
    """
    try:
        return env.get_template(spec.template)
    except TemplateNotFound:
        raise PackError(_missing(env, spec)) from None
    except TemplateSyntaxError as exc:
        raise PackError(_syntax(env, spec.template, exc)) from None


def template_file(env: BodyEnvironment, name: str) -> str:
    """The file of a template as messages name it: of the built-in pack, or as it was given."""
    try:
        assert env.loader is not None
        file = env.loader.get_source(env, name)[1]
    except TemplateNotFound:
        file = None
    except NotText as exc:
        file = exc.filename
    if file is None:
        return f"mappings/templates/{name}"
    path = Path(file)
    own = root() / "mappings"
    return path.relative_to(root()).as_posix() if path.is_relative_to(own) else path.as_posix()


def place_in_template(env: BodyEnvironment, name: str, line: int, word: str) -> Position:
    """Where a word stands on a line of a template, as messages name it."""
    return _place(template_file(env, name), parsed(env, name).lines, line, word)


def _shape(kind: FieldType) -> Shape | None:
    if isinstance(kind, RecordType):
        return {n: _shape(t) for n, t in {**kind.required, **kind.optional}.items()}
    if isinstance(kind, ListType):
        return {_ITEMS: _shape(kind.of)}
    return None


def _value_shape(value: object) -> Shape | None:
    if isinstance(value, AccountExpr):
        return _ACCOUNT
    return _shape(value.type) if isinstance(value, PathExpr) else None


def _faults(env: BodyEnvironment, spec: RequestSpec, kind: Kind) -> tuple[Finding, ...]:
    return tuple(_check(env, spec, provided(spec, kind)))


def _check(env: BodyEnvironment, spec: RequestSpec, names: Shape) -> Iterator[Finding]:
    try:
        load_template(env, spec)
    except PackError as exc:
        yield from exc.findings
        return
    yield from _names(env, spec.template, names, spec, frozenset())


@dataclass(frozen=True, slots=True)
class Parsed:
    """A template that can be read: its lines, what it reads without setting it, and its nodes."""

    lines: list[str]
    undeclared: frozenset[str]
    names: list[nodes.Name]
    attributes: list[nodes.Getattr]
    loops: list[nodes.For]
    assigned: list[nodes.Name]
    parts: list[nodes.Node]


@lru_cache(maxsize=128)
def parsed(env: BodyEnvironment, name: str) -> Parsed:
    """A template taken apart once for all requests that use it; raises what Jinja raises."""
    assert env.loader is not None
    source = env.loader.get_source(env, name)[0]
    tree = env.parse(source, name)
    parts = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)
    return Parsed(
        lines=source.splitlines(),
        undeclared=frozenset(meta.find_undeclared_variables(tree)),
        names=list(tree.find_all(nodes.Name)),
        attributes=list(tree.find_all(nodes.Getattr)),
        loops=list(tree.find_all(nodes.For)),
        assigned=[n for a in tree.find_all(nodes.Assign) for n in a.find_all(nodes.Name)],
        parts=list(tree.find_all(parts)),
    )


def _names(
    env: BodyEnvironment, name: str, names: Shape, spec: RequestSpec, seen: frozenset[str]
) -> Iterator[Finding]:
    tree = parsed(env, name)
    lines, file = tree.lines, template_file(env, name)
    unknown = tree.undeclared - set(names)
    for node in tree.names:
        if node.ctx == "load" and node.name in unknown:
            message = f'this template has no "{node.name}" to read in the request "{spec.id}"'
            yield _name_fault(file, lines, node.lineno, node.name, message, names, spec)
    yield from _attributes(tree, names, file, lines, spec)
    own = {n.name: None for n in tree.names if n.ctx == "store"}
    for include in tree.parts:
        target = getattr(include, "template", None)
        if not isinstance(target, nodes.Const) or target.value in seen:
            continue
        part = str(target.value)
        try:
            env.get_template(part)
        except TemplateNotFound:
            yield Finding(
                "PX400", f'there is no template "{part}"',
                _place(file, lines, include.lineno, part),
                hint=did_you_mean(part, env.list_templates()),
                should_be=one_of(env.list_templates(), 20), width=len(part),
            )  # fmt: skip
            continue
        except TemplateSyntaxError as exc:
            yield _syntax(env, part, exc)
            continue
        yield from _names(env, part, {**own, **names}, spec, seen | {name})


def _attributes(
    tree: Parsed, names: Shape, file: str, lines: list[str], spec: RequestSpec
) -> Iterator[Finding]:
    """Names below a name, such as `line.net`, where it is known what is below."""
    scope: dict[str, Shape | None] = dict(names)
    for loop in tree.loops:
        if isinstance(loop.target, nodes.Name):
            over = _below(loop.iter, scope)
            scope[loop.target.name] = over.get(_ITEMS) if over else None
    for target in tree.assigned:
        scope.setdefault(target.name, None)
    for node in tree.attributes:
        holder = _below(node.node, scope)
        if holder is None or _ITEMS in holder or node.attr in holder:
            continue
        written = f"{_written(node.node)}.{node.attr}"
        if node.attr in _METHODS:
            yield _method_fault(file, lines, node.lineno, _written(node.node), node.attr, spec)
            continue
        message = f'"{_written(node.node)}" has no "{node.attr}"'
        yield _name_fault(file, lines, node.lineno, written, message, holder, spec, node.attr)


def _method_fault(
    file: str, lines: list[str], line: int, group: str, method: str, spec: RequestSpec
) -> Finding:
    """A group of fields that is asked as a dictionary of Python."""
    at = _place(file, lines, line, f"{group}.{method}")
    rest = lines[line - 1][at.column - 1 :] if line <= len(lines) else ""
    asked = re.match(rf"{re.escape(group)}\.{method}\(\s*[\"'](\w+)", rest)
    field = f"{group}.{asked[1] if asked else 'FIELD'}"
    return Finding(
        "PX402", f'"{group}" is a group of fields, and has no "{method}"', at,
        hint=f"read a field with a dot: {field}",
        should_be=f'({field} or "") where the field may be missing, '
        f'({field} if {group} else "") where {group} may',
        width=len(group) + 1 + len(method),
        related=((spec.value_at["template"], "used by this request"),),
    )  # fmt: skip


def _below(node: Any, scope: Mapping[str, Shape | None]) -> Shape | None:
    if isinstance(node, nodes.Name):
        return scope.get(node.name)
    if isinstance(node, nodes.Getattr):
        holder = _below(node.node, scope)
        return holder.get(node.attr) if holder else None
    return None


def _written(node: Any) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return str(node.name) if isinstance(node, nodes.Name) else "…"


def _name_fault(
    file: str, lines: list[str], line: int, written: str, message: str, known: Shape,
    spec: RequestSpec, word: str | None = None,
) -> Finding:  # fmt: skip
    return Finding(
        "PX402", message, _place(file, lines, line, written),
        hint=did_you_mean(word or written, known), should_be=one_of(known, 40),
        width=len(written), related=((spec.value_at["template"], "used by this request"),),
    )  # fmt: skip


def _place(file: str, lines: list[str], line: int, word: str) -> Position:
    """The first place of a word on a line; its first character otherwise."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    match = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", text)
    start = match.start() if match else len(text) - len(text.lstrip())
    return Position(file, line, start + 1)


def _missing(env: BodyEnvironment, spec: RequestSpec) -> Finding:
    known = env.list_templates()
    return Finding(
        "PX400", f'there is no template "{spec.template}"', spec.value_at["template"],
        hint=did_you_mean(spec.template, known), should_be=one_of(known, 20),
        width=len(spec.template),
    )  # fmt: skip


def _syntax(env: BodyEnvironment, name: str, exc: TemplateSyntaxError) -> Finding:
    shown = exc.name or name
    assert env.loader is not None
    if isinstance(exc, NotText):
        at = Position(template_file(env, shown), exc.lineno)
        return Finding("PX401", "the template is not UTF-8 text", at, hint="save it as UTF-8")
    lines = env.loader.get_source(env, shown)[0].splitlines()
    file = template_file(env, shown)
    line = min(exc.lineno, len(lines)) or 1
    text = lines[line - 1] if lines else ""
    if isinstance(exc, ValueInQuotes):
        match = re.search(r'"[^"]*(\{\{.*?\}\})[^"]*"?', text)
        at = Position(file, line, match.start() + 1 if match else 1)
        width = len(match[0]) if match else 1
        should_be = text.strip().replace(match[0], match[1]) if match else None
        return Finding(
            "PX403", "a value stands inside quotes", at, width=width, should_be=should_be,
            hint="leave the quotes out: they are added, and the value made safe",
        )  # fmt: skip
    if isinstance(exc, OpenQuote):
        return Finding(
            "PX401", "a quote on this line is not closed", _place(file, lines, line, ""),
            hint="count the quotes", width=len(text.strip()),
        )  # fmt: skip
    message = (exc.message or "it is not Jinja").rstrip(".")
    named = re.match(r"No (filter|test) named '([^']*)'", message)
    if named:
        known = env.filters if named[1] == "filter" else env.tests
        return Finding(
            "PX401", f'there is no {named[1]} "{named[2]}"', _place(file, lines, line, named[2]),
            hint=did_you_mean(named[2], known), width=len(named[2]),
        )  # fmt: skip
    unclosed = re.search(r"innermost block that needs to be closed is '(\w+)'", message)
    if unclosed:
        starts = [i for i, t in enumerate(lines, 1) if re.search(rf"{{%-?\s*{unclosed[1]}\b", t)]
        return Finding(
            "PX401", f"this {{% {unclosed[1]} %}} is never closed",
            _place(file, lines, starts[-1] if starts else line, unclosed[1]),
            hint=f"close it with {{% end{unclosed[1]} %}}", width=len(unclosed[1]),
        )  # fmt: skip
    message = message[0].lower() + message[1:]
    return Finding(
        "PX401", f"the template cannot be read: {message}", _place(file, lines, line, ""),
        width=len(text.strip()),
    )  # fmt: skip
