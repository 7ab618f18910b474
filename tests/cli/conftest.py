"""Runs the command line in this process, as a user would call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pm2xero.cli.main import cli

EXAMPLES = Path(__file__).parents[2] / "examples"

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def call(*args: str | Path, input: str | bytes | None = None) -> Result:
        return CliRunner().invoke(cli, [str(a) for a in args], input=input, prog_name="pm2xero")

    return call


@pytest.fixture
def firm() -> Path:
    return EXAMPLES / "au" / "organisation.yaml"


@pytest.fixture
def month() -> Path:
    return EXAMPLES / "au" / "month.jsonl"
