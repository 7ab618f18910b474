"""Required rules: what a higher layer may not take away, kept as each layer below had it.

A rule that guards money says `required: true`. Higher layers may reword it and move it between
reject and hold; what they make of it otherwise is compared with what is kept here. A region whose
law differs puts another required rule in its place with `replaces`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pm2xero.errors import Finding, Position
from pm2xero.pack.model import Guard, Kind, Rule
from pm2xero.pack.yaml.read import SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean

if TYPE_CHECKING:
    from pm2xero.pack.layers import Entry, Layer, Merged

# What a layer may not change unseen: who is refused, what that means, and where its money is.
_BINDING = ("kinds", "when", "outcome", "counts")


@dataclass(frozen=True, slots=True)
class Kept:
    """A required rule as it stood after a layer, with the rules that leave documents out there."""

    entry: Entry
    layer: str
    skips: tuple[Entry, ...]


def keep(merged: Merged, layer: Layer) -> None:
    """Note what a layer requires of those above it, and which required rules it replaces."""
    rules = merged.entries["rules"]
    for entry in list(rules.values()):
        if "replaces" in entry.values:
            _replace(entry, merged, layer)
    required = [e for e in rules.values() if e.values.get("required") is True]
    if not any(_news(e, merged.kept.get(e.id, ())) for e in required):
        return
    skips = tuple(_frozen(e) for e in rules.values() if e.values.get("outcome") == "skip")
    for entry in required:
        known = merged.kept.setdefault(entry.id, [])
        if _news(entry, known):
            known.append(Kept(_frozen(entry), layer.name, skips))


def _news(entry: Entry, known: list[Kept] | tuple[()]) -> bool:
    return all(_differ(entry.values, kept.entry.values) for kept in known)


def _differ(one: Mapping[str, object], two: Mapping[str, object]) -> bool:
    return one is not two and any(one.get(k) != two.get(k) for k in _BINDING)


def _frozen(entry: Entry) -> Entry:
    """The entry as it is now: from here on a change makes a copy."""
    from dataclasses import replace

    entry.is_own = False
    return replace(entry)


def _replace(entry: Entry, merged: Merged, layer: Layer) -> None:
    at, name = entry.values.value_at["replaces"], str(entry.values["replaces"])
    values = entry.values
    entry.own()
    del entry.values["replaces"]

    def fault(message: str, hint: str) -> None:
        merged.findings.append(Finding("PX207", message, at, hint=hint, width=len(name)))

    target = merged.entries["rules"].get(name)
    if target is None or target is entry:
        others = [i for i, e in merged.entries["rules"].items() if e.values.get("required")]
        hint = did_you_mean(name, others) or "name a required rule of a lower layer"
        fault(f'there is no rule "{name}" in a lower layer to replace', hint)
    elif name not in merged.kept:
        fault(f'the rule "{name}" is not required, so it needs no other in its place',
              "take it away with `remove: true`")  # fmt: skip
    elif not layer.is_region:
        fault(f'only a region puts another rule in the place of "{name}", which is required',
              "reword it, or move it between reject and hold")  # fmt: skip
    elif lacking := _lacking(values):
        fault(f'what stands in the place of "{name}" is {lacking}',
              "say `required: true`, an outcome of reject or hold, and the source")  # fmt: skip
    else:
        merged.replaced += [(kept, entry.id, at) for kept in merged.kept.pop(name)]
        del merged.entries["rules"][name]


def _lacking(values: SourceMap) -> str | None:
    if values.get("required") is not True:
        return "required itself"
    if values.get("outcome") not in ("reject", "hold"):
        return "a rule that rejects or holds"
    return None if "source" in values else "a rule that names its source"


def build_guards(
    merged: Merged, kinds: Mapping[str, Kind], build: Callable[[Entry], Rule]
) -> tuple[Guard, ...]:
    """The required rules that some higher layer touched, as they were below it.

    Args:
        build: makes the rule of an entry, for the kinds that the pack has now.
    """
    rules = merged.entries["rules"]
    built: dict[int, Rule] = {}

    def rule(entry: Entry) -> Rule:
        known = built.get(id(entry))
        if known is None:
            known = built[id(entry)] = build(entry)
        return known

    now = [e for e in rules.values() if e.values.get("outcome") == "skip"]
    found: list[Guard] = []
    for name, versions in merged.kept.items():
        for kept in versions:
            entry = rules.get(name)
            before = {s.id: s.values for s in kept.skips}
            hidden = any(s.id not in before or _differ(s.values, before[s.id]) for s in now)
            if entry is not None and not hidden and not _differ(entry.values, kept.entry.values):
                continue
            removed = merged.removed.get(("rules", name)) if entry is None else None
            skips = tuple(rule(s) for s in kept.skips)
            found.append(Guard(rule(kept.entry), kept.layer, skips, removed))
    for kept, successor, at in merged.replaced:
        found.append(Guard(rule(kept.entry), kept.layer, (), None, successor, at))
    return tuple(found)


def place_of_change(guard: Guard, rule: Rule | None, key: str) -> Position:
    """Where the highest layer says what it does to a required rule."""
    if rule is not None and key in rule.origins:
        return rule.origins[key].at
    return guard.removed_at or (rule.at if rule is not None else guard.rule.at)
