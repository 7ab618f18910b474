"""Compiles the distinct tests of a kind's rules into one Python function.

The function evaluates every test exactly once (Decimal, date, set) and answers with a bit mask.
Only names made here reach the source; every value of the pack is a constant of its namespace, so
nothing that an implementer writes is ever executed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.code import code_of
from pm2xero.decide.facts import Facts
from pm2xero.decide.folding import Loop, is_constant, remembered
from pm2xero.decide.state import State
from pm2xero.decide.values import getter
from pm2xero.firm.tax_rates import CENT
from pm2xero.pack.language.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Compare,
    Condition,
    Not,
    Quantified,
    Repeated,
    Sum,
)
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import (
    DERIVED_LISTS,
    RecordType,
    ReferenceType,
    TaxCodeType,
    trust_group,
)
from pm2xero.read.transaction import Transaction

Truths = Callable[[Transaction, State], int]
ItemTest = Callable[[Transaction, Any, State], bool]

_ORDER = {
    "above": ">", "after": ">", "at_least": ">=", "on_or_after": ">=",
    "below": "<", "before": "<", "at_most": "<=", "on_or_before": "<=",
}  # fmt: skip
_ZERO = Decimal("0.00")


def compile_truths(atoms: list[Atom], facts: Facts) -> Truths:
    """One function for all tests of a kind; bit i of its answer is test i."""
    return _Generator(facts).truths(atoms)


def compile_item_test(condition: Condition, facts: Facts) -> ItemTest:
    """A function that says whether one item of a list fulfils a `where`."""
    return _Generator(facts).item_test(condition)


class _Block:
    """Statements of one scope, with the values that are already at hand there."""

    def __init__(self, indent: str) -> None:
        self.indent = indent
        self.lines: list[str] = []
        self.known: dict[str, tuple[str, bool]] = {}

    def add(self, line: str) -> None:
        self.lines.append(self.indent + line)


class _Generator:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.names: dict[str, Any] = {
            "ledger": facts.chart.ledger,
            "bank": facts.chart.bank,
            "tax": facts.tax,
            "side": facts.kind.side,
            "facts": facts,
            "total": sum,
            "ZERO": _ZERO,
            "CENT": CENT,
            "HALF_UP": ROUND_HALF_UP,
        }
        self.counter = 0
        self.outer = _Block("    ")
        self.outer.add("t = tx.fields")

    def truths(self, atoms: list[Atom]) -> Truths:
        base = 0
        tests: list[str] = []
        loops: dict[str, tuple[_Block, list[tuple[str, int]]]] = {}
        for bit, atom in enumerate(atoms):
            if isinstance(atom, Quantified):
                base |= self.loop(atom, 1 << bit, loops)
                continue
            expression = self.atom(atom, self.outer)
            if is_constant(expression):
                base |= (1 << bit) if eval(expression, self.names) else 0
            else:
                tests.append(f"    if {expression}: m |= {1 << bit}")
        made = []
        for number, (head, (block, checks)) in enumerate(loops.items()):
            lines = [(n, e) for n, _, e in (x.strip().partition(" = ") for x in block.lines)]
            loop = Loop(head, lines, checks)
            if loop.constant:
                base = self.always(loop, base)
            else:
                made += remembered(loop, number, self.names)
        body = [*self.outer.lines, f"    m = {base}", *tests, *made, "    return m"]
        compiled: Truths = self.function("truths(tx, s)", body)
        return compiled

    def always(self, loop: Loop, base: int) -> int:
        """The bits of a loop over a list that is the same for every document."""
        body = [f"    m = {base}", f"    for i in {loop.head}:"]
        body += loop.body()
        return int(self.function("truths()", [*body, "    return m"])())

    def item_test(self, condition: Condition) -> ItemTest:
        block = _Block("    ")
        expression = self.condition(condition, block)
        body = [*self.outer.lines, *block.lines, f"    return bool({expression})"]
        made: ItemTest = self.function("truths(tx, i, s)", body)
        return made

    def function(self, head: str, body: list[str]) -> Any:
        source = "\n".join([f"def {head}:", *body, ""])
        exec(code_of(source, f"<conditions of {self.facts.kind.name}>"), self.names)
        return self.names["truths"]

    def loop(
        self, atom: Quantified, bit: int, loops: dict[str, tuple[_Block, list[tuple[str, int]]]]
    ) -> int:
        """Adds a test over a list to the one loop of that list; returns the bit it starts with."""
        head, nullable = self.value(atom.over, self.outer)
        head = f"({head} or ())" if nullable else head
        if head not in loops:
            loops[head] = (_Block("        "), [])
        block, checks = loops[head]
        expression = self.condition(atom.where, block)
        if atom.which == "any":
            checks.append((expression, bit))
            return 0
        checks.append((expression, -bit))
        return bit

    def constant(self, value: Any) -> str:
        self.counter += 1
        name = f"k{self.counter}"
        self.names[name] = value
        return name

    def condition(self, condition: Condition, block: _Block) -> str:
        if isinstance(condition, AllOf):
            return "(" + " and ".join(self.condition(p, block) for p in condition.parts) + ")"
        if isinstance(condition, AnyOf):
            return "(" + " or ".join(self.condition(p, block) for p in condition.parts) + ")"
        if isinstance(condition, Not):
            return f"(not {self.condition(condition.part, block)})"
        return self.atom(condition, block)

    def atom(self, atom: Atom, block: _Block) -> str:
        if isinstance(atom, Compare):
            return self.compare(atom, block)
        if isinstance(atom, Sum):
            return self.sum(atom, block)
        if isinstance(atom, Repeated):
            values, nullable = self.value(atom.path, block)
            test = f"len(set({values})) != len({values})"
            return f"({values} is not None and {test})" if nullable else f"({test})"
        raise TypeError(f"no single expression for {atom}")

    def compare(self, atom: Compare, block: _Block) -> str:
        value, nullable = self.value(atom.path, block)
        guard = f"{value} is not None and " if nullable else ""
        op, operand = atom.op, atom.operand
        if op == "present":
            known = "is not None" if operand else "is None"
            return f"({value} {known})"
        if isinstance(operand, PathExpr):
            other, other_nullable = self.value(operand, block)
            guard += f"{other} is not None and " if other_nullable else ""
            sign = {"same_as": "==", "differs_from": "!="}.get(op) or _ORDER[op]
            return f"({guard}{value} {sign} {other})"
        if op == "is":
            return f"({value} == {self.constant(operand)})"
        if op == "is_not":
            return f"({guard}{value} != {self.constant(operand)})"
        if op in ("in", "not_in"):
            allowed = self.constant(frozenset(operand))  # type: ignore[arg-type]  # a tuple for in
            return f"({guard}{value} {'in' if op == 'in' else 'not in'} {allowed})"
        if op == "matches":
            pattern = self.constant(re.compile(str(operand)).search)
            return f"({guard}{pattern}({value}) is not None)"
        if op == "longer_than":
            return f"({guard}len({value}) > {self.constant(operand)})"
        return f"({guard}{value} {_ORDER[op]} {self.constant(operand)})"

    def sum(self, atom: Sum, block: _Block) -> str:
        terms, guards = [], []
        for path in atom.paths:
            value, nullable = self.value(path, block)
            if nullable:
                guards.append(f"{value} is not None")
            terms.append(f"total({value}, ZERO)" if path.type.name == "list" else value)
        if isinstance(atom.operand, PathExpr):
            other, nullable = self.value(atom.operand, block)
            if nullable:
                guards.append(f"{other} is not None")
        else:
            other = self.constant(atom.operand)
        signs = {"same_as": "==", "is": "==", "differs_from": "!=", "is_not": "!="}
        sign = signs.get(atom.op) or _ORDER[atom.op]
        test = f"{' + '.join(terms)} {sign} {other}"
        return "(" + " and ".join([*guards, f"({test})"]) + ")"

    def value(self, path: PathExpr, block: _Block) -> tuple[str, bool]:
        """A name that holds the path's value, and whether it may be None."""
        if path.base in ("organisation", "xero", "settings"):
            value = self.facts.constant(path)
            return self.constant(value), value is None
        if path.base == "item":
            return self.item_value(path, block)
        if path.base == "transaction":
            return self.field_value(path)
        return self.hoist(self.outer, f"#{path.base}.{'.'.join(path.steps)}", self.call(path), True)

    def call(self, path: PathExpr) -> str:
        if path.base in ("submission", "earlier"):
            pair, _ = self.hoist(self.outer, "#past", "facts.past(tx, s)", False)
            return f"{pair}[{0 if path.base == 'submission' else 1}]"
        if path.base == "amounts":
            return "facts.together(t)"
        group, index = trust_group(path.steps[0])
        found, _ = self.hoist(self.outer, f"#trust {group}", f"facts.{group}(tx, s)", False)
        return f"{found}[{index}]"

    def hoist(
        self, block: _Block, key: str, expression: str, nullable: bool
    ) -> tuple[str, bool]:  # fmt: skip
        if key not in block.known:
            self.counter += 1
            name = f"v{self.counter}"
            block.add(f"{name} = {expression}")
            block.known[key] = (name, nullable)
        return block.known[key]

    def derived_list(self, first: str) -> tuple[str, bool]:
        """A list that every kind has: its banks, documents or roles."""
        if first == "roles" and self.facts.roles_of is not None:
            return self.hoist(self.outer, "#roles", "facts.roles_of(tx, s)", False)
        if first == "roles":
            return self.constant(self.facts.roles), False
        simple = self.facts.simple(first)
        if simple is not None:
            if not simple:
                return self.constant(()), False
            value = f"t[{simple!r}]"
            pair = f"() if {value} is None else ({value},)"
            return self.hoist(self.outer, f"#{first}", pair, False)
        return self.hoist(self.outer, f"#{first}", f"facts.named({first!r}, t)", False)

    def field_value(self, path: PathExpr) -> tuple[str, bool]:
        record = self.facts.kind.record
        first = path.steps[0]
        if first in DERIVED_LISTS and record.field(first) is None:
            current, nullable = self.derived_list(first)
            if path.attribute == "count":
                return self.hoist(self.outer, path.text, f"len({current})", False)
            return current, nullable
        if isinstance(path.holder, TaxCodeType):
            read = self.constant(getter(path, self.facts))
            return self.hoist(self.outer, path.text, f"{read}(tx, None, s)", True)
        current, nullable = "t", False
        kind: Any = record
        for depth, step in enumerate(path.steps):
            if not isinstance(kind, RecordType):
                expression = f"[j[{step!r}] for j in {current}]"
                if step in kind.of.optional:
                    expression = expression[:-1] + f" if j[{step!r}] is not None]"
                inner = kind.of.field(step)
                key = ".".join(path.steps[: depth + 1])
                guarded = f"{expression} if {current} is not None else None"
                current, nullable = self.hoist(
                    self.outer, key, guarded if nullable else expression, nullable
                )
                kind = inner
                continue
            optional = step in kind.optional
            access = f"{current}[{step!r}]"
            if nullable:
                access = f"{access} if {current} is not None else None"
            key = ".".join(path.steps[: depth + 1])
            current, nullable = self.hoist(self.outer, key, access, nullable or optional)
            kind = kind.field(step)
        if path.attribute == "count":
            expression = f"len({current})" if not nullable else f"len({current} or ())"
            return self.hoist(self.outer, path.text, expression, False)
        if path.attribute is not None:
            assert isinstance(path.holder, ReferenceType)
            return self.attribute(self.outer, path, path.holder, current, nullable)
        return current, nullable

    def item_value(self, path: PathExpr, block: _Block) -> tuple[str, bool]:
        if not path.steps:
            assert isinstance(path.holder, ReferenceType)
            return self.attribute(block, path, path.holder, "i", False)
        step = path.steps[0]
        key = ".".join(path.steps)
        current, nullable = self.hoist(block, key, f"i[{step!r}]", True)
        for deeper in path.steps[1:]:
            expression = f"{current}[{deeper!r}] if {current} is not None else None"
            current, nullable = self.hoist(block, f"{key}.{deeper}", expression, True)
        if path.attribute is None:
            return current, nullable
        if isinstance(path.holder, TaxCodeType):
            return self.tax_attribute(block, path, path.holder, current)
        assert isinstance(path.holder, ReferenceType)
        return self.attribute(block, path, path.holder, current, nullable)

    def attribute(
        self, block: _Block, path: PathExpr, holder: ReferenceType, name: str, nullable: bool
    ) -> tuple[str, bool]:
        look = {"ledger_account": "ledger", "bank_account": "bank"}.get(holder.name, "s.document")
        if path.attribute == "wanted":
            return self.constant(self.facts.wanted(holder)), False
        if path.base == "item" and not path.steps and holder.purpose == "role":
            fact = name
        else:
            call = f"{look}({name})"
            guarded = f"{call} if {name} is not None else None"
            fact, nullable = self.hoist(
                block, f"#fact {look} {name}", guarded if nullable else call, nullable
            )
        slot = "account_class" if path.attribute == "class" else path.attribute
        if slot == "suits":
            return self.suits(block, holder, fact, nullable)
        if slot == "id" and holder.name != "document":
            return f"{fact}.id", False
        expression = f"{fact}.{slot}"
        if nullable:
            expression = f"{expression} if {fact} is not None else None"
        return self.hoist(block, f"#attribute {fact}.{slot}", expression, True)

    def suits(
        self, block: _Block, holder: ReferenceType, fact: str, nullable: bool
    ) -> tuple[str, bool]:
        """Whether a document is of a kind that the field may refer to; None when not known."""
        kinds = "|".join(holder.refers_to)
        test = f"{fact}.kind in {self.constant(frozenset(holder.refers_to))}" if kinds else "True"
        known = f"{fact} is not None and " if nullable else ""
        expression = f"({test}) if {known}{fact}.kind is not None else None"
        return self.hoist(block, f"#suits {fact} {kinds}", expression, True)

    def tax_attribute(
        self, block: _Block, path: PathExpr, holder: TaxCodeType, code: str
    ) -> tuple[str, bool]:
        account, _ = self.hoist(block, holder.account, f"i[{holder.account!r}]", True)
        fact, _ = self.hoist(
            block, f"#tax {code} {account}", f"tax({code}, {account}, side)", False
        )
        if path.attribute in ("calculated", "off_by"):
            net = f"i[{holder.on!r}]"
            if path.attribute == "off_by":
                factor, _ = self.hoist(block, f"#factor {fact}", f"{fact}.factor", True)
                taxed = f"i[{holder.amount!r}]"
                exact = f"abs(({net} * {factor}).quantize(CENT, HALF_UP) - {taxed})"
                guard = f"None if {factor} is None or {net} is None or {taxed} is None else {exact}"
                return self.hoist(block, f"#tax {fact}.off_by", guard, True)
            both = f"{net}, i[{holder.amount!r}]" if path.attribute == "off_by" else net
            expression = f"{fact}.{path.attribute}({both})"
        else:
            expression = f"{fact}.{path.attribute}"
        return self.hoist(block, f"#tax {fact}.{path.attribute}", expression, True)
