"""Findings of a proof, each with an example that was replayed and shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from pm2xero.decide.decider import Decider
from pm2xero.decide.decision import Decision
from pm2xero.errors import Position
from pm2xero.pack.model import Pack, Rule
from pm2xero.prove.example import Example, ProofFinding, replay
from pm2xero.prove.firm import changed, firm_of
from pm2xero.prove.kind import KindProof, Seen
from pm2xero.prove.show import Shower
from pm2xero.prove.terms import Term, both

Shows = Callable[[Decision], bool]


class Evidence:
    """Collects findings; what no replayed example bears out is left undecided."""

    def __init__(self, pack: Pack, decider: Decider, any_firm: Callable[[str], KindProof]) -> None:
        self.pack = pack
        self.decider = decider
        self.findings: list[ProofFinding] = []
        self.undecided: list[str] = []
        self._rules = {r.id: r for r in pack.rules}
        self._any_firm = any_firm
        self._elsewhere: dict[str, KindProof] = {}
        self._firm: dict[str, KindProof] = {}

    def gap(self, kind: str) -> bool:
        """Report the gap of a kind, if this firm can meet it."""
        proof = self._here(kind)
        if proof.ask(proof.gap()) is None:
            return False
        example = self._example(proof, proof.gap(), (), lambda d: _code(d) == "no_rule")
        what = f'no rule says what becomes of some documents of the kind "{kind}"'
        posts = [r for r in proof.rules if r.outcome == "post"]
        self._found(
            ProofFinding(
                "PX601",
                what,
                self.pack.kinds[kind].at,
                hint="no rule applies to the example" if posts else "it has no rule that posts it",
                should_be=f"- {{ id: {kind}.rest, kinds: [{kind}], when: {{ … }}, outcome: … }}",
                width=len(kind),
                related=tuple((_when_at(r), f"needs: {r.conditions[kind]}") for r in posts),
                example=example,
            )
        )
        return True

    def conflict(self, pair: tuple[str, str], kinds: list[str]) -> list[str]:
        """Report two rules that would both post; the kinds in which this firm can meet it."""
        one, two = (self._rules[i] for i in pair)
        met = [k for k in kinds if self._here(k).ask(self._here(k).conflict(one, two)) is not None]
        if not met:
            return []
        proof = self._here(met[0])
        wanted = proof.conflict(one, two)
        example = self._example(proof, wanted, pair, lambda d: _code(d) == "conflicting_rules")
        self._found(
            ProofFinding(
                "PX602",
                f'the rules "{one.id}" and "{two.id}" both post the same {_kinds(met)}, as '
                f'"{one.mapping}" and "{two.mapping}", and nothing says which',
                two.at,
                hint="give one of them a `when` that excludes the other",
                width=len(two.id),
                related=((one.at, "the other rule"),),
                example=example,
            )
        )
        return met

    def dead(self, rule: Rule) -> None:
        """Report a rule that never takes part in any decision of any firm."""
        for kind in rule.kinds:
            proof = self._any_firm(kind)
            own = _own(proof, rule)
            if proof.ask(proof.holds[own.id]) is not None:
                self._always_blocked(rule, kind)
                return
        if not rule.kinds:
            self._found(self._unreachable(rule, "none of its kinds exists", None))
            return
        kind = rule.kinds[0]
        proof = self._any_firm(kind)
        parts = proof.parts(rule)
        core = proof.asking.clash([t for _, t in parts])
        words = [f'"{parts[i][0]}"' for i in core]
        if len(words) < 2:
            why = f"{words[0] if words else 'its condition'} never holds"
        else:
            why = f"{', '.join(words[:-1])} and {words[-1]} exclude each other"
        here = self._here(kind)
        kept: Term = True
        for _, term in here.parts(rule):
            if here.ask(both(kept, term)) is not None:
                kept = both(kept, term)
        example = self._example(here, kept, (rule.id,), lambda d: rule.id not in _named(d))
        self._found(self._unreachable(rule, why, example))

    def redundant(self, rule: Rule, covers: Mapping[str, tuple[Rule, ...]]) -> None:
        """Report a rule that only ever holds together with an earlier one that says the same."""
        example: Example | None = None
        holding: tuple[Rule, ...] = ()
        for kind, earlier in covers.items():
            names = {rule.id, *(e.id for e in earlier)}

            def shows(decision: Decision, names: set[str] = names) -> bool:
                return rule.id in _named(decision) and len(names & _named(decision)) > 1

            for proof in (self._here(kind), self._anywhere(kind)):
                wanted = proof.holds[rule.id]
                if proof.ask(wanted) is not None:
                    example = self._example(proof, wanted, names, shows)
                if example is not None:
                    break
            if example is not None:
                said = _named(replay_(example, self.decider))
                holding = tuple(e for e in earlier if e.id in said)
                break
        listed = holding or next(iter(covers.values()))
        self._found(
            ProofFinding(
                "PX604",
                f'the rule "{rule.id}" adds nothing: whenever it applies, so does '
                + " or ".join(f'"{e.id}"' for e in listed),
                rule.at,
                hint="leave it out, or ask for something that the earlier rule does not",
                width=len(rule.id),
                severity="warning",
                related=tuple((e.at, "this says the same already") for e in listed),
                example=example,
            )
        )

    def _always_blocked(self, rule: Rule, kind: str) -> None:
        example = None
        for proof in (self._here(kind), self._anywhere(kind)):
            wanted = proof.holds[rule.id]
            example = self._example(proof, wanted, (), lambda d: d.outcome != "post")
            if example is not None:
                break
        blocking: list[Rule] = []
        if example is not None:
            said = replay_(example, self.decider)
            blocking = [self._rules[r.rule] for r in said.reasons]
        names = " and ".join(f'"{b.id}"' for b in blocking[:3]) or "other rules"
        turned = f"whenever its condition holds, {names} turns the document down"
        finding = self._unreachable(rule, turned, example)
        related = tuple((b.at, "this comes first") for b in blocking[:3])
        self._found(replace(finding, related=related))

    def _unreachable(self, rule: Rule, why: str, example: Example | None) -> ProofFinding:
        return ProofFinding(
            "PX603",
            f'the rule "{rule.id}" can never apply: {why}',
            rule.at,
            hint="correct its condition, or leave the rule out",
            width=len(rule.id),
            example=example,
        )

    def _found(self, finding: ProofFinding) -> None:
        if finding.example is None and "none of its kinds" not in finding.message:
            self.undecided.append(finding.message)
        else:
            self.findings.append(finding)

    def _example(
        self, proof: KindProof, wanted: Term, concerned: object, shows: Shows
    ) -> Example | None:
        shower = Shower(proof, self.decider)
        names = concerned if isinstance(concerned, tuple | set) else ()
        model = shower.smallest(wanted, names)
        if model is None:
            return None
        example = shower.example(model)
        if proof is not self._firm.get(proof.kind.name):
            firm = firm_of(model, proof.domain, example.transaction)
            example = shower.at_firm(model, example, firm)
            example = replace(example, firm=shower.different(firm))
        return example if shows(replay_(example, self.decider)) else None

    def _anywhere(self, kind: str) -> KindProof:
        """Any firm, in which the words of this one are told apart from others."""
        proof = self._elsewhere.get(kind)
        if proof is None:
            firm = self.decider.organisation
            own = (firm.base_currency, firm.division, firm.region, firm.id)
            xero = (firm.xero.base_currency, firm.xero.country, firm.xero.organisation_class)
            ids = (firm.xero_organisation_id, firm.xero.organisation_id)
            seen = Seen((*own, *xero, *ids))
            proof = self._elsewhere[kind] = KindProof(self.pack, kind, None, seen)
        return proof

    def _here(self, kind: str) -> KindProof:
        proof = self._firm.get(kind)
        if proof is None:
            proof = self._firm[kind] = KindProof(self.pack, kind, self.decider.chart)
        return proof


def replay_(example: Example, decider: Decider) -> Decision:
    """What is decided about an example, in the firm that it asks for."""
    if example.firm:
        decider = changed(decider, example.firm)
    return replay(example, decider)


def _when_at(rule: Rule) -> Position:
    """Where the condition of a rule stands, in the highest layer that has one."""
    return rule.origins["when"].at if "when" in rule.origins else rule.at


def _own(proof: KindProof, rule: Rule) -> Rule:
    return next(r for r in proof.rules if r.id == rule.id)


def _code(decision: Decision) -> str:
    return decision.reasons[0].code if decision.reasons else ""


def _named(decision: Decision) -> set[str]:
    return {r.rule for r in decision.reasons} | {w.rule for w in decision.warnings}


def _kinds(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} other kinds)"
