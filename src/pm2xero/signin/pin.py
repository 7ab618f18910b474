"""Guards which organisation a firm may be connected to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pm2xero.errors import Finding, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.signin.grant import Pin


def check_pin(pin: Pin | None, firm: Organisation) -> None:
    """Make sure that the firm's file still names the organisation that it was connected to.

    An organisation cannot be replaced by another one later (limitations of the integration): what
    was sent stands in the first, and every look-up would search the wrong books.

    Raises:
        UsageError: PU955.
    """
    if pin is None or _same(pin.organisation_id, firm.xero_organisation_id):
        return
    raise UsageError(
        Finding(
            "PU955",
            f'{firm.id} was connected to "{pin.name}" ({pin.organisation_id}) on '
            f"{pin.pinned:%Y-%m-%d}, and {firm.file} names {firm.xero_organisation_id} now",
            hint="another organisation is another firm, with an id and an outbox of its own",
            should_be=f"organisation_id: {pin.organisation_id}",
        )
    )


def check_organisation(
    found: Mapping[str, Any], firm: Organisation, rehearsal_classes: frozenset[str]
) -> None:
    """Make sure that an organisation of Xero is the firm's own, and no trial one by mistake.

    Raises:
        UsageError: PU915, it is another one; PU952, it is for rehearsals only.
    """
    id_, name = str(found.get("OrganisationID", "")), str(found.get("Name", ""))
    if not _same(id_, firm.xero_organisation_id):
        raise UsageError(
            Finding(
                "PU915",
                f'the connected Xero organisation is "{name}" ({id_}), and {firm.file} is pinned '
                f"to {firm.xero_organisation_id}; nothing was kept",
                hint="run `pm2xero connect` again and choose the firm's own organisation",
            )
        )
    said = str(found.get("Class", ""))
    if firm.sandbox or not (said in rehearsal_classes or found.get("IsDemoCompany") is True):
        return
    shown = said if said in rehearsal_classes else "demo company"
    raise UsageError(
        Finding(
            "PU952",
            f'"{name}" is an organisation for rehearsals ({shown}), which cannot be replaced '
            "later; nothing was kept",
            hint=f"for a rehearsal {firm.file} says `sandbox: true`",
        )
    )


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
