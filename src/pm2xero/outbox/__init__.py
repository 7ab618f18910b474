"""The outbox: what was decided, what must be sent, what became of it. Only this package talks SQL.

The records are plain values; `Outbox` is loaded when first asked for, because SQLAlchemy is slow to
load and few commands need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pm2xero.outbox.store import Outbox

__all__ = ["Outbox"]


def __getattr__(name: str) -> object:
    if name == "Outbox":
        from pm2xero.outbox.store import Outbox

        return Outbox
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
