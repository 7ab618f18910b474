"""Decides transactions one by one, each seeing the effect of those before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from pm2xero.decide.decision import Decision, Reason, Warning_
from pm2xero.decide.facts import Facts
from pm2xero.decide.journal import JournalOf, compile_left_over
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.program import CompiledRule, Program
from pm2xero.decide.revision import posted_before
from pm2xero.decide.state import NO_EFFECT, DocumentFact, Effect, Keeper, Past, Release, State
from pm2xero.decide.trust_equation import breaks_equation, breaks_when_voided
from pm2xero.errors import EngineFault
from pm2xero.firm.chart import Chart
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.types import RecordType
from pm2xero.pack.model import Outcome, Pack
from pm2xero.read.transaction import Malformed, Transaction, is_voided
from pm2xero.sentences import closed

_FINISH = "Finish the document in Practice Management, or let a rule of the pack leave drafts out."


class Decider:
    """The rules of a pack, compiled for one organisation; pure but for what it remembers."""

    def __init__(self, pack: Pack, organisation: Organisation) -> None:
        self.pack = pack
        self.organisation = organisation
        self.chart = Chart(pack, organisation)
        self._programs: dict[str, Program] = {}
        self._for_unfinished: dict[str, Program] = {}
        self._left_overs: dict[str, JournalOf] = {}

    def program(self, kind: str) -> Program:
        """The compiled rules of a kind, compiled when first needed."""
        program = self._programs.get(kind)
        if program is None:
            program = self._programs[kind] = Program(self.pack.kinds[kind], self.pack, self.chart)
        return program

    def program_of(self, tx: Transaction) -> Program:
        """The rules for a document; of one that is still worked on, any field may be missing."""
        if not tx.lacks:
            return self.program(tx.kind)
        program = self._for_unfinished.get(tx.kind)
        if program is None:
            whole = self.pack.kinds[tx.kind]
            fields = {**whole.record.required, **whole.record.optional}
            loose = replace(whole, record=RecordType(whole.record.name, {}, fields))
            program = self._for_unfinished[tx.kind] = Program(loose, self.pack, self.chart)
        return program

    def decide(self, tx: Transaction | Malformed, state: Past) -> Decision:
        """The decision about one transaction, given what is known of others.

        A malformed record is rejected; an engine fault leaves the transaction undetermined, which
        is a rejection too: nothing is posted on a guess. What was posted is never posted anew,
        whatever the rules say: a higher revision corrects it, any other one is refused.
        """
        if isinstance(tx, Malformed):
            return _malformed(tx)
        position, outcome = Facts.past(tx, state)
        earlier = state.earlier(tx.id)
        said = () if earlier is None else earlier.releases
        if outcome == "post":
            return self._of_posted(tx, state, position)
        told = self.by_rules(tx, state, said)
        if told.outcome == "post" and position in ("older", "conflicting"):
            # A later revision came, or this one with other content: it is not sent either.
            return posted_before(tx, position)
        return told

    def _left_over(self, tx: Transaction, state: State) -> Decimal:
        """What a person enters of a document; never negative, as it is work of either sign."""
        journal = self._left_overs.get(tx.kind)
        if journal is None:
            program = self.program(tx.kind)
            journal = self._left_overs[tx.kind] = compile_left_over(program.kind, program.facts)
        return sum((e.amount for e in journal(tx, state) if e.amount > 0), Decimal("0.00"))

    def _of_posted(self, tx: Transaction, state: Past, position: str) -> Decision:
        """A revision of what was posted: in the words of the rules, but never a second posting."""
        told = self.by_rules(tx, state)
        if told.outcome == "post":
            told = posted_before(tx, position)
        if told.outcome == "skip" and len(told.reasons) > 1:
            # What it did itself stands in the state by now: it cannot be judged a second time.
            reasons = tuple(r for r in told.reasons if r.outcome == "skip")
            told = replace(told, reasons=reasons)
        if position != "newer":
            return told
        earlier = state.earlier(tx.id)
        assert earlier is not None
        if is_voided(tx):
            fresh = self._taken_back(tx, state.without(tx.id))
        else:
            fresh = self.by_rules(tx, state.without(tx.id), earlier.releases)
        return replace(told, revises=earlier.revision, correction=fresh)

    def _taken_back(self, tx: Transaction, state: State) -> Decision:
        broken = self.program_of(tx).facts.broken_without(state)
        if broken is not None:
            return breaks_when_voided(tx, broken)
        return Decision(tx.id, tx.revision, tx.kind, "post", takes_back=True)

    def by_rules(self, tx: Transaction, state: State, said: tuple[Release, ...] = ()) -> Decision:
        """What the rules of the pack say, without those that a person set aside for the document.

        Args:
            said: what people released of the document, of whichever revision.
        """
        program = self._programs.get(tx.kind) or self.program(tx.kind)
        if tx.lacks:
            program = self.program_of(tx)
        try:
            mask = program.truths(tx, state)
            verdict = program.verdict(mask)
            released = {s.rule: s for s in said if s.revision == tx.revision}
            if released and verdict.outcome == "hold":
                verdict = program.verdict(mask, program.releasable(released))
        except EngineFault as fault:
            return _refused(tx, "undetermined", fault.findings[0].message)
        if tx.lacks and verdict.outcome != "skip":
            # No rule leaves it out, so it counts as what it is: a document with faults.
            return _malformed(
                Malformed(tx.id, tx.kind, tx.revision, tx.lacks, tx.source, tx.line, _FINISH)
            )
        warnings = verdict.warned
        if tx.unknown or warnings is None:
            warnings = self._warnings(program, verdict.warnings, tx, state)
        if released:
            warnings += tuple(_released(program, released))
        if verdict.outcome is None and program.facts.trust_moves is not None:
            found = program.facts.imbalance(tx, state)
            if found[0] is not None:
                # No rule of the pack refuses it, and none can make this right.
                return breaks_equation(tx, found)
        if verdict.post is not None:
            mapping, rule = verdict.post
            return Decision(tx.id, tx.revision, tx.kind, "post", (), warnings, mapping, rule)
        if verdict.outcome is None:
            return self._posted(program, verdict.posts, tx, state, warnings)
        reasons = verdict.fixed
        if reasons is None:
            reasons = tuple([_reason(program.rules[i], tx, state) for i in verdict.reasons])
        return Decision(
            tx.id, tx.revision, tx.kind, verdict.outcome, reasons, warnings, None, None,
            verdict.leaves, verdict.counts,
        )  # fmt: skip

    def _posted(
        self, program: Program, posts: tuple[int, ...], tx: Transaction, state: State,
        warnings: tuple[Warning_, ...],
    ) -> Decision:  # fmt: skip
        if len(posts) == 1:
            compiled = program.rules[posts[0]]
            rule = compiled.rule
            said = (_reason(compiled, tx, state),) if rule.leaves_over else ()
            left = self._left_over(tx, state) if rule.leaves_over else None
            return Decision(
                tx.id, tx.revision, tx.kind, "post", said, warnings, rule.mapping, rule.id,
                left_over=left,
            )  # fmt: skip
        if not posts:
            return _refused(
                tx, "no_rule", f"No rule of the pack says what becomes of this {tx.kind}."
            )
        ids = ", ".join(program.rules[i].rule.id for i in posts)
        return _refused(tx, "conflicting_rules", f"Several rules would post this: {ids}.")

    def _warnings(
        self, program: Program, indexes: tuple[int, ...], tx: Transaction, state: State
    ) -> tuple[Warning_, ...]:
        result = []
        for index in indexes:
            rule = program.rules[index]
            message = rule.write("warning", tx, state)
            result.append(Warning_(rule.rule.code, message, rule.rule.id, rule.at))
        if tx.unknown:
            names = ", ".join(tx.unknown)
            message = f"Fields that a {tx.kind} does not declare were ignored: {names}."
            result.append(Warning_("unknown_field", message, "", f"{tx.source}:{tx.line}"))
        return tuple(result)

    def apply(self, tx: Transaction | Malformed, decision: Decision, state: Keeper) -> None:
        """Let all that follow see what was decided (and, when posted, what it did)."""
        if isinstance(tx, Malformed):
            return
        if decision.revises is not None:
            correction = decision.correction if decision.outcome != "post" else decision
            if correction is None or correction.outcome != "post":
                # What was posted stands as it is.
                return
            decision = replace(correction, revises=decision.revises)
        else:
            earlier = state.earlier(tx.id)
            if earlier is not None:
                same = tx.revision == earlier.revision and tx.fingerprint[:8] == earlier.digest[:8]
                if earlier.outcome == "post" or not (same or tx.revision > earlier.revision):
                    return
        counts_as = "reject" if decision.takes_back else decision.leaves or decision.outcome
        effect = self.effect(tx, decision, state)
        state.remember(tx.id, tx.revision, tx.fingerprint, counts_as, effect)

    def effect(self, tx: Transaction, decision: Decision, state: Past) -> Effect:
        """What a decision makes the transaction do to others."""
        if decision.takes_back:
            return NO_EFFECT
        if decision.outcome != "post":
            waits = decision.outcome in ("reject", "hold")
            return self.program_of(tx).effects.stopped(tx, state, waits=waits)
        seen = state if decision.revises is None else state.without(tx.id)
        return self.program(tx.kind).effects.of(tx, decision.mapping or "", seen)


def opening_state(organisation: Organisation) -> MemoryState:
    """The state before the first transaction: what the organisation says was there."""
    state = MemoryState(organisation.trust_balances)
    for document in organisation.documents:
        state.add_open(
            DocumentFact(
                document.id, "in_xero", document.kind, document.amount_due, document.contact,
                None, document.xero_id,
            )
        )  # fmt: skip
    return state


def _released(program: Program, said: Mapping[str, Release]) -> Iterator[Warning_]:
    """What a person let through, in place of the reasons that it was held for."""
    for rule in program.rules:
        release = said.get(rule.rule.id)
        if release is not None and rule.rule.may_release:
            message = f"{release.who} let it through, as {rule.rule.id} holds it: {release.why}"
            yield Warning_("released", message, rule.rule.id, rule.at)


def _reason(rule: CompiledRule, tx: Transaction, state: State) -> Reason:
    declared = rule.rule
    outcome: Outcome = declared.outcome or "reject"
    return Reason(
        declared.code,
        rule.write("reason", tx, state),
        rule.write("remedy", tx, state),
        declared.by_hand,
        declared.id,
        rule.at,
        outcome,
        rule.conditional,
    )


def _malformed(record: Malformed) -> Decision:
    where = f"{record.source}:{record.line}"
    message = closed(f"{where}: " + "; ".join(record.faults))
    reason = Reason("malformed_document", message, record.remedy, False, "", where, "reject", True)
    return Decision(record.id, record.revision, record.kind, "reject", (reason,))


def _refused(tx: Transaction, code: str, message: str) -> Decision:
    remedy = "Nothing is posted on a guess; add or correct the rule in the pack."
    at = f"{tx.source}:{tx.line}"
    reason = Reason(code, message, remedy, False, "", at, "reject", True)
    return Decision(tx.id, tx.revision, tx.kind, "reject", (reason,))
