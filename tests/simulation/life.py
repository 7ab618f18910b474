"""One seed of a firm's life: exports, pushes, faults, and people between the pushes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pm2xero.errors import LeaseLost, LeaseTaken, StateConflict, UsageError
from pm2xero.sandbox import Limits, Unkindness
from pm2xero.sandbox.unkindness import switches
from tests.simulation import desk, in_xero
from tests.simulation.acts import ACTS, Day
from tests.simulation.firm import knowledge
from tests.simulation.judge import Judgement, judge
from tests.simulation.months import REGIONS, Document, month, part
from tests.simulation.trouble import READ_FAULTS, WRITE_FAULTS, Clock, Killed, Trouble
from tests.simulation.world import World, folder

# A fault of the line to Xero, of Xero itself, or a habit of Xero; by its name.
LINE_FAULTS = tuple(sorted({*WRITE_FAULTS, *READ_FAULTS}))
XERO_FAULTS = tuple(s.name for s in switches("fault"))
XERO_HABITS = tuple(s.name for s in switches("habit"))
KILLS = "killed"
FAULTS = (*LINE_FAULTS, *XERO_FAULTS, *XERO_HABITS, KILLS)

_DAY = 86_400
_SENTENCE = "nach mündlicher Bestätigung für die Büroräume im Äußeren Gäßchen " * 3
_LONG = 500.0
_SNAPSHOT_IS_BEHIND = "PU916"
_RUNS = 12
_SENT_AGAIN = 3


@dataclass(frozen=True, slots=True)
class Life:
    """What a seed came to.

    Attributes:
        agrees: what reconcile says.
        broke: an exception that no person could have got on with.
        counts: acts, faults and pushes.
    """

    seed: int
    judgement: Judgement
    agrees: bool
    broke: str | None
    counts: Counter[str]

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong."""
        return self.judgement.is_fine and self.broke is None


def live(seed: int, acts: Collection[str], faults: Collection[str]) -> Life:
    """Live through a seed with these acts and faults, recover, and be judged."""
    chance = random.Random(seed)
    region = REGIONS[seed % len(REGIONS)]
    lots = _lots(region, chance)
    if "longest_address" in faults:
        lots = _addressed_at_length(region, lots)
    trouble = _trouble(chance, faults)
    with folder() as place:
        world = World(place, region, trouble, Limits.none(), _unkindness(chance, faults, seed))
        day = Day(world, chance)
        agrees, broke, judgement = False, None, Judgement()
        try:
            _days(day, lots, sorted(acts))
            _recover(day, sends_unknown="resends" in acts)
            told, agrees = desk.told(world, day.latest())
            trouble.counts["left to a person"] = len(told.open)
            known = knowledge(region)
            judgement = judge(world.sandbox, day.done, told, day.hands, known.firm)
        except (Exception, Killed) as exc:
            broke = f"{type(exc).__name__}: {exc}"
        finally:
            trouble.counts.update(world.sandbox.mishaps.counts)
            world.close()
    return Life(seed, judgement, agrees, broke, trouble.counts)


def _lots(region: str, chance: random.Random) -> list[list[Document]]:
    some = part(month(region), chance, chance.randint(6, 16))
    cuts = sorted(chance.sample(range(1, len(some)), min(len(some) - 1, chance.choice((1, 2)))))
    return [some[a:b] for a, b in zip([0, *cuts], [*cuts, len(some)], strict=True)]


def _addressed_at_length(region: str, lots: list[list[Document]]) -> list[list[Document]]:
    """The same with every supplier's bill of the month in the first lot, all with long numbers."""
    bills = [d for d in month(region) if d["kind"] == "supplier_invoice"]
    others = [[d for d in lot if d not in bills] for lot in lots]
    return [[_with_long_number(d) for d in lot] for lot in ([*bills, *others[0]], *others[1:])]


def _with_long_number(document: Document) -> Document:
    """A supplier's number that is a sentence, so that a few fill an address."""
    if document["kind"] != "supplier_invoice":
        return document
    return {**document, "number": f"{document['number']} {_SENTENCE}".strip()}


def _trouble(chance: random.Random, faults: Collection[str]) -> Trouble:
    kills = chance.randint(1, 3) if KILLS in faults else 0
    return Trouble(
        chance,
        Clock(),
        kinds=tuple(f for f in LINE_FAULTS if f in faults),
        rate=chance.choice((0.1, 0.3)),
        deadly=0.03,
        left=chance.choice((2, 6)),
        lives=kills,
    )


def _unkindness(chance: random.Random, faults: Collection[str], seed: int) -> Unkindness:
    rate = chance.choice((0.2, 0.6))
    words = [f"{name}={rate}" for name in XERO_FAULTS if name in faults]
    words += [name for name in XERO_HABITS if name in faults]
    return Unkindness(seed=seed, at_most=chance.choice((2, 6))).also(words)


def _days(day: Day, lots: Sequence[list[Document]], acts: Sequence[str]) -> None:
    for number, lot in enumerate(lots):
        day.ahead = [d for later in lots[number:] for d in later]
        more: list[Document] = []
        for name in _chosen(day, acts):
            more += _done(day, name)
        moved = day.ahead[: len(lot)]
        lots = [*lots[:number], moved, *_rest(day.ahead[len(lot) :], lots[number + 1 :])]
        day.done += [*more, *moved]
        for _ in range(day.chance.randint(1, 2)):
            _push(day, [*more, *moved])
    day.ahead = []
    for name in _chosen(day, acts):
        more = _done(day, name)
        day.done += more
        _push(day, more)


def _done(day: Day, name: str) -> list[Document]:
    """What an act hands in; it is counted when it found something to do."""
    more = ACTS[name](day)
    if more is None:
        return []
    day.world.trouble.counts[f"act: {name}"] += 1
    return more


def _rest(ahead: Sequence[Document], lots: Sequence[list[Document]]) -> list[list[Document]]:
    """The same documents, cut as the lots were."""
    taken = iter(ahead)
    return [[next(taken) for _ in lot] for lot in lots]


def _chosen(day: Day, acts: Sequence[str]) -> list[str]:
    return day.chance.sample(acts, min(len(acts), day.chance.randint(1, 3))) if acts else []


def _push(day: Day, documents: Sequence[Document]) -> int | None:
    """One push; how many requests were confirmed, or None when it was cut off or refused."""
    confirmed = _pushed(day.world, documents)
    day.note_first()
    return confirmed


def _pushed(world: World, documents: Sequence[Document]) -> int | None:
    trouble = world.trouble
    trouble.counts["pushes"] += 1
    try:
        report = world.push(documents, at_once=world.trouble.chance.choice((1, 3, 500)))
    except Killed:
        trouble.is_dead = False
        world.clock.sleep(130)
        return None
    except (UsageError, LeaseLost, LeaseTaken, StateConflict) as exc:
        trouble.counts[f"refused: {exc.findings[0].code}"] += 1
        if exc.findings[0].code == _SNAPSHOT_IS_BEHIND:
            world.take_snapshot(in_xero.snapshot(world))
        world.clock.sleep(130)
        return None
    if report.stopped is not None:
        trouble.counts[f"stopped: {report.cause}"] += 1
        world.clock.sleep(_DAY)
        return None
    return int(report.confirmed)


def _recover(day: Day, *, sends_unknown: bool) -> None:
    """The bad days are over: everything is pushed again, and an operator sends what is stuck.

    Args:
        sends_unknown: also that of which nobody knows whether Xero has it.
    """
    world = day.world
    world.trouble.left = world.trouble.lives = 0
    world.clock.sleep(_DAY)
    world.sandbox.journals()
    rules = world.sandbox.mishaps.rules
    world.unkindness = Unkindness().also(f"{n}={int(getattr(rules, n))}" for n in XERO_HABITS)
    world.sandbox.mishaps.rules = world.unkindness
    again = _SENT_AGAIN
    for _ in range(_RUNS):
        confirmed = _push(day, day.done)
        stuck = desk.stuck(world)
        left = sorted(id for id in stuck if sends_unknown or stuck[id] != "unknown")
        if confirmed == 0 and (not left or not again):
            return
        if confirmed == 0:
            again -= 1
            for id in left:
                entered = day.entered_for(id) if stuck[id] == "unknown" else None
                try:
                    if entered is not None:
                        # Whoever typed it in is asked, and says so again.
                        desk.resolve(world, id, entered)
                    else:
                        desk.decide(world, "resend", id, "Xero had a bad day")
                except StateConflict:
                    world.trouble.counts["refused: resend"] += 1
            world.clock.sleep(_LONG)
