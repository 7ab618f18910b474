"""Which id in Xero each confirmed request made."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert

from pm2xero.outbox.asking import among, change, of, write
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.schema import links
from pm2xero.xero.contracts import contract


def write_links(
    connection: Connection,
    organisation: str,
    results: Sequence[tuple[StoredRequest, str | None]],
) -> None:
    """Link what was made; a request sent anew for a later revision replaces its own link.

    What changes or takes back an object makes none, so it links nothing.
    """
    rows = [
        {
            "organisation": organisation,
            "request": request.id,
            "id_name": contract(request.contract).id_name or "ID",
            "transaction_id": request.transaction,
            "revision": request.revision,
            "xero_id": xero_id,
            "document": request.becomes_document,
        }
        for request, xero_id in results
        if xero_id is not None and contract(request.contract).method == "PUT"
    ]
    change(connection, _FORGET, organisation, [row["request"] for row in rows])
    write(connection, _ADD, rows)


_FORGET = delete(links).where(of(links), among(links.c.request))
_ADD = insert(links)
