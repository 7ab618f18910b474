"""Databases of their own for each test, as the outbox has them."""

from __future__ import annotations

from tests.outbox.conftest import postgresql, prepared, url

__all__ = ["postgresql", "prepared", "url"]
