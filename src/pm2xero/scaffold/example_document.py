"""An example document of any kind, which fits its schema and adds up, for whoever writes an export.

Nothing here knows a kind by name: values come from types, names of accounts from the firm.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.conditions import Sum, atoms
from pm2xero.pack.language.types import (
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    ScalarType,
    TaxCodeType,
)
from pm2xero.pack.model import Kind, Pack
from pm2xero.validate.soundness.balance import make_equal

_CENT = Decimal("0.01")
_NET = Decimal("100.00")
# Fields whose presence changes what a document is, so that an example has them only where needed.
_LEFT_OUT = frozenset(("voided_at", "reversal_of"))


def example_document(pack: Pack, firm: Organisation, kind: Kind) -> dict[str, Any]:
    """A posted document of a kind with all that it may hold, but for a reversal or a voiding."""
    made = _Maker(pack, firm, kind).document()
    for rule in pack.rules_of(kind.name):
        for atom in atoms(rule.conditions[kind.name]):
            if isinstance(atom, Sum) and atom.op == "differs_from":
                make_equal(made, atom)
    return made


class _Maker:
    def __init__(self, pack: Pack, firm: Organisation, kind: Kind) -> None:
        self._chart = Decider(pack, firm).chart
        self._firm = firm
        self._kind = kind
        self._number = f"{kind.name.upper().replace('_', '-')}-1"
        lock = firm.xero.lock_date
        start = firm.integration_start
        self._day = max(start.date(), lock or start.date()) + timedelta(days=3)
        self._pair = self._suiting(pack)
        self._banks = list(firm.bank_accounts)
        self._asked = 0

    def document(self) -> dict[str, Any]:
        record = self._kind.record
        made = {name: self._value(name, of) for name, of in record.required.items()}
        made |= {
            name: self._value(name, of)
            for name, of in record.optional.items()
            if name not in _LEFT_OUT
        }
        return made | {
            "id": self._number,
            "kind": self._kind.name,
            "revision": 1,
            "status": "posted",
            "currency": self._firm.base_currency,
        }

    def _suiting(self, pack: Pack) -> tuple[str, str]:
        """A ledger account and a tax code that suit each other; one with tax where there is one."""
        pairs = [
            (fact.rate or Decimal(0), account, code)
            for account in self._firm.accounts
            for code in pack.tax_codes
            if (fact := self._chart.tax(code, account, self._kind.side)).mapped
            and fact.suits_account
        ]
        usual = "EXPENSE" if (self._kind.side or "").startswith("purchases") else "REVENUE"
        best = max(
            pairs,
            key=lambda p: (self._class_of(p[1]) == usual, p[0]),
            default=(Decimal(0), "4000", "NO-TAX"),
        )
        return best[1], best[2]

    def _class_of(self, account: str) -> str:
        found = self._firm.xero.accounts.get(self._firm.accounts[account])
        return found.account_class if found is not None else ""

    def _value(self, name: str, of: FieldType) -> Any:
        if isinstance(of, ListType):
            return [self._value(name, of.of)]
        if isinstance(of, RecordType):
            return self._record(of)
        if isinstance(of, ScalarType):
            return self._scalar(name, of)
        if isinstance(of, TaxCodeType):
            return self._pair[1]
        if of.name == "ledger_account":
            return self._pair[0]
        if of.name == "bank_account":
            # Each is another one, so that money does not go where it came from.
            banks = self._banks_for(of.purpose if isinstance(of, ReferenceType) else "")
            self._asked += 1
            return banks[(self._asked - 1) % len(banks)] if banks else "OFFICE"
        return "DOCUMENT-1"

    def _banks_for(self, purpose: str) -> list[str]:
        """The firm's banks of a purpose that a field asks for; all where it asks for none."""
        banks = self._firm.bank_accounts
        fitting = [n for n, b in banks.items() if not purpose or b.purpose == purpose]
        return fitting or self._banks

    def _record(self, of: RecordType) -> dict[str, Any]:
        made = {name: self._value(name, t) for name, t in {**of.required, **of.optional}.items()}
        for t in of.required.values():
            if isinstance(t, TaxCodeType):
                fact = self._chart.tax(made[t.name], made[t.account], self._kind.side)
                rate = fact.rate or Decimal(0)
                tax = (Decimal(made[t.on]) * rate / 100).quantize(_CENT, ROUND_HALF_UP)
                made[t.amount] = str(tax)
        return made

    def _scalar(self, name: str, of: ScalarType) -> Any:
        if of.values:
            return of.values[0]
        match of.name:
            case "money":
                return str(_NET)
            case "date":
                return self._day.isoformat()
            case "flag":
                return False
            case "count":
                return 1
            case "instant":
                moment = self._firm.integration_start + timedelta(days=5)
                return moment.isoformat().replace("+00:00", "Z")
        return f"{name.replace('_', ' ').capitalize()} 1"
