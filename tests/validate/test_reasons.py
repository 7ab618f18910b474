"""Every reason code that a user can be told is known to `pm2xero codes`, with all its sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pm2xero.pack.load import load_pack
from pm2xero.validate.reasons import of_pack, reasons

SRC = Path(__file__).parents[2] / "src" / "pm2xero"
SAYERS = {"Reason", "Warning_"}
CODE = re.compile(r"[a-z]+(_[a-z]+)*")


def said_by_the_program() -> set[str]:
    return {c for f in SRC.rglob("*.py") for c in _codes(ast.parse(f.read_text("utf-8")))}


def _codes(tree: ast.Module) -> Iterator[str]:
    """Codes given to a Reason or Warning_, also by a function of the module that takes a code."""
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    if not SAYERS & names:
        return
    at = dict.fromkeys(SAYERS, 0)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not SAYERS.isdisjoint(_called(node)):
            arguments = [a.arg for a in node.args.args]
            if "code" in arguments:
                at[node.name] = arguments.index("code")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in at:
            yield from _texts(node.args[at[node.func.id] :][:1])
    # Tables and constants of the module, such as those by how a revision stands.
    for statement in tree.body:
        match statement:
            case (
                ast.AnnAssign(value=ast.Dict(values=rows)) | ast.Assign(value=ast.Dict(values=rows))
            ):
                yield from (t for r in rows if isinstance(r, ast.Tuple) for t in _texts(r.elts[:1]))
            case ast.Assign(targets=[ast.Name(id="CODE")], value=value):
                yield from _texts([value])


def _called(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            yield inner.func.id


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
            yield str(node.value)


def test_every_code_that_the_program_says_is_known() -> None:
    said = said_by_the_program()
    assert {"needs_a_person", "correction_waits", "superseded", "trust_imbalance"} <= said
    assert said <= set(reasons())


def test_a_code_tells_what_each_of_its_rules_says() -> None:
    pack = load_pack("base")
    pages = of_pack(pack)
    for rule in (r for r in pack.rules if r.outcome != "post"):
        page = pages[rule.code]
        words = {t.text for texts in rule.texts.values() for n, t in texts.items() if n != "remedy"}
        told = {page.sentence, *(s.sentence for s in page.also)}
        assert words & told or not words, rule.id


def test_the_page_of_a_code_shows_all_its_sentences() -> None:
    page = reasons()["totals_mismatch"]
    assert len(page.also) >= 2
    assert all(s.sentence in page.text() and s.by in page.text() for s in page.also)
