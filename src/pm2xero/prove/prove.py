"""Proves a pack for one firm: one outcome for every document, and every rule of some use.

Gaps and conflicts are sought in the firm as it is; rules that never apply or add nothing, in any
firm there could be. What cannot happen in any firm is not sought again in this one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from pm2xero.decide.decider import Decider
from pm2xero.errors import Finding
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.types import RecordType
from pm2xero.pack.model import Pack, Rule
from pm2xero.prove.evidence import Evidence
from pm2xero.prove.example import ProofFinding
from pm2xero.prove.guards import anew, lost_guards, posted_anew
from pm2xero.prove.kind import KindProof
from pm2xero.prove.words import ITEMS

MAX_REMEMBERED = 500


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What was proven, and what stands against it.

    Attributes:
        kinds: kinds of transactions looked at.
        decided: kinds of which every transaction gets exactly one outcome.
        rules: rules of the pack.
        reachable: rules that some transaction of some firm reaches.
        undecided: what could be neither proven nor shown by an example, in words.
        items: how many items of a list were told apart (more where a condition counts them).
    """

    findings: tuple[ProofFinding, ...]
    kinds: int
    decided: int
    rules: int
    reachable: int
    undecided: tuple[str, ...] = ()
    items: int = ITEMS

    @property
    def clean(self) -> bool:
        """Nothing was found and nothing left open."""
        return not self.findings and not self.undecided

    @property
    def sentence(self) -> str:
        """The result in words."""
        if self.decided == self.kinds:
            first = f"every transaction of {self.kinds} kinds gets exactly one outcome"
        else:
            first = (
                f"transactions of {self.decided} of {self.kinds} kinds always get exactly one "
                "outcome"
            )
        second = f"{self.reachable} rules reachable"
        if self.reachable < self.rules:
            second = f"{self.reachable} of {self.rules} rules reachable"
        parts = [first, second]
        if not any(f.code == "PX606" for f in self.findings):
            parts.append("none that was posted is posted anew")
        useless = sum(f.code == "PX604" for f in self.findings)
        if useless:
            parts.append(f"{useless} redundant")
        if self.undecided:
            parts.append(f"{len(self.undecided)} undecided")
        return "; ".join(parts)


class Facts(Protocol):
    """What was proven before, in any firm, as plain JSON by a text that says what of."""

    def get(self, about: str) -> Any:
        """What is known, or None."""

    def put(self, about: str, fact: Any) -> None:
        """Keep a fact."""


@dataclass(slots=True)
class _Known:
    """What is known of a kind in any firm; asked once, whatever packs share the kind."""

    pack: Pack
    kind: str
    rules: tuple[Rule, ...]
    about: str
    gap: bool | None = None
    anew: bool | None = None
    conflicts: tuple[tuple[str, str], ...] | None = None
    reached: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    alone: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _proof: KindProof | None = None

    def as_value(self) -> dict[str, Any]:
        """What is known as plain JSON; `learn` takes it over."""
        return {
            "gap": self.gap,
            "anew": self.anew,
            "conflicts": None if self.conflicts is None else [list(c) for c in self.conflicts],
            "reached": sorted(self.reached),
            "tried": sorted(self.tried),
            "alone": [[list(rules), alone] for rules, alone in self.alone.items()],
        }

    def learn(self, value: Any) -> None:
        """Take over what was known of a kind of which the same can be proven."""
        pairs = value["conflicts"]
        self.gap, self.anew = value["gap"], value["anew"]
        self.conflicts = None if pairs is None else tuple((one, two) for one, two in pairs)
        self.reached, self.tried = set(value["reached"]), set(value["tried"])
        self.alone = {tuple(rules): alone for rules, alone in value["alone"]}

    @property
    def proof(self) -> KindProof:
        """The formulas, made when the first question needs them."""
        if self._proof is None:
            self._proof = KindProof(self.pack, self.kind, None)
        return self._proof


class Prover:
    """Proves packs one after the other; kinds that they share are proven once.

    Args:
        facts: what was proven before by the same product, and where new facts are kept.
    """

    def __init__(self, facts: Facts | None = None) -> None:
        self._known: OrderedDict[object, _Known] = OrderedDict()
        self._facts = facts
        # With the record, so that nothing else can take its identity.
        self._records: dict[int, tuple[RecordType, str]] = {}

    def prove(self, pack: Pack, organisation: Organisation) -> ProofReport:
        """Everything that can be proven of a pack for a firm.

        Raises:
            RuntimeError: the solver gave up.
        """
        decider = Decider(pack, organisation)
        known = {name: self._of(pack, name) for name in pack.kinds}
        evidence = Evidence(pack, decider, lambda name: known[name].proof)
        torn: set[str] = set()
        for name, kind in known.items():
            if _gap(kind) and evidence.gap(name):
                torn.add(name)
        clashes: dict[tuple[str, str], list[str]] = {}
        for name, kind in known.items():
            for pair in _conflicts(kind):
                clashes.setdefault(pair, []).append(name)
        for pair, names in clashes.items():
            torn.update(evidence.conflict(pair, names))
        dead = self._dead(pack, known)
        for rule in dead:
            evidence.dead(rule)
        for rule, covers in _redundant(pack, known, dead):
            evidence.redundant(rule, covers)
        again = [(n, k.proof) for n, k in known.items() if _anew(k)]
        evidence.findings += (*lost_guards(pack, decider), *posted_anew(pack, decider, again))
        if self._facts is not None:
            for kind in known.values():
                self._facts.put(kind.about, kind.as_value())
        return ProofReport(
            tuple(sorted(evidence.findings, key=_place)),
            len(pack.kinds),
            len(pack.kinds) - len(torn),
            len(pack.rules),
            len(pack.rules) - len(dead),
            tuple(evidence.undecided),
        )

    def _of(self, pack: Pack, kind: str) -> _Known:
        key = signature(pack, kind, self._record_text(pack.kinds[kind].record))
        found = self._known.get(key)
        if found is None:
            about = sha256(repr(key).encode()).hexdigest()
            found = self._known[key] = _Known(pack, kind, pack.rules_of(kind), about)
            before = self._facts.get(found.about) if self._facts is not None else None
            if before is not None:
                found.learn(before)
            if len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return found

    def _record_text(self, record: RecordType) -> str:
        """The text of a record; regions share most of theirs."""
        known = self._records.get(id(record))
        if known is None:
            if len(self._records) > MAX_REMEMBERED:
                self._records.clear()
            known = self._records[id(record)] = (record, repr(record))
        return known[1]

    def _dead(self, pack: Pack, known: dict[str, _Known]) -> list[Rule]:
        left = {r.id: r for r in pack.rules}
        # Kinds with many rules first: few questions then reach most rules.
        order = sorted(known, key=lambda n: -len(known[n].rules))
        for name in order:
            here = [r for r in left.values() if name in r.kinds]
            for reached in _reached(known[name], here):
                del left[reached]
            if not left:
                break
        return list(left.values())


_shared = Prover()


def prove(pack: Pack, organisation: Organisation) -> ProofReport:
    """Everything that can be proven of a pack for a firm; not for several threads at once.

    Raises:
        RuntimeError: the solver gave up.
    """
    return _shared.prove(pack, organisation)


def signature(pack: Pack, kind: str, record: str | None = None) -> object:
    """The same for kinds of two packs of which the same can be proven in any firm.

    Args:
        record: the text of the kind's record, where it is known.
    """
    declared = pack.kinds[kind]
    rules = tuple(
        (r.id, r.outcome, r.mapping, c.key if (c := r.conditions[kind]) is not None else None)
        for r in pack.rules_of(kind)
    )
    postings = tuple(
        (p.sign, p.account.role, p.amount.text, p.each, p.when.key if p.when else None,
         tuple(m.text for m in p.matter), p.held_in.text if p.held_in else None)
        for p in declared.postings
    )  # fmt: skip
    found = tuple((n, r.system) for n, r in pack.roles.items())
    policy = pack.trust_surplus if any(p.account.by == "bank" for p in declared.postings) else None
    settings = tuple((n, repr(t)) for n, t in declared.settings.items())
    return kind, record or repr(declared.record), rules, postings, found, policy, settings


def _gap(known: _Known) -> bool:
    if known.gap is None:
        # A rule without a condition always decides; most kinds have one.
        unconditional = any(
            r.outcome is not None and r.conditions[known.kind] is None for r in known.rules
        )
        known.gap = not unconditional and known.proof.ask(known.proof.gap()) is not None
    return known.gap


def _anew(known: _Known) -> bool:
    """A revision of what was posted could be posted anew."""
    if known.anew is None:
        posts = any(r.outcome == "post" for r in known.rules)
        known.anew = posts and known.proof.ask(anew(known.proof)) is not None
    return known.anew


def _conflicts(known: _Known) -> tuple[tuple[str, str], ...]:
    if known.conflicts is None:
        posts = [r for r in known.rules if r.outcome == "post"]
        known.conflicts = tuple(
            (one.id, two.id)
            for index, one in enumerate(posts)
            for two in posts[index + 1 :]
            if known.proof.ask(known.proof.conflict(one, two)) is not None
        )
    return known.conflicts


def _reached(known: _Known, rules: list[Rule]) -> set[str]:
    new = [r for r in rules if r.id not in known.tried]
    # What asks for nothing and posts nothing takes part in every decision of its kind.
    plain = {r.id for r in new if r.conditions[known.kind] is None and r.outcome != "post"}
    known.reached |= plain
    asked = [r for r in new if r.id not in plain]
    if asked:
        known.reached |= known.proof.reached(asked)
    known.tried.update(r.id for r in new)
    return known.reached & {r.id for r in rules}


def _redundant(
    pack: Pack, known: dict[str, _Known], dead: list[Rule]
) -> Iterable[tuple[Rule, dict[str, tuple[Rule, ...]]]]:
    """Rules that add nothing in any of their kinds, with the rules that cover them in each."""
    asks = _Asks()
    by_kind = {kind: pack.rules_of(kind) for kind in pack.kinds}
    for rule in pack.rules:
        if rule.outcome == "post" or rule in dead:
            continue
        covers: dict[str, tuple[Rule, ...]] = {}
        for kind in rule.kinds:
            before = by_kind[kind][: by_kind[kind].index(rule)]
            earlier = tuple(r for r in before if _rivals(r, rule, kind, asks))
            if not earlier or _alone(known[kind], rule, earlier):
                break
            covers[kind] = earlier
        else:
            if covers:
                yield rule, covers


class _Asks:
    """What a rule asks of a kind, as a text that is the same for the same; made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str | None] = {}

    def of(self, rule: Rule, kind: str) -> str | None:
        """The text; None where nothing is asked."""
        place = (rule.id, kind)
        if place not in self._known:
            condition = rule.conditions[kind]
            self._known[place] = None if condition is None else condition.key
        return self._known[place]


def _rivals(earlier: Rule, rule: Rule, kind: str, asks: _Asks) -> bool:
    """The earlier rule says the same, or asks for the same."""
    if earlier.outcome != rule.outcome:
        return False
    return earlier.code == rule.code or asks.of(earlier, kind) == asks.of(rule, kind)


def _alone(known: _Known, rule: Rule, earlier: tuple[Rule, ...]) -> bool:
    key = (rule.id, *(e.id for e in earlier))
    if key not in known.alone:
        known.alone[key] = known.proof.ask(known.proof.alone(rule, earlier)) is not None
    return known.alone[key]


def _place(finding: Finding) -> tuple[object, ...]:
    return (str(finding.at.file) if finding.at else "", finding.at, finding.code, finding.message)
