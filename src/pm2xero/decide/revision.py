"""What is decided about another revision of what was posted; no rule of a pack can change it.

The words are those of the pack, where it has a rule for the case; without, these.
"""

from __future__ import annotations

from pm2xero.decide.decision import Decision, Reason
from pm2xero.pack.model import Outcome
from pm2xero.read.transaction import Transaction
from pm2xero.sentences import closed

# By how the revision stands to the one that was posted: code, sentence, remedy, outcome.
_NEVER_ANEW: dict[str, tuple[str, str, str, Outcome]] = {
    "repeated": (
        "already_posted",
        "This revision of the transaction was posted before, so nothing is sent again.",
        "",
        "skip",
    ),
    "older": (
        "superseded",
        "A later revision of this transaction was posted before this one.",
        "",
        "skip",
    ),
    "conflicting": (
        "conflicting_content",
        "This revision of the transaction came before with other content.",
        "A changed transaction must carry a higher revision; export it again.",
        "reject",
    ),
    "newer": (
        "changed_after_posting",
        "An earlier revision of the transaction was posted; this one must correct it in Xero.",
        "Push corrects it as its mapping says under on_change, or asks a person.",
        "hold",
    ),
}


def posted_before(tx: Transaction, position: str) -> Decision:
    """The decision about another revision of what was posted, where no rule has words for it."""
    code, message, remedy, outcome = _NEVER_ANEW[position]
    reason = Reason(code, message, remedy, False, "", _place(tx), outcome, True)
    return Decision(tx.id, tx.revision, tx.kind, outcome, (reason,))


def left_to_a_person(tx: Transaction, why: str, reasons: tuple[Reason, ...] = ()) -> Decision:
    """A revision that cannot be corrected safely from here."""
    return _held(
        tx, "needs_a_person", why, reasons,
        "Correct it in Xero by hand, then say so at once, before the next push: "
        f"pm2xero resolve {tx.id} --as-done-in-xero ID --reason …",
    )  # fmt: skip


def left_for_later(tx: Transaction, why: str, remedy: str) -> Decision:
    """A revision that cannot be corrected now."""
    return _held(tx, "correction_waits", why, (), remedy)


def _held(
    tx: Transaction, code: str, why: str, reasons: tuple[Reason, ...], remedy: str
) -> Decision:
    reason = Reason(
        code,
        closed(f"Revision {tx.revision} of {tx.id} changes what is in Xero, but {why}"),
        remedy,
        code == "needs_a_person",
        "",
        _place(tx),
        "hold",
        True,
    )
    return Decision(tx.id, tx.revision, tx.kind, "hold", (reason, *reasons))


def _place(tx: Transaction) -> str:
    return f"{tx.source}:{tx.line}"
