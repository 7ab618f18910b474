"""What a look at Xero found, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from pm2xero.push.recover import Place, Recovered, Recovery

_FEW = 10


def print_recovery(out: Console, recovery: Recovery) -> None:
    """What Xero has, what it has not got, and at what a person must look."""
    there = recovery.at(Place.IN_XERO)
    if not recovery.found:
        out.print("nothing waits to be sent, so there is nothing to look up")
    if there:
        out.print(f"{_count(there)} in Xero already; taken over, and not sent again")
        for item in there[:_FEW]:
            out.print(Text(f"  {item.request}  {item.xero_id or ''}".rstrip()))
        if len(there) > _FEW:
            out.print(f"  … and {len(there) - _FEW} more (--format json has all of them)")
    absent = recovery.at(Place.ABSENT)
    if absent:
        out.print(f"{_count(absent)} not in Xero; the next push sends what is to be sent")
    person = recovery.at(Place.PERSON)
    if person:
        out.print(Text(f"{_count(person)} for a person to look at:", style="yellow"))
        for item in person:
            out.print(Text(f"  {item.request}: {item.why or 'nobody knows'}", style="yellow"))
    attention = recovery.intake.summary.attention
    if attention:
        noun = "document needs" if attention == 1 else "documents need"
        out.print(Text(f"{attention} {noun} attention; `pm2xero status` says why", style="yellow"))
    if recovery.sent.stopped:
        out.print(Text(f"not all could be looked up: {recovery.sent.stopped}", style="red"))


def _count(found: Sequence[Recovered]) -> str:
    return f"{len(found)} request is" if len(found) == 1 else f"{len(found)} requests are"
