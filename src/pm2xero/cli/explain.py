"""`pm2xero explain`: how one transaction was decided, and where each value came from."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.pipeline import Pipeline, Result


@click.command(
    "explain",
    epilog="""\b
Examples:
  pm2xero explain AU-0011 month.jsonl --org firm/organisation.yaml
  pm2xero explain AU-0011 month.jsonl --org firm/organisation.yaml --format json
  pm2xero explain AU-0011 --from-outbox --org firm/organisation.yaml  (as it was decided then)""",
)
@click.argument("id", metavar="ID")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@common.firm_options
@common.format_option
@click.option("--all", "show_all", is_flag=True, help="Show rules that did not apply in full, too.")
@click.option("--from-outbox", is_flag=True,
              help="Tell from the outbox why it was decided as it was, each time, and what was "
              "sent of it; no input is read.")  # fmt: skip
@click.option(
    "--db",
    "database",
    metavar="URL",
    envvar="PM2XERO_DB",
    help="With --from-outbox: the outbox.  [default: outbox.sqlite3 beside ORG]",
)
@common.reports_faults
def command(
    id: str, inputs: tuple[str, ...], organisation: Path, region: str | None,
    packs: tuple[Path, ...], form: str, show_all: bool, from_outbox: bool, database: str | None,
) -> None:  # fmt: skip
    """Show how the transaction ID was decided, and where each value of its bodies came from.

    All documents before it in the input are decided too, since what they did may matter; what was
    sent earlier is not known here (`plan` knows it). When the id stands
    in the input several times, each is shown.
    """
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.read.transaction import Malformed

    if from_outbox == bool(inputs):
        raise click.UsageError("name the INPUT that it stands in, or say --from-outbox")
    if from_outbox:
        _from_outbox(id, organisation, region, packs, database, form)
    pipeline = common.load(organisation, region, packs)
    seen: list[str] = []
    found = 0
    with common.opened(inputs) as sources:
        for ordinal, record in pipeline.order(sources):
            tx = pipeline.read(record)
            decision = pipeline.decider.decide(tx, pipeline.state)
            if tx.id == id:
                found += 1
                from pm2xero.pipeline import Result

                result = Result(ordinal, tx, decision)
                _show(pipeline, result, form, show_all)
            elif len(seen) < 100_000:
                seen.append(tx.id)
            pipeline.decider.apply(tx, decision, pipeline.state)
            if isinstance(tx, Malformed):
                continue
    if not found:
        hint = did_you_mean(id, seen)
        raise UsageError(Finding("PU902", f'no document in the input has the id "{id}"', hint=hint))
    common.say_without_outbox(organisation)
    sys.exit(common.OK)


def _from_outbox(
    id: str, organisation: Path, region: str | None, packs: tuple[Path, ...], database: str | None,
    form: str,
) -> NoReturn:  # fmt: skip
    """Tell what the outbox knows of one document, and end."""
    import json

    from pm2xero.cli.people import check_known
    from pm2xero.cli.target import target
    from pm2xero.connection import decided_by, now
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.history.own_outbox import open_outbox
    from pm2xero.report.decision_record import gather, print_record
    from pm2xero.report.text import console

    place = target(organisation, region, packs, database, None, None)
    firm = load_organisation(organisation, region)
    with open_outbox(firm, place.require_outbox(), now) as outbox:
        check_known(outbox, id)
        told = gather(outbox, id, decided_by(firm, organisation, packs))
    if form == "json":
        click.echo(json.dumps(told.as_json(), default=str))
    else:
        print_record(console(sys.stdout, common.use_colour(sys.stdout)), told)
    sys.exit(common.OK)


def _show(pipeline: Pipeline, result: Result, form: str, show_all: bool) -> None:
    from pm2xero.decide.explain import candidates
    from pm2xero.read.transaction import Transaction
    from pm2xero.render.trace import trace

    tx, decision = result.transaction, result.decision
    rules: list[Any] = []
    requests: list[Any] = []
    if isinstance(tx, Transaction):
        rules = candidates(pipeline.decider, tx, pipeline.state)
        if decision.outcome == "post":
            decision, made = pipeline.render(tx, decision)
            if made:
                requests = trace(pipeline.decider, tx, decision.mapping or "", pipeline.state)
    if form == "json":
        from pm2xero.cli.run import json_line, to_stdout

        value = decision.as_json()
        value["at"] = {"source": tx.source, "line": tx.line}
        value["rules"] = [asdict(r) for r in rules]
        value["requests"] = [
            r.as_json() | {"fields": [asdict(f) for f in fields]} for r, fields in requests
        ]
        to_stdout(json_line(value))
        sys.stdout.flush()
        return
    from pm2xero.report.explanation import print_explanation
    from pm2xero.report.text import console

    out = console(sys.stdout, common.use_colour(sys.stdout))
    print_explanation(out, f"{tx.source}:{tx.line}", decision, rules, requests, show_all=show_all)
