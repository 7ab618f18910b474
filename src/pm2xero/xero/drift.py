"""Xero as it is now, against the snapshot by which documents are decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from pm2xero.errors import Finding, UsageError
from pm2xero.firm.changes import HARMLESS, changes
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.snapshot import XeroSnapshot, snapshot_of
from pm2xero.xero.client import Response

Ask = Callable[[str, Mapping[str, str]], Response]

# How many differences are told one by one.
_TOLD = 8


def take_snapshot(ask: Ask, *, catalogue: bool = False) -> bytes:
    """Organisation, Accounts and TaxRates as Xero gives them, as one JSON text.

    Args:
        catalogue: with TrackingCategories and Items, by which a pack is checked, and what the
            plan and the rights of the connecting user allow, where Xero says it.

    Raises:
        UsageError: PU904 when Xero does not show one of them.
    """
    organisation = _listed(ask, "Organisation", "Organisations")
    value = {
        "Organisation": organisation[0],
        "Accounts": _listed(ask, "Accounts", "Accounts"),
        "TaxRates": _listed(ask, "TaxRates", "TaxRates"),
    }
    for endpoint in ("TrackingCategories", "Items") if catalogue else ():
        value[endpoint] = _listed(ask, endpoint, endpoint, may_be_empty=True)
    if catalogue and (allowed := _allowed(ask)):
        value["Actions"] = allowed
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"


def check_same(ask: Ask, firm: Organisation) -> None:
    """Make sure that the right organisation is connected, as it may be otherwise than it was.

    Raises:
        UsageError: PU915 when another one is.
    """
    found = _listed(ask, "Organisation", "Organisations")[0]
    _same(str(found.get("OrganisationID", "")), str(found.get("Name", "")), firm)


def check_same_id(live: XeroSnapshot, firm: Organisation) -> None:
    """Make sure that a snapshot is of the firm's own organisation; raises PU915 otherwise."""
    _same(live.organisation_id, live.name, firm)


def _same(id: str, name: str, firm: Organisation) -> None:
    if id != firm.xero_organisation_id:
        raise UsageError(
            Finding(
                "PU915",
                f'the connected Xero organisation is "{name}" ({id}), and {firm.file} is pinned '
                f"to {firm.xero_organisation_id}; nothing was done",
                hint="connect the firm's own organisation (PM2XERO_TENANT, or the credentials)",
            )
        )


def check_live(ask: Ask, firm: Organisation) -> XeroSnapshot:
    """Make sure that the right organisation is connected, and is as the snapshot has it.

    Returns:
        Xero as it is now.

    Raises:
        UsageError: PU915 when another organisation is connected; PU916 when what decisions are
            made by has changed in Xero since the snapshot was taken.
    """
    live = read_snapshot(take_snapshot(ask))
    check_same_id(live, firm)
    found = list(differences(firm.xero, live, firm.xero_codes))
    if found:
        told = "; ".join(found[:_TOLD]) + ("; …" if len(found) > _TOLD else "")
        raise UsageError(
            Finding(
                "PU916",
                f"Xero has changed since the snapshot of {firm.file} was taken, and documents are "
                f"decided by the snapshot: {told}",
                should_be="a fresh one (`pm2xero snapshot --org …`), and a look at "
                "`pm2xero check --live --org …` before; nothing was sent",
            )
        )
    return live


def differences(
    before: XeroSnapshot, now: XeroSnapshot, codes: Iterable[str] | None = None
) -> Iterator[str]:
    """What makes the older snapshot one that is behind, in words.

    Args:
        codes: accounts that matter; those of the older snapshot when None.
    """
    for change in changes(before, now, codes):
        if change.kind not in HARMLESS:
            yield change.text


def read_snapshot(text: bytes) -> XeroSnapshot:
    """A snapshot that was just taken."""
    return snapshot_of(json.loads(text))


def _allowed(ask: Ask) -> list[Any]:
    """What may be done: GET /Organisation/Actions; nothing where Xero does not say it."""
    answer = ask("/Organisation/Actions", {})
    found = (answer.json or {}).get("Actions") if answer.status == 200 else None
    return list(found) if isinstance(found, list) else []


def _listed(
    ask: Ask, endpoint: str, wrapper: str, *, may_be_empty: bool = False
) -> list[Any]:  # fmt: skip
    answer = ask(f"/{endpoint}", {})
    # Digits stay as Xero wrote them.
    found = json.loads(answer.text, parse_float=orjson.Fragment) if answer.json else {}
    items = found.get(wrapper) or []
    if answer.status != 200 or not (items or may_be_empty):
        message = f"Xero does not show its {endpoint} (HTTP {answer.status})"
        raise UsageError(Finding("PU904", message))
    return list(items)
