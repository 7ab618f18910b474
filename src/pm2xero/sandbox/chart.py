"""The chart of accounts and the tax rates, and what may be used with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import Wire, dump_text, parse_stored, rounded

_CLASS_FLAGS = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `wire` is its whole GET shape."""

    id: str
    code: str
    name: str
    type: str
    klass: str
    status: str
    tax_type: str
    system: str
    takes_payments: bool
    wire: Mapping[str, Any]

    @property
    def is_bank(self) -> bool:
        """Whether it is one of the organisation's bank accounts."""
        return self.type == "BANK"

    @property
    def called(self) -> str:
        """Its code, or its name where a bank account has no code."""
        return self.code or self.name

    @property
    def brief(self) -> Wire:
        """How a document names the account."""
        brief = {"AccountID": self.id, "Name": self.name}
        return {**brief, "Code": self.code} if self.code else brief


@dataclass(frozen=True, slots=True)
class TaxRate:
    """One tax rate; `rate` in per cent, `classes` the account classes that it suits."""

    tax_type: str
    status: str
    rate: Decimal
    classes: frozenset[str]
    wire: Mapping[str, Any]

    def on_net(self, amount: Decimal) -> Decimal:
        """Tax to be added to a net amount, rounded half up to cents."""
        return rounded(amount * self.rate / 100)

    def within(self, amount: Decimal) -> Decimal:
        """Tax contained in a gross amount, rounded half up to cents."""
        return rounded(amount * self.rate / (100 + self.rate))


@dataclass(frozen=True, slots=True)
class Chart:
    """Accounts by id and tax rates by type, both in the order of the snapshot."""

    accounts: Mapping[str, Account]
    rates: Mapping[str, TaxRate]
    codes: Mapping[str, str]
    systems: Mapping[str, str]

    def find(self, named: Mapping[str, Any], prefix: str = "") -> Account | None:
        """The account that an element names by AccountID or Code.

        Args:
            named: the element.
            prefix: "Account" for line items, whose field is AccountCode.
        """
        if account_id := named.get("AccountID"):
            return self.accounts.get(str(account_id).lower())
        code = named.get(f"{prefix}Code")
        return self.accounts.get(self.codes.get(str(code), "")) if code else None

    def system(self, role: str) -> Account:
        """The account that Xero itself posts to, by its SystemAccount.

        Raises:
            Invalid: the organisation has none.
        """
        if role not in self.systems:
            raise Invalid(f"The organisation has no account for {role}")
        return self.accounts[self.systems[role]]

    def rate_for(self, tax_type: str, account: Account) -> TaxRate:
        """The tax rate of a line, when it exists, is active and suits the account's class.

        Raises:
            Invalid: otherwise.
        """
        rate = self.rates.get(tax_type)
        if rate is None:
            raise Invalid(
                f"The TaxType code '{tax_type}' does not exist or cannot be used for this type of"
                " transaction."
            )
        if rate.status != "ACTIVE":
            raise Invalid("Tax rate must be Active")
        if account.klass not in rate.classes:
            raise Invalid(
                f"The TaxType code '{tax_type}' cannot be used with account code"
                f" '{account.called}'."
            )
        return rate


def usable(account: Account | None, named: str) -> Account:
    """An account that a new entry may use.

    Raises:
        Invalid: it is unknown, or archived.
    """
    if account is None:
        raise Invalid(f"Account code '{named}' is not a valid code for this document.")
    if account.status != "ACTIVE":
        raise Invalid(
            f"Account code '{account.called}' has been archived, or has been deleted."
            " Each line item must reference a valid account."
        )
    return account


def load(store: Store) -> Chart:
    """The chart as the store has it now."""
    accounts = [
        _account(parse_stored(body))
        for (body,) in store.rows("SELECT body FROM account ORDER BY position")
    ]
    rates = [
        _rate(parse_stored(body))
        for (body,) in store.rows("SELECT body FROM tax_rate ORDER BY position")
    ]
    return Chart(
        accounts={account.id: account for account in accounts},
        rates={rate.tax_type: rate for rate in rates},
        codes={account.code: account.id for account in accounts if account.code},
        systems={account.system: account.id for account in accounts if account.system},
    )


def save_account(store: Store, wire: Mapping[str, Any]) -> None:
    """Add an account, or replace it by AccountID."""
    store.execute(
        "INSERT INTO account (id, position, body)"
        " VALUES (?, (SELECT count(*) FROM account), ?)"
        " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        (str(wire["AccountID"]).lower(), dump_text(wire)),
    )


def save_rate(store: Store, wire: Mapping[str, Any]) -> None:
    """Add a tax rate, or replace it by TaxType."""
    store.execute(
        "INSERT INTO tax_rate (tax_type, position, body)"
        " VALUES (?, (SELECT count(*) FROM tax_rate), ?)"
        " ON CONFLICT (tax_type) DO UPDATE SET body = excluded.body",
        (wire["TaxType"], dump_text(wire)),
    )


def _account(wire: Wire) -> Account:
    return Account(
        id=str(wire["AccountID"]).lower(),
        code=str(wire.get("Code") or ""),
        name=str(wire.get("Name") or ""),
        type=str(wire["Type"]),
        klass=str(wire["Class"]),
        status=str(wire.get("Status") or "ACTIVE"),
        tax_type=str(wire.get("TaxType") or ""),
        system=str(wire.get("SystemAccount") or ""),
        takes_payments=wire["Type"] == "BANK" or wire.get("EnablePaymentsToAccount") is True,
        wire=wire,
    )


def _rate(wire: Wire) -> TaxRate:
    return TaxRate(
        tax_type=str(wire["TaxType"]),
        status=str(wire.get("Status") or "ACTIVE"),
        rate=Decimal(str(wire.get("EffectiveRate") or 0)),
        classes=frozenset(klass for klass, flag in _CLASS_FLAGS.items() if wire.get(flag) is True),
        wire=wire,
    )
