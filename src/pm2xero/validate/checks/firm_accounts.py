"""An account of the firm that Xero does not have

The organisation file gives a ledger account or bank account a Xero code that the snapshot of Xero
does not have, or that is archived there. Documents on that account will be refused. Looked at only
when a firm is named with --org.

FAIL
    accounts: { "4000": "2000" }                     # Xero has no account 2000

PASS
    accounts: { "4000": "200" }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.pack.yaml.suggest import did_you_mean
from pm2xero.validate.subject import Subject

CODE = "PX510"


def check(subject: Subject) -> Iterator[Finding]:
    """Codes under `accounts` and `bank_accounts` that Xero cannot use."""
    firm = subject.firm
    if firm is None:
        return
    codes = {**firm.accounts, **{k: b.code for k, b in firm.bank_accounts.items()}}
    for account, code in codes.items():
        at = firm.account_at.get(account, Position(firm.file))
        found = firm.xero.accounts.get(code)
        fault = hint = None
        if found is None:
            fault = f'has the code "{code}", which Xero does not have'
            hint = did_you_mean(code, firm.xero.accounts)
        elif found.status != "ACTIVE":
            fault = f'has the code "{code}", which is archived in Xero ({found.name})'
        elif account in firm.bank_accounts and found.type != "BANK":
            fault = f'has the code "{code}", which is no bank account in Xero ({found.name})'
        if fault is not None:
            message = f'"{account}" {fault}: documents on it will be refused'
            yield Finding(CODE, message, at, hint=hint, width=1, severity="warning")
