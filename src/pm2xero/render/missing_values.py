"""Values that may be missing, found in templates and mappings before any document is rendered.

A field that is optional is guarded (`{% if memo %}`, a condition of the request or of the rule that
posts, a rule that refuses documents without it) or defaulted (`memo or ""`, `memo | default("")`).
Otherwise what is missing would become a word, such as None, or a body that Xero refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError, nodes

from pm2xero.errors import Position
from pm2xero.pack.language.conditions import AllOf, Compare, Condition, Quantified
from pm2xero.pack.language.paths import AccountExpr, PathExpr, TextExpr
from pm2xero.pack.language.types import FieldType, ListType, RecordType
from pm2xero.pack.model import Kind, LineSource, Pack, Reckoned, RequestSpec
from pm2xero.render.templates import BodyEnvironment

Guards = frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a name: whether it may be missing, what is below it, what its items are."""

    maybe: bool = False
    below: Mapping[str, Known] = field(default_factory=dict)
    items: Known | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A place that reads what may be missing: a line of a template, or a value of a mapping.

    `read` is all that the template reads there, as `path` may be a group above it.
    """

    path: str
    template: str | None
    line: int
    at: Position | None = None
    read: str = ""


def missing_values(
    env: BodyEnvironment, kind: Kind, spec: RequestSpec, there: Guards
) -> Iterator[Missing]:
    """Every place of a request, for documents of a kind, that reads what may be missing.

    Args:
        there: what every document has that is posted (`present_in`).
    """
    guards = there | _asked(spec.when)
    names = _names(kind, spec)
    yield from _template(env, spec.template, names, guards, frozenset())
    for line in spec.lines:
        inside = guards | _asked(line.when) | _asked(line.where, item=True)
        for key, path in _unguarded(line, kind, inside):
            yield Missing(path, None, 0, line.value_at.get(key, line.at))
    for key, text in _texts(spec):
        for part in text.parts:
            if isinstance(part, PathExpr) and (lacks := _may_lack(part, kind, guards)) is not None:
                yield Missing(lacks, None, 0, spec.value_at.get(key, spec.at))
    note = spec.history
    inside = guards | _asked(note.when) if note is not None else guards
    for part in note.text.parts if note is not None else ():
        if isinstance(part, PathExpr) and (lacks := _may_lack(part, kind, inside)) is not None:
            yield Missing(lacks, None, 0, note.at if note is not None else None)


def present_in(pack: Pack, kind: Kind, mapping: str) -> Guards:
    """Fields that every document of a kind has that is posted by a mapping."""
    rules = pack.rules_of(kind.name)
    posts = [r for r in rules if r.outcome == "post" and r.mapping == mapping]
    found = [_asked(r.conditions[kind.name]) for r in posts]
    common = frozenset.intersection(*found) if found else frozenset[str]()
    refused = {
        path
        for rule in rules
        if rule.outcome not in (None, "post")
        for path in _lacking(rule.conditions[kind.name])
    }
    return common | refused


def _asked(condition: Condition | None, *, item: bool = False) -> Guards:
    """Fields that are there whenever a condition holds."""
    if isinstance(condition, AllOf):
        return frozenset().union(*(_asked(p, item=item) for p in condition.parts))
    if isinstance(condition, Compare) and not (condition.op == "present" and not condition.operand):
        other = condition.operand
        found = _prefixes(_text(condition.path))
        return found | _prefixes(_text(other)) if isinstance(other, PathExpr) else found
    return frozenset()


def _lacking(condition: Condition | None) -> Iterator[str]:
    """Fields that a condition asks to be missing."""
    parts = condition.parts if isinstance(condition, AllOf) else (condition,)
    for part in parts:
        if isinstance(part, Compare) and part.op == "present" and not part.operand:
            yield _text(part.path)
        elif isinstance(part, Quantified):
            yield from (f"{_text(part.over)}[].{p}" for p in _lacking(part.where))


def _text(path: PathExpr) -> str:
    return ".".join(path.steps)


def _prefixes(path: str) -> Guards:
    steps = path.split(".")
    return frozenset(".".join(steps[: n + 1]) for n in range(len(steps)))


def _names(kind: Kind, spec: RequestSpec) -> dict[str, Known]:
    found = dict(_of(kind.record).below)
    if spec.each is not None:
        listed = kind.record.field(spec.each)
        found["item"] = _of(listed.of) if isinstance(listed, ListType) else Known()
    for name, value in spec.values.items():
        if isinstance(value, Reckoned):
            value = value.path
        maybe = isinstance(value, PathExpr) and _may_lack(value, kind, frozenset()) is not None
        found[name] = Known(maybe, _of(value.type).below if isinstance(value, PathExpr) else {})
    line = Known(below={"item": Known(True)})
    found.setdefault("link", Known(True))
    return found | {"lines": Known(items=line), "contact": Known(), "status": Known()}


def _of(kind: FieldType, maybe: bool = False) -> Known:
    if isinstance(kind, RecordType):
        required = {n: _of(t) for n, t in kind.required.items()}
        return Known(maybe, {**required, **{n: _of(t, True) for n, t in kind.optional.items()}})
    return Known(maybe, items=_of(kind.of)) if isinstance(kind, ListType) else Known(maybe)


def _texts(spec: RequestSpec) -> Iterator[tuple[str, TextExpr]]:
    """Texts of a request with values in them, besides those of its lines."""
    if spec.contact_name is not None:
        yield "contact_name", spec.contact_name
    if spec.link is not None:
        yield "link", spec.link
    for name, value in spec.values.items():
        if isinstance(value, Reckoned) and value.text is not None:
            yield name, value.text


def _unguarded(line: LineSource, kind: Kind, guards: Guards) -> Iterator[tuple[str, str]]:
    """Keys and paths of a line that may be missing; one field as `describe` has the title."""
    amount = "net" if "net" in line.value_at else "debit" if line.sign == 1 else "credit"
    paths: list[tuple[str, object]] = [
        (amount, line.net), ("tax", line.tax), ("tax_amount", line.tax_amount)
    ]  # fmt: skip
    if isinstance(line.account, AccountExpr) and line.account.by != "table":
        paths.append(("account", line.account.path))
    if isinstance(line.describe, TextExpr):
        paths += (("describe", part) for part in line.describe.parts)
    for key, path in paths:
        if isinstance(path, PathExpr) and (lacks := _may_lack(path, kind, guards)) is not None:
            yield key, lacks


def _may_lack(path: PathExpr, kind: Kind, guards: Guards) -> str | None:
    """The part of a path that may be missing."""
    if path.base not in ("transaction", "item"):
        return None
    record: FieldType = kind.record
    if path.base == "item":
        return None if not path.steps else _item_lack(path, kind, guards)
    for index, step in enumerate(path.steps):
        if not isinstance(record, RecordType):
            return None
        so_far = ".".join(path.steps[: index + 1])
        if step in record.optional and so_far not in guards:
            return so_far
        inner = record.field(step)
        if inner is None:
            return None
        record = inner
    return None


def _item_lack(path: PathExpr, kind: Kind, guards: Guards) -> str | None:
    first = path.steps[0]
    for name, listed in {**kind.record.required, **kind.record.optional}.items():
        if isinstance(listed, ListType) and isinstance(listed.of, RecordType):
            known = listed.of.field(first)
            if known is not None and first in listed.of.optional:
                return None if {first, f"{name}[].{first}"} & guards else first
            if known is not None:
                return None
    return None


def _template(
    env: BodyEnvironment, name: str, names: dict[str, Known], guards: Guards, seen: frozenset[str]
) -> Iterator[Missing]:
    try:
        tree = _parsed(env, name)
    except (TemplateNotFound, TemplateSyntaxError):
        return
    walk = _Walk(names)
    for path, line, read in walk.visit(tree, guards):
        yield Missing(path, name, line, read=read)
    for part, inside in walk.parts:
        if part not in seen:
            yield from _template(env, part, names, inside, seen | {name})


@lru_cache(maxsize=128)
def _parsed(env: BodyEnvironment, name: str) -> nodes.Template:
    assert env.loader is not None
    return env.parse(env.loader.get_source(env, name)[0], name)


class _Walk:
    """Goes through a template with what is known to be there at each place."""

    def __init__(self, names: dict[str, Known]) -> None:
        self.names = dict(names)
        self.parts: list[tuple[str, Guards]] = []

    def visit(
        self, node: Any, guards: Guards, *, tested: bool = False
    ) -> Iterator[tuple[str, int, str]]:
        """Paths that may be missing; one that is only `tested` may be, but not what it is below."""
        if isinstance(node, nodes.Name | nodes.Getattr):
            yield from self._read(node, guards, tested)
        elif isinstance(node, nodes.If | nodes.CondExpr):
            yield from self._if(node, guards, tested)
        elif isinstance(node, nodes.And | nodes.Or):
            yield from self.visit(node.left, guards, tested=True)
            more = _truthy(node.left) if isinstance(node, nodes.And) else _falsy(node.left)
            yield from self.visit(node.right, guards | more, tested=tested)
        elif isinstance(node, nodes.Not | nodes.Test) or (
            isinstance(node, nodes.Filter) and node.name in ("default", "d")
        ):
            yield from self.visit(node.node, guards, tested=True)
        elif isinstance(node, nodes.Filter) and node.name == "together":
            # What is missing is left out of the parts that are written.
            parts = node.node.items if isinstance(node.node, nodes.List) else [node.node]
            for part in parts:
                yield from self.visit(part, guards, tested=True)
        elif isinstance(node, nodes.Compare):
            alike = all(o.op in ("eq", "ne", "in", "notin") for o in node.ops)
            for part in (node.expr, *(o.expr for o in node.ops)):
                yield from self.visit(part, guards, tested=alike)
        elif isinstance(node, nodes.For):
            yield from self.visit(node.iter, guards)
            over = self._known(node.iter)
            if isinstance(node.target, nodes.Name):
                self.names[node.target.name] = (over.items if over else None) or Known()
            for inner in (*node.body, *node.else_):
                yield from self.visit(inner, guards)
        elif isinstance(node, nodes.Include):
            if isinstance(node.template, nodes.Const):
                self.parts.append((str(node.template.value), guards))
        else:
            for child in node.iter_child_nodes():
                yield from self.visit(child, guards)

    def _if(self, node: Any, guards: Guards, tested: bool) -> Iterator[tuple[str, int, str]]:
        yield from self.visit(node.test, guards, tested=True)
        yes, no = guards | _truthy(node.test), guards | _falsy(node.test)
        if isinstance(node, nodes.CondExpr):
            yield from self.visit(node.expr1, yes, tested=tested)
            if node.expr2 is not None:
                yield from self.visit(node.expr2, no, tested=tested)
            return
        for part in node.body:
            yield from self.visit(part, yes)
        for part in (*node.elif_, *node.else_):
            yield from self.visit(part, no)

    def _read(self, node: Any, guards: Guards, tested: bool) -> Iterator[tuple[str, int, str]]:
        path = _dotted(node)
        if path is None:
            yield from self.visit(node.node, guards)
            return
        known = self.names.get(path.split(".")[0])
        steps = path.split(".")
        for index in range(len(steps)):
            if known is None:
                return
            so_far = ".".join(steps[: index + 1])
            last = index == len(steps) - 1
            if known.maybe and so_far not in guards and not (last and tested):
                yield so_far, node.lineno, path
                return
            known = known.below.get(steps[index + 1]) if not last else None

    def _known(self, node: Any) -> Known | None:
        path = _dotted(node)
        if path is None:
            return None
        steps = path.split(".")
        known = self.names.get(steps[0])
        for step in steps[1:]:
            known = known.below.get(step) if known is not None else None
        return known


def _dotted(node: Any) -> str | None:
    if isinstance(node, nodes.Name):
        return str(node.name)
    if isinstance(node, nodes.Getattr):
        above = _dotted(node.node)
        return f"{above}.{node.attr}" if above else None
    return None


def _truthy(node: Any) -> Guards:
    """What is there when a test holds."""
    path = _dotted(node)
    if path is not None:
        return _prefixes(path)
    if isinstance(node, nodes.And):
        return _truthy(node.left) | _truthy(node.right)
    if isinstance(node, nodes.Or):
        return _truthy(node.left) & _truthy(node.right)
    if isinstance(node, nodes.Not):
        return _falsy(node.node)
    if isinstance(node, nodes.Compare) and [o.op for o in node.ops] == ["eq"]:
        return _truthy(node.expr) if isinstance(node.ops[0].expr, nodes.Const) else frozenset()
    return frozenset()


def _falsy(node: Any) -> Guards:
    """What is there when a test does not hold."""
    if isinstance(node, nodes.Not):
        return _truthy(node.node)
    if isinstance(node, nodes.Or):
        return _falsy(node.left) | _falsy(node.right)
    if isinstance(node, nodes.Test) and node.name == "none":
        return _truthy(node.node)
    return frozenset()
