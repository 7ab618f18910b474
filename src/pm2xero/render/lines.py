"""Lines of a Xero document: summed per Xero account and tax type, to the cent.

The article: transactions post the sum of the line items of each general ledger account. A Xero
line holds one tax type, so the sum is taken per (mapped Xero account, tax type); the tax of a line
is the sum of the taxes of its parts. Groups that sum to nothing are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.facts import Facts
from pm2xero.decide.journal import account_of, share_of
from pm2xero.decide.state import State
from pm2xero.decide.values import Getter, getter, parts_getter, text_getter
from pm2xero.firm.chart import AccountFact
from pm2xero.firm.tax_rates import CENT, TaxFact
from pm2xero.pack.language.paths import PartsExpr, PathExpr
from pm2xero.pack.model import LineSource, RequestSpec
from pm2xero.read.transaction import Transaction
from pm2xero.records import record

ZERO = Decimal("0.00")
MAX_DESCRIPTION = 4000
MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class _Group:
    account: AccountFact
    tax: TaxFact
    net: Decimal
    tax_amount: Decimal
    descriptions: dict[str, None]
    sources: list[str]
    item: str | None = None
    tracking: tuple[tuple[str, str], ...] = ()


@record
class Lines:
    """The lines of one document, as templates read them, and which way the money goes."""

    lines: list[dict[str, Any]]
    total: Decimal
    money_in: bool


LinesOf = Callable[[Transaction, State], Lines]


def compile_lines(spec: RequestSpec, facts: Facts) -> LinesOf | None:
    """A function that makes the lines of a request, or None when the request has none."""
    if not spec.lines:
        return None
    sources = [_compile_source(s, facts) for s in spec.lines]
    movement = spec.movement
    rounding = spec.when_tax_differs == "rounding_line"
    rounding_account = facts.chart.role("rounding") if rounding else None
    no_tax = facts.chart.no_tax

    def lines(tx: Transaction, state: State) -> Lines:
        groups: dict[object, _Group] = {}
        for source in sources:
            source(tx, state, groups)
        made = list(groups.values())
        if rounding_account is not None:
            made = _with_rounding(made, rounding_account, no_tax)
        total = sum((g.net + g.tax_amount for g in made), ZERO)
        money_in = movement == "receive"
        sign = 1
        if movement is not None and total < 0:
            sign, money_in, total = -1, not money_in, -total
        rows = [_row(g, sign) for g in made if g.net or g.tax_amount]
        if not rows and movement is None:
            # A document that comes to nothing is still one, and Xero wants a line on it.
            rows = [_row(g, sign) for g in made[:1]]
        return Lines(rows, total, money_in)

    return lines


def _row(group: _Group, sign: int) -> dict[str, Any]:
    text = "; ".join(t for t in group.descriptions if t and not t.isspace())
    if len(text) > MAX_DESCRIPTION:
        text = text[: MAX_DESCRIPTION - 1] + "…"
    return {
        "description": text or "(no description)",
        "net": group.net if sign == 1 else -group.net,
        "tax": group.tax_amount if sign == 1 else -group.tax_amount,
        "account": group.account.code,
        "tax_type": group.tax.type,
        "sources": group.sources,
        "item": group.item,
        "tracking": [{"Name": n, "Option": o} for n, o in group.tracking],
    }


def _with_rounding(groups: list[_Group], account: AccountFact, no_tax: TaxFact) -> list[_Group]:
    """Let each line carry the tax that Xero calculates, and book the cents between separately."""
    cents = ZERO
    kept = []
    for group in groups:
        rate = group.tax.rate
        calculated = (group.net * rate.scaleb(-2)).quantize(CENT, ROUND_HALF_UP) if rate else ZERO
        cents += group.tax_amount - calculated
        group.tax_amount = calculated
        kept.append(group)
    if cents:
        text = "Rounding of tax to the cents of Practice Management"
        kept.append(_Group(account, no_tax, cents, ZERO, {text: None}, ["rounding"]))
    return kept


def _compile_source(
    source: LineSource, facts: Facts
) -> Callable[[Transaction, State, dict[object, _Group]], None]:
    account = account_of(source.account, facts)
    net = getter(source.net, facts)
    tax_amount = getter(source.tax_amount, facts) if source.tax_amount else None
    tax = _tax_getter(source, facts)
    describe = _describer(source, facts)
    test = compile_item_test(source.when, facts) if source.when is not None else None
    where_test = compile_item_test(source.where, facts) if source.where is not None else None
    net = share_of(net, source.share)
    tax_amount = share_of(tax_amount, source.share) if tax_amount is not None else None
    more = [getter(p, facts) for p in source.group_by]
    code = _word(source.item, facts)
    tracked = [(category, _word(option, facts)) for category, option in source.tracking]
    each, sign, merge = source.each, source.sign, source.merge
    no_tax = facts.chart.no_tax

    usual = _usual(source, facts)
    if usual is not None:
        return usual

    def add(tx: Transaction, state: State, groups: dict[object, _Group]) -> None:
        if test is not None and not test(tx, None, state):
            return
        for index, item in enumerate((tx.fields[each] or ()) if each else (None,)):
            if where_test is not None and not where_test(tx, item, state):
                continue
            where = account(tx, item, state)
            rate = tax(item, where) if tax is not None else no_tax
            thing = code(tx, item, state)
            options = tuple(
                (category, str(found))
                for category, read in tracked
                if (found := read(tx, item, state)) is not None
            )
            apart = (thing, options, *(_key(read(tx, item, state)) for read in more))
            amount = net(tx, item, state)
            amount = amount if sign == 1 else -amount
            taxed = tax_amount(tx, item, state) if tax_amount is not None else ZERO
            key: object = (where.code, rate.type, apart) if merge else len(groups)
            group = groups.get(key)
            text = describe(tx, item, state)
            origin = f"{each}[{index}]" if each else source.net.text
            if group is None:
                groups[key] = _Group(
                    where, rate, amount, taxed, {text: None}, [origin], thing, options
                )
                continue
            group.net += amount
            group.tax_amount += taxed
            group.descriptions[text] = None
            group.sources.append(origin)

    return add


AddLines = Callable[[Transaction, State, dict[object, _Group]], None]


def _usual(source: LineSource, facts: Facts) -> AddLines | None:
    """The usual line: ledger account, tax code, net, tax and text all stand on the item."""
    path, tax, amount, text = source.account.path, source.tax, source.tax_amount, source.describe
    if source.when is not None or not source.merge or source.account.by != "account":
        return None
    apart = (source.where, source.share, source.item)
    if any(p is not None for p in apart) or source.group_by or source.tracking:
        return None
    names = [_item_field(p) for p in (path, tax, source.net, amount, text)]
    if source.each is None or None in names:
        return None
    on_account, on_code, on_net, on_tax, on_text = names
    each, sign, title = source.each, source.sign, facts.kind.title
    ledger, look, side = facts.chart.ledger, facts.tax, facts.kind.side
    memo: dict[tuple[str, str], tuple[object, AccountFact, TaxFact]] = {}

    def found(account: str, code: str) -> tuple[object, AccountFact, TaxFact]:
        where, rate = ledger(account), look(code, account, side)
        pair = ((where.code, rate.type), where, rate)
        if len(memo) < MAX_REMEMBERED:
            memo[account, code] = pair
        return pair

    def add(tx: Transaction, state: State, groups: dict[object, _Group]) -> None:
        for index, item in enumerate(tx.fields[each] or ()):
            account, code = item[on_account], item[on_code]
            key, where, rate = memo.get((account, code)) or found(account, code)
            amount = item[on_net] if sign == 1 else -item[on_net]
            text = item[on_text] or title
            group = groups.get(key)
            if group is None:
                origin = [f"{each}[{index}]"]
                groups[key] = _Group(where, rate, amount, item[on_tax], {text: None}, origin)
            else:
                group.net += amount
                group.tax_amount += item[on_tax]
                group.descriptions[text] = None
                group.sources.append(f"{each}[{index}]")

    return add


def _item_field(path: object) -> str | None:
    """The one field of the item that a path names, if it is no more than that."""
    if not isinstance(path, PathExpr) or path.base != "item" or path.attribute is not None:
        return None
    return path.steps[0] if len(path.steps) == 1 else None


def _tax_getter(source: LineSource, facts: Facts) -> Callable[[Any, AccountFact], TaxFact] | None:
    if source.tax is None:
        return None
    code = source.tax.steps[-1]
    look, side = facts.tax, facts.kind.side
    return lambda item, account: look(item[code], account.id, side)


def _word(value: PathExpr | str | None, facts: Facts) -> Getter:
    """What a field holds, or a word that is always the same."""
    if isinstance(value, PathExpr):
        return getter(value, facts)
    return lambda tx, item, state: value


def _key(value: Any) -> Any:
    """A value by which lines are told apart; a record counts by its id."""
    return value.get("id", str(value)) if isinstance(value, dict) else value


def _describer(source: LineSource, facts: Facts) -> Callable[[Transaction, Any, State], str]:
    if isinstance(source.describe, PathExpr):
        read: Getter = getter(source.describe, facts)
        return lambda tx, item, state: read(tx, item, state) or facts.kind.title
    if isinstance(source.describe, PartsExpr):
        return parts_getter(source.describe, facts)
    write = text_getter(source.describe, facts)
    return lambda tx, item, state: write(tx, item, [], state)
