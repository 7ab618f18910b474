"""Looks for a voided document by its name alone, where what it says now is not what was sent.

A document may be emptied as it is voided: its amount is nothing, its lines are gone. What it says
then would never be sent, and is equal to nothing in Xero. Its name stays: the number, with whose it
is, or the id of Practice Management as the first word of a reference. What bears neither (a batch,
an overpayment, an allocation) nobody can find so, and a person is asked to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from pm2xero.decide.state import State
from pm2xero.errors import RenderError
from pm2xero.history.requests import LEFT_OVER
from pm2xero.pack.model import RequestSpec
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from pm2xero.render.mapper import CompiledRequest
from pm2xero.render.request import Request, idempotency_key
from pm2xero.send.lookup_table import ByKey, HowToFind, load_table
from pm2xero.xero.contracts import Contract, contract

# The body of what has not even a name.
UNSAID = "{}"


class SoughtByName:
    """What a document may have made, whatever it says now, each known by its name alone."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._table: Mapping[str, HowToFind] = load_table()

    def named(self, tx: Transaction, state: State) -> tuple[Request, ...]:
        """All that can be found by its name.

        Args:
            tx: the document as if it were not voided.
        """
        found: list[Request] = []
        slots: set[str] = set()
        for compiled in self._creations(tx):
            how = self._table.get(compiled.spec.contract)
            if not isinstance(how, ByKey):
                continue
            said = self._said(compiled, tx, state)
            name = how.key.name_in(said) if said is not None else {}
            if name:
                slot = compiled.spec.slot
                slot = compiled.spec.id if slot in slots else slot
                slots.add(slot)
                found.append(self._request(compiled.spec, tx, name, slot))
        return tuple(found)

    def nameless(self, tx: Transaction) -> tuple[Request, ...]:
        """What could be anywhere in Xero without a name; one stands for all of them."""
        for compiled in self._creations(tx):
            how = self._table.get(compiled.spec.contract)
            if not isinstance(how, ByKey) or not how.key.has_name:
                return (self._request(compiled.spec, tx, {}, compiled.spec.slot),)
        return ()

    def unnamed(self, tx: Transaction, state: State) -> tuple[Request, ...]:
        """All that bears no name, each with what an emptied document still says of it.

        Args:
            tx: the document as if it were not voided.
        """
        found: list[Request] = []
        for compiled in self._creations(tx):
            how = self._table.get(compiled.spec.contract)
            if isinstance(how, ByKey) and how.key.has_name:
                continue
            names = how.key.same if isinstance(how, ByKey) else ()
            said = self._said(compiled, tx, state) or {}
            alike = {name: said[name] for name in names if said.get(name)}
            found.append(self._request(compiled.spec, tx, alike, compiled.spec.slot))
        return tuple(found)

    def mapping_of(self, kind: str, steps: set[str]) -> str:
        """The mapping that makes these steps; of several the first, empty where none does."""
        return next(
            (
                mapping
                for (mapping, name), specs in self._pipeline.pack.requests.items()
                if name == kind and steps <= {s.id for s in specs}
            ),
            "",
        )

    def rest(self, tx: Transaction, mapping: str) -> Request:
        """What a person may have entered beside what a mapping sends."""
        made = contract(f"put.{self._pipeline.pack.mappings[mapping].left_over}")
        return self._made(made, LEFT_OVER, tx, {}, LEFT_OVER, becomes_document=False)

    def _creations(self, tx: Transaction) -> Iterator[CompiledRequest]:
        """Each step that makes something, of whichever mapping; steps of one name are one."""
        seen: set[str] = set()
        for mapping, kind in self._pipeline.pack.requests:
            if kind != tx.kind:
                continue
            for compiled in self._pipeline.mapper.compiled(mapping, kind):
                spec = compiled.spec
                if spec.contract.startswith("put.") and spec.id not in seen:
                    seen.add(spec.id)
                    yield compiled

    def _said(
        self, compiled: CompiledRequest, tx: Transaction, state: State
    ) -> Mapping[str, Any] | None:
        """The body, as far as the document still says it; None where it says too little."""
        try:
            found = orjson.loads(compiled.whatever(tx, state))
        except (RenderError, orjson.JSONDecodeError):
            return None
        return found if isinstance(found, dict) else None

    def _request(
        self, spec: RequestSpec, tx: Transaction, name: Mapping[str, Any], slot: str
    ) -> Request:
        made = contract(spec.contract)
        return self._made(made, spec.id, tx, name, slot, becomes_document=spec.becomes_document)

    def _made(
        self, made: Contract, step: str, tx: Transaction, name: Mapping[str, Any], slot: str,
        *, becomes_document: bool,
    ) -> Request:  # fmt: skip
        organisation = self._pipeline.organisation.id
        return Request(
            id=f"{tx.id}/{step}",
            transaction=tx.id,
            revision=tx.revision,
            step=step,
            contract=made,
            path=made.path,
            element=orjson.dumps(name).decode(),
            key=idempotency_key(organisation, tx.id, tx.revision, step),
            needs=(),
            becomes_document=becomes_document,
            slot=slot,
        )
