"""Changes of a document by path: `amount`, `participant.id`, `lines[0].tax`, `lines[+]`."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pm2xero.pack.yaml.suggest import did_you_mean

_STEP = re.compile(r"(?P<name>[A-Za-z_][\w-]*)|\[(?P<index>[0-9]+|\+)\]")
APPEND = "+"

Step = str | int


class PatchError(ValueError):
    """A path that leads nowhere, or a change that changes nothing."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


def plain(value: Any) -> Any:
    """The same value in plain dictionaries and lists, without places."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def steps(path: str) -> list[Step]:
    """A path taken apart.

    Raises:
        PatchError: it is not written as a path.
    """
    found: list[Step] = []
    position = 0
    while position < len(path):
        if found and path[position] == ".":
            position += 1
        match = _STEP.match(path, position)
        if match is None:
            raise PatchError(f'"{path}" is not a path', "write it as in lines[0].tax")
        index = match["index"]
        found.append(match["name"] if index is None else int(index) if index != APPEND else APPEND)
        position = match.end()
    if not found:
        raise PatchError("a path must not be empty")
    return found


def patched(
    document: Mapping[str, Any], changes: Mapping[str, Any], removed: Iterable[str]
) -> dict[str, Any]:
    """A copy of a document with fields set and removed; every change must change something.

    Raises:
        PatchError: a path leads nowhere or a change changes nothing.
    """
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for path, value in changes.items():
        _set(result, path, value)
    for path in removed:
        _remove(result, path)
    return result


def _set(document: dict[str, Any], path: str, value: Any) -> None:
    *way, last = steps(path)
    holder = _holder(document, way, path, make=True)
    if isinstance(holder, list):
        if last == APPEND or last == len(holder):
            holder.append(copy.deepcopy(value))
            return
        if not isinstance(last, int) or last > len(holder):
            raise PatchError(f'"{path}" leads nowhere: the list has {len(holder)} entries')
    elif not isinstance(last, str) or last == APPEND:
        raise PatchError(f'"{path}" leads nowhere: there is no list')
    elif last not in holder:
        holder[last] = copy.deepcopy(value)
        return
    if holder[last] == value and type(holder[last]) is type(value):
        raise PatchError(f'"{path}" changes nothing: the base has that value')
    holder[last] = copy.deepcopy(value)


def _remove(document: dict[str, Any], path: str) -> None:
    *way, last = steps(path)
    holder = _holder(document, way, path, make=False)
    if not _has(holder, last):
        hint = did_you_mean(str(last), holder) if isinstance(holder, dict) else None
        raise PatchError(f'"{path}" removes nothing: the base has no such part', hint)
    del holder[last]


def _holder(document: dict[str, Any], way: list[Step], path: str, *, make: bool) -> Any:
    current: Any = document
    for step in way:
        if _has(current, step):
            current = current[step]
        elif make and isinstance(current, dict) and isinstance(step, str) and step != APPEND:
            current = current.setdefault(step, {})
        else:
            hint = did_you_mean(str(step), current) if isinstance(current, dict) else None
            raise PatchError(f'"{path}" leads nowhere: there is no "{step}"', hint)
    if not isinstance(current, dict | list):
        raise PatchError(f'"{path}" leads nowhere: "{way[-1]}" is a single value')
    return current


def _has(holder: Any, step: Step) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and step in range(len(holder))
