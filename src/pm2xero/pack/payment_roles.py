"""The roles whose accounts payments of documents are entered on."""

from __future__ import annotations

from pm2xero.pack.language.paths import AccountExpr
from pm2xero.pack.model import Pack, RequestSpec

# Endpoints whose Account must be a bank, or have payments enabled.
# https://developer.xero.com/documentation/api/accounting/payments (Account)
_PAYING = frozenset({"Payments", "BatchPayments"})


def payment_roles(pack: Pack) -> dict[str, RequestSpec]:
    """Roles that a mapping which some rule posts with pays to, each with the first such request.

    Xero takes a payment only on a bank account, or on one with payments enabled.
    """
    used = {(r.mapping, k) for r in pack.rules if r.outcome == "post" for k in r.kinds}
    found: dict[str, RequestSpec] = {}
    for key, specs in pack.requests.items():
        for spec in specs if key in used else ():
            if spec.method == "PUT" and spec.path.strip("/") in _PAYING:
                for value in spec.values.values():
                    if isinstance(value, AccountExpr) and value.role is not None:
                        found.setdefault(value.role, spec)
    return found
