"""The facts that nobody has verified: the table of `doctor/facts.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from pm2xero.pack.yaml.read import read_yaml

FILE = Path(__file__).with_name("facts.yaml")


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that the product takes to be so.

    Attributes:
        number: of its check; it never changes, nor is it given to another one.
        fact: what is assumed.
        source: where it comes from, and what speaks against it.
        depends: modules of the product that would have to change, below `src/pm2xero`.
        check: what the check does and sees, or what a person does to see it.
        live: the name of the check in `doctor/checks`; None where only a person can look.
    """

    number: int
    fact: str
    source: str
    depends: list[str]
    check: str
    live: str | None = None


@cache
def load_facts() -> Sequence[Fact]:
    """All of them, by number."""
    tree = read_yaml(FILE, FILE.name)
    return tuple(msgspec.convert(tree["facts"], list[Fact]))
