"""The firm and the Xero side of it: organisation.yaml and the snapshot of Xero it names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pm2xero.errors import Finding, OrganisationError, PackError, Position
from pm2xero.firm.chart_file import ChartFile, read_chart
from pm2xero.firm.snapshot import XeroSnapshot, load_snapshot
from pm2xero.firm.trust_holders import holder_of, name_of
from pm2xero.pack.files import is_folder, is_pack
from pm2xero.pack.yaml.nulls import nulls
from pm2xero.pack.yaml.read import SourceList, SourceMap, parse_yaml, read_yaml
from pm2xero.pack.yaml.schema import check
from pm2xero.pack.yaml.suggest import did_you_mean

T = TypeVar("T")

# What an organisation file may say as the firm's own layer of the pack.
LAYER_KEYS = ("rules", "kinds", "fields", "mappings", "tax_codes", "words")


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
    """One firm. `trust_balances`, by holder (see `trust_holders`) and bank, is None when the file
    gives none: then they are unknown.

    `opening_file` is its opening trial balance, named at `opening_at`; it is read when needed.
    `sign_in` is what its file says of the app that signs in to Xero.
    `packs` are folders that extend the built-in pack for this firm, in the order of their layers.
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
    trust_balance_at: Mapping[tuple[str, str], Position] = field(default_factory=dict)
    region_at: Position | None = None
    snapshot_file: Path = Path()
    packs: tuple[Path, ...] = ()
    settings: SourceMap = field(default_factory=lambda: SourceMap(Position("")))
    chart_file: Path | None = None
    sign_in: SourceMap = field(default_factory=lambda: SourceMap(Position("")))

    @property
    def opening_day(self) -> date:
        """The day before the integration began, by the date as `integration_start` is written."""
        return self.integration_start.date() - timedelta(days=1)

    @property
    def xero_codes(self) -> tuple[str, ...]:
        """The codes of all Xero accounts that the firm names, each once."""
        banks = (bank.code for bank in self.bank_accounts.values())
        return tuple(dict.fromkeys((*self.accounts.values(), *banks, *self.roles.values())))

    @property
    def unknown_trust_bank(self) -> str | None:
        """The first trust bank of a firm that does not say whose the money in it was."""
        if self.trust_balances is not None:
            return None
        return next((k for k, bank in self.bank_accounts.items() if bank.purpose == "trust"), None)


def load_organisation(
    path: Path, region: str | None = None, edited: str | None = None
) -> Organisation:
    """Read organisation.yaml and its snapshot; `region` replaces the one in the file.

    Args:
        edited: a text of the file that is not saved yet.

    Raises:
        OrganisationError: a file or folder is missing or wrong; all faults at once.
    """
    name = str(path)
    try:
        tree = read_yaml(path, name) if edited is None else parse_yaml(edited, name)
    except PackError as exc:
        raise OrganisationError(*exc.findings) from None
    findings = list(check("organisation.schema", tree, Position(name)))
    if not isinstance(tree, SourceMap):
        raise OrganisationError(*findings)
    if not findings:
        findings += [f for key in LAYER_KEYS if key in tree for f in nulls(tree[key], key)]
    start = _found(findings, lambda: _instant(tree, "integration_start"))
    snapshot = _found(findings, lambda: _snapshot(tree, path))
    packs = _found(findings, lambda: _packs(tree, path))
    chart = _chart(tree, path, snapshot, findings)
    if findings or start is None or snapshot is None or packs is None:
        raise OrganisationError(*sorted(findings, key=lambda f: f.at or Position(name)))
    xero = tree["xero"]
    opening = tree.get("opening") or SourceMap(tree.at)
    trial_balance = opening.get("trial_balance")
    balances, balance_at = _trust_balances(opening)
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
            **{n: BankAccount(*bank) for n, bank in chart.banks.items()},
            **{
                str(k): BankAccount(str(v["xero"]), str(v["purpose"]))
                for k, v in (tree.get("bank_accounts") or {}).items()
            },
        },
        accounts={
            **chart.accounts,
            **{str(k): str(v) for k, v in (tree.get("accounts") or {}).items()},
        },
        roles={**chart.roles, **{str(k): str(v) for k, v in (tree.get("roles") or {}).items()}},
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
        overlay=own_layer(tree),
        account_at={
            **chart.at, **_places(tree, "accounts"), **_places(tree, "bank_accounts"),
        },
        role_at={**chart.role_at, **_places(tree, "roles")},
        trust_balance_at=balance_at,
        region_at=None if region else tree.value_at["region"],
        snapshot_file=path.parent / str(xero["snapshot"]),
        packs=packs,
        settings=tree.get("settings") or SourceMap(tree.at),
        chart_file=path.parent / str(tree["chart"]) if "chart" in tree else None,
        sign_in=xero.get("sign_in") or SourceMap(tree.at),
    )  # fmt: skip


def _trust_balances(
    opening: SourceMap,
) -> tuple[dict[tuple[str, str], Decimal] | None, dict[tuple[str, str], Position]]:
    """Opening trust money by holder and bank, and where each stands.

    Raises:
        OrganisationError: PO520 for what is said twice: nobody can tell which is meant, or both.
    """
    entries = opening.get("trust_balances")
    if not isinstance(entries, SourceList):
        return None, {}
    balances: dict[tuple[str, str], Decimal] = {}
    places: dict[tuple[str, str], Position] = {}
    twice = []
    for entry, at in zip(entries, entries.item_at, strict=True):
        key = (holder_of(entry), str(entry["bank"]))
        if key in balances:
            whose = name_of(key[0])
            message = f'the trust money of "{whose}" in {key[1]} is given twice'
            twice.append(Finding("PO520", message, at, related=((places[key], "first here"),)))
        balances[key] = Decimal(entry["amount"])
        places.setdefault(key, at)
    if twice:
        raise OrganisationError(*twice)
    return balances, places


def own_layer(tree: SourceMap) -> SourceMap:
    """What an organisation file says as the firm's own layer of the pack."""
    layer = SourceMap(tree.at)
    for key in ("spec", *LAYER_KEYS):
        if key in tree:
            layer.put(key, tree[key], tree.key_at[key], tree.value_at[key])
    return layer


def pack_folders(own: Iterable[Path], named: Iterable[Path]) -> tuple[Path, ...]:
    """The packs of a firm and then those that are named beside it, each folder once."""
    folders: dict[Path, Path] = {}
    for path in (*own, *named):
        folders.setdefault(path.resolve(), path)
    return tuple(folders.values())


def named_packs(tree: Any, path: Path) -> tuple[Path, ...]:
    """The folders that an organisation file names as its packs, as far as they are packs."""
    packs = tree.get("packs") if isinstance(tree, SourceMap) else None
    names = packs if isinstance(packs, SourceList) else ()
    folders = (_beside(path, n) for n in names if isinstance(n, str))
    return tuple(f for f in folders if is_pack(f))


def _beside(path: Path, name: str) -> Path:
    return Path(os.path.normpath(path.parent / name))


def _found(findings: list[Finding], read: Callable[[], T | None]) -> T | None:
    """What can be read; its faults are told together with all others."""
    try:
        return read()
    except OrganisationError as exc:
        findings.extend(exc.findings)
        return None


def _packs(tree: SourceMap, path: Path) -> tuple[Path, ...]:
    """The packs of a firm.

    Raises:
        OrganisationError: PO508 for each folder that is none.
    """
    packs = tree.get("packs")
    if not isinstance(packs, SourceList):
        return ()
    wrong = []
    for name, at in zip(packs, packs.item_at, strict=True):
        if not isinstance(name, str):
            continue  # The form is at fault, and that is told.
        folder = _beside(path, name)
        if not is_pack(folder):
            lacks = "has neither rules/ nor mappings/" if is_folder(folder) else "is no folder"
            hint = did_you_mean(name, _packs_near(path, name))
            hint = hint or f"folders are looked for from {path.parent}/"
            message = f'"{name}" is no pack: {folder} {lacks}'
            wrong.append(Finding("PO508", message, at, hint=hint, width=len(name)))
    if wrong:
        raise OrganisationError(*wrong)
    return named_packs(tree, path)


def _packs_near(path: Path, name: str) -> list[str]:
    """The packs beside where one was looked for, as they would have to be written."""
    try:
        beside = list(_beside(path, name).parent.iterdir())
    except OSError:
        return []
    return [(Path(name).parent / f.name).as_posix() for f in beside if is_pack(f)]


def _places(tree: SourceMap, key: str) -> Mapping[str, Position]:
    found = tree.get(key)
    return found.value_at if isinstance(found, SourceMap) else {}


def _chart(
    tree: SourceMap, path: Path, xero: XeroSnapshot | None, findings: list[Finding]
) -> ChartFile:
    """The CSV file with the accounts of the firm; what it has must not stand here as well."""
    if not isinstance(tree.get("chart"), str):
        findings += [
            Finding("PX106", f'the file lacks "{key}"', tree.at, should_be=f"{key}: {{}}")
            for key in ("bank_accounts", "accounts")
            if key not in tree
        ]
        return ChartFile()
    chart = read_chart(path.parent / tree["chart"], xero, "PO515", tree.value_at["chart"])
    findings += chart.faults
    for key, places in (
        ("accounts", chart.at), ("bank_accounts", chart.at), ("roles", chart.role_at),
    ):  # fmt: skip
        for name, at in _places(tree, key).items():
            if name in places:
                message = f'"{name}" stands under `{key}` and in the chart {tree["chart"]}'
                related = ((places[name], "in the chart"),)
                findings.append(
                    Finding("PO515", message, at, hint="leave one of both out", related=related)
                )
    return chart


def _snapshot(tree: SourceMap, path: Path) -> XeroSnapshot | None:
    xero = tree.get("xero")
    if not isinstance(xero, SourceMap) or not isinstance(xero.get("snapshot"), str):
        return None  # The form is at fault, and that is told.
    return load_snapshot(path.parent / xero["snapshot"], xero.value_at["snapshot"])


def _instant(tree: SourceMap, key: str) -> datetime | None:
    if not isinstance(tree.get(key), str):
        return None
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
