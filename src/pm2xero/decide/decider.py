"""Decides transactions one by one, each seeing the effect of those before it."""

from __future__ import annotations

from dataclasses import replace

from pm2xero.decide.decision import Decision, Reason, Warning_
from pm2xero.decide.program import CompiledRule, Program
from pm2xero.decide.state import DocumentFact, MemoryState, State
from pm2xero.errors import EngineFault
from pm2xero.firm.chart import Chart
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.types import RecordType
from pm2xero.pack.model import Outcome, Pack
from pm2xero.read.transaction import Malformed, Transaction


class Decider:
    """The rules of a pack, compiled for one organisation; pure but for what it remembers."""

    def __init__(self, pack: Pack, organisation: Organisation) -> None:
        self.pack = pack
        self.organisation = organisation
        self.chart = Chart(pack, organisation)
        self._programs: dict[str, Program] = {}
        self._for_unfinished: dict[str, Program] = {}

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

    def decide(self, tx: Transaction | Malformed, state: State) -> Decision:
        """The decision about one transaction, given what is known of others.

        A malformed record is rejected; an engine fault leaves the transaction undetermined, which
        is a rejection too: nothing is posted on a guess.
        """
        if isinstance(tx, Malformed):
            return _malformed(tx)
        program = self._programs.get(tx.kind) or self.program(tx.kind)
        if tx.lacks:
            program = self.program_of(tx)
        try:
            verdict = program.verdict(program.truths(tx, state))
        except EngineFault as fault:
            return _refused(tx, "undetermined", fault.findings[0].message)
        if tx.lacks and verdict.outcome != "skip":
            # No rule leaves it out, so it counts as what it is: a document with faults.
            return _malformed(Malformed(tx.id, tx.kind, tx.revision, tx.lacks, tx.source, tx.line))
        warnings = verdict.warned
        if tx.unknown or warnings is None:
            warnings = self._warnings(program, verdict.warnings, tx, state)
        if verdict.post is not None:
            mapping, rule = verdict.post
            return Decision(tx.id, tx.revision, tx.kind, "post", (), warnings, mapping, rule)
        if verdict.outcome is None:
            return self._posted(program, verdict.posts, tx, warnings)
        reasons = verdict.fixed
        if reasons is None:
            reasons = tuple([_reason(program.rules[i], tx, state) for i in verdict.reasons])
        if verdict.outcome == "skip" and len(reasons) > 1 and _was_posted(tx, state):
            # What it did itself stands in the state by now: it cannot be judged a second time.
            reasons = tuple([r for r in reasons if r.outcome == "skip"])
        return Decision(
            tx.id, tx.revision, tx.kind, verdict.outcome, reasons, warnings, None, None,
            verdict.leaves,
        )  # fmt: skip

    def _posted(
        self, program: Program, posts: tuple[int, ...], tx: Transaction,
        warnings: tuple[Warning_, ...],
    ) -> Decision:  # fmt: skip
        if len(posts) == 1:
            rule = program.rules[posts[0]].rule
            return Decision(
                tx.id, tx.revision, tx.kind, "post", (), warnings, rule.mapping, rule.id
            )
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

    def apply(self, tx: Transaction | Malformed, decision: Decision, state: MemoryState) -> None:
        """Let all that follow see what was decided (and, when posted, what it did)."""
        if isinstance(tx, Malformed):
            return
        earlier = state.earlier(tx.id)
        if earlier is not None:
            same = tx.revision == earlier.revision and tx.fingerprint[:8] == earlier.digest[:8]
            if earlier.outcome == "post" or not (same or tx.revision > earlier.revision):
                return
        effects = self._programs[tx.kind].effects
        state.tell(tx.id, effects.about(tx))
        waits = decision.outcome in ("reject", "hold")
        state.expect(tx.id, effects.to_come(tx, state) if waits else {})
        if decision.outcome != "post":
            state.remember(tx.id, tx.revision, tx.fingerprint, decision.leaves or decision.outcome)
            return
        state.remember(tx.id, tx.revision, tx.fingerprint, "post", effects.reversible(tx))
        effects.apply(tx, decision.mapping or "", state)


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


def _was_posted(tx: Transaction, state: State) -> bool:
    earlier = state.earlier(tx.id)
    return earlier is not None and earlier.outcome == "post"


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
    message = f"{where}: " + "; ".join(record.faults) + "."
    remedy = "Export the transaction again from Practice Management in the documented shape."
    reason = Reason("malformed_document", message, remedy, False, "", where, "reject", True)
    return Decision(record.id, record.revision, record.kind, "reject", (reason,))


def _refused(tx: Transaction, code: str, message: str) -> Decision:
    remedy = "Nothing is posted on a guess; add or correct the rule in the pack."
    at = f"{tx.source}:{tx.line}"
    reason = Reason(code, message, remedy, False, "", at, "reject", True)
    return Decision(tx.id, tx.revision, tx.kind, "reject", (reason,))
