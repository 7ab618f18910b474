"""Texts put together end with one mark, whatever their parts end with."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pm2xero.sentences import closed, sentences

DOUBLE = re.compile(r"[.?!…][ ]*[.?!]")
WORDS = st.text("ab ", min_size=1, max_size=8).filter(str.strip)
TEXT = st.builds(lambda words, end: words + end, WORDS, st.sampled_from(["", ".", "?", "!", "…"]))


@given(st.lists(st.one_of(TEXT, st.none(), st.just(" ")), max_size=4))
def test_no_two_marks_stand_together_and_none_is_lacking(parts: list[str | None]) -> None:
    told = sentences(parts)
    assert not DOUBLE.search(closed(told))
    assert closed(told) == closed(closed(told))
    given = [p.strip() for p in parts if p and p.strip()]
    assert all(p in told for p in given)
    assert len(re.findall(r"[.?!…]", closed(told))) == len(given)
