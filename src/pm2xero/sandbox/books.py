"""What a request works on: the store, the organisation, the chart, the time and fresh ids."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pm2xero.sandbox.chart import Chart
from pm2xero.sandbox.mishaps import Mishaps
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import dump_text, parse_date, parse_stored


@dataclass(frozen=True, slots=True)
class Organisation:
    """The one organisation that the sandbox emulates; `wire` is its GET shape."""

    id: str
    name: str
    currency: str
    zone: tzinfo
    period_lock: date | None
    end_of_year_lock: date | None
    year_end: tuple[int, int]
    wire: Mapping[str, Any]

    def require_open(self, day: date) -> None:
        """Refuse an entry on or before a lock date.

        Raises:
            Invalid: the day is locked. # unverified: whether Xero locks the day itself; its help
                text says so, an older one does not, and the stricter reading is the safer one.
        """
        for lock, called in (
            (self.end_of_year_lock, "end of year lock date"),
            (self.period_lock, "period lock date"),
        ):
            if lock is not None and day <= lock:
                raise Invalid(
                    f"The document date cannot be before the {called}, currently set at"
                    f" {lock:%d-%b-%Y}"
                )


@dataclass(frozen=True, slots=True)
class Books:
    """The context of one request.

    Attributes:
        now: an aware time in UTC.
        new_id: makes the next id, as lower-case text.
        mishaps: the rules that hold, and the faults that happen to a call.
        unit_places: decimals kept of UnitAmount (query `unitdp`).
    """

    store: Store
    organisation: Organisation
    chart: Chart
    now: datetime
    new_id: Callable[[], str]
    mishaps: Mishaps
    unit_places: int = 2

    @property
    def today(self) -> date:
        """The date in the organisation's time zone, Xero's default for an omitted Date."""
        return self.now.astimezone(self.organisation.zone).date()


def text_ids(ids: Callable[[], uuid.UUID]) -> Callable[[], str]:
    """Ids as Xero prints them."""
    return lambda: str(ids())


def load_organisation(store: Store) -> Organisation:
    """The organisation as the store has it now."""
    wire = parse_stored(store.one("SELECT value FROM meta WHERE key = 'organisation'")[0])
    return Organisation(
        id=str(wire["OrganisationID"]).lower(),
        name=str(wire["Name"]),
        currency=str(wire["BaseCurrency"]),
        zone=_zone(str(wire.get("Timezone") or "")),
        period_lock=_optional_date(wire.get("PeriodLockDate")),
        end_of_year_lock=_optional_date(wire.get("EndOfYearLockDate")),
        year_end=(
            int(wire.get("FinancialYearEndMonth") or 12),
            int(wire.get("FinancialYearEndDay") or 31),
        ),
        wire=wire,
    )


def save_organisation(store: Store, wire: Mapping[str, Any]) -> None:
    """Write the organisation's GET shape."""
    store.execute(
        "INSERT INTO meta (key, value) VALUES ('organisation', ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (dump_text(wire),),
    )


def _optional_date(value: object) -> date | None:
    return parse_date(value) if value else None


@cache
def _zones() -> Mapping[str, str]:
    text = files("pm2xero.sandbox").joinpath("timezones.json").read_text("utf-8")
    zones: Mapping[str, str] = json.loads(text)
    return zones


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(_zones().get(name, "Etc/UTC"))
    except ZoneInfoNotFoundError:
        # A machine without a zone database still runs; only omitted dates may be a day off.
        return UTC
