"""A role that no account can play

A kind that is posted books to a role, but the role has no mark by which Xero finds the account
(`system`), and the firm gives it no code under `roles`. Every such document would be refused.

FAIL
    # organisation.yaml
    roles: {}                                        # trust_liability is needed

PASS
    roles: { trust_liability: "870" }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.firm.organisation import Organisation
from pm2xero.validate.subject import Subject

CODE = "PX506"


def check(subject: Subject) -> Iterator[Finding]:
    """Roles of posted kinds that have no account at the firm."""
    firm = subject.firm
    if firm is None:
        return
    needed: dict[str, str] = {}
    for name in subject.posted():
        for posting in subject.pack.kinds[name].postings:
            if posting.account.role is not None:
                needed.setdefault(posting.account.role, name)
    for identity, kind in needed.items():
        role = subject.pack.roles[identity]
        fault = _fault(identity, role.system, firm)
        if fault is not None:
            yield Finding(
                CODE,
                f'{fault}, so no {kind} can be posted ("{role.title}")',
                Position(firm.file),
                should_be=f'roles: {{ {identity}: "<code of the account in Xero>" }}',
                related=((role.at, "the role is declared here"),),
                severity="warning",
            )


def _fault(role: str, system: str | None, firm: Organisation) -> str | None:
    if system is not None:
        return None if system in firm.xero.by_system else f'Xero has no account marked "{system}"'
    code = firm.roles.get(role)
    if code is None:
        return f'the role "{role}" has no account'
    account = firm.xero.accounts.get(code)
    if account is None:
        return f'the role "{role}" has the code "{code}", which Xero does not have'
    return None if account.status == "ACTIVE" else f'the account "{code}" of "{role}" is archived'
