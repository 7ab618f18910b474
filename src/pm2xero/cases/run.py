"""Runs cases: each finding is paired with one expectation, and what is left over fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pm2xero.cases.expect import NEVER_EXPECTED
from pm2xero.cases.firms import Firms
from pm2xero.cases.model import Before, Case, CaseResult, Goal, Status, WantedRequest
from pm2xero.cases.seen import decided, rendered, tested
from pm2xero.decide.decider import opening_state
from pm2xero.decide.decision import Decision
from pm2xero.decide.memory_state import MemoryState
from pm2xero.errors import Finding, Pm2XeroError, Position
from pm2xero.firm.organisation import Organisation
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Malformed, Transaction
from pm2xero.render.request import Request

_INPUT = "case"


@dataclass(frozen=True, slots=True)
class Situation:
    """A case up to the moment of its decision: the firm, what came before, the document."""

    pipeline: Pipeline
    state: MemoryState
    transaction: Transaction | Malformed
    findings: tuple[Finding, ...]


def situation(case: Case, firms: Firms) -> Situation:
    """Set a case up: the firm with its facts, known documents, and what comes before.

    Raises:
        Pm2XeroError: the firm, its pack or a fact is wrong.
    """
    pipeline = firms.firm(case.organisation, case.region, case.facts)
    state = _state(case, pipeline.organisation)
    pipeline.state = state
    findings = [f for b in case.before if (f := _apply(b, pipeline, state)) is not None]
    tx = pipeline.reader.read(dict(case.given.raw), _INPUT, case.at.line)
    if case.earlier is not None and isinstance(tx, Transaction):
        known = case.earlier
        digest = tx.fingerprint if known.same_content else bytes(len(tx.fingerprint))
        state.remember(tx.id, known.revision, digest, known.outcome)
    return Situation(pipeline, state, tx, tuple(findings))


def run_case(case: Case, firms: Firms) -> CaseResult:
    """Decide and render the document of a case and compare with what it expects."""
    kind = str(case.given.raw.get("kind", ""))
    try:
        at_hand = situation(case, firms)
        firms.recorder.take()
        decision, requests, seen = _decide(at_hand, firms, case.expected.requests is not None)
    except Pm2XeroError as exc:
        findings = tuple(_at(f, case.at) for f in exc.findings)
        return CaseResult(case, "failed", findings, kind, "", None, (), frozenset())
    found = (*at_hand.findings, *_differences(case, decision, requests))
    findings = tuple(replace(f, message=f"{case.name}: {f.message}") for f in found)
    region = at_hand.pipeline.pack.region
    status, findings = _status(case, findings)
    return CaseResult(case, status, findings, kind, region, decision, requests, seen)


def _decide(
    at_hand: Situation, firms: Firms, golden: bool
) -> tuple[Decision, tuple[Request, ...], frozenset[Goal]]:
    pipeline, tx, state = at_hand.pipeline, at_hand.transaction, at_hand.state
    decision = pipeline.decider.decide(tx, state)
    mapping = decision.mapping or ""
    requests: tuple[Request, ...] = ()
    if decision.outcome == "post":
        decision, requests = pipeline.render(tx, decision)
    if not isinstance(tx, Transaction):
        return decision, requests, frozenset()
    program = pipeline.decider.program_of(tx)
    seen = {*decided(decision, program), *tested(program, tx, state)}
    if golden:
        seen |= set(rendered(mapping, requests, firms.recorder.take()))
    return decision, requests, frozenset(seen)


def _state(case: Case, organisation: Organisation) -> MemoryState:
    if case.trust_balances is None:
        state = opening_state(organisation)
    else:
        state = MemoryState({**(organisation.trust_balances or {}), **case.trust_balances})
        opening = opening_state(organisation)
        for document in organisation.documents:
            state.add_open(opening.document(document.id))
    for fact in case.documents:
        state.add_open(fact)
    return state


def _apply(before: Before, pipeline: Pipeline, state: MemoryState) -> Finding | None:
    tx = pipeline.reader.read(dict(before.given.raw), _INPUT, before.given.at.line)
    decision = pipeline.decider.decide(tx, state)
    pipeline.decider.apply(tx, decision, state)
    if decision.outcome == before.outcome:
        return None
    codes = ", ".join(r.code for r in decision.reasons)
    name = before.given.base or before.given.raw.get("id", "")
    message = (
        f'"{name}", which comes before, should {before.outcome}, but the decision is '
        f"{decision.outcome}" + (f" ({codes})" if codes else "")
    )
    return Finding("PX719", message, before.given.at)


def _status(case: Case, findings: tuple[Finding, ...]) -> tuple[Status, tuple[Finding, ...]]:
    if case.known_gap is None:
        return ("failed" if findings else "passed"), findings
    if findings:
        return "known_gap", findings
    message = f'"{case.name}" is no longer a gap: it passes'
    hint = "take known_gap off"
    return "failed", (Finding("PX717", message, case.at, hint=hint),)


def _differences(
    case: Case, decision: Decision, requests: tuple[Request, ...]
) -> tuple[Finding, ...]:  # fmt: skip
    return (
        *_outcome(case, decision),
        *_paired(case, "codes", [r.code for r in decision.reasons], _reasons(decision)),
        *_rule(case, decision),
        *_paired(
            case, "warnings", [w.code for w in decision.warnings],
            {w.code: w.message for w in decision.warnings},
        ),
        *_requests(case, requests),
    )  # fmt: skip


def _outcome(case: Case, decision: Decision) -> Iterator[Finding]:
    unanswered = [r for r in decision.reasons if r.code in NEVER_EXPECTED]
    at = case.expected.place("outcome")
    for reason in unanswered:
        yield Finding("PX718", f"the pack has no answer ({reason.code}): {reason.message}", at)
    wanted = case.expected.outcome
    if decision.outcome != wanted and not unanswered:
        why = f": {decision.reasons[0].message}" if decision.reasons else ""
        message = f"expected {wanted}, the decision is {decision.outcome}{why}"
        yield Finding("PX710", message, at, width=len("outcome"))


def _reasons(decision: Decision) -> dict[str, str]:
    return {r.code: f"{r.message} [{r.rule} {r.at}]" for r in decision.reasons}


def _paired(
    case: Case, part: str, found: list[str], said: Mapping[str, str]
) -> Iterator[Finding]:  # fmt: skip
    wanted = list(getattr(case.expected, part))
    at = case.expected.place(part)
    word = {"codes": "reason", "warnings": "warning"}[part]
    more, less = Counter(found) - Counter(wanted), Counter(wanted) - Counter(found)
    for code in more.elements():
        if code not in NEVER_EXPECTED:
            message = f'the {word} "{code}" was found and is not expected'
            yield Finding("PX711", message, at, hint=said.get(code), width=len(part))
    for code in less.elements():
        message = f'the {word} "{code}" is expected and was not found'
        yield Finding("PX712", message, at, width=len(part))
    if not more and not less and found != wanted:
        message = f"the {word}s come in another order: {', '.join(found)}"
        yield Finding("PX713", message, at, should_be=f"{part}: [{', '.join(found)}]")


def _rule(case: Case, decision: Decision) -> Iterator[Finding]:
    wanted = case.expected.rule
    found = decision.rule or (decision.reasons[0].rule if decision.reasons else "")
    if wanted is not None and wanted != found:
        message = f'expected the rule "{wanted}" to decide, it was "{found or "none"}"'
        yield Finding("PX714", message, case.expected.place("rule"), width=len("rule"))


def _requests(case: Case, requests: tuple[Request, ...]) -> Iterator[Finding]:
    wanted = case.expected.requests
    if wanted is None:
        return
    at = case.expected.place("requests")
    expected = {w.step: w for w in wanted}
    for request in requests:
        match = expected.pop(request.step, None)
        if match is None:
            message = f'the request "{request.step}" ({request.method} {request.path}) was made'
            hint = "write it under requests (`pm2xero test --update` does)"
            yield Finding("PX716", f"{message} and is not expected", at, hint=hint)
        else:
            yield from _request(match, request)
    for missing in expected.values():
        message = f'the request "{missing.step}" is expected and was not made'
        yield Finding("PX716", message, missing.at)
    order = [r.step for r in requests]
    if sorted(order) == sorted(w.step for w in wanted) and order != [w.step for w in wanted]:
        yield Finding("PX716", f"the requests come in another order: {', '.join(order)}", at)


def _request(wanted: WantedRequest, request: Request) -> Iterator[Finding]:
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("method", wanted.method, request.method),
        ("path", wanted.path, request.path.lstrip("/")),
        ("needs", list(wanted.needs), list(request.needs)),
        ("body", wanted.body, body_of(request)),
    )
    for name, expected, found in pairs:
        for path, left, right in different(expected, found, name):
            message = f"{request.step}: {path} is {right}, expected {left}"
            yield Finding("PX716", message, wanted.at)


def body_of(request: Request) -> Any:
    """The body of one document as data; amounts are `Decimal` with their own digits."""
    return json.loads(request.element, parse_float=Decimal)


def different(expected: Any, found: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """The innermost places at which two values differ, with both values as text."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in dict.fromkeys((*expected, *found)):
            left = expected.get(key, _MISSING)
            right = found.get(key, _MISSING)
            yield from different(left, right, f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(found, list):
        for index in range(max(len(expected), len(found))):
            left = expected[index] if index < len(expected) else _MISSING
            right = found[index] if index < len(found) else _MISSING
            yield from different(left, right, f"{path}[{index}]")
    elif type(expected) is not type(found) or str(expected) != str(found):
        yield path, _shown(expected), _shown(found)


class _Missing:
    pass


_MISSING = _Missing()


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "not there"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _at(finding: Finding, at: Position) -> Finding:
    if finding.at is not None:
        return finding
    return Finding(finding.code, finding.message, at, hint=finding.hint)
