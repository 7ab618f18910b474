"""The input contract: every kind with its fields and an example."""

from __future__ import annotations

import json

from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Kind, Pack
from pm2xero.read import limits
from pm2xero.read.contract import rows
from pm2xero.reference.markdown import blocks, code, fenced, filled, table
from pm2xero.scaffold.example_document import example_document


def page(pack: Pack, regional: Pack, firm: Organisation) -> str:
    """The whole page.

    Args:
        pack: whose kinds are told.
        regional, firm: what the examples are filled with.
    """
    kinds = list(pack.kinds.values())
    return filled(
        "input",
        NAME=str(limits.NAME),
        ID=str(limits.ID),
        TEXT=f"{limits.TEXT:,}",
        ENTRIES=f"{limits.ENTRIES:,}",
        COUNT=str(limits.COUNT),
        MB=str(limits.RECORD_BYTES // 1024 // 1024),
        DEPTH=str(limits.DEPTH),
        kinds=table(
            ["kind", "title", "section"],
            [[f"[{k.name}](#{k.name})", k.title, k.section] for k in kinds],
        ),
        each=blocks(*(_kind(k, regional, firm) for k in kinds)),
    )


def _kind(kind: Kind, regional: Pack, firm: Organisation) -> str:
    example = example_document(regional, firm, regional.kinds[kind.name])
    return blocks(
        f"### {kind.name}",
        f"{kind.title}.",
        table(
            ["field", "needed", "holds"],
            [[code(r.path), "yes" if r.required else "", r.type] for r in rows(kind)],
        ),
        fenced(json.dumps(example, indent=1, ensure_ascii=False), "json"),
    )
