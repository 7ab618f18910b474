"""The firm that an example needs when the one at hand cannot show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.firm.organisation import BankAccount
from pm2xero.firm.snapshot import XeroAccount, XeroTaxRate
from pm2xero.pack.language.types import ACCOUNT_CLASS
from pm2xero.pack.model import TaxCode, TaxRateSearch
from pm2xero.prove.domain import Domain, Place
from pm2xero.prove.terms import Model

Facts = dict[str, Any]
_CLASSES = frozenset(ACCOUNT_CLASS.values)
# A rate that no tax code of the example asks for otherwise, in per cent.
_ODD = Decimal("12.34")


def firm_of(model: Model, domain: Domain, document: Mapping[str, Any]) -> Facts:
    """What the firm must be like: settings by path, and its accounts, banks, roles and tax codes.

    An account is None when it must not be mapped, else what Xero says about it (empty when Xero
    must not have it).
    """
    found: Facts = {}
    for place in domain.leaves:
        if place[0] in ("organisation", "xero", "settings"):
            there = domain.present.get(place)
            known = there is None or model.holds(there)
            found[".".join(map(str, place))] = _plain(model, domain, place) if known else None
    facts: dict[Place, Facts] = {}
    for place in domain.leaves:
        if place[0] == "fact":
            facts.setdefault(place[1:-1], {})[str(place[-1])] = _plain(model, domain, place)
    for place, fact in facts.items():
        name = str(place[1]) if place[0] == "role" else _at(document, place)
        if name is None:
            continue
        if "state" in fact:
            fact["net"] = _at(document, (*place[:-1], "net"))
            found.setdefault("tax_codes", {})[name] = fact
            continue
        system = domain.present.get(("fact", *place, "system"))
        if system is not None and not model.holds(system):
            fact.pop("system", None)
        found.setdefault(_part(domain, place, fact), {})[name] = _account_facts(fact)
    return found


def changed(decider: Decider, firm: Mapping[str, Any]) -> Decider:
    """A decider for the firm with the changes that an example asks for."""
    return _Changed(decider, firm).decider()


class _Changed:
    def __init__(self, decider: Decider, firm: Mapping[str, Any]) -> None:
        self.pack = decider.pack
        self.organisation = decider.organisation
        self.firm = firm
        snapshot = decider.organisation.xero
        self.in_xero = dict(snapshot.accounts)
        self.systems = dict(snapshot.by_system)
        self.rates = dict(snapshot.tax_rates)

    def decider(self) -> Decider:
        own: Facts = {}
        xero: Facts = {}
        settings = self.organisation.settings.copy()
        for path, value in self.firm.items():
            base, _, name = path.partition(".")
            if base == "organisation":
                own[name] = _typed(name, value)
            elif base == "settings":
                settings.put(name, value, settings.at, settings.at)
            elif base == "xero":
                xero["organisation_class" if name == "class" else name] = _typed(name, value)
        accounts = dict(self.organisation.accounts)
        for name, fact in self.part("accounts"):
            accounts.pop(name, None)
            if fact is not None:
                accounts[name] = self.account(name, fact)
        banks = dict(self.organisation.bank_accounts)
        for name, fact in self.part("bank_accounts"):
            banks.pop(name, None)
            if fact is not None:
                purpose = str(fact.get("purpose", "office"))
                banks[name] = BankAccount(self.account(name, fact), purpose)
        roles = self.roles()
        codes = self.tax_codes()
        snapshot = replace(
            self.organisation.xero, accounts=self.in_xero, by_system=self.systems,
            tax_rates=self.rates, **xero,
        )  # fmt: skip
        organisation = replace(
            self.organisation, accounts=accounts, bank_accounts=banks, roles=roles, xero=snapshot,
            settings=settings, **own,
        )  # fmt: skip
        return Decider(replace(self.pack, tax_codes=codes), organisation)

    def part(self, name: str) -> Iterator[tuple[str, Facts | None]]:
        yield from (self.firm.get(name) or {}).items()

    def account(self, name: str, fact: Facts) -> str:
        code = f"code of {name}"
        if fact.get("in_xero"):
            self.in_xero[code] = _account(code, fact)
        return code

    def roles(self) -> dict[str, str]:
        roles = dict(self.organisation.roles)
        for name, fact in self.part("roles"):
            system = self.pack.roles[name].system
            roles.pop(name, None)
            if system is not None:
                self.systems.pop(system, None)
                if fact is not None:
                    self.systems[system] = self.in_xero[self.account(name, fact)]
            elif fact is not None:
                roles[name] = self.account(name, fact)
        return roles

    def tax_codes(self) -> dict[str, TaxCode]:
        codes = dict(self.pack.tax_codes)
        for name, fact in self.part("tax_codes"):
            codes.pop(name, None)
            declared = _tax(name, fact or {})
            if declared is not None:
                types, expected, rates = declared
                at = next(iter(self.pack.kinds.values())).at
                codes[name] = TaxCode(name, name, types, expected, at)
                self.rates |= {r.type: r for r in rates}
        return codes


def _tax(
    name: str, fact: Facts
) -> tuple[dict[str, str | TaxRateSearch], Decimal | None, list[XeroTaxRate]] | None:
    """Types by side, the expected rate and what Xero has, so that a tax code is in a state."""
    state, type_ = fact.get("state"), f"type of {name}"
    classes = _CLASSES if fact.get("suits_account", True) else frozenset[str]()
    net, made = Decimal(fact.get("net") or 0), Decimal(fact.get("calculated") or 0)
    rate = made / net * 100 if net else Decimal(0)
    found = XeroTaxRate(type_, type_, rate, "ACTIVE", classes)
    named: dict[str, str | TaxRateSearch] = {"sales": type_, "purchases": type_}
    search = TaxRateSearch(_ODD, (), "REVENUE")
    sought: dict[str, str | TaxRateSearch] = {"sales": search, "purchases": search}
    two = [XeroTaxRate(f"{type_} {n}", "", _ODD, "ACTIVE", _CLASSES) for n in (1, 2)]
    return {
        "mapped": (named, None, [found]),
        "not_in_xero": (named, None, []),
        "inactive": (named, None, [replace(found, status="DELETED")]),
        "other_rate": (named, _ODD, [replace(found, rate=Decimal(0))]),
        "no_rate": (sought, None, []),
        "several_rates": (sought, None, two),
    }.get(str(state))


def _part(domain: Domain, place: Place, fact: Facts) -> str:
    if place[0] == "role":
        return "roles"
    leaf = domain.leaves.get(place)
    bank = "purpose" in fact or (leaf is not None and leaf[1].name == "bank_account")
    return "bank_accounts" if bank else "accounts"


def _account_facts(fact: Facts) -> Facts | None:
    if not fact["mapped"]:
        return None
    if fact["in_xero"]:
        return {k: v for k, v in fact.items() if k != "mapped"}
    return {k: v for k, v in fact.items() if k == "purpose"}


def _at(document: Any, place: Place) -> Any:
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError):
            return None
    return document


def _plain(model: Model, domain: Domain, place: Place) -> Any:
    term, kind = domain.leaves[place]
    if kind.name == "flag":
        return model.holds(term)
    return domain.words.plain(model.number(term), kind)


def _typed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "lock_date":
        return date.fromisoformat(value)
    if name == "integration_start":
        return datetime.fromisoformat(value)
    return {"name": value} if name == "default_contact" else value


def _account(code: str, fact: Facts) -> XeroAccount:
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
