"""The whole check of a firm: its points, its limitations, and what changed in Xero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pm2xero.check.checklist import (
    TO_CONFIRM,
    Cause,
    Checklist,
    Drift,
    Evidence,
    Limitation,
    Point,
    Verdict,
)
from pm2xero.check.firm_rules import FirmRule, firm_rules, kinds_posted
from pm2xero.check.needs import Needs
from pm2xero.check.words import LimitationWords, Words
from pm2xero.errors import Position
from pm2xero.firm.changes import Change, changes
from pm2xero.firm.chart import Chart
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.pack.model import Pack

# A point that cannot be said to be met while this is not known.
_UNKNOWN = {Cause.RIGHTS: Cause.RIGHTS_UNKNOWN, Cause.CATALOGUE: Cause.CATALOGUE_UNKNOWN}


def check_firm(
    pack: Pack,
    firm: Organisation,
    words: Words,
    live: XeroSnapshot | None = None,
    contacts: Sequence[Change] = (),
) -> Checklist:
    """What is met, what is not, and what changed since the snapshot.

    Args:
        live: Xero as it is now; None to go by the snapshot alone.
        contacts: what changed about contacts that are in use.
    """
    now = replace(firm, xero=live) if live is not None else firm
    chart = Chart(pack, now)
    kinds = kinds_posted(pack)
    rules = list(firm_rules(pack, chart, kinds))
    found = [
        *_organisation(now, kinds),
        *_rules(rules),
        *Needs(pack, chart, kinds).lacking(),
        *_to_confirm(now),
    ]
    drift = () if live is None else drift_of(firm, live, words, contacts)
    return Checklist(
        firm=firm.name,
        organisation=now.xero.name,
        is_live=live is not None,
        kinds=len(kinds),
        points=tuple(_points(found, words)),
        limitations=tuple(_limitation(w, rules, pack) for w in words.limitations),
        drift=tuple(drift),
    )


def drift_of(
    firm: Organisation, live: XeroSnapshot, words: Words, contacts: Sequence[Change] = ()
) -> Iterator[Drift]:
    """What changed in Xero since the firm's snapshot, with who looks and what to do."""
    for change in (*changes(firm.xero, live, firm.xero_codes), *contacts):
        yield _drift(change, firm, words)


def _points(found: Sequence[Evidence], words: Words) -> Iterator[Point]:
    causes = {e.cause for e in found}
    for cause in Cause:
        of_it = tuple(e for e in found if e.cause is cause)
        if not of_it and (cause in TO_CONFIRM or _UNKNOWN.get(cause) in causes):
            continue
        verdict = Verdict.MET
        if of_it:
            verdict = Verdict.CONFIRM if cause in TO_CONFIRM else Verdict.NOT_MET
        said = words.points[cause]
        yield Point(cause, verdict, said.title, said.who, said.do, of_it)


def _organisation(firm: Organisation, kinds: tuple[str, ...]) -> Iterator[Evidence]:
    status = firm.xero.raw.get("Organisation", {}).get("OrganisationStatus")
    if status not in (None, "", "ACTIVE"):
        text = f"{firm.xero.name} is {status} in Xero"
        yield Evidence(Cause.ORGANISATION_INACTIVE, text, kinds)


def _rules(rules: Iterable[FirmRule]) -> Iterator[Evidence]:
    for found in rules:
        if found.stops:
            yield Evidence(
                Cause.FIRM_RULE, found.reason, found.kinds, found.rule.at, found.remedy or None
            )


def _to_confirm(firm: Organisation) -> Iterator[Evidence]:
    lock = firm.xero.lock_date
    if lock is not None and lock > firm.opening_day:
        text = (
            f"Xero is locked up to {lock}, and the integration starts on "
            f"{firm.integration_start.date()}: what is dated between them is turned down"
        )
        yield Evidence(Cause.LOCK_DATE, text)
    if firm.xero.organisation_class:
        yield Evidence(Cause.PLAN_LIMITS, f"the plan is {firm.xero.organisation_class}")


def _limitation(words: LimitationWords, rules: Sequence[FirmRule], pack: Pack) -> Limitation:
    def line(verdict: Verdict, say: str) -> Limitation:
        return Limitation(words.id, verdict, words.title, say, words.who, words.source)

    held = [r for r in rules if r.rule.id in words.rules]
    stopping = next((r for r in held if r.stops), None)
    if stopping is not None:
        return line(Verdict.NOT_MET, f"{stopping.reason} {stopping.remedy}".strip())
    if held:
        return line(Verdict.CONFIRM, held[0].reason)
    lost = [id for id in words.rules if all(r.id != id for r in pack.rules)]
    if lost:
        return line(Verdict.CONFIRM, f"the pack has no rule {lost[0]}, so a person must see to it")
    if words.confirm is not None:
        return line(Verdict.CONFIRM, words.confirm)
    return line(Verdict.MET, words.met or "")


def _drift(change: Change, firm: Organisation, words: Words) -> Drift:
    who, do = words.changes[change.kind]
    if change.code_now:
        do = f"{do} ({change.code} is {change.code_now} now)"
    return Drift(change, who, do, tuple(_places(change.code, firm)))


def _places(code: str | None, firm: Organisation) -> Iterator[Position]:
    named: list[tuple[str, str, Position | None]] = [
        *((n, c, firm.account_at.get(n)) for n, c in firm.accounts.items()),
        *((n, b.code, firm.account_at.get(n)) for n, b in firm.bank_accounts.items()),
        *((n, c, firm.role_at.get(n)) for n, c in firm.roles.items()),
    ]
    for _, used, at in named:
        if code is not None and used == code and at is not None:
            yield at
