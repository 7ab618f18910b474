"""What a user is told to do can be done: the commands, keys and places that it names exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click
import pytest

from pm2xero.cli.main import cli
from pm2xero.pack.counts import Counts
from pm2xero.pack.load import load_pack
from pm2xero.pack.model import Rule
from pm2xero.validate.reasons import reasons
from pm2xero.xero.errors import load_errors

from .firms import EXAMPLES

ROOT = EXAMPLES.parent
LAYERS = sorted(path.stem for path in (ROOT / "rules" / "regions").glob("*.yaml"))
COMMANDS = set(cli.list_commands(click.Context(cli)))
ORGANISATION = json.loads((ROOT / "schema" / "organisation.schema.json").read_text("utf-8"))
# Where something can be done: each remedy sends its reader to one of these.
PLACES = (
    "Practice Management", "Xero", "organisation.yaml", "Export", "Nothing to do", "bank",
    "accountant", "draft", "Connect", "Push",
)  # fmt: skip


def told(layer: str) -> Iterator[tuple[Rule, str]]:
    """Every rule that stops a document, or a part of it, with its remedy as the pack has it."""
    for rule in load_pack(layer).rules:
        if rule.outcome in ("reject", "hold") or rule.leaves_over:
            texts = next(iter(rule.texts.values()), {})
            remedy = texts.get("remedy")
            yield rule, "".join(str(p) for p in remedy.parts) if remedy is not None else ""


def faults(rule: Rule, remedy: str) -> Iterator[str]:
    """What keeps a reader from doing what a rule says."""
    if not any(place in remedy for place in PLACES):
        yield "nowhere to do it"
    for name in re.findall(r"pm2xero ([a-z-]+)", remedy):
        if name not in COMMANDS:
            yield f"no command {name}"
    # Of a path in the firm's file the first part.
    for name in re.findall(r"`([a-z_]+)[`.]", remedy):
        if name not in ORGANISATION["properties"]:
            yield f"no key {name}"
    # What is on no list of what to enter has no journal to enter.
    is_listed = rule.by_hand or rule.outcome == "hold" or rule.counts is not Counts.MISSING
    if "by hand" in remedy and not is_listed:
        yield "by hand, and yet on no list"


# Acts that Xero or Practice Management knows no way to do, in words that a remedy might use.
IMPOSSIBLE = (
    r"(delete|void|change|edit) (the |its )?overpayment",
    r"(change|edit|restore) (the |a )?(voided|deleted) ",
    r"(delete|remove) (one|a single) payment of (the|a) batch",
    r"^Allocate (all|the whole)",  # there may be nothing to allocate it to
    r"(change|shift|edit) the date .* in Xero",
)
# What a word of a person does, as commands are named in sentences about requests.
WORDS = ("resend", "resolve", "skip", "hold", "release")


@pytest.mark.parametrize("code", sorted(reasons()))
def test_every_remedy_of_every_reason_can_be_followed(code: str) -> None:
    page = reasons()[code]
    for remedy in (page.remedy, *(also.remedy for also in page.also)):
        assert [p for p in IMPOSSIBLE if re.search(p, remedy, re.IGNORECASE)] == []
        named = re.findall(r"pm2xero ([a-z-]+)", remedy)
        named += [word for word in WORDS if re.search(rf"then {word}\b", remedy)]
        assert [n for n in named if n not in COMMANDS] == []
        # What stops a document leads somewhere; what is skipped, or a warning, need not.
        stops = {"reject", "hold", "post", "Xero: person", "Xero: reject", "Xero: wait"}
        if stops & {*page.outcomes}:
            assert remedy


def test_what_must_be_done_in_xero_before_a_resend_says_so() -> None:
    for entry in load_errors().entries:
        words = entry.remedy
        if entry.treat == "wait":
            assert "next push" in words and "resend" not in words
        elif entry.treat == "person":
            assert re.search(r"resend|resolve|push", words), (entry.id, words)


@pytest.mark.parametrize("layer", LAYERS)
def test_remedies_can_be_followed(layer: str) -> None:
    found = [(rule.id, fault) for rule, text in told(layer) for fault in faults(rule, text)]
    assert found == []
