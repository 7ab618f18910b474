"""The same on PostgreSQL: an older copy of the database, and none at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.outbox.conftest import postgresql as postgresql
from tests.outbox.postgresql import binaries
from tests.push.test_recover import MONTH, in_xero, keys_lapse, told
from tests.support.office import EXAMPLES, Office

pytestmark = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL is installed")


class Server:
    """Databases of one server."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    def create(self, name: str, like: str = "template1") -> str:
        engine = create_engine(self._url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like}"))
        engine.dispose()
        return self._url.set(database=name).render_as_string(hide_password=False)


@pytest.mark.parametrize("memory", [False, True], ids=["older than its memory", "no memory"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["older copy", "lost"])
def test_a_server_that_lost_what_was_sent_adopts_what_xero_has(
    tmp_path: Path, postgresql: str, is_lost: bool, memory: bool
) -> None:
    server = Server(postgresql)
    firm = tmp_path / "firm"
    shutil.copytree(EXAMPLES / "au", firm)
    office = Office(tmp_path, firm / "organisation.yaml")
    office.database = server.create("recover_now")  # type: ignore[assignment]  # as --db takes it
    lines = MONTH.read_text(encoding="utf-8").splitlines()
    office.run("push", "-", stdin="\n".join(lines[: len(lines) // 2]))
    copy = server.create("recover_copy", "template1" if is_lost else "recover_now")
    office.run("push", MONTH)
    before, verdict = in_xero(office), office.reconcile()
    (remembered,) = firm.glob("*.generation")
    if memory:
        remembered.unlink()
    office.database = copy  # type: ignore[assignment]
    keys_lapse(office)
    office.run("push", MONTH)
    assert in_xero(office) == before
    assert told(office.reconcile()) == told(verdict)
