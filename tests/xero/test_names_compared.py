"""How the names of documents are compared, beside the patterns that say what is meant."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from pm2xero.xero.natural_key import head_of_tag, same_number

_WORDS = st.lists(st.sampled_from(["AU-1", "au-1", "AU-10", "Fees", "(1)", "(x)", "ß", "SS", "."]))
_SPACES = st.sampled_from([" ", "  ", "\t", "\u00a0"])
_TEXTS = st.builds(lambda words, space: space.join(words), _WORDS, _SPACES)


@given(sent=_TEXTS, transaction=_TEXTS)
@example(sent="AU-10 Fees", transaction="AU-1")
@example(sent="Fees au-1 AU-1", transaction="AU-1")
def test_a_text_ends_with_the_first_word_that_is_the_id(sent: str, transaction: str) -> None:
    whole, id = " ".join(sent.split()), " ".join(transaction.split())
    named = re.search(rf"(?<!\S){re.escape(id)}(?!\S)", whole, re.IGNORECASE)
    meant = whole[: named.end()] if transaction and named else whole
    assert head_of_tag(sent, transaction) == meant


@given(ours=_TEXTS, theirs=_TEXTS, count=st.sampled_from(["", " (1)", " (12)", " (x)", "(1)"]))
@example(ours="AU-1", theirs="AU-10", count=" (12)")
def test_a_number_may_have_a_count_behind_it(ours: str, theirs: str, count: str) -> None:
    for other in (theirs, ours + count, count + ours):
        head, there = (" ".join(text.split()).casefold() for text in (ours, other))
        meant = re.fullmatch(rf"{re.escape(head)}(?: \([0-9]+\))?", there) is not None
        assert same_number(ours, other) is meant
