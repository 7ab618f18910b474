"""What a planned request waits for: of another document, what its latest revision makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from pm2xero.outbox.past_records import Maker
from pm2xero.render.request import Request
from pm2xero.xero.purpose import Purpose


class Makers(Protocol):
    """Where requests of earlier runs are found."""

    def makers(self, ids: Collection[str]) -> Iterable[Maker]:
        """What makes or changes the objects of these transactions, the latest last."""


class Dependencies:
    """Needs and levels of what is planned, over what was planned before."""

    def __init__(self, rows: Makers) -> None:
        self._rows = rows
        self._loaded: set[str] = set()
        # By the id of a request, and by transaction and step: the request that counts now.
        self._makers: dict[str, Maker] = {}

    def prepare(self, transactions: Iterable[str]) -> None:
        """Look up what the documents at hand may need."""
        new = [t for t in dict.fromkeys(transactions) if t not in self._loaded]
        if new:
            self._loaded.update(new)
            for maker in self._rows.makers(new):
                self._note(maker)

    def forget(self) -> None:
        """Let go of everything; what was planned is written."""
        self._loaded.clear()
        self._makers.clear()

    def needs(self, request: Request) -> tuple[str, ...]:
        """The ids of the requests that must be done before this one."""
        own = f"{request.transaction}/"
        return tuple(n if n.startswith(own) else self._latest(n) for n in request.needs)

    def level(self, request: Request, needs: Iterable[str]) -> int:
        """How many requests go one after the other before this one is done."""
        self.prepare([request.transaction])
        level = 1 + max((self._level(n) for n in needs), default=0)
        if request.purpose is Purpose.UNDO:
            self._makers.setdefault(
                request.id, Maker(request.id, request.transaction, "", level)
            )  # fmt: skip
        else:
            self._note(Maker(request.id, request.transaction, request.step, level))
        return level

    def _latest(self, need: str) -> str:
        self.prepare([need.rpartition("/")[0]])
        found = self._makers.get(need)
        return found.request if found is not None else need

    def _level(self, need: str) -> int:
        self.prepare([need.rpartition("/")[0]])
        found = self._makers.get(need)
        return found.level if found is not None else 0

    def _note(self, maker: Maker) -> None:
        earlier = self._makers.get(f"{maker.transaction}/{maker.step}")
        if earlier is not None:
            # Whoever names the request of an earlier revision needs this one.
            self._makers[earlier.request] = maker
        self._makers[maker.request] = maker
        self._makers[f"{maker.transaction}/{maker.step}"] = maker
