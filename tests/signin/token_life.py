"""The life of one grant under a seed: processes that refresh it, and all that can go wrong.

The identity server is the emulated one, the client is the product's own, and time is a number. What
must hold, whatever happens (`Violation` otherwise):

- a token is used only once the vault has it;
- a refresh token is sent only while the vault holds it, or once more after the one that followed it
  was refused;
- what the vault holds is honoured by Xero, unless the grant was taken back, was not used for 60
  days, or an answer never came (or its process died, or the disk was full) and nobody asked again
  for 30 minutes;
- whatever Xero honours of it brings a working token to whoever asks next without a mishap.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qsl

import httpx

from pm2xero.sandbox.access import ALL_SCOPES, Doorkeeper
from pm2xero.sandbox.authority import GRACE, Authority
from pm2xero.sandbox.connections import Connections
from pm2xero.sandbox.mishaps import Mishaps
from pm2xero.sandbox.problems import Problem
from pm2xero.sandbox.reply import problem_reply
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.unkindness import Unkindness
from pm2xero.signin.grant import App, Enrolment, Grant
from pm2xero.signin.refresh import GrantTokens
from pm2xero.signin.vault import packed, unpacked
from pm2xero.xero.client import CallError, XeroClient
from pm2xero.xero.identity import Addresses, IdentityServer, SignInError, SignInUnanswered

XERO = Addresses.of("https://api.xero.com/api.xro/2.0", {})
CLIENT = "our-app"
_TENANT = "5b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f0"
_STARTED = datetime(2026, 6, 1, tzinfo=UTC)

# What may become of one refresh, and how often of a hundred.
LINES = {
    "answered": 62,
    "lost": 10,
    "never_left": 6,
    "late": 4,
    "gateway": 5,
    "garbage": 4,
    "busy": 3,
    "refused": 6,
}


class Violation(AssertionError):
    """The product lost a grant, or used a token that it had not kept."""


class Killed(BaseException):
    """The process is gone."""


class MemoryVault:
    """A vault whose mishaps a life chooses; a transaction is undone when its process dies."""

    place = "memory"

    def __init__(self, life: TokenLife, enrolment: Enrolment) -> None:
        self.content = packed(enrolment)
        self.ever: set[str] = set()
        self._life = life
        self._is_locked = False
        self._remember(enrolment)

    def read(self) -> Enrolment:
        return unpacked(self.content, self.place)

    @contextmanager
    def locked(self) -> Iterator[MemoryVault]:
        # Whoever waits for the lock gets it when others are through.
        self._life.before_lock()
        assert not self._is_locked
        self._is_locked, before = True, self.content
        self._life.answered.clear()
        try:
            yield self
            self._check_kept()
        except BaseException:
            if self._life.undoes:
                self.content = before
            raise
        finally:
            self._is_locked = False
            self._remember(self.read())

    def write(self, enrolment: Enrolment) -> None:
        assert self._is_locked
        self._life.before_write()
        self.content = packed(enrolment)
        self._life.after_write()

    def close(self) -> None:
        pass

    def _check_kept(self) -> None:
        """Whoever was answered, and lives, has kept the last answer."""
        answered, grant = self._life.answered, self.read().grant
        if answered and (grant is None or grant.refresh_token != answered[-1]):
            raise Violation("what Xero answered is not kept")

    def _remember(self, enrolment: Enrolment) -> None:
        if enrolment.grant is None:
            raise Violation("the grant was thrown away")
        self.ever |= {enrolment.grant.access_token, enrolment.grant.refresh_token}


class TokenLife:
    """One grant, its processes, and the seed by which things happen."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.now = _STARTED
        self.undoes = self.chance.random() < 0.5
        self.is_quiet = False
        self.taken_back = False
        self._store = _empty_store()
        rules = Unkindness(refresh_grace=self.chance.random() < 0.9)
        ids = self.chance.getrandbits
        mishaps = Mishaps(rules)

        def new_id() -> str:
            return str(uuid.UUID(int=ids(128), version=4))

        connections = Connections(self._store, self.clock, new_id, {_TENANT: "Firm"})
        self._authority = Authority(self._store, self.clock, new_id, connections, mishaps)
        self._doorkeeper = Doorkeeper(
            self._store, self.clock, new_id, _TENANT, connections, mishaps
        )
        self._late: list[bytes] = []
        self.answered: list[str] = []
        # Some lines are so slow that much comes after it was given up.
        self._weights = dict(LINES) | ({"late": 40} if self.chance.random() < 0.3 else {})
        self._has_grace = rules.refresh_grace
        # Seconds by which the clock of each process is off, and how deep calls wait in each other.
        self._skews = [self.chance.choice((0, 0, 0, -7200, -90, 90, 7200)) for _ in range(3)]
        self._depth = 0
        self._sent: list[str] = []
        self._in_a_row = 0
        self.vault = MemoryVault(self, Enrolment(grant=self._granted()))
        transport = httpx.MockTransport(self._carry)
        self._server = IdentityServer(XERO, transport=transport, ticks=lambda: 0.0)
        self._transport = transport
        self._processes = [self._process(number) for number in range(3)]

    def clock(self) -> datetime:
        return self.now

    def live(self, steps: int = 12) -> None:
        """Go through so many steps, and judge after each."""
        for _ in range(steps):
            step = self.chance.choices(
                (self._use, self._pass, self._restart, self._turn_clock, self._take_back),
                (55, 30, 8, 6, 1),
            )[0]
            step()
            self._judge()
        self._must_work()

    # --- what happens ----------------------------------------------------------------------------

    def _use(self) -> None:
        number = self.chance.randrange(len(self._processes))
        self.counts["uses"] += 1
        self._in_a_row = 0
        try:
            self._call(self._processes[number])
        except Killed:
            self.counts["killed"] += 1
            self._processes[number] = self._process(number)
        except SignInUnanswered as error:
            self.counts["unanswered"] += 1
            if self._in_a_row < 3:
                raise Violation(f"given up after {self._in_a_row} attempts: {error}") from error
        except SignInError as error:
            self.counts["told" if "no longer honours" in str(error) else "stopped"] += 1
        finally:
            self._depth = 0

    def _call(self, tokens: GrantTokens) -> int:
        xero = XeroClient(tokens, tenant=_TENANT, transport=self._transport, ticks=lambda: 0.0)
        try:
            status = xero.call("GET", "/Organisation").status
        except CallError as error:
            raise Violation(f"the call itself failed: {error}") from error
        self.counts[f"answered {status}"] += 1
        return status

    def _pass(self) -> None:
        days = self.chance.choices((0, 1, 20, 59, 61), (84, 8, 4, 2, 2))[0]
        self.now += timedelta(days=days, seconds=self.chance.choice((20, 300, 1200, 1790, 1900)))

    def _restart(self) -> None:
        number = self.chance.randrange(len(self._processes))
        self._processes[number] = self._process(number)

    def _turn_clock(self) -> None:
        number = self.chance.randrange(len(self._skews))
        self._skews[number] = self.chance.choice((0, -86_400, -3600, -60, 60, 3600, 86_400))

    def _take_back(self) -> None:
        self._store.execute("DELETE FROM token")
        self.taken_back = True
        self.counts["taken back"] += 1

    def before_lock(self) -> None:
        """Others are faster, as long as they find the lock free."""
        if self.is_quiet or self._depth or self.chance.random() > 0.4:
            return
        self._depth += 1
        in_a_row = self._in_a_row
        self.counts["waited"] += 1
        self._use()
        self._in_a_row = in_a_row

    def before_write(self) -> None:
        if self.is_quiet:
            return
        mishap = self.chance.random()
        if mishap < 0.03:
            self.counts["disk full"] += 1
            raise OSError(28, "No space left on device")
        if mishap < 0.06:
            raise Killed

    def after_write(self) -> None:
        if not self.is_quiet and self.chance.random() < 0.03:
            raise Killed

    # --- the line --------------------------------------------------------------------------------

    def _carry(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "identity.xero.com":
            return self._serve(request)
        form = dict(parse_qsl(request.content.decode()))
        self._check_sent(form["refresh_token"])
        self._sent.append(form["refresh_token"])
        what = "answered"
        if not self.is_quiet:
            what = self.chance.choices(list(LINES), list(self._weights.values()))[0]
            self._arrive_late()
        self.counts[what] += 1
        self._in_a_row += what not in ("answered", "refused")
        if what == "never_left":
            raise httpx.ConnectError("refused", request=request)
        if what == "late":
            self._late.append(request.content)
            raise httpx.ReadTimeout("timed out", request=request)
        if what == "busy":
            return httpx.Response(429, text="slow down")
        if what == "refused":
            return httpx.Response(400, json={"error": "invalid_grant"})
        answer = self._token(request.content)
        if what == "lost":
            raise httpx.ReadError("reset", request=request)
        if what == "gateway":
            return httpx.Response(504, html="<html>Gateway timeout</html>")
        if what == "garbage":
            return httpx.Response(200, text='{"access_token": "tru')
        if answer.status_code == 200:
            self.answered.append(answer.json()["refresh_token"])
        return answer

    def _token(self, body: bytes) -> httpx.Response:
        try:
            with self._store.transaction():
                return httpx.Response(200, json=self._authority.token(body, None, XERO.issuer))
        except Problem as problem:
            reply = problem_reply(problem)
            return httpx.Response(reply.status, content=reply.body)

    def _arrive_late(self) -> None:
        """What was given up arrives; its answer is heard by nobody."""
        while self._late and self.chance.random() < 0.5:
            self.counts["arrived late"] += 1
            self._token(self._late.pop(0))

    def _serve(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token not in self.vault.ever:
            raise Violation("a token is used that was never kept")
        try:
            self._doorkeeper.identify(request.headers["authorization"])
        except Problem as problem:
            return httpx.Response(problem.status, json=problem.content)
        return httpx.Response(200, json={})

    # --- the judge -------------------------------------------------------------------------------

    def _check_sent(self, token: str) -> None:
        kept = self._kept()
        if token == kept.refresh_token:
            return
        others = [sent for sent in self._sent if sent != token]
        if token == kept.previous_token and others[-1:] == [kept.refresh_token]:
            self.counts["previous tried"] += 1
            return
        if token in self.vault.ever:
            raise Violation("a refresh token is sent that another one has followed in the vault")

    def _kept(self) -> Grant:
        grant = self.vault.read().grant
        if grant is None:
            raise Violation("the grant was thrown away")
        return grant

    def _judge(self) -> None:
        kept = self._kept()
        if self.taken_back or self._honours(kept.refresh_token):
            return
        row = self._row(kept.refresh_token)
        if row is None and self._has_late_history(kept):
            self.counts["overtaken"] += 1
            return
        if row is None or row[0] <= _text(self.now):
            if row is None:
                raise Violation("Xero does not know what is kept")
            self.counts["unused too long"] += 1
            return
        if row[2] in self.vault.ever:
            raise Violation("what followed was once kept, and is not kept now")
        # Its answer is lost for good: nobody asked again in time, or Xero has no grace.
        if self._has_grace and row[1] > _text(self.now - GRACE):
            raise Violation("Xero should still take what is kept")
        self.counts["lost for good"] += 1

    def _has_late_history(self, kept: Grant) -> bool:
        """Whether a call that came late has put another token in the place of the one kept."""
        row = self._row(kept.previous_token)
        return row is not None and row[2] not in (None, kept.refresh_token)

    def _must_work(self) -> None:
        """Whoever comes now, and meets no mishap, is let in if anything kept is honoured."""
        self._arrive_late()
        self.is_quiet = True
        # Often just before the access token ends, when the one before may still be taken.
        self.now += timedelta(seconds=self.chance.choice((0, 0, 1745, 1745, 1900)))
        kept = self._kept()
        is_honoured = self._honours(kept.refresh_token) or self._honours(kept.previous_token)
        self._sent.clear()
        try:
            status = self._call(self._process(0))
        except SignInError as error:
            if is_honoured:
                raise Violation(f"Xero honours it still, and the product says: {error}") from error
            self.counts["ended dead"] += 1
            return
        if status != 200 and is_honoured:
            raise Violation(f"Xero honours it still, and answers {status}")
        self.counts["ended alive"] += 1

    def _honours(self, token: str) -> bool:
        row = self._row(token)
        if row is None or row[0] <= _text(self.now):
            return False
        if row[1] is None:
            return True
        successor = self._row(row[2] or "")
        is_unused = successor is not None and successor[1] is None
        return self._has_grace and row[1] > _text(self.now - GRACE) and is_unused

    def _row(self, token: str) -> tuple[str, str | None, str | None] | None:
        found = self._store.find(
            "SELECT expires, replaced, successor FROM token WHERE token = ? AND kind = 'refresh'",
            (token,),
        )
        return None if found is None else (found[0], found[1], found[2])

    # --- how it begins ---------------------------------------------------------------------------

    def _granted(self) -> Grant:
        with self._store.transaction():
            parts = {
                kind: self._authority.issue(
                    kind, ALL_SCOPES, bound=False, client=CLIENT, event="consent"
                )
                for kind in ("access", "refresh")
            }
        return Grant(
            app=App.PKCE, base_url="https://api.xero.com/api.xro/2.0", client_id=CLIENT,
            tenant=_TENANT, connection="", scopes=ALL_SCOPES, connected=self.now,
            obtained=self.now, expires=self.now + timedelta(minutes=30),
            access_token=parts["access"], refresh_token=parts["refresh"],
        )  # fmt: skip

    def _process(self, number: int) -> GrantTokens:
        def clock() -> datetime:
            return self.now + timedelta(seconds=0 if self.is_quiet else self._skews[number])

        return GrantTokens(self.vault, self._server, clock=clock, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@cache
def _shared_store() -> Store:
    store = Store(":memory:")
    with store.transaction():
        store.create()
    return store


def _empty_store() -> Store:
    """The tables of the sign-in, empty; one store for all lives, as making one is slow."""
    store = _shared_store()
    for table in ("token", "code", "connection"):
        store.execute(f"DELETE FROM {table}")
    return store


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def live(seed: int) -> Counter[str]:
    """One life; what happened in it.

    Raises:
        Violation: with the seed.
    """
    life = TokenLife(seed)
    try:
        life.live()
    except Violation as violation:
        raise Violation(f"seed {seed}: {violation}") from violation
    return life.counts
