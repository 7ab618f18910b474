"""No change of any file of a pack gives anything but findings."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pm2xero.pack.load import Memory, PackRoot
from pm2xero.report.findings import ReadSource, format_findings
from pm2xero.report.validation import FORMS
from pm2xero.resources import root
from pm2xero.validate.run import validate

# PM2XERO_FUZZ=4000 mutates that often.
ROUNDS = int(os.environ.get("PM2XERO_FUZZ", "120"))
SEED = int(os.environ.get("PM2XERO_FUZZ_SEED", "20"))
TOKENS = (
    "null", "true", "~", "[]", "{}", "[[]]", "{ a: { b: [1, { c: 2 }] } }", "0", "-1", "1.5",
    "99999999999999999999999999", "1e400", "'", '"', "|", ">", "&a", "*a", "<<", "!!python/object",
    "!!set {a}", "? x", "- ", ": ", "#", "\t", "\x00", "\u2028", "\ufeff", "é", "漢", "😀", "{{",
    "}}", "{%", "%}", "{{ x.y.z }}", "{% for a in b %}", "{% include 'x' %}", "any", "every",
    "where", "sum", "not", "all_of", "any_of", "ref", "remove: true", "extends", "kinds: all",
    "when: []", "when: {}", "each: lines", "post", "reject", "id: id", "{found.x}", "{", "}",
    "lines.net", "a" * 300, "..", "amount.", ".amount", "transaction", "2026-13-45", "10.999",
)  # fmt: skip

Mutation = Callable[[random.Random, str], str]


def _line(chance: random.Random, text: str, change: Callable[[str], list[str]]) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return "\n".join([*lines[:at], *change(lines[at]), *lines[at + 1 :]])


def _token(chance: random.Random, text: str) -> str:
    words = text.split(" ")
    words[chance.randrange(len(words))] = chance.choice(TOKENS)
    return " ".join(words)


def _insert(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(TOKENS) + text[at:]


def _cut(chance: random.Random, text: str) -> str:
    start = chance.randrange(len(text))
    return text[:start] + text[start + chance.randrange(1, 60) :]


def _value(chance: random.Random, text: str) -> str:
    """Another value behind a key."""
    return _line(
        chance, text, lambda x: [f"{x.split(':')[0]}: {chance.choice(TOKENS)}" if ":" in x else x]
    )


def _swap(chance: random.Random, text: str) -> str:
    """Two words of the file change places: most often a wrong name at a right place."""
    words = text.split(" ")
    one, two = chance.randrange(len(words)), chance.randrange(len(words))
    words[one], words[two] = words[two], words[one]
    return " ".join(words)


MUTATIONS: tuple[Mutation, ...] = (
    _token,
    _insert,
    _cut,
    _value,
    _value,
    _swap,
    lambda c, t: _line(c, t, lambda x: []),
    lambda c, t: _line(c, t, lambda x: [x, x]),
    lambda c, t: _line(c, t, lambda x: [" " * c.randrange(8) + x.lstrip()]),
    lambda c, t: t[: c.randrange(len(t))],
)


def reader(text: str) -> ReadSource:
    return lambda name: text.splitlines()


@pytest.fixture
def pack(tmp_path: Path) -> PackRoot:
    for part in ("rules", "mappings"):
        shutil.copytree(root() / part, tmp_path / part)
    return PackRoot(tmp_path, "")


@pytest.mark.long
def test_mutated_files_give_findings_and_nothing_else(pack: PackRoot) -> None:
    chance = random.Random(SEED)
    memory = Memory()
    names = ("au", "nz", "ca-bc")
    files = [
        f
        for f in sorted(pack.path.rglob("*"))
        if f.suffix in (".yaml", ".j2") and "cases" not in f.parts and "xero" not in f.parts
        if "regions" not in f.parts or f.stem in ("au", "nz", "ca", "ca-bc")
    ]
    found: set[str] = set()
    for number in range(ROUNDS):
        file = chance.choice(files)
        region = file.stem if file.stem in names else chance.choice(names)
        sound = file.read_text(encoding="utf-8")
        mutated = sound
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            mutated = chance.choice(MUTATIONS)(chance, mutated or " ")
        file.write_text(mutated, encoding="utf-8")
        memory.read = {k: v for k, v in memory.read.items() if k[0] != str(file)}
        try:
            result = validate((region,), base=pack, memory=memory)
            for finding in result.findings:
                assert finding.message
                assert finding.at is not None
                assert finding.at.line > 0
                assert finding.at.column > 0
                found.add(finding.code)
            if number % 10 == 0:
                for form in FORMS.values():
                    assert form(result)
                assert format_findings(result.findings, reader(mutated))
        except Exception as exc:  # the mutation is what one needs to know
            kept = pack.path / "broken.txt"
            kept.write_text(mutated, encoding="utf-8")
            raise AssertionError(f"round {number}, {file.name} ({kept})") from exc
        finally:
            file.write_text(sound, encoding="utf-8")
            memory.read = {k: v for k, v in memory.read.items() if k[0] != str(file)}
    assert len(found) >= min(20, ROUNDS // 10), sorted(found)
