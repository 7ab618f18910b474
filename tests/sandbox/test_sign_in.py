"""The identity server of the emulated Xero: consent, codes, refreshing, connections."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pm2xero.sandbox import Sandbox, Unkindness
from pm2xero.sandbox.store import SCHEMA_VERSION

from .api import ROOT, SNAPSHOT, Api, Clock, seeded_ids

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
QUERY = {
    "response_type": "code",
    "client_id": "our-app",
    "redirect_uri": "http://localhost:8741/callback",
    "scope": "openid offline_access accounting.settings.read",
    "state": "a state & more",
    "nonce": "a nonce",
    "code_challenge": CHALLENGE.decode(),
    "code_challenge_method": "S256",
}
OTHER = "0b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f9"


@pytest.fixture
def unkind() -> Unkindness:
    return Unkindness()


@pytest.fixture
def api(clock: Clock, unkind: Unkindness, runner: asyncio.Runner) -> Any:
    sandbox = Sandbox.open(
        SNAPSHOT, clock=clock, ids=seeded_ids(), unkindness=unkind, others={OTHER: "Other <Pty>"}
    )
    yield Api(sandbox, runner)
    sandbox.close()


def consent(api: Api, tenant: str = "", **changes: str) -> str:
    """The code that the browser brings back."""
    query = QUERY | changes
    page = api.send("GET", f"{ROOT}/identity/connect/authorize", params=query)
    assert page.status_code == 200, page.text
    form = query | {"tenant": tenant or api.sandbox.organisation_id, "answer": "allow"}
    sent = api.send("POST", f"{ROOT}/identity/connect/authorize", data=form)
    assert sent.status_code == 303
    back = urlsplit(sent.headers["location"])
    told = parse_qs(back.query)
    assert told["state"] == [QUERY["state"]]
    return told["code"][0]


def token(api: Api, **form: str) -> httpx.Response:
    return api.send("POST", f"{ROOT}/connect/token", data={"client_id": "our-app", **form})


def exchange(api: Api, code: str, /, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": QUERY["redirect_uri"],
        "code_verifier": VERIFIER,
    }
    return token(api, **(form | changes))


def refresh(api: Api, refresh_token: str, **changes: str) -> httpx.Response:
    return token(api, grant_type="refresh_token", refresh_token=refresh_token, **changes)


def ask(api: Api, bearer: str, path: str = "Organisation", tenant: str = "") -> httpx.Response:
    headers = {
        "Authorization": f"Bearer {bearer}",
        "xero-tenant-id": tenant or api.sandbox.organisation_id,
    }
    return api.send("GET", path, headers=headers)


def claims(jwt: str) -> dict[str, Any]:
    part = jwt.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_a_code_becomes_tokens_once(api: Api) -> None:
    code = consent(api)
    given = exchange(api, code).json()
    assert ask(api, given["access_token"]).status_code == 200
    assert ask(api, given["access_token"], "Invoices").status_code == 401
    assert claims(given["id_token"])["nonce"] == QUERY["nonce"]
    assert claims(given["id_token"])["aud"] == "our-app"
    assert exchange(api, code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:8742/callback"},
        {"client_id": "another-app"},
        {"code": "code-of-nobody"},
    ],
)
def test_a_code_of_somebody_else_is_worth_nothing(api: Api, changes: dict[str, str]) -> None:
    assert exchange(api, consent(api), **changes).json() == {"error": "invalid_grant"}


def test_a_code_lives_five_minutes(api: Api, clock: Clock) -> None:
    code = consent(api)
    clock.advance(minutes=5)
    assert exchange(api, code).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "http://127.0.0.1:8741/callback"}, "invalid_request"),
        ({"redirect_uri": "http://localhost.evil.example/"}, "invalid_request"),
        ({"redirect_uri": "app://callback"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "accounting.transactions"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"client_id": ""}, "unauthorized_client"),
        ({"response_type": "token"}, "unauthorized_client"),
    ],
)
def test_a_wrong_request_shows_no_page(api: Api, changes: dict[str, str], error: str) -> None:
    page = api.send("GET", f"{ROOT}/identity/connect/authorize", params=QUERY | changes)
    assert (page.status_code, page.json()["error"]) == (400, error)
    form = QUERY | changes | {"answer": "allow", "tenant": api.sandbox.organisation_id}
    sent = api.send("POST", f"{ROOT}/identity/connect/authorize", data=form)
    assert sent.status_code == 400


def test_the_page_shows_what_the_app_sent_as_text(api: Api) -> None:
    script = "<script>alert(1)</script>"
    query = QUERY | {"client_id": script, "state": f'"{script}'}
    page = api.send("GET", f"{ROOT}/identity/connect/authorize", params=query).text
    assert "<script>" not in page and "Other &lt;Pty&gt;" in page


def test_who_says_no_gives_no_code(api: Api) -> None:
    for form in ({"answer": "cancel"}, {"answer": "allow", "tenant": "of nobody"}):
        sent = api.send("POST", f"{ROOT}/identity/connect/authorize", data=QUERY | form)
        assert parse_qs(urlsplit(sent.headers["location"]).query)["error"] == ["access_denied"]


def test_without_offline_access_there_is_no_refresh_token(api: Api) -> None:
    given = exchange(api, consent(api, scope="accounting.settings.read")).json()
    assert "refresh_token" not in given and "id_token" not in given


def test_an_old_refresh_token_serves_while_its_answer_may_be_lost(
    api: Api, clock: Clock
) -> None:  # fmt: skip
    first = exchange(api, consent(api)).json()["refresh_token"]
    lost = refresh(api, first).json()["refresh_token"]
    clock.advance(minutes=29)
    second = refresh(api, first).json()["refresh_token"]
    assert refresh(api, lost).status_code == 400
    clock.advance(minutes=1)
    assert refresh(api, first).status_code == 400
    assert refresh(api, second).status_code == 200
    assert refresh(api, first).status_code == 400


@pytest.mark.parametrize("unkind", [Unkindness(refresh_grace=False)])
def test_a_server_without_grace_takes_each_once(api: Api) -> None:
    first = exchange(api, consent(api)).json()["refresh_token"]
    assert refresh(api, first).status_code == 200
    assert refresh(api, first).json() == {"error": "invalid_grant"}


def test_a_refresh_token_is_of_its_app(api: Api) -> None:
    first = exchange(api, consent(api)).json()["refresh_token"]
    assert refresh(api, first, client_id="another-app").status_code == 400
    assert refresh(api, first).status_code == 200


def test_connections_name_the_consent_and_end(api: Api) -> None:
    one = exchange(api, consent(api)).json()
    two = exchange(api, consent(api, OTHER)).json()

    def listed(given: dict[str, str], **query: str) -> list[dict[str, str]]:
        head = {"Authorization": f"Bearer {given['access_token']}"}
        found: list[dict[str, str]] = api.send(
            "GET", f"{ROOT}/connections", headers=head, params=query
        ).json()
        return found

    event = claims(two["access_token"])["authentication_event_id"]
    assert {c["tenantName"] for c in listed(one)} == {"Test Firm", "Other <Pty>"}
    only = listed(one, authEventId=event)
    assert [c["tenantId"] for c in only] == [OTHER]
    shown = ask(api, one["access_token"], tenant=OTHER).json()["Organisations"][0]
    assert (shown["OrganisationID"], shown["Name"]) == (OTHER, "Other <Pty>")
    head = {"Authorization": f"Bearer {one['access_token']}"}
    path = f"{ROOT}/connections/{only[0]['id']}"
    assert api.send("DELETE", path, headers=head).status_code == 204
    assert api.send("DELETE", path, headers=head).status_code == 404
    assert ask(api, two["access_token"], tenant=OTHER).status_code == 403
    assert ask(api, two["access_token"]).status_code == 200


def test_revoking_ends_the_consent_and_every_connection(api: Api) -> None:
    given = exchange(api, consent(api)).json()
    for client, status in (("another-app", 200), ("our-app", 401)):
        form = {"token": given["refresh_token"], "client_id": client}
        assert api.send("POST", f"{ROOT}/connect/revocation", data=form).status_code == 200
        assert ask(api, given["access_token"]).status_code == status
    assert refresh(api, given["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    "unkind", [Unkindness(lost_tokens=1, at_most=1)], ids=["the answer is lost"]
)
def test_tokens_that_nobody_got_can_be_asked_for_again(api: Api) -> None:
    first = api.sandbox.consent()
    assert refresh(api, first).status_code == 504
    assert refresh(api, first).status_code == 200


@pytest.mark.parametrize("unkind", [Unkindness(refused_grants=1, at_most=1)])
def test_a_good_token_may_be_refused_for_no_reason(api: Api) -> None:
    first = api.sandbox.consent()
    assert refresh(api, first).json() == {"error": "invalid_grant"}
    assert refresh(api, first).status_code == 200


@pytest.mark.parametrize("unkind", [Unkindness(early_expiry=1, at_most=1)])
def test_an_access_token_may_end_early(api: Api) -> None:
    bearer = api.sandbox.access_token()
    assert "TokenExpired" in ask(api, bearer).text
    assert ask(api, bearer).status_code == 200


def test_all_faults_leave_the_sign_in_alone() -> None:
    assert Unkindness().also(["all"]).lost_tokens == 0
    assert Unkindness().also(["lost-tokens=0.5"]).lost_tokens == 0.5


def test_a_file_of_the_version_before_is_brought_forward(
    tmp_path: Path, clock: Clock, runner: asyncio.Runner
) -> None:
    file = tmp_path / "xero.db"
    Sandbox.open(SNAPSHOT, path=file, clock=clock, ids=seeded_ids()).close()
    with sqlite3.connect(file) as old:
        for column in ("client", "event", "replaced", "successor"):
            old.execute(f"ALTER TABLE token DROP COLUMN {column}")
        old.execute("DROP TABLE code")
        old.execute("DROP TABLE connection")
        old.execute(
            "INSERT INTO token VALUES ('access-1', 'access', 1, 'accounting.settings',"
            " '2999-01-01')"
        )
        old.execute("PRAGMA user_version=1")
    old.close()
    for seed in (2, 3):
        sandbox = Sandbox.open(SNAPSHOT, path=file, clock=clock, ids=seeded_ids(seed))
        api = Api(sandbox, runner)
        assert ask(api, "access-1").status_code == 200
        assert exchange(api, consent(api)).status_code == 200
        sandbox.close()
    with sqlite3.connect(file) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    new.close()
