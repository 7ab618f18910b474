"""The PM side: every stored document with its journal, and how far it has come in Xero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import orjson

from pm2xero.decide.journal import Entry, JournalOf, compile_journal
from pm2xero.decide.totals import money_of
from pm2xero.history.requests import alive, taken_back
from pm2xero.outbox.records import StoredDecision, StoredRequest, StoredTransaction
from pm2xero.pipeline import Pipeline
from pm2xero.push.entered_by_hand import DONE_BY_HAND
from pm2xero.push.revise import is_voided
from pm2xero.read.transaction import Transaction
from pm2xero.reconcile.taxes import Tax, TaxReader

ZERO = Decimal("0.00")
DONE = frozenset(("confirmed", "skipped"))
Pair = tuple[StoredTransaction, StoredDecision]


@dataclass(frozen=True, slots=True)
class Booked:
    """A document of Practice Management and where it stands.

    Attributes:
        revision: the latest one; all amounts are those of this revision.
        is_behind: Xero has an earlier revision, because a correction waits or was refused.
        standing: in_xero, partial (some of its requests are), pending, refused, skipped,
            unsupported (a rule rejects it), held, voided.
        cause: the reason code or the cause of the refusal.
        in_xero: the journal of the revision that Xero has, where that is not this one.
        money_in_xero: its amount.
        rounding: by account code, what Xero's own tax calculation moves (see `rounding_line`).
        taxes: by Xero's tax type.
    """

    id: str
    revision: int
    is_behind: bool
    kind: str
    date: date
    number: str
    participant: str
    currency: str
    money: Decimal
    standing: str
    cause: str
    by_hand: bool
    is_voided: bool
    message: str
    remedy: str
    entries: tuple[Entry, ...]
    rounding: Mapping[str, Decimal]
    taxes: Mapping[str, Tax]
    requests: tuple[StoredRequest, ...]
    in_xero: tuple[Entry, ...] = ()
    money_in_xero: Decimal | None = None


class Books:
    """Reads stored documents back into journals, by the kinds of today's pack."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._journals: dict[str, JournalOf] = {}
        self._taxes = TaxReader(pipeline)

    def booked(
        self,
        transactions: Iterable[StoredTransaction],
        decisions: Iterable[StoredDecision],
        requests: Sequence[StoredRequest],
    ) -> list[Booked]:
        """Every document once, in the order of posting; unreadable ones are left out."""
        known = {(d.id, d.revision): d for d in decisions}
        revisions: dict[str, list[Pair]] = {}
        for stored in transactions:
            decision = known.get((stored.id, stored.revision))
            if decision is not None:
                revisions.setdefault(stored.id, []).append((stored, decision))
        gone = taken_back(requests)
        by_transaction: dict[str, list[StoredRequest]] = {}
        for request in requests:
            by_transaction.setdefault(request.transaction, []).append(request)
        result = []
        for id, pairs in revisions.items():
            pairs.sort(key=lambda pair: pair[0].revision)
            found = self._one(pairs, by_transaction.get(id, []), gone)
            if found is not None:
                result.append(found)
        return result

    def typed(self, stored: StoredTransaction) -> Transaction | None:
        """A stored document, or None when it cannot be read (any more)."""
        try:
            raw = orjson.loads(stored.document)
        except orjson.JSONDecodeError:
            return None
        tx = self._pipeline.reader.read(raw, "outbox", 0)
        return tx if isinstance(tx, Transaction) else None

    def _one(
        self, pairs: list[Pair], requests: list[StoredRequest], gone: set[str]
    ) -> Booked | None:
        state = self._pipeline.state
        posted = next((p for p in reversed(pairs) if p[1].outcome == "post"), pairs[-1])
        newest, last = pairs[-1]
        tx, sent = self.typed(newest), self.typed(posted[0])
        if tx is None or sent is None or tx.lacks:
            # What cannot be read, and what is still worked on, books nothing.
            return None
        decision = posted[1]
        standing, cause, message = _standing(sent, decision, requests)
        is_behind = standing == "in_xero" and posted[0].revision < newest.revision
        if standing in ("partial", "pending") and _corrections_wait(requests, gone):
            standing, is_behind = "in_xero", True
        is_posted = decision.outcome == "post"
        voided = is_voided(tx)
        if voided and standing == "voided":
            tx = sent
        first = (last.reasons or decision.reasons or [{}])[0]
        mapping = decision.mapping or ""
        base = self._pipeline.organisation.base_currency
        counts = is_posted and not voided
        return Booked(
            id=tx.id,
            revision=newest.revision,
            is_behind=is_behind,
            kind=tx.kind,
            date=tx.fields["date"],
            number=str(tx.fields.get("number") or ""),
            participant=str((tx.fields.get("participant") or {}).get("display_name") or ""),
            currency=str(tx.fields.get("currency") or base),
            money=money_of(tx),
            standing=standing,
            cause=cause,
            by_hand=last.by_hand,
            is_voided=voided,
            message=message or str(first.get("message", "")),
            remedy=str(first.get("remedy", "")),
            entries=() if voided else tuple(self._journal(tx.kind)(tx, state)),
            rounding=self._taxes.rounding(tx, mapping) if counts else {},
            taxes=self._taxes.taxes(tx, mapping) if counts else {},
            requests=tuple(requests),
            in_xero=tuple(self._journal(sent.kind)(sent, state)) if is_behind else (),
            money_in_xero=money_of(sent) if is_behind else None,
        )

    def _journal(self, kind: str) -> JournalOf:
        found = self._journals.get(kind)
        if found is None:
            facts = self._pipeline.decider.program(kind).facts
            found = compile_journal(self._pipeline.pack.kinds[kind], facts)
            self._journals[kind] = found
        return found


def _standing(
    tx: Transaction, decision: StoredDecision, requests: list[StoredRequest]
) -> tuple[str, str, str]:
    if decision.outcome == "reject":
        return "unsupported", decision.code or "", ""
    if decision.outcome == "hold":
        return "held", decision.code or "", ""
    if decision.outcome == "skip":
        return "voided" if is_voided(tx) else "skipped", decision.code or "", ""
    if is_voided(tx):
        done = all(r.state in DONE for r in requests)
        return ("voided", "", "") if done else ("pending", "", "")
    if not requests:
        done = decision.rule == DONE_BY_HAND
        return ("in_xero" if done else "pending"), "", ""
    for state, standing in (
        ("rejected", "refused"), ("blocked", "pending"), ("unknown", "pending"), ("held", "held"),
        ("planned", "pending"), ("sent", "pending"), ("failed", "pending"),
    ):  # fmt: skip
        stuck = next((r for r in requests if r.state == state), None)
        if stuck is not None:
            some = any(r.state == "confirmed" for r in requests)
            return ("partial" if some else standing), *_cause(stuck)
    if all(r.state == "skipped" for r in requests):
        return "skipped", requests[0].cause or "", requests[0].message or ""
    return "in_xero", "", ""


def _corrections_wait(requests: list[StoredRequest], gone: set[str]) -> bool:
    """Whether an earlier revision stands in Xero whole, and only its correction does not."""
    waiting = [r for r in requests if r.state not in DONE]
    return bool(alive(requests, gone)) and all("@" in r.step for r in waiting)


def _cause(stuck: StoredRequest) -> tuple[str, str]:
    if stuck.state == "blocked":
        return f"blocked by {stuck.blocked_by}", stuck.message or ""
    return stuck.cause or stuck.state, stuck.message or ""
