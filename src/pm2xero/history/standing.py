"""How far a document has come in Xero, by what was decided and what became of its requests."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pm2xero.history.requests import alive, corrections
from pm2xero.outbox.records import Actor, StoredDecision, StoredRequest
from pm2xero.outbox.states import SETTLED, RequestState

# In which order the state of a request speaks for its document, and what it says.
_SPEAKS = (
    (RequestState.REJECTED, "refused"),
    (RequestState.FAILED, "refused"),
    (RequestState.BLOCKED, "pending"),
    (RequestState.UNKNOWN, "pending"),
    (RequestState.HELD, "held"),
    (RequestState.PLANNED, "pending"),
    (RequestState.SENT, "pending"),
)


def standing_of(
    decision: StoredDecision, requests: Sequence[StoredRequest], *, is_voided: bool
) -> tuple[str, str, str]:
    """Standing, cause and message of the posted revision of a document, or of its latest.

    What is left to a person says nothing of how far the rest has come.

    Args:
        is_voided: whether that revision is taken back in Practice Management.

    Returns:
        in_xero, partial (some of its requests are), pending, refused, skipped, unsupported (a rule
        rejects it), held or voided; the code of the cause; a sentence for it.
    """
    requests = [r for r in requests if r.state is not RequestState.LEFT]
    if decision.outcome == "reject":
        return "unsupported", decision.code or "", ""
    if decision.outcome == "hold":
        return "held", decision.code or "", ""
    if decision.outcome == "skip":
        return "voided" if is_voided else "skipped", decision.code or "", ""
    if is_voided:
        done = all(r.state in SETTLED for r in requests)
        return ("voided" if done else "pending"), "", ""
    if not requests:
        return ("in_xero" if decision.actor is Actor.PERSON else "pending"), "", ""
    for state, standing in _SPEAKS:
        stuck = next((r for r in requests if r.state is state), None)
        if stuck is not None:
            some = any(r.state is RequestState.CONFIRMED for r in requests)
            return ("partial" if some else standing), *_cause(stuck)
    if all(r.state is RequestState.SKIPPED for r in requests):
        return "skipped", requests[0].cause or "", requests[0].message or ""
    return "in_xero", "", ""


def correction_waits(requests: Sequence[StoredRequest], gone: Collection[str]) -> bool:
    """Whether an earlier revision stands in Xero whole, and only its correction does not."""
    again = corrections(requests)
    waiting = [r for r in requests if r.state not in (*SETTLED, RequestState.LEFT)]
    return bool(alive(requests, gone)) and all(r.id in again for r in waiting)


def _cause(stuck: StoredRequest) -> tuple[str, str]:
    if stuck.state is RequestState.BLOCKED:
        return f"blocked by {stuck.blocked_by}", stuck.message or ""
    return stuck.cause or stuck.state, stuck.message or ""
