"""`pm2xero docs`: the documentation in the browser, from the installed package."""

from __future__ import annotations

from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "docs",
    epilog="""\b
Examples:
  pm2xero docs
  pm2xero docs tutorial.md
  pm2xero docs --no-browser --port 8081
  pm2xero docs --write docs/reference""",
)
@click.argument("page", required=False, metavar="[PAGE]")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True,
    help="Port to serve; 0 picks a free one.",
)  # fmt: skip
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open it at once.")
@click.option(
    "--write", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write the pages of the reference there as Markdown instead, made anew.",
)  # fmt: skip
@common.reports_faults
def command(page: str | None, port: int, browser: bool, folder: Path | None) -> None:
    """Show the documentation in the browser until interrupted; no network is needed."""
    if folder is not None:
        _write(folder)
        return
    import uvicorn

    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.reference.site import INDEX, app, files

    known = files()
    name = page or INDEX
    if name not in known:
        hint = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise UsageError(Finding("PU922", f'there is no page "{name}"', hint=hint))
    config = uvicorn.Config(app(), host="127.0.0.1", port=port, log_level="warning")
    with config.bind_socket() as socket:
        url = f"http://127.0.0.1:{socket.getsockname()[1]}/{name}"
        click.echo(url)
        if browser:
            click.launch(url)
        uvicorn.Server(config).run(sockets=[socket])


def _write(folder: Path) -> None:
    from pm2xero.cli.main import cli
    from pm2xero.files import write_edited
    from pm2xero.reference.pages import pages

    folder.mkdir(parents=True, exist_ok=True)
    for name, made in pages(cli).items():
        write_edited(folder / name, made())
        click.echo(f"wrote {folder / name}")
