"""What is taken on bank accounts."""

from __future__ import annotations

from pm2xero.doctor.checks.check import Told, check, taken
from pm2xero.doctor.trial import Trial, said


@check
def deletes_bank_entries_by_status(trial: Trial) -> Told:
    made = trial.create("BankTransactions", {
        "Type": "RECEIVE", "Contact": trial.contact, "Reference": trial.mark,
        "Date": trial.day.isoformat(), "LineAmountTypes": "NoTax", "LineItems": [trial.line()],
        "BankAccount": {"AccountID": trial.account(type="BANK")["AccountID"]},
    })  # fmt: skip
    path = f"/BankTransactions/{made['BankTransactionID']}"
    return taken(trial.write("POST", path, {"Status": "DELETED"}))


@check
def keeps_batch_references(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    batch = {
        "Account": {"AccountID": trial.account(type="BANK")["AccountID"]}, "Reference": trial.mark,
        "Date": trial.day.isoformat(),
        "Payments": [{"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": "10.00"}],
    }  # fmt: skip
    answer = trial.write("PUT", "/BatchPayments", {"BatchPayments": [batch]})
    if answer.status != 200:
        return Told(False, said(answer))
    id = (answer.json or {})["BatchPayments"][0]["BatchPaymentID"]
    reference = trial.one("BatchPayments", id).get("Reference")
    return Told(reference == trial.mark, "kept" if reference == trial.mark else "lost")
