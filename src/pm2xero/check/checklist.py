"""What a check finds, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pm2xero.errors import Position
from pm2xero.firm.changes import Change


class Verdict(StrEnum):
    """How a line of the checklist stands."""

    MET = "met"
    CONFIRM = "to_confirm"
    NOT_MET = "not_met"


class Cause(StrEnum):
    """The points of the checklist, in their order; their words stand in `checklist.yaml`."""

    ORGANISATION_INACTIVE = "organisation_inactive"
    FIRM_RULE = "firm_rule"
    ROLE_NOT_NAMED = "role_not_named"
    ROLE_NO_SYSTEM = "role_no_system_account"
    ACCOUNT_MISSING = "account_missing"
    ACCOUNT_ARCHIVED = "account_archived"
    ACCOUNT_CLASS = "account_class"
    ACCOUNT_NO_LINES = "account_takes_no_lines"
    BANK_NOT_BANK = "bank_not_bank"
    PAYMENTS_NOT_ENABLED = "payments_not_enabled"
    BANK_CURRENCY = "bank_currency"
    TAX_MISSING = "tax_missing"
    TAX_INACTIVE = "tax_inactive"
    TAX_RATE = "tax_rate"
    TAX_AMBIGUOUS = "tax_ambiguous"
    CATALOGUE = "catalogue"
    CATALOGUE_UNKNOWN = "catalogue_unknown"
    LOCK_DATE = "lock_date"
    RIGHTS = "rights"
    RIGHTS_UNKNOWN = "rights_unknown"
    PLAN_LIMITS = "plan_limits"


# What no program can say for certain; a person confirms it.
TO_CONFIRM = frozenset(
    (Cause.CATALOGUE_UNKNOWN, Cause.LOCK_DATE, Cause.RIGHTS_UNKNOWN, Cause.PLAN_LIMITS)
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was found.

    Attributes:
        kinds: names of the kinds whose documents it turns down, or may turn down.
        at: where it is written, if it is.
        do: what to do about just this one, where that is known better than for all of its cause.
    """

    cause: Cause
    text: str
    kinds: tuple[str, ...] = ()
    at: Position | None = None
    do: str | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the checklist with all that was found."""

    cause: Cause
    verdict: Verdict
    title: str
    who: str
    do: str
    found: tuple[Evidence, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are blocked meanwhile, each once."""
        return tuple(dict.fromkeys(k for e in self.found for k in e.kinds))


@dataclass(frozen=True, slots=True)
class Limitation:
    """One limitation of the integration and how the firm stands to it."""

    id: str
    verdict: Verdict
    title: str
    say: str
    who: str
    source: str


@dataclass(frozen=True, slots=True)
class Drift:
    """A change in Xero since the snapshot, with who looks and what to do.

    Attributes:
        at: where the firm's file names the account.
    """

    change: Change
    who: str
    do: str
    at: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True)
class Checklist:
    """All that a check found.

    Attributes:
        is_live: Xero was asked; otherwise the snapshot was read.
        kinds: how many kinds the pack posts for the firm.
    """

    firm: str
    organisation: str
    is_live: bool
    kinds: int
    points: tuple[Point, ...]
    limitations: tuple[Limitation, ...]
    drift: tuple[Drift, ...] = ()

    @property
    def needs_attention(self) -> bool:
        """Whether a point or a limitation is not met, or Xero has changed since the snapshot."""
        verdicts = [*(p.verdict for p in self.points), *(x.verdict for x in self.limitations)]
        return bool(self.drift) or Verdict.NOT_MET in verdicts

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "spec": 1,
            "firm": self.firm,
            "organisation": self.organisation,
            "live": self.is_live,
            "kinds_posted": self.kinds,
            "points": [
                {
                    "cause": p.cause,
                    "verdict": p.verdict,
                    "title": p.title,
                    "who": p.who,
                    "do": p.do,
                    "kinds_blocked": list(p.kinds),
                    "found": [
                        {
                            "text": e.text,
                            "at": str(e.at) if e.at else None,
                            "kinds": list(e.kinds),
                            "do": e.do,
                        }
                        for e in p.found
                    ],
                }
                for p in self.points
            ],
            "limitations": [
                {
                    "id": x.id,
                    "verdict": x.verdict,
                    "title": x.title,
                    "say": x.say,
                    "who": x.who,
                    "source": x.source,
                }
                for x in self.limitations
            ],
            "changed_since_snapshot": [
                {
                    "change": d.change.kind,
                    "text": d.change.text,
                    "who": d.who,
                    "do": d.do,
                    "at": [str(at) for at in d.at],
                }
                for d in self.drift
            ],
        }
