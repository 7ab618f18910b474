"""Builds rules from the merged YAML: which kinds, which conditions, which texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pm2xero.errors import Finding
from pm2xero.pack.cache import Memory
from pm2xero.pack.counts import Counts
from pm2xero.pack.guards import build_guards
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.conditions import Condition, Quantified, atoms
from pm2xero.pack.language.paths import PathError, Scope, TextExpr, parse_text
from pm2xero.pack.language.types import (
    DERIVED_LISTS,
    FieldType,
    ListType,
    RecordType,
    belongs,
)
from pm2xero.pack.layers import Entry, Merged
from pm2xero.pack.model import Guard, Kind, Posting, Rule
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


def build_rules(
    merged: Merged, kinds: Mapping[str, Kind], findings: list[Finding], memory: Memory
) -> tuple[Rule, ...]:
    """All rules in the order in which their reasons are named.

    Args:
        memory: rules that were built for other regions of the same kinds.
    """
    entries = merged.entries["rules"]
    complete = {i: e for i, e in entries.items() if _complete(e, entries, findings)}
    posting = _posting_kinds(complete, kinds)
    rules = []
    for entry in complete.values():
        chosen = {n: kinds[n] for n in _kinds(entry.values, kinds, posting, findings)}
        section = str(entry.values.get("section", entry.section))
        order = (_rank(section, merged), entry.place)
        rule, faults = memory.once(
            ("rule", entry.layer, section, order),
            (entry.values, *chosen.values()),
            partial(_rule, entry, chosen, section, order),
        )
        findings.extend(faults)
        rules.append(rule)
    return tuple(sorted(rules, key=lambda r: r.order))


def build_kept_guards(
    merged: Merged, kinds: Mapping[str, Kind], rules: tuple[Rule, ...]
) -> tuple[Guard, ...]:
    """The required rules that a higher layer touched, as they were, for the kinds of now."""
    posting = {k for r in rules if r.outcome == "post" for k in r.kinds}

    def build(entry: Entry) -> Rule:
        unread: list[Finding] = []  # What a lower layer says was told for that layer.
        chosen = {n: kinds[n] for n in _kinds(entry.values, kinds, posting, unread)}
        return _rule(entry, chosen, entry.section, (0, entry.place))[0]

    return build_guards(merged, kinds, build)


def _rank(section: str, merged: Merged) -> int:
    known = merged.sections
    return known.index(section) if section in known else len(known)


def _complete(entry: Entry, entries: Mapping[str, Entry], findings: list[Finding]) -> bool:
    values = entry.values
    lacking = [k for k in ("kinds",) if k not in values]
    if "outcome" not in values and "warning" not in values:
        lacking.append("outcome")
    if lacking:
        others = [i for i in entries if i != entry.id]
        findings.append(
            Finding(
                "PX204",
                f'the rule "{entry.id}" lacks {" and ".join(lacking)}, '
                "and no lower layer has a rule of that id",
                values.value_at.get("id", values.at),
                hint=did_you_mean(entry.id, others),
                width=len(entry.id),
            )
        )
        return False
    outcome = values.get("outcome")
    if outcome is None:
        return True
    wanted = "mapping" if outcome == "post" else "reason"
    if wanted in values and values.get("leaves_over") is True:
        wanted = "reason"
    if wanted not in values:
        findings.append(
            Finding(
                "PX205",
                f'the rule "{entry.id}" has outcome {outcome} but no {wanted}',
                values.value_at["outcome"],
                width=len(str(outcome)),
            )
        )
        return False
    return True


def _posting_kinds(entries: Mapping[str, Entry], kinds: Mapping[str, Kind]) -> set[str]:
    found: set[str] = set()
    for entry in entries.values():
        listed = entry.values["kinds"]
        if entry.values.get("outcome") != "post":
            continue
        if isinstance(listed, SourceMap) and ("add" in listed or "remove" in listed):
            found.update(_changed_kinds(listed, kinds, set(), []))
        elif isinstance(listed, list):
            found.update(str(k) for k in listed)
    return found & set(kinds)


def _rule(
    entry: Entry, kinds: Mapping[str, Kind], section: str, order: tuple[int, int]
) -> tuple[Rule, tuple[Finding, ...]]:
    """The rule for these kinds, and what is wrong with it."""
    values = entry.values
    names = tuple(kinds)
    conditions: dict[str, Condition | None] = {}
    texts: dict[str, Mapping[str, TextExpr]] = {}
    local: dict[tuple[object, ...], list[tuple[str, Finding]]] = {}
    for name in names:
        scope = Scope(name, kinds[name].record, None, kinds[name].settings)
        own: list[Finding] = []
        condition = None
        if "when" in values:
            condition = parse_condition(values["when"], scope, values.value_at["when"], own)
        conditions[name] = condition
        texts[name] = _texts(values, scope, condition, own)
        for finding in own:
            local.setdefault((finding.code, finding.at), []).append((name, finding))
    faults = tuple(_for_kinds(found, names) for found in local.values())
    rule = Rule(
        id=entry.id,
        code=str(values.get("code", entry.id)),
        kinds=names,
        conditions=conditions,
        outcome=values.get("outcome"),
        mapping=values.get("mapping"),
        texts=texts,
        by_hand=bool(values.get("by_hand", False)),
        leaves=values.get("leaves_document"),
        source=str(values.get("source", "")),
        section=section,
        order=order,
        at=values.value_at.get("id", values.at),
        origins=entry.origins,
        partial=values.get("support") == "partial",
        counts=Counts(values["counts"]) if "counts" in values else None,
        required=values.get("required") is True,
        may_release=values.get("may_release") == "person",
        leaves_over=values.get("outcome") == "post" and values.get("leaves_over") is True,
    )
    return rule, faults


def _for_kinds(found: list[tuple[str, Finding]], names: tuple[str, ...]) -> Finding:
    """One finding for a fault that a rule has in several of its kinds."""
    affected = [name for name, _ in found]
    first = found[0][1]
    fine = [n for n in names if n not in affected]
    if not fine:
        others = len(affected) - 1
        more = f", nor for {others} other kinds of this rule" if others else ""
        return replace(first, message=first.message + more)
    lacking = re.search(r'has no field "([^"]*)"', first.message)
    field = lacking[1] if lacking else "lines"
    listed = ", ".join(affected[:3]) + (f" and {len(affected) - 3} others" * (len(affected) > 3))
    return replace(
        first,
        message=f"{first.message} (of the {len(names)} kinds of this rule, {len(fine)} are fine)",
        hint=first.hint
        or f"choose the kinds by what they have, as in `kinds: {{ with: {field} }}`",
        should_be=f"not fine for: {listed}",
    )


def _texts(
    values: SourceMap, scope: Scope, condition: Condition | None, findings: list[Finding]
) -> Mapping[str, TextExpr]:
    found = next((a for a in atoms(condition) if isinstance(a, Quantified)), None)
    extra = {}
    if found is not None and isinstance(found.over.type, ListType):
        extra["found"] = scope.with_item(found.over.type.of)
    texts = {}
    for key in ("reason", "remedy", "warning"):
        if key not in values:
            continue
        try:
            texts[key] = parse_text(str(values[key]), scope, extra)
        except PathError as exc:
            text_at = values.text_at.get(key)
            findings.append(exc.finding("PX310", values.value_at[key], 1, text_at))
    return texts


def _kinds(
    values: SourceMap, kinds: Mapping[str, Kind], posting: set[str], findings: list[Finding]
) -> Iterable[str]:
    listed = values["kinds"]
    if isinstance(listed, SourceMap) and ("add" in listed or "remove" in listed):
        return _changed_kinds(listed, kinds, posting, findings)
    return _named_kinds(listed, kinds, posting, findings)


def _changed_kinds(
    listed: SourceMap, kinds: Mapping[str, Kind], posting: set[str], findings: list[Finding]
) -> Iterable[str]:
    """Kinds of a lower layer, or of a choice, with some added and some taken away."""
    below = listed.get("of")
    if below is None:
        below = listed.copy()
        for key in ("add", "remove"):
            below.pop(key, None)
    chosen = dict.fromkeys(_named_kinds(below, kinds, posting, findings) if below else ())
    chosen |= dict.fromkeys(_named_kinds(listed.get("add") or SourceList(listed.at), kinds,
                                         posting, findings))  # fmt: skip
    gone = _named_kinds(listed.get("remove") or SourceList(listed.at), kinds, posting, findings)
    for name in gone:
        chosen.pop(name, None)
    return list(chosen)


def _named_kinds(
    listed: Any, kinds: Mapping[str, Kind], posting: set[str], findings: list[Finding]
) -> Iterable[str]:
    if listed == "all":
        return kinds
    if listed == "posting":
        return [k for k in kinds if k in posting]
    if isinstance(listed, SourceList):
        good = []
        for name, place in zip(listed, listed.item_at, strict=True):
            if name in kinds:
                good.append(str(name))
                continue
            findings.append(
                Finding(
                    "PX311",
                    f'there is no kind "{name}"',
                    place,
                    hint=did_you_mean(name, kinds),
                    should_be=one_of(kinds, 50),
                    width=len(str(name)),
                )
            )
        return good
    selector = "posting_with" if "posting_with" in listed else "with"
    wanted = listed[selector]
    fields = [str(f) for f in (wanted if isinstance(wanted, list) else [wanted])]
    pool = [k for k in kinds if selector == "with" or k in posting]
    chosen = [k for k in pool if all(_has(kinds[k], f) for f in fields)]
    if not chosen:
        every = {n for k in kinds.values() for n in (*k.record.required, *k.record.optional)}
        findings.append(
            Finding(
                "PX312",
                f"no kind has {' and '.join(fields)}",
                listed.value_at[selector],
                hint=did_you_mean(fields[0], every),
                width=len(fields[0]) if isinstance(wanted, str) else 1,
            )
        )
    return chosen


def _has(kind: Kind, field: str) -> bool:
    return field in kind.offers


def offers_of(record: RecordType, postings: tuple[Posting, ...]) -> frozenset[str]:
    """What rules may choose a kind by: its fields, and what its fields and postings amount to."""
    derived = {n for n, t in DERIVED_LISTS.items() if reference_fields(record, t.of)}
    found = {*record.required, *record.optional, *derived}
    if any(p.account.by == "role" for p in postings):
        found.add("roles")
    if any(p.matter for p in postings):
        found.add("trust")
    return frozenset(found)


def reference_fields(record: RecordType, wanted: FieldType) -> list[tuple[str, ...]]:
    """Paths to all fields of a reference type, however deep; items count under their list."""
    found: list[tuple[str, ...]] = []
    for field, kind in {**record.required, **record.optional}.items():
        of = kind.of if isinstance(kind, ListType) else kind
        if belongs(of, wanted):
            found.append((field,))
        elif isinstance(of, RecordType):
            found.extend((field, *path) for path in reference_fields(of, wanted))
    return found
