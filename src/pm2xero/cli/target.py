"""Options of every command that opens the outbox and Xero."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.call_log import call_log, log_options

Command = Callable[..., Any]


def target_options(command: Command) -> Command:
    """--org, --region, --pack, --db, --xero-url, --sandbox."""
    for option in (
        click.option(
            "--sandbox", "sandbox", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
            help="Use the embedded Xero organisation, in this file.  [default: for a firm that is "
            "not connected, sandbox.sqlite3 beside ORG]",
        ),
        click.option(
            "--xero-url", metavar="URL", envvar="PM2XERO_URL",
            help="Base URL of the API.  [default: where the firm is connected, else the embedded "
            "organisation]",
        ),
        click.option(
            "--db", "database", metavar="URL", envvar="PM2XERO_DB",
            help="The outbox: a file, or a PostgreSQL URL.  [default: outbox.sqlite3 beside ORG]",
        ),
    ):  # fmt: skip
        command = option(command)
    return common.firm_options(command)


def calling_options(command: Command) -> Command:
    """The same, and --log and --log-format: of a command that calls Xero."""
    return target_options(log_options(command))


def target(
    organisation: Path, region: str | None, packs: tuple[Path, ...], database: str | None,
    xero_url: str | None, sandbox: Path | None, log: Path | None = None,
    log_format: str | None = None,
) -> Any:  # fmt: skip
    """The target that the options describe."""
    from pm2xero.target import Target

    watcher = call_log(log, log_format)
    return Target(organisation, region, packs, database, xero_url, sandbox, watcher)
