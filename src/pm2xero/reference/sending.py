"""What the sender may conclude, printed from the table that it reads."""

from __future__ import annotations

from pm2xero.reference.markdown import filled
from pm2xero.send.conclusions import When, as_markdown


def page() -> str:
    """When is what concluded, and what follows."""
    return filled("sending", times=", ".join(f"`{when.value}`" for when in When),
                  conclusions=as_markdown().rstrip())  # fmt: skip
