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

MAX_NODES = 200_000
MAX_DEPTH = 60

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+\Z")
_NULLS = frozenset(("", "~", "null"))
_BOOLEANS = {"true": True, "false": False}


class SourceMap(dict[str, Any]):
    """A mapping whose keys and values know their places."""

    __slots__ = ("at", "key_at", "value_at")

    def __init__(self, at: Position) -> None:
        super().__init__()
        self.at = at
        self.key_at: dict[str, Position] = {}
        self.value_at: dict[str, Position] = {}

    def put(self, key: str, value: Any, key_at: Position, value_at: Position) -> None:
        """Set a key together with the places of the key and of its value."""
        self[key] = value
        self.key_at[key] = key_at
        self.value_at[key] = value_at

    def copy(self) -> SourceMap:
        """A shallow copy that keeps the places."""
        new = SourceMap(self.at)
        new.update(self)
        new.key_at.update(self.key_at)
        new.value_at.update(self.value_at)
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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PackError(Finding("PX100", "there is no such file", Position(name))) from None
    except UnicodeDecodeError as exc:
        raise PackError(
            Finding("PX101", f"the file is not UTF-8 text (byte {exc.start})", Position(name))
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
        raise PackError(_syntax_finding(exc, name)) from None
    except yaml.YAMLError as exc:
        message = str(exc).splitlines()[0]
        raise PackError(Finding("PX101", f"this is not YAML: {message}", Position(name))) from None
    finally:
        loader.dispose()
    if node is None:
        return SourceMap(Position(name))
    builder = _Builder(name)
    value = builder.build(node)
    if builder.findings:
        raise PackError(*builder.findings)
    return value


def _syntax_finding(exc: yaml.MarkedYAMLError, name: str) -> Finding:
    mark = exc.problem_mark or exc.context_mark
    at = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name)
    problem = (exc.problem or "this is not YAML").strip()
    hint = None
    if "mapping values are not allowed" in problem:
        problem = "a second colon on this line makes the text look like another key"
        hint = "put the whole text in quotes"
    elif "found character '\\t'" in problem or "found character that cannot start" in problem:
        problem = "this character cannot start a value here"
        hint = "indent with spaces, not tabs, and quote text that starts with @, %, ` or {{"
    elif "could not find expected ':'" in problem:
        problem = "a key without a colon"
        hint = "write it as `key: value`"
    elif "expected <block end>" in problem:
        problem = "the indentation does not fit the lines above"
        hint = "keys of one mapping start in the same column"
    related: tuple[tuple[Position, str], ...] = ()
    if exc.context_mark and mark and exc.context_mark.line != mark.line:
        where = Position(name, exc.context_mark.line + 1, exc.context_mark.column + 1)
        related = ((where, exc.context or "started here"),)
    return Finding("PX101", problem, at, hint=hint, related=related)


class _Builder:
    """Turns composed nodes into values with places, collecting every duplicate key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.nodes = 0

    def build(self, node: yaml.Node, depth: int = 0) -> Any:
        self.nodes += 1
        at = self._at(node)
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            finding = Finding("PX103", "values are nested or repeated by aliases without end", at)
            raise PackError(finding)
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
