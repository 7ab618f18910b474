"""The means of a check on a live organisation: calls, things to try with, and a way back.

Everything that a check makes bears the mark of the run and is taken back when the run ends. What a
call of unknown outcome may have made is found again by the mark.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

import msgspec

from pm2xero.errors import Finding, UsageError
from pm2xero.send.caller import Caller
from pm2xero.xero.answers import id_name_of
from pm2xero.xero.client import CallError, Response

Object = Mapping[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
# How what stands is taken back, by endpoint; a draft is deleted everywhere.
_BACK = {
    "Invoices": "VOIDED", "CreditNotes": "VOIDED", "ManualJournals": "VOIDED",
    "BankTransactions": "DELETED", "Payments": "DELETED", "BatchPayments": "DELETED",
}  # fmt: skip
_GONE = frozenset(("VOIDED", "DELETED", "ARCHIVED"))
# Where the mark of a run stands, and in which order what bears it is taken back.
_MARKED = {"Payments": "Reference", "BankTransactions": "Reference", "ManualJournals": "Narration",
           "CreditNotes": "Reference", "Invoices": "Reference", "Contacts": "Name"}  # fmt: skip


class NotTold(Exception):
    """The check cannot be made here; the text says why."""


@dataclass(slots=True)
class Trial:
    """One run of checks.

    Args:
        day: today in the organisation.
        mark: what everything of this run bears.
    """

    caller: Caller
    organisation: Object
    day: date
    mark: str
    made: list[tuple[str, str]] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    count: int = 0
    _kept: dict[str, Any] = field(default_factory=dict)

    # --- calls ---

    def get(
        self, path: str, query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """A GET, and whatever it is answered with, but for faults."""
        if headers:
            return self.caller.read(path, query or {}, headers)
        return self.caller.look(path, query or {})

    def write(
        self, method: str, path: str, body: object, *, key: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Response:  # fmt: skip
        """A PUT, POST or DELETE; what it makes is remembered."""
        text = _ENCODER.encode(body) if body is not None else b""
        sent_key = None if method == "DELETE" else key or uuid.uuid4().hex
        answer = self.caller.write(method, path, query or {}, sent_key, text)
        endpoint = path.strip("/").split("/")[0]
        if answer.status == 200 and method == "PUT" and "/" not in path.strip("/"):
            name = id_name_of(endpoint)
            for item in (answer.json or {}).get(endpoint) or ():
                if not item.get("HasErrors") and item.get("StatusAttributeString") != "ERROR":
                    self.made.append((endpoint, str(item[name])))
        return answer

    def create(self, endpoint: str, element: Object) -> Object:
        """What a PUT of one element made.

        Raises:
            NotTold: Xero refuses it.
        """
        answer = self.write("PUT", f"/{endpoint}", {endpoint: [element]})
        if answer.status != 200:
            raise NotTold(f"Xero refuses what the check needs: {said(answer)}")
        found: Object = (answer.json or {})[endpoint][0]
        return found

    def one(self, endpoint: str, id: str) -> Object:
        """An object as Xero shows it now."""
        items = (self.get(f"/{endpoint}/{id}").json or {}).get(endpoint) or ()
        if not items:
            raise NotTold(f"Xero does not show what the check made in {endpoint}")
        found: Object = items[0]
        return found

    # --- things to try with ---

    def name(self) -> str:
        """A number that is used once."""
        self.count += 1
        return f"{self.mark}-{self.count}"

    @property
    def accounts(self) -> Sequence[Object]:
        """The active accounts."""
        if "accounts" not in self._kept:
            found = (self.get("/Accounts").json or {}).get("Accounts") or ()
            self._kept["accounts"] = [a for a in found if a.get("Status") == "ACTIVE"]
        accounts: Sequence[Object] = self._kept["accounts"]
        return accounts

    def account(self, *, type: str = "", system: str = "") -> Object:
        """The first account of a type, or the one that Xero keeps itself.

        Raises:
            NotTold: there is none.
        """
        for found in self.accounts:
            kept = str(found.get("SystemAccount") or "")
            if (system and kept == system) or (type and found.get("Type") == type and not kept):
                return found
        raise NotTold(f"the organisation has no active account {system or type}")

    @property
    def sales(self) -> str:
        """The code of an account for sales."""
        for type in ("REVENUE", "SALES"):
            for found in self.accounts:
                if found.get("Type") == type and found.get("Code"):
                    return str(found["Code"])
        raise NotTold("the organisation has no active account for sales")

    @property
    def contact(self) -> Mapping[str, str]:
        """A contact of this run."""
        if "contact" not in self._kept:
            named = {"Name": self._contact_name, "ContactNumber": self.mark}
            made = self.create("Contacts", named)
            self._kept["contact"] = {"ContactID": str(made["ContactID"])}
        contact: Mapping[str, str] = self._kept["contact"]
        return contact

    @property
    def _contact_name(self) -> str:
        return f"Doctor {self.mark}"

    def invoice(self, amount: str = "10.00", **changes: Any) -> dict[str, Any]:
        """An approved sales invoice of one line without tax."""
        return {
            "Type": "ACCREC", "Status": "AUTHORISED", "Contact": self.contact,
            "InvoiceNumber": self.name(), "Reference": self.mark, "Date": self.day.isoformat(),
            "DueDate": self.day.isoformat(), "LineAmountTypes": "NoTax",
            "LineItems": [self.line(amount)], **changes,
        }  # fmt: skip

    def line(self, amount: str = "10.00", **changes: Any) -> dict[str, Any]:
        """A line of a document."""
        return {"Description": self.mark, "Quantity": 1, "UnitAmount": amount,
                "AccountCode": self.sales, **changes}  # fmt: skip

    def journal(self, account: Object, **changes: Any) -> dict[str, Any]:
        """A posted journal between an account and sales."""
        other = {"AccountID": account["AccountID"], "LineAmount": "1.00"}
        back = {"AccountCode": self.sales, "LineAmount": "-1.00"}
        return {"Narration": self.mark, "Date": self.day.isoformat(), "Status": "POSTED",
                "LineAmountTypes": "NoTax", "JournalLines": [other, back], **changes}  # fmt: skip

    # --- the way back ---

    def clean_up(self) -> list[str]:
        """Take everything back, the latest first; what is left, in words."""
        for act in reversed(self.undo):
            self._try(act)
        self.undo.clear()
        for endpoint, id in self._marked():
            if (endpoint, id) not in self.made:
                self.made.append((endpoint, id))
        left: list[str] = []
        # What pays and what uses goes before what is paid and used.
        order = ("Payments", "BatchPayments", "BankTransactions", "ManualJournals", "CreditNotes",
                 "Invoices")  # fmt: skip
        for endpoint in order:
            for id in [i for e, i in reversed(self.made) if e == endpoint]:
                left += self._take_back(endpoint, id)
                self._done(endpoint, id)
        for id in [i for e, i in self.made if e == "Contacts"]:
            body = {"Contacts": [{"ContactID": id, "ContactStatus": "ARCHIVED"}]}
            answer = self._try(partial(self.write, "POST", "/Contacts", body))
            if answer is None or answer.status != 200:
                left.append(f"contact {id}")
            self._done("Contacts", id)
        return left

    def _done(self, endpoint: str, id: str) -> None:
        """Forget what was taken back, or told as left: who is stopped names only the rest."""
        self.made = [thing for thing in self.made if thing != (endpoint, id)]

    def _take_back(self, endpoint: str, id: str) -> list[str]:
        found = self._try(lambda: self.one(endpoint, id))
        if found is not None and found.get("Status") in _GONE:
            return []
        is_draft = found is not None and found.get("Status") in ("DRAFT", "SUBMITTED")
        status = "DELETED" if is_draft else _BACK[endpoint]
        for body in ({"Status": status}, {**dict(found or {}), "Status": status}):
            answer = self._try(partial(self.write, "POST", f"/{endpoint}/{id}", body))
            if answer is not None and answer.status == 200:
                return []
        return [f"{endpoint} {id}"]

    def _marked(self) -> list[tuple[str, str]]:
        """What bears the mark of this run, whoever remembers having made it."""
        found: list[tuple[str, str]] = []
        for endpoint, name in _MARKED.items():
            text = self._contact_name if endpoint == "Contacts" else self.mark
            where = {"where": f'{name}=="{text}"', "page": "1"}
            answer = self._try(partial(self.get, f"/{endpoint}", where))
            items = (answer.json or {}).get(endpoint) if answer is not None else ()
            found += [(endpoint, str(item[id_name_of(endpoint)])) for item in items or ()]
        return found

    def _try(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except (CallError, NotTold):
            return None


def said(answer: Response) -> str:
    """What Xero says when it refuses, on one line."""
    from pm2xero.xero.errors import messages_of_answer

    words = "; ".join(messages_of_answer(answer))
    return f"HTTP {answer.status}" + (f", {words}" if words else "")


def is_demo(organisation: Object) -> bool:
    """Whether an organisation is Xero's demo company, by its own word."""
    return organisation.get("IsDemoCompany") is True or organisation.get("Class") == "DEMO"


def require_demo(organisation: Object, *, any_one: bool) -> None:
    """Refuse a real organisation unless somebody says so.

    Raises:
        UsageError: PU960.
    """
    if any_one or is_demo(organisation):
        return
    raise UsageError(
        Finding(
            "PU960",
            f'"{organisation.get("Name")}" is no demo company, and the checks write in it',
            should_be="Xero's demo company (every login has one, and it can be reset)",
            hint="--any-organisation checks in this one, and takes back what it makes",
        )
    )
