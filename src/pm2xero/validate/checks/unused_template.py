"""A template that nobody uses

No request of any mapping names this template, and no other template includes it.

FAIL
    mappings/templates/levy.json.j2                  # and no request says `template: levy.json.j2`

PASS
    requests:
      - { id: levy, put: ManualJournals, template: levy.json.j2 }
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.render.template_checks import template_file
from pm2xero.render.templates import NotText
from pm2xero.validate.subject import Subject

CODE = "PX512"
EVERYWHERE = True
NEEDS_WHOLE = True


def check(subject: Subject) -> Iterator[Finding]:
    """Template files that nothing names."""
    used: set[str] = set()
    for mapping in subject.pack.mappings.values():
        requests: Any = mapping.raw["requests"]
        used |= {str(r.get("template")) for r in requests}
    env = subject.env
    names = env.list_templates()
    assert env.loader is not None
    for name in names:
        try:
            source = env.loader.get_source(env, name)[0]
        except NotText:
            # Whoever uses it is told so; it names nothing.
            continue
        used |= set(re.findall(r"""(?:include|extends|import|from)\s+["']([^"']+)["']""", source))
    for name in names:
        if name not in used:
            yield Finding(
                CODE,
                f'no request uses the template "{name}"',
                Position(template_file(env, name)),
                hint="remove the file, or name it in a request",
                severity="warning",
            )
