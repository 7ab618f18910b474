"""What is remembered of transactions, packed into a few bytes each."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pm2xero.decide.state import DocumentFact, Earlier, MemoryState

# As much as the input may hold: 13 digits and two decimals.
AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda cents: Decimal(cents).scaleb(-2))


@given(AMOUNTS, st.integers(0, 2**31), st.binary(min_size=16, max_size=16), st.integers(1, 300))
def test_an_amount_is_kept_to_the_cent_and_beside_the_rest(
    amount: Decimal, revision: int, digest: bytes, times: int
) -> None:
    state = MemoryState()
    state.remember("P-1", revision, digest, "post", amount)
    assert state.document("P-1").to_reverse == -amount
    assert state.earlier("P-1") == Earlier(revision, digest[:8], "post")
    for _ in range(times):
        state.reverse("P-1", 1)
    assert state.document("P-1").to_reverse == 0
    assert state.earlier("P-1") == Earlier(revision, digest[:8], "post")


def test_a_reversal_that_is_taken_back_counts_no_more() -> None:
    state = MemoryState()
    state.remember("P-1", 1, b"", "post", Decimal("5.00"))
    for by, left in ((1, "0"), (1, "0"), (-1, "0"), (-1, "-5.00"), (-1, "-5.00")):
        state.reverse("P-1", by)
        assert state.document("P-1").to_reverse == Decimal(left)


def test_what_a_case_says_of_a_document_is_reversed_too() -> None:
    state = MemoryState()
    state.add_open(DocumentFact("P-1", "in_xero", to_reverse=Decimal("-5.00")))
    state.settle("P-1", Decimal("1.00"))
    assert state.document("P-1").to_reverse == Decimal("-5.00")
    state.reverse("P-1", 1)
    assert state.document("P-1").to_reverse == 0


def test_what_is_not_in_xero_has_nothing_left_once_it_was_reversed() -> None:
    state = MemoryState()
    state.remember("P-1", 1, b"", "before_integration")
    for name in ("P-1", "never-seen"):
        assert state.document(name).to_reverse is None
        state.reverse(name, 1)
        assert state.document(name).to_reverse == 0
        state.reverse(name, -1)
        assert state.document(name).to_reverse is None


def test_what_was_reversed_before_it_came_cannot_be_reversed_again() -> None:
    state = MemoryState()
    state.reverse("P-1", 1)
    state.remember("P-1", 1, b"", "post", Decimal("5.00"))
    assert state.document("P-1").to_reverse == 0
    state.reverse("P-1", -1)
    assert state.document("P-1").to_reverse == Decimal("-5.00")


def test_what_pays_a_document_that_is_still_to_come_is_taken_off_when_it_comes() -> None:
    state = MemoryState()
    state.remember("B-1", 1, b"", "skip")
    state.settle("B-1", Decimal("4.00"))
    state.settle("B-1", Decimal("-1.00"))
    state.add_open(DocumentFact("B-1", "in_xero", amount_due=Decimal("10.00")))
    assert state.document("B-1").amount_due == Decimal("7.00")
    state.remember("B-2", 1, b"", "post")
    state.settle("B-2", Decimal("4.00"))
    state.add_open(DocumentFact("B-2", "in_xero", amount_due=Decimal("10.00")))
    assert state.document("B-2").amount_due == Decimal("10.00")
