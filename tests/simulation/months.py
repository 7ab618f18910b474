"""What a simulated firm pushes: a month of the examples, or a part of one that hangs together."""

from __future__ import annotations

import functools
import json
import random
from collections import Counter
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.decide.decider import opening_state
from pm2xero.pipeline import Pipeline

EXAMPLES = Path(__file__).parents[2] / "examples"
REGIONS = tuple(sorted(p.parent.name for p in EXAMPLES.glob("*/month.jsonl")))

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Months:
    """Documents to be pushed one lot after the other."""

    region: str
    lots: tuple[tuple[Document, ...], ...]
    edited: bool = False

    @property
    def count(self) -> int:
        """How many documents there are, later revisions included."""
        return sum(len(lot) for lot in self.lots)


@functools.cache
def _loaded(region: str) -> Pipeline:
    return Pipeline.load(EXAMPLES / region / "organisation.yaml")


def pipeline(region: str) -> Pipeline:
    """A pipeline that has seen nothing; pack and compiled rules are shared."""
    fresh = copy(_loaded(region))
    fresh.state = opening_state(fresh.organisation)
    return fresh


@functools.cache
def month(region: str) -> tuple[Document, ...]:
    """The month of a region's example, in the order of its file."""
    text = (EXAMPLES / region / "month.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


def whole(region: str) -> Months:
    """The whole month in one lot."""
    return Months(region, (month(region),))


def drawn(region: str, chance: random.Random) -> Months:
    """A part of a month, in one to three lots, some documents edited after they were pushed."""
    some = part(month(region), chance, chance.randint(8, 24))
    cuts = sorted(chance.sample(range(1, len(some)), chance.choice((0, 0, 0, 1, 1, 2))))
    lots = [some[a:b] for a, b in zip([0, *cuts], [*cuts, len(some)], strict=True)]
    edited = len(lots) > 1 and chance.random() < 0.5
    if edited:
        lots[-1] = [*lots[-1], *_edited(lots[0], lots[-1], chance)]
    return Months(region, tuple(tuple(lot) for lot in lots), edited)


def part(
    documents: tuple[Document, ...], chance: random.Random, wanted: int
) -> list[Document]:  # fmt: skip
    places = {d["id"]: n for n, d in enumerate(documents)}
    chosen: set[int] = set()
    for place in chance.sample(range(len(documents)), len(documents)):
        chosen |= _with_dependencies(documents, places, place)
        if len(chosen) >= wanted:
            break
    return [documents[n] for n in sorted(chosen)]


def _with_dependencies(
    documents: tuple[Document, ...], places: dict[str, int], place: int
) -> set[int]:
    """A document with those it names, and the trust money that it may need."""
    found: set[int] = set()
    waiting = [place]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found.add(here)
        document = documents[here]
        named = set(texts(document))
        waiting += [n for id, n in places.items() if id in named]
        if str(document["kind"]).startswith("trust_"):
            matters = _matters(document)
            waiting += [
                n
                for n in range(here)
                if documents[n]["kind"] in ("trust_receipt", "trust_transfer", "trust_journal")
                and matters & _matters(documents[n])
            ]
    return found


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def _matters(value: Any) -> set[str]:
    """Every matter that a document is about."""
    found: set[str] = set()
    if isinstance(value, dict):
        for name, item in value.items():
            if name.endswith("matter"):
                found.add(str(item["id"] if isinstance(item, dict) else item))
            found |= _matters(item)
    elif isinstance(value, list):
        for item in value:
            found |= _matters(item)
    return found


_EDITABLE = ("client_bill", "supplier_invoice", "bank_deposit", "bank_withdrawal")


def _edited(
    documents: list[Document], beside: list[Document], chance: random.Random
) -> list[Document]:
    """Higher revisions of up to three documents: voided, twice the money, or another text.

    Each was edited before or after everything of the lot that it stands in (`beside`), and nothing
    of that lot refers to it.
    """
    # A document that the month has twice would be edited in two ways at once.
    times = Counter(d["id"] for d in documents)
    busy = {text for document in beside for text in texts(document)}
    candidates = [
        d
        for d in documents
        if d["kind"] in _EDITABLE and d["id"] not in busy and times[d["id"]] == 1
    ]
    edited = []
    for document in chance.sample(candidates, min(len(candidates), chance.randint(1, 3))):
        later = {**document, "revision": document["revision"] + 1}
        if chance.random() < 0.5:
            later["posted_at"] = max(str(d["posted_at"]) for d in beside)
        if chance.random() < 0.3:
            later |= {"status": "voided", "voided_at": document["posted_at"]}
        elif chance.random() < 0.5:
            later["lines"] = [doubled(line) for line in document["lines"]]
            later["totals"] = doubled(document["totals"])
        else:
            first, *rest = document["lines"]
            later["lines"] = [{**first, "description": "As agreed by telephone"}, *rest]
        edited.append(later)
    return edited


def doubled(amounts: Document) -> Document:
    names = ("net", "tax", "gross")
    return {**amounts, **{n: str(2 * Decimal(amounts[n])) for n in names if n in amounts}}
