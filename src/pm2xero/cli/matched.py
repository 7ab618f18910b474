"""`pm2xero resolve --matched`: confirm in one go what was entered in Xero by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import target

if TYPE_CHECKING:
    from pm2xero.outbox.store import Outbox


def confirm_matched(who: str, why: str, yes: bool, options: Any) -> None:
    """Find the pairs, show them, ask once, and confirm each; all of it is logged.

    What a pair may set free goes out with the next push.
    """
    from pm2xero.connection import connect, process_name
    from pm2xero.history.opening import OpenedPast
    from pm2xero.push.entered_by_hand import resolve_by_hand
    from pm2xero.reconcile.entered import find_entered
    from pm2xero.report.matched import print_matched
    from pm2xero.report.text import console
    from pm2xero.sentences import counted

    place = target(**options)
    place.require_outbox()
    with connect(place) as connection:
        found = find_entered(connection)
        outbox, owner = connection.outbox, process_name()
        before = {pair.document.id: _steps(outbox, pair.document.id) for pair in found.pairs}
        out = console(sys.stdout, common.use_colour(sys.stdout))
        print_matched(out, found)
        if found.pairs and not yes:
            count = len(found.pairs)
            word = "this pair" if count == 1 else f"these {count} pairs"
            if not click.confirm(f"Confirm {word}?", err=True):
                sys.exit(common.FINDINGS)
        past = OpenedPast(
            connection.pipeline, connection.outbox, connection.state, connection.fingerprint
        )
        confirmed = 0
        # Not while a person reads: a push may run meanwhile, and have sent what they confirm.
        with outbox.writing(owner):
            for pair in found.pairs:
                id = pair.document.id
                if _steps(outbox, id) != before[id]:
                    click.echo(f"{id}: a push has dealt with it meanwhile; look again", err=True)
                    continue
                confirmed += 1
                for entry in pair.entries:
                    at = connection.clock()
                    resolve_by_hand(past, id, who, why, at, entry.xero_id, entry.endpoint)
                    outbox.heartbeat(owner)
    click.echo(f"confirmed: {counted(confirmed, 'document')}")
    is_done = confirmed == len(found.pairs) and not found.open and not found.doubtful
    sys.exit(common.OK if is_done else common.FINDINGS)


def _steps(outbox: Outbox, id: str) -> list[tuple[str, int, str, int]]:
    """What is known of the requests of a document."""
    found = outbox.requests(transaction=id)
    return [(r.id, r.revision, r.state, r.attempts) for r in found]
