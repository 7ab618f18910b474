"""Compiles the functions that are written for conditions and readers, each source once.

Firms and regions share most of their rules, so the same source comes again and again.
"""

from __future__ import annotations

from functools import lru_cache
from types import CodeType


@lru_cache(maxsize=8192)
def code_of(source: str, name: str) -> CodeType:
    """The code of a source; `name` stands in tracebacks in the place of a file."""
    return compile(source, name, "exec")
