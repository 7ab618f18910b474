"""`pm2xero release`: let a document through that a rule holds until a person has looked at it."""

from __future__ import annotations

from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.people import who_option
from pm2xero.cli.target import target, target_options
from pm2xero.errors import Finding, UsageError


@click.command(
    "release",
    epilog="""\b
Example:
  pm2xero release AU-0042 --reason "checked with the partner" --org firm/organisation.yaml

Only a rule that says `may_release: person` lets go; a document that waits for another one goes
on by itself. What `hold` stopped is sent by `resend`.""",
)
@click.argument("id", metavar="ID")
@click.option("--reason", "why", required=True, help="Why; it is kept in the log.")
@who_option
@target_options
@common.reports_faults
def command(id: str, why: str, who: str, **options: Any) -> None:
    """Let a transaction through that a rule holds; the next push sends it."""
    from pm2xero.cli.people import check_known, no_reason
    from pm2xero.connection import now, process_name
    from pm2xero.history.opening import open_past

    if not why.strip():
        raise no_reason()
    place = target(**options)
    pipeline = common.load(place.organisation, place.region, place.packs)
    url = place.require_outbox()
    with (
        open_past(pipeline, place.organisation, place.packs, url, now) as past,
        past.outbox.writing(process_name()),
    ):
        outbox = past.outbox
        check_known(outbox, id)
        decision = outbox.decided([id])[id]
        if decision.outcome != "hold":
            raise _not_held(id, f"is not held: rules {decision.outcome} it")
        releasable = {r.id for r in pipeline.pack.rules if r.may_release}
        rules = [str(r.get("rule")) for r in decision.reasons if r.get("rule") in releasable]
        if not rules:
            reason = decision.reasons[0]
            raise _not_held(id, f"is held, but by no rule that a person may set aside: "
                                f"{reason.get('message', '')}")  # fmt: skip
        outbox.let_through(id, decision.revision, rules, who, why, now())
        left = [r for r in decision.reasons if r.get("rule") not in releasable]
    common.say(f"released: {id} (revision {decision.revision}); the next push decides it again")
    for reason in left:
        common.say(f"it waits all the same: {reason.get('message', '')}", err=True)


def _not_held(id: str, what: str) -> UsageError:
    return UsageError(
        Finding(
            "PU931",
            f"{id} {what}",
            should_be="a document that a rule with `may_release: person` holds (`status` names "
            "what is held)",
        )
    )
