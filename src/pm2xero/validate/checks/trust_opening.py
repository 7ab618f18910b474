"""Trust money that nobody knows of at the start

The firm has trust bank accounts and its organisation file does not say what trust money there was
when the integration began. Without that no matter's balance is known, so overdrawn matters and the
trust equation cannot be checked, and the trust proof cannot be given. An empty list says that there
was none. Looked at only when a firm is named with --org.

FAIL
    opening:
      documents: []                                  # and no trust_balances

PASS
    opening:
      trust_balances:
        - { matter: "2001", bank: BA-TRUST, amount: "8000.00" }
        - { held_as: firm_funds, bank: BA-TRUST, amount: "2000.00" }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.validate.subject import Subject

CODE = "PX520"


def check(subject: Subject) -> Iterator[Finding]:
    """A firm with trust banks and without trust opening balances."""
    firm = subject.firm
    bank = firm.unknown_trust_bank if firm is not None else None
    if firm is None or bank is None:
        return
    yield Finding(
        CODE,
        f"{bank} is a trust account, and opening.trust_balances does not say whose the money in it "
        "was: overdrawn matters cannot be checked",
        firm.account_at.get(bank, Position(firm.file)),
        should_be="opening: { trust_balances: [] }   # or an entry for each matter and bank",
        severity="warning",
    )
