"""What an Idempotency-Key does."""

from __future__ import annotations

import uuid

from pm2xero.doctor.checks.check import Told, check, refused
from pm2xero.doctor.checks.shown import payment_of
from pm2xero.doctor.trial import NotTold, Trial


@check
def replays_refusals(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice("10.00"))
    payment = payment_of(trial, made["InvoiceID"], "15.00")
    key = uuid.uuid4().hex
    first = trial.write("PUT", "/Payments", {"Payments": [payment]}, key=key)
    if first.status != 400:
        raise NotTold(f"a payment of more than is due was answered {first.status}")
    more = {"InvoiceID": made["InvoiceID"], "LineItems": [trial.line("20.00")]}
    if trial.write("POST", "/Invoices", {"Invoices": [more]}).status != 200:
        raise NotTold("the invoice could not be raised to what is paid")
    again = trial.write("PUT", "/Payments", {"Payments": [payment]}, key=key)
    repeated = again.status == 400
    return Told(repeated, "refused again under the same key" if repeated else "looked at anew")


@check
def refuses_other_use_of_a_key(trial: Trial) -> Told:
    key = uuid.uuid4().hex
    trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice()]}, key=key)
    return refused(trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice()]}, key=key))
