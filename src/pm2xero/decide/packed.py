"""What is remembered of one decision, as bytes: about 200 of a transaction."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import orjson

from pm2xero.decide.cents import amount_of, cents_of
from pm2xero.decide.state import NO_EFFECT, Effect

OUTCOMES = ("post", "reject", "hold", "skip", "before_integration", "waiting")
POSTED = 0
_CODES = {name: bytes((i,)) for i, name in enumerate(OUTCOMES)}


# An outcome, a revision, 8 bytes of the digest and whether an amount follows; then the amount in
# cents, and what was done to others as JSON.
HEAD = 18
_CENTS = 8
_LARGEST = 2**64 - 1


@lru_cache(maxsize=256)
def _outcome_and_revision(outcome: str, revision: int) -> bytes:
    return _CODES[outcome] + min(revision, _LARGEST).to_bytes(8, "big")


def packed_of(revision: int, digest: bytes, outcome: str, effect: Effect) -> bytes:
    """A decision and what it did, without what it opened."""
    head = _outcome_and_revision(outcome, revision) + digest[:8].ljust(8, b"\0")
    if effect is NO_EFFECT:
        return head + b"\0"
    if effect.reversible is None:
        head += b"\0"
    else:
        head += b"\1" + cents_of(effect.reversible).to_bytes(_CENTS, "big", signed=True)
    if not (effect.settled or effect.trust or effect.reverses):
        return head
    done = (
        [(i, cents_of(a)) for i, a in effect.settled],
        [(m, b, cents_of(a)) for m, b, a in effect.trust],
        effect.reverses,
    )
    return head + orjson.dumps(done)


def reversible_of(packed: bytes) -> Decimal | None:
    """The amount that a reversal takes back, in currency units; None where there is none."""
    if not packed[HEAD - 1]:
        return None
    return amount_of(int.from_bytes(packed[HEAD : HEAD + _CENTS], "big", signed=True))


def effect_in(packed: bytes) -> Effect:
    """What the decision did to others."""
    start = HEAD + (_CENTS if packed[HEAD - 1] else 0)
    if len(packed) == start:
        return Effect(None, reversible_of(packed))
    settled, trust, reverses = orjson.loads(packed[start:])
    return Effect(
        None,
        reversible_of(packed),
        tuple((i, amount_of(c)) for i, c in settled),
        tuple((m, b, amount_of(c)) for m, b, c in trust),
        reverses,
    )
