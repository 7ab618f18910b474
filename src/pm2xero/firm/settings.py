"""Settings of a firm: declared with their types by a pack, given by the firm, read everywhere.

A condition, a mapping and a template read a setting as `settings.NAME`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.literals import LiteralError, typed
from pm2xero.pack.language.types import ScalarType, TableType
from pm2xero.pack.model import Pack, Setting
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


def settings_of(pack: Pack, organisation: Organisation) -> Mapping[str, Any]:
    """Every setting that the pack declares, typed: the firm's value, else the default."""
    found: dict[str, Any] = {}
    for name, setting in pack.settings.items():
        raw = organisation.settings.get(name, setting.default)
        try:
            found[name] = None if raw is None else typed(raw, setting.type)
        except LiteralError:
            found[name] = None  # It is told by `setting_faults`, before anything is decided.
    return found


def setting_faults(pack: Pack, organisation: Organisation) -> Iterator[Finding]:
    """Settings that no pack declares, that the firm must give, or that do not fit their type."""
    given = organisation.settings
    for name in given:
        if name not in pack.settings:
            yield Finding(
                "PO510",
                f'no pack declares the setting "{name}"',
                given.key_at[name],
                hint=did_you_mean(name, pack.settings),
                should_be=one_of(pack.settings) if pack.settings else "settings: in a pack",
                width=len(name),
            )
    for name, setting in pack.settings.items():
        if name not in given and setting.default is None:
            yield Finding(
                "PO511",
                f'the firm must say the setting "{name}" ({setting.title})',
                Position(organisation.file),
                should_be=f"settings: {{ {name}: … }}",
                related=((setting.at, "declared here"),),
            )
        elif name in given:
            yield from _misfit(setting, given[name], given.value_at[name], organisation)
        else:
            yield from _misfit(setting, setting.default, setting.at, organisation)


def _misfit(
    setting: Setting, raw: Any, at: Position, organisation: Organisation
) -> Iterator[Finding]:
    try:
        value = typed(raw, setting.type)
    except LiteralError as exc:
        allowed = setting.type.values if isinstance(setting.type, ScalarType) else ()
        yield Finding(
            "PO512",
            f'the setting "{setting.id}": {exc}',
            at,
            hint=did_you_mean(str(raw), allowed) if allowed else None,
            should_be=one_of(allowed) if allowed else None,
            related=((setting.at, "declared here"),),
        )
        return
    if isinstance(setting.type, TableType) and setting.type.of.name == "ledger_account":
        for key, account in value.items():
            wrong = _no_account(account, organisation)
            if wrong is None:
                continue
            yield Finding(
                "PO512",
                f'the setting "{setting.id}" names the account "{account}" for "{key}", {wrong}',
                raw.value_at[key],
                hint=did_you_mean(account, organisation.accounts)
                if account not in organisation.accounts
                else f'name another account, or give "{account}" another Xero code',
                width=len(account),
            )


def _no_account(name: str, organisation: Organisation) -> str | None:
    """Why no line can stand on a ledger account of a table; None where one can."""
    code = organisation.accounts.get(name)
    if code is None:
        return "which the firm does not have under `accounts`"
    account = organisation.xero.accounts.get(code)
    if account is None:
        return f"which is mapped to {code}, and Xero has no such account"
    if account.status != "ACTIVE":
        return f"which is the Xero account {code}, and that is {account.status.lower()}"
    return None if account.takes_lines else f"which is the Xero account {code}, a bank or control"
