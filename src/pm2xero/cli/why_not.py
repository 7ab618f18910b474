"""`pm2xero why-not`: what would have to change so that a rule applies to a transaction."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common


@click.command(
    "why-not",
    epilog="""\b
Example:
  pm2xero why-not client_bill AU-0015 month.jsonl --org firm/organisation.yaml""",
)
@click.argument("rule", metavar="RULE")
@click.argument("id", metavar="ID")
@common.input_argument
@common.firm_options
@common.format_option
@common.reports_faults
def command(
    rule: str, id: str, inputs: tuple[str, ...], organisation: Path, region: str | None,
    packs: tuple[Path, ...], form: str,
) -> None:  # fmt: skip
    """Say why RULE does not decide the transaction ID, and what would have to change."""
    from pm2xero.errors import Finding, UsageError
    from pm2xero.prove import why_not
    from pm2xero.read.transaction import Transaction

    pipeline = common.load(organisation, region, packs)
    answers: list[Any] = []
    with common.opened(inputs) as sources:
        for _, record in pipeline.order(sources):
            tx = pipeline.read(record)
            if tx.id == id and isinstance(tx, Transaction):
                firm = pipeline.organisation
                answers.append(why_not(pipeline.pack, firm, rule, tx, pipeline.state))
            decision = pipeline.decider.decide(tx, pipeline.state)
            pipeline.decider.apply(tx, decision, pipeline.state)
    if not answers:
        raise UsageError(Finding("PU902", f'no document in the input has the id "{id}"'))
    for answer in answers:
        if form == "json":
            from pm2xero.cli.run import json_line, to_stdout

            to_stdout(json_line(_as_json(answer)))
        else:
            _print(answer, id)
    sys.exit(common.OK if all(a.applies for a in answers) else common.FINDINGS)


def _as_json(answer: Any) -> dict[str, Any]:
    return {
        "rule": answer.rule.id,
        "at": str(answer.rule.at),
        "applies": answer.applies,
        "for_kind": answer.for_kind,
        "failed": [asdict(t) for t in answer.failed],
        "blocked_by": [r.id for r in answer.blocked_by],
        "changes": [asdict(c) for c in answer.changes],
        "possible": answer.possible,
    }


def _print(answer: Any, id: str) -> None:
    if answer.applies:
        common.say(f"{answer.rule.id} applies to {id}")
        return
    if not answer.for_kind:
        common.say(f"{answer.rule.id} is not for this kind of transaction")
        return
    common.say(f"{answer.rule.id} ({answer.rule.at}) does not decide {id}:")
    for test in answer.failed:
        values = ", ".join(f"{name} is {value}" for name, value in test.values)
        common.say(f"  {test.text}: {values or 'does not hold'}")
    for rule in answer.blocked_by:
        common.say(f"  {rule.id} turns it down first  {rule.at}")
    if answer.changes:
        common.say("the least that would have to change:")
    for change in answer.changes:
        common.say(f"  {change.path}: {change.now} → {change.then}")
    if not answer.possible:
        common.say("no change of the document makes it apply for this firm")
        if answer.elsewhere:
            common.say("a firm with other accounts or settings could")
