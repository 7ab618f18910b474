"""An `ignores` that ignores nothing

The kind says that a field needs no place in any body, but there is no such amount, or a body does
carry it. What is left would hide a real loss later.

FAIL
    kinds:
      levy:
        fields: { required: [amount] }
        ignores: { discount: never given }          # levy has no discount

PASS
    kinds:
      levy:
        fields: { required: [amount] }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.validate.subject import Subject

CODE = "PX508"
NEEDS_WHOLE = True
EVERYWHERE = True


def check(subject: Subject) -> Iterator[Finding]:
    """Entries of `ignores` that are no field, or a field that a body carries."""
    posted = subject.posted()
    for name, kind in subject.pack.kinds.items():
        if not kind.ignores:
            continue
        references = [f for f in subject.pack.found_by if kind.record.field(f) is not None]
        fields = [*(path for path, _ in subject.money(kind)), *references]
        reads = [subject.reads(s) for s in subject.requests_of(name, posted.get(name, ()))]
        for path, ignored in kind.ignores.items():
            below = [f for f in fields if f == path or f.startswith(f"{path}.")]
            if not below:
                yield Finding(
                    CODE,
                    f'{name} has no amount or reference "{path}" to ignore',
                    ignored.at,
                    hint=did_you_mean(path, fields) or "leave the line out",
                    should_be=one_of(fields, 20) if fields else None,
                    width=len(path),
                    severity="warning",
                )
            elif all(any(r.covers(f) for r in reads) for f in below):
                yield Finding(
                    CODE,
                    f'"{path}" of {name} is not ignored: a body carries it',
                    ignored.at,
                    hint="leave the line out",
                    width=len(path),
                    severity="warning",
                )
