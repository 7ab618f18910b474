"""Opens an outbox for a firm, and for none but the one whose documents it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from pm2xero.firm.organisation import Organisation
from pm2xero.outbox.store import Outbox
from pm2xero.signin.pin import check_outbox_organisation


@contextmanager
def open_outbox(firm: Organisation, url: str, clock: Callable[[], datetime]) -> Iterator[Outbox]:
    """Open the outbox of a firm.

    Raises:
        OutboxError: it cannot be opened.
        UsageError: PU955, its rows are those of a firm with another organisation in Xero.
    """
    with Outbox.open(url, firm.id, clock) as outbox:
        check_outbox_organisation(outbox.pinned(), firm)
        yield outbox
