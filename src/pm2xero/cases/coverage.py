"""How much of the packs the cases show, and for everything they do not show, why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path

from pm2xero.cases.firms import Firms
from pm2xero.cases.model import GROUPS, CaseResult, Goal, Group
from pm2xero.cases.seen import outcome_of, tests_of
from pm2xero.pack.language.conditions import AllOf, AnyOf, Atom, Compare, Condition, Not, atoms
from pm2xero.pack.language.types import ListType, RecordType, ScalarType
from pm2xero.pack.model import OUTCOME_PRECEDENCE, Pack, Rule
from pm2xero.render.template_checks import template_file
from pm2xero.resources import root

_FIXED = ("organisation", "xero")
# Rules with no more tests between them are tried with every choice of their truths.
MOST_TESTS = 4


@dataclass(frozen=True, slots=True)
class Count:
    """How many goals of a group were reached; `exempt` ones cannot be and do not count."""

    group: Group
    reached: int
    total: int
    exempt: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The reached share, and each goal that is missing or cannot be reached, with its reason.

    `own` are the folders of packs to whose part it is limited; empty for everything.
    """

    counts: tuple[Count, ...]
    missing: tuple[tuple[Goal, str], ...]
    exempt: tuple[tuple[Goal, str], ...]
    own: tuple[Path, ...] = ()

    @property
    def percent(self) -> Decimal:
        """Reached goals of all goals, in per cent, cut (never rounded up) to one decimal."""
        total = sum(c.total for c in self.counts)
        if not total:
            # A pack that only renames things has nothing to show.
            return Decimal("100.0") if self.own else Decimal("0.0")
        return Decimal(sum(c.reached for c in self.counts) * 1000 // total) / 10


@dataclass(slots=True)
class _Tests:
    """A test of a rule with the kinds it is asked of."""

    atom: Atom
    kinds: set[str]
    records: list[RecordType]


class _Universe:
    """Every goal of some packs, or of what the packs in the folders `own` add and change."""

    def __init__(self, packs: Iterable[Pack], firms: Firms, own: tuple[Path, ...]) -> None:
        self._own = tuple(folder.resolve() for folder in own)
        self._files: dict[str, bool] = {}
        self.goals: dict[Goal, None] = {}
        self.rules: dict[tuple[str, str], Rule] = {}
        self.kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.tests: dict[tuple[str, str], _Tests] = {}
        self.templates: dict[str, set[str]] = defaultdict(set)
        # What lines carry only where a mapping says so, by template.
        self.given: set[tuple[str, str]] = set()
        # Why an outcome of a kind comes second to another one; None where it can come first.
        self.second: dict[tuple[str, str], set[str | None]] = defaultdict(set)
        for pack in packs:
            self._pack(pack)
        for env in firms.environments:
            for template, line, text in firms.recorder.fields(env):
                if not self._is_own(template_file(env, template)):
                    continue
                self.goals[Goal("fields", f"{template}:{line}", f"{{{{ {text} }}}}")] = None

    def _pack(self, pack: Pack) -> None:
        for kind in pack.kinds:
            for outcome, why in _seconds(pack, kind):
                self.second[kind, outcome].add(why)
        for rule in pack.rules:
            key = (rule.id, outcome_of(rule))
            self.rules.setdefault(key, rule)
            self.kinds[key] |= set(rule.kinds)
            is_own = any(self._is_own(o.at.file) for o in rule.origins.values())
            if is_own:
                self.goals[Goal("rules", *key)] = None
            for kind in rule.kinds:
                if is_own and rule.outcome is not None:
                    self.goals[Goal("outcomes", kind, rule.outcome)] = None
                if is_own:
                    self._tests(pack, rule, kind)
                if rule.outcome == "post" and rule.mapping is not None:
                    self._requests(pack, rule.mapping, kind, is_own)

    def _requests(self, pack: Pack, mapping: str, kind: str, is_own: bool) -> None:
        origins = pack.mappings[mapping].origins.values() if mapping in pack.mappings else ()
        is_own = is_own or any(self._is_own(o.at.file) for o in origins)
        for spec in pack.requests.get((mapping, kind), ()):
            if is_own:
                self.goals[Goal("requests", mapping, spec.id)] = None
            self.templates[spec.template].add(f"{mapping}/{spec.id}")
            if spec.link is not None or "link" in spec.values:
                self.given.add((spec.template, "link"))
            for line in spec.lines:
                if line.item is not None:
                    self.given.add((spec.template, "line.item"))
                if line.tracking:
                    self.given.add((spec.template, "line.tracking"))

    def _is_own(self, file: str) -> bool:
        if not self._own:
            return True
        known = self._files.get(file)
        if known is None:
            path = Path(file)
            # The built-in pack's files are told by their place within it.
            within = file.startswith("rules/") or not path.exists()
            path = root() / path if within else path.resolve()
            known = any(path.is_relative_to(folder) for folder in self._own)
            self._files[file] = known
        return known

    def _tests(self, pack: Pack, rule: Rule, kind: str) -> None:
        for atom, words in tests_of(rule.conditions[kind]):
            found = self.tests.setdefault((rule.id, words), _Tests(atom, set(), []))
            found.kinds.add(kind)
            found.records.append(pack.kinds[kind].record)
            for truth in (True, False):
                self.goals[Goal("conditions", rule.id, words, truth)] = None


def coverage(results: Iterable[CaseResult], firms: Firms, own: tuple[Path, ...] = ()) -> Coverage:
    """What the cases that pass show of the packs that they use.

    Args:
        own: folders of packs; only what these add or change is to be shown then.
    """
    listed = list(results)
    universe = _Universe(firms.packs, firms, own)
    reached = {g for r in listed if r.status == "passed" for g in r.seen}
    shown = {g for r in listed for g in r.seen}
    cases: dict[str, int] = defaultdict(int)
    for result in listed:
        cases[result.kind] += 1
    missing: list[tuple[Goal, str]] = []
    exempt: list[tuple[Goal, str]] = []
    for goal in universe.goals:
        if goal in reached:
            continue
        never = _cannot(goal, universe)
        if never is not None:
            exempt.append((goal, never))
        else:
            missing.append((goal, _why(goal, universe, shown, cases, reached)))
    left_out = {g for g, _ in exempt}
    counts = tuple(
        Count(
            group,
            sum(g.group == group and g in reached for g in universe.goals),
            sum(g.group == group and g not in left_out for g in universe.goals),
            sum(g.group == group for g in left_out),
        )
        for group in GROUPS
    )
    return Coverage(counts, tuple(missing), tuple(exempt), own)


def _cannot(goal: Goal, universe: _Universe) -> str | None:
    """Why a goal can never be reached, whatever the cases; None when it can."""
    if goal.group == "fields":
        template = goal.owner.rpartition(":")[0]
        if not universe.templates[template]:
            return f"no rule that posts leads to a request with {template}"
        for name in ("line.item", "line.tracking"):
            if name in goal.what and (template, name) not in universe.given:
                return f"no mapping gives its lines {name.removeprefix('line.')} with {template}"
        if goal.what == "{{ link }}" and (template, "link") not in universe.given:
            return f"no request names a link with {template}"
    if goal.group == "outcomes":
        second = universe.second[goal.owner, goal.what]
        return None if None in second else "; ".join(sorted(w for w in second if w))
    if goal.group != "conditions":
        return None
    found = universe.tests[goal.owner, goal.what]
    reasons = {constant(found.atom, record) for record in found.records}
    if None in reasons:
        return None
    truths = {r for r in reasons if r is not None}
    if all(truth is not goal.truth for truth, _ in truths):
        return "; ".join(sorted({why for _, why in truths}))
    return None


def _seconds(pack: Pack, kind: str) -> Iterator[tuple[str, str | None]]:
    """Each outcome that rules of a kind have, and the rule that always comes before it, if any."""
    order: list[str] = [*OUTCOME_PRECEDENCE, "post"]
    rules = [r for r in pack.rules_of(kind) if r.outcome is not None]
    always = [r for r in rules if r.conditions[kind] is None and r.outcome != "post"]
    for outcome in dict.fromkeys(outcome_of(r) for r in rules):
        above = (r for r in always if order.index(outcome_of(r)) < order.index(outcome))
        first = next(above, None)
        why = None
        if first is not None:
            why = f"{first.id} always applies, and {first.outcome} comes before {outcome}"
        else:
            before = [r for r in rules if order.index(outcome_of(r)) < order.index(outcome)]
            between = _between_them(before, kind)
            if between:
                names = " or ".join(r.id for r in between)
                why = f"{names} always applies, and {between[0].outcome} comes before {outcome}"
        yield outcome, why


def _between_them(rules: list[Rule], kind: str) -> list[Rule]:
    """A few rules of one outcome of which one always holds, whatever the truth of their tests."""
    asked = [(r, frozenset(n for n, _ in map(_asks, atoms(r.conditions[kind])))) for r in rules]
    for rule, names in asked:
        if len(names) > MOST_TESTS:
            continue
        group = [r for r, n in asked if n <= names and outcome_of(r) == outcome_of(rule)]
        ordered = sorted(names)
        truths = product((False, True), repeat=len(ordered))
        if all(
            any(_holds(r.conditions[kind], dict(zip(ordered, t, strict=True))) for r in group)
            for t in truths
        ):
            return group
    return []


def _asks(atom: Atom) -> tuple[str, bool]:
    """What a test asks, and for which truth: a field that is there, or is not, is one question."""
    if isinstance(atom, Compare) and atom.op == "present":
        return f"{atom.path.text} is there", atom.operand is True
    return atom.key, True


def _holds(condition: Condition | None, truths: Mapping[str, bool]) -> bool:
    if condition is None:
        return True
    if isinstance(condition, AllOf):
        return all(_holds(p, truths) for p in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_holds(p, truths) for p in condition.parts)
    if isinstance(condition, Not):
        return not _holds(condition.part, truths)
    name, wanted = _asks(condition)
    return truths[name] is wanted


def constant(atom: Atom, record: RecordType) -> tuple[bool, str] | None:
    """The only truth that a test can have by the type of its field, and why; None when it has both.

    A record that does not fit its kind never reaches a rule, so a required field is always there.
    """
    if not isinstance(atom, Compare) or atom.path.base != "transaction" or atom.path.attribute:
        return None
    path = atom.path.text.removeprefix("transaction.")
    current: object = record
    required = True
    for step in atom.path.steps:
        if isinstance(current, ListType):
            current = current.of
        if not isinstance(current, RecordType):
            return None
        required = required and step in current.required
        current = current.field(step)
    if atom.op == "present" and required:
        return bool(atom.operand), f"{path} is required"
    if not isinstance(current, ScalarType) or not current.values or not required:
        return None
    allowed = set(current.values)
    wanted = set(atom.operand) if isinstance(atom.operand, tuple) else {atom.operand}
    if atom.op in ("is", "in", "is_not", "not_in"):
        inside = atom.op in ("is", "in")
        if allowed <= wanted:
            return inside, f"{path} has no other value"
        if not allowed & wanted:
            return not inside, f"{path} never has that value"
    return None


def _why(
    goal: Goal, universe: _Universe, shown: set[Goal], cases: Mapping[str, int], reached: set[Goal]
) -> str:
    if goal in shown:
        return "only in cases that do not pass"
    if goal.group == "outcomes":
        number = cases.get(goal.owner, 0)
        return f"none of the {number} cases of the kind" if number else "no case of the kind"
    if goal.group == "requests":
        return "no case that lists its requests makes it"
    if goal.group == "fields":
        template = goal.owner.rpartition(":")[0]
        if any(g.group == "fields" and g.owner.startswith(f"{template}:") for g in reached):
            return "the template is rendered, but never this part of it"
        return f"no case renders {', '.join(sorted(universe.templates[template]))}"
    if goal.group == "conditions":
        return _why_condition(goal, universe, cases)
    return _why_rule(goal, universe, shown, cases)


def _why_condition(goal: Goal, universe: _Universe, cases: Mapping[str, int]) -> str:
    found = universe.tests[goal.owner, goal.what]
    number = sum(cases.get(k, 0) for k in found.kinds)
    if not number:
        return f"no case of {_listed(found.kinds)}"
    word = "false" if goal.truth else "true"
    if isinstance(found.atom, Compare) and found.atom.path.base in _FIXED:
        path = found.atom.path.text
        return f"{word} for every firm of the cases; give a case `facts: {{ {path}: … }}`"
    return f"{word} in all {number} cases of its kinds"


def _why_rule(
    goal: Goal, universe: _Universe, shown: set[Goal], cases: Mapping[str, int]
) -> str:  # fmt: skip
    kinds = universe.kinds[goal.owner, goal.what]
    if not any(cases.get(k) for k in kinds):
        return f"never fired: no case of {_listed(kinds)}"
    never = [
        str(g)
        for g in universe.goals
        if g.group == "conditions" and g.owner == goal.owner and g not in shown
    ]
    if never:
        return f"never fired: {never[0].partition(': ')[2]} was never seen"
    return "never fired: its conditions never held together in a case, or others came first"


def _listed(kinds: Iterable[str]) -> str:
    names = sorted(kinds)
    if len(names) > 3:
        return f"{', '.join(names[:3])} or {len(names) - 3} more kinds"
    return " or ".join(names)
