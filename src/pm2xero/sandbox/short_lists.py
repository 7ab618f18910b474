"""Filter, order and `If-Modified-Since` of lists that are not searched by the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pm2xero.sandbox import where
from pm2xero.sandbox.problems import query_parse
from pm2xero.sandbox.wire import Wire, parse_moment


def asked(shapes: Sequence[Wire], query: Mapping[str, str], since: str | None = None) -> list[Wire]:
    """The shapes that a query asks for, in its order.

    Args:
        since: `If-Modified-Since` as sent.

    Raises:
        Problem: 400 QueryParseException for a filter or an order that cannot be read.
    """
    found = list(shapes)
    if query.get("where"):
        wanted = where.parse(query["where"])
        found = [shape for shape in found if where.holds(wanted, shape)]
    if since and (moment := http_time(since)):
        found = [shape for shape in found if _changed(shape) >= moment]
    for term in reversed([part.split() for part in query.get("order", "").split(",") if part]):
        if not 1 <= len(term) <= 2 or term[1:] not in ([], ["ASC"], ["DESC"]):
            raise query_parse(f"Cannot read the order '{query['order']}'")
        name = term[0]
        found.sort(key=lambda shape: str(shape.get(name, "")), reverse=term[1:] == ["DESC"])
    return found


def http_time(text: str) -> datetime | None:
    """A moment of `If-Modified-Since`, aware; None when it cannot be read."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _changed(shape: Wire) -> datetime:
    """When it was changed last; what does not say was not changed since it was taken down."""
    moment = parse_moment(shape.get("UpdatedDateUTC"))
    return moment or datetime.min.replace(tzinfo=UTC)
