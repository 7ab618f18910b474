"""What a look-up that ends nothing says to a person."""

from __future__ import annotations

from pm2xero.send.conclusions import Seen
from pm2xero.send.lookup import Sighting
from pm2xero.send.parcel import Said

_SEVERAL = "More than one document in Xero could be this one ({rivals}); a person must choose"
_DIFFERS = (
    "A document in Xero ({rivals}) bears its id or number and differs, or is the same without its "
    "id; a person must say whether it is this one (resolve) or not (resend)"
)
_UNSEEN = "Nobody can say whether this was done in Xero; a person must look"
_TAKEN_BACK = (
    "It is in Xero already, but somebody voided or deleted it there ({gone}); resend it to have it "
    "there again, or skip it"
)
_DRAFT = "It is a draft in Xero ({id}): approve it there, or delete it; the next push looks again"


def said_of(sighting: Sighting) -> Said:
    """Why the outcome stays unknown after a look."""
    rivals = ", ".join(sighting.rivals)
    if sighting.seen is Seen.DRAFT:
        return draft(sighting.xero_id)
    if sighting.seen is Seen.RIVALS:
        text = _SEVERAL if len(sighting.rivals) > 1 else _DIFFERS
        return Said("several", text.format(rivals=rivals))
    if sighting.seen is Seen.UNPROVEN:
        return Said("unproven", f"Nobody can say whether this was done: {sighting.why}")
    return Said("unseen", _UNSEEN)


def draft(xero_id: str | None) -> Said:
    """It is there, and not in the ledger."""
    return Said("draft", _DRAFT.format(id=xero_id))


def taken_back(sighting: Sighting) -> Said:
    """It was there, and somebody took it back."""
    return Said("taken_back", _TAKEN_BACK.format(gone=", ".join(sighting.gone)))
