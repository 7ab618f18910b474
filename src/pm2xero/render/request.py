"""A request to Xero, ready to be sent once the ids it needs are known."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from pm2xero.records import record
from pm2xero.xero.contracts import Contract
from pm2xero.xero.purpose import Purpose, purpose_of


@record
class Request:
    """One call that one transaction makes.

    Attributes:
        id: transaction id and step, such as `AU-0007/invoice`.
        path: below the API's base, such as `/Invoices`; ids of Xero that are not known yet stand
            in it, and in the body, as `<InvoiceID of AU-0007>`.
        element: the body of this one document as JSON text, without its wrapper.
        needs: ids of the requests that must be done first.
        step: the step of the mapping; slot: the place in Xero that it fills when it creates.
        note: what is written into the history of its object, once that stands in Xero.
        target: id of the request whose object it changes or takes back.
    """

    id: str
    transaction: str
    revision: int
    step: str
    contract: Contract
    path: str
    element: str
    key: str
    needs: tuple[str, ...]
    becomes_document: bool
    slot: str | None = None
    target: str | None = None
    note: str | None = None

    @property
    def purpose(self) -> Purpose:
        """Whether it creates, changes or takes back an object of Xero."""
        return purpose_of(self.contract.method, self.element)

    @property
    def method(self) -> str:
        """PUT, POST or DELETE."""
        return self.contract.method

    @property
    def body(self) -> bytes:
        """The body as it is sent when this document goes alone."""
        wrapper = self.contract.wrapper
        if wrapper is None:
            return self.element.encode()
        return f'{{"{wrapper}":[{self.element}]}}'.encode()

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; errors are always asked for per document."""
        return {"summarizeErrors": "false"} if self.contract.summarize else {}

    @property
    def headers(self) -> dict[str, str]:
        """Headers besides the ones of the sign-in."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Idempotency-Key": self.key,
        }

    def as_json(self) -> dict[str, Any]:
        """The request in the order of the documented output; the body keeps its exact digits."""
        shown: dict[str, Any] = {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "body": orjson.Fragment(self.body),
            "needs": list(self.needs),
        }
        if self.note is not None:
            shown["history"] = {"HistoryRecords": [{"Details": self.note}]}
        return shown


def idempotency_key(organisation: str, transaction: str, revision: int, step: str) -> str:
    """The same key for the same request of the same revision, on any machine; 40 characters.

    Xero takes at most 128 (facts of the API; see `schema/xero/`).
    """
    identity = f"{organisation}\x1f{transaction}\x1f{revision}\x1f{step}".encode()
    return hashlib.blake2b(identity, digest_size=20).hexdigest()


def placeholder(id_name: str, transaction: str) -> str:
    """What stands for an id of Xero until it is known."""
    return f"<{id_name} of {transaction}>"
