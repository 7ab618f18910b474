"""Whether what a request pays or applies waits in Xero for somebody to approve it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pm2xero.send.fill_ids import Ready
from pm2xero.xero.answers import Read, Unproven, one_object
from pm2xero.xero.natural_key import DRAFTS

# What may be a draft, and is paid or applied.
_TRADE = ("Invoices", "CreditNotes")


def is_on_draft(member: Ready, read: Read) -> bool:
    """Whether one of the documents that a request names is a draft now, as far as Xero shows it."""
    for endpoint, id_ in _documents(member):
        try:
            found = one_object(read, endpoint, id_)
        except Unproven:
            continue
        if found is not None and found.get("Status") in DRAFTS:
            return True
    return False


def _documents(member: Ready) -> set[tuple[str, str]]:
    """The invoices and credit notes that a request names, by endpoint and id."""
    found = {(f"{name.removesuffix('ID')}s", id_) for name, id_ in _ids(json.loads(member.element))}
    endpoint, _, rest = member.path.strip("/").partition("/")
    found.add((endpoint, rest.split("/")[0]))
    return {(endpoint, id_) for endpoint, id_ in found if endpoint in _TRADE and id_}


def _ids(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(item, str):
                yield from _ids(item)
            elif name.endswith("ID"):
                yield name, item
