"""The same request bodies written by hand: dictionaries and `json.dumps`, no template, no check."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.read.transaction import Transaction
from tests.benchmarks.straight import CENT, CREDITS, ZERO, Books, Fields, side_of

Call = tuple[str, str, str]
Body = dict[str, Any]


def bodies(tx: Transaction, books: Books) -> list[Call]:
    """The calls of a posted transaction: method, path and body."""
    return [(method, path, json.dumps(body)) for method, path, body in _MAKERS[tx.kind](tx, books)]


def contact(party: Fields | None, books: Books) -> Body:
    """The contact of a document, or the firm's own for documents without one."""
    if party is None:
        default = books.firm.default_contact
        assert default is not None
        number, name = default["number"], default["name"]
    else:
        number, name = party["id"], party["display_name"]
    name = " ".join(name.replace("<", "(").replace(">", ")").split())
    return {"ContactNumber": number[:50], "Name": name[:255]}


Group = list[Any]


def summed(tx: Transaction, books: Books) -> list[Group]:
    """Net, tax and texts per Xero account and tax type, in the order of first use."""
    groups: dict[tuple[str, str], Group] = {}
    for line in tx.fields["lines"]:
        account = books.ledger[line["gl_account"]]
        assert account is not None
        tax_type = books.taxes[line["tax_code"]][side_of(tx.kind, account)]
        key = (account.code, tax_type)
        text = line["description"] or ""
        group = groups.get(key)
        if group is None:
            groups[key] = [account.code, tax_type, line["net"], line["tax"], {text: None}]
        else:
            group[2] += line["net"]
            group[3] += line["tax"]
            group[4][text] = None
    return [g for g in groups.values() if g[2] or g[3]]


def line_item(group: Group, *, taxed: bool) -> Body:
    """One line of a document."""
    net = float(group[2])
    item = {
        "Description": "; ".join(group[4])[:4000],
        "Quantity": 1,
        "UnitAmount": net,
        "LineAmount": net,
        "AccountCode": group[0],
        "TaxType": group[1],
    }
    if taxed:
        item["TaxAmount"] = float(group[3])
    return item


def _document(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f, kind = tx.fields, tx.kind
    sales = kind.startswith("client")
    body: Body = {
        "Type": _TYPES[kind],
        "Status": "AUTHORISED",
        "Contact": contact(f["participant"], books),
        "Date": f["date"].isoformat(),
    }
    if kind.endswith("credit_note"):
        path = "CreditNotes"
        body["CreditNoteNumber"] = f["number"]
    else:
        path = "Invoices"
        body["DueDate"] = f["due_date"].isoformat()
        body["InvoiceNumber"] = f["number"]
    matter = f["matter"]
    if sales and matter:
        body["Reference"] = f"{matter['id']} {matter['name'] or ''}"[:255]
    body["LineAmountTypes"] = "Exclusive"
    body["LineItems"] = [line_item(g, taxed=True) for g in summed(tx, books)]
    return [("PUT", f"/{path}", {path: [body]})]


_TYPES = {
    "client_bill": "ACCREC",
    "supplier_invoice": "ACCPAY",
    "client_credit_note": "ACCRECCREDIT",
    "supplier_credit_note": "ACCPAYCREDIT",
}


def with_rounding(groups: list[Group], books: Books) -> list[Group]:
    """Bank entries: the tax that Xero calculates, and the cents between on their own line."""
    cents = ZERO
    for group in groups:
        calculated = (group[2] * books.rates[group[1]].rate / 100).quantize(CENT, ROUND_HALF_UP)
        cents += group[3] - calculated
        group[3] = calculated
    if cents:
        text = "Rounding of tax to the cents of Practice Management"
        groups.append([books.rounding, books.no_tax, cents, ZERO, {text: None}])
    return [g for g in groups if g[2] or g[3]]


def _bank_entry(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    groups = with_rounding(summed(tx, books), books)
    total = sum((g[2] + g[3] for g in groups), ZERO)
    money_in = tx.kind == "bank_deposit"
    if total < 0:
        money_in = not money_in
        for group in groups:
            group[2] = -group[2]
    items = [line_item(g, taxed=False) for g in groups]
    return [
        _bank_transaction(
            tx, money_in, f["participant"], f["bank_account"], "Exclusive", items, books
        )
    ]


def _bank_transaction(
    tx: Transaction, money_in: bool, party: Fields | None, bank: str, amounts: str,
    items: list[Body], books: Books,
) -> tuple[str, str, Body]:  # fmt: skip
    body = {
        "Type": "RECEIVE" if money_in else "SPEND",
        "Status": "AUTHORISED",
        "Contact": contact(party, books),
        "BankAccount": {"Code": books.banks[bank][2]},
        "Date": tx.fields["date"].isoformat(),
        "Reference": tx.id[:255],
        "LineAmountTypes": amounts,
        "LineItems": items,
    }
    return "PUT", "/BankTransactions", {"BankTransactions": [body]}


def _trust_line(text: str, amount: Decimal, books: Books) -> Body:
    group = [books.trust_liability, books.no_tax, amount, ZERO, {text: None}]
    return line_item(group, taxed=False)


def _trust_receipt(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    items = [
        _trust_line(f"Trust receipt, matter {i['matter']}", i["amount"], books)
        for i in f["trust_lines"]
    ]
    return [_bank_transaction(tx, True, f["participant"], f["bank_account"], "NoTax", items, books)]


def _trust_payment(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    items = [_trust_line(f"Trust payment, matter {f['matter']['id']}", f["amount"], books)]
    return [_bank_transaction(tx, False, f["payee"], f["bank_account"], "NoTax", items, books)]


def _trust_interest(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    items = [_trust_line(f"Trust interest, matter {f['matter']['id']}", f["amount"], books)]
    return [_bank_transaction(tx, True, f["participant"], f["bank_account"], "NoTax", items, books)]


def _trust_journal(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    amount, code = float(f["amount"]), books.trust_liability
    body = {
        "Narration": f"Trust journal {tx.id}",
        "Date": f["date"].isoformat(),
        "Status": "POSTED",
        "LineAmountTypes": "NoTax",
        "ShowOnCashBasisReports": False,
        "JournalLines": [
            {
                "LineAmount": amount,
                "AccountCode": code,
                "Description": f"From matter {f['from_matter']}",
            },
            {
                "LineAmount": -amount,
                "AccountCode": code,
                "Description": f"To matter {f['to_matter']}",
            },
        ],
    }
    return [("PUT", "/ManualJournals", {"ManualJournals": [body]})]


def _trust_transfer(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    body = {
        "FromBankAccount": {"Code": books.banks[f["from_bank_account"]][2]},
        "ToBankAccount": {"Code": books.banks[f["to_bank_account"]][2]},
        "Amount": float(f["amount"]),
        "Date": f["date"].isoformat(),
        "Reference": tx.id[:255],
    }
    return [("PUT", "/BankTransfers", {"BankTransfers": [body]})]


def _paid(part: Fields) -> Body:
    return {"InvoiceID": f"<InvoiceID of {part['document_id']}>"}


def _payment(tx: Transaction, books: Books) -> list[tuple[str, str, Body]]:
    f = tx.fields
    bank = f["to_bank_account"] if tx.kind == "trust_invoice_payment" else f["bank_account"]
    account = {"Code": books.banks[bank][2]}
    parts, day = f["allocations"], f["date"].isoformat()
    if len(parts) == 1:
        body = {
            "Invoice": _paid(parts[0]),
            "Account": account,
            "Date": day,
            "Amount": float(parts[0]["amount"]),
            "Reference": tx.id[:255],
        }
        return [("PUT", "/Payments", {"Payments": [body]})]
    batch = {
        "Account": account,
        "Date": day,
        "Reference": tx.id[:255],
        "Payments": [{"Invoice": _paid(p), "Amount": float(p["amount"])} for p in parts],
    }
    return [("PUT", "/BatchPayments", {"BatchPayments": [batch]})]


def _trust_invoice_payment(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    items = [
        _trust_line(f"Trust payment of {p['document_id']}", p["amount"], books)
        for p in f["allocations"]
    ]
    bank = f["bank_account"]
    withdrawal = _bank_transaction(tx, False, f["participant"], bank, "NoTax", items, books)
    return [*_payment(tx, books), withdrawal]


def _allocation(tx: Transaction, books: Books) -> Iterable[tuple[str, str, Body]]:
    f = tx.fields
    day = f["date"].isoformat()
    parts = [
        {"Invoice": _paid(p), "Amount": float(p["amount"]), "Date": day} for p in f["allocations"]
    ]
    path = f"/CreditNotes/<CreditNoteID of {f['credit_note_id']}>/Allocations"
    return [("PUT", path, {"Allocations": parts})]


_MAKERS: dict[str, Callable[[Transaction, Books], Iterable[tuple[str, str, Body]]]] = {
    **dict.fromkeys(_TYPES, _document),
    **dict.fromkeys(("bank_deposit", "bank_withdrawal"), _bank_entry),
    **dict.fromkeys(("client_payment", "supplier_payment"), _payment),
    **dict.fromkeys(CREDITS, _allocation),
    "trust_receipt": _trust_receipt,
    "trust_payment": _trust_payment,
    "trust_interest": _trust_interest,
    "trust_journal": _trust_journal,
    "trust_transfer": _trust_transfer,
    "trust_invoice_payment": _trust_invoice_payment,
}
