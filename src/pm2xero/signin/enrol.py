"""Connects a firm: from the tokens of a sign-in to a grant that is checked, pinned and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pm2xero.firm.organisation import Organisation
from pm2xero.signin.authorisation import claims_of
from pm2xero.signin.connections import Connected, ConnectionsApi, chosen
from pm2xero.signin.grant import App, Enrolment, Grant, Pin
from pm2xero.signin.pin import check_organisation, check_pin
from pm2xero.signin.settings import Registration, Settings
from pm2xero.signin.vault import Vault
from pm2xero.xero.identity import TokenAnswer

Choose = Callable[[Sequence[Connected]], Connected | None]


@dataclass(frozen=True, slots=True)
class Reached:
    """An organisation that a sign-in reaches, and who Xero says it is."""

    tenant: str
    connection: str
    organisation: Mapping[str, Any]


def reached(
    tokens: TokenAnswer,
    api: ConnectionsApi,
    registration: Registration,
    wanted: str,
    tenant: str | None,
    choose: Choose,
) -> Reached:
    """The organisation that is meant.

    Args:
        wanted: OrganisationID of the firm; empty before there is a firm.

    Raises:
        UsageError: PU904, PU954.
    """
    if registration.app is App.CUSTOM:
        # It has one organisation, and no tenant need be named.
        return Reached("", "", api.organisation(""))
    event = str(claims_of(tokens.access_token).get("authentication_event_id", ""))
    # An organisation that was connected before may keep its earlier event (unverified).
    found = api.listed(event) or api.listed()
    connection = chosen(found, wanted, tenant, choose)
    return Reached(connection.tenant_id, connection.id, api.organisation(connection.tenant_id))


def enrol(
    vault: Vault,
    firm: Organisation,
    settings: Settings,
    registration: Registration,
    base_url: str,
    tokens: TokenAnswer,
    found: Reached,
    now: datetime,
) -> Enrolment:
    """Pin the firm to its organisation and keep the grant, when both are right.

    Raises:
        UsageError: PU915, PU952, PU955: nothing was kept; PU953: it cannot be kept.
    """
    check_organisation(found.organisation, firm, settings.rehearsal_classes)
    is_custom = registration.app is App.CUSTOM
    grant = Grant(
        app=registration.app,
        base_url=base_url,
        client_id=registration.client_id,
        tenant=found.tenant,
        connection=found.connection,
        scopes=" ".join(registration.scopes) if is_custom else tokens.scope,
        connected=now,
        obtained=now,
        expires=now + timedelta(seconds=tokens.life),
        access_token="" if is_custom else tokens.access_token,
        refresh_token="" if is_custom else (tokens.refresh_token or ""),
    )
    with vault.locked() as shelf:
        before = shelf.read()
        check_pin(before.pin, firm)
        id_, name = (str(found.organisation.get(key, "")) for key in ("OrganisationID", "Name"))
        pin = before.pin or Pin(id_, name, now)
        kept = replace(before, pin=pin, grant=grant)
        shelf.write(kept)
    return kept
