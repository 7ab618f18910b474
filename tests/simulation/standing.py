"""What stands in the ledger of an emulated Xero, in the words of the judge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.sandbox import Sandbox
from tests.simulation.claims import Key

_STANDS = ("AUTHORISED", "PAID", "POSTED")
_SIDES = {
    "ACCREC": "sale",
    "ACCPAY": "bill",
    "ACCRECCREDIT": "sales credit",
    "ACCPAYCREDIT": "supplier credit",
}
_WORD = re.compile(r"[^\s,;:()]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that stands in Xero; its fields are those of a claim.

    Attributes:
        key: None when nothing tells what it is of.
        bank: AccountID.
        is_typed: a person typed it in.
    """

    id: str
    key: Key | None
    amount: Decimal
    day: str
    party: str | None = None
    bank: str | None = None
    is_receipt: bool | None = None
    is_typed: bool = False


def entries(
    sandbox: Sandbox, known: Iterable[Key], ids: Iterable[str], typed: Mapping[str, str]
) -> list[Entry]:
    """Everything that stands.

    Args:
        known: keys of documents; a number of Xero that begins with one, and a sign, is that one.
        ids: of documents of Practice Management.
        typed: ids of Xero that a person typed in, with the documents that they are of.
    """
    reader = _Reader(sandbox, list(known), frozenset(ids), typed)
    return [*reader.trade(), *reader.payments(), *reader.money(), *reader.journals()]


class _Reader:
    def __init__(
        self, sandbox: Sandbox, known: Sequence[Key], ids: frozenset[str], typed: Mapping[str, str]
    ) -> None:
        self._sandbox = sandbox
        self._numbers = {key[:2] for key in known if key[0] in _SIDES.values()}
        self._ids = ids
        self._typed = typed
        self._called: dict[str, Key] = {}

    def trade(self) -> Iterator[Entry]:
        """Invoices, bills, credit notes and their allocations."""
        for endpoint, name in (("Invoices", "Invoice"), ("CreditNotes", "CreditNote")):
            for found in self._sandbox.documents(endpoint):
                id = str(found[f"{name}ID"])
                key = self._number(_SIDES[found["Type"]], str(found.get(f"{name}Number") or ""))
                self._called[id] = key
                if found["Status"] in _STANDS:
                    yield self._entry(id, key, found, found["Total"])
        for credit in self._sandbox.documents("CreditNotes"):
            for used in credit["Allocations"]:
                source = self._called[str(credit["CreditNoteID"])]
                side, number = self._called[str(used["Invoice"]["InvoiceID"])]
                key = ("allocation", side, source[1], number)
                yield Entry(str(used["AllocationID"]), key, used["Amount"], "")

    def payments(self) -> Iterator[Entry]:
        """Payments, by what they pay."""
        for found in self._sandbox.documents("Payments"):
            if found["Status"] in _STANDS and "Invoice" in found:
                key = ("payment", *self._called[str(found["Invoice"]["InvoiceID"])])
                yield Entry(
                    str(found["PaymentID"]),
                    key,
                    found["Amount"],
                    found["Date"].isoformat(),
                    bank=str(found["Account"]["AccountID"]),
                    is_typed=str(found["PaymentID"]) in self._typed,
                )

    def money(self) -> Iterator[Entry]:
        """Money spent, received and transferred, by the id in its reference."""
        for found in self._sandbox.documents("BankTransactions"):
            if found["Status"] in _STANDS and found["Type"] in ("RECEIVE", "SPEND"):
                id = str(found["BankTransactionID"])
                yield self._entry(
                    id,
                    self._of("bank", self._typed.get(id) or str(found.get("Reference") or "")),
                    found,
                    found["Total"],
                    bank=str(found["BankAccount"]["AccountID"]),
                    is_receipt=found["Type"] == "RECEIVE",
                )
        for found in self._sandbox.documents("BankTransfers"):
            if found["Status"] in _STANDS:
                yield self._entry(
                    str(found["BankTransferID"]),
                    self._of("transfer", str(found.get("Reference") or "")),
                    found,
                    found["Amount"],
                    bank=str(found["FromBankAccount"]["AccountID"]),
                )

    def journals(self) -> Iterator[Entry]:
        """Posted journals, by the id in their narration."""
        for found in self._sandbox.documents("ManualJournals"):
            if found["Status"] in _STANDS:
                amounts = [Decimal(line["LineAmount"]) for line in found["JournalLines"]]
                total = sum((amount for amount in amounts if amount > 0), Decimal(0))
                key = self._of("journal", str(found["Narration"]))
                yield self._entry(str(found["ManualJournalID"]), key, found, total)

    def _entry(
        self, id: str, key: Key | None, found: Mapping[str, Any], amount: Decimal, **more: Any
    ) -> Entry:
        contact = found.get("Contact") or {}
        party = contact.get("ContactNumber") or contact.get("ContactID")
        return Entry(
            id, key, amount, found["Date"].isoformat(), party, is_typed=id in self._typed, **more
        )

    def _number(self, side: str, number: str) -> Key:
        """The number of Practice Management that one of Xero is, with or without a suffix."""
        if (side, number) in self._numbers:
            return side, number
        begun = [
            known
            for what, known in self._numbers
            if what == side and number.startswith(known) and not number[len(known)].isalnum()
        ]
        return side, max(begun, key=len, default=number)

    def _of(self, what: str, text: str) -> Key | None:
        """The document that a text names as a word of its own."""
        named = [word for word in _WORD.findall(text) if word in self._ids]
        return (what, named[0]) if named else None
