"""What an object of Xero books in Xero's own ledger, as far as the API says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.prepayments import Postings, Use, uses_of
from pm2xero.xero.documents import line_tax
from pm2xero.xero.purpose import GONE

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
ONE = Decimal(1)

# Whose account a document stands on, and whether it debits it.
_TRADE = {
    "ACCREC": ("DEBTORS", 1), "ACCRECCREDIT": ("DEBTORS", -1),
    "ACCPAY": ("CREDITORS", -1), "ACCPAYCREDIT": ("CREDITORS", 1),
}  # fmt: skip
# The same for what a payment settles, and whether money comes in.
_SETTLED = {
    "ACCRECPAYMENT": ("DEBTORS", 1), "ACCPAYPAYMENT": ("CREDITORS", -1),
    "ARCREDITPAYMENT": ("DEBTORS", -1), "APCREDITPAYMENT": ("CREDITORS", 1),
    "AROVERPAYMENTPAYMENT": ("DEBTORS", -1), "APOVERPAYMENTPAYMENT": ("CREDITORS", 1),
    "RECBATCH": ("DEBTORS", 1), "PAYBATCH": ("CREDITORS", -1),
    # A refund of a prepayment takes its own coding back.
    "ARPREPAYMENTPAYMENT": ("", -1), "APPREPAYMENTPAYMENT": ("", 1),
}  # fmt: skip
_TARGETS = {
    "Invoice": "Invoices", "CreditNote": "CreditNotes",
    "Overpayment": "Overpayments", "Prepayment": "Prepayments",
}  # fmt: skip

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Booking:
    """The journal of one object, in units of the base currency; debits are positive.

    Attributes:
        amount: the money that stands on the object.
        postings: account and amount; empty when the API does not say enough.
    """

    amount: Decimal
    postings: Postings


class Bookkeeper:
    """Reads objects of one Xero organisation as journals.

    unverified: all of this is what the API's pages let one expect. It is only ever compared with
    Xero's own trial balance, where a wrong reading shows as a difference.
    """

    def __init__(self, accounts: Accounts, live: Live, base_currency: str) -> None:
        self._accounts = accounts
        self._live = live
        self._base = base_currency

    def booking(self, endpoint: str, found: Object) -> Booking:
        """The journal of an object, whatever its status."""
        match endpoint:
            case "Invoices" | "CreditNotes":
                known = _TRADE.get(str(found.get("Type")))
                if known is None:
                    return Booking(_money(found.get("Total")), ())
                owed = self._accounts.system(known[0])
                return self._document(found, owed, known[1], "Exclusive")
            case "BankTransactions":
                return self._bank_transaction(found)
            case "BankTransfers":
                return self._transfer(found)
            case "ManualJournals":
                return self._journal(found)
            case _:
                return self._payment(found)

    def allocations(self) -> Iterator[tuple[Object, Use, Booking]]:
        """Every allocation of a prepayment, with the prepayment and its journal."""
        for prepayment, use in self._prepaid.values():
            if use.document:
                owed = self._accounts.system("DEBTORS" if _side(prepayment) > 0 else "CREDITORS")
                yield prepayment, use, Booking(use.amount, use.postings(owed))

    @cached_property
    def _prepaid(self) -> dict[str, tuple[Object, Use]]:
        """All uses of prepayments by the id of the allocation or of the payment."""
        found: dict[str, tuple[Object, Use]] = {}
        for prepayment in self._live.objects("Prepayments").values():
            if str(prepayment.get("Status")) in GONE:
                continue
            coding = self._document(prepayment, "", _side(prepayment), "Inclusive").postings[1:]
            found |= {use.xero_id: (prepayment, use) for use in uses_of(prepayment, coding)}
        return found

    def _bank_transaction(self, found: Object) -> Booking:
        kind, side = str(found.get("Type")), _side(found)
        bank = self._accounts.called(found.get("BankAccount") or {})
        if kind.endswith("-OVERPAYMENT"):
            # Xero codes its one line itself, to debtors or creditors.
            owed = self._accounts.system("DEBTORS" if side > 0 else "CREDITORS")
            total = _in_base(_money(found.get("Total")), self._rate(found))
            return Booking(total, ((bank, side * total), (owed, -side * total)))
        return self._document(found, bank, side, "Inclusive")

    def _document(self, found: Object, control: str, side: int, default: str) -> Booking:
        """Total on the control account, net of each line on its own, all tax on one account."""
        rate = self._rate(found)
        how = str(found.get("LineAmountTypes") or default)
        postings: list[tuple[str, Decimal]] = []
        tax = ZERO
        for line in found.get("LineItems") or ():
            if line.get("LineAmount") is None:
                continue
            share = line_tax(line, how, self._live.rates)
            net = _money(line["LineAmount"]) - (share if how == "Inclusive" else ZERO)
            postings.append((self._accounts.called(line, "Account"), -side * _in_base(net, rate)))
            tax += share
        if tax:
            postings.append((self._accounts.system("GST"), -side * _in_base(tax, rate)))
        total = _in_base(_money(found.get("Total")), rate)
        rest = -side * total - sum((amount for _, amount in postings), ZERO)
        if rest:
            # unverified: where Xero puts the cents of a conversion; its rounding account says so.
            postings.append((self._accounts.system("ROUNDING"), rest))
        return Booking(total, ((control, side * total), *postings))

    def _transfer(self, found: Object) -> Booking:
        source, target = (
            self._accounts.called(found.get(f"{side}BankAccount") or {}) for side in ("From", "To")
        )
        foreign = self._accounts.currency(source) not in ("", self._base)
        rate = _factor(found) if foreign else ONE
        amount = _in_base(_money(found.get("Amount")), rate)
        return Booking(amount, ((target, amount), (source, -amount)))

    def _journal(self, found: Object) -> Booking:
        how = str(found.get("LineAmountTypes") or "NoTax")
        postings: list[tuple[str, Decimal]] = []
        tax = ZERO
        for line in found.get("JournalLines") or ():
            amount = _money(line.get("LineAmount"))
            share = line_tax(line, how, self._live.rates)
            net = amount - (share if how == "Inclusive" else ZERO)
            postings.append((self._accounts.called(line, "Account"), net))
            tax += share
        if tax:
            postings.append((self._accounts.system("GST"), tax))
        debits = sum((amount for _, amount in postings if amount > 0), ZERO)
        return Booking(debits, tuple(postings))

    def _payment(self, found: Object) -> Booking:
        """A payment, or a batch of them: what it settles, the money, and a gain by exchange."""
        whole = found.get("Amount") if found.get("Amount") is not None else found.get("TotalAmount")
        amount = _money(whole)
        known = _SETTLED.get(str(found.get("PaymentType") or found.get("Type") or ""))
        account = self._accounts.called(found.get("Account") or {})
        settled, money = self._settled(found, amount, account)
        if known is None:
            return Booking(money, ())
        control, side = known
        if control == "":
            _, use = self._prepaid.get(str(found.get("PaymentID")), (None, None))
            return Booking(money, use.postings(account) if use is not None else ())
        postings = [(account, side * money), (self._accounts.system(control), -side * settled)]
        if money != settled:
            gain = self._accounts.system("REALISEDCURRENCYGAIN")
            postings.append((gain, side * (settled - money)))
        return Booking(money, tuple(postings))

    def _settled(self, found: Object, amount: Decimal, account: str) -> tuple[Decimal, Decimal]:
        """What a payment takes off its document, and the money that moved, in base currency."""
        document = self._target(found)
        if document is None or self._rate(document) == ONE:
            return amount, amount
        # unverified: Amount is in the document's currency, BankAmount in that of the account.
        settled = _in_base(amount, self._rate(document))
        in_bank = found.get("BankAmount")
        if in_bank is not None and self._accounts.currency(account) in ("", self._base):
            return settled, _money(in_bank)
        return settled, _in_base(amount, _factor(found))

    def _target(self, found: Object) -> Object | None:
        """The document that a payment settles; looked up only where currencies may differ."""
        if _factor(found) == ONE:
            return None
        for name, endpoint in _TARGETS.items():
            inner = found.get(name)
            if isinstance(inner, Mapping) and inner.get(f"{name}ID"):
                return self._live.objects(endpoint).get(str(inner[f"{name}ID"]))
        return None

    def _rate(self, document: Object) -> Decimal:
        if str(document.get("CurrencyCode") or self._base) == self._base:
            return ONE
        return _factor(document)


def _side(found: Object) -> int:
    """1 where money comes in, -1 where it goes out."""
    return 1 if str(found.get("Type")).startswith("RECEIVE") else -1


def _factor(found: Object) -> Decimal:
    """CurrencyRate: units of the other currency for one of the base currency."""
    # unverified: that the rate divides; sources that convert do so, and none says otherwise.
    return _money(found.get("CurrencyRate")) or ONE


def _in_base(amount: Decimal, rate: Decimal) -> Decimal:
    return amount if rate == ONE else (amount / rate).quantize(CENT, ROUND_HALF_UP)


def _money(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return Decimal(str(value)) if value not in (None, "") else ZERO
