"""The sign-in of a person in a browser: authorisation code with PKCE (RFC 6749, 7636)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from authlib.common.security import generate_token
from authlib.oauth2.client import OAuth2Client
from joserfc import jws
from joserfc.errors import JoseError

from pm2xero.errors import Finding, UsageError
from pm2xero.signin.grant import App
from pm2xero.signin.loopback import Loopback
from pm2xero.signin.settings import Registration
from pm2xero.xero.identity import Addresses, IdentityServer, SignInError, TokenAnswer

# Of the 43 to 128 characters that are allowed.
_VERIFIER = 96


def sign_in(
    registration: Registration,
    addresses: Addresses,
    server: IdentityServer,
    ports: Sequence[int],
    show: Callable[[str], None],
    seconds: float,
) -> TokenAnswer:
    """The first tokens of an app: by a person in a browser, or at once for a custom connection.

    Args: as of `authorise`.

    Raises:
        UsageError: PU950.
    """
    if registration.app is not App.CUSTOM:
        return authorise(registration, addresses, server, ports, show, seconds)
    form = {"grant_type": "client_credentials", "scope": " ".join(registration.scopes)}
    try:
        return server.ask(registration.credentials, form)
    except SignInError as error:
        raise _failed(str(error)) from None


def authorise(
    registration: Registration,
    addresses: Addresses,
    server: IdentityServer,
    ports: Sequence[int],
    show: Callable[[str], None],
    seconds: float,
) -> TokenAnswer:
    """Send a person to Xero and take the tokens that come of it.

    Args:
        show: opens an address in a browser, or shows it.
        seconds: how long to wait for the person.

    Raises:
        UsageError: PU950, nobody came back, or access was denied, or the answer is not to us.
    """
    state, nonce, verifier = generate_token(48), generate_token(48), generate_token(_VERIFIER)
    with Loopback(ports, state) as loopback:
        # Without a session: the library builds the address, and our own client makes the calls.
        app = OAuth2Client(
            None,
            registration.client_id,
            scope=" ".join(registration.scopes),
            redirect_uri=loopback.address,
            code_challenge_method="S256",
        )
        address, _ = app.create_authorization_url(
            addresses.authorise, state=state, code_verifier=verifier, nonce=nonce
        )
        show(address)
        answer = loopback.wait(seconds)
    if "code" not in answer:
        error = answer.get("error", "without a code")
        # RFC 6749, 4.1.2.1: the person, or the server in their place, refused it.
        said = ": the person at Xero's page did not allow it" if error == "access_denied" else ""
        raise _failed(f"Xero answers {error}{said}")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": loopback.address,
        "code_verifier": verifier,
    }
    try:
        tokens = server.ask(registration.credentials, form)
    except SignInError as error:
        raise _failed(str(error)) from None
    if "openid" in registration.scopes:
        _check_identity(tokens.id_token or "", addresses.issuer, registration.client_id, nonce)
    return tokens


def claims_of(token: str) -> Mapping[str, Any]:
    """What a JWT says, unproven; nothing when it is none.

    Its signature need not be checked where Xero itself hands it over by TLS (OpenID Connect Core,
    3.1.3.7, point 6).
    """
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError, UnicodeError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _check_identity(token: str, issuer: str, client_id: str, nonce: str) -> None:
    """Make sure that the tokens belong to this sign-in; raises PU950 otherwise."""
    claims = claims_of(token)
    audience = claims.get("aud")
    is_for_us = audience == client_id or audience == [client_id]
    said = str(claims.get("nonce", ""))
    if not hmac.compare_digest(said.encode(), nonce.encode()):
        raise _failed("the answer belongs to another sign-in (nonce)")
    if claims.get("iss") != issuer or not is_for_us:
        raise _failed("the answer is not Xero's, or not for this app (iss, aud)")


def _failed(message: str) -> UsageError:
    return UsageError(Finding("PU950", message, hint="run `pm2xero connect` again"))
