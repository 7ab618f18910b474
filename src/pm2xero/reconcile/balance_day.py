"""As at which day both sides are compared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pm2xero.errors import Finding, UsageError
from pm2xero.outbox.states import UNSETTLED, RequestState
from pm2xero.reconcile.opening import Opening
from pm2xero.reconcile.pm_side import Booked


def balance_day(
    today: date, as_at: date | None, booked: Iterable[Booked], opening: Opening
) -> date:
    """The day of all balances.

    Args:
        as_at: what is asked for; when None, that of the last document in Xero (of the opening, when
            that is later), but today at most.

    Raises:
        UsageError: PU918 when `as_at` lies before what the firm declares as its opening.
    """
    if as_at is None:
        # A slip in a date must not carry a year's income to retained earnings on both sides.
        last = max((b.date for b in booked if _may_be_there(b)), default=None)
        if opening.is_empty:
            return min(last or today, today)
        return max(min(last or opening.day, today), opening.day)
    if as_at < opening.day and not opening.is_empty:
        raise UsageError(
            Finding(
                "PU918",
                f"{as_at} lies before the opening balances, which are those of {opening.day}",
                should_be=f"--as-at {opening.day} or a later day",
            )
        )
    return as_at


def _may_be_there(item: Booked) -> bool:
    """Whether a document is in Xero, in part, or for all that is known."""
    sent = any(r.state is RequestState.CONFIRMED or r.state in UNSETTLED for r in item.requests)
    return sent or item.standing == "in_xero"
