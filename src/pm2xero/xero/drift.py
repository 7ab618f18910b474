"""Xero as it is now, against the snapshot by which documents are decided."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson

from pm2xero.errors import Finding, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.snapshot import XeroAccount, XeroSnapshot, snapshot_of
from pm2xero.xero.client import Response

Ask = Callable[[str, Mapping[str, str]], Response]

# How many differences are told one by one.
_TOLD = 8


def take_snapshot(ask: Ask, *, catalogue: bool = False) -> bytes:
    """Organisation, Accounts and TaxRates as Xero gives them, as one JSON text.

    Args:
        catalogue: with TrackingCategories and Items, by which a pack is checked.

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
    found = list(differences(firm.xero, live, _used(firm)))
    if found:
        told = "; ".join(found[:_TOLD]) + ("; …" if len(found) > _TOLD else "")
        raise UsageError(
            Finding(
                "PU916",
                f"Xero has changed since the snapshot of {firm.file} was taken, and documents are "
                f"decided by the snapshot: {told}",
                should_be="a fresh one (`pm2xero snapshot --org …`), and a look at "
                "`pm2xero validate --org …`; nothing was sent",
            )
        )
    return live


def differences(
    before: XeroSnapshot, now: XeroSnapshot, codes: Iterable[str] | None = None
) -> Iterator[str]:
    """What is otherwise in Xero now, in words.

    Args:
        codes: accounts that matter; those of the old snapshot when None.
    """
    for what, old, new in (
        ("the base currency", before.base_currency, now.base_currency),
        ("the class of the organisation", before.organisation_class, now.organisation_class),
        ("the lock date", before.lock_date or "none", now.lock_date or "none"),
    ):
        if old != new:
            yield f"{what} is {new}, not {old}"
    wanted = before.accounts if codes is None else codes
    pairs = [(before.accounts.get(c), now.accounts.get(c), f"account {c}") for c in wanted]
    pairs += [
        (account, now.by_system.get(name), f"the system account {name}")
        for name, account in before.by_system.items()
    ]
    for old_account, new_account, name in pairs:
        yield from _of_account(old_account, new_account, name)
    for type_, rate in before.tax_rates.items():
        live = now.tax_rates.get(type_)
        if live is None:
            yield f"tax type {type_} is gone"
        elif (rate.rate, rate.status, rate.classes) != (live.rate, live.status, live.classes):
            yield f"tax type {type_} is {live.rate.normalize():f} % and {live.status}"


def read_snapshot(text: bytes) -> XeroSnapshot:
    """A snapshot that was just taken."""
    return snapshot_of(json.loads(text))


def _of_account(
    old: XeroAccount | None, new: XeroAccount | None, name: str
) -> Iterator[str]:  # fmt: skip
    if old is None:
        return
    if new is None:
        yield f"{name} ({old.name}) is gone"
        return
    for what, then, later in (
        ("code", old.code, new.code),
        ("type", old.type, new.type),
        ("class", old.account_class, new.account_class),
        ("status", old.status, new.status),
    ):
        if then != later:
            yield f"the {what} of {name} ({old.name}) is {later or 'empty'}, not {then or 'empty'}"


def _used(firm: Organisation) -> list[str]:
    banks = (bank.code for bank in firm.bank_accounts.values())
    return list(dict.fromkeys((*firm.accounts.values(), *banks, *firm.roles.values())))


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
