"""A snapshot that lacks what comparisons go by

Accounts are compared by their AccountID, since codes and names change in Xero, and the class of the
organisation says whether it is a trial one. A snapshot that was put together by hand may lack
them: then an account that gets another code makes every older document differ, and documents for a
trial organisation are not refused; and tracking categories and items that mappings name cannot be
checked. Looked at only when a firm is named with --org.

FAIL
    { "Accounts": [{ "Code": "200", "Name": "Sales", … }] }      # no AccountID

PASS
    pm2xero snapshot --org organisation.yaml                     # Xero's own answers
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.validate.subject import Subject

CODE = "PX516"
_SHOWN = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Accounts without an AccountID, and an organisation without a class."""
    firm = subject.firm
    if firm is None:
        return
    at = Position(str(firm.snapshot_file))
    nameless = [
        str(raw.get("Code") or raw.get("Name") or "?")
        for raw in firm.xero.raw["Accounts"]
        if not raw.get("AccountID")
    ]
    lacking = []
    if nameless:
        listed = ", ".join(nameless[:_SHOWN]) + (" …" if len(nameless) > _SHOWN else "")
        lacking.append(f"the AccountID of {len(nameless)} of its accounts ({listed})")
    if not firm.xero.organisation_class:
        lacking.append("the Class of the organisation")
    lines = [line for specs in subject.pack.requests.values() for s in specs for line in s.lines]
    if firm.xero.tracking is None and any(line.tracking for line in lines):
        lacking.append("the TrackingCategories that mappings name")
    if firm.xero.items is None and any(line.item is not None for line in lines):
        lacking.append("the Items that mappings name")
    for what in lacking:
        yield Finding(
            CODE,
            f"the snapshot of Xero lacks {what}",
            at,
            should_be=f"Xero's own answers: `pm2xero snapshot --org {firm.file}`",
            severity="warning",
        )
