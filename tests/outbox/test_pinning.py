from __future__ import annotations

from datetime import timedelta

from pm2xero.outbox import Outbox
from pm2xero.outbox.pinning import OutboxPin

from .documents import AT, Clock

FIRST = OutboxPin("5b8e0c1e", True, AT)


def test_the_first_pin_stands_for_each_firm(url: str) -> None:
    with (
        Outbox.open(url, "bellbird", Clock()) as outbox,
        Outbox.open(url, "other", Clock()) as other,
    ):
        assert outbox.pinned() is None
        outbox.begin_generation("a", AT, FIRST)
        outbox.begin_generation("b", AT, OutboxPin("0b8e0c1e", False, AT + timedelta(days=1)))
        assert outbox.pinned() == FIRST
        assert other.pinned() is None
