"""A trust opening balance that counts nowhere

An entry under opening.trust_balances names a bank account that is no trust account of the firm, or
says that the money is `held_as` something that no kind of transaction keeps by trust bank. Such
money would be in no balance, without a word. Looked at only when a firm is named with --org.

FAIL
    opening:
      trust_balances:
        - { held_as: firms_funds, bank: BA-TRUST, amount: "2000.00" }

PASS
    opening:
      trust_balances:
        - { held_as: firm_funds, bank: BA-TRUST, amount: "2000.00" }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.firm.trust_holders import FIRM_FUNDS, is_matter, name_of
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.validate.subject import Subject

CODE = "PX521"


def check(subject: Subject) -> Iterator[Finding]:
    """Opening balances of unknown banks, or held as what nothing moves."""
    firm = subject.firm
    if firm is None:
        return
    banks = [k for k, bank in firm.bank_accounts.items() if bank.purpose == "trust"]
    kept = {
        str(p.account.role)
        for kind in subject.pack.kinds.values()
        for p in kind.postings
        if p.held_in is not None and not p.matter and p.account.role is not None
    }
    names = (FIRM_FUNDS, *sorted(kept))
    for holder, bank in firm.trust_balances or {}:
        at = firm.trust_balance_at.get((holder, bank), Position(firm.file))
        if bank not in banks:
            message = f'"{bank}" is no trust account of the firm, so its opening balance is in none'
            hint, wanted = did_you_mean(bank, banks), one_of(banks)
        elif not is_matter(holder) and name_of(holder) not in names:
            message = f'no kind of transaction keeps money as "{name_of(holder)}" by trust bank'
            hint, wanted = did_you_mean(name_of(holder), names), one_of(names)
        else:
            continue
        yield Finding(CODE, message, at, hint=hint, should_be=wanted, severity="error")
