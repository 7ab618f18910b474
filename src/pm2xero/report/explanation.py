"""The explanation of one decision as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.decide.decision import Decision
from pm2xero.decide.explain import Candidate
from pm2xero.render.request import Request
from pm2xero.render.trace import TracedField
from pm2xero.report.text import STYLES, print_decision, print_row


def print_explanation(
    out: Console, where: str, decision: Decision, rules: list[Candidate],
    requests: list[tuple[Request, list[TracedField]]], *, show_all: bool,
) -> None:  # fmt: skip
    """The decision, then the rules that were candidates, then each request field by field."""
    out.print(Text(where, style="dim"))
    print_decision(out, decision)
    if rules:
        applied = [r for r in rules if r.applies]
        out.print()
        out.print(Text(f"rules: {len(rules)} candidates, {len(applied)} apply", style="bold"))
        for rule in rules:
            _print_rule(out, rule, full=rule.applies or show_all)
        if not show_all:
            out.print(Text("  (--all shows every test of the rules that do not apply)", "dim"))
    for request, fields in requests:
        out.print()
        out.print(Text(f"{request.method} {request.path}  {request.id}", style="bold"))
        for need in request.needs:
            out.print(f"  needs {need}")
        width = max((len(f.field) for f in fields), default=0)
        for field in fields:
            _print_field(out, field, min(width, 34))


def _print_rule(out: Console, rule: Candidate, *, full: bool) -> None:
    mark = "applies" if rule.applies else "no     "
    line = Text(f"  {mark}  ", style=STYLES.get(rule.outcome, "yellow") if rule.applies else "dim")
    line.append(f"{rule.outcome:<7} {rule.rule}  ")
    line.append(rule.at, style="dim")
    if not full and rule.tests:
        failed = next((t for t in rule.tests if not t.held), rule.tests[0])
        values = ", ".join(f"{n} is {v}" for n, v in failed.values)
        line.append(f"  ({values})" if values else "", style="dim")
    print_row(out, line, 11)
    if not full:
        return
    for test in rule.tests:
        sign = "true " if test.held else "false"
        text = Text(f"{sign}  {test.text}")
        out.print(Padding(text, (0, 0, 0, 11), expand=False))
        for name, value in test.values:
            shown = Text(f"       {name} = {value}", style="dim")
            out.print(Padding(shown, (0, 0, 0, 11), expand=False))


def _print_field(out: Console, field: TracedField, width: int) -> None:
    line = Text(f"  {field.field:<{width}}  {field.value}")
    print_row(out, line, 6)
    made = f"{field.made_by}  {field.at}"
    if field.origin:
        made += f"  ← {field.origin}"
    print_row(out, Text(f"  {'':<{width}}    {made}", style="dim"), 6)
