"""What is taken of credit notes and their allocations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pm2xero.doctor.checks.check import Told, check, refused
from pm2xero.doctor.trial import NotTold, Trial, said
from pm2xero.xero.client import Response


@check
def allocates_lists(trial: Trial) -> Told:
    credit = _credit(trial)
    invoices = [trial.create("Invoices", trial.invoice("5.00"))["InvoiceID"] for _ in range(2)]
    wanted = [
        {"Amount": "5.00", "Date": trial.day.isoformat(), "Invoice": {"InvoiceID": id}}
        for id in invoices
    ]
    answer = _allocate(trial, credit, wanted)
    if answer.status != 200:
        return Told(False, said(answer))
    made = trial.one("CreditNotes", credit)["Allocations"]
    return Told(len(made) == 2, f"{len(made)} of 2 were made")


def _credit(trial: Trial) -> str:
    made = trial.create("CreditNotes", {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": trial.contact,
        "CreditNoteNumber": trial.name(), "Reference": trial.mark, "Date": trial.day.isoformat(),
        "LineAmountTypes": "NoTax", "LineItems": [trial.line("10.00")],
    })  # fmt: skip
    return str(made["CreditNoteID"])


def _allocate(trial: Trial, credit: str, wanted: Sequence[Mapping[str, object]]) -> Response:
    path = f"/CreditNotes/{credit}/Allocations"

    def take_back() -> None:
        for use in trial.one("CreditNotes", credit).get("Allocations") or ():
            trial.write("DELETE", f"{path}/{use['AllocationID']}", None)

    trial.undo.append(take_back)
    return trial.write("PUT", path, {"Allocations": wanted})


@check
def refuses_to_void_used_credits(trial: Trial) -> Told:
    credit = _credit(trial)
    paid = trial.create("Invoices", trial.invoice("5.00"))["InvoiceID"]
    use = {"Amount": "5.00", "Date": trial.day.isoformat(), "Invoice": {"InvoiceID": paid}}
    if _allocate(trial, credit, [use]).status != 200:
        raise NotTold("the credit note could not be allocated")
    return refused(trial.write("POST", f"/CreditNotes/{credit}", {"Status": "VOIDED"}))
