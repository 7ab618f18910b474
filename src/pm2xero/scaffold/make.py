"""Makes the files of a new region, firm or kind, as text by path."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, Position, UsageError
from pm2xero.files import write_edited
from pm2xero.pack.model import Pack, TaxRateSearch
from pm2xero.pack.payment_roles import payment_roles
from pm2xero.resources import root

_FILES = Path(__file__).parent / "files"
_NAMES = {"kind": r"[a-z][a-z0-9_]*", "region": r"[a-z][a-z0-9-]*", "firm": r"[a-z][a-z0-9-]*"}
# `common` holds what the others share.
SCHEMAS = ("common", "rules", "mappings", "region", "organisation", "cases")


def check_name(what: str, name: str) -> None:
    """Refuse a name that the pack could not use.

    Raises:
        UsageError: PU924, with a name that would do.
    """
    if re.fullmatch(_NAMES[what], name):
        return
    gap = "_" if what == "kind" else "-"
    better = re.sub(r"[^a-z0-9]+", gap, name.lower()).strip(gap)
    hint = f"write {better}" if re.match(r"[a-z]", better) else "begin with a small letter"
    raise UsageError(Finding("PU924", f'"{name}" cannot be the name of a {what}', hint=hint))


def region(name: str, parent: str, taken: Collection[str] = ()) -> dict[str, str]:
    """A region that extends another one (or base).

    Args:
        taken: tax codes that the other one has; the new region begins with one of its own.
    """
    code = next(c for n in count(1) if (c := f"TAX{n}" if n > 1 else "TAX") not in taken)
    values = {"name": name, "title": _title(name), "parent": parent, "code": code}
    return {f"rules/regions/{name}.yaml": _filled("region.yaml", values, "../../schema")}


def kind(name: str, firm: Mapping[str, str]) -> dict[str, str]:
    """A kind with its rules, mapping, template and cases.

    Args:
        firm: organisation (path from the cases), date, currency, bank and account with their
            codes in Xero, and the tax type for no tax of the firm that the cases are for; empty
            for no cases.
    """
    values = {"name": name, "title": _title(name)}
    files = {
        f"rules/{name}.yaml": _filled("kind_rules.yaml", values, "../schema"),
        f"mappings/{name}.yaml": _filled("kind_mappings.yaml", values, "../schema"),
        f"mappings/templates/{name}.json.j2": _text("kind_template.json.j2"),
    }
    if firm:
        cases = _filled("kind_cases.yaml", {**values, **firm}, "../../schema")
        files[f"rules/cases/{name}.yaml"] = cases
    return files


def firm(
    name: str, pack: Pack, *, currency: str, start: date, organisation_id: str,
    packs: Sequence[str] = (),
) -> dict[str, str]:  # fmt: skip
    """An organisation file and an invented snapshot of Xero that fits the region.

    `packs` are the folders of the packs that the firm uses, as seen from its file.
    """
    roles = {n: r for n, r in pack.roles.items() if r.system is None}
    codes = {n: str(800 + i) for i, n in enumerate(roles)}
    rows = [f'  {n}: "{codes[n]}"{" " * 4}# {r.title}' for n, r in roles.items()]
    values = {
        "name": name,
        "title": _title(name),
        "region": pack.region,
        "packs": f"packs: {json.dumps(list(packs), ensure_ascii=False)}\n" if packs else "",
        "currency": currency,
        "date": start.isoformat(),
        "organisation_id": organisation_id,
        "roles": "\n".join(rows),
    }
    classes = {codes[n]: (r.title, r.account_class or "LIABILITY") for n, r in roles.items()}
    paid = frozenset(codes[n] for n in payment_roles(pack) if n in codes)
    snapshot = _snapshot(pack, _title(name), currency, organisation_id, classes, paid)
    return {
        "organisation.yaml": _filled("organisation.yaml", values, "schema"),
        "xero.json": json.dumps(snapshot, indent=1) + "\n",
    }


def schemas() -> dict[str, str]:
    """The schemas that the headers of the files name, for editors."""
    folder = root() / "schema"
    return {
        f"schema/{n}.schema.json": (folder / f"{n}.schema.json").read_text(encoding="utf-8")
        for n in SCHEMAS
    }


@contextmanager
def written(
    into: Path, files: Mapping[str, str], editors: Mapping[str, str]
) -> Iterator[list[Path]]:  # fmt: skip
    """Write files that are not there yet; schemas for editors are renewed.

    All is taken back when something is raised inside, such as that the files do not validate.

    Raises:
        UsageError: PU925 when a file is there already; nothing is written then.
    """
    there = [into / name for name in files if (into / name).exists()]
    if there:
        message = "the file is there already, and nothing was written"
        raise UsageError(*(Finding("PU925", message, Position(str(p))) for p in there))
    made: list[Path] = []
    try:
        for name, text in {**files, **editors}.items():
            file = into / name
            made += _missing(file)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_edited(file, text)
        yield [into / name for name in files]
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        raise


def _missing(file: Path) -> list[Path]:
    """A file and the folders above it that are not there, the outermost first."""
    return [p for p in reversed((file, *file.parents)) if not p.exists()]


def _text(name: str) -> str:
    return (_FILES / name).read_text(encoding="utf-8")


def _filled(name: str, values: Mapping[str, str], schema: str) -> str:
    text = _text(name).replace("@schema@", schema)
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _title(name: str) -> str:
    words = re.sub(r"[-_]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def _snapshot(
    pack: Pack, name: str, currency: str, organisation_id: str,
    extra: Mapping[str, tuple[str, str]], paid: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    plain = [
        ("090", "Office account", "BANK", "ASSET", ""),
        ("091", "Trust account", "BANK", "ASSET", ""),
        ("200", "Fees", "REVENUE", "REVENUE", ""),
        ("400", "Costs", "EXPENSE", "EXPENSE", ""),
    ]
    plain += [(c, title, "CURRLIAB", kind, "") for c, (title, kind) in extra.items()]
    systems = sorted({r.system for r in pack.roles.values() if r.system})
    plain += [(f"6{i:02d}", s.title(), "CURRLIAB", "LIABILITY", s) for i, s in enumerate(systems)]
    return {
        "Organisation": {
            "OrganisationID": organisation_id,
            "Name": name,
            "BaseCurrency": currency,
            "Class": "DEMO",
            "OrganisationStatus": "ACTIVE",
        },
        "Accounts": [_account(i, *row, row[0] in paid) for i, row in enumerate(plain)],
        "TaxRates": _rates(pack),
    }


def _account(
    number: int, code: str, name: str, kind: str, account_class: str, system: str,
    takes_payments: bool,
) -> dict[str, Any]:  # fmt: skip
    return {
        "AccountID": f"00000000-0000-4000-8000-{number:012d}",
        "Code": code,
        "Name": name,
        "Type": kind,
        "Class": account_class,
        "Status": "ACTIVE",
        "SystemAccount": system,
        "EnablePaymentsToAccount": takes_payments,
    }


def _rates(pack: Pack) -> list[dict[str, Any]]:
    """Rates for everything that the region's tax codes name or look for."""
    wanted: dict[str, tuple[str, str, str]] = {}
    for tax in pack.tax_codes.values():
        for side, value in tax.types.items():
            if isinstance(value, TaxRateSearch):
                name = value.names[0] if value.names else f"{tax.title} ({side})"
                code = f"RATE{len(wanted) + 1}"
                wanted.setdefault(code, (name, str(value.rate), side))
            else:
                known = wanted.get(value)
                both = known is not None and known[2] != side
                wanted[value] = (tax.title, str(tax.rate or 0), "both" if both else side)
    if pack.no_tax:
        wanted[pack.no_tax] = ("No tax", "0", "both")
    return [_rate(code, *row) for code, row in wanted.items()]


def _rate(code: str, name: str, rate: str, side: str) -> dict[str, Any]:
    return {
        "Name": name,
        "TaxType": code,
        "Status": "ACTIVE",
        "EffectiveRate": float(rate),
        "DisplayTaxRate": float(rate),
        "CanApplyToAssets": True,
        "CanApplyToEquity": True,
        "CanApplyToLiabilities": True,
        "CanApplyToExpenses": side != "sales",
        "CanApplyToRevenue": side != "purchases",
    }
