"""Short lists of an organisation that are only read: tracking, items, currencies, themes.

A snapshot may hold them, in their GET shapes; they are kept as they were when the store was made.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from pm2xero.sandbox import short_lists
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import not_found
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import Wire, dump_text, parse_stored

_KEY = "catalogue"
_IDS = {
    "TrackingCategories": ("TrackingCategoryID",),
    "Items": ("ItemID", "Code"),
    "Currencies": (),
    "BrandingThemes": ("BrandingThemeID",),
}
ENDPOINTS = tuple(_IDS)


def seed(store: Store, snapshot: Mapping[str, Any]) -> None:
    """Keep what a snapshot says of these lists."""
    lists = {endpoint: snapshot[endpoint] for endpoint in ENDPOINTS if endpoint in snapshot}
    store.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (_KEY, dump_text(lists)))


def listed(books: Books, endpoint: str, query: Mapping[str, str]) -> Wire:
    """GET of one list; archived tracking categories only when they are asked for.

    Raises:
        Problem: 400 for a filter or an order that cannot be read.
    """
    shapes = _shapes(books, endpoint)
    if query.get("includeArchived", "").lower() != "true":
        shapes = [shape for shape in shapes if shape.get("Status", "ACTIVE") == "ACTIVE"]
    return {endpoint: short_lists.asked(shapes, query)}


def one(books: Books, endpoint: str, key: str) -> Wire:
    """GET of one by its id, an item also by its code.

    Raises:
        Problem: 404.
    """
    for shape in _shapes(books, endpoint):
        if any(str(shape.get(name, "")).lower() == key.lower() for name in _IDS[endpoint]):
            return {endpoint: [shape]}
    raise not_found()


def _shapes(books: Books, endpoint: str) -> list[Wire]:
    row = books.store.find("SELECT value FROM meta WHERE key = ?", (_KEY,))
    kept = parse_stored(row[0]) if row else {}
    if endpoint in kept:
        return list(kept[endpoint])
    if endpoint == "Currencies":
        return [{"Code": books.organisation.currency, "Description": books.organisation.currency}]
    if endpoint == "BrandingThemes":
        theme = uuid.uuid5(uuid.UUID(books.organisation.id), endpoint)
        return [{"BrandingThemeID": str(theme), "Name": "Standard", "SortOrder": 0}]
    return []
