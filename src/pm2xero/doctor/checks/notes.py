"""What becomes of notes in the history of a document."""

from __future__ import annotations

from pm2xero.doctor.checks.check import Told, check, refused
from pm2xero.doctor.trial import NotTold, Trial


@check
def refuses_long_notes(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    path = f"/Invoices/{made['InvoiceID']}/History"
    note = {"HistoryRecords": [{"Details": "x" * 251}]}
    return refused(trial.write("PUT", path, note))


@check
def shows_every_note(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    path = f"/Invoices/{made['InvoiceID']}/History"
    words = [f"{trial.mark}: {number} of 2, paid “so” & by hand" for number in (1, 2)]
    for text in words:
        if trial.write("PUT", path, {"HistoryRecords": [{"Details": text}]}).status != 200:
            raise NotTold("a note could not be added")
    records = (trial.get(path, {}).json or {}).get("HistoryRecords") or ()
    shown = [record.get("Details") for record in records if isinstance(record, dict)]
    missing = [text for text in words if text not in shown]
    return Told(not missing, "both are there" if not missing else f"{len(missing)} of 2 missing")
