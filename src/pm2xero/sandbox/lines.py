"""Line items: amounts, accounts and tax, computed line by line as Xero does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.sandbox.books import Books
from pm2xero.sandbox.chart import Account, TaxRate, usable
from pm2xero.sandbox.ledger import Share
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.wire import (
    LARGEST_AMOUNT,
    Wire,
    decimal_of,
    objects_of,
    rounded,
)

AMOUNT_TYPES = ("Exclusive", "Inclusive", "NoTax")

_ZERO = Decimal("0.00")
_KEPT = ("ItemCode", "Tracking", "DiscountRate", "DiscountAmount")
_AMOUNTS = ("Quantity", "UnitAmount", "LineAmount", "DiscountRate", "DiscountAmount")


@dataclass(frozen=True, slots=True)
class LineRules:
    """What differs between the documents that have line items.

    Attributes:
        amount_types: LineAmountTypes when the document names none.
        discounts: whether a line may carry a discount.
        own_tax: whether TaxAmount may differ from the calculation.
        non_zero: whether Quantity must be positive and UnitAmount other than zero.
    """

    amount_types: str
    discounts: bool = False
    own_tax: bool = True
    non_zero: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one document, worked out.

    Attributes:
        items: in Xero's GET shape.
        shares: what they post; empty entries of an incomplete draft are left out.
    """

    amount_types: str
    items: tuple[Wire, ...]
    shares: tuple[Share, ...]
    sub_total: Decimal
    total_tax: Decimal

    @property
    def total(self) -> Decimal:
        """Net and tax together."""
        return self.sub_total + self.total_tax


def work_out(books: Books, document: Mapping[str, Any], rules: LineRules, final: bool) -> Lines:
    """Compute the lines of a document.

    Args:
        document: the element as sent, or as merged with what is stored.
        final: whether the document is to be posted, so that every line must be complete.

    Raises:
        Invalid: with the messages of all lines.
    """
    amount_types = str(document.get("LineAmountTypes") or rules.amount_types)
    if amount_types not in AMOUNT_TYPES:
        raise Invalid(f"LineAmountTypes '{amount_types}' is not one of {', '.join(AMOUNT_TYPES)}")
    sent = objects_of(document, "LineItems")
    messages: list[str] = []
    if final and not sent:
        messages.append("One or more line items must be specified")
    items: list[Wire] = []
    shares: list[Share] = []
    for raw in sent:
        try:
            item, share = _line(books, raw, amount_types, rules, final)
        except Invalid as error:
            messages.extend(error.messages)
            continue
        items.append(item)
        if share:
            shares.append(share)
    if messages:
        raise Invalid(*dict.fromkeys(messages))
    total_tax = sum((share.tax for share in shares), _ZERO)
    sub_total = sum((share.net for share in shares), _ZERO)
    if abs(sub_total + total_tax) > LARGEST_AMOUNT:
        raise Invalid(f"The total must not exceed {LARGEST_AMOUNT}")
    return Lines(amount_types, tuple(items), tuple(shares), sub_total, total_tax)


def coded(books: Books, items: Sequence[Wire]) -> list[Wire]:
    """Stored lines with the codes that their accounts have now."""
    accounts = books.chart.accounts
    return [
        {**item, "AccountCode": accounts[str(item["AccountID"])].code}
        if item.get("AccountID")
        else item
        for item in items
    ]


def merged(stored: Sequence[Wire], sent: Sequence[Wire]) -> list[Wire]:
    """Lines of an update: one with a known LineItemID is changed, all others are new.

    A stored line that is not sent again is gone. Amounts that follow from others are dropped when
    their grounds change, so that they are computed afresh.
    """
    known = {str(line["LineItemID"]): line for line in stored}
    result = []
    for line in sent:
        before = known.get(str(line.get("LineItemID", "")).lower())
        if before is None:
            result.append({key: value for key, value in line.items() if key != "LineItemID"})
            continue
        kept = dict(before)
        if any(field in line for field in _AMOUNTS):
            kept.pop("LineAmount", None)
            kept.pop("TaxAmount", None)
        if "TaxType" in line:
            kept.pop("TaxAmount", None)
        if "AccountCode" in line or "AccountID" in line:
            kept.pop("AccountCode", None)
            kept.pop("AccountID", None)
        result.append({**kept, **line})
    return result


def _line(
    books: Books, raw: Wire, amount_types: str, rules: LineRules, final: bool
) -> tuple[Wire, Share | None]:
    item: Wire = {
        "LineItemID": str(raw.get("LineItemID") or books.new_id()).lower(),
        "Description": raw.get("Description"),
    }
    item.update({field: raw[field] for field in _KEPT if raw.get(field) is not None})
    _check_extras(raw, rules, final)
    amount = _amount(raw, item, books.unit_places, rules, final)
    account = _account(books, raw, final)
    if account:
        item["AccountCode"] = account.code
        item["AccountID"] = account.id
    if amount is None:
        return item, None
    item["LineAmount"] = amount
    item["TaxAmount"] = _ZERO
    tax_type = str(raw.get("TaxType") or (account.tax_type if account else ""))
    if tax_type:
        item["TaxType"] = tax_type
    if account and tax_type and amount_types != "NoTax":
        rate = books.chart.rate_for(tax_type, account)
        item["TaxAmount"] = _tax(raw, amount, rate, amount_types, rules)
    elif final and not tax_type and amount_types != "NoTax":
        raise Invalid(f"A TaxType is needed for account code '{account and account.called}'")
    tax = item["TaxAmount"]
    net = amount - tax if amount_types == "Inclusive" else amount
    return item, Share(account.id if account else "", net, tax)


def _check_extras(raw: Wire, rules: LineRules, final: bool) -> None:
    description = raw.get("Description")
    if final and not description:
        raise Invalid("Description needs to be at least 1 char long")
    if description and len(str(description)) > 4000:
        raise Invalid("Description must not be longer than 4000 characters")
    if raw.get("ItemCode"):
        raise Invalid(f"Item code '{raw['ItemCode']}' is not valid")
    if len(objects_of(raw, "Tracking")) > 2:
        raise Invalid("A line item can have at most 2 tracking categories")
    if not rules.discounts and (raw.get("DiscountRate") or raw.get("DiscountAmount")):
        raise Invalid("A discount is only possible on a sales invoice")


def _amount(
    raw: Wire, item: Wire, unit_places: int, rules: LineRules, final: bool
) -> Decimal | None:
    quantity = decimal_of(raw, "Quantity")
    unit = decimal_of(raw, "UnitAmount")
    amount = decimal_of(raw, "LineAmount")
    if unit is None and amount is None:
        if final:
            raise Invalid("The line must have a UnitAmount or a LineAmount")
        return None
    # unverified: what Xero takes for an omitted Quantity; one is the only sensible reading.
    quantity = Decimal(1) if quantity is None else quantity
    if rules.non_zero and quantity <= 0:
        raise Invalid("Quantity must be greater than zero")
    if unit is None and amount is not None:
        unit = amount / quantity if quantity else amount
    unit = rounded(unit or _ZERO, unit_places)
    if rules.non_zero and unit == 0:
        raise Invalid("UnitAmount must not be zero")
    discount = decimal_of(raw, "DiscountAmount")
    if discount is None:
        discount = quantity * unit * (decimal_of(raw, "DiscountRate") or _ZERO) / 100
    expected = rounded(quantity * unit - discount)
    if amount is not None and decimal_of(raw, "UnitAmount") is not None and amount != expected:
        raise Invalid(f"The line total {amount} does not match the expected line total {expected}")
    item["Quantity"] = quantity
    item["UnitAmount"] = unit
    return expected if amount is None else rounded(amount)


def _account(books: Books, raw: Wire, final: bool) -> Account | None:
    named = raw.get("AccountCode") or raw.get("AccountID")
    if not named:
        if final:
            raise Invalid("Account code must be specified")
        return None
    account = usable(books.chart.find(raw, "Account"), str(named))
    # unverified: that Xero refuses these on a line; it advises against them and none is needed.
    if account.is_bank or account.system in ("DEBTORS", "CREDITORS"):
        raise Invalid(f"Account code '{account.called}' is not a valid code for this document.")
    return account


def _tax(raw: Wire, amount: Decimal, rate: TaxRate, amount_types: str, rules: LineRules) -> Decimal:
    computed = rate.within(amount) if amount_types == "Inclusive" else rate.on_net(amount)
    sent = decimal_of(raw, "TaxAmount")
    if sent is None or sent == computed:
        return computed
    if not rules.own_tax:
        raise Invalid(f"The tax amount {sent} does not match the calculated tax of {computed}")
    return rounded(sent)
