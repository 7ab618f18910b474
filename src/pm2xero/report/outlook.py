"""What was seen in Xero before anything was sent, as a person reads it."""

from __future__ import annotations

from datetime import UTC

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.send.look_ahead import Outlook
from pm2xero.sentences import counted

_TOLD = 20


def print_outlook(out: Console, outlook: Outlook) -> None:
    """What others changed since the last push, and what waits, each with its reason and remedy."""
    if outlook.changes:
        out.print()
        head = f"changed in Xero since the last push: {counted(len(outlook.changes), 'document')}"
        out.print(Text(head, style="yellow"))
        for change in outlook.changes[:_TOLD]:
            by = f" by {change.by}" if change.by else ""
            status = f", {change.status} now" if change.status else ""
            when = f"{change.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            _line(out, f"{change.document}  {when}{by}{status}")
        _rest(out, len(outlook.changes))
    if outlook.obstacles:
        out.print()
        requests = counted(len(outlook.obstacles), "request")
        waits = "waits" if len(outlook.obstacles) == 1 else "wait"
        out.print(Text(f"{requests} {waits}, as Xero would refuse what it is there now", "yellow"))
        for obstacle in outlook.obstacles[:_TOLD]:
            _line(out, f"{obstacle.request} ({obstacle.cause})", "bold")
            _line(out, obstacle.message, indent=4)
        _rest(out, len(outlook.obstacles))


def looked(outlook: Outlook) -> str:
    """What the look cost."""
    return f"{counted(outlook.calls, 'call')}, {outlook.received:,} bytes"


def _rest(out: Console, count: int) -> None:
    if count > _TOLD:
        _line(out, f"… and {count - _TOLD:,} more; --format json has them all", "dim")


def _line(out: Console, text: str, style: str = "", *, indent: int = 2) -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
