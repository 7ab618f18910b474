"""Calls that keep the limits, the lease and their patience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pm2xero.xero.budget import Budget, StopRun
from pm2xero.xero.client import CallError, Response, UnknownOutcome, Unreachable, XeroClient
from pm2xero.xero.errors import ErrorTable

# Why a run waits, as its progress says it.
NO_ANSWER = "Xero did not answer"
LIMITED = "Xero's limit of calls"
STILL_LATE = "a lost call may still reach Xero"

_TRIES = 5
_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0
# Xero remembers a key for six minutes from the first call. Two of them are left for a repeated call
# that is late itself, and one as a margin.
REPEATABLE = timedelta(minutes=3)
# Xero refuses these before it looks at what is asked.
TURNED_BACK = frozenset((401, 403, 412, 429))
# Something on the way gave up waiting, as with a 504.
GAVE_UP = frozenset((408, 499))
# So many calls in a row without a useful answer mean that Xero is down, not that a document is bad.
_BREAKER = 8


class Caller:
    """Makes calls one after another.

    Args:
        keep_alive: called before each call, once more just before it is sent, and during long
            pauses, to keep the lease; what it raises ends the run.
    """

    def __init__(
        self,
        client: XeroClient,
        budget: Budget,
        errors: ErrorTable,
        keep_alive: Callable[[], None],
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        longest_nap: float,
    ) -> None:
        self._client = client
        self._budget = budget
        self._errors = errors
        self._keep_alive = keep_alive
        self._clock = clock
        self._sleep = sleep
        self._longest_nap = longest_nap
        self._failures = 0
        # Bytes of Xero's answers so far.
        self.received = 0
        # Told of each pause: its seconds and why it is made.
        self.on_pause: Callable[[float, str], None] = lambda seconds, why: None

    @property
    def calls(self) -> int:
        """Calls made so far."""
        return self._budget.calls

    def pause(self, seconds: float, why: str = NO_ANSWER) -> None:
        """Wait, and keep the lease meanwhile."""
        if seconds > 0:
            self.on_pause(seconds, why)
        while seconds > 0:
            nap = min(seconds, self._longest_nap)
            self._sleep(nap)
            self._keep_alive()
            seconds -= nap

    def look(self, path: str, query: Mapping[str, str]) -> Response:
        """A GET of a look-up; where `read` would end the run, a refused question is an answer.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        return self._read(path, query, is_look=True)

    def read(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Response:
        """A GET; answers with 200 or 404 (or 304, to a question for changes), else tries again.

        Raises:
            StopRun: Xero does not answer, or refuses.
        """
        return self._read(path, query, headers)

    def _read(
        self,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        *,
        is_look: bool = False,
    ) -> Response:
        last = ""
        for attempt in range(_TRIES):
            if attempt:
                self.pause(backoff(attempt))
            try:
                answer = self._call("GET", path, query, headers, None, again=attempt > 0)
            except CallError as error:
                last = str(error)
                continue
            if answer.status == 404 or (answer.status == 200 and answer.json is not None):
                return answer
            # unverified: that Xero answers so where nothing has changed, and not by an empty list.
            if answer.status == 304 and "If-Modified-Since" in (headers or {}):
                return answer
            if answer.status == 200:
                last = "its answer cannot be read"
                continue
            if answer.status == 429:
                self.pause(self._budget.refused(answer), LIMITED)
                continue
            refusal = self._errors.classify_answer(answer)
            if is_look and 400 <= answer.status < 500 and answer.status not in TURNED_BACK:
                return answer
            if answer.status < 500:
                raise StopRun(refusal.entry.id, refusal.sentence)
            last = refusal.sentence
        raise StopRun("no_answer", f"Xero does not answer ({last}); run it again later")

    def write(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        key: str | None,
        body: bytes,
        begun: datetime | None = None,
    ) -> Response:
        """A PUT, POST or DELETE; repeated only where Xero cannot have acted.

        Args:
            key: its idempotency key; None where Xero takes none.
            begun: when the key was first used; None when it is used for the first time.

        Raises:
            UnknownOutcome: nobody knows whether Xero acted.
            Unreachable: Xero cannot have acted, and cannot be reached.
            StopRun, SignInError: Xero cannot have acted, and the run must end.
        """
        headers = {"Idempotency-Key": key} if key is not None else {}
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._call(
                    method, path, query, headers, body or None, begun, again=attempt > 1
                )
            except Unreachable:
                if attempt >= _TRIES:
                    raise
                self.pause(backoff(attempt))
                continue
            if answer.status != 429 or attempt >= _TRIES:
                return answer
            self.pause(self._budget.refused(answer), LIMITED)

    def note(self, *, useful: bool) -> None:
        """Whether a write led to something.

        Raises:
            StopRun: too many in a row did not.
        """
        self._failures = 0 if useful else self._failures + 1
        if self._failures >= _BREAKER:
            raise StopRun(
                "no_answer",
                f"Xero has not dealt with {self._failures} calls in a row; run it again later",
            )

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None,
        body: bytes | None,
        begun: datetime | None = None,
        *,
        again: bool = False,
    ) -> Response:
        def leaving() -> None:
            # A process may be suspended at any point, and another may take over meanwhile.
            self._keep_alive()
            # A pause may have been longer than was asked for: a computer that was asleep.
            if begun is not None and self._clock() - begun > REPEATABLE:
                raise UnknownOutcome("the key of an earlier call ran out before this one was sent")

        while (wait := self._budget.wait()) > 0:
            self.pause(wait, LIMITED)
        self._keep_alive()
        self._budget.spend()
        answer = self._client.call(method, path, query, headers, body, leaving, again=again)
        self._budget.learn(answer.headers)
        self.received += len(answer.text.encode("utf-8", "replace"))
        return answer


def backoff(attempt: int) -> float:
    """Seconds to wait after so many failures: 2, 4, 8 … 60."""
    return float(min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE))
