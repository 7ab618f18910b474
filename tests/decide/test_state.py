"""What is remembered of transactions, packed into a few bytes each."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pm2xero.decide.state import Earlier, MemoryState

# As much as the input may hold: 13 digits and two decimals.
AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda cents: Decimal(cents).scaleb(-2))


@given(AMOUNTS, AMOUNTS, st.integers(0, 2**31), st.binary(min_size=16, max_size=16))
def test_an_amount_is_kept_to_the_cent_and_beside_the_rest(
    amount: Decimal, taken: Decimal, revision: int, digest: bytes
) -> None:
    state = MemoryState()
    state.remember("P-1", revision, digest, "post", amount)
    assert state.document("P-1").to_reverse == -amount
    assert state.earlier("P-1") == Earlier(revision, digest[:8], "post")
    state.reverse("P-1", taken)
    assert state.document("P-1").to_reverse == -amount - taken
    assert state.earlier("P-1") == Earlier(revision, digest[:8], "post")


def test_what_is_not_in_xero_or_carries_no_amount_cannot_be_reversed() -> None:
    state = MemoryState()
    state.remember("P-1", 1, b"", "reject", Decimal("5.00"))
    state.remember("B-1", 1, b"", "post")
    for name in ("P-1", "B-1", "never-seen"):
        state.reverse(name, Decimal("-5.00"))
        assert state.document(name).to_reverse is None
