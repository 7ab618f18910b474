"""The trust equation as a guard: what would break it is refused, whatever the rules of a pack say.

The rule trust_equation says the same in the words of the region. This stands behind it, for a pack
without that rule, for kinds that it is not for, and for what is voided: no rule is asked of that.
"""

from __future__ import annotations

from pm2xero.decide.decision import Decision, Reason
from pm2xero.decide.facts import Imbalance
from pm2xero.read.transaction import Transaction
from pm2xero.sentences import closed

CODE = "trust_imbalance"


def breaks_equation(tx: Transaction, found: Imbalance) -> Decision:
    """The refusal of a document that makes the trust equation of a trust bank worse."""
    _, bank, surplus = found
    return _refused(
        tx,
        f"After this, {surplus:,.2f} in {bank} would be no matter's, owed to nobody and not what "
        "the firm may have there: the trust bank and the trust ledgers would not add up.",
        "Say in Practice Management whose money moves, and save the transaction again; if the "
        "money has moved, enter it in Xero by hand and have it made good.",
    )


def breaks_when_voided(tx: Transaction, broken: str) -> Decision:
    """The refusal to take back what was posted, since others have used that trust money by now."""
    return _refused(
        tx,
        closed(f"Were it taken back, {broken}"),
        "Receipt the missing money in Practice Management, or take back first what used it, and "
        "save the voided transaction again.",
    )


def _refused(tx: Transaction, why: str, remedy: str) -> Decision:
    reason = Reason(CODE, why, remedy, True, "", f"{tx.source}:{tx.line}", "reject", True)
    return Decision(tx.id, tx.revision, tx.kind, "reject", (reason,))
