"""The Xero side of every account, bank, role and tax code of a firm, looked up once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pm2xero.firm.organisation import Organisation
from pm2xero.firm.settings import settings_of
from pm2xero.firm.snapshot import XeroAccount
from pm2xero.firm.tax_rates import TaxFact, resolve_tax
from pm2xero.pack.model import Pack


@dataclass(frozen=True, slots=True)
class AccountFact:
    """A ledger account, bank or role of Practice Management and what it is in Xero.

    `mapped` says that the firm gave it a code, `in_xero` that Xero has an account of that code;
    what is not known is None, so every test on it is false. `account_id` is its AccountID in Xero,
    which never changes, as codes and names do.
    """

    id: str
    mapped: bool = False
    in_xero: bool = False
    code: str | None = None
    name: str | None = None
    status: str | None = None
    account_class: str | None = None
    type: str | None = None
    system: str | None = None
    purpose: str | None = None
    account_id: str | None = None

    @property
    def called(self) -> str:
        """What a trial balance calls it: its code in Xero, its name there when it has no code."""
        return self.code or self.name or self.id


class Chart:
    """All lookups of one firm; every answer is made once and remembered.

    The number of answers is bounded by the firm's own accounts and tax codes, except for names
    that are not mapped: those are not remembered.
    """

    def __init__(self, pack: Pack, organisation: Organisation) -> None:
        self.pack = pack
        self.organisation = organisation
        self._ledger = {k: self._fact(k, c) for k, c in organisation.accounts.items()}
        self._banks = {
            k: self._fact(k, b.code, b.purpose) for k, b in organisation.bank_accounts.items()
        }
        self._roles = {name: self._role(name) for name in pack.roles}
        self.settings = settings_of(pack, organisation)
        self._taxes: dict[tuple[str, str, str | None], TaxFact] = {}
        rate = organisation.xero.tax_rates.get(pack.no_tax)
        self.no_tax = TaxFact("mapped", pack.no_tax, rate.rate if rate else Decimal(0), True)

    def ledger(self, account: str) -> AccountFact:
        """The Xero side of a ledger account."""
        return self._ledger.get(account) or AccountFact(account)

    def bank(self, account: str) -> AccountFact:
        """The Xero side of a bank account."""
        return self._banks.get(account) or AccountFact(account)

    def role(self, name: str) -> AccountFact:
        """The account that plays a role."""
        return self._roles[name]

    def tax(self, code: str, account: str, side: str | None) -> TaxFact:
        """The Xero side of a tax code used on a ledger account in a kind of the given side."""
        account_class = self.ledger(account).account_class
        key = (code, account_class or "", side)
        fact = self._taxes.get(key)
        if fact is None:
            declared = self.pack.tax_codes.get(code)
            rates = self.organisation.xero.tax_rates
            fact = resolve_tax(declared, tax_side(side, account_class), account_class, rates)
            if declared is not None:
                self._taxes[key] = fact
        return fact

    def _role(self, name: str) -> AccountFact:
        role = self.pack.roles[name]
        if role.system:
            account = self.organisation.xero.by_system.get(role.system)
            return _in_xero(name, account, None) if account else AccountFact(name)
        code = self.organisation.roles.get(name)
        return self._fact(name, code) if code else AccountFact(name)

    def _fact(self, name: str, code: str, purpose: str | None = None) -> AccountFact:
        account = self.organisation.xero.accounts.get(code)
        if account is None:
            return AccountFact(name, mapped=True, code=code, purpose=purpose)
        return _in_xero(name, account, purpose)


def _in_xero(name: str, account: XeroAccount, purpose: str | None) -> AccountFact:
    return AccountFact(
        id=name,
        mapped=True,
        in_xero=True,
        code=account.code,
        name=account.name,
        status=account.status,
        account_class=account.account_class,
        type=account.type,
        system=account.system or None,
        purpose=purpose,
        account_id=account.id or None,
    )


def tax_side(side: str | None, account_class: str | None) -> str:
    """Whether a line takes the sales or the purchases tax type.

    Invoices and credit notes fix the side; a bank entry goes by the account where that is income
    or cost, else by the way the money moves.
    """
    if side == "sales_unless_cost":
        return "purchases" if account_class == "EXPENSE" else "sales"
    if side == "purchases_unless_income":
        return "sales" if account_class == "REVENUE" else "purchases"
    return side or "sales"
