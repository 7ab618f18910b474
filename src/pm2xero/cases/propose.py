"""Proposes the cases that are missing: the solver finds documents, the pack says what they lead to.

A document is only proposed for what no case and no earlier proposal shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.cases.decisive import Wish, wishes
from pm2xero.cases.firms import Firms
from pm2xero.cases.model import Case, Expected, Given, Known
from pm2xero.cases.run import run_case, situation
from pm2xero.cases.update import expectation
from pm2xero.decide.compile import compile_truths
from pm2xero.decide.decision import Decision
from pm2xero.decide.program import Program
from pm2xero.decide.state import DocumentFact, State
from pm2xero.decide.tree import branch, holds
from pm2xero.errors import Pm2XeroError, Position
from pm2xero.firm.trust_holders import entry_of, holder_of
from pm2xero.pack.language.conditions import atoms
from pm2xero.pipeline import Pipeline
from pm2xero.prove.example import Example, about_of, to_come_of
from pm2xero.prove.kind import KindProof
from pm2xero.prove.show import Shower
from pm2xero.prove.terms import Term, both, no
from pm2xero.read.transaction import Transaction

_PLACE = Position("proposed")
_EXPECTED = Expected("post", (), None, (), (), None, {"expect": _PLACE})


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm for which cases are proposed; `facts` are other values of it, by path."""

    organisation: Path
    region: str | None
    facts: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A case that is missing, as cases are written, and what it would show."""

    firm: Firm
    kind: str
    tree: dict[str, Any]
    shows: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """What is proposed, what was not found, and what no document of any firm shows (proved)."""

    cases: tuple[Proposal, ...]
    not_found: tuple[Wish, ...]
    nowhere: tuple[Wish, ...]


class _Judge:
    """Says which wishes of a kind a document fulfils; compiled once for a firm."""

    def __init__(self, pipeline: Pipeline, kind: str) -> None:
        self.program = pipeline.decider.program(kind)
        self.wishes = tuple(wishes(pipeline.pack, kind))
        tests = {a.key: a for w in self.wishes for a in atoms(w.wanted)}
        index = {key: i for i, key in enumerate(tests)}
        self._truths = compile_truths(list(tests.values()), self.program.facts)
        self._trees = [
            branch(w.wanted, index) if w.wanted is not None else None for w in self.wishes
        ]

    def fulfilled(self, tx: Transaction, state: State, decision: Decision) -> list[Wish]:
        """The wishes that a decided document fulfils."""
        mask = self._truths(tx, state)
        return [
            w
            for w, tree in zip(self.wishes, self._trees, strict=True)
            if holds(tree, mask) and (not w.posts or decision.outcome == "post")
        ]


class _Search:
    """What was shown and what could not be; with `alone`, of each kind by itself."""

    def __init__(self, alone: bool) -> None:
        self._alone = alone
        self._shown: set[tuple[str, ...]] = set()
        self._left: dict[tuple[str, ...], Wish] = {}

    def note(self, shown: Iterable[Wish]) -> None:
        self._shown |= {self._name(w) for w in shown}

    def lacks(self, wish: Wish) -> bool:
        return self._name(wish) not in self._shown

    def give_up(self, wish: Wish) -> None:
        self._left.setdefault(self._name(wish), wish)

    def missing(self) -> list[Wish]:
        return [w for w in self._left.values() if self.lacks(w)]

    def _name(self, wish: Wish) -> tuple[str, ...]:
        return (*wish.name, wish.kind) if self._alone else wish.name


class Proposer:
    """Proposes cases for some firms, given the cases that are there."""

    def __init__(self, firms: Firms, cases: Iterable[Case]) -> None:
        self._firms = firms
        self._judges: dict[Program, _Judge] = {}
        self._cases = [c for c in cases if c.known_gap is None]

    def propose(self, at: Sequence[Firm], kind: str | None = None) -> Proposals:
        """The missing cases; with a kind, all that its rules need for that kind alone.

        Raises:
            PackError, OrganisationError: a firm is wrong.
            RuntimeError: the solver gave up.
        """
        search = _Search(kind is not None)
        elsewhere: dict[str, dict[Firm, None]] = defaultdict(dict)
        for case in self._cases:
            result = run_case(case, self._firms)
            if result.status == "passed":
                search.note(self._of_case(case))
                if case.facts:
                    other = Firm(case.organisation, case.region, tuple(case.facts.items()))
                    for goal in result.seen:
                        if goal.group == "rules":
                            elsewhere[goal.owner][other] = None
        made: list[Proposal] = []
        for firm in at:
            pack = self._pipeline(firm).pack
            for name in [kind] if kind is not None else list(pack.kinds):
                if name in pack.kinds:
                    made.extend(self._of_kind(firm, name, search))
        # What no firm shows as it is may be seen with the facts of a case of the same rule.
        for wish in search.missing():
            for firm in elsewhere[wish.rule]:
                if search.lacks(wish):
                    made.extend(self._of_kind(firm, wish.kind, search, only=wish))
        nowhere = [w for w in search.missing() if self._never(w, at)]
        not_found = tuple(w for w in search.missing() if w not in nowhere)
        return Proposals(tuple(made), not_found, tuple(nowhere))

    def _never(self, wish: Wish, at: Sequence[Firm]) -> bool:
        """Whether no firm that there could be makes it true, under the packs of these firms."""
        for firm in at:
            pack = self._pipeline(firm).pack
            if wish.kind in pack.kinds and wish.rule in {r.id for r in pack.rules_of(wish.kind)}:
                proof = KindProof(pack, wish.kind, None)
                if proof.ask(_term(proof, wish)) is not None:
                    return False
        return True

    def _pipeline(self, firm: Firm) -> Pipeline:
        return self._firms.firm(firm.organisation, firm.region, dict(firm.facts))

    def _of_case(self, case: Case) -> list[Wish]:
        at_hand = situation(case, self._firms)
        tx, pipeline = at_hand.transaction, at_hand.pipeline
        if not isinstance(tx, Transaction) or tx.lacks:
            # Tests are shown by whole documents only.
            return []
        decision = pipeline.decider.decide(tx, at_hand.state)
        return self._judge(pipeline, tx.kind).fulfilled(tx, at_hand.state, decision)

    def _judge(self, pipeline: Pipeline, kind: str) -> _Judge:
        program = pipeline.decider.program(kind)
        if program not in self._judges:
            self._judges[program] = _Judge(pipeline, kind)
        return self._judges[program]

    def _of_kind(
        self, firm: Firm, kind: str, search: _Search, only: Wish | None = None
    ) -> Iterator[Proposal]:
        pipeline = self._pipeline(firm)
        listed = self._judge(pipeline, kind).wishes if only is None else (only,)
        open_ = [w for w in listed if search.lacks(w)]
        if not open_:
            return
        proof = KindProof(pipeline.pack, kind, pipeline.decider.chart)
        shower = Shower(proof, pipeline.decider)
        for wish in open_:
            if not search.lacks(wish):
                continue
            model = shower.smallest(_term(proof, wish), (wish.rule,))
            shows: list[Wish] = []
            if model is not None:
                case = _case(firm, shower.example(model), f"{kind}: {wish.rule}, {wish.what}")
                # The solver reads some conditions a little wider; the engine has the last word.
                shows = self._shows(case)
            if wish.name not in {w.name for w in shows}:
                search.give_up(wish)
                continue
            new = tuple(w for w in shows if search.lacks(w))
            search.note(shows)
            yield Proposal(firm, kind, self._tree(case), new)

    def _shows(self, case: Case) -> list[Wish]:
        try:
            return self._of_case(case)
        except Pm2XeroError:
            return []

    def _tree(self, case: Case) -> dict[str, Any]:
        result = run_case(case, self._firms)
        assert result.decision is not None
        posts = result.decision.outcome == "post"
        tree: dict[str, Any] = {"name": case.name}
        if case.facts:
            tree["facts"] = dict(case.facts)
        tree["given"] = dict(case.given.raw)
        if case.earlier is not None:
            known = case.earlier
            tree["earlier"] = {
                "revision": known.revision,
                "same_content": known.same_content,
                "outcome": known.outcome,
            }
        if case.documents:
            tree["documents"] = [_fact_tree(d) for d in case.documents]
        if case.trust_balances:
            tree["trust_balances"] = [
                {**entry_of(h), "bank": b, "amount": f"{a:.2f}"}
                for (h, b), a in case.trust_balances.items()
            ]
        tree["expect"] = expectation(result, with_requests=posts, with_rule=True)
        return tree


def firms_of(cases: Iterable[Case]) -> list[Firm]:
    """The firms of some cases, each once."""
    return list(dict.fromkeys(Firm(c.organisation, c.region) for c in cases))


def _term(proof: KindProof, wish: Wish) -> Term:
    known = len(proof.domain.axioms)
    term: Term = proof.encoder.condition(wish.wanted)
    proof.asking.know(*proof.domain.finish()[known:])
    return both(term, no(proof.blocked)) if wish.posts else term


def _case(firm: Firm, example: Example, name: str) -> Case:
    earlier = None
    if example.earlier is not None:
        known = example.earlier
        earlier = Known(known["revision"], bool(known["same_content"]), known["outcome"])
    balances = None
    if example.trust_balances:
        balances = {(holder_of(b), b["bank"]): Decimal(b["amount"]) for b in example.trust_balances}
    return Case(
        name=name,
        at=_PLACE,
        organisation=firm.organisation,
        region=firm.region,
        facts=dict(firm.facts),
        given=Given(example.transaction, _PLACE),
        before=(),
        earlier=earlier,
        documents=tuple(_fact(d) for d in example.documents),
        trust_balances=balances,
        expected=_EXPECTED,
        known_gap=None,
        index=0,
    )


def _fact(known: Any) -> DocumentFact:
    due, left, back = known.get("amount_due"), known.get("to_reverse"), known.get("to_put_back")
    return DocumentFact(
        known["id"], known["state"], known.get("kind"), Decimal(due) if due else None,
        known.get("contact"), to_reverse=Decimal(left) if left else None, about=about_of(known),
        to_come=to_come_of(known), to_put_back=Decimal(back) if back else None,
    )  # fmt: skip


def _fact_tree(fact: DocumentFact) -> dict[str, Any]:
    tree: dict[str, Any] = {"id": fact.id, "state": fact.state}
    if fact.kind is not None:
        tree["kind"] = fact.kind
    if fact.amount_due is not None:
        tree["amount_due"] = f"{fact.amount_due:.2f}"
    if fact.contact is not None:
        tree["contact"] = fact.contact
    if fact.to_reverse is not None:
        tree["to_reverse"] = f"{fact.to_reverse:.2f}"
    if fact.to_put_back is not None:
        tree["to_put_back"] = f"{fact.to_put_back:.2f}"
    said = {
        "number": fact.number, "date": fact.date, "bank": fact.bank, "amount": fact.amount,
        "due_then": fact.due_then, "waits_for": fact.waits_for,
    }  # fmt: skip
    return tree | {name: str(value) for name, value in said.items() if value is not None}
