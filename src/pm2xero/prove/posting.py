"""Whether a firm can post anything at all, as it is set up."""

from __future__ import annotations

from pm2xero.decide.decider import Decider
from pm2xero.errors import Finding, Position
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Pack, Rule
from pm2xero.prove.kind import KindProof, blocks
from pm2xero.prove.terms import no

# How many of the rules that are in the way are named.
NAMED = 5


def nothing_posted(pack: Pack, firm: Organisation) -> Finding | None:
    """The finding (PX607) for a firm at which no document of any kind is ever posted.

    Raises:
        RuntimeError: the solver gave up.
    """
    chart = Decider(pack, firm).chart
    in_the_way: dict[str, Rule] = {}
    for kind in pack.kinds:
        rules = pack.rules_of(kind)
        posts = [r for r in rules if r.outcome == "post"]
        if not posts:
            continue
        proof = KindProof(pack, kind, chart)
        if proof.reached(posts):
            return None
        for rule in rules:
            if blocks(rule) and proof.ask(no(proof.holds[rule.id])) is None:
                in_the_way[rule.id] = rule
    if in_the_way:
        named = ", ".join(list(in_the_way)[:NAMED])
        hint = f"these rules always hold for it: {named}"
        related = tuple((r.at, r.id) for r in list(in_the_way.values())[:NAMED])
    else:
        hint = "it names no accounts or banks on which a document could be booked"
        related = ()
    message = f"{firm.name} can post nothing: every document of every kind is refused or waits"
    return Finding("PX607", message, Position(firm.file), hint=hint, related=related)
