"""What a reconciliation comes to: three values, which the exit code follows."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Whether both ledgers say the same, and whether that is everything.

    `AGREES`: all that Practice Management booked is in Xero, sent or entered by hand.
    `AGREES_FOR_XERO`: what is in Xero is right to the cent, but something is not there.
    `DIFFERS`: something in Xero is not what Practice Management says.
    """

    AGREES = "agrees"
    AGREES_FOR_XERO = "agrees_for_what_is_in_xero"
    DIFFERS = "does_not_agree"
