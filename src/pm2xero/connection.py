"""Everything that talks to the outside, opened together: outbox, Xero or the sandbox, time."""

from __future__ import annotations

import getpass
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from pm2xero.errors import Finding, UsageError
from pm2xero.firm.fingerprint import hashes
from pm2xero.firm.organisation import Organisation, pack_folders
from pm2xero.history.opening import open_past
from pm2xero.history.rows_state import RowsState
from pm2xero.outbox.pinning import OutboxPin
from pm2xero.outbox.store import Outbox
from pm2xero.pipeline import Pipeline
from pm2xero.push.memory_file import MemoryFile
from pm2xero.send.caller import Caller
from pm2xero.signin.pin import check_emulated, check_outbox_pin
from pm2xero.signin.session import connected_url, signed_in
from pm2xero.target import Target
from pm2xero.xero.answers import Unproven, page_of
from pm2xero.xero.auth import SignInError
from pm2xero.xero.budget import Budget, CallLimits, StopRun
from pm2xero.xero.client import CallError, Response, XeroClient
from pm2xero.xero.errors import load_errors
from pm2xero.xero.unanswered import unanswered

# So many documents must be missing before an emulated Xero counts as another one.
_FIRST = 3
# Seconds of one wait; nothing needs to be kept alive meanwhile.
_NAP = 60.0


def now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


def process_name() -> str:
    """Names this process among those that may write for an organisation."""
    return f"{os.uname().nodename}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def person_name() -> str:
    """At whose keyboard, or for whose account, this process runs."""
    try:
        return f"{getpass.getuser()}@{os.uname().nodename}"
    except (KeyError, OSError):
        return f"{os.getuid()}@{os.uname().nodename}"


def decided_by(firm: Organisation, file: Path, packs: tuple[Path, ...]) -> dict[str, str]:
    """A hash of each file by which a firm's documents are decided, by its name.

    Args:
        file: the firm's own; packs: further ones, over those that it names.
    """
    named = {
        "organisation": file,
        "snapshot": firm.snapshot_file,
        "chart": firm.chart_file,
    }
    files = {f"firm/{name}": path for name, path in named.items() if path is not None}
    return hashes(pack_folders(firm.packs, packs), files)


@dataclass(frozen=True, slots=True)
class Connection:
    """An opened target, and the time that its commands live by."""

    target: Target
    pipeline: Pipeline
    outbox: Outbox
    client: XeroClient
    fingerprint: str
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    who: str = field(default_factory=person_name)

    def decided_by(self) -> dict[str, str]:
        """A hash of each file that decides, by its name."""
        target = self.target
        return decided_by(self.pipeline.organisation, target.organisation, target.packs)

    @property
    def pin(self) -> OutboxPin:
        """Where this run sends; the first push pins the outbox to it for good."""
        organisation = self.pipeline.organisation.xero_organisation_id
        return OutboxPin(organisation, self.target.is_real, self.clock())

    @property
    def memory(self) -> MemoryFile:
        """The file that knows which generation of the outbox was the last."""
        return MemoryFile(self.target.memory_file(self.pipeline.organisation.id))

    @property
    def state(self) -> RowsState:
        """The past over the outbox's rows; the pipeline decides by it."""
        state = self.pipeline.state
        assert isinstance(state, RowsState)
        return state

    def afresh(self) -> Connection:
        """The same connection with a state that has not seen what was only planned."""
        pipeline = self.pipeline.afresh()
        pipeline.state = RowsState(self.outbox, pipeline.state)
        return replace(self, pipeline=pipeline)

    def get_one(self, path: str) -> Mapping[str, object] | None:
        """One object of Xero by its path, or None when it is not there.

        Raises:
            UsageError: PU904 when Xero does not say.
        """
        answer = self.ask(path, {})
        if answer.status != 200 or answer.json is None:
            return None
        endpoint = path.strip("/").split("/")[0]
        items: Sequence[Mapping[str, object]] = answer.json.get(endpoint) or ()
        return items[0] if items else None

    def get_any(self, endpoint: str) -> object | None:
        """Something of an endpoint, or that Xero did not say; None when Xero has nothing there."""
        try:
            answer = self.ask(f"/{endpoint}", {"page": "1", "pageSize": "1"})
        except UsageError as refused:
            return refused
        if answer.status != 200 or answer.json is None:
            return answer
        if answer.json.get(endpoint) != []:
            return answer
        try:
            page_of(answer, 1, 0)
        except Unproven:
            # By its own count there is something.
            return answer
        return None

    def get_all(self, endpoint: str) -> dict[str, Mapping[str, Any]]:
        """All objects of an endpoint by id; pages where Xero pages.

        Raises:
            UsageError: PU904 when Xero refuses to list them.
        """
        found: dict[str, Mapping[str, Any]] = {}
        page = 1
        while True:
            answer = self.ask(f"/{endpoint}", {"page": str(page), "pageSize": "1000"})
            if answer.status != 200 or answer.json is None:
                message = f"Xero does not list {endpoint} (HTTP {answer.status})"
                raise UsageError(Finding("PU904", message))
            items = answer.json.get(endpoint) or []
            new = {str(i[_id_of(endpoint)]): i for i in items}
            if not new or new.keys() <= found.keys():
                return found
            found |= new
            pages = int((answer.json.get("pagination") or {}).get("pageCount") or 1)
            if page >= pages:
                return found
            page += 1

    def ask(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Response:
        """Make one GET; answers with 200 or 404 and is as patient as a push.

        Raises:
            UsageError: PU904 when Xero does not answer, or refuses; PU905 when it takes no sign-in.
        """
        return asking(self.client, self.clock, self.sleep)(path, query, headers)


class Asking(Protocol):
    """A GET with a query and perhaps headers."""

    def __call__(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Response:
        """Its answer."""


def caller_of(
    client: XeroClient,
    clock: Callable[[], datetime] = now,
    sleep: Callable[[float], None] = time.sleep,
) -> Caller:
    """Makes calls as patiently as a push, and counts them; without limits of its own."""
    budget = Budget(CallLimits.none(), clock)
    return Caller(client, budget, load_errors(), lambda: None, clock, sleep, _NAP)


def asking(
    client: XeroClient,
    clock: Callable[[], datetime] = now,
    sleep: Callable[[float], None] = time.sleep,
) -> Asking:
    """A GET that answers with 200 or 404 and is as patient as a push, else raises PU904, PU905."""
    caller = caller_of(client, clock, sleep)

    def ask(
        path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Response:
        try:
            return caller.read(path, query, headers)
        except (StopRun, SignInError) as exc:
            raise UsageError(unanswered(path, exc)) from None

    return ask


def _id_of(endpoint: str) -> str:
    return endpoint.removesuffix("s") + "ID"


@contextmanager
def connect(target: Target, *, reading: bool = False) -> Iterator[Connection]:
    """Open everything that a command needs, and close it again.

    Args:
        reading: nothing will be written, so files that are not there yet are not made.

    Raises:
        PackError, OrganisationError, OutboxError, UsageError: with all faults.
    """
    if target.xero_url is not None:
        check_url(target.xero_url)
    with ExitStack() as stack:
        pipeline = Pipeline.load(target.organisation, target.region, target.packs)
        target = _where_connected(target, pipeline.organisation)
        url = "sqlite://" if reading and target.is_new_outbox else target.database_url
        past = stack.enter_context(open_past(pipeline, target.organisation, target.packs, url, now))
        firm = pipeline.organisation
        check_outbox_pin(past.outbox.pinned(), firm, is_real=target.is_real)
        if target.xero_url is not None:
            client = stack.enter_context(
                signed_in(target.xero_url, firm, target.folder, now, target.log)
            )
        else:
            client = _sandbox_client(target, pipeline, stack, reading)
            client.watch(target.log)
        _check_place(target, past.outbox, client)
        yield Connection(target, pipeline, past.outbox, client, past.fingerprint)


def _check_place(target: Target, outbox: Outbox, client: XeroClient) -> None:
    """An emulated Xero is the one that the outbox was pushed to; Xero itself is there once."""
    pin = outbox.pinned()
    if target.is_real or pin is None:
        return

    def shown(path: str) -> int | None:
        # Who does not answer is told by what is asked next.
        with suppress(CallError, SignInError):
            return client.call("GET", path).status
        return None

    place = target.xero_url or f"the embedded one, {target.sandbox_file}"
    check_emulated(outbox.some_confirmed(_FIRST), shown, pin.at, place)


def _where_connected(target: Target, firm: Organisation) -> Target:
    """A connected firm's Xero is the one that is meant, unless a rehearsal is asked for."""
    if target.xero_url is not None or target.sandbox is not None:
        return target
    return replace(target, xero_url=connected_url(firm, target.folder))


def check_url(url: str) -> None:
    """Refuse what is no address before anything is opened or made.

    Raises:
        UsageError: PU905.
    """
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and _is_this_machine(parts.hostname):
            return
        if parts.scheme == "http" and parts.hostname:
            message = f'"{url}" would send tokens and books in the clear'
            should_be = "https://…; http only to this machine (127.0.0.1, localhost)"
            raise UsageError(Finding("PU905", message, should_be=should_be))
    hint = "--xero-url https://api.xero.com/api.xro/2.0"
    raise UsageError(Finding("PU905", f'"{url}" is no address of Xero', hint=hint))


def _is_this_machine(host: str | None) -> bool:
    if host is None or host == "localhost":
        return host is not None
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False


def _sandbox_client(
    target: Target, pipeline: Pipeline, stack: ExitStack, reading: bool
) -> XeroClient:
    from pm2xero.sandbox import Limits, Sandbox
    from pm2xero.xero.asgi import AsgiTransport
    from pm2xero.xero.auth import StaticToken

    path = target.sandbox_file
    # A folder that is not there is a mistake in the name, also for whoever only reads.
    is_new = reading and not path.exists() and path.parent.is_dir()
    place = ":memory:" if is_new else path
    raw = pipeline.organisation.xero.raw
    try:
        sandbox = Sandbox.open(raw, path=place, clock=now, ids=uuid.uuid4, limits=Limits.none())
    except (ValueError, sqlite3.Error) as exc:
        raise UsageError(
            Finding(
                "PU906",
                f"the embedded Xero organisation {path} cannot be used: {exc}",
                should_be="the file of this organisation, or a new one: --sandbox FILE",
            )
        ) from None
    stack.callback(sandbox.close)
    client = XeroClient(
        StaticToken(sandbox.access_token()),
        tenant=sandbox.organisation_id,
        transport=AsgiTransport(sandbox.app),
    )
    stack.callback(client.close)
    return client
