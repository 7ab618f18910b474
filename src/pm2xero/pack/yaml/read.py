"""YAML that remembers where every key and value stands.

YAML 1.2 habits on top of PyYAML: only `true` and `false` are booleans, so `NO`, `on` and `yes`
stay text, as does `0123`; numbers with a point become `Decimal`; dates stay text until a schema
gives them a type; duplicate keys are faults; aliases are bounded.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import yaml

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.yaml.syntax_errors import syntax_finding

MAX_NODES = 200_000
MAX_DEPTH = 60

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+\Z")
_NULLS = frozenset(("", "~", "null"))
_BOOLEANS = {"true": True, "false": False}


class SourceMap(dict[str, Any]):
    """A mapping whose keys and values know their places."""

    __slots__ = ("at", "key_at", "text_at", "value_at")

    def __init__(self, at: Position) -> None:
        super().__init__()
        self.at = at
        self.key_at: dict[str, Position] = {}
        self.value_at: dict[str, Position] = {}
        # Where the first character of a text stands, if the text is written on one line as it is.
        self.text_at: dict[str, Position] = {}

    def put(self, key: str, value: Any, key_at: Position, value_at: Position) -> None:
        """Set a key together with the places of the key and of its value."""
        self[key] = value
        self.key_at[key] = key_at
        self.value_at[key] = value_at
        self.text_at.pop(key, None)

    def copy(self) -> SourceMap:
        """A shallow copy that keeps the places."""
        new = SourceMap(self.at)
        new.update(self)
        new.key_at.update(self.key_at)
        new.value_at.update(self.value_at)
        new.text_at.update(self.text_at)
        return new


class SourceList(list[Any]):
    """A list whose items know their places."""

    __slots__ = ("at", "item_at")

    def __init__(self, at: Position) -> None:
        super().__init__()
        self.at = at
        self.item_at: list[Position] = []


def place_of(root: Any, path: list[str | int], *, of_key: bool = False) -> Position:
    """The place of the value (or key) at a path of keys and indexes below `root`."""
    at = cast(Position, root.at)
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(root, SourceMap) and step in root:
            at = root.key_at[str(step)] if last and of_key else root.value_at[str(step)]
            root = root[str(step)]
        elif isinstance(root, SourceList) and isinstance(step, int) and step < len(root):
            at = root.item_at[step]
            root = root[step]
        else:
            break
    return at


def read_yaml(path: Path, shown_as: str | None = None) -> Any:
    """Read one YAML file into `SourceMap`, `SourceList` and plain scalars.

    Raises:
        PackError: the file is missing or no YAML (PX101), a key stands twice (PX102), or the
            aliases unfold to too much (PX103). All duplicate keys of a file are told at once.
    """
    name = shown_as or str(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise PackError(Finding("PX100", "there is no such file", Position(name))) from None
    except UnicodeDecodeError as exc:
        before = exc.object[: exc.start].decode("utf-8", "replace")
        at = Position(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise PackError(
            Finding("PX101", "the file is not UTF-8 text", at, hint="save it as UTF-8")
        ) from None
    except OSError as exc:
        raise PackError(
            Finding("PX100", f"the file cannot be read: {exc.strerror}", Position(name))
        ) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Any:
    """Parse YAML text; `name` is the file name shown in messages. Raises as `read_yaml`."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as exc:
        raise PackError(syntax_finding(exc, name, text.splitlines())) from None
    except RecursionError:
        raise PackError(_too_deep(Position(name))) from None
    except yaml.YAMLError as exc:
        message = str(exc).splitlines()[0]
        raise PackError(Finding("PX101", f"this is not YAML: {message}", Position(name))) from None
    finally:
        loader.dispose()
    if node is None:
        return SourceMap(Position(name))
    builder = _Builder(name)
    try:
        builder.measure(node, {})
    except RecursionError:
        raise PackError(_too_deep(Position(name))) from None
    value = builder.build(node)
    if builder.findings:
        raise PackError(*builder.findings)
    return value


def _too_deep(at: Position) -> Finding:
    message = f"values are nested more than {MAX_DEPTH} deep, or an alias holds itself"
    return Finding("PX103", message, at)


class _Builder:
    """Turns composed nodes into values with places, collecting every duplicate key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []

    def measure(self, node: yaml.Node, sizes: dict[int, int]) -> int:
        """How many values a node unfolds to; each is looked at once, however often it is named.

        Raises:
            PackError: PX103 at the innermost value that unfolds to too many.
        """
        known = sizes.get(id(node))
        if known is not None:
            return known
        size = sizes[id(node)] = 1  # An alias that holds itself is told when values are built.
        if isinstance(node, yaml.MappingNode):
            size += sum(self.measure(value, sizes) for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            size += sum(self.measure(value, sizes) for value in node.value)
        if size > MAX_NODES:
            message = f"the aliases of this file unfold to more than {MAX_NODES:,} values"
            raise PackError(Finding("PX103", message, self._at(node)))
        sizes[id(node)] = size
        return size

    def build(self, node: yaml.Node, depth: int = 0) -> Any:
        at = self._at(node)
        if depth > MAX_DEPTH:
            raise PackError(_too_deep(at))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at, depth + 1)
        if isinstance(node, yaml.SequenceNode):
            result = SourceList(at)
            for child in node.value:
                result.append(self.build(child, depth + 1))
                result.item_at.append(self._at(child))
            return result
        return _scalar(cast(yaml.ScalarNode, node))

    def _mapping(self, node: yaml.MappingNode, at: Position, depth: int) -> SourceMap:
        result = SourceMap(at)
        for key_node, value_node in node.value:
            key_at = self._at(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.findings.append(Finding("PX101", "a key must be one plain word", key_at))
                continue
            key = str(key_node.value)
            if key in result:
                self.findings.append(
                    Finding(
                        "PX102",
                        f'the key "{key}" stands twice in one mapping',
                        key_at,
                        hint="keep one of them; YAML would silently take the last",
                        width=len(key),
                        related=((result.key_at[key], "first here"),),
                    )
                )
                continue
            result.put(key, self.build(value_node, depth), key_at, self._at(value_node))
            if isinstance(value_node, yaml.ScalarNode):
                start, end = value_node.start_mark, value_node.end_mark
                around = end.column - start.column - len(value_node.value)
                if start.line == end.line and around in (0, 2):
                    line, column = start.line + 1, start.column + 1 + around // 2
                    result.text_at[key] = Position(self.name, line, column)
        return result

    def _at(self, node: yaml.Node) -> Position:
        mark = node.start_mark
        return Position(self.name, mark.line + 1, mark.column + 1)


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return Decimal(text)
    return text
