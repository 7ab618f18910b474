"""Proofs that held before: by what was proven, so that after an edit only its own are run again.

Only what holds is kept. What stands against a pack is found anew each time, with its example.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Pack
from pm2xero.render.templates import BodyEnvironment, NotText
from pm2xero.validate.kept.digests import CannotTellError, digest_of_parts, product
from pm2xero.validate.kept.folder import Folder
from pm2xero.validate.kept.meaning import Meaning
from pm2xero.validate.soundness.result import Result

# Kinds of packs and their states while they are edited; those that were not asked for longest go.
MOST = 3000
# A template that may read another one, by whatever name.
_READS_OTHERS = re.compile(r"\{%[-+]?\s*(?:include|import|from|extends)\b")
# What a rule says and where it says it; how it is decided is in the rest.
_WORDS = ("texts", "origins", "source", "section", "order", "title", "value_at")


class KeptProofs:
    """Facts that were proven by this very product, by a text that says what of."""

    def __init__(self, folder: Folder, product: str) -> None:
        self._folder = folder
        self._name = f"proofs-{product}"
        self._facts: dict[str, Any] | None = None
        self._changed = False

    @classmethod
    def of(cls, folder: Folder | None) -> KeptProofs | None:
        """Those of a folder; None where nothing is kept."""
        if folder is None:
            return None
        try:
            return cls(folder, product())
        except (CannotTellError, OSError):
            return None

    def get(self, about: str) -> Any:
        """What is known, or None."""
        facts = self._read()
        found = facts.pop(about, None)
        if found is not None:
            facts[about] = found
        return found

    def put(self, about: str, fact: Any) -> None:
        """Keep a fact."""
        facts = self._read()
        if facts.pop(about, None) != fact:
            self._changed = True
        facts[about] = fact

    def save(self) -> None:
        """Write what is new."""
        if not self._changed:
            return
        facts = self._read()
        for about in list(facts)[: max(0, len(facts) - MOST)]:
            del facts[about]
        self._folder.write(self._name, facts)
        self._changed = False

    def _read(self) -> dict[str, Any]:
        if self._facts is None:
            kept = self._folder.read(self._name)
            self._facts = kept if isinstance(kept, dict) else {}
        return self._facts


class KeptTrials:
    """What trials of kinds found, where they found nothing against them.

    Args:
        asked: what trials are asked for besides.
        env: reads the templates of the packs.
    """

    def __init__(self, proofs: KeptProofs, asked: tuple[str, ...], env: BodyEnvironment) -> None:
        self._proofs = proofs
        self._asked = asked
        self._env = env
        self._texts = _texts(env)
        self._meaning = Meaning(_WORDS)

    def __call__(
        self, part: Pack, firm: Organisation, kind: str, book: Callable[[], Result]
    ) -> Result:
        """The result of a trial, or what the very same found before.

        Args:
            part: all of the pack that the trial is given.
            book: makes the trial.
        """
        about = self._about(part, firm, kind)
        if about is None:
            return book()
        known = self._proofs.get(about)
        if known is not None:
            transactions, mappings = known
            return Result(transactions, tuple(mappings))
        result = book()
        # Templates are read while it is booked; what was saved meanwhile may be in it or not.
        if result.unsound is None and not result.untested and _texts(self._env) == self._texts:
            self._proofs.put(about, [result.transactions, list(result.mappings)])
        return result

    def _about(self, part: Pack, firm: Organisation, kind: str) -> str | None:
        """All that a trial depends on; None when that cannot be told."""
        if self._texts is None:
            return None
        names = {s.template for specs in part.requests.values() for s in specs}
        texts = {n: t for n, t in self._texts.items() if n in names}
        if any(_READS_OTHERS.search(t) for t in texts.values()):
            texts = self._texts
        # Layers, sections and folders say where things were written, as positions do.
        said = replace(part, layers=(), sections=(), template_dirs=())
        with suppress(CannotTellError):
            told = (self._meaning.of(v) for v in (said, texts, firm, kind, self._asked))
            return digest_of_parts(("trial", *told))
        return None


def _texts(env: BodyEnvironment) -> dict[str, str] | None:
    """All templates by name; None when one cannot be read."""
    assert env.loader is not None
    with suppress(NotText, OSError):
        return {n: env.loader.get_source(env, n)[0] for n in env.list_templates()}
    return None
