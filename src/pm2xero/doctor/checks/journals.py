"""What is taken of manual journals."""

from __future__ import annotations

from pm2xero.doctor.checks.check import Told, check, refused, taken
from pm2xero.doctor.trial import Trial, said


@check
def takes_journals_on_tax(trial: Trial) -> Told:
    journal = trial.journal(trial.account(system="GST"))
    return taken(trial.write("PUT", "/ManualJournals", {"ManualJournals": [journal]}))


@check
def takes_journals_on_rounding(trial: Trial) -> Told:
    journal = trial.journal(trial.account(system="ROUNDING"))
    return taken(trial.write("PUT", "/ManualJournals", {"ManualJournals": [journal]}))


@check
def refuses_edits_of_posted_journals(trial: Trial) -> Told:
    made = trial.create("ManualJournals", trial.journal(trial.account(type="EXPENSE")))
    change = {**trial.journal(trial.account(type="EXPENSE")), "Narration": f"{trial.mark} edited"}
    id = made["ManualJournalID"]
    return refused(trial.write("POST", f"/ManualJournals/{id}", {"ManualJournals": [change]}))


@check
def voids_journals_by_status(trial: Trial) -> Told:
    made = trial.create("ManualJournals", trial.journal(trial.account(type="EXPENSE")))
    path = f"/ManualJournals/{made['ManualJournalID']}"
    return taken(trial.write("POST", path, {"Status": "VOIDED"}))


@check
def names_the_right_for_journals(trial: Trial) -> Told:
    answer = trial.get("/Organisation/Actions")
    names = [str(action.get("Name")) for action in (answer.json or {}).get("Actions") or ()]
    return Told("CreateManualJournal" in names, ", ".join(sorted(names)) or said(answer))
