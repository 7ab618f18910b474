"""What a user is told to do can be done: the commands, keys and places that it names exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from pm2xero.cli.main import cli
from pm2xero.pack.counts import Counts
from pm2xero.pack.load import load_pack
from pm2xero.pack.model import Rule

from .firms import EXAMPLES

ROOT = EXAMPLES.parent
LAYERS = sorted(path.stem for path in (ROOT / "rules" / "regions").glob("*.yaml"))
ORGANISATION = json.loads((ROOT / "schema" / "organisation.schema.json").read_text("utf-8"))
# Where something can be done: each remedy sends its reader to one of these.
PLACES = (
    "Practice Management", "Xero", "organisation.yaml", "Export", "Nothing to do", "bank",
    "accountant", "draft", "Connect", "Push",
)  # fmt: skip


def told(layer: str) -> Iterator[tuple[Rule, str]]:
    """Every rule that stops a document, with its remedy as it stands in the pack."""
    for rule in load_pack(layer).rules:
        if rule.outcome in ("reject", "hold"):
            texts = next(iter(rule.texts.values()), {})
            remedy = texts.get("remedy")
            yield rule, "".join(str(p) for p in remedy.parts) if remedy is not None else ""


def faults(rule: Rule, remedy: str) -> Iterator[str]:
    """What keeps a reader from doing what a rule says."""
    if not any(place in remedy for place in PLACES):
        yield "nowhere to do it"
    for name in re.findall(r"pm2xero ([a-z-]+)", remedy):
        if name not in cli.commands:  # type: ignore[attr-defined]  # a group of click
            yield f"no command {name}"
    # Of a path in the firm's file the first part.
    for name in re.findall(r"`([a-z_]+)[`.]", remedy):
        if name not in ORGANISATION["properties"]:
            yield f"no key {name}"
    # What is on no list of what to enter has no journal to enter.
    is_listed = rule.by_hand or rule.outcome == "hold" or rule.counts is not Counts.MISSING
    if "by hand" in remedy and not is_listed:
        yield "by hand, and yet on no list"


@pytest.mark.parametrize("layer", LAYERS)
def test_remedies_can_be_followed(layer: str) -> None:
    found = [(rule.id, fault) for rule, text in told(layer) for fault in faults(rule, text)]
    assert found == []
