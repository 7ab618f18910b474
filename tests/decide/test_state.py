"""What is remembered of transactions: the same of every keeper of the past."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.state import DocumentFact, Earlier, Effect

# As much as the input may hold: 13 digits and two decimals.
AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda cents: Decimal(cents).scaleb(-2))


def bill(id: str, amount: str) -> Effect:
    return Effect(opened=DocumentFact(id, "in_xero", "bill", Decimal(amount)))


def paying(id: str, amount: str) -> Effect:
    return Effect(reversible=Decimal(amount), settled=((id, Decimal(amount)),))


@given(AMOUNTS, st.integers(0, 2**63), st.binary(min_size=16, max_size=16), st.integers(1, 5))
def test_an_amount_is_kept_to_the_cent_and_beside_the_rest(
    amount: Decimal, revision: int, digest: bytes, times: int
) -> None:
    state = MemoryState()
    state.remember("P-1", revision, digest, "post", Effect(reversible=amount))
    assert state.document("P-1").to_reverse == -amount
    assert state.earlier("P-1") == Earlier(revision, digest[:8], "post")
    for number in range(times):
        state.remember(f"R-{number}", 1, b"", "post", Effect(reverses="P-1"))
    assert state.document("P-1").to_reverse == 0
    assert state.earlier("P-1") == Earlier(revision, digest[:8], "post")


def test_a_reversal_that_is_taken_back_counts_no_more() -> None:
    state = MemoryState()
    state.remember("P-1", 1, b"", "post", Effect(reversible=Decimal("5.00")))
    state.remember("R-1", 1, b"", "post", Effect(reverses="P-1"))
    state.remember("R-2", 1, b"", "post", Effect(reverses="P-1"))
    for id, left in (("R-1", "0"), ("R-2", "-5.00"), ("R-2", "-5.00")):
        state.remember(id, 2, b"", "reject")
        assert state.document("P-1").to_reverse == Decimal(left)


def test_what_a_case_says_of_a_document_is_reversed_too() -> None:
    state = MemoryState()
    state.add_open(DocumentFact("P-1", "in_xero", to_reverse=Decimal("-5.00")))
    state.remember("P-2", 1, b"", "post", paying("P-1", "1.00"))
    assert state.document("P-1").to_reverse == Decimal("-5.00")
    state.remember("R-1", 1, b"", "post", Effect(reverses="P-1"))
    assert state.document("P-1").to_reverse == 0


def test_what_is_not_in_xero_has_nothing_left_once_it_was_reversed() -> None:
    state = MemoryState()
    state.remember("P-1", 1, b"", "before_integration")
    for name in ("P-1", "never-seen"):
        assert state.document(name).to_reverse is None
        state.remember(f"R-{name}", 1, b"", "post", Effect(reverses=name))
        assert state.document(name).to_reverse == 0
        state.remember(f"R-{name}", 2, b"", "reject")
        assert state.document(name).to_reverse is None


def test_what_was_reversed_before_it_came_cannot_be_reversed_again() -> None:
    state = MemoryState()
    state.remember("R-1", 1, b"", "post", Effect(reverses="P-1"))
    state.remember("P-1", 1, b"", "post", Effect(reversible=Decimal("5.00")))
    assert state.document("P-1").to_reverse == 0
    state.remember("R-1", 2, b"", "reject")
    assert state.document("P-1").to_reverse == Decimal("-5.00")


def test_what_pays_a_document_that_is_still_to_come_is_taken_off_when_it_comes() -> None:
    state = MemoryState()
    state.remember("B-1", 1, b"", "skip")
    state.remember("P-1", 1, b"", "post", paying("B-1", "4.00"))
    state.remember("P-2", 1, b"", "post", paying("B-1", "-1.00"))
    state.remember("B-1", 2, b"", "post", bill("B-1", "10.00"))
    assert state.document("B-1").amount_due == Decimal("7.00")


def test_nothing_is_put_back_on_a_document_that_never_came() -> None:
    state = MemoryState()
    state.remember("P-1", 1, b"", "post", paying("B-1", "-4.00"))
    state.remember("B-1", 1, b"", "post", bill("B-1", "10.00"))
    assert state.document("B-1").amount_due == Decimal("10.00")


def test_a_revision_takes_the_place_of_what_its_predecessor_did() -> None:
    state = MemoryState({("M", "T"): Decimal("100.00")})
    state.remember("B-1", 1, b"", "post", bill("B-1", "10.00"))
    moved = (("M", "T", Decimal("-30.00")),)
    first = Effect(None, Decimal("4.00"), (("B-1", Decimal("4.00")),), moved)
    state.remember("P-1", 1, b"", "post", first)
    state.remember("B-1", 2, b"", "post", bill("B-1", "8.00"))
    assert state.document("B-1").amount_due == Decimal("4.00")
    state.remember("P-1", 2, b"", "post", paying("B-1", "6.00"))
    assert state.document("B-1").amount_due == Decimal("2.00")
    assert state.trust_balance("M", "T") == Decimal("100.00")
    state.remember("P-1", 3, b"", "reject")
    assert state.document("B-1").amount_due == Decimal("8.00")


def test_a_correction_is_decided_without_what_it_corrects() -> None:
    state = MemoryState({("M", "T"): Decimal("100.00")})
    state.remember("B-1", 1, b"", "post", bill("B-1", "10.00"))
    state.remember("P-0", 1, b"", "post", Effect(reversible=Decimal("1.00")))
    moved = (("M", "T", Decimal("-30.00")),)
    done = Effect(None, Decimal("4.00"), (("B-1", Decimal("4.00")),), moved, "P-0")
    state.remember("P-1", 1, b"", "post", done)
    view = state.without("P-1")
    assert view.earlier("P-1") is None
    assert view.document("P-1").state == "unknown"
    assert view.document("B-1").amount_due == Decimal("10.00")
    assert view.document("P-0").to_reverse == Decimal("-1.00")
    assert view.trust_balance("M", "T") == Decimal("100.00")
    assert state.document("B-1").amount_due == Decimal("6.00")
    assert state.document("P-0").to_reverse == 0
    assert state.trust_balance("M", "T") == Decimal("70.00")
