"""A value of the typed model as text, without where in a file it was written.

What two packs mean is the same where these texts are the same, however their lines have moved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any

from pm2xero.errors import Position
from pm2xero.validate.kept.digests import CannotTellError


def meaning(value: Any, without: Collection[str] = ()) -> str:
    """The text of a value.

    Args:
        without: names of attributes that do not matter, wherever they stand.

    Raises:
        CannotTellError: something in it has no text that says all of it.
    """
    parts: list[str] = []
    _write(value, frozenset(without), parts)
    return "".join(parts)


def _write(value: Any, without: frozenset[str], parts: list[str]) -> None:
    if isinstance(value, Position):
        parts.append("@")
    elif isinstance(value, Enum):
        parts.append(f"{type(value).__name__}.{value.name}")
    elif value is None or isinstance(value, bool | int | str | Decimal | date | PurePath):
        parts.append(repr(value))
    elif is_dataclass(value):
        parts.append(f"{type(value).__name__}(")
        for field in fields(value):
            if field.name not in without:
                parts.append(f"{field.name}=")
                _write(getattr(value, field.name), without, parts)
                parts.append(",")
        parts.append(")")
    elif isinstance(value, Mapping):
        parts.append("{")
        for key, inner in value.items():
            _write(key, without, parts)
            parts.append(":")
            _write(inner, without, parts)
            parts.append(",")
        parts.append("}")
    elif isinstance(value, list | tuple):
        parts.append("[")
        for inner in value:
            _write(inner, without, parts)
            parts.append(",")
        parts.append("]")
    elif isinstance(value, set | frozenset):
        parts.append(f"<{','.join(sorted(meaning(i, without) for i in value))}>")
    else:
        raise CannotTellError(f"a {type(value).__name__} has no text that says all of it")
