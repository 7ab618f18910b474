"""One refresh at a time, whatever comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import httpx
import pytest

from pm2xero.signin.grant import App, Enrolment, Grant
from pm2xero.signin.refresh import GrantTokens
from pm2xero.signin.vault import unusable
from pm2xero.xero.identity import Addresses, IdentityServer, SignInError

NOW = datetime(2026, 6, 1, tzinfo=UTC)
XERO = Addresses.of("https://api.xero.com/api.xro/2.0", {})
GRANT = Grant(
    app=App.PKCE, base_url="https://api.xero.com/api.xro/2.0", client_id="our-app", tenant="t",
    connection="c", scopes="s", connected=NOW, obtained=NOW, expires=NOW,
    access_token="access-token-0", refresh_token="refresh-token-0",
)  # fmt: skip


class Vault:
    """A vault without a lock, as on a disk that knows none."""

    place = "memory"

    def __init__(self, grant: Grant | None = GRANT) -> None:
        self.enrolment = Enrolment(grant=grant)

    def read(self) -> Enrolment:
        return self.enrolment

    @contextmanager
    def locked(self) -> Iterator[Vault]:
        yield self

    def write(self, enrolment: Enrolment) -> None:
        self.enrolment = enrolment

    def close(self) -> None:
        pass


Answer = httpx.Response | Exception


def tokens(
    vault: Vault, *answers: Answer, sleep: Callable[[float], None] = lambda s: None,
    app_secret: str = "",
) -> tuple[GrantTokens, list[dict[str, str]]]:  # fmt: skip
    left, asked = list(answers), list[dict[str, str]]()

    def carry(request: httpx.Request) -> httpx.Response:
        asked.append(dict(parse_qsl(request.content.decode())))
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    server = IdentityServer(XERO, transport=httpx.MockTransport(carry))
    source = GrantTokens(
        vault, server, clock=lambda: NOW, sleep=sleep, secret=app_secret, again="connect it"
    )
    return source, asked


def given(number: int) -> httpx.Response:
    return httpx.Response(
        200,
        json={"access_token": f"access-token-{number}", "refresh_token": f"refresh-token-{number}"},
    )


DEAD = httpx.Response(400, json={"error": "invalid_grant"})


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadTimeout("timed out"),
        httpx.ConnectError("refused"),
        httpx.Response(504, html="<html>"),
        httpx.Response(200, text="{"),
        httpx.Response(200, json={"access_token": "with\nbreak"}),
        httpx.Response(429, json={"error": "slow_down"}),
        httpx.Response(302, headers={"Location": "https://elsewhere"}),
    ],
)
def test_an_answer_that_may_be_lost_is_asked_for_again_with_the_same_token(lost: Answer) -> None:
    vault = Vault()
    source, asked = tokens(vault, lost, lost, given(1))
    assert source.token() == "access-token-1"
    assert [form["refresh_token"] for form in asked] == ["refresh-token-0"] * 3
    assert asked[0]["client_id"] == "our-app"
    # Now it is good, and nobody asks.
    assert source.token() == "access-token-1"
    assert len(asked) == 3


def test_without_any_answer_the_old_token_is_kept_and_the_half_hour_is_told() -> None:
    vault = Vault()
    source, _ = tokens(vault, *(httpx.ReadTimeout("timed out"),) * 3)
    with pytest.raises(SignInError, match="within 30 minutes"):
        source.token()
    assert vault.enrolment.grant == GRANT


def test_who_loses_the_race_takes_what_the_winner_wrote() -> None:
    vault = Vault()
    winner = replace(
        GRANT, refresh_token="refresh-token-9", access_token="access-token-9",
        expires=NOW + timedelta(minutes=30),
    )  # fmt: skip
    source, asked = tokens(vault, DEAD, sleep=lambda s: vault.write(Enrolment(grant=winner)))
    assert source.token() == "access-token-9"
    assert len(asked) == 1
    assert vault.enrolment.grant == winner


def test_who_loses_the_race_by_long_refreshes_what_the_winner_wrote() -> None:
    vault = Vault()
    winner = replace(GRANT, refresh_token="refresh-token-9", access_token="access-token-9")
    source, asked = tokens(
        vault, DEAD, given(10), sleep=lambda s: vault.write(Enrolment(grant=winner))
    )
    assert source.token() == "access-token-10"
    assert asked[-1]["refresh_token"] == "refresh-token-9"


def test_a_token_that_a_late_call_put_out_of_use_is_replaced_by_the_one_before() -> None:
    vault = Vault(replace(GRANT, previous_token="refresh-token-before"))
    source, asked = tokens(vault, DEAD, given(2))
    assert source.token() == "access-token-2"
    assert [form["refresh_token"] for form in asked] == ["refresh-token-0", "refresh-token-before"]
    kept = vault.enrolment.grant
    assert kept is not None and kept.previous_token == "refresh-token-before"


def test_a_dead_grant_is_told_with_what_to_run_and_never_thrown_away() -> None:
    vault = Vault(replace(GRANT, previous_token="refresh-token-before"))
    source, _ = tokens(vault, DEAD, DEAD)
    with pytest.raises(SignInError, match=r"no longer honours.*sign in again with `connect it`"):
        source.token()
    assert vault.enrolment.grant is not None


def test_a_wrong_secret_is_no_dead_grant() -> None:
    vault = Vault(replace(GRANT, app=App.WEB))
    refused = httpx.Response(400, json={"error": "invalid_client"})
    source, _ = tokens(vault, refused, app_secret="wrong-secret-of-ours")
    with pytest.raises(SignInError, match="is PM2XERO_CLIENT_SECRET that of the app"):
        source.token()


def test_nobody_is_signed_in() -> None:
    source, _ = tokens(Vault(None))
    with pytest.raises(SignInError, match="not signed in to Xero; run `connect it`"):
        source.token()


@pytest.mark.parametrize("fault", [OSError(28, "No space left"), unusable("the vault is locked")])
def test_what_cannot_be_kept_is_not_used(fault: Exception) -> None:
    class Full(Vault):
        def write(self, enrolment: Enrolment) -> None:
            raise fault

    vault = Full()
    source, _ = tokens(vault, given(1), given(2))
    for _ in range(2):
        with pytest.raises(SignInError, match=r"No space left|vault is locked"):
            source.token()


def test_a_token_that_xero_refuses_is_never_given_again() -> None:
    vault = Vault(replace(GRANT, expires=NOW + timedelta(hours=9)))
    source, asked = tokens(vault, given(1))
    assert source.token() == "access-token-0"
    assert source.renew()
    assert source.token() == "access-token-1"
    assert len(asked) == 1
