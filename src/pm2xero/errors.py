"""Every exception of pm2xero, and the finding: one fault with its place and its fix.

    Pm2XeroError                 root; `findings` says what is wrong, one or many at once
    ├── PackError                rules, mappings, templates or schemas of a pack are wrong
    ├── OrganisationError        organisation.yaml or its snapshot of Xero is wrong
    ├── InputError               the input as a whole cannot be read (one bad record is no error)
    ├── EngineError              the rule engine is missing or cannot be loaded
    │   └── EngineFault          the engine and its shadow disagree, or it answered oddly
    ├── RenderError              a mapping or a template failed for one transaction
    ├── OutboxError              the outbox cannot be opened, or what is asked would make it lie
    │   ├── DigestConflict       a revision came again with other content
    │   ├── StateConflict        requests are not in the state that a step starts from
    │   ├── LeaseLost            another process writes for the organisation now
    │   └── LeaseTaken           another process writes already
    └── UsageError               the command line asks for something impossible

A code keeps its meaning for ever; the letters say who can mend it: PX the implementer (pack),
PO the implementer (organisation), PI whoever exported the input, PE the operator, PR the
implementer again (what a template made), PU the one at the keyboard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a source file; line and column count from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault that a user can mend.

    Attributes:
        code: stable code, such as PX104.
        message: one sentence without a full stop at its end.
        at: where the fault stands; None when it has no place in a file.
        hint: what was probably meant ('did you mean "reject"?').
        should_be: a corrected line or the list of what is allowed.
        width: how many characters the caret underlines.
        related: further places that take part, each with a word on why.
    """

    code: str
    message: str
    at: Position | None = None
    hint: str | None = None
    should_be: str | None = None
    width: int = 1
    severity: Severity = "error"
    related: tuple[tuple[Position, str], ...] = field(default=())


class Pm2XeroError(Exception):
    """Root of all errors that a user can meet."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("; ".join(f"{f.code} {f.message}" for f in findings))


class PackError(Pm2XeroError):
    """A pack cannot be used as it is written."""


class OrganisationError(Pm2XeroError):
    """The firm's organisation file, or its snapshot of Xero, cannot be used."""


class InputError(Pm2XeroError):
    """The input cannot be read at all."""


class EngineError(Pm2XeroError):
    """The rule engine cannot be loaded."""


class EngineFault(EngineError):
    """The rule engine gave an answer that must not be trusted."""


class RenderError(Pm2XeroError):
    """A transaction could not be turned into request bodies."""


class OutboxError(Pm2XeroError):
    """The outbox cannot be opened, or refuses what would make it say something untrue."""


class DigestConflict(OutboxError):
    """The same id and revision came again with other content."""


class StateConflict(OutboxError):
    """Requests are not in the state that a step starts from; nothing was changed."""


class LeaseLost(OutboxError):
    """Another process took over the right to write for the organisation."""


class LeaseTaken(OutboxError):
    """Another process writes for the organisation."""


class UsageError(Pm2XeroError):
    """The command line asks for something that cannot be done."""
