"""The checks of `pm2xero validate` beyond form: one module each, its docstring is its page.

A module has a CODE, and may say EVERYWHERE (it counts only when it is so in every region that is
checked) or NEEDS_WHOLE (it speaks of what is missing, so nothing may have been left out).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from pm2xero.errors import Finding
from pm2xero.validate.subject import Subject

_MODULES = (
    "unused_mapping",
    "rejection_without_remedy",
    "unread_amount",
    "unread_reference",
    "tax_types",
    "role_without_account",
    "tax_code_without_side",
    "stale_ignore",
    "text_lengths",
    "firm_accounts",
    "kind_without_side",
    "unused_template",
    "required_rule",
    "missing_value",
    "trust_opening",
    "trust_balance_unused",
    "incomplete_snapshot",
    "released_rule",
    "payments_not_enabled",
    "unread_value",
    "unread_setting",
    "unread_left_over",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its code, its page, and the function that looks."""

    code: str
    page: str
    everywhere: bool
    needs_whole: bool
    run: Callable[[Subject], Iterator[Finding]]


def checks() -> tuple[Check, ...]:
    """All checks, in the order of their codes."""
    found = []
    for name in _MODULES:
        module = import_module(f"{__name__}.{name}")
        found.append(
            Check(
                code=module.CODE,
                page=module.__doc__ or "",
                everywhere=getattr(module, "EVERYWHERE", False),
                needs_whole=getattr(module, "NEEDS_WHOLE", False),
                run=module.check,
            )
        )
    return tuple(sorted(found, key=lambda c: c.code))
