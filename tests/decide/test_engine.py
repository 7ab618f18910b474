"""durable-rules as it is embedded: exact, complete, thread-safe, and never trusted blindly."""

from __future__ import annotations

import builtins
import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.decide.engine import MAX_BRANCHES, Ruleset, load_module
from pm2xero.decide.tree import Branch, holds, leaves
from pm2xero.errors import EngineError, EngineFault

ATOMS = 12


def atom(number: int, wanted: bool = True) -> Branch:
    return Branch("atom", number, wanted)


BRANCHES = st.recursive(
    st.builds(atom, st.integers(0, ATOMS - 1), st.booleans()),
    lambda inner: st.builds(
        lambda op, parts: Branch(op, parts=tuple(parts)),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.none(), BRANCHES), min_size=1, max_size=12),
    st.lists(st.integers(0, 2**ATOMS - 1), min_size=1, max_size=15),
)
def test_engine_and_tree_agree(rules: list[Branch | None], masks: list[int]) -> None:
    ruleset = Ruleset("random", rules)
    for mask in masks:
        expected = tuple(i for i, rule in enumerate(rules) if holds(rule, mask))
        assert ruleset.match(mask) == expected


def test_hundreds_of_rules_are_split_into_chunks() -> None:
    rules: list[Branch | None] = [atom(i % 40, i % 3 > 0) for i in range(400)]
    ruleset = Ruleset("many", rules)
    assert all(len(used) <= MAX_BRANCHES for _, used in ruleset._handles)
    assert len(ruleset._handles) == 7
    random = Random(1)
    for _ in range(50):
        mask = random.getrandbits(40)
        expected = tuple(i for i, rule in enumerate(rules) if holds(rule, mask))
        assert ruleset.match(mask) == expected


def test_from_several_threads() -> None:
    rules: list[Branch | None] = [atom(i) for i in range(30)]
    ruleset = Ruleset("threads", rules)

    def ask(seed: int) -> bool:
        random = Random(seed)
        for _ in range(200):
            mask = random.getrandbits(30)
            if ruleset.match(mask) != tuple(i for i in range(30) if mask >> i & 1):
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))


def _in_child(ruleset: Ruleset, mask: int, answers: Any) -> None:
    answers.put(ruleset.match(mask))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_after_a_fork() -> None:
    ruleset = Ruleset("fork", [atom(0), atom(1), None])
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_in_child, args=(ruleset, 0b10, answers))
    child.start()
    assert answers.get(timeout=30) == (1, 2)
    child.join()
    assert ruleset.match(0b01) == (0, 2)


class Odd:
    """A C module that answers what the real one never should."""

    def __init__(self, code: int = 0, started: Any = None, error: bool = False) -> None:
        self.code, self.started, self.error = code, started, error
        self.retracted = 0

    def create_ruleset(self, name: str, text: str) -> int:
        return 1

    def assert_fact(self, handle: int, message: str) -> tuple[int, int]:
        if self.error:
            raise Exception("error 302")
        return self.code, 7

    def start_action_for_state(self, handle: int, state: int) -> Any:
        return self.started

    def complete_and_start_action(self, handle: int, state: int) -> None:
        return None

    def retract_fact(self, handle: int, message: str) -> None:
        self.retracted += 1


@pytest.mark.parametrize("odd", [Odd(code=2), Odd(code=0, started=None), Odd(error=True)])
def test_an_odd_answer_is_a_fault(odd: Odd) -> None:
    ruleset = Ruleset("odd", [atom(0)])
    good, ruleset._c = ruleset._c, odd
    with pytest.raises(EngineFault) as fault:
        ruleset.match(1)
    assert fault.value.findings[0].code == "PE003"
    ruleset._c = good
    assert ruleset.match(1) == (0,)


def test_missing_engine_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__
    monkeypatch.delitem(sys.modules, "durable_rules_engine", raising=False)

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "durable_rules_engine":
            raise ModuleNotFoundError(name=name)
        return original(name, *args, **kwargs)

    def unloadable(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "durable_rules_engine":
            raise ImportError("undefined symbol: PyEval_CallObject")
        return original(name, *args, **kwargs)

    for replacement, code in ((absent, "PE001"), (unloadable, "PE002")):
        monkeypatch.setattr(builtins, "__import__", replacement)
        with pytest.raises(EngineError) as error:
            load_module()
        assert error.value.findings[0].code == code
        assert "CPPFLAGS" in (error.value.findings[0].hint or "")


def test_leaves_count_every_place() -> None:
    tree = Branch("or", parts=(atom(3), Branch("and", parts=(atom(3), atom(5)))))
    assert list(leaves(tree)) == [3, 3, 5]
