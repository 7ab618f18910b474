"""What stands in the headers of an answer."""

from __future__ import annotations

from pm2xero.doctor.checks.check import Told, check
from pm2xero.doctor.trial import Trial
from pm2xero.xero.call_log import correlation_of


@check
def names_its_calls(trial: Trial) -> Told:
    found = correlation_of(trial.get("/Organisation").headers)
    return Told(found is not None, "there" if found else "no such header")


@check
def tells_the_time(trial: Trial) -> Told:
    found = trial.get("/Organisation").headers.get("date")
    return Told(found is not None, "there" if found else "no such header")


@check
def tells_what_is_left(trial: Trial) -> Told:
    headers = trial.get("/Organisation").headers
    names = ("x-minlimit-remaining", "x-daylimit-remaining")
    told = ", ".join(f"{name} {headers[name]}" for name in names if name in headers)
    return Told(all(name in headers for name in names), told or "no such header")
