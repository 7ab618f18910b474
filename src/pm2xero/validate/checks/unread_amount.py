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
from pm2xero.pack.model import Kind
from pm2xero.validate.subject import Subject

CODE = "PX504"
NEEDS_WHOLE = True


def check(subject: Subject) -> Iterator[Finding]:
    """Money and tax fields of posted kinds that no request carries."""
    for name, mappings in subject.posted().items():
        kind = subject.pack.kinds[name]
        reads = [subject.reads(spec) for spec in subject.requests_of(name, mappings)]
        unread = [
            path
            for path, _ in subject.money(kind)
            if not any(r.covers(path) for r in reads) and not _ignored(path, kind.ignores)
        ]
        lying = []
        for path in unread:
            dropped = next((r.dropped[path] for r in reads if path in r.dropped), None)
            if dropped is None:
                lying.append(path)
            else:
                yield _dropped(kind, path, *dropped)
        if lying:
            yield _lying(kind, lying, mappings)


def _dropped(kind: Kind, path: str, place: Position, template: str, wanted: str) -> Finding:
    return Finding(
        CODE,
        f'the template {template} drops "{path}" of {kind.name}: it never writes {wanted}',
        place,
        hint=f"write {{{{ {wanted} }}}} in the template",
        width=len(template),
        related=((kind.at, f"{kind.name} is declared here"),),
    )


def _lying(kind: Kind, paths: list[str], mappings: tuple[str, ...]) -> Finding:
    listed = ", ".join(f'"{p}"' for p in paths)
    used = " or ".join(mappings)
    return Finding(
        CODE,
        f"{listed} of {kind.name} {'reaches' if len(paths) == 1 else 'reach'} no body ({used})",
        kind.at,
        hint="read it in the mapping, or say why it is left out",
        should_be=f"ignores: {{ {paths[0]}: why no body needs it }}",
        width=len(kind.name),
    )


def _ignored(path: str, ignores: Container[str]) -> bool:
    steps = path.split(".")
    return any(".".join(steps[: i + 1]) in ignores for i in range(len(steps)))
