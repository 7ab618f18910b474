"""What a document of Practice Management claims to be in Xero, told from its own fields.

Written from the kinds' descriptions alone; nothing of the program is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Document = Mapping[str, Any]
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry that must stand in Xero because of a document.

    Attributes:
        key: what the entry is known by: a number, an id of Practice Management, what is paid.
        party: ContactNumber; None where the entry has no contact of its own.
        bank: of Practice Management; None where no bank is named.
        is_receipt: whether money comes in; None where none moves.
    """

    document: str
    key: Key
    amount: Decimal
    day: str
    party: str | None = None
    bank: str | None = None
    is_receipt: bool | None = None


@dataclass(frozen=True, slots=True)
class Firm:
    """What the judge knows of a firm.

    Attributes:
        banks: AccountID by bank of Practice Management.
        trust_banks: those of them that hold trust money.
        nobody: number of the contact of entries without one.
    """

    banks: Mapping[str, str]
    trust_banks: frozenset[str]
    nobody: str | None


def claims(document: Document, others: Mapping[str, Document], firm: Firm) -> list[Claim]:
    """What a document claims; nothing when it is void, or takes others back and makes nothing.

    Args:
        others: the documents that it may name, by id.
    """
    if document["status"] != "posted" or document["kind"] not in _KINDS:
        return []
    return list(_KINDS[document["kind"]](document, others, firm))


def takes_back(document: Document) -> str | None:
    """The id of the document whose payments are deleted because of this one, if any."""
    pays = document["kind"] in ("client_payment", "supplier_payment", "trust_invoice_payment")
    return document.get("reversal_of") if pays and document["status"] == "posted" else None


_Made = Iterator[Claim]
_Kind = Callable[[Document, Mapping[str, Document], Firm], _Made]


def _trade(what: str) -> _Kind:
    def made(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
        yield Claim(
            document["id"],
            (what, str(document["number"])),
            Decimal(document["totals"]["gross"]),
            document["date"],
            party=_party(document, "participant", firm),
        )

    return made


def _paid(document: Document, others: Mapping[str, Document], bank: str | None) -> _Made:
    for part in document["allocations"]:
        target = others.get(part["document_id"])
        if target is None or document.get("reversal_of"):
            continue
        side = "sale" if target["kind"] == "client_bill" else "bill"
        yield Claim(
            document["id"],
            ("payment", side, str(target["number"])),
            Decimal(part["amount"]),
            document["date"],
            bank=bank,
        )


def _payment(receives: bool) -> _Kind:
    def made(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
        bank = document["bank_account"]
        yield from _paid(document, others, bank)
        yield from _came_back(document, others, bank, receives, firm)

    return made


def _came_back(
    document: Document, others: Mapping[str, Document], bank: str, receives: bool, firm: Firm
) -> _Made:
    """The two lines on the bank of a payment that came back on another day than it was made.

    Both are on the statement: the money of the first day, and the same money back. Together they
    stand for the payment, which is taken back.
    """
    original = others.get(document.get("reversal_of") or "")
    if original is None or original["date"] == document["date"]:
        return
    for day, is_receipt in ((original["date"], receives), (document["date"], not receives)):
        yield Claim(
            document["id"],
            ("bank", document["id"]),
            abs(Decimal(document["amount"])),
            day,
            party=_party(document, "participant", firm),
            bank=bank,
            is_receipt=is_receipt,
        )


def _allocation(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    credit = others.get(document["credit_note_id"])
    for part in document["allocations"]:
        target = others.get(part["document_id"])
        if target is not None and credit is not None:
            side = "sale" if target["kind"] == "client_bill" else "bill"
            yield Claim(
                document["id"],
                ("allocation", side, str(credit["number"]), str(target["number"])),
                Decimal(part["amount"]),
                "",
            )


def _bank(
    amount: Decimal, document: Document, bank: str, receives: bool, party: str | None
) -> Claim:
    return Claim(
        document["id"],
        ("bank", document["id"]),
        abs(amount),
        document["date"],
        party=party,
        bank=document[bank],
        is_receipt=receives is (amount > 0),
    )


def _cash(receives: bool) -> _Kind:
    def made(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
        amount = Decimal(document["totals"]["gross"])
        party = _party(document, "participant", firm)
        yield _bank(amount, document, "bank_account", receives, party)

    return made


def _trust(receives: bool, who: str = "participant") -> _Kind:
    def made(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
        party = _party(document, who, firm)
        yield _bank(Decimal(document["amount"]), document, "bank_account", receives, party)

    return made


def _interest(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    goes_out = document.get("direction") in ("paid_over", "charge")
    yield from _trust(not goes_out)(document, others, firm)


def _statutory(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    yield from _trust(document["direction"] == "withdrawal")(document, others, firm)


def _advance(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    is_recovery = document["direction"] == "recovery"
    party, amount = _party(document, "participant", firm), Decimal(document["amount"])
    yield _bank(amount, document, "office_bank_account", is_recovery, party)
    yield _bank(amount, document, "bank_account", not is_recovery, party)


def _trust_paid(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    if document.get("transfer") != "immediate":
        yield from _paid(document, others, None)
        return
    yield from _paid(document, others, document["to_bank_account"])
    party = _party(document, "participant", firm)
    yield _bank(Decimal(document["amount"]), document, "bank_account", False, party)
    yield from _came_back(document, others, document["to_bank_account"], True, firm)


def _transfer(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    amount = Decimal(document["amount"])
    bank = "from_bank_account" if amount > 0 else "to_bank_account"
    yield Claim(
        document["id"],
        ("transfer", document["id"]),
        abs(amount),
        document["date"],
        bank=document[bank],
    )
    # Money on an office bank is of no matter, whatever the document says.
    ends = [
        document.get(f"{end}_matter")
        if document[f"{end}_bank_account"] in firm.trust_banks
        else None
        for end in ("from", "to")
    ]
    if ends[0] != ends[1]:
        yield from _journal(document, others, firm)


def _journal(document: Document, others: Mapping[str, Document], firm: Firm) -> _Made:
    amount = abs(Decimal(document["amount"]))
    yield Claim(document["id"], ("journal", document["id"]), amount, document["date"])


def _party(document: Document, who: str, firm: Firm) -> str | None:
    person = document.get(who)
    return str(person["id"]) if person else firm.nobody


_KINDS: Mapping[str, _Kind] = {
    "client_bill": _trade("sale"),
    "supplier_invoice": _trade("bill"),
    "client_credit_note": _trade("sales credit"),
    "supplier_credit_note": _trade("supplier credit"),
    "client_payment": _payment(True),
    "supplier_payment": _payment(False),
    "client_credit_note_allocation": _allocation,
    "supplier_credit_allocation": _allocation,
    "bank_deposit": _cash(True),
    "bank_withdrawal": _cash(False),
    "trust_receipt": _trust(True),
    "trust_interest": _interest,
    "trust_payment": _trust(False, "payee"),
    "trust_statutory_deposit": _statutory,
    "trust_advance": _advance,
    "trust_invoice_payment": _trust_paid,
    "trust_transfer": _transfer,
    "trust_journal": _journal,
}
