"""A reference that reaches no body

A kind makes an entry on a bank and lists one of the texts by which a bank line is found again
(`found_by` of `every_document`: number, cheque number, batch, reference), but no mapping and no
template reads it. When that is meant, the kind says why under `ignores`.

FAIL
    "Reference": {{ id | fit(255) }}

PASS
    "Reference": {{ [id, number, check_number, batch, reference] | together(" · ") | fit(255) }}
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.pack.language.paths import AccountExpr
from pm2xero.pack.model import RequestSpec
from pm2xero.validate.subject import Subject

CODE = "PX519"
NEEDS_WHOLE = True


def check(subject: Subject) -> Iterator[Finding]:
    """Texts of posted kinds with a bank that no request carries."""
    for name, mappings in subject.posted().items():
        kind = subject.pack.kinds[name]
        specs = subject.requests_of(name, mappings)
        if not any(_on_a_bank(s) for s in specs):
            continue
        reads = [subject.reads(spec) for spec in specs]
        unread = [
            field
            for field in subject.pack.found_by
            if field in kind.listed
            and field not in kind.ignores
            and not any(r.covers(field) for r in reads)
        ]
        if unread:
            listed = ", ".join(f'"{f}"' for f in unread)
            used = " or ".join(mappings)
            reach = "reaches" if len(unread) == 1 else "reach"
            yield Finding(
                CODE,
                f"{listed} of {name} {reach} no body ({used}); the bank line is not found by it",
                kind.at,
                hint="write it in the Reference of a template, behind the id",
                should_be=f"or ignores: {{ {unread[0]}: why no body needs it }}",
                width=len(name),
                severity="warning",
            )


def _on_a_bank(spec: RequestSpec) -> bool:
    """Whether a request names a bank account of the document."""
    return any(isinstance(v, AccountExpr) and v.by == "bank" for v in spec.values.values())
