"""Opens the past of a firm: its outbox, and a state over the rows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from pm2xero.firm.fingerprint import fingerprint
from pm2xero.firm.organisation import pack_folders
from pm2xero.history.own_outbox import open_outbox
from pm2xero.history.rows_state import RowsState
from pm2xero.history.takeover import take_over
from pm2xero.outbox.store import Outbox
from pm2xero.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class OpenedPast:
    """A firm's pack and outbox; the pipeline decides by the past in the outbox.

    Attributes:
        fingerprint: of everything that decides: pack, firm, snapshot.
    """

    pipeline: Pipeline
    outbox: Outbox
    state: RowsState
    fingerprint: str


@contextmanager
def open_past(
    pipeline: Pipeline, organisation: Path, packs: tuple[Path, ...], url: str,
    clock: Callable[[], datetime],
) -> Iterator[OpenedPast]:  # fmt: skip
    """Open the outbox of a firm; one of an earlier schema is taken over first.

    Args:
        organisation: the firm's file; packs: further ones, over those that it names.
        url: of the outbox.

    Raises:
        OutboxError: it cannot be opened, or not be taken over.
        UsageError: PU955, as `open_outbox`.
    """
    firm = pipeline.organisation
    mark = fingerprint(
        pack_folders(firm.packs, packs),
        organisation,
        orjson.dumps(firm.xero.raw, default=str, option=orjson.OPT_SORT_KEYS),
        firm.chart_file.read_bytes() if firm.chart_file is not None else b"",
    )
    with open_outbox(firm, url, clock) as outbox:
        take_over(pipeline, outbox, clock())
        state = RowsState(outbox, pipeline.state)
        pipeline.state = state
        yield OpenedPast(pipeline, outbox, state, mark)
