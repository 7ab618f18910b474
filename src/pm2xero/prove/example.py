"""An example that shows what was found: a document and the little that must be known around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.decision import Decision
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.state import NO_EFFECT, NOTHING_SAID, About, DocumentFact, Effect
from pm2xero.errors import Finding
from pm2xero.firm.trust_holders import holder_of
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction

_SEEN = {
    "in_xero": "post",
    "waiting": "hold",
    "rejected": "reject",
    "before_integration": "before_integration",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A document that can be read, and the state that it meets.

    Attributes:
        transaction: the document as in the input.
        documents: what is known of the documents it refers to: id, state and, of an open one,
            kind, amount_due and contact, of one that can be reversed to_reverse, of one that
            settled others to_put_back, and what it says of itself (number, date, bank, amount);
            amounts in currency units, as text.
        earlier: what came before under the same id (revision, same_content, outcome), or None.
        trust_balances: money in trust banks (matter or held_as, bank, amount); None when not known.
        firm: what must be different at the firm for it, by path; empty for the firm as it is.
    """

    transaction: Mapping[str, Any]
    documents: tuple[Mapping[str, Any], ...] = ()
    earlier: Mapping[str, Any] | None = None
    trust_balances: tuple[Mapping[str, str], ...] | None = None
    firm: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The document, and `state` and `firm` where there is something to say."""
        state: dict[str, Any] = {}
        if self.documents:
            state["documents"] = [dict(d) for d in self.documents]
        if self.earlier is not None:
            state["earlier"] = dict(self.earlier)
        if self.trust_balances:
            state["trust_balances"] = [dict(b) for b in self.trust_balances]
        found: dict[str, Any] = {"transaction": dict(self.transaction)}
        if state:
            found["state"] = state
        if self.firm:
            found["firm"] = dict(self.firm)
        return found


@dataclass(frozen=True, slots=True)
class ProofFinding(Finding):
    """A finding with the smallest document that shows it."""

    example: Example | None = None


def state_of(example: Example, tx: Transaction) -> MemoryState:
    """The state that an example describes."""
    balances = example.trust_balances
    state = MemoryState(
        None
        if balances is None
        else {(holder_of(b), b["bank"]): Decimal(b["amount"]) for b in balances}
    )
    for fact in example.documents:
        about = about_of(fact)
        said = Effect(about=about) if about != NOTHING_SAID else NO_EFFECT
        if "amount_due" in fact:
            due = Decimal(fact["amount_due"])
            state.add_open(
                DocumentFact(
                    fact["id"], fact["state"], fact["kind"], due, fact["contact"],
                    about=about, to_come=to_come_of(fact),
                )
            )  # fmt: skip
        elif fact["state"] in _SEEN:
            left = Decimal(fact["to_reverse"]) if "to_reverse" in fact else None
            given = left is not None and fact["state"] == "in_xero"
            effect = Effect(reversible=-left, about=about) if given and left is not None else said
            if "to_put_back" in fact:
                settled = f"settled by {fact['id']}"
                state.add_open(DocumentFact(settled, "in_xero", amount_due=Decimal("0.00")))
                back = Decimal(fact["to_put_back"])
                effect = replace(effect, settled=((settled, -back),))
            state.remember(fact["id"], 1, b"", _SEEN[fact["state"]], effect)
        if fact["state"] != "in_xero" and "to_reverse" in fact:
            state.remember(f"reversal of {fact['id']}", 1, b"", "post", Effect(reverses=fact["id"]))
    if example.earlier is not None:
        digest = tx.fingerprint if example.earlier["same_content"] else b"\0" * 16
        revision = example.earlier["revision"]
        state.remember(tx.id, revision, digest, example.earlier["outcome"])
    return state


def about_of(fact: Mapping[str, Any]) -> About:
    """What an entry of `documents` says of the document itself."""
    day, amount = fact.get("date"), fact.get("amount")
    return About(
        fact.get("number"),
        date.fromisoformat(day) if day is not None else None,
        fact.get("bank"),
        Decimal(amount) if amount is not None else None,
    )


def to_come_of(fact: Mapping[str, Any]) -> tuple[tuple[str, Decimal], ...]:
    """What an entry of `documents` says will be put back on it."""
    then, due = fact.get("due_then"), fact.get("amount_due")
    if then is None or due is None:
        return ()
    return ((str(fact.get("waits_for", "a reversal")), Decimal(then) - Decimal(due)),)


def replay(example: Example, decider: Decider) -> Decision:
    """What is decided about an example.

    Raises:
        ValueError: the document of the example cannot be read.
    """
    tx = read(example.transaction, decider)
    return decider.by_rules(tx, state_of(example, tx))


def read(document: Mapping[str, Any], decider: Decider) -> Transaction:
    """The document of an example, typed.

    Raises:
        ValueError: it does not fit its kind.
    """
    tx = Reader(decider.pack.kinds).read(dict(document), "example", 1)
    if isinstance(tx, Transaction):
        return tx
    raise ValueError("; ".join(tx.faults))
