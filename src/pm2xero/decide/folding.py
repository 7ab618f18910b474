"""Takes out of the compiled tests what is the same for every document of a run.

Tests on constants are answered once, when they are compiled. Of a loop, the tests that only follow
names into the chart (accounts, banks, tax codes) are answered once for each combination of names
and remembered; only what looks at amounts or at other documents is asked each time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pm2xero.code import code_of

MAX_REMEMBERED = 10_000

_TEXT = re.compile(r"'[^']*'")
_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_WORDS = frozenset(("is", "not", "None", "and", "or", "in", "if", "else"))
_LOOKUP = re.compile(r"\b(?:ledger|bank|tax)\(([^()]*)\)")
_CHART = frozenset(("ledger", "bank", "tax", "side"))
_RAW = re.compile(r"i\['\w+'\]")


def names(expression: str) -> set[str]:
    """The names that an expression reads, without attributes and words of the language."""
    return set(_NAME.findall(_TEXT.sub("", expression))) - _WORDS


def is_constant(expression: str) -> bool:
    """Whether an expression reads nothing but constants of the pack and the firm."""
    return all(
        re.fullmatch(r"k\d+", name)
        for name in names(expression) - {"len", "set", "abs", "CENT", "HALF_UP", "ZERO"}
    )


@dataclass(slots=True)
class Loop:
    """One loop over a list: what is computed for each item, and the tests with their bits."""

    head: str
    lines: list[tuple[str, str]]
    checks: list[tuple[str, int]]

    @property
    def constant(self) -> bool:
        """Whether the list and all that is asked of its items are the same for every document."""
        own = {"i", *(n for n, _ in self.lines)} | _CHART
        asked = [e for _, e in self.lines] + [e for e, _ in self.checks]
        rest = {n for e in asked for n in names(e)} - own
        return is_constant(self.head) and is_constant(" ".join(sorted(rest)))

    def body(self) -> list[str]:
        """The statements inside of the loop."""
        return [*_lines(self.lines, 8), *_checks(self.checks, 8)]


def remembered(loop: Loop, number: int, space: dict[str, Any]) -> list[str]:
    """The statements of a loop, with what can be remembered taken into a function of its own."""
    keys = _keys(loop)
    pure = _pure(loop, keys)
    # A test of every item takes a bit away, which an answer that adds bits cannot do.
    fixed = [c for c in loop.checks if c[1] > 0 and _roots(c[0], pure) is not None]
    if not keys or not fixed:
        return [f"    for i in {loop.head}:", *loop.body()]
    moving = [c for c in loop.checks if c not in fixed]
    kept = [(n, e) for n, e in loop.lines if n not in pure or n in keys]
    wanted = {n for _, e in kept for n in names(e)} | {n for e, _ in moving for n in names(e)}
    shared = [n for n in pure if n not in keys and n in wanted]
    key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    memo, fill = f"memo{number}", f"fill{number}"
    space[memo] = {}
    answer = f"({', '.join(['m', *shared])},)"
    source = "\n".join(
        [
            f"def {fill}({', '.join(keys)}):",
            "    m = 0",
            *_lines([(n, e) for n, e in loop.lines if n in pure and n not in keys], 4),
            *_checks(fixed, 4),
            f"    if len({memo}) < {MAX_REMEMBERED}: {memo}[{key}] = {answer}",
            f"    return {answer}",
        ]
    )
    exec(code_of(source, "<remembered tests>"), space)
    raw = [(n, e) for n, e in kept if n in keys]
    rest = [(n, e) for n, e in kept if n not in keys]
    return [
        f"    for i in {loop.head}:",
        *_lines(raw, 8),
        f"        h = {memo}.get({key}) or {fill}({', '.join(keys)})",
        "        if h[0]: m |= h[0]",
        *[f"        {n} = h[{place}]" for place, n in enumerate(shared, 1)],
        *_lines(rest, 8),
        *_checks(moving, 8),
    ]


def _keys(loop: Loop) -> list[str]:
    """The names of the item that lookups in the chart start from."""
    raw = {n for n, e in loop.lines if _RAW.fullmatch(e)} | {"i"}
    asked = [
        a.strip() for _, e in loop.lines for found in _LOOKUP.findall(e) for a in found.split(",")
    ]
    return [n for n in dict.fromkeys(asked) if n in raw]


def _pure(loop: Loop, keys: list[str]) -> dict[str, None]:
    pure = dict.fromkeys(keys)
    for name, expression in loop.lines:
        if name not in pure and _roots(expression, pure) is not None:
            pure[name] = None
    return pure


def _roots(expression: str, pure: dict[str, None]) -> set[str] | None:
    read = names(expression) - _CHART
    read = {n for n in read if not re.fullmatch(r"k\d+", n)}
    return read if read and read <= pure.keys() else None


def _lines(lines: list[tuple[str, str]], indent: int) -> list[str]:
    return [f"{' ' * indent}{n} = {e}" for n, e in lines]


def _checks(checks: list[tuple[str, int]], indent: int) -> list[str]:
    return [
        f"{' ' * indent}if {e}: m |= {b}" if b > 0 else f"{' ' * indent}if not ({e}): m &= ~{-b}"
        for e, b in checks
    ]
