"""`pm2xero sandbox`: serve an emulated Xero organisation to any client."""

from __future__ import annotations

from pathlib import Path

import click

from pm2xero.cli import common
from pm2xero.sandbox.unkindness import Sort, switches


def _listed(sort: Sort) -> str:
    return "\n".join(f"  {s.name:<24} {s.metadata['says']}" for s in switches(sort))


_SWITCHES = f"""\b
Faults, each with a rate (0.2 when none is said):
{_listed("fault")}

\b
Faults of the sign-in, each with a rate; `all` leaves them out:
{_listed("sign-in")}

\b
Habits, told of but not confirmed; off unless they are named:
{_listed("habit")}

\b
Rules of Xero; on, and NAME=0 switches one off:
{_listed("rule")}"""


@click.command(
    "sandbox",
    epilog=f"""{_SWITCHES}

\b
Examples:
  pm2xero sandbox --org examples/au/organisation.yaml --port 8080
  pm2xero sandbox --org examples/au/organisation.yaml --port 8080 --unkind late=0.3 --seed 7
  pm2xero connect --org examples/au/organisation.yaml --client-id rehearsal \\
    --xero-url http://127.0.0.1:8080/api.xro/2.0
  PM2XERO_CLIENT_ID=x PM2XERO_CLIENT_SECRET=x pm2xero push month.jsonl \\
    --org examples/au/organisation.yaml --xero-url http://127.0.0.1:8080/api.xro/2.0""",
)
@click.option(
    "--org",
    "organisation",
    type=click.Path(path_type=Path),
    metavar="ORG.yaml",
    help="The firm whose Xero organisation is emulated, as its snapshot has it.",
)
@click.option(
    "--xero",
    "snapshot_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A snapshot instead: organisation, accounts, tax rates, perhaps opening balances.",
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
@click.option(
    "--unkind",
    "words",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A fault or a habit of the real one, from the list below; `all` for each.",
)
@click.option(
    "--other",
    "others",
    multiple=True,
    metavar="NAME",
    help="Another organisation of the same user, which can be connected by mistake (repeatable).",
)
@click.option("--seed", default=0, help="Of the chance that faults happen by.")
@common.reports_faults
def command(
    organisation: Path | None,
    snapshot_file: Path | None,
    port: int,
    database: Path | None,
    limits: bool,
    words: tuple[str, ...],
    seed: int,
    others: tuple[str, ...],
) -> None:
    """Serve an emulated Xero organisation on this machine until interrupted.

    Any client id with any secret may sign in.
    """
    # Imported here: a web server is no business of the other commands.
    import uuid
    from dataclasses import replace
    from datetime import UTC, datetime

    import uvicorn

    from pm2xero.firm.organisation import load_organisation
    from pm2xero.sandbox import Limits, Sandbox, Unkindness, load_snapshot

    if (organisation is None) == (snapshot_file is None):
        raise click.UsageError("name the firm with --org, or a snapshot with --xero")
    if organisation is not None:
        snapshot_file = load_organisation(organisation).snapshot_file
    assert snapshot_file is not None, "one of both is given"
    try:
        unkindness = replace(Unkindness().also(words), seed=seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        sandbox = Sandbox.open(
            load_snapshot(snapshot_file),
            path=database or ":memory:",
            clock=lambda: datetime.now(UTC),
            ids=uuid.uuid4,
            limits=Limits.xero() if limits else Limits.none(),
            unkindness=unkindness,
            others={str(uuid.uuid5(uuid.NAMESPACE_DNS, name)): name for name in others},
        )
    except ValueError as error:
        raise click.UsageError(f"{snapshot_file}: {error}") from error
    config = uvicorn.Config(sandbox.app, host="127.0.0.1", port=port, log_level="warning")
    with config.bind_socket() as socket:
        # Whoever reads the address may call at once, so the port takes calls before it is said.
        socket.listen(config.backlog)
        root = f"http://127.0.0.1:{socket.getsockname()[1]}"
        click.echo(f"Xero API       {root}/api.xro/2.0")
        click.echo(f"Token          {root}/connect/token")
        click.echo(f"Tenant         {sandbox.organisation_id}")
        click.echo(f"Refresh token  {sandbox.consent()}")
        click.echo(f"Sign-in        {root}/identity/connect/authorize")
        uvicorn.Server(config).run(sockets=[socket])
    sandbox.close()
