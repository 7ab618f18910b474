"""`pm2xero doctor`: what is assumed of Xero, and what a live organisation says of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.call_log import call_log, log_options


@click.command(
    "doctor",
    epilog="""\b
Examples:
  pm2xero doctor
  pm2xero doctor --live --org demo/organisation.yaml --out doctor.txt
  pm2xero doctor --live --org demo/organisation.yaml --only 25 --only 28 --format json""",
)
@click.option("--live", is_flag=True,
              help="Make the checks in the connected organisation, which must be Xero's demo "
              "company, and take back what they made.")  # fmt: skip
@click.option("--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
              help="With --live: the firm's file that is pinned to the demo company.")  # fmt: skip
@click.option("--region", metavar="NAME", help="Region layer, instead of the firm's own.")
@click.option("--xero-url", metavar="URL", envvar="PM2XERO_URL",
              help="Base URL of the API.  [default: where the firm is connected, else "
              "Xero]")  # fmt: skip
@click.option(
    "--any-organisation",
    is_flag=True,
    help="Check in an organisation that is no demo company, too.",
)
@click.option("--only", type=int, multiple=True, metavar="NUMBER",
              help="Only the check of this number (repeatable).")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Keep the report in a file, too.")  # fmt: skip
@common.format_option
@log_options
@common.reports_faults
def command(
    live: bool, organisation: Path | None, region: str | None, xero_url: str | None,
    any_organisation: bool, only: tuple[int, ...], out: Path | None, form: str,
    log: Path | None, log_format: str | None,
) -> None:  # fmt: skip
    """List every fact of Xero that nobody has verified, with its numbered check; or make them.

    Each fact has its source, its check, and the parts of the product that depend on it. With
    --live what the API can answer is asked, in a demo company: everything that is made there bears
    a mark and is voided, deleted or archived in the end. Ctrl-C or SIGTERM end
    the checks: what was made is taken back, and the report that there is is written. Exit code 1:
    something is otherwise than assumed, could not be asked, or was left behind.
    """
    from pm2xero.doctor.facts import load_facts

    facts = load_facts()
    unknown = sorted({*only} - {fact.number for fact in facts})
    if unknown:
        raise click.UsageError(f"there is no check {unknown[0]}")
    if only:
        facts = tuple(fact for fact in facts if fact.number in only)
    if not live:
        from pm2xero.report.doctor import print_facts

        _tell(form, out, _listed(facts), lambda shown: print_facts(shown, facts))
        sys.exit(common.OK)
    if organisation is None:
        raise click.UsageError("--live wants --org, the file that is pinned to the demo company")
    watcher = call_log(log, log_format)
    found = _examine(organisation, region, xero_url, any_organisation, facts, watcher)
    from pm2xero.report.doctor import print_examination

    _tell(form, out, found.as_json(), lambda shown: print_examination(shown, found))
    sys.exit(common.FINDINGS if found.needs_attention else common.OK)


def _examine(
    organisation: Path, region: str | None, xero_url: str | None, any_one: bool, facts: Any,
    watcher: Any,
) -> Any:  # fmt: skip
    import time
    import uuid

    from pm2xero import __version__
    from pm2xero.connection import asking, check_url, now
    from pm2xero.doctor.run import examine
    from pm2xero.doctor.trial import require_demo
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.send.caller import Caller
    from pm2xero.signin.session import connected_url, signed_in
    from pm2xero.xero.budget import Budget, CallLimits
    from pm2xero.xero.client import BASE_URL
    from pm2xero.xero.drift import check_same
    from pm2xero.xero.errors import load_errors

    firm = load_organisation(organisation, region)
    if xero_url is not None:
        check_url(xero_url)
    url = xero_url or connected_url(firm, organisation.parent) or BASE_URL
    with signed_in(url, firm, organisation.parent, now, watcher) as client:
        ask = asking(client)
        check_same(ask, firm)
        answer = ask("/Organisation", {})
        there = (answer.json or {})["Organisations"][0]
        require_demo(there, any_one=any_one)
        caller = Caller(
            client, Budget(CallLimits(), now), load_errors(), lambda: None, now, time.sleep, 60.0
        )
        mark = f"DR{uuid.uuid4().hex[:8].upper()}"
        click.echo(f"everything that is made bears {mark}, and is taken back in the end", err=True)
        with _stopped_politely() as go_on:

            def on_check(done: int, of: int, fact: Any) -> None:
                go_on()
                click.echo(f"check {done + 1} of {of}: {fact.number} {fact.fact}", err=True)

            return examine(caller, there, facts, now, __version__, mark, on_check=on_check)


@contextmanager
def _stopped_politely() -> Iterator[Callable[[], None]]:
    """SIGTERM ends this as Ctrl-C does: what was made is taken back.

    What is handed on ends it, too: an interrupt that came where Python drops it (in a callback of
    its own, as while a module is imported) is heard then.
    """
    import signal
    import threading

    asked: list[int] = []

    def go_on() -> None:
        if asked:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield go_on
        return

    def stop(number: int, frame: Any) -> None:
        asked.append(number)
        click.echo("stopping: what was made is taken back first; once more to leave it", err=True)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield go_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listed(facts: Any) -> list[dict[str, Any]]:
    import msgspec

    return [msgspec.to_builtins(fact) for fact in facts]


def _tell(form: str, out: Path | None, value: Any, show: Any) -> None:
    """The report on standard output, and the same in a file."""
    import io

    from pm2xero.report.text import console

    if form == "json":
        text = json.dumps(value, indent=1, default=str) + "\n"
        click.echo(text, nl=False)
    else:
        show(console(sys.stdout, common.use_colour(sys.stdout)))
        kept = io.StringIO()
        show(console(kept, False))
        text = kept.getvalue()
    if out is not None:
        common.write_file(out, text)
