"""What the kinds that a firm posts need of its accounts, taxes and rights, and what is lacking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pm2xero.check.checklist import Cause, Evidence
from pm2xero.errors import Position
from pm2xero.firm.catalogue import catalogue_faults
from pm2xero.firm.chart import Chart, tax_side
from pm2xero.firm.snapshot import XeroAccount
from pm2xero.firm.tax_rates import TaxFact
from pm2xero.pack.language.paths import AccountExpr
from pm2xero.pack.language.types import ListType, RecordType, ReferenceType, TaxCodeType
from pm2xero.pack.model import Pack, RequestSpec

# What a body needs a right for: contract and type, and the name of the action [Xero's page of
# Organisation]. CreateManualJournal is named by a secondary source only (unverified).
_ACTIONS: Mapping[tuple[str, str | None], str] = {
    ("put.Invoices", "ACCREC"): "CreateApprovedInvoice",
    ("put.Invoices", "ACCPAY"): "CreateApprovedBill",
    ("put.ManualJournals", None): "CreateManualJournal",
}
_PAYMENTS = frozenset(("put.Payments", "put.BatchPayments"))
_BANK_ONLY = frozenset(("put.BankTransactions", "put.BankTransfers"))
_TAX_CAUSES = {
    "not_in_xero": Cause.TAX_MISSING,
    "no_rate": Cause.TAX_MISSING,
    "inactive": Cause.TAX_INACTIVE,
    "other_rate": Cause.TAX_RATE,
    "several_rates": Cause.TAX_AMBIGUOUS,
}


class Needs:
    """What the kinds need, by analysis of the pack.

    Args:
        kinds: names of those that the firm posts.
    """

    def __init__(self, pack: Pack, chart: Chart, kinds: Iterable[str]) -> None:
        self._pack = pack
        self._chart = chart
        self._firm = chart.organisation
        self._kinds = tuple(kinds)
        self._specs: dict[str, list[RequestSpec]] = defaultdict(list)
        for (mapping, kind), specs in pack.requests.items():
            if kind in self._kinds and any(r.mapping == mapping for r in pack.rules_of(kind)):
                self._specs[kind].extend(specs)

    def lacking(self) -> Iterator[Evidence]:
        """All that is lacking."""
        yield from self._roles()
        yield from self._ledger()
        yield from self._banks()
        yield from self._taxes()
        yield from self._names()
        yield from self._rights()

    # --- accounts ---

    def _roles(self) -> Iterator[Evidence]:
        for name, kinds in self._by_role().items():
            role = self._pack.roles[name]
            at = self._firm.role_at.get(name)
            if role.system is not None:
                if self._firm.xero.by_system.get(role.system) is None:
                    text = f'{role.title} ("{name}"): Xero has no system account {role.system}'
                    yield Evidence(Cause.ROLE_NO_SYSTEM, text, kinds)
                continue
            code = self._firm.roles.get(name)
            if code is None:
                text = f'{role.title}: the role "{name}" has no account'
                yield Evidence(Cause.ROLE_NOT_NAMED, text, kinds, Position(self._firm.file))
                continue
            what = f'the account {code} of the role "{name}" ({role.title.lower()})'
            account = self._firm.xero.accounts.get(code)
            yield from self._usable(account, what, kinds, at)
            if account is None:
                continue
            if role.account_class not in (None, account.account_class):
                text = f"{what} is of class {account.account_class}, not {role.account_class}"
                yield Evidence(Cause.ACCOUNT_CLASS, text, kinds, at)
            lined = tuple(k for k in kinds if name in self._line_roles(k))
            if lined and not account.takes_lines:
                text = f"{what} is a bank or control account"
                yield Evidence(Cause.ACCOUNT_NO_LINES, text, lined, at)

    def _by_role(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for kind in self._kinds:
            named = {*self._pack.kinds[kind].role_conditions(), *self._line_roles(kind)}
            named |= {e.role for s in self._specs[kind] for e in _accounts(s.values) if e.role}
            for name in named:
                found.setdefault(name, {})[kind] = None
        return {name: tuple(kinds) for name, kinds in sorted(found.items())}

    def _line_roles(self, kind: str) -> set[str]:
        return {x.account.role for s in self._specs[kind] for x in s.lines if x.account.role}

    def _ledger(self) -> Iterator[Evidence]:
        kinds = self._with(lambda t: isinstance(t, ReferenceType) and t.name == "ledger_account")
        for name, code in self._firm.accounts.items():
            at = self._firm.account_at.get(name)
            account = self._firm.xero.accounts.get(code)
            what = f'the account {code} of "{name}"'
            yield from self._usable(account, what, kinds, at)
            if account is not None and not account.takes_lines:
                text = f"{what} is a bank or control account"
                yield Evidence(Cause.ACCOUNT_NO_LINES, text, kinds, at)

    def _banks(self) -> Iterator[Evidence]:
        kinds = self._with(lambda t: isinstance(t, ReferenceType) and t.name == "bank_account")
        pays = tuple(k for k in kinds if self._sends(k, _PAYMENTS))
        moves = tuple(k for k in kinds if self._sends(k, _BANK_ONLY))
        raw = {str(a.get("Code")): a for a in self._firm.xero.raw.get("Accounts", ())}
        for name, bank in self._firm.bank_accounts.items():
            at = self._firm.account_at.get(name)
            account = self._firm.xero.accounts.get(bank.code)
            what = f'the account {bank.code} of the bank "{name}"'
            yield from self._usable(account, what, kinds, at)
            if account is None:
                continue
            if account.type != "BANK":
                if moves:
                    text = f"{what} is of type {account.type}"
                    yield Evidence(Cause.BANK_NOT_BANK, text, moves, at)
                if pays and not account.takes_payments:
                    text = f"{what} takes no payments"
                    yield Evidence(Cause.PAYMENTS_NOT_ENABLED, text, pays, at)
            currency = raw.get(bank.code, {}).get("CurrencyCode")
            if account.type == "BANK" and currency not in (None, "", self._firm.base_currency):
                text = f"{what} is in {currency}"
                yield Evidence(Cause.BANK_CURRENCY, text, kinds, at)

    def _usable(
        self, account: XeroAccount | None, what: str, kinds: tuple[str, ...], at: Position | None
    ) -> Iterator[Evidence]:
        if account is None:
            yield Evidence(Cause.ACCOUNT_MISSING, f"{what} is not in Xero", kinds, at)
        elif account.status != "ACTIVE":
            text = f'{what}, "{account.name}", is {account.status.lower()}'
            yield Evidence(Cause.ACCOUNT_ARCHIVED, text, kinds, at)

    # --- taxes, names, rights ---

    def _taxes(self) -> Iterator[Evidence]:
        taxed = self._with(lambda t: isinstance(t, TaxCodeType))
        sides: dict[str, list[str]] = {}
        for kind in taxed:
            if (of_kind := self._pack.kinds[kind].side) is not None:
                sides.setdefault(of_kind, []).append(kind)
        found: dict[tuple[str, str | None, Cause, str], dict[str, None]] = {}
        for code in self._pack.tax_codes:
            for way, kinds in sides.items():
                by_side: dict[str, list[TaxFact]] = {}
                for account in self._firm.accounts:
                    side = tax_side(way, self._chart.ledger(account).account_class)
                    by_side.setdefault(side, []).append(self._chart.tax(code, account, way))
                for facts in by_side.values():
                    # One that suits some accounts is in use; others are told with each document.
                    if any(fact.mapped for fact in facts):
                        continue
                    for fact in facts:
                        cause = _TAX_CAUSES.get(fact.state)
                        if cause is not None:
                            text = _of_tax(code, fact.type, fact.xero_rate, fact.expected_rate)
                            key = (code, fact.type, cause, text)
                            found.setdefault(key, {}).update(dict.fromkeys(kinds))
        for (code, _, cause, text), kinds_of in found.items():
            yield Evidence(cause, text, tuple(kinds_of), self._pack.tax_codes[code].at)

    def _names(self) -> Iterator[Evidence]:
        told: dict[tuple[str, Position | None], list[str]] = {}
        lacks = False
        for key, specs in self._pack.requests.items():
            if key[1] not in self._kinds:
                continue
            one = replace(self._pack, requests={key: specs})
            for fault in catalogue_faults(one, self._firm):
                told.setdefault((fault.message, fault.at), []).append(key[1])
            named = any(x.tracking or x.item for spec in specs for x in spec.lines)
            lacks |= named and self._firm.xero.tracking is None
        for (message, at), kinds in told.items():
            yield Evidence(Cause.CATALOGUE, message, tuple(dict.fromkeys(kinds)), at)
        if lacks:
            text = "mappings name some, and the snapshot does not say what Xero has"
            yield Evidence(Cause.CATALOGUE_UNKNOWN, text)

    def _rights(self) -> Iterator[Evidence]:
        needed: dict[str, dict[str, None]] = {}
        for kind in self._kinds:
            for spec in self._specs[kind]:
                type_ = spec.values.get("type")
                for of in (type_ if isinstance(type_, str) else None, None):
                    action = _ACTIONS.get((spec.contract, of))
                    if action is not None and spec.status in ("AUTHORISED", "POSTED"):
                        needed.setdefault(action, {})[kind] = None
        actions = self._firm.xero.actions
        if actions is None:
            if needed:
                text = f"not known whether Xero allows {', '.join(needed)}"
                yield Evidence(Cause.RIGHTS_UNKNOWN, text)
            return
        for action, kinds in needed.items():
            if actions.get(action) is False:
                text = f"Xero does not allow {action}"
                yield Evidence(Cause.RIGHTS, text, tuple(kinds))

    # --- the pack ---

    def _with(self, wanted: Any) -> tuple[str, ...]:
        """The kinds that have a field of some type, however deep."""
        return tuple(k for k in self._kinds if _has(self._pack.kinds[k].record, wanted))

    def _sends(self, kind: str, contracts: frozenset[str]) -> bool:
        return any(spec.contract in contracts for spec in self._specs[kind])


def _of_tax(code: str, type_: str | None, rate: str | None, expected: str | None) -> str:
    text = f'the tax code "{code}"'
    text += f" means {type_}" if type_ is not None else ""
    text += f", which is {rate} % in Xero" if rate is not None else ""
    return text + (f"; {expected} % is expected" if expected is not None else "")


def _accounts(values: Mapping[str, object]) -> Iterator[AccountExpr]:
    for value in values.values():
        if isinstance(value, AccountExpr):
            yield value


def _has(record: RecordType, wanted: Any) -> bool:
    for kind in {**record.required, **record.optional}.values():
        of = kind.of if isinstance(kind, ListType) else kind
        if wanted(of) or (isinstance(of, RecordType) and _has(of, wanted)):
            return True
    return False
