"""A case, what it expects, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pm2xero.decide.decision import Decision
from pm2xero.decide.state import DocumentFact
from pm2xero.errors import Finding, Position
from pm2xero.pack.model import Outcome
from pm2xero.render.request import Request

Status = Literal["passed", "failed", "known_gap"]
Group = Literal["rules", "outcomes", "conditions", "requests", "fields"]
GROUPS: tuple[Group, ...] = ("rules", "outcomes", "conditions", "requests", "fields")


@dataclass(frozen=True, slots=True)
class Given:
    """A document of a case as plain JSON; `base` names what it was made from."""

    raw: Mapping[str, Any]
    at: Position
    base: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """A document that is decided and applied first, and what must become of it."""

    given: Given
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Known:
    """What was decided before about the id of a case's document."""

    revision: int
    same_content: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WantedRequest:
    """One request that a case expects; `body` is one document without its wrapper.

    Numbers with a point are `Decimal`, so that a body is compared digit by digit.
    """

    step: str
    method: str
    path: str
    needs: tuple[str, ...]
    body: Any
    at: Position


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case must lead to.

    Attributes:
        codes: every reason, the primary one first.
        rule: id of the rule that decides (posts, or gives the primary reason); None: any.
        requests: None when the case does not look at bodies.
        golden: the file that holds the requests, where they are not written in the case.
        at: places of the parts, by name; `expect` is the whole.
    """

    outcome: Outcome
    codes: tuple[str, ...]
    rule: str | None
    warnings: tuple[str, ...]
    requests: tuple[WantedRequest, ...] | None
    golden: Path | None
    at: Mapping[str, Position]

    def place(self, part: str) -> Position:
        """Where a part stands, or else the whole expectation."""
        return self.at.get(part, self.at["expect"])


@dataclass(frozen=True, slots=True)
class Case:
    """One test row. `facts` are values of the firm and of Xero that hold for this case only."""

    name: str
    at: Position
    organisation: Path
    region: str | None
    facts: Mapping[str, object]
    given: Given
    before: tuple[Before, ...]
    earlier: Known | None
    documents: tuple[DocumentFact, ...]
    trust_balances: Mapping[tuple[str, str], Decimal] | None
    expected: Expected
    known_gap: str | None
    index: int


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A file of cases; `findings` say what is wrong with the file itself."""

    path: Path
    shown: str
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...] = ()
    bases: Mapping[str, Given] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing that cases should show: a rule firing, a condition true, a field rendered.

    Attributes:
        owner: what it belongs to: a rule, a kind, a mapping or a template.
        what: the part of it: the outcome, the condition, the step or the expression.
        truth: for conditions, whether it is to be seen true or false.
    """

    group: Group
    owner: str
    what: str
    truth: bool | None = None

    def __str__(self) -> str:
        words = {True: " true", False: " false", None: ""}[self.truth]
        between = ": " if self.group == "conditions" else " "
        return f"{self.owner}{between}{self.what}{words}"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case; `seen` is what it showed, whether it passed or not."""

    case: Case
    status: Status
    findings: tuple[Finding, ...]
    kind: str
    region: str
    decision: Decision | None
    requests: tuple[Request, ...]
    seen: frozenset[Goal]
