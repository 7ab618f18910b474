"""What is measured of the product: reading, deciding, rendering with the check of every body."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from pm2xero.decide.decider import opening_state
from pm2xero.decide.decision import Decision
from pm2xero.decide.memory_state import MemoryState
from pm2xero.pack.model import RequestSpec
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Malformed, Transaction
from pm2xero.render.check import BodyChecker
from pm2xero.render.request import Request

FIRM = Path(__file__).parents[2] / "examples" / "au" / "organisation.yaml"

Documents = Sequence[Transaction | Malformed]
Done = list[tuple[Decision, tuple[Request, ...]]]


class Ours:
    """The stages over one pack and firm; each stage keeps a state of its own."""

    def __init__(self) -> None:
        self.pipeline = Pipeline.load(FIRM)
        self.checker = BodyChecker(self.pipeline.organisation.xero)
        self.number = 0
        self.restart()

    def restart(self) -> None:
        """Forget all documents, keep everything that was compiled."""
        self.number = 0
        self.deciding = self._state()
        self.rendering = self._state()
        self.whole = self._state()
        self.bills_only = self._state()

    def _state(self) -> MemoryState:
        return opening_state(self.pipeline.organisation)

    def read(self, lines: list[bytes]) -> Documents:
        """Parse, check and type documents."""
        read, start = self.pipeline.reader.read, self.number + 1
        self.number += len(lines)
        return [read(orjson.loads(text), "stream", n) for n, text in enumerate(lines, start)]

    def decide(self, documents: Documents) -> list[Decision]:
        """Decide, each seeing what those before it did."""
        decide, apply = self.pipeline.decider.decide, self.pipeline.decider.apply
        state, made = self.deciding, []
        for tx in documents:
            decision = decide(tx, state)
            apply(tx, decision, state)
            made.append(decision)
        return made

    def decide_and_render(self, documents: Documents) -> Done:
        """Decide, render and check every body."""
        return self._run(documents, self.rendering)

    def bills(self, documents: Documents) -> Done:
        """The same for bills alone, which refer to nothing before them."""
        return self._run(documents, self.bills_only)

    def all_together(self, lines: list[bytes]) -> int:
        """From bytes to checked bodies, one document at a time; the number of requests."""
        pipeline, state = self.pipeline, self.whole
        read, decide, apply = pipeline.reader.read, pipeline.decider.decide, pipeline.decider.apply
        pipeline.state = state
        count = 0
        for text in lines:
            tx = read(orjson.loads(text), "stream", 1)
            decision = decide(tx, state)
            if decision.outcome == "post":
                decision, requests = pipeline.render(tx, decision)
                count += len(requests)
            apply(tx, decision, state)
        return count

    def _run(self, documents: Documents, state: MemoryState) -> Done:
        pipeline = self.pipeline
        decide, apply = pipeline.decider.decide, pipeline.decider.apply
        pipeline.state = state
        made: Done = []
        for tx in documents:
            decision = decide(tx, state)
            requests: tuple[Request, ...] = ()
            if decision.outcome == "post":
                decision, requests = pipeline.render(tx, decision)
            apply(tx, decision, state)
            made.append((decision, requests))
        return made

    def specs(self, done: Done) -> list[tuple[Request, RequestSpec]]:
        """Each request with the specification that it was made by."""
        pairs = []
        for decision, requests in done:
            if requests:
                compiled = self.pipeline.mapper.compiled(decision.mapping or "", decision.kind)
                by_step = {c.spec.id: c.spec for c in compiled}
                pairs += [(r, by_step[r.step.split(".")[0]]) for r in requests]
        return pairs

    def check(self, pairs: list[tuple[Request, RequestSpec]]) -> int:
        """The check of bodies by itself."""
        check = self.checker.check
        for request, spec in pairs:
            check(request, spec)
        return len(pairs)
