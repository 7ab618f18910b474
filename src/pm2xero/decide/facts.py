"""Everything a condition or a text may ask besides the fields of the document itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pm2xero.decide.amounts import compile_together
from pm2xero.decide.state import State
from pm2xero.firm.chart import AccountFact, Chart
from pm2xero.firm.trust_holders import FIRM_FUNDS, held_as, is_matter, name_of
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import DERIVED_LISTS, ListType, ReferenceType
from pm2xero.pack.model import Kind
from pm2xero.pack.rules import reference_fields
from pm2xero.pack.yaml.suggest import listed
from pm2xero.read.transaction import Transaction

ZERO = Decimal("0.00")
NOTHING = (None, None)
Imbalance = tuple[Decimal | None, str | None, Decimal | None]
BALANCED: Imbalance = (None, None, None)
_FIRM = held_as(FIRM_FUNDS)
RolesOf = Callable[[Transaction, State], list[AccountFact]]
TrustMoves = Callable[[Transaction, State], list[tuple[str, str, Decimal]]]


_FIRST = ("first", None)


class Facts:
    """The lookups of one kind for one firm."""

    def __init__(self, kind: Kind, chart: Chart) -> None:
        self.kind = kind
        self.chart = chart
        self.trust_moves: TrustMoves | None = None
        self.role_conditions = kind.role_conditions()
        self.roles = tuple(chart.role(name) for name in self.role_conditions)
        # Set where not every document needs all roles (see decide.roles_needed).
        self.roles_of: RolesOf | None = None
        self._named = {
            name: tuple(reference_fields(kind.record, derived.of))
            for name, derived in DERIVED_LISTS.items()
            if name != "roles"
        }
        self.document_fields = self._named["documents"]
        self.tax = chart.tax
        self.together = compile_together(kind.record)

    def lookup(self, reference: str) -> Callable[[Any, State], Any]:
        """How a name of a reference type is followed."""
        if reference == "ledger_account":
            ledger = self.chart.ledger
            return lambda name, state: name if isinstance(name, AccountFact) else ledger(name)
        if reference == "bank_account":
            bank = self.chart.bank
            return lambda name, state: bank(name)
        return lambda name, state: state.document(name)

    def wanted(self, reference: ReferenceType) -> str:
        """The kinds that a field may refer to, as a bookkeeper reads them."""
        words = [k.replace("_", " ") for k in reference.refers_to]
        return " or ".join(words) if words else "document"

    def simple(self, derived: str) -> str | None:
        """The one field that a derived list comes from; "" for none, None for several."""
        paths = self._named[derived]
        if not paths:
            return ""
        single = len(paths) == 1 and len(paths[0]) == 1 and not self._is_list(paths[0][0])
        return paths[0][0] if single else None

    def _is_list(self, field: str) -> bool:
        return isinstance(self.kind.record.field(field), ListType)

    def named(self, derived: str, fields: dict[str, Any]) -> list[str]:
        """All accounts, banks or documents that a document names, each once."""
        found: list[str] = []
        for path in self._named[derived]:
            value = fields[path[0]]
            if len(path) == 2 and isinstance(value, list):
                step = path[1]
                found.extend([v for i in value if (v := i[step]) is not None])
            else:
                found.extend(_at(value, path[1:]))
        return found if len(found) < 2 else list(dict.fromkeys(found))

    def constant(self, path: PathExpr) -> Any:
        """A value of the organisation or of Xero, the same for the whole run."""
        organisation = self.chart.organisation
        xero = organisation.xero
        if path.base == "settings":
            return self.chart.settings[path.steps[0]]
        if path.base == "organisation" and path.steps == ("tax_codes",):
            return listed(self.chart.pack.tax_codes)
        if path.base == "organisation":
            return getattr(organisation, path.steps[0])
        values: dict[str, Any] = {
            "organisation_id": xero.organisation_id,
            "base_currency": xero.base_currency,
            "country": xero.country,
            "class": xero.organisation_class,
            "lock_date": xero.lock_date,
        }
        return values[path.steps[0]]

    @staticmethod
    def past(tx: Transaction, state: State) -> tuple[str, str | None]:
        """How this document stands to what was read before under the same id, and what was
        decided then: (first | repeated | conflicting | newer | older, outcome or None)."""
        earlier = state.earlier(tx.id)
        if earlier is None:
            return _FIRST
        if tx.revision == earlier.revision:
            same = tx.fingerprint[:8] == earlier.digest[:8]
            return ("repeated" if same else "conflicting"), earlier.outcome
        return ("newer" if tx.revision > earlier.revision else "older"), earlier.outcome

    def shortfall(self, tx: Transaction, state: State) -> tuple[Decimal | None, str | None]:
        """By how much a matter's trust balance would fall below zero, and which matter.

        (None, None) when it would not, or when balances are not known. In currency units.
        """
        return self._worst(tx, state, matters=True)

    def missing(self, tx: Transaction, state: State) -> tuple[Decimal | None, str | None]:
        """By how much money that is placed or owed would fall below zero, and what it is held as.

        The firm's own funds are no such money: they are judged by `imbalance`.
        """
        return self._worst(tx, state, matters=False)

    def imbalance(self, tx: Transaction | None, state: State) -> Imbalance:
        """What a document would break of the trust equation, or break more than it is.

        The firm's own funds are what a trust bank and its deposits hold beyond all that is owed of
        it; the region says what they may be. Of several trust banks the one that is worst.

        Args:
            tx: None where a document is taken back, and nothing comes in its place.

        Returns:
            by how much the firm's funds would be outside of that, the trust bank, and what they
            would be, in currency units; nothing where that is no worse than before, or unknown.
        """
        worst: Imbalance = BALANCED
        policy = self.chart.pack.trust_surplus
        for (holder, bank), amount in self._moved(tx, state).items():
            before = _balance(holder, bank, state) if holder == _FIRM else None
            if before is None:
                continue
            outside = policy.outside(before + amount)
            if outside > policy.outside(before) and (worst[0] is None or outside > worst[0]):
                worst = outside, bank, before + amount
        return worst

    def broken_without(self, state: State) -> str | None:
        """What taking a document back would break of trust money, were nothing in its place.

        Args:
            state: the past without the document.

        Returns:
            what would be, in words; None where it breaks nothing.
        """
        for matters in (True, False):
            short, whose = self._worst(None, state, matters=matters)
            if short is not None:
                of = f"matter {whose}" if matters else str(whose)
                return f"the trust balance of {of} would be overdrawn by {short:,.2f}"
        outside, bank, surplus = self.imbalance(None, state)
        if outside is None:
            return None
        return f"{surplus:,.2f} in {bank} would be no matter's and owed to nobody"

    def _worst(
        self, tx: Transaction | None, state: State, *, matters: bool
    ) -> tuple[Decimal | None, str | None]:
        worst: tuple[Decimal | None, str | None] = NOTHING
        for (holder, bank), amount in self._moved(tx, state).items():
            if amount >= 0 or holder == _FIRM or is_matter(holder) is not matters:
                continue
            balance = _balance(holder, bank, state)
            if balance is None:
                continue
            short = -(balance + amount)
            if short > 0 and (worst[0] is None or short > worst[0]):
                worst = (short, name_of(holder) if matters else self._title(name_of(holder)))
        return worst

    def _moved(self, tx: Transaction | None, state: State) -> dict[tuple[str, str], Decimal]:
        """By how much trust money changes; a correction changes it by what it differs."""
        moves: dict[tuple[str, str], Decimal] = {}
        if self.trust_moves is None:
            return moves
        for holder, bank, amount in self.trust_moves(tx, state) if tx is not None else ():
            key = (holder, bank)
            moves[key] = moves[key] + amount if key in moves else amount
        for holder, bank, amount in state.trust_given_back():
            key = (holder, bank)
            moves[key] = moves[key] - amount if key in moves else -amount
        return moves

    def _title(self, name: str) -> str:
        role = self.chart.pack.roles.get(name)
        return role.title.lower() if role is not None else name


def _at(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    """The names at a path below a value, of each item where that is a list."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif value is not None and path:
        yield from _at(value[path[0]], path[1:])
    elif value is not None:
        yield value


def _balance(holder: str, bank: str, state: State) -> Decimal | None:
    """What somebody has in a trust bank now, also where a correction is decided."""
    balance = state.trust_balance(holder, bank)
    if balance is None:
        return None
    return balance + sum(
        (a for h, b, a in state.trust_given_back() if (h, b) == (holder, bank)), ZERO
    )
