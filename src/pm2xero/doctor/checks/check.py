"""What a check is, and the checks by their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pm2xero.doctor.trial import Trial, said
from pm2xero.xero.client import Response


@dataclass(frozen=True, slots=True)
class Told:
    """What a check saw, and whether it is what the product assumes."""

    is_so: bool
    seen: str


Check = Callable[[Trial], Told]
CHECKS: dict[str, Check] = {}


def check(act: Check) -> Check:
    """Give a check its name."""
    CHECKS[act.__name__] = act
    return act


def taken(answer: Response) -> Told:
    """Assumed: Xero takes it."""
    return Told(answer.status == 200, "accepted" if answer.status == 200 else said(answer))


def refused(answer: Response) -> Told:
    """Assumed: Xero refuses it."""
    return Told(answer.status == 400, "accepted" if answer.status == 200 else said(answer))
