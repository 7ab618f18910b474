"""The firm that an example needs when the one at hand cannot show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pm2xero.pack.organisation import BankAccount, Organisation, XeroAccount
from pm2xero.pack.types import FieldType
from pm2xero.verify.proofs.domain import Domain, Place
from pm2xero.verify.proofs.terms import Model

_PARTS = ("accounts", "bank_accounts", "roles")


def firm_of(model: Model, domain: Domain, document: Mapping[str, Any]) -> dict[str, Any]:
    """What the firm must be like, by path: settings, and its accounts, banks and roles.

    An account is None when it must not be mapped, else what Xero says about it (empty when Xero
    must not have it).
    """
    found: dict[str, Any] = {}
    for place, (term, kind) in domain.leaves.items():
        if place[0] in ("organisation", "xero"):
            there = domain.present.get(place)
            known = there is None or model.holds(there)
            found[".".join(str(p) for p in place)] = (
                _plain(model, domain, term, kind) if known else None
            )
    facts: dict[Place, dict[str, Any]] = {}
    for place, (term, kind) in domain.leaves.items():
        if place[0] == "fact":
            facts.setdefault(place[1:-1], {})[str(place[-1])] = _plain(model, domain, term, kind)
    for place, fact in facts.items():
        if "mapped" not in fact:
            continue
        part, name = _named(place, fact, domain, document)
        if name is None:
            continue
        account: dict[str, Any] | None = None
        if fact["mapped"]:
            account = {k: v for k, v in fact.items() if k not in ("mapped", "in_xero")}
            purpose = {k: account.pop(k) for k in ("purpose",) if k in account}
            account = (account | {"in_xero": True} if fact["in_xero"] else {}) | purpose
        found.setdefault(part, {})[name] = account
    return found


def changed(organisation: Organisation, firm: Mapping[str, Any]) -> Organisation:
    """The organisation with the changes that an example asks for."""
    values: dict[str, Any] = {}
    xero: dict[str, Any] = {}
    for path, value in firm.items():
        base, _, name = path.partition(".")
        if base == "organisation":
            values[name] = _typed(name, value)
        elif base == "xero":
            xero["organisation_class" if name == "class" else name] = _typed(name, value)
    accounts = dict(organisation.accounts)
    banks = dict(organisation.bank_accounts)
    roles = dict(organisation.roles)
    in_xero = dict(organisation.xero.accounts)
    for part in _PARTS:
        for name, account in (firm.get(part) or {}).items():
            code = f"code of {name}"
            into: dict[str, Any] = {"accounts": accounts, "bank_accounts": banks}.get(part, roles)
            into.pop(name, None)
            if account is None:
                continue
            into[name] = code
            if part == "bank_accounts":
                banks[name] = BankAccount(code, account.get("purpose", "office"))
            if account.get("in_xero"):
                in_xero[code] = _account(code, account)
    snapshot = replace(organisation.xero, accounts=in_xero, **xero)
    return replace(
        organisation, accounts=accounts, bank_accounts=banks, roles=roles, xero=snapshot, **values
    )


def _named(
    place: Place, fact: Mapping[str, Any], domain: Domain, document: Any
) -> tuple[str, str | None]:
    if place[0] == "role":
        return "roles", str(place[1])
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError):
            return "accounts", None
    kind = domain.leaves.get(place)
    bank = kind is not None and kind[1].name == "bank_account" or "purpose" in fact
    return ("bank_accounts" if bank else "accounts"), str(document)


def _plain(model: Model, domain: Domain, term: Any, kind: FieldType) -> Any:
    if kind.name == "flag":
        return model.holds(term)
    return domain.plain(model.number(term), kind)


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "lock_date":
        return date.fromisoformat(value)
    if name == "integration_start":
        return datetime.fromisoformat(value)
    return {"name": value} if name == "default_contact" else value


def _account(code: str, fact: Mapping[str, Any]) -> XeroAccount:
    return XeroAccount(
        id="",
        code=code,
        name=str(fact.get("name", code)),
        type=str(fact.get("type", "CURRENT")),
        account_class=str(fact.get("class", "ASSET")),
        status=str(fact.get("status", "ACTIVE")),
        system=str(fact.get("system", "")),
        takes_payments=True,
    )
