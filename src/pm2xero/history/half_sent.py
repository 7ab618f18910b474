"""Documents of which Xero has one part only: what is there, what is not, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import SETTLED, UNSETTLED, RequestState
from pm2xero.xero.purpose import Purpose

_LOOKED_UP = "`pm2xero push`: it is looked up first, and sent only where Xero has not got it"
_LOOKED_FOR = "`pm2xero push`: it is looked for, and taken back where it is found; it is never sent"
# What a person does about a part that is not there, by its state. A part that waits says itself
# what it waits for, and so does one that is blocked.
_WAYS: Mapping[RequestState, str] = MappingProxyType(
    {
        RequestState.REJECTED: "correct the cause, then `pm2xero resend {document}`: only what is "
        "not there is sent; or enter that part alone in Xero by hand and name its id: "
        "`pm2xero resolve {document} --as-done-in-xero XERO_ID`",
        RequestState.FAILED: "`pm2xero resend {document}` when Xero answers again: it is looked up "
        "first, and only what is not there is sent",
        RequestState.UNKNOWN: _LOOKED_UP,
        RequestState.SENT: _LOOKED_UP,
        RequestState.HELD: "`pm2xero resend {document}` or `pm2xero skip {document}`, as the "
        "person decides who held it",
        RequestState.LEFT: "enter it in Xero by hand as `pm2xero manual-work` tells it, and name "
        "its id: `pm2xero resolve {document} --as-done-in-xero XERO_ID`",
        RequestState.BLOCKED: "it goes by itself when {blocker} is there",
        RequestState.PLANNED: "it goes with the next push",
    }
)
_WAITS = "it goes with the push that finds the reason gone"
# Causes of an unknown outcome that only a person's word ends.
_ASKED = frozenset(("several", "unseen", "draft"))
_SAY = (
    "`pm2xero resolve {document} --as-done-in-xero XERO_ID` where Xero has it; or put right in "
    "Xero what the look found there, then `pm2xero push`"
)
_SAY_SOUGHT = (
    "`pm2xero resolve {document} --as-done-in-xero XERO_ID` where Xero has it, and the next push "
    "takes it back or says who must; `pm2xero skip {document}` where it has not"
)
_ONCE = (
    "what is there is not entered again; voiding the document in Practice Management takes it back"
)
_DONE = {Purpose.CREATE: "in Xero", Purpose.UPDATE: "changed in Xero", Purpose.UNDO: "taken back"}
_NOT = {
    Purpose.CREATE: "not in Xero",
    Purpose.UPDATE: "not changed in Xero",
    Purpose.UNDO: "not taken back",
}
_MAY = {
    Purpose.CREATE: "perhaps in Xero",
    Purpose.UPDATE: "perhaps changed in Xero",
    Purpose.UNDO: "perhaps taken back",
}


@dataclass(frozen=True, slots=True)
class HalfSent:
    """One revision of a document that is in Xero in part.

    Attributes:
        there: the requests that Xero has carried out; left: those that it has not, or of which
            nobody knows. Parts that a person left out for good are in neither.
        looked_for: ids of requests that are looked for and never sent.
    """

    document: str
    revision: int
    there: tuple[StoredRequest, ...]
    left: tuple[StoredRequest, ...]
    looked_for: Collection[str] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The statement: what is there, what is not and why, what to do; a sentence each."""
        done = [f"{_DONE[r.purpose]}: {_named(r)}" for r in self.there]
        not_done = [f"{_where(r)}: {_named(r)} ({_why(r)})" for r in self.left]
        return (*done, *not_done, *self.ways)

    @property
    def ways(self) -> tuple[str, ...]:
        """What to do, each once."""
        ways = dict.fromkeys(f"→ {self._way(r)}" for r in self.left)
        is_voided = all(r.id in self.looked_for or r.target is not None for r in self.left)
        return tuple(ways) if is_voided else (*ways, f"→ {_ONCE}")

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "document": self.document,
            "revision": self.revision,
            "there": [
                {"request": r.id, "purpose": r.purpose, "endpoint": _endpoint(r),
                 "xero_id": r.xero_id}
                for r in self.there
            ],
            "left": [
                {"request": r.id, "purpose": r.purpose, "endpoint": _endpoint(r),
                 "state": r.state, "cause": r.cause, "message": r.message,
                 "blocked_by": r.blocked_by, "to_do": self._way(r)}
                for r in self.left
            ],
        }  # fmt: skip

    def _way(self, request: StoredRequest) -> str:
        """What to do about a part that is not there."""
        way = _WAYS[request.state]
        sought = request.id in self.looked_for
        if request.state is RequestState.PLANNED and request.cause is not None:
            way = _WAITS
        if request.state in UNSETTLED and sought:
            way = _LOOKED_FOR
        if request.state is RequestState.UNKNOWN and request.cause in _ASKED:
            way = _SAY_SOUGHT if sought else _SAY
        return way.format(document=request.transaction, blocker=request.blocked_by)


def half_sent(
    requests: Iterable[StoredRequest], looked_for: Collection[str] = ()
) -> list[HalfSent]:  # fmt: skip
    """The documents of which some requests are carried out and others are not.

    Args:
        requests: all that count now of the documents.
        looked_for: ids of those that are never sent, as their document is voided by now.
    """
    revisions: dict[tuple[str, int], list[StoredRequest]] = {}
    for request in requests:
        revisions.setdefault((request.transaction, request.revision), []).append(request)
    return [
        HalfSent(document, revision, there, left, looked_for)
        for (document, revision), of_it in revisions.items()
        if (there := _in(of_it, RequestState.CONFIRMED))
        and (left := tuple(r for r in of_it if r.state not in SETTLED))
    ]


def _in(requests: Sequence[StoredRequest], state: RequestState) -> tuple[StoredRequest, ...]:
    return tuple(r for r in requests if r.state is state)


def _where(request: StoredRequest) -> str:
    is_open = request.state in (RequestState.UNKNOWN, RequestState.SENT)
    return (_MAY if is_open else _NOT)[request.purpose]


def _named(request: StoredRequest) -> str:
    id = f" {request.xero_id}" if request.xero_id else ""
    return f"{request.id}, {_endpoint(request)}{id}"


def _endpoint(request: StoredRequest) -> str:
    return request.path.strip("/").split("/")[0]


def _why(request: StoredRequest) -> str:
    if request.state is RequestState.BLOCKED:
        return f"blocked by {request.blocked_by}"
    return request.message or request.cause or str(request.state)
