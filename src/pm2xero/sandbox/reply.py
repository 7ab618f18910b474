"""An answer to one request, and the one that a refusal becomes."""

from __future__ import annotations

from dataclasses import dataclass

from pm2xero.sandbox.problems import Problem
from pm2xero.sandbox.wire import dump


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, ready to be sent."""

    status: int
    body: bytes
    media_type: str = "application/json"


def problem_reply(problem: Problem) -> Reply:
    """The answer that a refusal becomes."""
    if isinstance(problem.content, str):
        return Reply(problem.status, problem.content.encode(), problem.media_type)
    return Reply(problem.status, dump(problem.content))
