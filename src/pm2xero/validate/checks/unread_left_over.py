"""A part that is left over by no rule

`left_over` of a kind says which part of its documents a person enters, and that of a mapping where
in Xero it is made; both count only where a rule that posts says `leaves_over: true`.

FAIL
    mappings:
      levy: { title: A levy, left_over: Payments, requests: [ … ] }   # and no rule leaves it over

PASS
    rules:
      - { id: levy.part, kinds: [levy], outcome: post, leaves_over: true, mapping: levy, … }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.validate.subject import Subject

CODE = "PX527"
EVERYWHERE = True
NEEDS_WHOLE = True


def check(subject: Subject) -> Iterator[Finding]:
    """What is left over of kinds and by mappings, and no rule leaves over."""
    pack = subject.pack
    rules = [r for r in pack.rules if r.leaves_over]
    kinds, mappings = {k for r in rules for k in r.kinds}, {r.mapping for r in rules}
    unread = [("kind", k.name, k.at) for k in pack.kinds.values() if k.left_over]
    unread = [(what, name, at) for what, name, at in unread if name not in kinds]
    for mapping in pack.mappings.values():
        if mapping.left_over and mapping.id not in mappings:
            origin = mapping.origins.get("left_over")
            unread.append(("mapping", mapping.id, origin.at if origin else mapping.at))
    for what, name, at in unread:
        yield Finding(
            CODE,
            f'the {what} "{name}" says what is left over, and no rule leaves it over',
            at,
            hint="remove `left_over`, or say `leaves_over: true` in the rule that posts them",
            severity="warning",
        )
