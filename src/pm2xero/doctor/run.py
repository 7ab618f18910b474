"""Runs the checks of a live organisation one after the other, and takes back what they made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pm2xero.doctor.checks import CHECKS
from pm2xero.doctor.facts import Fact
from pm2xero.doctor.trial import NotTold, Object, Trial
from pm2xero.send.caller import Caller
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import CallError
from pm2xero.xero.identity import SignInError

# Why a run ended, where a person or the machine ended it.
STOPPED = "it was stopped before its end"


class Verdict(StrEnum):
    """What a check says of its fact."""

    AS_ASSUMED = "as_assumed"
    OTHERWISE = "otherwise"
    NOT_TOLD = "not_told"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class Checked:
    """One fact and what was seen of it."""

    fact: Fact
    verdict: Verdict
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """A report to keep.

    Attributes:
        at: when it began; product: the version that asked.
        left: what could not be taken back, in words.
        stopped: why the run ended before its last check; empty when it did not.
    """

    at: datetime
    product: str
    organisation: str
    name: str
    version: str
    checks: Sequence[Checked]
    left: Sequence[str]
    calls: int
    stopped: str = ""

    @property
    def needs_attention(self) -> bool:
        """Whether something is otherwise than assumed, or left behind, or was not asked."""
        bad = any(c.verdict in (Verdict.OTHERWISE, Verdict.NOT_TOLD) for c in self.checks)
        return bad or bool(self.left or self.stopped)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = asdict(self)
        told["checks"] = [
            {"number": c.fact.number, "fact": c.fact.fact, "verdict": c.verdict, "seen": c.seen,
             "depends": c.fact.depends}
            for c in self.checks
        ]  # fmt: skip
        return told


def examine(
    caller: Caller, organisation: Object, facts: Sequence[Fact], clock: Callable[[], datetime],
    product: str, mark: str, wanted: Collection[int] = (),
    on_check: Callable[[int, int, Fact], None] = lambda done, of, fact: None,
) -> Examination:  # fmt: skip
    """Check what can be checked; whatever happens, what was made is taken back.

    Who stops it while it checks (KeyboardInterrupt) still gets the report that there is, after
    everything was taken back; who stops it again while it takes back, gets what is left named.

    Args:
        organisation: as GET /Organisation has it.
        mark: what everything bears that is made.
        wanted: numbers of checks; all when empty.
        on_check: told of each check before it is made: how many are done, of how many.
    """
    began = clock()
    trial = Trial(caller, organisation, began.date(), mark)
    chosen = [f for f in facts if not wanted or f.number in wanted]
    checks: list[Checked] = []
    stopped = ""
    try:
        checks.extend(_checked(trial, chosen, on_check))
    except (StopRun, SignInError) as stop:
        stopped = str(stop)
    except KeyboardInterrupt:
        # A call that was under way is carried out all the same, and perhaps later than we look.
        stopped = f"{STOPPED}; should a call still have been under way, look for {mark} in Xero"
    finally:
        left = _cleaned(trial)
    return Examination(
        began, product, str(organisation.get("OrganisationID")), str(organisation.get("Name")),
        str(organisation.get("Version")), checks, left, caller.calls, stopped,
    )  # fmt: skip


def _checked(
    trial: Trial, facts: Sequence[Fact], on_check: Callable[[int, int, Fact], None]
) -> Iterator[Checked]:
    live = sum(fact.live is not None for fact in facts)
    done = 0
    for fact in facts:
        if fact.live is None:
            yield Checked(fact, Verdict.BY_HAND)
            continue
        on_check(done, live, fact)
        done += 1
        try:
            told = CHECKS[fact.live](trial)
        except (NotTold, CallError) as why:
            yield Checked(fact, Verdict.NOT_TOLD, str(why))
        except (KeyError, IndexError, TypeError) as odd:
            # An answer of another shape than any that is known: that is an answer, too.
            yield Checked(fact, Verdict.NOT_TOLD, f"Xero's answer lacks {odd}")
        else:
            verdict = Verdict.AS_ASSUMED if told.is_so else Verdict.OTHERWISE
            yield Checked(fact, verdict, told.seen)


def _cleaned(trial: Trial) -> list[str]:
    try:
        return trial.clean_up()
    except (StopRun, SignInError) as stop:
        why = str(stop)
    except KeyboardInterrupt:
        why = STOPPED
    things = [f"{endpoint} {id}" for endpoint, id in trial.made]
    return [*things, f"everything that bears {trial.mark} ({why})"]
