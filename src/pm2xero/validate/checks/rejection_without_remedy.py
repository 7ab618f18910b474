"""A rejection without a remedy

Whoever reads that a document was refused or held must be told what to do about it; when there is
nothing to do, the remedy says so. Rules with the outcome skip need none.

FAIL
    - id: cash_only
      kinds: [client_payment]
      outcome: reject
      reason: Cash is not taken.

PASS
    - id: cash_only
      kinds: [client_payment]
      outcome: reject
      reason: Cash is not taken.
      remedy: Ask the client for a transfer.
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.validate.subject import Subject

CODE = "PX503"


def check(subject: Subject) -> Iterator[Finding]:
    """Rules that reject or hold without saying what to do."""
    for rule in subject.pack.rules:
        if rule.outcome not in ("reject", "hold") or "remedy" in rule.origins:
            continue
        origin = rule.origins["outcome"]
        yield Finding(
            CODE,
            f'the rule "{rule.id}" has outcome {rule.outcome} but does not say what to do about it',
            origin.at,
            hint="add a remedy",
            should_be="remedy: Nothing to do; … (or what to correct, and where)",
            width=len(rule.outcome),
        )
