"""Rules as and/or trees over numbered tests, negation pushed down to the tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pm2xero.pack.language.conditions import AllOf, AnyOf, Condition, Not


@dataclass(frozen=True, slots=True)
class Branch:
    """A test that must have a certain truth, or a group of branches."""

    op: Literal["atom", "and", "or"]
    atom: int = 0
    wanted: bool = True
    parts: tuple[Branch, ...] = ()


def branch(condition: Condition, index: Mapping[str, int], *, negated: bool = False) -> Branch:
    """The tree of a condition; `index` gives the number of each test by its key."""
    if isinstance(condition, Not):
        return branch(condition.part, index, negated=not negated)
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(branch(p, index, negated=negated) for p in condition.parts)
        conjunction = isinstance(condition, AllOf) != negated
        return Branch("and" if conjunction else "or", parts=parts)
    return Branch("atom", index[condition.key], not negated)


def leaves(tree: Branch | None) -> Iterator[int]:
    """The numbers of the tests in a tree, once for each place."""
    if tree is None:
        return
    if tree.op == "atom":
        yield tree.atom
    for part in tree.parts:
        yield from leaves(part)


def holds(tree: Branch | None, mask: int) -> bool:
    """Whether a tree holds for the truths in a mask: the shadow of the engine's answer."""
    if tree is None:
        return True
    if tree.op == "atom":
        return bool(mask >> tree.atom & 1) == tree.wanted
    if tree.op == "and":
        return all(holds(p, mask) for p in tree.parts)
    return any(holds(p, mask) for p in tree.parts)
