"""How contacts are found."""

from __future__ import annotations

import uuid

from pm2xero.doctor.checks.check import Told, check
from pm2xero.doctor.trial import Trial


@check
def finds_contacts_by_number_alone(trial: Trial) -> Told:
    trial.contact  # noqa: B018  # so that one has the name
    answer = trial.get(f"/Contacts/Doctor%20{trial.mark}")
    return Told(answer.status == 404, f"HTTP {answer.status} to a name")


@check
def finds_contacts_by_ids_and_numbers(trial: Trial) -> Told:
    id = trial.contact["ContactID"]
    nobody = trial.name()
    filters = (
        f'ContactID==guid("{uuid.uuid4()}") OR ContactNumber=="{trial.mark}"',
        f'ContactID==guid("{id}") OR ContactNumber=="{nobody}"',
    )
    shown = []
    for wanted in filters:
        query = {"where": wanted, "includeArchived": "true", "page": "1"}
        found = (trial.get("/Contacts", query).json or {}).get("Contacts") or ()
        shown.append([contact.get("ContactID") for contact in found])
    told = f"{len(shown[0])} by the number, {len(shown[1])} by the id"
    return Told(shown == [[id], [id]], told)
