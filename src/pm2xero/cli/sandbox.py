"""`pm2xero sandbox`: serve an emulated Xero organisation to any client."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sandbox")
@click.option(
    "--xero",
    "snapshot_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Snapshot of the Xero side: organisation, accounts, tax rates, perhaps opening balances.",
)
@click.option(
    "--port",
    required=True,
    type=click.IntRange(0, 65535),
    help="Port to serve; 0 picks a free one.",
)
@click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the organisation in this file; in memory when omitted.",
)
@click.option("--limits/--no-limits", default=True, help="Apply Xero's rate limits (default).")
def command(snapshot_file: Path, port: int, database: Path | None, limits: bool) -> None:
    """Serve an emulated Xero organisation on this machine until interrupted.

    Any client id with any secret may sign in.
    """
    # Imported here: a web server is no business of the other commands.
    import uuid
    from datetime import UTC, datetime

    import uvicorn

    from pm2xero.sandbox import Limits, Sandbox, load_snapshot

    try:
        sandbox = Sandbox.open(
            load_snapshot(snapshot_file),
            path=database or ":memory:",
            clock=lambda: datetime.now(UTC),
            ids=uuid.uuid4,
            limits=Limits.xero() if limits else Limits.none(),
        )
    except ValueError as error:
        raise click.UsageError(f"{snapshot_file}: {error}") from error
    config = uvicorn.Config(sandbox.app, host="127.0.0.1", port=port, log_level="warning")
    with config.bind_socket() as socket:
        root = f"http://127.0.0.1:{socket.getsockname()[1]}"
        click.echo(f"Xero API       {root}/api.xro/2.0")
        click.echo(f"Token          {root}/connect/token")
        click.echo(f"Tenant         {sandbox.organisation_id}")
        click.echo(f"Refresh token  {sandbox.consent()}")
        uvicorn.Server(config).run(sockets=[socket])
    sandbox.close()
