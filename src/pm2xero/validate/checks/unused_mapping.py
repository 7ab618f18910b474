"""A mapping that nobody uses

No rule of any region that was checked names this mapping, so it can never make a request. Usually
its name is misspelt in a rule, or the rule that used it is gone.

FAIL
    mappings:
      levy: { title: A levy, requests: [ … ] }      # and no rule says `mapping: levy`

PASS
    rules:
      - { id: levy, kinds: [levy], outcome: post, mapping: levy }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.validate.subject import Subject

CODE = "PX501"
EVERYWHERE = True
NEEDS_WHOLE = True


def check(subject: Subject) -> Iterator[Finding]:
    """Mappings that no rule names."""
    used = {rule.mapping for rule in subject.pack.rules}
    for name, mapping in subject.pack.mappings.items():
        if name not in used:
            yield Finding(
                CODE,
                f'no rule uses the mapping "{name}"',
                mapping.at,
                hint="remove it, or name it in a rule",
                should_be=f"- {{ id: …, kinds: […], outcome: post, mapping: {name} }}",
                width=len(name),
                severity="warning",
            )
