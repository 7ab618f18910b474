"""Which fields of a document reach a body: through the mapping, and through its template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import TemplateNotFound, TemplateSyntaxError, nodes

from pm2xero.errors import Position
from pm2xero.pack.language.paths import AccountExpr, PartsExpr, PathExpr, TextExpr
from pm2xero.pack.language.types import FieldType, ListType, RecordType
from pm2xero.pack.model import Reckoned, RequestSpec
from pm2xero.render.template_checks import parsed
from pm2xero.render.templates import BodyEnvironment


@dataclass(slots=True)
class Reads:
    """Fields that reach the body of some request, and fields that a template leaves lying.

    `dropped` maps a field to the place of the mapping that hands it over, the template, and the
    name under which the template could have read it.
    """

    delivered: set[str] = field(default_factory=set)
    dropped: dict[str, tuple[Position, str, str]] = field(default_factory=dict)

    def covers(self, path: str) -> bool:
        """Whether a field, or the record that holds it, reaches a body."""
        steps = path.split(".")
        return any(".".join(steps[: i + 1]) in self.delivered for i in range(len(steps)))


def reads_of(spec: RequestSpec, env: BodyEnvironment) -> Reads:
    """What one request takes from its document."""
    found = Reads()
    names = template_reads(env, spec.template)
    each = f"{spec.each}." if spec.each else ""
    for name in names:
        if name.startswith("item.") and each:
            found.delivered.add(each + name.removeprefix("item."))
        else:
            found.delivered.add(name)
    for name, value in spec.values.items():
        if name in names or any(n.startswith(f"{name}.") for n in names):
            found.delivered |= set(_paths(value, each))
    for line in spec.lines:
        inner = f"{line.each}." if line.each else ""
        taken = {
            "net": (line.net, "lines.net"),
            "tax": (line.tax_amount, "lines.tax"),
            "code": (line.tax, "lines.tax_type"),
            "account": (line.account, "lines.account"),
            "text": (line.describe, "lines.description"),
        }
        for part, (value, wanted) in taken.items():
            # Xero calculates the tax itself; the cents between go to a line of their own.
            calculated = part == "tax" and spec.when_tax_differs == "rounding_line"
            for path in _paths(value, inner):
                if calculated or wanted in names or "lines" in names:
                    found.delivered.add(path)
                else:
                    where = spec.value_at.get("template", spec.at)
                    found.dropped[path] = (where, spec.template, wanted.replace("lines.", "line."))
    for contact in spec.contact:
        found.delivered |= set(_paths(contact, each))
    return found


def _paths(value: object, each: str) -> Iterator[str]:
    if isinstance(value, AccountExpr):
        if value.otherwise is not None:
            yield from _paths(value.otherwise, each)
        value = value.path
    if isinstance(value, PartsExpr):
        for text in (way for part in value.parts for way in part):
            yield from _paths(text, each)
    if isinstance(value, Reckoned):
        yield from _paths(value.path, each)
        yield from _paths(value.text, each)
    if isinstance(value, TextExpr):
        for part in value.parts:
            yield from _paths(part, each)
    if isinstance(value, PathExpr) and value.base in ("transaction", "item"):
        below = each if value.base == "item" else ""
        yield below + ".".join(value.steps)


@lru_cache(maxsize=128)
def template_reads(env: BodyEnvironment, name: str) -> frozenset[str]:
    """The dotted names that a template and its parts read; loops count under their list's name."""
    return frozenset(_template(env, name, frozenset()))


def _template(env: BodyEnvironment, name: str, seen: frozenset[str]) -> Iterator[str]:
    try:
        tree = parsed(env, name)
    except (TemplateNotFound, TemplateSyntaxError):
        return
    loops: dict[str, str] = {}
    for loop in tree.loops:
        over = _dotted(loop.iter, loops)
        if isinstance(loop.target, nodes.Name) and over:
            loops[loop.target.name] = over
    iterated = {id(loop.iter) for loop in tree.loops}
    inner = {id(n.node) for n in tree.attributes}
    for node in (*tree.names, *tree.attributes):
        if id(node) in inner or id(node) in iterated:
            continue
        if isinstance(node, nodes.Name) and node.ctx != "load":
            continue
        dotted = _dotted(node, loops)
        if dotted:
            yield dotted
    for part in tree.parts:
        target = getattr(part, "template", None)
        if isinstance(target, nodes.Const) and target.value not in seen:
            yield from _template(env, str(target.value), seen | {name})


def _dotted(node: nodes.Node, loops: dict[str, str]) -> str | None:
    if isinstance(node, nodes.Name):
        return loops.get(node.name, node.name)
    if isinstance(node, nodes.Getattr):
        below = _dotted(node.node, loops)
        return f"{below}.{node.attr}" if below else None
    return None


def money_fields(record: RecordType, above: str = "") -> Iterator[tuple[str, FieldType]]:
    """The paths of all amounts and tax codes of a document."""
    for name, kind in {**record.required, **record.optional}.items():
        if kind.name in ("money", "tax_code"):
            yield above + name, kind
        elif isinstance(kind, RecordType):
            yield from money_fields(kind, f"{above}{name}.")
        elif isinstance(kind, ListType) and isinstance(kind.of, RecordType):
            yield from money_fields(kind.of, f"{above}{name}.")
        elif isinstance(kind, ListType) and kind.of.name == "money":
            yield above + name, kind.of
