"""Keeps a grant alive: one refresh at a time, written down before its token is used.

A refresh token changes with every use, so two processes that use one at a time lose the grant, and
so does one that forgets what it was answered. The rules:

1. whoever refreshes holds the lock of the vault, reads anew inside it, and refreshes only what
   nobody has refreshed meanwhile;
2. the answer is kept before the new access token is used;
3. without an answer the old refresh token is sent again, which Xero allows for 30 minutes;
4. `invalid_grant` is believed only when the token before is refused as well and the vault, read
   once more, has no other; even then the grant is kept, as only a person may throw it away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pm2xero.errors import Pm2XeroError
from pm2xero.signin.grant import Enrolment, Grant
from pm2xero.signin.vault import Shelf, Vault
from pm2xero.xero.auth import MARGIN
from pm2xero.xero.identity import (
    Credentials,
    IdentityServer,
    SignInError,
    SignInGone,
    SignInRefused,
    SignInUnanswered,
    TokenAnswer,
)

_DEAD = "invalid_grant"
# Seconds before each further attempt to get an answer.
_PAUSES = (1.0, 4.0)
# Seconds for another machine, which a lock may not reach, to write down what it was answered.
_SETTLING = 2.0


class GrantTokens:
    """The access tokens of a kept grant; a TokenSource.

    Args:
        secret: of the app; empty where it has none. It is never kept.
        again: what to run when there is no grant (any more), for messages.
    """

    def __init__(
        self,
        vault: Vault,
        server: IdentityServer,
        *,
        clock: Callable[[], datetime],
        secret: str = "",
        again: str = "pm2xero connect",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._vault = vault
        self._server = server
        self._clock = clock
        self._secret = secret
        self._again = again
        self._sleep = sleep
        self._held: Grant | None = None
        self._refused = ""

    def token(self) -> str:
        """A token that should be good for at least a minute.

        Raises:
            SignInError: there is no grant, it cannot be read, or Xero gives no answer.
            SignInGone: Xero no longer honours it.
        """
        if self._held is None or not self._is_good(self._held):
            try:
                self._held = self._present()
            except Pm2XeroError as error:
                raise SignInError(error.findings[0].message, error.findings[0].code) from None
            except OSError as error:
                raise SignInError(str(error), "PU953") from None
        return self._held.access_token

    def renew(self) -> bool:
        """Never give the present token again; whoever has refreshed meanwhile is believed."""
        if self._held is not None:
            self._refused = self._held.access_token
        return True

    def _is_good(self, grant: Grant) -> bool:
        is_alive = self._clock() < grant.expires - MARGIN
        return is_alive and grant.access_token not in ("", self._refused)

    def _present(self) -> Grant:
        """A grant that is good, from the vault or from Xero."""
        kept = self._require(self._vault.read())
        if self._is_good(kept):
            return kept
        with self._vault.locked() as shelf:
            # The vault commits before anybody gets this: what it cannot keep is not used.
            return self._refreshed(shelf)

    def _refreshed(self, shelf: Shelf) -> Grant:
        """What is kept now, when somebody has refreshed it, else what Xero gives for it."""
        tried = {""}
        for pause in (0.0, _SETTLING):
            if pause:
                self._sleep(pause)
            enrolment = shelf.read()
            kept = self._require(enrolment)
            if self._is_good(kept):
                return kept
            # The one before is for a call that was given up and came to Xero late, after it was
            # repeated, and put another token in the place of ours. For how long Xero takes it is
            # not for our clock to say; so it comes before the pause.
            for token in (kept.refresh_token, kept.previous_token):
                if token in tried:
                    continue
                tried.add(token)
                answer = self._answered(kept, token)
                if answer is not None:
                    renewed = kept.renewed(answer, token, self._clock())
                    shelf.write(replace(enrolment, grant=renewed))
                    return renewed
        raise SignInGone(
            "Xero no longer honours the sign-in (invalid_grant): it was taken back, or not used "
            f"for 60 days; sign in again with `{self._again}`"
        )

    def _answered(self, grant: Grant, refresh_token: str) -> TokenAnswer | None:
        """New tokens; None where Xero says `invalid_grant`."""
        try:
            return self._asked(grant, refresh_token)
        except SignInRefused as refused:
            if refused.error == _DEAD:
                return None
            if refused.error in ("invalid_client", "unauthorized_client"):
                hint = "is PM2XERO_CLIENT_SECRET that of the app?"
                raise SignInError(f"{refused}; {hint}") from None
            raise

    def _asked(self, grant: Grant, refresh_token: str) -> TokenAnswer:
        """Ask for new tokens; without an answer, once more with the same one."""
        who = Credentials(grant.client_id, self._secret if grant.app.has_secret else "")
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        for pause in _PAUSES:
            try:
                return self._server.ask(who, form)
            except SignInUnanswered:
                self._sleep(pause)
        try:
            return self._server.ask(who, form)
        except SignInUnanswered as error:
            raise SignInUnanswered(
                f"{error}; run it again within 30 minutes, as long as Xero takes a token whose "
                "answer may have been lost"
            ) from None

    def _require(self, enrolment: Enrolment) -> Grant:
        if enrolment.grant is None or not enrolment.grant.refresh_token:
            raise SignInError(f"the firm is not signed in to Xero; run `{self._again}`")
        return enrolment.grant
