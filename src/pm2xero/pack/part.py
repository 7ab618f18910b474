"""A part of a pack: what it says of some kinds, and nothing of the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pm2xero.pack.model import Pack, Rule


def part_of(pack: Pack, kinds: Collection[str]) -> Pack:
    """The pack as if it had only these kinds; whoever is given it can read no other.

    What is said of no kind (roles, tax codes, settings, words) is in every part. Guards are not:
    they compare layers, and a part has no others.
    """
    wanted = frozenset(kinds)
    rules = tuple(_of(r, wanted) for r in pack.rules if wanted.intersection(r.kinds))
    mappings = {r.mapping for r in rules if r.mapping is not None}
    return replace(
        pack,
        kinds={n: k for n, k in pack.kinds.items() if n in wanted},
        rules=rules,
        mappings={n: m for n, m in pack.mappings.items() if n in mappings},
        requests={n: s for n, s in pack.requests.items() if n[0] in mappings and n[1] in wanted},
        guards=(),
    )


def _of(rule: Rule, wanted: Collection[str]) -> Rule:
    return replace(
        rule,
        kinds=tuple(k for k in rule.kinds if k in wanted),
        conditions={k: c for k, c in rule.conditions.items() if k in wanted},
        texts={k: t for k, t in rule.texts.items() if k in wanted},
    )
