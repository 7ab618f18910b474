"""Which documents two versions of a pack decide otherwise, asked of the solver.

Both versions' rules are put to the same unknown document. What the solver finds is made as small
as can be and decided by both, so that each example is one that was seen; what it does not find
does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.decision import Decision
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.types import ListType, RecordType, TaxCodeType
from pm2xero.pack.model import Pack
from pm2xero.prove.evidence import replay_
from pm2xero.prove.example import Example
from pm2xero.prove.firm import firm_of
from pm2xero.prove.kind import KindProof
from pm2xero.prove.prove import signature
from pm2xero.prove.show import Shower
from pm2xero.prove.terms import both, either
from pm2xero.prove.words import Words

Became = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """Documents of a kind of which one version makes this and the other that.

    Attributes:
        was, now: outcome, and mapping where it is posted; `undecided` where no single rule says.
        old, new: what both versions decide about the example.
        regions: where.
    """

    kind: str
    was: Became
    now: Became
    example: Example
    old: Decision
    new: Decision
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turns:
    """What the solver found.

    Attributes:
        firms: for whom, by name; empty for any firm there could be.
        regions: regions that were asked about.
        kinds: the most kinds that both versions have in one of them.
        unshown: what the solver thinks possible and no example bore out, in words.
    """

    firms: tuple[str, ...]
    regions: tuple[str, ...]
    kinds: int
    turns: tuple[Turn, ...]
    unshown: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What is proven of everything else."""
        who = "any firm"
        if self.firms:
            who = self.firms[0] if len(self.firms) == 1 else f"{len(self.firms)} example firms"
        what = "every other transaction" if self.turns else "every transaction"
        said = f"{what} of {self.kinds} kinds gets the same outcome and mapping, at {who}"
        return f"{said}; {len(self.unshown)} undecided" if self.unshown else said


Side = tuple[Pack, Organisation]


def turned(pairs: Iterable[tuple[str, Side, Side]]) -> Turns:
    """Ask which documents are decided otherwise; the same rules of several regions once.

    Args:
        pairs: region, and for the old and the new side its pack and the firm by whose settings it
            decides. Where both are the same firm, it is that firm that is asked about; otherwise
            any firm there could be.

    Raises:
        RuntimeError: the solver gave up.
    """
    found: dict[object, list[Turn]] = {}
    where: dict[object, list[str]] = {}
    firms: dict[str, None] = {}
    regions, kinds, unshown = [], 0, list[str]()
    for region, (old, old_firm), (new, new_firm) in pairs:
        one_firm = old_firm.id == new_firm.id
        regions.append(region)
        if one_firm:
            firms[new_firm.name] = None
        shared = [k for k in new.kinds if k in old.kinds]
        kinds = max(kinds, len(shared))
        deciders = (Decider(old, old_firm), Decider(new, new_firm))
        for kind in shared:
            key = _differ(old, new, kind, one_firm)
            if key is None:
                continue
            where.setdefault(key, []).append(region)
            if key not in found:
                asked = _Question(kind, deciders, one_firm)
                found[key] = asked.turns()
                unshown += asked.unshown
    turns = [
        replace(turn, regions=tuple(where[key])) for key, listed in found.items() for turn in listed
    ]
    return Turns(tuple(firms), tuple(regions), kinds, tuple(turns), tuple(unshown))


def _differ(old: Pack, new: Pack, kind: str, one_firm: bool) -> object:
    """What makes the question about a kind another one; None where there is nothing to ask."""
    before, after = signature(old, kind), signature(new, kind)
    if not (one_firm and _has_tax(new.kinds[kind].record)):
        return None if before == after else (before, after)
    tables = tuple((repr(sorted(p.tax_codes.items())), p.no_tax) for p in (old, new))
    return None if before == after and tables[0] == tables[1] else (before, after, tables)


def _has_tax(record: RecordType) -> bool:
    for kind in (*record.required.values(), *record.optional.values()):
        inner = kind.of if isinstance(kind, ListType) else kind
        if isinstance(inner, TaxCodeType) or (isinstance(inner, RecordType) and _has_tax(inner)):
            return True
    return False


class _Question:
    """The rules of one kind in both versions, over one unknown document."""

    def __init__(self, kind: str, deciders: tuple[Decider, Decider], one_firm: bool) -> None:
        self._kind = kind
        self._deciders = deciders
        self._one_firm = one_firm
        self.unshown: list[str] = []
        conditions = [r.conditions[kind] for d in deciders for r in d.pack.rules_of(kind)]
        words = Words(conditions, self._texts(), self._names())
        # Once to meet every word, so that both proofs then know all words of both.
        self._proofs(words)
        self._old, self._new = self._proofs(words)
        self._new.asking.know(*self._old.known)
        # Examples must also show what only the old rules look at.
        self._new.domain.learn(self._old.domain)
        self._shower = Shower(self._new, deciders[1])

    def turns(self) -> list[Turn]:
        """One example for each pair of different outcomes that some document gets."""
        before, after = self._old.outcomes(), self._new.outcomes()
        left = {
            (was, now): term
            for was, one in before.items()
            for now, two in after.items()
            if was != now and (term := both(one, two)) is not False
        }
        found = []
        while left:
            model = self._new.ask(either(*left.values()))
            if model is None:
                break
            pair = next(p for p, term in left.items() if model.holds(term))
            turn = self._shown(*pair, left.pop(pair))
            if turn is not None:
                found.append(turn)
            else:
                self.unshown.append(f"{self._kind}: {word(pair[0])} → {word(pair[1])}")
        return found

    def _shown(self, was: Became, now: Became, wanted: Any) -> Turn | None:
        model = self._shower.smallest(wanted)
        if model is None:
            return None
        example = self._shower.example(model)
        facts = {} if self._one_firm else firm_of(model, self._new.domain, example.transaction)
        try:
            example = self._shower.at_firm(model, example, facts)
            # Both sides decide for the firm of the example, whatever their own is like.
            old, new = (replay_(replace(example, firm=facts), d) for d in self._deciders)
        except (ValueError, KeyError):
            return None
        if (became(old), became(new)) != (was, now):
            return None
        example = replace(example, firm=self._shower.different(facts))
        return Turn(self._kind, was, now, example, old, new)

    def _proofs(self, words: Words) -> tuple[KindProof, KindProof]:
        old, new = self._deciders
        charts = (old.chart, new.chart) if self._one_firm else (None, None)
        return (
            KindProof(old.pack, self._kind, charts[0], words=words, prefix="old "),
            KindProof(new.pack, self._kind, charts[1], words=words),
        )

    def _texts(self) -> Iterable[str]:
        for decider in self._deciders:
            firm = decider.organisation
            yield from (firm.base_currency, firm.division, firm.region, firm.id)
            yield from (firm.xero.base_currency, firm.xero.country, firm.xero.organisation_class)
            yield from (firm.xero_organisation_id, firm.xero.organisation_id)

    def _names(self) -> Iterable[str]:
        """Tax codes that only one version has: the other must know that there is such a name."""
        old, new = (d.pack.tax_codes for d in self._deciders)
        return sorted(old.keys() ^ new.keys()) if self._one_firm else ()


def became(decision: Decision) -> Became:
    """What became of a document."""
    if decision.outcome == "post":
        return "post", decision.mapping or ""
    code = decision.reasons[0].code if decision.reasons else ""
    return ("undecided" if code in ("no_rule", "conflicting_rules") else decision.outcome), ""


def word(what: Became) -> str:
    """An outcome as it is told."""
    return f"post by {what[1]}" if what[0] == "post" else what[0]
