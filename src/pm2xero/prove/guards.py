"""Proves that what a required rule of a lower layer refuses is still refused.

The rules as they are now and the required rule as the lower layer has it are put to the same
unknown document of any firm. A document that it refuses and that is now posted, or left out by a
rule that the lower layer does not have, is a finding with that document as its example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pm2xero.decide.decider import Decider
from pm2xero.decide.decision import Decision
from pm2xero.errors import Position
from pm2xero.pack.guards import place_of_change
from pm2xero.pack.language.conditions import AllOf, Compare, Condition
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import ROOTS, SUBMISSION
from pm2xero.pack.model import Guard, Pack, Rule
from pm2xero.prove.evidence import replay_
from pm2xero.prove.example import Example, ProofFinding
from pm2xero.prove.firm import firm_of
from pm2xero.prove.kind import KindProof, Seen
from pm2xero.prove.show import Shower
from pm2xero.prove.terms import Term, both, either, no

REFUSED = ("reject", "hold")


@dataclass(slots=True)
class _Loss:
    """What a change lets slip: the first document that shows it, and all it is true of."""

    finding: ProofFinding
    kinds: dict[str, None]
    rules: dict[str, None]


def lost_guards(pack: Pack, decider: Decider) -> Iterator[ProofFinding]:
    """A finding for each change by which some document slips past a required rule.

    Raises:
        RuntimeError: the solver gave up.
    """
    if not pack.guards:
        return
    rules = {r.id: r for r in pack.rules}
    losses: dict[tuple[str, Position], _Loss] = {}
    for kind in pack.kinds:
        guards = [g for g in pack.guards if _is_asked(g, kind, rules)]
        if guards and not _is_left_out(pack, kind):
            _ask(_Kind(pack, kind, guards, decider), rules, losses)
    for loss in losses.values():
        yield _told(loss)


def _is_asked(guard: Guard, kind: str, rules: dict[str, Rule]) -> bool:
    """Whether the solver is needed; a rule that is gone or posts is told without it."""
    if kind not in guard.rule.kinds or guard.successor is not None:
        return False
    rule = rules.get(guard.rule.id)
    return rule is not None and rule.outcome in ("reject", "hold", guard.rule.outcome)


def _is_left_out(pack: Pack, kind: str) -> bool:
    """Whether every document of a kind is left out, so that nothing of it is ever posted."""
    return any(r.outcome == "skip" and r.conditions[kind] is None for r in pack.rules_of(kind))


class _Kind:
    """The rules of a kind as they are, beside what lower layers require."""

    def __init__(self, pack: Pack, kind: str, guards: list[Guard], decider: Decider) -> None:
        named = [c for g in guards for r in (g.rule, *g.skips) if (c := r.conditions.get(kind))]
        self.name = kind
        self.guards = guards
        self.decider = decider
        self.proof = proof = KindProof(pack, kind, None, _seen(decider), named)
        self.skips = [r for r in proof.rules if r.outcome == "skip"]
        self.skipped = either(*(proof.holds[r.id] for r in self.skips))
        posts = (proof.holds[r.id] for r in proof.rules if r.outcome == "post")
        self.posted = both(no(proof.blocked), either(*posts))

    def slips(self, guard: Guard) -> Term:
        """A document that the required rule refuses is posted, or newly left out."""
        before = either(*(self._term(s) for s in guard.skips if self.name in s.kinds))
        left_out = False if guard.rule.outcome == "skip" else both(self.skipped, no(before))
        return both(self._term(guard.rule), either(self.posted, left_out))

    def _term(self, rule: Rule) -> Term:
        condition = rule.conditions.get(self.name)
        return True if condition is None else self.proof.term(condition)


def _ask(kind: _Kind, rules: dict[str, Rule], losses: dict[tuple[str, Position], _Loss]) -> None:
    for guard in kind.guards:
        wanted = kind.slips(guard)
        model = kind.proof.ask(wanted)
        if model is None:
            continue
        rule = rules[guard.rule.id]
        hidden = next((s for s in kind.skips if model.holds(kind.proof.holds[s.id])), None)
        what = "when" if kind.name in rule.kinds else "kinds"
        at = _place(guard, hidden) if hidden is not None else place_of_change(guard, rule, what)
        key = (hidden.id if hidden is not None else rule.id, at)
        if key not in losses:
            example = _example(kind, wanted, guard)
            if hidden is not None:
                finding = _hidden(guard, hidden, at, kind.name, example)
            else:
                finding = _narrowed(guard, what, at, kind.name, example)
            losses[key] = _Loss(finding, {}, {})
        losses[key].kinds[kind.name] = None
        losses[key].rules[guard.rule.id] = None


def _place(guard: Guard, skip: Rule) -> Position:
    """Where a rule that skips was added, or where one of a lower layer was changed."""
    return place_of_change(guard, skip, "when") if _is_below(guard, skip) else skip.at


def _is_below(guard: Guard, skip: Rule) -> bool:
    return any(s.id == skip.id for s in guard.skips)


def _seen(decider: Decider) -> Seen:
    firm = decider.organisation
    own = (firm.base_currency, firm.division, firm.region, firm.id, firm.xero_organisation_id)
    xero = firm.xero
    return Seen((*own, xero.base_currency, xero.country, xero.organisation_class,
                 xero.organisation_id))  # fmt: skip


def _example(kind: _Kind, wanted: Term, guard: Guard) -> Example | None:
    """The smallest such document, if a replay shows that it is not refused."""
    shower = Shower(kind.proof, kind.decider)
    model = shower.smallest(wanted, {guard.rule.id})
    if model is None:
        return None
    example = shower.example(model)
    firm = firm_of(model, kind.proof.domain, example.transaction)
    example = shower.at_firm(model, example, firm)
    example = replace(example, firm=shower.different(firm))
    try:
        said: Decision = replay_(example, kind.decider)
    except (ValueError, KeyError):
        return None
    return example if said.outcome not in REFUSED else None


def _narrowed(
    guard: Guard, key: str, at: Position, kind: str, example: Example | None
) -> ProofFinding:
    rule = guard.rule
    less = f"it is no longer for {kind}" if key == "kinds" else f"it refuses less of {kind}"
    more = f"kinds: [{', '.join(rule.kinds)}]" if key == "kinds" else None
    return ProofFinding(
        "PX605",
        f'the rule "{rule.id}" guards money and must refuse all that layer {guard.layer} refuses, '
        f"but here {less}",
        at,
        hint=f"leave `{key}` out, or ask for less so that more is refused",
        should_be=more,
        related=((rule.at, f"required in layer {guard.layer}: {_asks(rule, kind)}"),),
        example=example,
    )


def _hidden(
    guard: Guard, skip: Rule, at: Position, kind: str, example: Example | None
) -> ProofFinding:
    rule = guard.rule
    return ProofFinding(
        "PX605",
        f'the rule "{skip.id}" leaves out {kind} documents that "{rule.id}" must refuse, so nobody '
        "would hear of them",
        at,
        hint="reject or hold them, or exclude with `not` what is refused",
        width=len(skip.id) if at == skip.at else 1,
        related=((rule.at, f"required in layer {guard.layer}: {_asks(rule, kind)}"),),
        example=example,
    )


def _asks(rule: Rule, kind: str) -> str:
    condition = rule.conditions.get(kind)
    return str(condition) if condition is not None else "all of them"


def _told(loss: _Loss) -> ProofFinding:
    others = [
        f"{len(found) - 1} other {word}"
        for found, word in ((loss.kinds, "kinds"), (loss.rules, "required rules"))
        if len(found) > 1
    ]
    if not others:
        return loss.finding
    message = f"{loss.finding.message} (and so for {' and '.join(others)})"
    return replace(loss.finding, message=message)


def _submission(words: tuple[str, ...], at: Position) -> Condition:
    path = PathExpr("submission", "submission", (), None, None, SUBMISSION)
    return Compare(path, "in", words, at)


def standing(at: Position) -> Condition:
    """The document comes again, in whatever revision, and an earlier one was posted."""
    outcome = PathExpr(
        "earlier.outcome", "earlier", ("outcome",), None, None, ROOTS["earlier"]["outcome"]
    )
    again = _submission(("repeated", "conflicting", "newer", "older"), at)
    return AllOf((again, Compare(outcome, "is", "post", at)))


def posted_anew(
    pack: Pack, decider: Decider, kinds: Iterable[tuple[str, KindProof]]
) -> Iterator[ProofFinding]:
    """A finding where the rules alone would post a revision of what was posted before."""
    found: list[tuple[str, Rule, Example | None]] = []
    for kind, proof in kinds:
        wanted = anew(proof)
        shower = Shower(proof, decider)
        model = shower.smallest(wanted, ())
        if model is None:
            continue
        posts = [r for r in proof.rules if r.outcome == "post"]
        rule = next(r for r in posts if model.holds(proof.holds[r.id]))
        found.append((kind, rule, shower.example(model)))
    if not found:
        return
    kind, rule, example = found[0]
    own = next(r for r in pack.rules if r.id == rule.id)
    others = f" (and so for {len(found) - 1} other kinds)" if len(found) > 1 else ""
    touched = [g for g in pack.guards if kind in g.rule.kinds]
    places = {r.id: r for r in pack.rules}
    yield ProofFinding(
        "PX606",
        f'by "{rule.id}" a revision of a {kind} that was posted before is posted anew{others}',
        own.at,
        hint="the rules that leave out or refuse what comes again must hold for every revision",
        width=len(rule.id),
        related=tuple(
            (place_of_change(g, places.get(g.rule.id), "when"), f'this changes "{g.rule.id}"')
            for g in touched[:4]
        ),
        example=example,
    )


def anew(proof: KindProof) -> Term:
    """A revision of what was posted before is posted by the rules alone."""
    posts = (proof.holds[r.id] for r in proof.rules if r.outcome == "post")
    posted = both(no(proof.blocked), either(*posts))
    if posted is False:
        return False
    return both(posted, proof.term(standing(proof.kind.at)))
