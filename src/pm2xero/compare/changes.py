"""Two packs compared entry by entry, in words that a consultant would use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pm2xero.compare.matrix import Cell, matrix
from pm2xero.errors import Position
from pm2xero.pack.effective import to_yaml
from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.layers import BY_ID, Entry
from pm2xero.pack.load import Examined
from pm2xero.pack.model import Pack, Rule
from pm2xero.render.templates import BodyEnvironment, NotText, environment

How = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that is otherwise.

    Attributes:
        what: rule, mapping, kind, tax code, template …
        details: what changed of it, a line each.
        kinds: the kinds of transactions that it touches.
        at: where it stands now; of a removed one, where it stood.
    """

    what: str
    id: str
    how: How
    details: tuple[str, ...]
    kinds: tuple[str, ...]
    at: Position | None
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KindChange:
    """A kind whose support or mapping is otherwise."""

    kind: str
    title: str
    details: tuple[str, ...]
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is otherwise; entries first by their group, kinds in the order of the article."""

    changes: tuple[Change, ...]
    kinds: tuple[KindChange, ...]
    regions: tuple[str, ...]


def compare(pairs: Iterable[tuple[str, Examined, Examined]]) -> Comparison:
    """Compare (region, old, new) of each region; the same change in several is told once."""
    changes: dict[Change, list[str]] = {}
    kinds: dict[KindChange, list[str]] = {}
    regions = []
    for region, old, new in pairs:
        regions.append(region)
        for change in _changes(old, new):
            changes.setdefault(change, []).append(region)
        if old.pack is not None and new.pack is not None:
            for changed in _kinds(old.pack, new.pack):
                kinds.setdefault(changed, []).append(region)
    return Comparison(
        tuple(
            Change(c.what, c.id, c.how, c.details, c.kinds, c.at, tuple(where))
            for c, where in changes.items()
        ),
        tuple(KindChange(k.kind, k.title, k.details, tuple(w)) for k, w in kinds.items()),
        tuple(regions),
    )


def _changes(old: Examined, new: Examined) -> Iterator[Change]:
    if old.merged is None or new.merged is None or old.pack is None or new.pack is None:
        return
    before, after = _Side(old.pack), _Side(new.pack)
    for group in (
        "rules",
        "mappings",
        "kinds",
        "tax_codes",
        "roles",
        "settings",
        "fields",
        "records",
    ):
        was, now = old.merged.entries[group], new.merged.entries[group]
        for identity in dict.fromkeys([*now, *was]):
            yield from _entry(group, identity, was.get(identity), now.get(identity), before, after)
    for key in ("no_tax", "trust_surplus", "words", "every_document"):
        then, later = old.merged.settings.get(key), new.merged.settings.get(key)
        if then != later:
            details = tuple(_values(key, then, later))
            yield Change("setting", key, "changed", details, (), new.merged.setting_at.get(key))
    yield from _templates(before, after)


class _Side:
    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.rules = {r.id: r for r in pack.rules}

    def kinds(self, group: str, identity: str) -> tuple[str, ...]:
        """The kinds that an entry touches."""
        if group == "rules":
            rule = self.rules.get(identity)
            return rule.kinds if rule else ()
        if group == "mappings":
            return tuple(k for m, k in self.pack.requests if m == identity)
        return (identity,) if group == "kinds" else ()


def _entry(
    group: str, identity: str, was: Entry | None, now: Entry | None, before: _Side, after: _Side
) -> Iterator[Change]:
    word = BY_ID[group]
    kinds = tuple(dict.fromkeys((*after.kinds(group, identity), *before.kinds(group, identity))))
    if was is None and now is not None:
        yield Change(word, identity, "added", tuple(_told(group, now, after)), kinds, now.at)
    elif now is None and was is not None:
        yield Change(word, identity, "removed", tuple(_told(group, was, before)), kinds, was.at)
    elif was is not None and now is not None:
        details: list[str] = []
        at = None
        for key in dict.fromkeys([*now.values, *was.values]):
            then, later = was.values.get(key), now.values.get(key)
            if key == "id" or then == later:
                continue
            if at is None and key in now.origins:
                at = now.origins[key].at
            if group == "rules" and key in ("when", "kinds"):
                details += _of_rule(key, before.rules.get(identity), after.rules.get(identity))
            else:
                details += _values(key, then, later)
        if details:
            yield Change(word, identity, "changed", tuple(details), kinds, at or now.at)


def _told(group: str, entry: Entry, side: _Side) -> Iterator[str]:
    """An entry in a line or two: a rule by what it does, others by their title and values."""
    rule = side.rules.get(entry.id) if group == "rules" else None
    if rule is None:
        plain = {k: v for k, v in entry.values.items() if not isinstance(v, list)}
        yield from (f"{k}: {_short(v)}" for k, v in plain.items() if k != "id")
        return
    what = rule.outcome or "warn"
    named = f" by mapping {rule.mapping}" if rule.mapping and rule.outcome == "post" else ""
    condition = _condition(rule)
    yield f"{what}{named}" + (f" when {condition}" if condition else ", always")
    for key in ("reason", "warning"):
        text = next((t[key].text for t in rule.texts.values() if key in t), None)
        if text:
            yield f"{key}: {text}"


def _condition(rule: Rule | None) -> Condition | None:
    if rule is None:
        return None
    return next((c for c in rule.conditions.values() if c is not None), None)


def _of_rule(key: str, old: Rule | None, new: Rule | None) -> Iterator[str]:
    if key == "when":
        yield f"applies when {_condition(new) or 'always'} (before: {_condition(old) or 'always'})"
        return
    then, later = (frozenset(r.kinds if r else ()) for r in (old, new))
    if later - then:
        yield f"now also for {', '.join(sorted(later - then))}"
    if then - later:
        yield f"no longer for {', '.join(sorted(then - later))}"


def _values(key: str, then: Any, later: Any) -> Iterator[str]:
    """The parts that differ, each with its path."""
    if isinstance(then, dict) and isinstance(later, dict):
        for name in dict.fromkeys([*later, *then]):
            if then.get(name) != later.get(name):
                yield from _values(f"{key}.{name}", then.get(name), later.get(name))
    elif isinstance(then, list) and isinstance(later, list) and _named(then) and _named(later):
        old, new = ({str(i["id"]): i for i in side} for side in (then, later))
        for name in dict.fromkeys([*new, *old]):
            if old.get(name) != new.get(name):
                yield from _values(f"{key} {name}", old.get(name), new.get(name))
        if list(old) != list(new) and set(old) == set(new):
            yield f"{key}: in another order: {', '.join(new)}"
    elif isinstance(then, list) and isinstance(later, list):
        gone = [i for i in then if i not in later]
        come = [i for i in later if i not in then]
        yield from (f"{key}: without {_short(i)}" for i in gone)
        yield from (f"{key}: with {_short(i)}" for i in come)
        if not gone and not come:
            yield f"{key}: in another order"
    elif then is None:
        yield f"{key}: {_short(later)} (new)"
    elif later is None:
        yield f"{key}: no longer {_short(then)}"
    else:
        yield f"{key}: {_short(later)} (before: {_short(then)})"


def _named(items: list[Any]) -> bool:
    return all(isinstance(i, dict) and "id" in i for i in items)


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    return to_yaml(value, flow=True, width=100_000).strip()


def _text(env: BodyEnvironment, name: str) -> str:
    """The text of a template; nothing for one that no request uses and that is no text."""
    assert env.loader is not None
    try:
        return env.loader.get_source(env, name)[0]
    except NotText:
        return ""


def _templates(before: _Side, after: _Side) -> Iterator[Change]:
    """Templates whose text is otherwise, and the kinds whose bodies they write."""
    texts = []
    for side in (before, after):
        env = environment(side.pack.template_dirs)
        assert env.loader is not None
        texts.append({n: _text(env, n) for n in env.list_templates()})
    was, now = texts
    for name in dict.fromkeys([*now, *was]):
        if was.get(name) == now.get(name):
            continue
        how: How = (
            "changed" if name in was and name in now else "added" if name in now else "removed"
        )
        kinds = tuple(
            dict.fromkeys(
                kind
                for side in (after, before)
                for (_, kind), specs in side.pack.requests.items()
                if any(s.template == name for s in specs)
            )
        )
        yield Change(
            "template", name, how, tuple(_lines(was.get(name), now.get(name))), kinds, None
        )


def _lines(then: str | None, later: str | None) -> Iterator[str]:
    from difflib import unified_diff

    if then is None or later is None:
        return
    rows = list(unified_diff(then.splitlines(), later.splitlines(), lineterm="", n=0))[2:]
    yield from (r for r in rows[:12] if not r.startswith("@@"))
    if len(rows) > 12:
        yield f"… {len(rows) - 12} more lines"


def _kinds(old: Pack, new: Pack) -> Iterator[KindChange]:
    """Kinds that get other support, or are posted by another mapping."""
    cells: list[dict[str, Cell]] = []
    for pack in (old, new):
        made = matrix([pack])
        cells.append({r.kind: r.cells[pack.region] for r in made.rows if r.kind})
    was, now = cells
    for kind in dict.fromkeys([*new.kinds, *old.kinds]):
        then, later = was.get(kind), now.get(kind)
        details = []
        word = later.support if later else "not known"
        before = then.support if then else "not known"
        if word != before:
            details.append(f"{word} (before: {before})")
            details += [
                n for n in (later.notes if later else ()) if not then or n not in then.notes
            ]
        mappings = [
            sorted({r.mapping for r in p.rules_of(kind) if r.outcome == "post" and r.mapping})
            if kind in p.kinds
            else []
            for p in (old, new)
        ]
        if mappings[0] != mappings[1] and mappings[0] and mappings[1]:
            details.append(f"mapping {', '.join(mappings[1])} (before: {', '.join(mappings[0])})")
        if details:
            title = (new.kinds.get(kind) or old.kinds[kind]).title
            yield KindChange(kind, title, tuple(details))
