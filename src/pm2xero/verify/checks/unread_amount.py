"""An amount or tax code that reaches no body

A kind is posted, but one of its amounts or tax codes is read by no mapping and no template, so
money or tax could be lost without a word. When that is meant, the kind says why under `ignores`.

FAIL
    kinds:
      levy:
        fields: { required: [amount, tax] }         # and no template writes the tax

PASS
    kinds:
      levy:
        fields: { required: [amount, tax] }
        ignores: { tax: part of the amount; the guild reclaims nothing }
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from pm2xero.errors import Finding, Position
from pm2xero.verify.reads import money_fields, reads_of
from pm2xero.verify.subject import Subject

CODE = "PX504"
NEEDS_WHOLE = True


def check(subject: Subject) -> Iterator[Finding]:
    """Money and tax fields of posted kinds that no request carries."""
    for name, mappings in subject.posted().items():
        kind = subject.pack.kinds[name]
        reads = [reads_of(spec, subject.env) for spec in subject.requests_of(name, mappings)]
        for path, kind_of in money_fields(kind.record):
            if any(r.covers(path) for r in reads) or _ignored(path, kind.ignores):
                continue
            what = "tax code" if kind_of.name == "tax_code" else "amount"
            related: tuple[tuple[Position, str], ...] = ()
            dropped = next((r.dropped[path] for r in reads if path in r.dropped), None)
            listed = ", ".join(f'"{m}"' for m in mappings)
            if dropped is None:
                message = f'the {what} "{path}" of {name} reaches no body (mapping {listed})'
                at, width = kind.at, len(name)
                hint = f"read it in the mapping, or say why not: ignores: {{ {path}: … }}"
            else:
                place, template, wanted = dropped
                message = (
                    f'the template {template} drops the {what} "{path}" of {name}: '
                    f"it never writes {wanted}"
                )
                at, width = place, len(template)
                related = ((kind.at, f"{name} is declared here"),)
                hint = f"write {{{{ {wanted} }}}} in the template"
            yield Finding(CODE, message, at, hint=hint, width=width, related=related)


def _ignored(path: str, ignores: Container[str]) -> bool:
    steps = path.split(".")
    return any(".".join(steps[: i + 1]) in ignores for i in range(len(steps)))


