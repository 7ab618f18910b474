"""Which organisation of a sign-in is meant, and answers that are none."""

from __future__ import annotations

import httpx
import pytest

from pm2xero.errors import UsageError
from pm2xero.signin.connections import Connected, chosen, with_token

from .test_refresh import XERO

OWN, TWO = Connected("c1", "5b8e0c1e", "Bellbird Legal"), Connected("c2", "0b8e0c1e", "Other")
THREE = Connected("c3", "1b8e0c1e", "Third")


def nobody(found: object) -> None:
    return None


def test_the_firms_own_is_meant_and_else_the_only_one() -> None:
    assert chosen([TWO, OWN], "5B8E0C1E", None, nobody) is OWN
    assert chosen([TWO], "5b8e0c1e", None, nobody) is TWO
    assert chosen([TWO, OWN], "5b8e0c1e", "0b8e0c1e", nobody) is TWO
    assert chosen([TWO, THREE], "5b8e0c1e", None, lambda found: found[1]) is THREE


def test_nobody_says_which() -> None:
    with pytest.raises(UsageError, match=r"PU954 .* reaches 2 organisations") as told:
        chosen([TWO, THREE], "5b8e0c1e", None, nobody)
    assert "Other: --tenant 0b8e0c1e" in (told.value.findings[0].should_be or "")
    with pytest.raises(UsageError, match="reaches no organisation"):
        chosen([], "5b8e0c1e", None, nobody)
    with pytest.raises(UsageError, match="reaches no organisation 9"):
        chosen([TWO], "5b8e0c1e", "9", nobody)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>"),
        httpx.Response(200, json={"id": "c1"}),
        httpx.Response(200, json=[{"id": 1}]),
        httpx.Response(502, text="bad gateway"),
        httpx.Response(302, headers={"Location": "https://elsewhere"}),
    ],
)
def test_an_answer_that_lists_nothing_is_told(answer: httpx.Response) -> None:
    line = httpx.MockTransport(lambda request: answer)
    api = with_token(XERO, "https://api.xero.com/api.xro/2.0", "access-token-0", transport=line)
    with pytest.raises(UsageError, match="PU904"):
        api.listed()
    with pytest.raises(UsageError, match="PU904"):
        api.organisation("t")


def test_practices_and_other_consents_are_passed_over() -> None:
    listed = [
        {"id": "c1", "tenantId": "1", "tenantType": "PRACTICE", "authEventId": "now"},
        {"id": "c2", "tenantId": "2", "tenantType": "ORGANISATION", "authEventId": "before"},
        {"id": "c3", "tenantId": "3", "tenantType": "ORGANISATION", "authEventId": "now"},
    ]
    line = httpx.MockTransport(lambda request: httpx.Response(200, json=listed))
    api = with_token(XERO, "https://api.xero.com/api.xro/2.0", "access-token-0", transport=line)
    assert [c.id for c in api.listed("now")] == ["c3"]
    assert [c.id for c in api.listed()] == ["c2", "c3"]
