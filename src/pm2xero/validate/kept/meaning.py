"""A value of the typed model as text, without where in a file it was written.

What two packs mean is the same where these texts are the same, however their lines have moved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from typing import Any

from pm2xero.errors import Position
from pm2xero.validate.kept.digests import CannotTellError

# A longer text of an object is told by its digest: types of fields stand in hundreds of places.
_LONG = 100


def meaning(value: Any, without: Collection[str] = ()) -> str:
    """The text of a value; a part that is long is told by its digest.

    Args:
        without: names of attributes that do not matter, wherever they stand.

    Raises:
        CannotTellError: something in it has no text that says all of it.
    """
    return Meaning(without).of(value)


class Meaning:
    """Texts of values, as `meaning` makes them; an object in several places is looked at once."""

    def __init__(self, without: Collection[str] = ()) -> None:
        self._without = frozenset(without)
        # With the object, which so keeps its identity.
        self._known: dict[int, tuple[object, str]] = {}
        self._names: dict[type, tuple[str, ...]] = {}

    def of(self, value: Any) -> str:
        """The text of a value.

        Raises:
            CannotTellError: something in it has no text that says all of it.
        """
        kind = type(value)
        if kind is str or value is None or kind is bool or kind is int:
            return repr(value)
        if kind is Position:
            return "@"
        if isinstance(value, Enum):
            return f"{kind.__name__}.{value.name}"
        if isinstance(value, str | Decimal | date | PurePath):
            return repr(value)
        if is_dataclass(value):
            return self._object(value)
        if isinstance(value, Mapping):
            return f"{{{','.join(f'{self.of(k)}:{self.of(v)}' for k, v in value.items())}}}"
        if isinstance(value, list | tuple):
            return f"[{','.join(map(self.of, value))}]"
        if isinstance(value, set | frozenset):
            return f"<{','.join(sorted(map(self.of, value)))}>"
        raise CannotTellError(f"a {kind.__name__} has no text that says all of it")

    def _object(self, value: Any) -> str:
        known = self._known.get(id(value))
        if known is not None:
            return known[1]
        kind = type(value)
        names = self._names.get(kind)
        if names is None:
            names = tuple(f.name for f in fields(value) if f.name not in self._without)
            self._names[kind] = names
        inner = ",".join([f"{name}={self.of(getattr(value, name))}" for name in names])
        text = f"{kind.__name__}({inner})"
        if len(text) > _LONG:
            digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
            text = f"{kind.__name__}#{digest}"
        self._known[id(value)] = (value, text)
        return text
