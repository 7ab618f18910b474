"""Checks the accounts that a firm names: a wrong one would mix trust money with the firm's own."""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.firm.catalogue import catalogue_faults
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.settings import setting_faults
from pm2xero.pack.model import Pack
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


def account_faults(pack: Pack, organisation: Organisation) -> Iterator[Finding]:
    """Everything that is wrong with the roles and bank accounts of a firm."""
    yield from role_faults(pack, organisation)
    yield from role_line_faults(pack, organisation)
    yield from bank_faults(organisation)
    yield from setting_faults(pack, organisation)
    yield from catalogue_faults(pack, organisation)


def bank_faults(organisation: Organisation) -> Iterator[Finding]:
    """An account in Xero that is to hold both trust money and the firm's own."""
    first: dict[str, tuple[str, str]] = {}
    for name, bank in organisation.bank_accounts.items():
        other, purpose = first.setdefault(bank.code, (name, bank.purpose))
        if purpose == bank.purpose:
            continue
        at = organisation.account_at.get(name)
        seen = organisation.account_at.get(other)
        yield Finding(
            "PO509",
            f'the account {bank.code} in Xero would hold the money of both "{other}" ({purpose}) '
            f'and "{name}" ({bank.purpose})',
            at,
            hint="trust money is kept apart from the firm's own: give each its own Xero account",
            related=((seen, "the other one"),) if seen is not None else (),
        )


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


def role_line_faults(pack: Pack, organisation: Organisation) -> Iterator[Finding]:
    """Accounts of roles that lines are to stand on, and that take none in Xero.

    What they are never changes there, so this is told once and not of every document.
    """
    told: set[str] = set()
    for specs in pack.requests.values():
        for line in (line for spec in specs for line in spec.lines):
            name = line.account.role
            code = organisation.roles.get(name) if name is not None else None
            account = organisation.xero.accounts.get(code) if code is not None else None
            if name is None or account is None or account.takes_lines or name in told:
                continue
            told.add(name)
            yield Finding(
                "PO513",
                f'the account {code} "{account.name}" for the role "{name}" takes no lines of '
                "documents in Xero: it is a bank or control account",
                organisation.role_at.get(name),
                hint="name another Xero account for the role",
                width=len(account.code),
                related=((line.at, "a line that stands on it"),),
            )
