"""Checks a body before it can leave: its schema, and what a schema cannot say.

Amounts are compared in whole cents: the parser gives doubles, which are exact to the cent far
beyond the largest amount that Xero takes (9,999,999,999.99).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from pm2xero.errors import Finding, Position, RenderError
from pm2xero.firm.catalogue import body_faults
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.pack.model import RequestSpec
from pm2xero.render.request import Request
from pm2xero.xero.contracts import faults, validator

Semantic = Callable[[Mapping[str, Any], "BodyChecker"], "list[str]"]


class BodyChecker:
    """Checks bodies against `schema/xero/` and the firm's own accounts and tax rates."""

    def __init__(self, xero: XeroSnapshot) -> None:
        self.accounts = xero.accounts
        self.rates = xero.tax_rates
        self._xero = xero
        self._suits: dict[tuple[str, str | None], str | None] = {}
        self._validators: dict[str, Callable[[Any], bool]] = {}

    def check(
        self, request: Request, spec: RequestSpec, place_of: Callable[[bytes, int], Position]
    ) -> None:
        """Check one rendered request.

        Args:
            place_of: where in the template a place of the body comes from.

        Raises:
            RenderError: PR602 when the body is not JSON, PR603 with all faults otherwise.
        """
        try:
            body = orjson.loads(request.element)
        except orjson.JSONDecodeError as exc:
            raise self._no_json(request, spec, exc, place_of) from None
        name = request.contract.name
        valid = self._validators.get(name)
        if valid is None:
            valid = self._validators[name] = validator(name).is_valid
        if not valid(body):
            raise self._error("PR603", request, spec, faults(name, body))
        if spec.status == "AUTHORISED" and body.get("Status") in ("DRAFT", "SUBMITTED"):
            found = [f"Status: the mapping does not say that it is sent as {body['Status']}"]
            raise self._error("PR603", request, spec, found)
        semantic = _SEMANTICS.get(name)
        if semantic is not None and (found := semantic(body, self)):
            raise self._error("PR603", request, spec, found)

    def line_faults(self, lines: list[Mapping[str, Any]]) -> list[str]:
        """Lines on accounts that are not there, not active, or that the tax type does not suit."""
        found = []
        suits = self._suits
        for index, line in enumerate(lines):
            key = (line["AccountCode"], line.get("TaxType"))
            if key not in suits:
                suits[key] = self._pair_fault(*key)
            fault = suits[key]
            if fault is not None:
                found.append(f"LineItems[{index}]: {fault}")
            if "Tracking" in line or "ItemCode" in line:
                found += [f"LineItems[{index}]: {f}" for f in body_faults(self._xero, line)]
        return found

    def _pair_fault(self, code: str, tax_type: str | None) -> str | None:
        account = self.accounts.get(code)
        if account is None:
            return f'Xero has no account with the code "{code}"'
        if account.status != "ACTIVE":
            return f'the Xero account "{code}" is {account.status.lower()}'
        if not account.takes_lines:
            return f'the Xero account "{code}" takes no lines (a bank or control account)'
        if tax_type is None:
            return None
        rate = self.rates.get(tax_type)
        if rate is None:
            return f'Xero has no tax type "{tax_type}"'
        if account.account_class not in rate.classes:
            return f'the tax type "{tax_type}" cannot be used with account "{code}"'
        return None

    @staticmethod
    def _no_json(
        request: Request, spec: RequestSpec, exc: orjson.JSONDecodeError,
        place_of: Callable[[bytes, int], Position],
    ) -> RenderError:  # fmt: skip
        body = request.element.encode() if isinstance(request.element, str) else request.element
        near = body[max(0, exc.pos - 30) : exc.pos + 1].decode("utf-8", "replace")
        return RenderError(
            Finding(
                "PR602",
                f"{request.id}: the body that {spec.template} makes is no JSON: {exc.msg}",
                place_of(body, exc.pos),
                should_be=f"the body up to there: …{' '.join(near.split())}",
                related=((spec.value_at.get("template", spec.at), "used by this request"),),
            )
        )

    @staticmethod
    def _error(
        code: str, request: Request, spec: RequestSpec, faults: list[str]
    ) -> RenderError:  # fmt: skip
        at = spec.value_at.get("template", spec.at)
        return RenderError(
            *(Finding(code, f"{request.id}: {f}", at, width=len(spec.template)) for f in faults)
        )


def cents(amount: float) -> int:
    """An amount in whole cents; see the module's words on why this is exact."""
    return round(amount * 100)


def _document(body: Mapping[str, Any], checker: BodyChecker) -> list[str]:
    """An invoice or a credit note; it may come to nothing, but not to less."""
    found, total = checker.line_faults(body["LineItems"]), _total(body)
    if total < 0:
        found.append(f"the total of {total / 100:.2f} is below zero")
    return found


def _bank_entry(body: Mapping[str, Any], checker: BodyChecker) -> list[str]:
    found, total = checker.line_faults(body["LineItems"]), _total(body)
    if total <= 0:
        found.append(f"the total of {total / 100:.2f} is not above zero")
    return found


def _total(body: Mapping[str, Any]) -> int:
    """The total of a document in whole cents."""
    lines = body["LineItems"]
    return sum(cents(line["LineAmount"]) + cents(line.get("TaxAmount", 0)) for line in lines)


def _journal(body: Mapping[str, Any], checker: BodyChecker) -> list[str]:
    lines = body["JournalLines"]
    found = checker.line_faults(lines)
    total = sum(cents(line["LineAmount"]) for line in lines)
    if total:
        found.append(f"debits and credits differ by {total / 100:.2f}")
    return found


def _batch(body: Mapping[str, Any], checker: BodyChecker) -> list[str]:
    ids = [p["Invoice"].get("InvoiceID") for p in body["Payments"]]
    return ["a document is paid twice"] if len(set(ids)) != len(ids) else []


def _transfer(body: Mapping[str, Any], checker: BodyChecker) -> list[str]:
    same = body["FromBankAccount"] == body["ToBankAccount"]
    return ["both bank accounts are the same"] if same else []


_SEMANTICS: dict[str, Semantic] = {
    "put.Invoices": _document,
    "put.CreditNotes": _document,
    "put.BankTransactions": _bank_entry,
    "put.ManualJournals": _journal,
    "put.BatchPayments": _batch,
    "put.BankTransfers": _transfer,
}
