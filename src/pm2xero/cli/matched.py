"""`pm2xero resolve --matched`: confirm in one go what was entered in Xero by hand."""

from __future__ import annotations

import sys
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import target


def confirm_matched(who: str, why: str, yes: bool, options: Any) -> None:
    """Find the pairs, show them, ask once, and confirm each; all of it is logged.

    What a pair may set free goes out with the next push.
    """
    from pm2xero.connection import connect
    from pm2xero.history.opening import OpenedPast
    from pm2xero.push.entered_by_hand import resolve_by_hand
    from pm2xero.reconcile.entered import find_entered
    from pm2xero.report.matched import print_matched
    from pm2xero.report.text import console

    place = target(**options)
    place.require_outbox()
    with connect(place) as connection:
        found = find_entered(connection)
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
        for pair in found.pairs:
            for entry in pair.entries:
                at = connection.clock()
                resolve_by_hand(past, pair.document.id, who, why, at, entry.xero_id)
    word = "document" if len(found.pairs) == 1 else "documents"
    click.echo(f"confirmed: {len(found.pairs)} {word}")
    sys.exit(common.FINDINGS if found.open or found.doubtful else common.OK)
