"""Signing in, tenants and scopes."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest

from .api import ROOT, Api, Clock, invoice


def token(api: Api, **form: str) -> httpx.Response:
    sent = {"client_id": "id", "client_secret": "secret", **form}
    return api.send("POST", f"{ROOT}/connect/token", data=sent)


def get(api: Api, bearer: str | None, endpoint: str = "Invoices", **headers: str) -> httpx.Response:
    sign = {"Authorization": f"Bearer {bearer}"} if bearer else {"Authorization": ""}
    return api.send("GET", endpoint, headers={**sign, **headers})


def test_client_credentials(api: Api) -> None:
    answer = token(api, grant_type="client_credentials", scope="accounting.invoices").json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 1800)
    assert answer["scope"] == "accounting.invoices"
    assert "refresh_token" not in answer
    assert get(api, answer["access_token"]).status_code == 200


def test_basic_authentication_of_the_client(api: Api) -> None:
    basic = base64.b64encode(b"id:secret").decode()
    answer = api.send(
        "POST",
        f"{ROOT}/connect/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_secret": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "none"}, "invalid_grant"),
        (
            {"grant_type": "client_credentials", "scope": "accounting.transactions"},
            "invalid_scope",
        ),
    ],
)
def test_oauth_errors(api: Api, form: dict[str, str], error: str) -> None:
    answer = token(api, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_refresh_token_rotates(api: Api) -> None:
    old = api.sandbox.consent()
    answer = token(api, grant_type="refresh_token", refresh_token=old).json()
    assert answer["refresh_token"] != old
    again = token(api, grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert again.status_code == 200
    # Its successor was used, so its answer was not lost.
    assert token(api, grant_type="refresh_token", refresh_token=old).status_code == 400


def test_refresh_token_lives_sixty_days_and_can_be_revoked(api: Api, clock: Clock) -> None:
    first, second = api.sandbox.consent(), api.sandbox.consent()
    assert api.send("POST", f"{ROOT}/connect/revocation", data={"token": first}).is_success
    assert token(api, grant_type="refresh_token", refresh_token=first).status_code == 400
    clock.advance(days=60)
    assert token(api, grant_type="refresh_token", refresh_token=second).status_code == 400


def test_access_token_lives_thirty_minutes(api: Api, clock: Clock) -> None:
    bearer = api.sandbox.access_token()
    clock.advance(minutes=29, seconds=59)
    assert get(api, bearer).status_code == 200
    clock.advance(seconds=1)
    refused = get(api, bearer)
    assert refused.status_code == 401
    assert refused.json()["Title"] == "Unauthorized"
    assert refused.json()["Detail"].startswith("TokenExpired")


@pytest.mark.parametrize("bearer", [None, "stolen"])
def test_no_token(api: Api, bearer: str | None) -> None:
    assert get(api, bearer).status_code == 401


def test_missing_scope(api: Api) -> None:
    api.sign_in("accounting.invoices.read accounting.contacts")
    assert api.call("GET", "Invoices").status_code == 200
    for method, endpoint in (("PUT", "Invoices"), ("GET", "Payments"), ("GET", "Accounts")):
        refused = api.call(method, endpoint, {"Invoices": [invoice()]})
        assert (refused.status_code, refused.json()["Detail"]) == (401, "AuthorizationUnsuccessful")


def test_tenant(api: Api) -> None:
    tenant = api.sandbox.organisation_id
    bound = api.sandbox.access_token()
    assert get(api, bound, **{"xero-tenant-id": tenant}).status_code == 200
    assert get(api, bound, **{"xero-tenant-id": ""}).status_code == 200
    wrong = get(api, bound, **{"xero-tenant-id": "0b3bb1a3-0000-4000-8000-000000000000"})
    assert (wrong.status_code, wrong.json()["Detail"]) == (403, "AuthenticationUnsuccessful")
    user = token(api, grant_type="refresh_token", refresh_token=api.sandbox.consent()).json()
    assert get(api, user["access_token"]).status_code == 403
    assert get(api, user["access_token"], **{"xero-tenant-id": tenant}).status_code == 200


def test_connections(api: Api, runner: asyncio.Runner) -> None:
    answer: list[dict[str, Any]] = api.send("GET", f"{ROOT}/connections").json()
    assert [one["tenantId"] for one in answer] == [api.sandbox.organisation_id]
    assert answer[0]["tenantType"] == "ORGANISATION"
    refused = api.send("GET", f"{ROOT}/connections", headers={"Authorization": "Bearer x"})
    assert refused.status_code == 401
