"""Why a run of the sender ends before its end, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass

from pm2xero.errors import LeaseLost
from pm2xero.sentences import sentences
from pm2xero.xero.budget import StopRun
from pm2xero.xero.errors import ErrorTable
from pm2xero.xero.identity import SignInError
from pm2xero.xero.unanswered import NOT_SIGNED_IN


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """The reason.

    Attributes:
        cause: its id; code: of the page about it, None where there is none.
    """

    sentence: str
    cause: str
    code: str | None = None


# What ends a run early and leaves everything as it can be gone on with.
ENDS_A_RUN = (StopRun, SignInError, LeaseLost)


def early_end(error: StopRun | SignInError | LeaseLost, errors: ErrorTable) -> EarlyEnd:
    """What to tell of it; where the sign-in is the reason, also how to get a new one."""
    if isinstance(error, LeaseLost):
        return EarlyEnd(error.findings[0].message, "lease", error.findings[0].code)
    if isinstance(error, SignInError):
        return EarlyEnd(str(error), "not_signed_in", error.code)
    entry = errors.entry(error.cause)
    if entry is not None and entry.about_sign_in:
        return EarlyEnd(sentences((error.sentence, entry.remedy)), error.cause, NOT_SIGNED_IN)
    return EarlyEnd(error.sentence, error.cause)
