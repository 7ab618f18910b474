"""From input to decisions and requests, one document at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pm2xero.decide.decider import Decider, opening_state
from pm2xero.decide.decision import Decision, Reason
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.revision import left_to_a_person
from pm2xero.errors import (
    OrganisationError,
    PackError,
    RenderError,
)
from pm2xero.firm.organisation import Organisation, load_organisation, pack_folders
from pm2xero.firm.role_checks import account_faults
from pm2xero.pack.cache import Memory
from pm2xero.pack.load import examine, extension
from pm2xero.pack.model import Pack
from pm2xero.read.order import PostingOrder
from pm2xero.read.reader import Reader, no_record
from pm2xero.read.stream import Record, Source
from pm2xero.read.transaction import Malformed, Transaction
from pm2xero.render.mapper import Mapper
from pm2xero.render.request import Request
from pm2xero.render.template_checks import check_templates
from pm2xero.render.templates import BodyEnvironment, environment
from pm2xero.sentences import closed


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record; `ordinal` is its place in the input from 0.

    Attributes:
        facts: what the rules looked at that decided; gathered only where it is written down.
    """

    ordinal: int
    transaction: Transaction | Malformed
    decision: Decision
    requests: tuple[Request, ...] = ()
    facts: tuple[Mapping[str, Any], ...] = ()


class Pipeline:
    """A pack and an organisation, ready to take documents."""

    def __init__(
        self,
        pack: Pack,
        organisation: Organisation,
        state: MemoryState | None = None,
        env: BodyEnvironment | None = None,
    ) -> None:
        self.pack = pack
        self.organisation = organisation
        self.state = state or opening_state(organisation)
        self.decider = Decider(pack, organisation)
        self.mapper = Mapper(self.decider, env=env)
        self.reader = Reader(pack.kinds)
        self.openers = frozenset(k for k, v in pack.kinds.items() if v.opens is not None)

    @classmethod
    def load(
        cls,
        organisation: Path,
        region: str | None = None,
        packs: tuple[Path, ...] = (),
        memory: Memory | None = None,
    ) -> Pipeline:
        """Read an organisation file and the pack that it calls for.

        Args:
            packs: further packs, over those that the file names itself.
            memory: what was read and built for other firms.

        Raises:
            OrganisationError, PackError: with every fault found.
        """
        firm = load_organisation(organisation, region)
        examined = examine(
            firm.region,
            extensions=tuple(extension(p) for p in pack_folders(firm.packs, packs)),
            overlay=(firm.file, firm.overlay) if len(firm.overlay) > 1 else None,
            region_at=firm.region_at,
            memory=memory,
        )
        pack = examined.sound()
        env = environment(pack.template_dirs)
        faults = check_templates(pack, env)
        if faults:
            raise PackError(*faults)
        wrong = tuple(account_faults(pack, firm))
        if wrong:
            raise OrganisationError(*wrong)
        return cls(pack, firm, env=env)

    def order(self, sources: list[Source]) -> PostingOrder:
        """The sources in the order in which they are decided."""
        return PostingOrder(sources, self.openers)

    def read(self, record: Record) -> Transaction | Malformed:
        """Type one record of the input."""
        if record.fault is not None:
            return no_record(record.fault, record.source, record.line)
        return self.reader.read(record.raw, record.source, record.line)

    def run(self, records: PostingOrder, *, with_requests: bool) -> Iterator[Result]:
        """Decide (and render) every record; each sees the effect of those before it."""
        decide, apply, state = self.decider.decide, self.decider.apply, self.state
        for ordinal, record in records:
            tx = self.read(record)
            decision = decide(tx, state)
            requests: tuple[Request, ...] = ()
            if with_requests and decision.outcome == "post":
                decision, requests = self.render(tx, decision)
            apply(tx, decision, state)
            yield Result(ordinal, tx, decision, requests)

    def render(
        self, tx: Transaction | Malformed, decision: Decision
    ) -> tuple[Decision, tuple[Request, ...]]:
        """The requests of a posted transaction; a body that must not leave turns it down."""
        assert isinstance(tx, Transaction)
        if decision.takes_back:
            return decision, ()
        state = self.state if decision.revises is None else self.state.without(tx.id)
        try:
            return decision, tuple(self.mapper.requests(tx, decision.mapping or "", state))
        except RenderError as exc:
            reasons = tuple(
                Reason(
                    "body_refused",
                    closed(f"{f.code}: {f.message}"),
                    "Nothing was sent. Whoever keeps the pack must correct template or mapping, "
                    "unless the document itself holds what Xero cannot take.",
                    False,
                    decision.rule or "",
                    str(f.at),
                    "reject",
                    True,
                )
                for f in exc.findings
            )
            if decision.revises is not None:
                why = "what it would send is refused before it leaves"
                held = left_to_a_person(tx, why, reasons)
                return replace(held, revises=decision.revises), ()
            return replace(decision, outcome="reject", reasons=reasons, mapping=None), ()
