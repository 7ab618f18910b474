"""A rule that no person may set aside

`may_release: person` lets a person decide about what stands on the document itself, such as its
amount. A rule that rejects or skips is final, a required one guards money, and what waits for
another document, or for trust money, goes on by itself when that has come: until then it cannot be
posted.

FAIL
    - id: large_payment
      kinds: [trust_payment]
      outcome: hold
      required: true
      may_release: person

PASS
    - id: large_payment
      kinds: [trust_payment]
      outcome: hold
      may_release: person
      when: { amount: { above: "50000.00" } }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.pack.language.conditions import Atom, Compare, Condition, Quantified, Sum, atoms
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import ReferenceType
from pm2xero.pack.model import Rule
from pm2xero.validate.subject import Subject

CODE = "PX523"
_PAST = ("trust", "earlier", "submission")


def check(subject: Subject) -> Iterator[Finding]:
    """Rules that say `may_release` and must not."""
    for rule in subject.pack.rules:
        if rule.may_release and (why := _why_not(rule)) is not None:
            yield Finding(
                CODE,
                f'a person cannot release what the rule "{rule.id}" stops: {why}',
                rule.origins["may_release"].at,
                hint="take `may_release` away, or hold by what stands on the document itself",
                width=len("person"),
            )


def _why_not(rule: Rule) -> str | None:
    if rule.outcome != "hold":
        return f"its outcome is {rule.outcome}, not hold"
    if rule.required:
        return "it is required, as it guards money"
    read = (p for c in rule.conditions.values() for p in _paths(c))
    path = next((p for p in read if _is_of_the_past(p)), None)
    return None if path is None else f"{path.text} is what other documents make of it"


def _is_of_the_past(path: PathExpr) -> bool:
    other = isinstance(path.holder, ReferenceType) and path.holder.name == "document"
    return path.base in _PAST or (path.attribute is not None and other)


def _paths(condition: Condition | None) -> Iterator[PathExpr]:
    for atom in atoms(condition):
        yield from _of_atom(atom)


def _of_atom(atom: Atom) -> Iterator[PathExpr]:
    if isinstance(atom, Quantified):
        yield atom.over
        yield from _paths(atom.where)
        return
    yield from atom.paths if isinstance(atom, Sum) else (atom.path,)
    if isinstance(atom, Compare | Sum) and isinstance(atom.operand, PathExpr):
        yield atom.operand
