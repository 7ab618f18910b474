"""A month that nobody thought of: documents of every kind that moves money, for any firm.

Each kind is posted where the region's rules post it, and refused by a rule of the firm; what is
posted is also taken back on another day. Sums and references are those of the generator with which
mappings are checked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml

from pm2xero.pack.model import Kind
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from pm2xero.validate.soundness.generate import Generator
from pm2xero.validate.soundness.trial import negated

Doc = dict[str, Any]

# The firm enters by hand what says so in its memo, whatever it is.
_REFUSES = {
    "id": "entered_by_hand",
    "section": "Banking Transactions",
    "kinds": "posting",
    "when": {"memo": "by hand"},
    "outcome": "reject",
    "by_hand": True,
    "reason": "This firm enters it by hand.",
    "remedy": "Enter it in Xero by hand.",
}
CENT = Decimal("0.01")
TRIES = 900
MATTERS = ("M-1", "M-2", "M-3")
LATER = timedelta(days=4)


def refusing(organisation: Path, **settings: str) -> Path:
    """The firm with that rule, and an account for the retainers that it then enters.

    Args:
        settings: what else the firm chooses.
    """
    firm = yaml.safe_load(organisation.read_text(encoding="utf-8"))
    firm["settings"] = {**firm.get("settings", {}), **settings}
    liability = firm["accounts"]["2500"]
    firm["roles"]["general_retainers"] = liability
    firm["rules"] = [*firm.get("rules", ()), _REFUSES]
    organisation.write_text(yaml.safe_dump(firm), encoding="utf-8")
    return organisation


class Month:
    """The documents made so far, and what the rules decide about each.

    Attributes:
        posted, by_hand: ids of what goes to Xero, and of what a person enters there.
        in_part: of what goes to Xero, ids of that of which a person enters the rest.
        left_over: ids of payments that were made of more money than their documents take.
    """

    def __init__(self, organisation: Path, seed: int) -> None:
        self.documents: list[Doc] = []
        self.posted: set[str] = set()
        self.by_hand: set[str] = set()
        self.in_part: set[str] = set()
        self.left_over: set[str] = set()
        self.taken: set[tuple[str, str]] = set()
        self._pipeline = Pipeline.load(organisation)
        self._generator = Generator(self._pipeline.decider, self._pipeline.state, seed)
        self._matters = cycle(MATTERS)
        self._open: list[str] = []

    def money_kinds(self) -> list[Kind]:
        """Every kind that moves money, those that open a document first."""
        kinds = [k for k in self._pipeline.pack.kinds.values() if k.postings]
        # A document that others refer to comes before them.
        return sorted(kinds, key=lambda k: (k.opens is None, "contains" in k.record.optional))

    def lacking(self) -> set[tuple[str, str]]:
        """Kinds that were not posted though some rule posts them, or not refused."""
        wanted = {(kind.name, way) for kind in self.money_kinds() for way in self._ways(kind)}
        return wanted - self.taken

    def _ways(self, kind: Kind) -> tuple[str, ...]:
        rules = self._pipeline.pack.rules_of(kind.name)
        return ("post", "reject") if any(r.outcome == "post" for r in rules) else ("reject",)

    def fill(self, each: int) -> None:
        """Some of each kind, posted and refused, and reversals of both."""
        self._fund()
        self._overpay()
        for kind in self.money_kinds():
            for way in self._ways(kind):
                # There is always something left to pay.
                for number in range(each + 3 * (kind.opens is not None)):
                    document = self._wanted(kind, way, 1 + number % 3)
                    if document is None:
                        break
                    if number % 2 and "contains" not in document:
                        self._reverse(document, way)

    def _fund(self) -> None:
        """Money of every matter in every trust bank, so that it can leave again."""
        kind = self._pipeline.pack.kinds["trust_receipt"]
        banks = self._pipeline.organisation.bank_accounts
        for name in (n for n, bank in banks.items() if bank.purpose == "trust"):
            for matter in MATTERS:
                document = self._generator.document(kind, 1, ())
                document |= {"bank_account": name, "amount": "50000.00"}
                document["trust_lines"] = [{"matter": matter, "amount": "50000.00"}]
                assert self._take(document, "post"), document

    def _overpay(self) -> None:
        """Money of every party that is not allocated: what a refund pays back."""
        kinds = self._pipeline.pack.kinds
        way = "post" if self._overpayments() == "one_entry" else "reject"
        for kind in (kinds["client_payment"], kinds["supplier_payment"]):
            for party in ("P1", "P2", "P3", "P4"):
                document = self._generator.document(kind, 1, ())
                whose = {"id": party, "display_name": f"Party {party}"}
                document |= {"amount": "20000.00", "allocations": [], "participant": whose}
                document["bank_account"] = self._office_bank()
                assert self._take(document, way), document

    def _overpayments(self) -> object:
        return self._pipeline.organisation.settings.get("overpayments", "by_hand")

    def _leave_over(self, kind: Kind, document: Doc) -> None:
        """More money than its documents take, at a firm that does not enter all of it by hand."""
        paying = kind.name in ("client_payment", "supplier_payment")
        if not paying or self._overpayments() == "by_hand":
            return
        paid = document["allocations"][0]["document_id"]
        party = self._pipeline.state.document(paid).contact or "P1"
        left = Decimal(1 + len(self.documents) % 7) / 4
        document["participant"] = {"id": party, "display_name": f"Party {party}"}
        document["amount"] = str(Decimal(document["amount"]) + left.quantize(CENT))
        self.left_over.add(document["id"])

    def _office_bank(self, used: Collection[str] = ()) -> str:
        banks = self._pipeline.organisation.bank_accounts
        office = [name for name, bank in banks.items() if bank.purpose == "office"]
        return next((name for name in office if name not in used), office[0])

    def _with_parts(self, document: Doc) -> Doc:
        """A batch holds payments of this month that stand."""
        back = {d.get("reversal_of") for d in self.documents}
        held = [
            d for d in self.documents
            if d["id"] in self.posted - back and d["kind"] == "supplier_payment"
            and "reversal_of" not in d
        ]  # fmt: skip
        amount = sum(Decimal(d["amount"]) for d in held)
        parts = {"contains": [d["id"] for d in held], "amount": str(amount)}
        used = {d["bank_account"] for d in held}
        return document | parts | {"bank_account": self._office_bank(used)}

    def _wanted(self, kind: Kind, way: str, size: int) -> Doc | None:
        for _ in range(TRIES):
            document = self._generator.document(kind, size, self._open)
            document = self._with_matters(document)
            document["date"] = str(date.fromisoformat(document["date"]) + self._day())
            self._even(kind, document, way)
            if way == "post":
                self._leave_over(kind, document)
            if "contains" in kind.record.optional:
                document = self._with_parts(document)
            if "transfer" in kind.record.required:
                document |= {"matter": {"id": next(self._matters)}}
            if way == "reject":
                document["memo"] = "by hand"
            if self._take(document, way):
                return document
        return None

    def _reverse(self, document: Doc, way: str) -> None:
        day = date.fromisoformat(document["date"]) + LATER
        moment = self._generator.envelope(self._pipeline.pack.kinds[document["kind"]])
        changed = {"id": f"{document['id']}R", "date": str(day), "posted_at": moment["posted_at"]}
        back = negated(document) | changed | {"reversal_of": document["id"]}
        if not self._take(back, way) and document["id"] in self.left_over:
            # What nobody takes back through the API, a person does.
            assert self._take(back, "reject"), back

    def _take(self, document: Doc, way: str) -> bool:
        """Whether it is decided that way, and then it is a document of the month."""
        transaction = self._pipeline.reader.read(document, "generated", 1)
        if not isinstance(transaction, Transaction):
            return False
        state = self._pipeline.state
        decision = self._pipeline.decider.decide(transaction, state)
        # What has a fault of its own is not what is asked for.
        plain = way == "post" or (decision.by_hand and len(decision.reasons) == 1)
        if decision.outcome != way or not plain:
            return False
        self._pipeline.decider.apply(transaction, decision, state)
        if way == "post" and self._pipeline.pack.kinds[decision.kind].opens is not None:
            self._open.append(decision.id)
        self.documents.append(document)
        (self.posted if way == "post" else self.by_hand).add(decision.id)
        if way == "post" and decision.by_hand:
            self.in_part.add(decision.id)
        self.taken.add((decision.kind, way))
        return True

    def _day(self) -> timedelta:
        """Days run on, so that few documents are alike in all that Xero knows of them."""
        return timedelta(days=len(self.documents) % 20)

    def _even(self, kind: Kind, document: Doc, way: str) -> None:
        """Journals add up; and the tax of what is entered by hand is what Xero calculates."""
        for line in document.get("journal_lines", ())[1:]:
            line["debit"] = line["credit"] = "0.00"
        for line in document.get("journal_lines", ())[:1]:
            accounts = sorted(self._pipeline.organisation.accounts)
            other = accounts[(accounts.index(line["gl_account"]) + 7) % len(accounts)]
            back = {"gl_account": other, "debit": "0.00", "credit": line["debit"]}
            line["credit"] = "0.00"
            document["journal_lines"] = [line, back]
        if way == "reject" and "lines" in document:
            chart = self._pipeline.decider.chart
            for line in document["lines"]:
                rate = chart.tax(line["tax_code"], line["gl_account"], kind.side).rate or 0
                line["tax"] = str((Decimal(line["net"]) * rate / 100).quantize(CENT, ROUND_HALF_UP))
            self._generator.balance(kind, document)

    def _with_matters(self, value: Any) -> Any:
        """The same, of matters that have money."""
        if isinstance(value, list):
            return [self._with_matters(item) for item in value]
        if not isinstance(value, dict):
            return value
        found = {name: self._with_matters(item) for name, item in value.items()}
        for name in ("matter", "from_matter", "to_matter"):
            if isinstance(found.get(name), str):
                found[name] = next(self._matters)
            elif isinstance(found.get(name), dict):
                found[name] = found[name] | {"id": next(self._matters)}
        return found
