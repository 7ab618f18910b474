"""The language of rules: conditions, paths, texts and layers."""

from __future__ import annotations

from pm2xero.pack.language.conditions import OPERATORS
from pm2xero.pack.language.types import ATTRIBUTES, DERIVED_LISTS, ROOTS, describe
from pm2xero.pack.layers import BY_ID
from pm2xero.reference.markdown import blocks, code, filled, table
from pm2xero.reference.yaml_files import COMMON, schema

_BY_ID = "changes the keys that it names, adds an entry, or takes one away with `remove: true`"


def page() -> str:
    """The whole page."""
    parts = schema(COMMON)["$defs"]
    tests, around = parts["test"]["properties"], parts["condition"]["properties"]
    followed = (
        blocks(
            f"### From a {name.replace('_', ' ')}",
            table(["path", "is"], [[code(f"FIELD.{a}"), describe(t)] for a, t in found.items()]),
        )
        for name, found in ATTRIBUTES.items()
    )
    anywhere = [
        [code(f"{first}.{name}"), describe(of)]
        for first, fields in ROOTS.items()
        for name, of in fields.items()
    ]
    anywhere += [[code(n), f"{describe(t)}, of every kind"] for n, t in DERIVED_LISTS.items()]
    merged = [[code(group), f"the id of each {word}", _BY_ID] for group, word in BY_ID.items()]
    merged += [
        ["`words`", "each word", "replaces the word"],
        ["`no_tax`, `every_document`, `rows`", "the whole value", "replaces it"],
        ["templates", "the name of the file", "hides the file of a lower pack"],
    ]
    return filled(
        "language",
        condition=str(parts["condition"]["description"]),
        operators=table(
            ["operator", "holds when"], [[code(o), tests[o]["description"]] for o in OPERATORS]
        ),
        around=table(
            ["key", "holds when"],
            [[code(k), str(v.get("description", ""))] for k, v in around.items()],
        ),
        attributes=blocks(*followed),
        roots=table(["path", "is"], anywhere),
        merged=table(["part", "merged by", "a higher layer"], merged),
    )
