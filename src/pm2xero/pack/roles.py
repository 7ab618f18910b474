"""Checks the accounts that a firm names for roles: a wrong one would book trust money as income."""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.pack.model import Pack
from pm2xero.pack.organisation import Organisation
from pm2xero.pack.suggest import did_you_mean, one_of


def role_faults(pack: Pack, organisation: Organisation) -> Iterator[Finding]:
    """Roles that no pack declares, and accounts of another class than the role needs.

    An account that Xero lacks or has archived is not told here: documents that need it are
    refused one by one, with what to do.
    """
    named = {n for n, role in pack.roles.items() if role.system is None}
    for name, code in organisation.roles.items():
        at = organisation.role_at.get(name)
        role = pack.roles.get(name)
        if role is None or name not in named:
            yield Finding(
                "PO504",
                f'there is no role "{name}" for a firm to name an account for',
                at,
                hint=did_you_mean(name, named),
                should_be=one_of(named),
                width=len(code),
            )
            continue
        account = organisation.xero.accounts.get(code)
        if account is None or role.account_class in (None, account.account_class):
            continue
        yield Finding(
            "PO503",
            f'the account {code} "{account.name}" for the role "{name}" is of class '
            f"{account.account_class}, but {role.title.lower()} must be of class "
            f"{role.account_class}",
            at,
            hint="name another Xero account; money would be booked to the wrong side of the books",
            width=len(code),
        )
