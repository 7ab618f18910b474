"""A fresh world in memory for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.xero_world import World


@pytest.fixture
def world() -> Iterator[World]:
    opened = World()
    yield opened
    opened.close()
