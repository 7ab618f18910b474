"""Moments as Xero writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_DATE = re.compile(r"/Date\((-?[0-9]{1,14})(?:[+-][0-9]{4})?\)/")


def as_moment(text: object) -> datetime | None:
    """A moment of `/Date(ms+0000)/`, or of an ISO text, which is in UTC; None where it is none.

    The milliseconds count in UTC, whatever stands behind them.
    """
    if not isinstance(text, str):
        return None
    try:
        if match := _MS_DATE.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(match[1]))
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        # One before the year 1 or after 9999 is none.
        return None
