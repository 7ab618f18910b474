"""A fresh world in memory for each test."""

from __future__ import annotations

from tests.send.conftest import world

__all__ = ["world"]
