"""`pm2xero sandbox`, served by a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
from click.testing import CliRunner

from pm2xero.cli.sandbox import command
from pm2xero.sandbox.unkindness import switches

from .api import SNAPSHOT, invoice

RUN = "from pm2xero.cli.sandbox import command; command()"
SNAPSHOT_FILE = Path(__file__).parent / "snapshot.json"


def test_served_killed_and_served_again(tmp_path: Path) -> None:
    arguments = ["--xero", str(SNAPSHOT_FILE), "--port", "0", "--db", str(tmp_path / "x.db")]
    for expected in (1, 2):
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            said = dict(process.stdout.readline().rsplit(maxsplit=1) for _ in range(4))
            form = {
                "grant_type": "refresh_token",
                "refresh_token": said["Refresh token"],
                "client_id": "any",
                "client_secret": "any",
            }
            token = httpx.post(said["Token"], data=form).json()["access_token"]
            headers = {
                "Authorization": f"Bearer {token}",
                "Accept": "application/json",
                "xero-tenant-id": said["Tenant"],
            }
            with httpx.Client(base_url=said["Xero API"], headers=headers) as client:
                body = {"Invoices": [invoice(InvoiceNumber=f"A{expected}")]}
                answer = client.put("/Invoices", json=body)
                assert answer.headers["X-MinLimit-Remaining"] == "59"
                assert len(client.get("/Invoices").json()["Invoices"]) == expected
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def test_an_unkind_one_is_served() -> None:
    arguments = ["--xero", str(SNAPSHOT_FILE), "--port", "0", "--unkind", "lost=1", "--seed", "3"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = dict(process.stdout.readline().rsplit(maxsplit=1) for _ in range(4))
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        token = httpx.post(said["Token"], data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        with httpx.Client(base_url=said["Xero API"], headers=headers) as client:
            assert client.put("/Invoices", json={"Invoices": [invoice()]}).status_code >= 500
            assert client.get("/Invoices").json()["Invoices"] == []
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_switch_that_is_not_there() -> None:
    arguments = ["--xero", str(SNAPSHOT_FILE), "--port", "0", "--unkind", "rude"]
    answer = CliRunner().invoke(command, arguments)
    assert answer.exit_code == 2
    assert "there is no switch 'rude'" in answer.output


def test_every_switch_is_in_the_help() -> None:
    said = CliRunner().invoke(command, ["--help"]).output
    assert all(switch.name in said for switch in switches())


def test_snapshot_that_cannot_be_used(tmp_path: Path) -> None:
    broken = tmp_path / "xero.json"
    broken.write_text(json.dumps({"Organisation": SNAPSHOT["Organisation"]}))
    answer = CliRunner().invoke(command, ["--xero", str(broken), "--port", "0"])
    assert answer.exit_code == 2
    assert "the snapshot has no Accounts" in answer.output
