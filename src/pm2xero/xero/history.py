"""Who changed a document: its history in Xero (GET /{Endpoint}/{id}/History).

Xero's page on history and notes: records have Changes, DateUTC, User and Details; User is "System
Generated" where the API made the change.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pm2xero.xero.answers import Read, plain
from pm2xero.xero.moments import as_moment

_BY_API = "system generated"
_LONGEST_NAME = 80
_NEVER = datetime.min.replace(tzinfo=UTC)


def last_change(read: Read, endpoint: str, xero_id: str) -> str | None:
    """The person who changed a document last; None where Xero names nobody, or does not say."""
    answer = read(f"/{endpoint}/{xero_id}/History", {})
    records = (answer.json or {}).get("HistoryRecords") if answer.status == 200 else None
    if not isinstance(records, list):
        return None
    by = [
        (as_moment(record.get("DateUTC")) or _NEVER, plain(str(record["User"]), _LONGEST_NAME))
        for record in records
        if isinstance(record, dict) and record.get("User")
    ]
    if not by:
        return None
    _, name = max(by, key=lambda entry: entry[0])
    return name if name.casefold() != _BY_API else None
