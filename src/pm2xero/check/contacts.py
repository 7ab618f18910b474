"""Contacts in use that were merged or archived in Xero since the last push."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pm2xero.firm.changes import Change, ChangeKind
from pm2xero.xero.answers import is_id


def contact_changes(
    known: Mapping[str, tuple[str, str]], there: Iterable[Mapping[str, Any]]
) -> Iterator[Change]:
    """What happened to contacts.

    Args:
        known: ContactID and name by number, as they were sent last.
        there: contacts of Xero, archived ones among them.
    """
    by_id = {str(c["ContactID"]).lower(): c for c in there}
    for number, (xero_id, name) in known.items():
        found = by_id.get(xero_id.lower())
        if found is None or found.get("ContactStatus", "ACTIVE") == "ACTIVE":
            continue
        into = found.get("MergedToContactID")
        if is_id(into):
            other = by_id.get(str(into).lower(), {}).get("Name", into)
            text = f"the contact {name} ({number}) was merged into {other}"
            yield Change(ChangeKind.CONTACT_MERGED, text)
        else:
            text = f"the contact {name} ({number}) is archived"
            yield Change(ChangeKind.CONTACT_ARCHIVED, text)
