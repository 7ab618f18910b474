"""How each contract is looked up: the table of `mappings/xero/lookup.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

from pm2xero.errors import Finding, PackError
from pm2xero.pack.language.plain_conditions import parse_plain
from pm2xero.pack.yaml.read import SourceMap
from pm2xero.pack.yaml.table import read_table
from pm2xero.resources import root
from pm2xero.xero.body_fields import body_record
from pm2xero.xero.natural_key import NaturalKey, Sum


@dataclass(frozen=True, slots=True)
class ByKey:
    """Found in a list by its natural key; the parameter is used when there is one."""

    endpoint: str
    dates: str
    parameter: str | None
    by: str | None
    paged: bool
    key: NaturalKey


@dataclass(frozen=True, slots=True)
class ByState:
    """A change of one document, made when the field has the value that was sent."""

    endpoint: str
    reached: str


@dataclass(frozen=True, slots=True)
class ByParts:
    """Parts that were added to one document."""

    parts: str
    key: NaturalKey


@dataclass(frozen=True, slots=True)
class ByAbsence:
    """A part that was taken out of one document."""

    parts: str


HowToFind: TypeAlias = ByKey | ByState | ByParts | ByAbsence


def load_table(path: Path | None = None) -> Mapping[str, HowToFind]:
    """Read the table by contract; the one of the pack when no file is named.

    Raises:
        PackError: with everything that is wrong in the file.
    """
    return _loaded(path or root() / "mappings" / "xero" / "lookup.yaml")


@cache
def _loaded(path: Path) -> Mapping[str, HowToFind]:
    tree = read_table(path, "xero_lookup.schema")
    findings: list[Finding] = []
    table = {name: _how(name, raw, findings) for name, raw in tree["lookups"].items()}
    if findings:
        raise PackError(*findings)
    return table


def _how(contract: str, raw: SourceMap, findings: list[Finding]) -> HowToFind:
    if "document" in raw:
        return ByState(raw["document"], raw["reached"])
    if "gone_from" in raw:
        return ByAbsence(raw["gone_from"])
    if "parts" in raw:
        return ByParts(raw["parts"], NaturalKey(tuple(raw["same"])))
    pays = next(((name, tuple(fields)) for name, fields in raw.get("pays", {}).items()), None)
    key = NaturalKey(
        same=tuple(raw["same"]),
        sums=tuple(_sum(contract, entry, findings) for entry in raw.get("sums", ())),
        identity=tuple(raw.get("identity", ())),
        tag=raw.get("tag"),
        pays=pays,
    )
    narrow = raw["narrow"]
    return ByKey(
        endpoint=raw["list"],
        dates=narrow["dates"],
        parameter=narrow.get("parameter"),
        by=narrow.get("by"),
        paged=raw.get("paged", True),
        key=key,
    )


def _sum(contract: str, raw: SourceMap, findings: list[Finding]) -> Sum:
    parts, _, amount = raw["of"].partition(".")
    when = None
    if "when" in raw:
        body = body_record(contract)
        when = parse_plain(raw["when"], body, raw.value_at["when"], findings)
    return Sum(parts, amount, raw["equals"], when)
