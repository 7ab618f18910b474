"""The firm and the Xero side of it: organisation.yaml and the snapshot of Xero it names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, OrganisationError, PackError, Position
from pm2xero.pack.schema import check
from pm2xero.pack.source import SourceMap, read_yaml

# What an organisation file may say as the firm's own layer of the pack.
LAYER_KEYS = ("rules", "kinds", "fields", "mappings", "tax_codes", "words")


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
    (unverified), so the stricter reading holds.
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


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank account of Practice Management: its Xero code, and office or trust."""

    code: str
    purpose: str


@dataclass(frozen=True, slots=True)
class OpeningDocument:
    """A document that was already in Xero when the run began."""

    id: str
    kind: str
    amount_due: Decimal
    contact: str
    xero_id: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """One firm. `trust_balances` is None when the file gives none: then they are unknown.

    `opening_file` is its opening trial balance, named at `opening_at`; it is read when needed.
    """

    id: str
    name: str
    region: str
    base_currency: str
    division: str
    accounting_method: str
    integration_start: datetime
    xero_organisation_id: str
    bank_feed: bool
    payments_in_practice_management: bool
    sandbox: bool
    default_contact: Mapping[str, str] | None
    bank_accounts: Mapping[str, BankAccount]
    accounts: Mapping[str, str]
    roles: Mapping[str, str]
    trust_balances: Mapping[tuple[str, str], Decimal] | None
    documents: tuple[OpeningDocument, ...]
    opening_file: Path | None
    opening_at: Position | None
    xero: XeroSnapshot
    file: str
    overlay: SourceMap
    account_at: Mapping[str, Position]
    role_at: Mapping[str, Position]
    region_at: Position | None = None
    snapshot_file: Path = Path()


def load_organisation(path: Path, region: str | None = None) -> Organisation:
    """Read organisation.yaml and its snapshot; `region` replaces the one in the file.

    Raises:
        OrganisationError: either file is missing or wrong; all faults of the YAML at once.
    """
    name = str(path)
    try:
        tree = read_yaml(path, name)
    except PackError as exc:
        raise OrganisationError(*exc.findings) from None
    findings = check("organisation.schema", tree, Position(name))
    if findings:
        raise OrganisationError(*findings)
    start = _instant(tree, "integration_start")
    xero = tree["xero"]
    snapshot = load_snapshot(path.parent / str(xero["snapshot"]), xero.value_at["snapshot"])
    overlay = SourceMap(tree.at)
    overlay.put("spec", 1, tree.key_at["spec"], tree.value_at["spec"])
    for key in LAYER_KEYS:
        if key in tree:
            overlay.put(key, tree[key], tree.key_at[key], tree.value_at[key])
    opening = tree.get("opening") or SourceMap(tree.at)
    trial_balance = opening.get("trial_balance")
    balances = None
    if "trust_balances" in opening:
        balances = {
            (str(b["matter"]), str(b["bank"])): Decimal(b["amount"])
            for b in opening["trust_balances"]
        }
    return Organisation(
        id=str(tree["organisation"]),
        name=str(tree.get("name", tree["organisation"])),
        region=region or str(tree["region"]),
        base_currency=str(tree["base_currency"]),
        division=str(tree["division"]),
        accounting_method=str(tree["accounting_method"]),
        integration_start=start,
        xero_organisation_id=str(xero["organisation_id"]),
        bank_feed=bool(tree.get("bank_feed", False)),
        payments_in_practice_management=bool(tree.get("payments_in_practice_management", False)),
        sandbox=bool(tree.get("sandbox", False)),
        default_contact=tree.get("default_contact"),
        bank_accounts={
            str(k): BankAccount(str(v["xero"]), str(v["purpose"]))
            for k, v in tree["bank_accounts"].items()
        },
        accounts={str(k): str(v) for k, v in tree["accounts"].items()},
        roles={str(k): str(v) for k, v in (tree.get("roles") or {}).items()},
        trust_balances=balances,
        documents=tuple(
            OpeningDocument(
                str(d["id"]), str(d["kind"]), Decimal(d["amount_due"]), str(d["contact"]),
                str(d["xero_id"]),
            )
            for d in opening.get("documents") or ()
        ),
        opening_file=path.parent / str(trial_balance) if trial_balance else None,
        opening_at=opening.value_at.get("trial_balance"),
        xero=snapshot,
        file=name,
        overlay=overlay,
        account_at={**tree["accounts"].value_at, **tree["bank_accounts"].value_at},
        role_at=dict((tree.get("roles") or SourceMap(tree.at)).value_at),
        region_at=None if region else tree.value_at["region"],
        snapshot_file=path.parent / str(xero["snapshot"]),
    )  # fmt: skip


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
    )


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


def _instant(tree: SourceMap, key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(tree[key]))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise OrganisationError(
            Finding(
                "PO501",
                f'"{tree[key]}" is not a moment with its time zone',
                tree.value_at[key],
                should_be=f'{key}: "2026-05-01T00:00:00Z"',
                width=len(str(tree[key])),
            )
        )
    return moment
