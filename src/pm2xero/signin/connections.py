"""Which organisations a sign-in reaches, and which of them is meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pm2xero.errors import Finding, UsageError
from pm2xero.xero.auth import StaticToken, TokenSource
from pm2xero.xero.call_log import Watch
from pm2xero.xero.client import CallError, Response, XeroClient
from pm2xero.xero.identity import Addresses, SignInError, SignInGone
from pm2xero.xero.unanswered import refused, unanswered

_ORGANISATION = "ORGANISATION"


class Connected(msgspec.Struct, frozen=True, rename="camel"):
    """One connection, as `/connections` lists it."""

    id: str
    tenant_id: str
    tenant_name: str | None = None
    tenant_type: str = _ORGANISATION
    auth_event_id: str | None = None


class SignInLost(UsageError):
    """PU905: Xero no longer honours the sign-in, so only a new one helps."""


class ConnectionsApi:
    """The connections of a grant, and who an organisation is."""

    def __init__(
        self, addresses: Addresses, base_url: str, tokens: TokenSource, **http: Any
    ) -> None:
        self._base_url = base_url
        self._tokens = tokens
        self._http = http
        self._root = XeroClient(tokens, base_url=addresses.root, **http)
        self._watch: Watch | None = None

    def watch(self, watch: Watch | None) -> None:
        """Tell of each attempt from now on; None tells nobody."""
        self._watch = watch
        self._root.watch(watch)

    def listed(self, event: str = "") -> list[Connected]:
        """Organisations that can be reached, or those that one consent connected.

        Raises:
            UsageError: PU904, PU905, Xero does not say.
        """
        query = {"authEventId": event} if event else {}
        answer = _asked("the connections", lambda: self._root.call("GET", "/connections", query))
        try:
            found = msgspec.convert(json.loads(answer.text), list[Connected])
        except (ValueError, msgspec.ValidationError):
            raise UsageError(refused("Xero does not list the connections", answer)) from None
        # The filter is the server's; a server that knows none must not widen the choice.
        return [
            c
            for c in found
            if c.tenant_type == _ORGANISATION and (not event or c.auth_event_id in (None, event))
        ]

    def remove(self, connection: str) -> bool:
        """Take one connection back; False when Xero has none such (any more).

        Raises:
            UsageError: PU904, PU905, Xero does not say.
        """
        path = f"/connections/{connection}"
        answer = _asked("the connection", lambda: self._root.call("DELETE", path))
        if answer.status not in (200, 204, 404):
            raise UsageError(refused("Xero does not end the connection", answer))
        return answer.status != 404

    def organisation(self, tenant: str) -> Mapping[str, Any]:
        """The organisation behind a tenant, as Xero shows it.

        Raises:
            UsageError: PU904, PU905, Xero does not show it.
        """
        client = XeroClient(self._tokens, tenant=tenant, base_url=self._base_url, **self._http)
        client.watch(self._watch)
        try:
            answer = _asked("its Organisation", lambda: client.call("GET", "/Organisation"))
        finally:
            client.close()
        items = (answer.json or {}).get("Organisations") or []
        if answer.status != 200 or not items:
            raise UsageError(refused("Xero does not show its Organisation", answer))
        found: Mapping[str, Any] = items[0]
        return found

    def close(self) -> None:
        """Close the connections to Xero."""
        self._root.close()


def with_token(addresses: Addresses, base_url: str, token: str, **http: Any) -> ConnectionsApi:
    """The connections of a token that was just given."""
    return ConnectionsApi(addresses, base_url, StaticToken(token), **http)


def chosen(
    found: Sequence[Connected],
    wanted: str,
    tenant: str | None,
    choose: Callable[[Sequence[Connected]], Connected | None],
) -> Connected:
    """The connection that is meant.

    Args:
        wanted: the organisation that the firm is pinned to.
        tenant: named by the user.
        choose: asks a person; None when there is nobody to ask.

    Raises:
        UsageError: PU954, there is none, or nobody says which.
    """
    if tenant:
        found = [c for c in found if c.tenant_id == tenant]
    # That a tenant's id is the OrganisationID is unverified, so it settles only the choice.
    named = [c for c in found if c.tenant_id.lower() == wanted.lower()]
    candidates = named or list(found)
    if len(candidates) == 1:
        return candidates[0]
    picked = choose(candidates) if candidates else None
    if picked is not None:
        return picked
    if not candidates:
        message = "the sign-in reaches no organisation" + (f" {tenant}" if tenant else "")
        raise UsageError(Finding("PU954", message, hint="choose one on Xero's page"))
    told = "; ".join(f"{c.tenant_name or '(no name)'}: --tenant {c.tenant_id}" for c in candidates)
    message = f"the sign-in reaches {len(candidates)} organisations"
    raise UsageError(Finding("PU954", message, should_be=told))


def _asked(what: str, call: Callable[[], Response]) -> Response:
    try:
        return call()
    except SignInGone as error:
        raise SignInLost(unanswered(what, error)) from None
    except (CallError, SignInError) as error:
        raise UsageError(unanswered(what, error)) from None
