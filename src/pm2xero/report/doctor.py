"""The facts that nobody has verified, and what a live organisation says of them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.doctor.facts import Fact
from pm2xero.doctor.run import Examination, Verdict
from pm2xero.report.text import print_row
from pm2xero.sentences import counted

_WORDS = {
    Verdict.AS_ASSUMED: ("as assumed", "green"),
    Verdict.OTHERWISE: ("OTHERWISE", "red"),
    Verdict.NOT_TOLD: ("not told", "yellow"),
    Verdict.BY_HAND: ("by hand", "dim"),
}


def print_facts(out: Console, facts: Sequence[Fact]) -> None:
    """Every fact with its number, source, check, and what depends on it."""
    for fact in facts:
        how = "" if fact.live is not None else "  (by hand)"
        print_row(out, Text(f"{fact.number:>3}  {fact.fact}{how}", "bold"), 5)
        for name, text in (
            ("source", fact.source),
            ("check", fact.check.removeprefix("by hand: ")),
            ("depends", ", ".join(fact.depends)),
        ):
            out.print(Padding(Text(f"{name:<8} {text}"), (0, 0, 0, 5), expand=False))
    live = sum(fact.live is not None for fact in facts)
    out.print()
    out.print(
        f"{counted(len(facts), 'fact')} that nobody has verified; {live} can be checked by "
        "`pm2xero doctor --live` on Xero's demo company"
    )


def print_examination(out: Console, found: Examination) -> None:
    """What was seen of each fact, what is left behind, and the sum of it."""
    out.print(Text(f"{found.name} ({found.organisation}, {found.version})", "bold"))
    out.print(Text(f"{found.at:%Y-%m-%d %H:%M} UTC, pm2xero {found.product}", "dim"))
    for told in found.checks:
        if told.verdict is Verdict.BY_HAND:
            continue
        words, style = _WORDS[told.verdict]
        line = Text(f"{told.fact.number:>3}  ")
        line.append(f"{words:<11}", style=style)
        line.append(told.fact.fact)
        print_row(out, line, 16)
        out.print(Padding(Text(f"seen: {told.seen}", "dim"), (0, 0, 0, 16), expand=False))
        if told.verdict is Verdict.OTHERWISE:
            depends = Text(f"depends: {', '.join(told.fact.depends)}", "dim")
            out.print(Padding(depends, (0, 0, 0, 16), expand=False))
    for thing in found.left:
        print_row(out, Text(f"left behind, take it back in Xero: {thing}", "red"))
    if found.stopped:
        print_row(out, Text(f"stopped: {found.stopped}", "red"))
    counts = {v: sum(told.verdict is v for told in found.checks) for v in Verdict}
    out.print()
    out.print(
        ", ".join(f"{counts[v]} {words.lower()}" for v, (words, _) in _WORDS.items())
        + f"; {counted(found.calls, 'call')}"
    )
