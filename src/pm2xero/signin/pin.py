"""Guards which organisation a firm may be connected to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pm2xero.errors import Finding, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.outbox.pinning import OutboxPin
from pm2xero.signin.grant import Pin

# Xero has no such document.
_NOT_THERE = 404
_KINDS = {True: "the real Xero", False: "an emulated Xero"}


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


def check_outbox_pin(pin: OutboxPin | None, firm: Organisation, *, is_real: bool) -> None:
    """Make sure that what an outbox holds was sent to the Xero that this run is for.

    Raises:
        UsageError: PU955, it was another organisation; PU956, it was a rehearsal, or is one now.
    """
    if pin is None:
        return
    if pin.is_real != is_real:
        was, is_now = _KINDS[pin.is_real], _KINDS[is_real]
        raise UsageError(
            Finding(
                "PU956",
                f"the outbox holds what was sent to {was} since {pin.at:%Y-%m-%d}, and this run is "
                f"for {is_now}, which has none of it",
                should_be=f"an outbox of its own for {is_now} (--db FILE), or the other moved away",
            )
        )
    check_outbox_organisation(pin, firm)


def check_outbox_organisation(pin: OutboxPin | None, firm: Organisation) -> None:
    """Make sure that an outbox holds the firm's own documents, whether anything is sent or not.

    Firms that share a database are told apart by their ids alone, and a file that was copied has
    the id of another firm.

    Raises:
        UsageError: PU955.
    """
    if pin is None:
        return
    if not _same(pin.xero_organisation, firm.xero_organisation_id):
        raise UsageError(
            Finding(
                "PU955",
                f"the outbox of {firm.id} holds what was sent to the Xero organisation "
                f"{pin.xero_organisation} since {pin.at:%Y-%m-%d}, and {firm.file} names "
                f"{firm.xero_organisation_id} now",
                hint="another organisation is another firm, with an id and an outbox of its own",
                should_be=f"organisation_id: {pin.xero_organisation}",
            )
        )


def check_emulated(
    sent: Sequence[str], shown: Callable[[str], int | None], since: datetime, place: str
) -> None:
    """Make sure that an emulated Xero is the one that an outbox was pushed to.

    Each has the organisation's own id, so what is in it tells them apart: none ever forgets a
    document that it took.

    Args:
        sent: paths of documents that were confirmed.
        shown: the status of the answer to a path; None when there is none.
        place: of the emulated Xero, in words.

    Raises:
        UsageError: PU956, it has none of them.
    """
    if sent and all(shown(path) == _NOT_THERE for path in sent):
        raise UsageError(
            Finding(
                "PU956",
                f"the outbox holds what was sent to another emulated Xero since {since:%Y-%m-%d}, "
                f"and this run is for {place}, which has none of it",
                should_be="the one that was pushed to (--sandbox FILE, --xero-url URL, or "
                "`pm2xero connect`), or an outbox of its own for this one (--db FILE)",
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
