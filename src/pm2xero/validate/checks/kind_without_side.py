"""A kind with tax codes but without a side

A tax code means one Xero tax type on sales and another on purchases. A kind whose lines carry tax
codes must say which of the two it is, or every line is taken for a sale.

FAIL
    kinds:
      levy: { title: A levy, fields: { required: [lines, totals] } }

PASS
    kinds:
      levy: { title: A levy, side: purchases, fields: { required: [lines, totals] } }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.validate.subject import Subject

CODE = "PX511"


def check(subject: Subject) -> Iterator[Finding]:
    """Posted kinds with tax codes whose side is not said."""
    for name in subject.posted():
        kind = subject.pack.kinds[name]
        taxed = [p for p, t in subject.money(kind) if t.name == "tax_code"]
        if taxed and kind.side is None:
            yield Finding(
                CODE,
                f'{name} carries the tax code "{taxed[0]}" but does not say which side it is',
                kind.at,
                should_be="side: sales | purchases | sales_unless_cost | purchases_unless_income",
                width=len(name),
            )
