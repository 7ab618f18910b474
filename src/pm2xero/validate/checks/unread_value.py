"""What a request says and its template does not read

`link`, `status`, what is said of the contact, and each name under `with` reach a body only where
the template, or a part that it includes, reads them; else what the pack says is dropped.

FAIL
    - { id: payment, put: Payments, template: payment.json.j2, link: "https://pm.example/{id}" }

PASS
    - { id: invoice, put: Invoices, template: invoice.json.j2, link: "https://pm.example/{id}" }
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from jinja2 import TemplateNotFound, TemplateSyntaxError

from pm2xero.errors import Finding
from pm2xero.pack.model import RequestSpec
from pm2xero.render.template_checks import parsed
from pm2xero.render.templates import BodyEnvironment
from pm2xero.validate.fields_read import template_reads
from pm2xero.validate.subject import Subject

CODE = "PX525"
NEEDS_WHOLE = True

# What a request can say, and the name under which templates read it.
_READ_AS = {
    "link": "link", "status": "status", "contact_name": "contact", "contact_details": "contact",
}  # fmt: skip


def check(subject: Subject) -> Iterator[Finding]:
    """Values of requests that their templates do not read."""
    seen: set[object] = set()
    for name, mappings in subject.posted().items():
        for spec in subject.requests_of(name, mappings):
            found = subject.memory.once(
                CODE, (subject.env, spec), partial(_found, subject.env, spec)
            )
            for finding in found:
                if finding.at not in seen:
                    seen.add(finding.at)
                    yield finding


def _found(env: BodyEnvironment, spec: RequestSpec) -> tuple[Finding, ...]:
    return tuple(_unread(env, spec))


def _unread(env: BodyEnvironment, spec: RequestSpec) -> Iterator[Finding]:
    try:
        read = parsed(env, spec.template).undeclared
    except (TemplateNotFound, TemplateSyntaxError):
        return
    read |= {dotted.split(".")[0] for dotted in template_reads(env, spec.template)}
    said = {k: v for k, v in _READ_AS.items() if k in spec.value_at and k not in spec.values}
    for key, name in {**said, **{n: n for n in spec.values}}.items():
        if name not in read:
            yield Finding(
                CODE,
                f'"{key}" of the request "{spec.id}" reaches no body: {spec.template} does not '
                f'read "{name}"',
                spec.value_at.get(key, spec.at),
                hint="leave it out, or read it in the template",
                severity="warning",
            )
