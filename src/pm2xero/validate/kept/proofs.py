"""Proofs that held before: by what was proven, so that after an edit only its own are run again.

Only what holds is kept. What stands against a pack is found anew each time, with its example.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Pack
from pm2xero.render.templates import NotText, environment
from pm2xero.validate.kept.digests import CannotTellError, digest_of_parts, product
from pm2xero.validate.kept.folder import Folder
from pm2xero.validate.kept.meaning import meaning

# Kinds of packs and their states while they are edited; those that were not asked for longest go.
MOST = 3000
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


def booked(
    proofs: KeptProofs | None, pack: Pack, firm: Organisation, asked: tuple[str, ...],
    book: Callable[[], tuple[tuple[Any, ...], str]],
) -> tuple[tuple[Any, ...], str]:  # fmt: skip
    """The findings and the sentence of a soundness check, or what it said of the same before.

    Args:
        asked: what the check is asked for besides.
        book: makes the check.
    """
    about = _about(pack, firm, asked) if proofs is not None else None
    if proofs is None or about is None:
        return book()
    known = proofs.get(about)
    if isinstance(known, str):
        return (), known
    findings, sentence = book()
    # Templates are read while it is booked; what was saved meanwhile may be in it or not.
    if not findings and _about(pack, firm, asked) == about:
        proofs.put(about, sentence)
    return findings, sentence


def _about(pack: Pack, firm: Organisation, asked: tuple[str, ...]) -> str | None:
    """All that a soundness check depends on; None when that cannot be told.

    The kinds that some rule posts, their rules without the words, their requests with the
    templates, and the firm.
    """
    posted = {k for r in pack.rules if r.outcome == "post" for k in r.kinds}
    with suppress(CannotTellError, NotText, OSError):
        env = environment(pack.template_dirs)
        assert env.loader is not None
        texts = [(n, env.loader.get_source(env, n)[0]) for n in env.list_templates()]
        rules = [r for r in pack.rules if posted.intersection(r.kinds)]
        parts = (
            [pack.kinds[k] for k in pack.kinds if k in posted],
            [(r.id, r.outcome, r.mapping, r.leaves_over,
              [(k, r.conditions[k]) for k in r.kinds if k in posted]) for r in rules],
            [(name, spec.left_over) for name, spec in pack.mappings.items() if spec.left_over],
            [(name, spec) for name, spec in pack.requests.items() if name[1] in posted],
            (pack.region, pack.roles, pack.tax_codes, pack.no_tax, pack.tolerance, pack.words),
            (pack.found_by, pack.rows, pack.trust_surplus, pack.settings, pack.fields),
            texts, firm, asked,
        )  # fmt: skip
        return digest_of_parts(("booked", meaning(parts, _WORDS)))
    return None
