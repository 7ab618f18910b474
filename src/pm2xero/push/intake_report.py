"""What an intake tells: how many documents, which money, and what somebody must look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from pm2xero.decide.decision import Decision
from pm2xero.decide.totals import Summary
from pm2xero.outbox.records import StoredRequest
from pm2xero.pipeline import Result


@dataclass(slots=True)
class IntakeReport:
    """What an intake did; `known` were stored before and stay as they are.

    `older` of them came in a revision older than the one that was stored. `is_older_copy` says that
    Xero has something of a voided document of which the outbox knows nothing.
    """

    summary: Summary = field(default_factory=Summary)
    known: int = 0
    older: int = 0
    is_older_copy: bool = False
    requests: list[StoredRequest] = field(default_factory=list)
    malformed: list[Decision] = field(default_factory=list)
    attention: list[Decision] = field(default_factory=list)
    newly_posted: list[str] = field(default_factory=list)
    _held: dict[str, Result] = field(default_factory=dict)

    def passed_over(self, revision: int, stored: int | None) -> None:
        """Count a document that stays as it is stored."""
        self.known += 1
        self.older += stored is not None and revision < stored

    def unreadable(self, result: Result) -> None:
        """Count a record that is no document."""
        self.malformed.append(result.decision)
        self.summary.add(result.transaction, result.decision, 0)

    def add(self, result: Result) -> None:
        """Count a document; one that was told as held before has come to another end."""
        self.drop(result.decision.id)
        self.summary.add(result.transaction, result.decision, len(result.requests))
        if result.decision.needs_attention:
            self.attention.append(result.decision)
        if result.decision.outcome == "hold":
            self._held[result.decision.id] = result

    def drop(self, id: str) -> None:
        """Take back what was told of a document that was held."""
        told = self._held.pop(id, None)
        if told is not None:
            self.summary.remove(told.transaction, told.decision)
            if told.decision in self.attention:
                self.attention.remove(told.decision)
