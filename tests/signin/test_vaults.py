"""Where a sign-in is kept: alone, at once, unreadable for others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import keyring.backend
import keyring.errors
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, make_url, text

from pm2xero.errors import UsageError
from pm2xero.signin.database_vault import DatabaseVault
from pm2xero.signin.grant import Enrolment, Pin
from pm2xero.signin.vault import Vault
from pm2xero.signin.vaults import is_enrolled, open_vault
from pm2xero.xero.identity import Addresses
from tests.outbox.postgresql import binaries, created, server
from tests.support.served_xero import ServedXero

from .test_refresh import GRANT, NOW

PINNED = Enrolment(Pin("5b8e0c1e", "Bellbird Legal", NOW), GRANT)
KEY = Fernet.generate_key().decode()


class Ring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 5.0  # type: ignore[assignment]
    kept: dict[tuple[str, str], str]
    is_locked = False

    def __init__(self) -> None:
        super().__init__()
        self.kept = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise keyring.errors.KeyringLocked("refresh-token-0")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("none")


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    monkeypatch.setattr("keyring.get_keyring", lambda: ring)
    return ring


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    found = binaries()
    assert found is not None
    with server(found) as url:
        yield url


WHERE = ["file", "keyring", "sqlite", *(["postgresql"] if binaries() else [])]
# The lock of a keyring is that of the file beside it; a keyring in memory is of one process.
SHARED = [where for where in WHERE if where != "keyring"]


def environment(where: str, folder: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    if where == "sqlite":
        return {"PM2XERO_GRANTS": f"sqlite:///{folder}/grants.db", "PM2XERO_GRANT_KEY": KEY}
    if where == "postgresql":
        return {
            "PM2XERO_GRANTS": request.getfixturevalue("postgresql"),
            "PM2XERO_GRANT_KEY": KEY,
        }
    if where == "keyring":
        request.getfixturevalue("ring")
    return {"PM2XERO_GRANTS": where}


@pytest.fixture(params=WHERE)
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    firm = f"firm-{tmp_path.name[-20:]}".lower()
    vault = open_vault(tmp_path, firm, environment(request.param, tmp_path, request))
    yield vault
    vault.close()


def keep(vault: Vault, enrolment: Enrolment) -> None:
    with vault.locked() as shelf:
        shelf.write(enrolment)


def test_what_is_kept_is_read_and_the_pin_outlives_the_grant(vault: Vault) -> None:
    assert vault.read() == Enrolment()
    keep(vault, PINNED)
    assert (vault.read().pin, vault.read().grant) == (PINNED.pin, PINNED.grant)
    for _ in range(2):
        keep(vault, replace(vault.read(), grant=None))
        assert vault.read() == Enrolment(PINNED.pin)
    keep(vault, PINNED)
    assert vault.read().grant == GRANT


def test_firms_do_not_share(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    for where in ("file", "keyring", "sqlite"):
        values = environment(where, tmp_path, request)
        one, two = (open_vault(tmp_path, name, values) for name in ("one", "two"))
        keep(one, PINNED)
        assert two.read() == Enrolment()


def test_no_token_lies_readable_in_a_database_or_beside_a_keyring(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for where in ("keyring", "sqlite"):
        vault = open_vault(tmp_path, "firm", environment(where, tmp_path, request))
        keep(vault, PINNED)
        vault.close()
        # The keyring first: its file holds the pin only.
        for file in tmp_path.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                assert b"token-0" not in content, file
        assert any(b"5b8e0c1e" in f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"PM2XERO_GRANTS": "sqlite://"}, "PM2XERO_GRANT_KEY holds no key"),
        ({"PM2XERO_GRANTS": "sqlite://", "PM2XERO_GRANT_KEY": "short"}, "holds no key"),
        ({"PM2XERO_GRANTS": "safe"}, 'PM2XERO_GRANTS is "safe"'),
        ({"PM2XERO_GRANTS": "oracle://me:hush@host/db", "PM2XERO_GRANT_KEY": KEY}, "cannot be"),
        (
            {"PM2XERO_GRANTS": "sqlite:////nowhere/at/all.db", "PM2XERO_GRANT_KEY": KEY},
            "cannot be used",
        ),
    ],
)
def test_what_cannot_keep_a_sign_in_is_told(
    tmp_path: Path, values: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=f"PU953.*{said}") as told:
        open_vault(tmp_path, "firm", values)
    assert "hush" not in str(told.value)


def test_another_key_opens_nothing_and_an_older_one_beside_it_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/grants.db"
    keep(open_vault(tmp_path, "firm", {"PM2XERO_GRANTS": url, "PM2XERO_GRANT_KEY": KEY}), PINNED)
    new = Fernet.generate_key().decode()
    other = open_vault(tmp_path, "firm", {"PM2XERO_GRANTS": url, "PM2XERO_GRANT_KEY": new})
    with pytest.raises(UsageError, match="sealed with another key"):
        other.read()
    both = {"PM2XERO_GRANTS": url, "PM2XERO_GRANT_KEY": f"{new},{KEY}"}
    assert open_vault(tmp_path, "firm", both).read().grant == GRANT


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, "firm", {"PM2XERO_GRANTS": "file"})
    keep(vault, PINNED)
    file = tmp_path / ".pm2xero" / "firm.sign-in.json"
    file.chmod(0o644)
    with pytest.raises(UsageError, match="others of this machine can read it"):
        vault.read()
    file.chmod(0o600)
    file.write_text('{"grant": {"access_token": "access-token-0"')
    with pytest.raises(UsageError, match="is no sign-in") as told:
        vault.read()
    assert "access-token-0" not in str(told.value)


def test_a_keyring_is_preferred_and_missed_where_it_is_gone(
    tmp_path: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(open_vault(tmp_path, "firm", {}), PINNED)
    assert ring.kept and is_enrolled(tmp_path, "firm", {})
    ring.is_locked = True
    with pytest.raises(UsageError, match="KeyringLocked") as told:
        open_vault(tmp_path, "firm", {}).read()
    assert "token-0" not in str(told.value)
    # As in a scheduled run, which has no desktop.
    monkeypatch.setattr("pm2xero.signin.vaults.usable_keyring", lambda: None)
    with pytest.raises(UsageError, match="cannot be reached from here"):
        open_vault(tmp_path, "firm", {})
    assert open_vault(tmp_path / "other", "firm", {}).read() == Enrolment()


_PROCESS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pm2xero.signin.refresh import GrantTokens
from pm2xero.signin.vaults import open_vault
from pm2xero.xero.identity import Addresses, IdentityServer
vault = open_vault(Path(sys.argv[1]), "firm")
server = IdentityServer(Addresses.of(sys.argv[2]))
tokens = GrantTokens(vault, server, clock=lambda: datetime.now(UTC))
print("ready", flush=True)
sys.stdin.readline()
print(tokens.token())
"""


@pytest.mark.parametrize("where", SHARED)
def test_of_several_processes_one_refreshes(
    where: str,
    tmp_path: Path,
    served: ServedXero,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment(where, tmp_path, request).items():
        monkeypatch.setenv(name, value)
    due = replace(
        GRANT, base_url=served.url, refresh_token=served.sandbox.consent(),
        expires=served.now() - timedelta(hours=1),
    )  # fmt: skip
    vault = open_vault(tmp_path, "firm")
    keep(vault, Enrolment(PINNED.pin, due))
    served.token_delay = 0.4
    script = [sys.executable, "-c", _PROCESS, str(tmp_path), served.url]
    running = [
        subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    given = {process.communicate(timeout=60)[0].strip() for process in running}
    kept = vault.read().grant
    vault.close()
    assert kept is not None and given == {kept.access_token}
    assert served.calls.count(("POST", "/connect/token")) == 1
    assert Addresses.of(served.url).token == f"{served.root}/connect/token"


def on_server(postgresql: str, name: str, **parts: str) -> dict[str, str]:
    url = make_url(created(postgresql, name)).set(**parts)
    where = url.render_as_string(hide_password=False)
    return {"PM2XERO_GRANTS": where, "PM2XERO_GRANT_KEY": KEY}


needs_server = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL is installed")


@needs_server
def test_a_server_that_does_not_take_the_user_says_so_without_the_password(
    tmp_path: Path, postgresql: str
) -> None:
    values = on_server(postgresql, "vault_refused", username="nobody", password="hush")
    with pytest.raises(UsageError, match=r'PU953 .*role "nobody" does not exist') as told:
        open_vault(tmp_path, "firm", values)
    assert "hush" not in str(told.value)
    assert told.value.findings[0].should_be


@needs_server
def test_a_sign_in_that_cannot_be_written_is_known_before_xero_is_asked(
    tmp_path: Path, postgresql: str
) -> None:
    """Xero's new tokens would be lost, and with them the firm's sign-in."""
    values = on_server(postgresql, "vault_read_only")
    before = open_vault(tmp_path, "firm", values)
    keep(before, PINNED)
    before.close()
    engine = create_engine(make_url(values["PM2XERO_GRANTS"]))
    with engine.begin() as connection:
        allowed = "ALTER DATABASE vault_read_only SET default_transaction_read_only = on"
        connection.execute(text(allowed))
    engine.dispose()
    vault = open_vault(tmp_path, "firm", values)
    assert vault.read().grant == GRANT
    refused = pytest.raises(UsageError, match=r"PU953 .*may not be written")
    with refused, vault.locked() as shelf:
        shelf.read()
    vault.close()


@needs_server
def test_a_vault_waits_for_xero_longer_than_its_server_would(
    tmp_path: Path, postgresql: str
) -> None:
    values = on_server(postgresql, "vault_patient")
    engine = create_engine(make_url(values["PM2XERO_GRANTS"]))
    with engine.begin() as connection:
        limit = "ALTER DATABASE vault_patient SET idle_in_transaction_session_timeout = '1ms'"
        connection.execute(text(limit))
    engine.dispose()
    vault = open_vault(tmp_path, "firm", values)
    assert isinstance(vault, DatabaseVault)
    with vault.locked() as shelf:
        shelf.write(PINNED)
        with vault._engine.connect() as other:
            # Longer than the limit, while the transaction that holds the lock is idle.
            other.execute(text("SET idle_in_transaction_session_timeout = 0"))
            other.execute(text("SELECT pg_sleep(0.05)"))
    assert vault.read().grant == GRANT
    vault.close()
