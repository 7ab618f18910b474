"""The support matrix: what becomes of each kind in each region, read off the rules.

Yes: a rule posts it. Needs set-up: it is posted once the firm has named accounts for its roles.
Partial: it is posted, but a rule refuses it for certain words of a field; or the rule that refuses
it says that a part works in Xero. No: a rule refuses it whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pm2xero.pack.language.conditions import Compare, Condition, atoms
from pm2xero.pack.language.types import ScalarType
from pm2xero.pack.model import Pack, Rule

Support = Literal["yes", "needs set-up", "partial", "no"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What becomes of a row in a region: the word, why, and the rules and roles behind it."""

    support: Support
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the article's table; `kind` is None for a function that is no kind."""

    section: str
    title: str
    kind: str | None
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rows, and the regions that are told apart, each with those that are just the same."""

    rows: tuple[Row, ...]
    regions: tuple[str, ...]
    same: dict[str, tuple[str, ...]]


def matrix(packs: Iterable[Pack]) -> Matrix:
    """The matrix of some regions, rows in the order of the article."""
    listed = list(packs)
    rows: dict[tuple[str, str, str | None], dict[str, Cell]] = {}
    order: dict[str, int] = {}
    for pack in listed:
        for section in pack.sections:
            order.setdefault(section, len(order))
        for section, title, kind in _rows(pack):
            rows.setdefault((section, title, kind), {})[pack.region] = (
                _cell(pack, kind) if kind else _function(pack, section, title)
            )
    made = [Row(*key, cells) for key, cells in rows.items()]
    made.sort(key=lambda r: order.get(r.section, len(order)))
    shown, same = _grouped(listed, made)
    return Matrix(tuple(made), shown, same)


def _rows(pack: Pack) -> Iterator[tuple[str, str, str | None]]:
    sections = list(dict.fromkeys(k.section for k in pack.kinds.values()))
    for section in sections:
        kinds = [k for k in pack.kinds.values() if k.section == section]
        titles = pack.rows.get(section) or tuple(dict.fromkeys(k.title for k in kinds))
        for title in titles:
            found = [k.name for k in kinds if k.title == title]
            yield from ((section, title, name) for name in found)
            if not found:
                yield section, title, None
        for kind in kinds:
            if kind.title not in titles:
                yield section, kind.title, kind.name


def _cell(pack: Pack, kind: str) -> Cell:
    rules = pack.rules_of(kind)
    refused = [r for r in rules if r.outcome == "reject" and r.conditions[kind] is None]
    if not refused and not any(r.outcome == "post" for r in rules):
        # Its own rules refuse it among them, each in another case.
        section = pack.kinds[kind].section
        refused = [
            r for r in rules if r.outcome == "reject" and r.section == section and not r.required
        ]
    if refused:
        notes = tuple(dict.fromkeys(_said(r, kind) for r in refused))
        support: Support = "partial" if all(r.partial for r in refused) else "no"
        return Cell(support, notes, tuple(r.id for r in refused))
    posting = [r for r in rules if r.outcome == "post"]
    if not posting:
        # Variants of it are refused by rules of their own; together they are the row.
        of = pack.kinds[kind]
        row = f"{of.section} / {of.title}"
        parts = [r for r in rules if r.outcome == "reject" and r.source == row]
        said = tuple(dict.fromkeys(_said(r, kind) for r in parts)) or ("no rule posts it",)
        return Cell("no", said, tuple(r.id for r in parts))
    needs = tuple(
        dict.fromkeys(
            role.title
            for p in pack.kinds[kind].postings
            if p.account.role is not None
            and (role := pack.roles.get(p.account.role)) is not None
            and role.system is None
        )
    )
    variants = [
        r for r in rules if r.outcome == "reject" and kind_of_word(r.conditions[kind]) is not None
    ]
    ids = tuple(r.id for r in (*variants, *posting))
    setup = tuple(f"The firm names an account for: {n}." for n in needs)
    if variants:
        notes = tuple(
            f"Not for {kind_of_word(r.conditions[kind])}: {_said(r, kind)}" for r in variants
        )
        return Cell("partial", (*notes, *setup), ids, needs)
    return Cell("needs set-up" if needs else "yes", setup, ids, needs)


def kind_of_word(condition: Condition | None) -> str | None:
    """`transfer deferred`, when a condition asks only for words of the document's own fields."""
    tests = atoms(condition)
    words = []
    for test in tests:
        if not isinstance(test, Compare):
            return None
        path = test.path
        if test.op == "present" and test.operand is False and path.type.name == "document":
            continue
        if test.op not in ("is", "in"):
            return None
        listed = isinstance(path.type, ScalarType) and bool(path.type.values)
        if path.base != "transaction" or path.attribute is not None or not listed:
            return None
        if path.text == "status":
            return None
        operand = test.operand if isinstance(test.operand, tuple) else (test.operand,)
        words.append(f"{path.text.replace('_', ' ')} {' or '.join(str(o) for o in operand)}")
    return ", ".join(words).replace("_", " ") or None


def _function(pack: Pack, section: str, title: str) -> Cell:
    """A row that is no kind: the rules whose source is that row."""
    source = f"{section} / {title}"
    found = [r for r in pack.rules if r.source == source and r.outcome == "reject"]
    if not found:
        return Cell("yes")
    notes = tuple(dict.fromkeys(_said(r, r.kinds[0]) for r in found if r.kinds))
    return Cell("no", notes, tuple(r.id for r in found))


def _said(rule: Rule, kind: str) -> str:
    """A reason without the values of a document."""
    text = rule.texts[kind]["reason"].text
    return re.sub(r"\s*\{[^{}]*\}", " …", text).strip().replace("… …", "…")


def _grouped(
    packs: list[Pack], rows: list[Row]
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Regions whose column is that of the region below them are told together with it."""
    names = [p.region for p in packs]
    same: dict[str, list[str]] = {n: [] for n in names}
    shown = []
    for pack in packs:
        below = (n for n in reversed(pack.layers) if n != pack.region)
        parent = next((n for n in below if n in names), None)
        if parent is not None and all(
            row.cells.get(pack.region) == row.cells.get(parent) for row in rows
        ):
            same[parent].append(pack.region)
        else:
            shown.append(pack.region)
    return tuple(shown), {n: tuple(same[n]) for n in shown}
