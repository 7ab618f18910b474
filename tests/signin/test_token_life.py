from __future__ import annotations

from collections import Counter

from .token_life import live

# 193 is one that needs the token before the last; a thousand more: python -m tests.signin
SEEDS = [*range(200), 413, 577]


def test_no_grant_is_lost_that_xero_still_honours() -> None:
    counts: Counter[str] = Counter()
    for seed in SEEDS:
        counts += live(seed)
    for what in (
        "answered 401", "lost", "late", "arrived late", "waited", "refused", "taken back",
        "disk full", "killed", "previous tried", "unused too long", "ended dead",
    ):  # fmt: skip
        assert counts[what], f"no life met: {what}"
    assert counts["ended alive"] > counts["ended dead"]
