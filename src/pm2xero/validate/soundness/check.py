"""Compares what a mapping does to Xero's ledger with the postings that its kind declares.

Transactions of every kind that posts are generated, decided, rendered, booked in an in-memory Xero
organisation, and the effect on each account is compared with the journal of the declared postings
(plus the cents of declared rounding lines, less what a person enters of it). Every branch of a
mapping's conditions is taken: those that chance leaves out are made by the solver, or shown to be
impossible. Each kind is tried by itself (`trial.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pm2xero.errors import Finding
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.types import ListType, RecordType, ReferenceType
from pm2xero.pack.model import Kind, Pack
from pm2xero.pack.part import part_of
from pm2xero.pack.payment_roles import payment_roles
from pm2xero.render.templates import environment
from pm2xero.validate.soundness.result import Result

if TYPE_CHECKING:
    from pm2xero.validate.soundness.unsound import Unsound

# What was found before of the same part of a pack at the same firm, or else what is found now.
Recall = Callable[[Pack, Organisation, str, Callable[[], Result]], Result]
_REVERSED = "reversal_of"


@dataclass(frozen=True, slots=True)
class SoundnessReport:
    """What was checked for one firm."""

    region: str
    kinds: int
    transactions: int
    mappings: int
    unsound: tuple[Unsound, ...]
    untested: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, unsound mappings first."""
        return (*(u.finding for u in self.unsound), *self.untested)

    @property
    def sentence(self) -> str:
        """The result in words."""
        if self.unsound:
            return f"{len(self.unsound)} of {self.kinds} kinds do not book what they declare"
        if not self.transactions:
            return "nothing is posted at this firm, so nothing was booked"
        said = (
            f"{self.transactions} generated transactions of {self.kinds} kinds book exactly "
            "what they declare"
        )
        return f"{said}, {len(self.untested)} branches untried" if self.untested else said


def check_soundness(
    pack: Pack,
    organisation: Organisation,
    *,
    seed: int = 1,
    per_kind: int = 12,
    only: Collection[str] | None = None,
    recall: Recall | None = None,
) -> SoundnessReport:
    """Check every kind that some rule posts.

    Args:
        seed: makes the generated transactions; the same seed gives the same ones.
        per_kind: how many transactions of each kind are booked at least.
        only: kinds to check; all when None. Others are booked as far as these refer to them.
        recall: what was found before, by all that a trial depends on.
    """
    env = environment(pack.template_dirs)
    wanted = [k for k in _posting(pack) if only is None or k.name in only]
    found: dict[str, Result] = {}
    firms: dict[frozenset[str], Organisation] = {}
    for kind in wanted:
        part = part_of(pack, [k.name for k in _helpers(pack, kind)] + [kind.name])
        paid = _paid(part, organisation)
        if paid not in firms:
            firms[paid] = _with_payments(organisation, paid)
        firm = firms[paid]

        def book(part: Pack = part, firm: Organisation = firm, kind: Kind = kind) -> Result:
            # What it takes is imported only where something is tried.
            from pm2xero.validate.soundness.trial import Trial

            return Trial(part, firm, kind, seed=seed, env=env).run(per_kind)

        found[kind.name] = book() if recall is None else recall(part, firm, kind.name, book)
    results = found.values()
    return SoundnessReport(
        pack.region,
        len(wanted),
        sum(r.transactions for r in results),
        len({m for r in results for m in r.mappings}),
        tuple(r.unsound for r in results if r.unsound is not None),
        tuple(f for r in results for f in r.untested),
    )


def _posting(pack: Pack) -> list[Kind]:
    posted = {k for r in pack.rules if r.outcome == "post" for k in r.kinds}
    return [k for k in pack.kinds.values() if k.name in posted]


def _helpers(pack: Pack, kind: Kind) -> list[Kind]:
    """The other kinds that are posted and of which the documents of a kind can name some.

    A reversal names one of its own kind.
    """
    openers = {k.name: k for k in _posting(pack) if k.opens is not None}
    found: dict[str, None] = {}
    left = [kind]
    while left:
        for reference in _named(left.pop().record):
            for name in reference.refers_to or openers:
                if name in openers and name != kind.name and name not in found:
                    found[name] = None
                    left.append(openers[name])
    return [k for k in openers.values() if k.name in found]


def _named(record: RecordType) -> Iterator[ReferenceType]:
    """The fields that name another document, however deep."""
    for field, of in {**record.required, **record.optional}.items():
        inner = of.of if isinstance(of, ListType) else of
        if isinstance(inner, RecordType):
            yield from _named(inner)
        elif isinstance(inner, ReferenceType) and inner.name == "document" and field != _REVERSED:
            yield inner


def _paid(pack: Pack, firm: Organisation) -> frozenset[str]:
    """The codes of the accounts that payments are entered on."""
    return frozenset(c for role in payment_roles(pack) if (c := firm.roles.get(role)) is not None)


def _with_payments(firm: Organisation, paid: Collection[str]) -> Organisation:
    """The firm with payments enabled where the pack pays to; PX524 tells where they are not.

    Else a mapping would be blamed for a setting of one firm's account.
    """
    accounts = [
        {**a, "EnablePaymentsToAccount": True} if a.get("Code") in paid else a
        for a in firm.xero.raw["Accounts"]
    ]
    return replace(firm, xero=replace(firm.xero, raw={**firm.xero.raw, "Accounts": accounts}))
