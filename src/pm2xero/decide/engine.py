"""durable-rules, embedded through its C module: matches rules over truths of one transaction.

Only what is known to be exact is used: one ruleset per kind and stratum in chunks of at most 60
branches, each condition an integer 0 or 1, one fact at a time which is always retracted. No Host,
no joins, no negated patterns, no text of a user. Any odd answer is an `EngineFault`; the ruleset
is then built anew.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from pm2xero.decide.tree import Branch, leaves
from pm2xero.errors import EngineError, EngineFault, Finding

MAX_BRANCHES = 60
NO_RULE = 1

_lock = threading.Lock()


def _fresh_lock() -> None:
    """A child process must not wait for a thread that only its parent has."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_fresh_lock)


def load_module() -> Any:
    """The C module of durable-rules.

    Raises:
        EngineError: PE001 when it is not installed, PE002 when it was built without the define
            that CPython 3.13 and later need.
    """
    try:
        import durable_rules_engine
    except ModuleNotFoundError:
        raise EngineError(
            Finding(
                "PE001",
                "the rule engine durable-rules is not installed",
                hint="install it with: CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject "
                "pip install durable-rules==2.0.28 (it is compiled, so it needs a C compiler)",
            )
        ) from None
    except ImportError:
        raise EngineError(
            Finding(
                "PE002",
                "the rule engine durable-rules was built in a way that this Python cannot load",
                hint="build it again with: CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject "
                "pip install --force-reinstall --no-cache-dir durable-rules==2.0.28",
            )
        ) from None
    return durable_rules_engine


class Ruleset:
    """Rules of one stratum of one kind; answers which of them hold for a vector of truths.

    Safe from several threads (calls are serialised) and after a fork.
    """

    def __init__(self, name: str, rules: Sequence[Branch | None]) -> None:
        self._c = load_module()
        self._name = name
        self._rules = rules
        self._handles: list[tuple[int, tuple[int, ...]]] = []
        self._build()

    def _build(self) -> None:
        self._handles = []
        for number, chunk in enumerate(_chunks(self._rules)):
            used = sorted({a for i in chunk for a in leaves(self._rules[i])})
            definition = {f"r{i}": {"all": [{"m": _pattern(self._rules[i])}]} for i in chunk}
            definition["warm"] = {"all": [{"m": {"warm": 1}}]}
            text = json.dumps(definition)
            handle = self._c.create_ruleset(f"{self._name}-{number}", text)
            self._handles.append((handle, tuple(used)))
            warm = self._ask(handle, '{"id":"w","warm":1}')
            if warm != ["warm"]:
                raise self._fault(f"its self-test answered {warm}")

    def match(self, mask: int) -> tuple[int, ...]:
        """The indexes of the rules that hold for the truths in `mask`, ascending.

        Raises:
            EngineFault: the engine answered oddly; nothing about the transaction is known.
        """
        found: set[int] = set()
        with _lock:
            if not self._handles:
                self._build()
            try:
                for handle, used in self._handles:
                    truths = "".join(f',"c{i}":{mask >> i & 1}' for i in used)
                    for name in self._ask(handle, f'{{"id":"t","k":1{truths}}}'):
                        found.add(int(name[1:]))
            except EngineFault:
                # Its state is not to be trusted any more; the next question builds it anew.
                self._handles = []
                raise
        return tuple(sorted(found))

    def _ask(self, handle: int, message: str) -> list[str]:
        try:
            code, state = self._c.assert_fact(handle, message)
        except Exception as exc:  # the C module raises bare Exception for every engine error
            raise self._fault(str(exc)) from None
        if code == NO_RULE:
            return []
        if code != 0:
            raise self._fault(f"asserting answered {code}")
        fired: list[str] = []
        try:
            started = self._c.start_action_for_state(handle, state)
            if not started:
                raise self._fault("a match was told but none could be taken")
            reply = started[1]
            while reply:
                fired.extend(json.loads(reply))
                reply = self._c.complete_and_start_action(handle, state)
        finally:
            self._c.retract_fact(handle, message)
        return fired

    def _fault(self, what: str) -> EngineFault:
        message = f'the rule engine answered oddly for "{self._name}": {what}'
        return EngineFault(Finding("PE003", message, hint="the transaction stays undetermined"))


def _chunks(rules: Sequence[Branch | None]) -> Iterator[list[int]]:
    chunk: list[int] = []
    size = 0
    for index, rule in enumerate(rules):
        weight = max(1, len(tuple(leaves(rule))))
        if chunk and size + weight > MAX_BRANCHES:
            yield chunk
            chunk, size = [], 0
        chunk.append(index)
        size += weight
    if chunk:
        yield chunk


def _pattern(rule: Branch | None) -> dict[str, Any]:
    guard: dict[str, Any] = {"k": 1}
    if rule is None:
        return guard
    return {"$and": [guard, _term(rule)]}


def _term(branch: Branch) -> dict[str, Any]:
    if branch.op == "atom":
        return {f"c{branch.atom}": 1 if branch.wanted else 0}
    return {f"${branch.op}": [_term(p) for p in branch.parts]}
