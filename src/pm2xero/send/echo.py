"""What an element of an answer says about the document that was sent."""

from __future__ import annotations

from typing import Any

from pm2xero.send.conclusions import Seen
from pm2xero.send.fill_ids import Ready
from pm2xero.send.lookup import Lookups, element_of
from pm2xero.xero.answers import Element
from pm2xero.xero.natural_key import GONE, is_as_sent, is_gone


def seen_of(member: Ready, result: Element, lookups: Lookups) -> Seen:
    """Refused, taken as it was sent, taken as a draft, or nothing that can be relied on."""
    if result.is_refused:
        return Seen.SAID_NO
    contract = member.contract
    if contract.id_name is None:
        return Seen.TAKEN
    if result.xero_id is None:
        return Seen.NAMELESS
    element = element_of(member)
    if contract.method != "PUT":
        return Seen.TAKEN if _is_change_of(member, element, result) else Seen.NAMELESS
    if not _echoes(member, element, result, lookups):
        return Seen.NAMELESS
    return Seen.TAKEN if is_as_sent(element, result.body) else Seen.DRAFT_MADE


def _is_change_of(member: Ready, element: dict[str, Any], result: Element) -> bool:
    """Whether the answer is about the document that was changed, and shows it taken back."""
    wanted = element.get(str(member.contract.id_name)) or member.path.rsplit("/", 1)[-1]
    if str(result.xero_id).lower() != str(wanted).lower():
        return False
    takes_back = member.contract.method == "DELETE" or element.get("Status") in GONE
    shows = result.body.get("Status") is not None or "IsDeleted" in result.body
    return is_gone(result.body) if takes_back and shows else True


def _echoes(
    member: Ready, element: dict[str, Any], result: Element, lookups: Lookups
) -> bool:  # fmt: skip
    key = lookups.key(member.contract.name)
    if key is None:
        return True
    parts = lookups.parts(member.contract.name)
    sent = element if parts is None else element[parts][0]
    return key.echoes(sent, result.body, member.row.transaction)
