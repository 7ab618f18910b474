"""What several checks send and look up."""

from __future__ import annotations

from collections.abc import Mapping

from pm2xero.doctor.trial import Trial
from pm2xero.xero.client import Response


def by_number(trial: Trial, number: str) -> list[Mapping[str, object]]:
    """The invoices that a number finds."""
    answer = trial.get("/Invoices", {"InvoiceNumbers": number, "page": "1"})
    return list((answer.json or {}).get("Invoices") or ())


def payment_of(trial: Trial, invoice: object, amount: str) -> dict[str, object]:
    """A payment of an invoice from a bank account, as it is sent."""
    bank = trial.account(type="BANK")
    return {"Invoice": {"InvoiceID": invoice}, "Account": {"AccountID": bank["AccountID"]},
            "Date": trial.day.isoformat(), "Amount": amount, "Reference": trial.mark}  # fmt: skip


def count(answer: Response) -> int:
    """How many invoices a list says that it has."""
    said_of = (answer.json or {}).get("pagination") or {}
    return int(said_of.get("itemCount") or len((answer.json or {}).get("Invoices") or ()))
