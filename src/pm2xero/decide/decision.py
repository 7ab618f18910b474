"""A decision: what happens to one transaction, with every reason that applies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pm2xero.pack.counts import Counts
from pm2xero.pack.model import Outcome
from pm2xero.records import record


@record
class Reason:
    """Why a transaction is not posted.

    Attributes:
        code: stable word for programs.
        message: the sentence a bookkeeper reads.
        remedy: what to do about it; empty when there is nothing to do.
        by_hand: money moved, so somebody must enter it in Xero.
        rule: id of the rule, empty when the program itself says so.
        at: file:line:column of the rule.
        conditional: the rule looked at the document; without, the kind as such is meant.
    """

    code: str
    message: str
    remedy: str
    by_hand: bool
    rule: str
    at: str
    outcome: Outcome
    conditional: bool

    def as_json(self) -> dict[str, Any]:
        """The reason in the order of the documented output."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "by_hand": self.by_hand,
            "rule": self.rule,
            "at": self.at,
        }


@record
class Warning_:
    """Something worth knowing that does not stop a transaction."""

    code: str
    message: str
    rule: str
    at: str

    def as_json(self) -> dict[str, Any]:
        """The warning in the order of the documented output."""
        return {"code": self.code, "message": self.message, "rule": self.rule, "at": self.at}


@record
class Decision:
    """Outcome of one transaction; the first reason is the primary one.

    What is posted has a reason only where a part of it is left to a person.

    Attributes:
        mapping: set when the outcome is post.
        leaves: what the document counts as for others that refer to it, when not by the outcome.
        counts: where the money of what is not posted stands; missing unless a rule says so.
        revises: the posted revision that this one is to correct; None when it corrects none.
        correction: what the rules say of it in the place of that revision.
        takes_back: it is posted by taking back what was sent, and nothing in its place.
        left_over: of what is posted, the amount that a person enters, in currency units; None where
            all of it is sent.
    """

    id: str
    revision: int
    kind: str
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    mapping: str | None = None
    rule: str | None = None
    leaves: str | None = None
    counts: Counts = Counts.MISSING
    revises: int | None = None
    correction: Decision | None = None
    takes_back: bool = False
    left_over: Decimal | None = None

    @property
    def needs_attention(self) -> bool:
        """Refused or held for what the document holds, not because its kind is unsupported.

        What books nothing, such as a printed check, needs nobody.
        """
        if self.outcome == "reject" and self.counts is Counts.NOTHING:
            return False
        return self.outcome in ("reject", "hold") and any(r.conditional for r in self.reasons[:1])

    @property
    def by_hand(self) -> bool:
        """Somebody must enter it in Xero, whole or what is left of it: so say all its reasons."""
        return bool(self.reasons) and all(r.by_hand for r in self.reasons)

    def as_json(self) -> dict[str, Any]:
        """The decision in the order of the documented output."""
        told: dict[str, Any] = {
            "id": self.id,
            "revision": self.revision,
            "kind": self.kind,
            "outcome": self.outcome,
            "reasons": [r.as_json() for r in self.reasons],
            "warnings": [w.as_json() for w in self.warnings],
            "mapping": self.mapping,
        }
        if self.revises is not None:
            told["revises"] = self.revises
        return told
