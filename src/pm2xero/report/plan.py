"""Plans and pushes as a person reads them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.plan import Plan, TaxTotal
from pm2xero.report.outlook import looked, print_outlook
from pm2xero.report.text import print_decision, print_summary
from pm2xero.sentences import counted

ZERO = Decimal("0.00")
MAY_FORGET = (
    "the outbox is new or an older copy, and Xero may have more than it knows: a push looks up "
    "there whatever it would send, takes over what it finds, and sends the rest; voided documents "
    "are looked for, and never sent"
)


def print_plan(out: Console, plan: Plan, titles: dict[str, str], currency: str) -> None:
    """Documents and money, requests by endpoint, tax, calls against the day, and what waits."""
    _print_attention(out, plan.intake)
    if plan.intake.summary.cells:
        print_summary(out, plan.intake.summary, titles, currency, False)
    if plan.intake.known:
        _print_known(out, plan.intake)
    if plan.intake.newly_posted:
        text = f"{len(plan.intake.newly_posted)} were held or rejected before and would now post: "
        out.print(Text(text + ", ".join(plan.intake.newly_posted[:10]), style="yellow"))
    if plan.unchecked:
        text = (
            f"overdrawn matters cannot be checked: {plan.unchecked} is a trust account, and "
            "opening.trust_balances does not say whose the money in it was"
        )
        out.print(Text(text, style="yellow"))
    if plan.may_forget:
        out.print(Text(MAY_FORGET, style="yellow"))
    out.print()
    if plan.due or plan.notes:
        _print_due(out, plan, currency)
    else:
        out.print("nothing to send")
    _print_waiting(out, plan)
    print_outlook(out, plan.outlook)


def _print_due(out: Console, plan: Plan, currency: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("to send")
    table.add_column("requests", justify="right")
    table.add_column("calls", justify="right")
    for name, (count, calls) in sorted(plan.per_contract.items()):
        verb, endpoint = name.split(".", 1)
        table.add_row(f"{verb.upper()} {endpoint.replace('.', '/')}", f"{count:,}", f"{calls:,}")
    if plan.notes:
        table.add_row("PUT History", f"{plan.notes:,}", f"{plan.notes:,}")
    out.print(table)
    if plan.taxes:
        out.print()
        _print_taxes(out, plan.taxes, currency)
    out.print()
    length = f"about {plan.seconds / 60:,.0f} minutes"
    if plan.seconds < 120:
        length = "less than two minutes"
    out.print(f"needs at least {plan.calls:,} calls of {plan.per_day:,} a day, {length}")
    out.print(f"sends {plan.bytes:,} bytes; before that it looks at Xero: {looked(plan.outlook)}")
    if plan.calls > plan.per_day:
        days = -(-plan.calls // plan.per_day)
        text = f"that is {days} days: a push stops at the day's limit, the next one goes on"
        out.print(Text(text, style="yellow"))


def _print_taxes(out: Console, taxes: tuple[TaxTotal, ...], currency: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column("tax (debits positive)", footer="all")
    table.add_column("documents", justify="right")
    total = sum((t.net for t in taxes), ZERO)
    table.add_column(f"net {currency}", justify="right", footer=f"{total:,.2f}")
    total = sum((t.tax for t in taxes), ZERO)
    table.add_column(f"tax {currency}", justify="right", footer=f"{total:,.2f}")
    for tax in taxes:
        name = tax.name if tax.name == tax.type else f"{tax.name} ({tax.type})"
        table.add_row(name, str(tax.documents), f"{tax.net:,.2f}", f"{tax.tax:,.2f}")
    out.print(table)


def _print_waiting(out: Console, plan: Plan) -> None:
    causes = Counter((r.state, r.blocked_by or r.cause or "") for r in plan.waiting)
    for (state, cause), count in causes.most_common():
        why = f"by {cause}" if state == "blocked" else f"({cause})"
        out.print(Text(f"{counted(count, 'request')} {state} {why}", style="yellow"))
    if plan.waiting:
        out.print("`pm2xero status` says why")


def print_push(
    out: Console, report: IntakeReport, sent: Any, titles: dict[str, str], currency: str
) -> None:
    """What was taken in and what was sent."""
    _print_attention(out, report)
    if report.summary.cells:
        print_summary(out, report.summary, titles, currency, True)
    if report.known:
        _print_known(out, report)
    out.print()
    requests, calls = counted(sent.confirmed, "request"), counted(sent.calls, "call")
    out.print(Text(f"{requests} confirmed by Xero in {calls}", "green"))
    for count, word in ((sent.rejected, "refused by Xero"),
                        (sent.failed, "never arrived, however often sent"),
                        (sent.aside, "taken back in Xero by somebody; resend or skip them"),
                        (sent.blocked, "blocked by these"),
                        (sent.unknown, "of unknown outcome; the next push looks them up"),
                        (sent.left, "planned, not sent in this run")):  # fmt: skip
        if count:
            out.print(Text(f"{count} {word}", style="red"))
    _print_notes(out, sent.notes)
    if sent.stopped:
        code = f" ({sent.code})" if sent.code else ""
        out.print(Text(f"stopped: {sent.stopped}{code}", style="yellow"))
    print_outlook(out, sent.outlook)
    stuck = sent.rejected or sent.failed or sent.aside or sent.blocked or sent.unknown
    if stuck or (sent.left and not sent.stopped):
        out.print("`pm2xero status` says why")


def _print_notes(out: Console, notes: Any) -> None:
    """What became of history notes; none of it is about money, so none of it is red."""
    if notes.written:
        out.print(f"{counted(notes.written, 'history note')} written")
    for count, word in (
        (notes.refused, "refused by Xero; the documents are posted"),
        (notes.unknown, "of unknown outcome; the next push looks them up"),
        (notes.left, "not sent in this run; the next push sends them"),
    ):
        if count:
            text = f"{counted(count, 'history note')} {word}"
            out.print(Text(f"{text}: {notes.why}" if notes.why else text, style="yellow"))


def _print_known(out: Console, report: IntakeReport) -> None:
    same, older = report.known - report.older, report.older
    if same:
        came = "came before as it is, and was" if same == 1 else "came before as they are, and were"
        out.print(f"{counted(same, 'document')} {came} left alone")
    if older:
        came = "an older revision than was" if older == 1 else "older revisions than were"
        out.print(f"{counted(older, 'document')} passed over: {came} taken in before")


def _print_attention(out: Console, report: IntakeReport) -> None:
    for decision in (*report.malformed, *report.attention)[:20]:
        print_decision(out, decision)
    rest = len(report.malformed) + len(report.attention) - 20
    if rest > 0:
        out.print(f"… and {rest} more that need attention; --format json has them all")
