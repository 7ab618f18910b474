"""Brings the expectations of failed cases up to what happens now, as a change that can be read."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pm2xero.cases.emit import block, flow
from pm2xero.cases.expect import NEVER_EXPECTED
from pm2xero.cases.model import CaseFile, CaseResult
from pm2xero.cases.run import body_of
from pm2xero.render.request import Request


@dataclass(frozen=True, slots=True)
class Change:
    """A file with its text as it is and as it would be."""

    path: Path
    shown: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True),
            self.shown, f"{self.shown} (updated)",
        )  # fmt: skip
        return "".join(lines)


def changes(files: Iterable[CaseFile], results: Iterable[CaseResult]) -> list[Change]:
    """What an update would write: the `expect` of every failed case that has an answer.

    Known gaps stay as they are, and so do cases for which the pack has no answer.
    """
    failed: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        if result.status == "failed" and _answered(result):
            failed[result.case.at.file].append(result)
    found: list[Change] = []
    for file in files:
        if file.shown in failed:
            found.extend(_of_file(file, failed[file.shown]))
    return found


def expectation(result: CaseResult, *, with_requests: bool, with_rule: bool) -> dict[str, Any]:
    """The `expect` that would let a result pass."""
    decision = result.decision
    assert decision is not None
    made: dict[str, Any] = {"outcome": decision.outcome}
    if decision.reasons:
        made["codes"] = [r.code for r in decision.reasons]
    rule = decision.rule or (decision.reasons[0].rule if decision.reasons else "")
    if with_rule and rule:
        made["rule"] = rule
    if decision.warnings:
        made["warnings"] = [w.code for w in decision.warnings]
    if with_requests:
        made["requests"] = [request_tree(r) for r in result.requests]
    return made


def request_tree(request: Request) -> dict[str, Any]:
    """A request as cases write it."""
    tree: dict[str, Any] = {"step": request.step}
    tree[request.method.lower()] = request.path.lstrip("/")
    if request.needs:
        tree["needs"] = list(request.needs)
    tree["body"] = body_of(request)
    return tree


def _answered(result: CaseResult) -> bool:
    if result.decision is None or result.case.known_gap is not None:
        return False
    return not any(r.code in NEVER_EXPECTED for r in result.decision.reasons)


def _of_file(file: CaseFile, results: list[CaseResult]) -> list[Change]:
    text = file.path.read_text(encoding="utf-8")
    cases = _value(yaml.compose(text, Loader=yaml.SafeLoader), "cases").value
    found: list[Change] = []
    after = text
    # From the last case to the first, so that the places of those before stay true.
    for result in sorted(results, key=lambda r: -r.case.index):
        expected = result.case.expected
        golden = expected.golden
        made = expectation(
            result,
            with_requests=expected.requests is not None and golden is None,
            with_rule=expected.rule is not None,
        )
        if golden is not None:
            found.append(_golden(golden, result))
            made["requests"] = {"from": golden.relative_to(file.path.parent).as_posix()}
        after = _replaced(after, cases[result.case.index], made)
    found.append(Change(file.path, file.shown, text, after))
    return [c for c in found if c.before != c.after]


def _golden(path: Path, result: CaseResult) -> Change:
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = "\n".join(block([request_tree(r) for r in result.requests], 0)) + "\n"
    return Change(path, str(path), before, after)


def _replaced(text: str, case: Any, expect: dict[str, Any]) -> str:
    """The text with a new `expect` in the place of the old one; comments inside of it are lost."""
    key, value = _pair(case, "expect")
    start, end = key.start_mark.index, value.end_mark.index
    if case.flow_style:
        return f"{text[:start]}expect: {flow(expect)}{text[end:]}"
    # A block ends where the next token begins: blank lines and comments before it stay.
    kept = text[start:end].splitlines(keepends=True)
    while len(kept) > 1 and not kept[-1].split("#")[0].strip():
        kept.pop()
    end = start + len("".join(kept))
    made = "\n".join(block({"expect": expect}, key.start_mark.column)).lstrip()
    newline = "\n" if kept[-1].endswith("\n") else ""
    return f"{text[:start]}{made}{newline}{text[end:]}"


def _value(node: Any, key: str) -> Any:
    return _pair(node, key)[1]


def _pair(node: Any, key: str) -> tuple[Any, Any]:
    return next((k, v) for k, v in node.value if k.value == key)
