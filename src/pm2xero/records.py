"""Records that are never changed: frozen for the type checker, cheap to make at run time.

A frozen dataclass sets each field through `object.__setattr__`, which costs five times as much as
setting it. On the way of every document through the program that is most of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=())
def record(cls: type[T]) -> type[T]:
    """A dataclass with slots whose fields the type checker lets nobody change."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
