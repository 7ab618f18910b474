"""A required rule that is taken away

A rule that says `required: true` guards money. A layer may reword it and move it between reject and
hold. It may not remove it, skip what it refuses, post it, or make a warning of it; nor say with
`counts` that the money it refuses is not missing, for `reconcile` would then agree without it. A
region whose law differs puts another required rule in its place with `replaces`, and names the
source.

FAIL
    rules:
      - { id: trust_overdraw, remove: true }

PASS
    rules:
      - { id: trust_overdraw, outcome: hold }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.pack.counts import Counts
from pm2xero.pack.guards import place_of_change
from pm2xero.pack.model import Guard, Rule
from pm2xero.validate.subject import Subject

CODE = "PX513"


def check(subject: Subject) -> Iterator[Finding]:
    """Required rules that a higher layer removes, skips, posts, warns of or replaces in part."""
    rules = {r.id: r for r in subject.pack.rules}
    told: set[str] = set()
    for guard in subject.pack.guards:
        if guard.rule.id in told:
            continue
        finding = _fault(guard, rules, subject.posted())
        if finding is not None:
            told.add(guard.rule.id)
            yield finding


def _fault(guard: Guard, rules: dict[str, Rule], posted: object) -> Finding | None:
    name = guard.rule.id
    if guard.successor is not None:
        return _in_part(guard, rules, posted)
    rule = rules.get(name)
    if rule is None:
        if guard.removed_at is None:
            return None  # It is there and could not be read, which is told elsewhere.
        return _finding(guard, "it is taken away", guard.removed_at, len(name))
    if rule.outcome is None:
        return _finding(guard, "it only warns", place_of_change(guard, rule, "warning"), 1)
    if rule.outcome not in ("reject", "hold", guard.rule.outcome):
        what = "skips" if rule.outcome == "skip" else "posts"
        at = place_of_change(guard, rule, "outcome")
        return _finding(guard, f"it {what} what it must refuse", at, len(rule.outcome))
    if rule.counts not in (None, Counts.MISSING, guard.rule.counts):
        at = place_of_change(guard, rule, "counts")
        what = f'the money of what it refuses counts as "{rule.counts}"'
        return _finding(guard, what, at, len(rule.counts or ""))
    return None


def _in_part(guard: Guard, rules: dict[str, Rule], posted: object) -> Finding | None:
    successor = rules.get(guard.successor or "")
    kinds = successor.kinds if successor is not None else ()
    assert isinstance(posted, dict)
    left = [k for k in guard.rule.kinds if k in posted and k not in kinds]
    if not left:
        return None
    return Finding(
        CODE,
        f'"{guard.successor}" stands in the place of "{guard.rule.id}", which is required, but is '
        f"not for {left[0]}",
        guard.successor_at,
        should_be=f"kinds: [{', '.join(k for k in guard.rule.kinds if k in posted)}]",
        width=len(guard.rule.id),
        related=((guard.rule.at, f"required in layer {guard.layer}"),),
    )


def _finding(guard: Guard, what: str, at: Position, width: int) -> Finding:
    return Finding(
        CODE,
        f'the rule "{guard.rule.id}" guards money, and here {what}',
        at,
        hint="reword it, or move it between reject and hold; a region may put another required "
        "rule in its place with `replaces`",
        width=width,
        related=((guard.rule.at, f"required in layer {guard.layer}"),),
    )
