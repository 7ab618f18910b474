"""An account that is paid to and takes no payments

A mapping pays documents out of the account of a role, and that account of the firm is no bank and
has no payments enabled in Xero. Such a payment is refused there with `account_not_payable`.

FAIL
    # xero.json: a payment is entered on the account of a role
    { "Code": "870", "Type": "CURRLIAB", "EnablePaymentsToAccount": false }

PASS
    { "Code": "870", "Type": "CURRLIAB", "EnablePaymentsToAccount": true }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.pack.payment_roles import payment_roles
from pm2xero.validate.subject import Subject

CODE = "PX524"


def check(subject: Subject) -> Iterator[Finding]:
    """Accounts of roles on which a mapping enters payments, and Xero takes none."""
    firm = subject.firm
    if firm is None:
        return
    for identity, spec in payment_roles(subject.pack).items():
        role = subject.pack.roles[identity]
        code = firm.roles.get(identity)
        account = firm.xero.by_system.get(role.system) if role.system else None
        account = firm.xero.accounts.get(code) if code is not None else account
        if account is None or account.type == "BANK" or account.takes_payments:
            continue
        yield Finding(
            CODE,
            f'payments are entered on the account "{account.code}" of the role "{identity}", which '
            f"takes none in Xero ({account.name}): they will be refused",
            Position(firm.file),
            hint="enable payments to this account in Xero (Chart of Accounts), and write the "
            "snapshot again: pm2xero snapshot --out xero.json",
            related=((spec.at, "it is paid to here"),),
        )
