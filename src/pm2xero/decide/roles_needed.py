"""Which accounts a document needs by what they do: those of the postings that it makes."""

from __future__ import annotations

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.facts import Facts, RolesOf
from pm2xero.decide.state import State
from pm2xero.firm.chart import AccountFact
from pm2xero.read.transaction import Transaction


def compile_roles(facts: Facts) -> RolesOf | None:
    """A function that gives the roles of a document; None when all documents need the same.

    A role that only another branch of the kind needs is not asked for.
    """
    if not any(facts.role_conditions.values()):
        return None
    roles = [
        (facts.chart.role(name), [compile_item_test(c, facts) for c in conditions])
        for name, conditions in facts.role_conditions.items()
    ]

    def needed(tx: Transaction, state: State) -> list[AccountFact]:
        return [
            fact for fact, tests in roles if not tests or any(t(tx, None, state) for t in tests)
        ]

    return needed
