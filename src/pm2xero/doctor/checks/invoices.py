"""What is taken of invoices, and what becomes of their numbers."""

from __future__ import annotations

from decimal import Decimal

from pm2xero.doctor.checks.check import Told, check, refused, taken
from pm2xero.doctor.checks.shown import by_number
from pm2xero.doctor.trial import NotTold, Trial, said


@check
def keeps_valid_elements(trial: Trial) -> Told:
    good, bad = trial.invoice(), trial.invoice(LineItems=[trial.line(AccountCode="NO-SUCH")])
    answer = trial.write("PUT", "/Invoices", {"Invoices": [good, bad]})
    if answer.status != 400:
        raise NotTold(f"a call with a bad element was answered {answer.status}")
    there = by_number(trial, good["InvoiceNumber"])
    return Told(bool(there), "the good one is there" if there else "neither is there")


@check
def locks_the_lock_date(trial: Trial) -> Told:
    from pm2xero.xero.natural_key import as_date

    names = ("PeriodLockDate", "EndOfYearLockDate")
    days = [d for name in names if (d := as_date(str(trial.organisation.get(name) or "")))]
    if not days:
        raise NotTold("the organisation has no lock date; set one in Xero and run it again")
    day = max(days).isoformat()
    return refused(
        trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice(Date=day, DueDate=day)]})
    )


@check
def refuses_lines_on_debtors(trial: Trial) -> Told:
    account = trial.account(system="DEBTORS")
    line = {**trial.line(), "AccountID": account["AccountID"]}
    line.pop("AccountCode")
    return refused(trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice(LineItems=[line])]}))


@check
def refuses_lines_on_banks(trial: Trial) -> Told:
    line = {**trial.line(), "AccountID": trial.account(type="BANK")["AccountID"]}
    line.pop("AccountCode")
    return refused(trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice(LineItems=[line])]}))


@check
def takes_invoices_of_zero(trial: Trial) -> Told:
    answer = trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice("0.00")]})
    if answer.status != 200:
        return Told(False, said(answer))
    status = (answer.json or {})["Invoices"][0]["Status"]
    return Told(status == "PAID", f"accepted as {status}")


@check
def refuses_negative_invoices(trial: Trial) -> Told:
    return refused(trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice("-1.00")]}))


@check
def frees_numbers_of_deleted_drafts(trial: Trial) -> Told:
    draft = trial.invoice(Status="DRAFT")
    made = trial.create("Invoices", draft)
    trial.write("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "DELETED"})
    return taken(trial.write("PUT", "/Invoices", {"Invoices": [draft]}))


@check
def keeps_numbers_of_voided_invoices(trial: Trial) -> Told:
    sent = trial.invoice()
    made = trial.create("Invoices", sent)
    trial.write("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    return refused(trial.write("PUT", "/Invoices", {"Invoices": [sent]}))


@check
def takes_one_for_no_quantity(trial: Trial) -> Told:
    line = trial.line("7.00")
    line.pop("Quantity")
    made = trial.create("Invoices", trial.invoice(Status="DRAFT", LineItems=[line]))
    total = Decimal(str(made["Total"]))
    return Told(total == Decimal("7.00"), f"the total is {total}")


@check
def shows_at_once(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    there = by_number(trial, str(made["InvoiceNumber"]))
    return Told(len(there) == 1, f"{len(there)} found straight after it was made")
