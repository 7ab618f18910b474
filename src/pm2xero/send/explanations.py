"""What a look-up that ends nothing says to a person."""

from __future__ import annotations

from pm2xero.send.conclusions import Seen
from pm2xero.send.lookup import Sighting
from pm2xero.send.parcel import Said

_SEVERAL = "More than one document in Xero could be this one ({rivals})"
_DIFFERS = "A document in Xero ({rivals}) bears its id or number, and differs"
_ALIKE = "What is in Xero ({rivals}) is the same but for its id or number"
_UNSEEN = "Nobody can say whether this was done in Xero: look for it by its day and its party"
# What ends it: of what goes to Xero, and of what is voided by now and only looked for.
_NAMED = "say which it is (resolve), or correct or void in Xero what is none of it, then push"
_IS_IT = "a person must say whether it is this one (resolve) or not (resend)"
_SOUGHT = (
    "say which it is (resolve), and the next push takes it back or says who must; or that it is "
    "none (skip)"
)
_RESOLVE = "where it is there, say so (resolve)"
_TAKEN_BACK = (
    "It is in Xero already, but somebody voided or deleted it there ({gone}); resend it to have it "
    "there again, or skip it"
)
_DRAFT = "It is a draft in Xero ({id}): approve it there, or delete it; the next push looks again"


def said_of(sighting: Sighting, *, only_looked_for: bool = False) -> Said:
    """Why the outcome stays unknown after a look, and what ends that.

    Args:
        only_looked_for: it is never sent, as its document is voided by now.
    """
    rivals = ", ".join(sighting.rivals)
    if sighting.seen is Seen.DRAFT:
        return draft(sighting.xero_id)
    if sighting.seen is Seen.RIVALS:
        text = _SEVERAL if len(sighting.rivals) > 1 else _DIFFERS
        text = _ALIKE if sighting.is_unnamed else text
        to_do = _IS_IT if sighting.is_unnamed else _NAMED
        to_do = _SOUGHT if only_looked_for else to_do
        return Said("several", f"{text.format(rivals=rivals)}; {to_do}")
    if sighting.seen is Seen.UNPROVEN:
        return Said("unproven", f"Nobody can say whether this was done: {sighting.why}")
    return Said("unseen", f"{_UNSEEN}; {_SOUGHT if only_looked_for else _RESOLVE}")


def draft(xero_id: str | None) -> Said:
    """It is there, and not in the ledger."""
    return Said("draft", _DRAFT.format(id=xero_id))


def taken_back(sighting: Sighting) -> Said:
    """It was there, and somebody took it back."""
    return Said("taken_back", _TAKEN_BACK.format(gone=", ".join(sighting.gone)))
