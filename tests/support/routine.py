"""Documents as a firm's days bring them: some of a few kinds, of clients old and new."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.support.office import month

Doc = dict[str, Any]
_SAMPLES = {
    "client_bill": "AU-0016",
    "supplier_invoice": "AU-0004",
    "trust_receipt": "AU-0006",
    "client_payment": "AU-0038",
}
KINDS = tuple(_SAMPLES)


class Days:
    """Makes documents, seeded; what pays names a bill of an earlier document, open or new."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._samples = {kind: month()[id] for kind, id in _SAMPLES.items()}
        self._count = 0
        # Bills that nobody has paid, with their client.
        self.open: list[tuple[str, Doc]] = []

    def documents(self, kinds: Sequence[str]) -> list[Doc]:
        """One document of each kind; bills first, as a payment may be of one of them."""
        first = sorted(kinds, key=lambda kind: (kind == "client_payment", kind))
        return [self._document(kind) for kind in first]

    def mix(self, count: int, kinds: Sequence[str]) -> list[Doc]:
        """So many documents, of each kind at least one."""
        rest = self._dice.choices(kinds, k=count - len(kinds))
        return self.documents([*kinds, *rest])

    def _document(self, kind: str) -> Doc:
        if kind == "client_payment" and not self.open:
            kind = "client_bill"
        self._count += 1
        name = f"R-{self._count:04}"
        document: Doc = json.loads(json.dumps(self._samples[kind]))
        # Made since the last push, as what a day brings is.
        now = datetime.now(UTC).isoformat(timespec="seconds")
        document |= {"created_at": now, "posted_at": now}
        document |= {"id": name, "participant": self._participant(document["participant"])}
        if "number" in document:
            document["number"] = f"N-{self._count:04}"
        if kind == "client_payment":
            return self._paying(document)
        if "trust_lines" in document:
            # No two are alike but for their ids, as a look-up would take them for each other.
            amount = f"{self._count}.00"
            line = {**document["trust_lines"][0], "amount": amount}
            document |= {"amount": amount, "trust_lines": [line]}
        if "lines" in document:
            net = Decimal(100 + self._count)
            said = {"net": f"{net:.2f}", "tax": f"{net / 10:.2f}"}
            document["lines"] = [{**document["lines"][0], **said}]
            document["totals"] = {**said, "gross": f"{net + net / 10:.2f}"}
        if kind == "client_bill":
            self.open.append((name, document["participant"]))
        return document

    def _paying(self, document: Doc) -> Doc:
        bill, client = self.open.pop(self._dice.randrange(len(self.open)))
        paid = f"{self._dice.randrange(1, 100)}.00"
        return {**document, "participant": client, "amount": paid,
                "allocations": [{"document_id": bill, "amount": paid}]}  # fmt: skip

    def _participant(self, like: Doc) -> Doc:
        number = self._dice.randrange(5000, 5040)
        return {**like, "id": str(number), "display_name": f"Party {number}"}


def as_lines(documents: Sequence[Doc]) -> str:
    """As they stand in a file."""
    return "\n".join(json.dumps(document) for document in documents)
