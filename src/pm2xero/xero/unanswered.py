"""A question that Xero did not answer, as the fault that a user is told."""

from __future__ import annotations

from pm2xero.errors import Finding
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import CallError, Response
from pm2xero.xero.errors import load_errors
from pm2xero.xero.identity import SignInError

# No sign-in that Xero takes: whatever was asked for, it is the same fault.
NOT_SIGNED_IN = "PU905"
_NOT_SHOWN = "PU904"


def unanswered(what: str, error: StopRun | SignInError | CallError) -> Finding:
    """Why Xero does not show something: PU905 where it takes no sign-in, else PU904.

    Args:
        what: that was asked for, such as a path.
    """
    if isinstance(error, StopRun):
        entry = load_errors().entry(error.cause)
        hint = entry.remedy if entry is not None else None
        if entry is not None and entry.about_sign_in:
            return Finding(NOT_SIGNED_IN, error.sentence, hint=hint)
        return Finding(_NOT_SHOWN, f"Xero does not show {what}: {error}", hint=hint)
    if isinstance(error, SignInError) and error.code != _NOT_SHOWN:
        return Finding(error.code, str(error))
    return Finding(_NOT_SHOWN, f"Xero does not show {what}: {error}")


def refused(what: str, answer: Response) -> Finding:
    """The same of an answer that is not what was asked for.

    Args:
        what: a whole sentence for where the sign-in is not the reason.
    """
    entry = load_errors().classify_answer(answer).entry
    if entry.about_sign_in:
        return Finding(NOT_SIGNED_IN, entry.say, hint=entry.remedy)
    return Finding(_NOT_SHOWN, f"{what} (HTTP {answer.status})")
