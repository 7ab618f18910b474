"""What Xero says of itself, as a firm keeps it in a file: accounts, tax rates, lock dates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, OrganisationError, Position

_CONTROL = frozenset(("DEBTORS", "CREDITORS", "RETAINEDEARNINGS"))


@dataclass(frozen=True, slots=True)
class XeroAccount:
    """An account as Xero's GET /Accounts gives it."""

    id: str
    code: str
    name: str
    type: str
    account_class: str
    status: str
    system: str
    takes_payments: bool

    @property
    def takes_lines(self) -> bool:
        """Whether lines of documents and journals may stand on it: no bank or control account."""
        return self.type != "BANK" and self.system not in _CONTROL


@dataclass(frozen=True, slots=True)
class XeroTaxRate:
    """A tax rate as GET /TaxRates gives it; `rate` is per cent."""

    type: str
    name: str
    rate: Decimal
    status: str
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class XeroSnapshot:
    """What Xero said about the organisation, its accounts and tax rates.

    `lock_date` is the later of the two lock dates: which users each binds is not documented
    (unverified), so the stricter reading holds. `accounts` are by code, `by_id` all of them by
    AccountID in small letters: a bank account may have no code.
    """

    organisation_id: str
    name: str
    base_currency: str
    country: str
    organisation_class: str
    lock_date: date | None
    accounts: Mapping[str, XeroAccount]
    by_system: Mapping[str, XeroAccount]
    tax_rates: Mapping[str, XeroTaxRate]
    raw: Mapping[str, Any]
    # The options of each tracking category, and the codes of items, that are in use; None where
    # the snapshot says nothing of them.
    tracking: Mapping[str, tuple[str, ...]] | None = None
    items: tuple[str, ...] | None = None
    by_id: Mapping[str, XeroAccount] = field(default_factory=dict)
    # Which actions of Xero's list the plan and the user's rights allow; None where it is not said.
    actions: Mapping[str, bool] | None = None


def load_snapshot(path: Path, at: Position) -> XeroSnapshot:
    """Read Xero's answers from one JSON file with Organisation, Accounts and TaxRates.

    Raises:
        OrganisationError: PO502 when the file is missing or is no such JSON.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        return snapshot_of(data)
    except OSError as exc:
        message = f"the snapshot {path} cannot be read: {exc.strerror}"
    except json.JSONDecodeError as exc:
        message = f"the snapshot {path} is not JSON (line {exc.lineno}, column {exc.colno})"
    except KeyError as exc:
        message = f'the snapshot {path} lacks "{exc.args[0]}"'
    except (TypeError, AttributeError, ValueError, ArithmeticError):
        message = f"the snapshot {path} is not made of Xero's answers"
    raise OrganisationError(
        Finding(
            "PO502",
            message,
            at,
            should_be='{"Organisation": {…}, "Accounts": […], "TaxRates": […]} as Xero sends them',
            width=max(1, len(path.name)),
        )
    )


def snapshot_of(data: Mapping[str, Any]) -> XeroSnapshot:
    """What Xero says of itself: its answers under Organisation, Accounts and TaxRates.

    Raises:
        KeyError, TypeError, ValueError: it is not made of Xero's answers.
    """
    organisation = data["Organisation"]
    accounts = [_account(a) for a in data["Accounts"]]
    rates = [_tax_rate(r) for r in data["TaxRates"]]
    locks = [
        lock
        for key in ("PeriodLockDate", "EndOfYearLockDate")
        if (lock := xero_date(organisation.get(key))) is not None
    ]
    return XeroSnapshot(
        organisation_id=str(organisation["OrganisationID"]),
        name=str(organisation.get("Name", "")),
        base_currency=str(organisation["BaseCurrency"]),
        country=str(organisation.get("CountryCode", "")),
        organisation_class=str(organisation.get("Class", "")),
        lock_date=max(locks, default=None),
        accounts={a.code: a for a in accounts if a.code},
        by_system={a.system: a for a in accounts if a.system},
        tax_rates={r.type: r for r in rates},
        raw=data,
        tracking=_tracking(data["TrackingCategories"]) if "TrackingCategories" in data else None,
        items=tuple(str(i["Code"]) for i in data["Items"]) if "Items" in data else None,
        by_id={a.id.lower(): a for a in accounts if a.id},
        actions={str(a["Name"]): a.get("Status") == "ALLOWED" for a in data["Actions"]}
        if "Actions" in data
        else None,
    )


def _tracking(listed: Iterable[Mapping[str, Any]]) -> Mapping[str, tuple[str, ...]]:
    return {
        str(category["Name"]): tuple(
            str(o["Name"]) for o in category.get("Options") or () if _in_use(o)
        )
        for category in listed
        if _in_use(category)
    }


def _in_use(raw: Mapping[str, Any]) -> bool:
    return str(raw.get("Status", "ACTIVE")) == "ACTIVE"


def _account(raw: Mapping[str, Any]) -> XeroAccount:
    return XeroAccount(
        id=str(raw.get("AccountID", "")),
        code=str(raw.get("Code") or ""),
        name=str(raw["Name"]),
        type=str(raw["Type"]),
        account_class=str(raw["Class"]),
        status=str(raw.get("Status", "ACTIVE")),
        system=str(raw.get("SystemAccount") or ""),
        takes_payments=bool(raw.get("EnablePaymentsToAccount", False)),
    )


def _tax_rate(raw: Mapping[str, Any]) -> XeroTaxRate:
    flags = {
        "ASSET": "CanApplyToAssets",
        "EQUITY": "CanApplyToEquity",
        "EXPENSE": "CanApplyToExpenses",
        "LIABILITY": "CanApplyToLiabilities",
        "REVENUE": "CanApplyToRevenue",
    }
    return XeroTaxRate(
        type=str(raw["TaxType"]),
        name=str(raw.get("Name", "")),
        rate=Decimal(str(raw["EffectiveRate"])),
        status=str(raw.get("Status", "ACTIVE")),
        classes=frozenset(c for c, flag in flags.items() if raw.get(flag)),
    )


def xero_date(value: object) -> date | None:
    """A date as Xero sends it: `/Date(1439434356790+0000)/` or an ISO date."""
    if not value:
        return None
    match = re.match(r"/Date\((-?\d+)", str(value))
    if match is None:
        return date.fromisoformat(str(value)[:10])
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match[1]))
    return moment.date()
