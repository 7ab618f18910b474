"""connect, whoami, disconnect against a served Xero."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from pm2xero.sandbox import authority
from pm2xero.xero.client import Response, XeroClient
from tests.support.served_xero import OTHER, ServedXero

from .conftest import Person, Run

Connect = Callable[..., Result]


def kept(served: ServedXero) -> dict[str, dict[str, str]]:
    file = served.firm.parent / ".pm2xero" / "bellbird-legal.sign-in.json"
    return json.loads(file.read_text()) if file.exists() else {}


def test_a_person_connects_a_firm_and_every_command_goes_there(
    run: Run, served: ServedXero, connect: Connect
) -> None:
    result = connect("--format", "json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["organisation"] == {
        "id": served.sandbox.organisation_id,
        "name": "Bellbird Legal",
    }
    assert "offline_access" in told["scopes"] and "accounting.settings" not in told["scopes"]
    month = served.firm.parent / "month.jsonl"
    before = len(served.calls)
    pushed = run("push", month, "--org", served.firm, "--format", "json")
    assert json.loads(pushed.stdout)["sent"]["confirmed"] > 10
    assert len(served.calls) > before and served.sandbox.documents("Invoices")
    who = run("whoami", "--org", served.firm)
    assert who.exit_code == 0
    assert "Xero answers  Bellbird Legal\n" in who.stdout


@pytest.mark.parametrize("width", [80, 120])
def test_whoami_fits_the_screen(
    run: Run, served: ServedXero, connect: Connect, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connect().exit_code == 0
    monkeypatch.setenv("COLUMNS", str(width))
    who = run("whoami", "--org", served.firm)
    lines = who.stdout.splitlines()
    assert all(len(line) <= width or len(line.split()) <= 3 for line in lines)
    told = who.stdout.partition("Scopes ")[2].partition("Kept in")[0].split()
    assert told == kept(served)["grant"]["scopes"].split()
    # What goes on stands below its beginning.
    assert any(line.startswith(" " * 14 + "accounting.") for line in lines)


def test_a_token_that_expires_is_renewed_in_the_middle(
    run: Run, served: ServedXero, connect: Connect
) -> None:
    assert connect().exit_code == 0
    first = kept(served)["grant"]
    served.passed = timedelta(minutes=40)
    pushed = run("push", served.firm.parent / "month.jsonl", "--org", served.firm)
    assert "confirmed by Xero" in pushed.stdout
    second = kept(served)["grant"]
    assert second["refresh_token"] != first["refresh_token"] == second["previous_token"]


def test_the_file_is_private_and_out_of_git(served: ServedXero, connect: Connect) -> None:
    assert connect().exit_code == 0
    folder = served.firm.parent / ".pm2xero"
    file = folder / "bellbird-legal.sign-in.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (folder / ".gitignore").read_text() == "*\n"


def test_another_organisation_is_refused_and_nothing_is_kept(
    served: ServedXero, connect: Connect, person: Person
) -> None:
    person.tenant = OTHER
    result = connect()
    assert result.exit_code == 2
    assert "PU915" in result.stderr and "Other Pty Ltd" in result.stderr
    assert kept(served) == {}


def test_a_firm_stays_pinned_after_it_was_disconnected(
    run: Run, served: ServedXero, connect: Connect, person: Person
) -> None:
    assert connect().exit_code == 0
    gone = run("disconnect", "--org", served.firm, "--format", "json")
    assert json.loads(gone.stdout) | {"firm": ""} == {
        "firm": "", "honoured": True, "ended": True, "revoked": True, "others": [],
    }  # fmt: skip
    assert kept(served)["grant"] is None
    own = served.sandbox.organisation_id
    served.firm.write_text(served.firm.read_text().replace(own, OTHER))
    person.tenant = OTHER
    result = connect()
    assert result.exit_code == 2 and "PU955" in result.stderr
    assert own in result.stderr and OTHER in result.stderr
    who = run("whoami", "--org", served.firm)
    assert who.exit_code == 2 and "PU955" in who.stderr


def test_the_token_is_left_to_die_where_it_serves_another_firm(
    run: Run, served: ServedXero, connect: Connect, person: Person
) -> None:
    person.tenant = OTHER
    assert "PU915" in connect().stderr
    person.tenant = ""
    assert connect().exit_code == 0
    told = json.loads(run("disconnect", "--org", served.firm, "--format", "json").stdout)
    assert (told["ended"], told["revoked"]) == (True, False)
    assert told["others"] == [{"tenant": OTHER, "name": "Other Pty Ltd"}]


def test_a_trial_organisation_needs_a_firm_that_rehearses(
    served: ServedXero, connect: Connect
) -> None:
    wire = served.sandbox._organisation.wire
    assert isinstance(wire, dict)
    wire["Class"] = "TRIAL"
    text = served.firm.read_text().replace("bank_feed:", "sandbox: false\nbank_feed:")
    served.firm.write_text(text)
    result = connect()
    assert result.exit_code == 2 and "PU952" in result.stderr
    assert kept(served) == {}
    served.firm.write_text(served.firm.read_text().replace("sandbox: false", "sandbox: true"))
    assert connect().exit_code == 0


def test_a_person_who_says_no_is_told_so(connect: Connect, person: Person) -> None:
    person.answer = "cancel"
    result = connect()
    assert result.exit_code == 2
    said = " ".join(result.stderr.split())
    assert "PU950" in said and "access_denied: the person at Xero's page did not allow it" in said


def test_an_answer_with_another_state_is_not_used(connect: Connect, person: Person) -> None:
    person.change = lambda address: address.replace("state=", "state=x")
    result = connect("--wait", "1")
    assert result.exit_code == 2
    assert "PU950" in result.stderr and "nobody came back" in result.stderr


def test_tokens_of_another_sign_in_are_not_used(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = authority._jwt
    monkeypatch.setattr(
        authority, "_jwt", lambda claims: real({**claims, "nonce": "of somebody else"})
    )
    result = connect()
    assert result.exit_code == 2 and "(nonce)" in result.stderr


def test_a_run_without_sign_in_says_what_to_run(run: Run, served: ServedXero) -> None:
    month = served.firm.parent / "month.jsonl"
    result = run("push", month, "--org", served.firm, "--xero-url", served.url)
    assert result.exit_code == 2
    assert f"pm2xero connect --org {served.firm} --xero-url {served.url}" in " ".join(
        result.stderr.split()
    )
    who = run("whoami", "--org", served.firm)
    assert who.exit_code == 1
    assert f"pm2xero connect --org {served.firm}" in " ".join(who.stdout.split())


def test_a_sign_in_goes_nowhere_else(run: Run, served: ServedXero, connect: Connect) -> None:
    assert connect().exit_code == 0
    elsewhere = "http://localhost:1/api.xro/2.0"
    month = served.firm.parent / "month.jsonl"
    result = run("plan", month, "--org", served.firm, "--xero-url", elsewhere)
    assert result.exit_code == 2
    assert "PU905" in result.stderr and elsewhere in result.stderr


@pytest.mark.parametrize("how", ["disconnected", "revoked"])
def test_what_was_taken_back_in_xero_is_told(
    how: str, run: Run, served: ServedXero, connect: Connect
) -> None:
    assert connect().exit_code == 0
    with served.sandbox._lock, served.sandbox._store.transaction():
        if how == "disconnected":
            served.sandbox._connections.forget("our-app")
        else:
            served.sandbox._store.execute("DELETE FROM token")
    month = served.firm.parent / "month.jsonl"
    for asked in (("push", month), ("plan", month), ("reconcile",), ("check", "--live"),
                  ("snapshot",), ("opening",)):  # fmt: skip
        told = run(*asked, "--org", served.firm)
        assert told.exit_code == 2, asked
        assert "PU905" in told.stderr and "PU904" not in told.stderr, (asked, told.stderr)
        assert "pm2xero connect" in " ".join(told.stderr.split()), asked
    who = run("whoami", "--org", served.firm)
    assert who.exit_code == 1
    assert "Lives until" not in who.stdout and "Sign in anew" in who.stdout
    gone = run("disconnect", "--org", served.firm)
    assert gone.exit_code == 0, gone.stderr
    assert ("Xero no longer honours the sign-in" in gone.stdout) is (how == "revoked")
    assert "forgotten" in gone.stdout and "still connected" not in gone.stdout
    assert kept(served)["grant"] is None
    assert connect().exit_code == 0


@pytest.mark.parametrize("how", ["disconnected", "revoked"])
def test_what_is_taken_back_in_the_middle_of_a_push_stops_it(
    how: str, run: Run, served: ServedXero, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connect().exit_code == 0
    month = served.firm.parent / "month.jsonl"
    real, writes = XeroClient.call, 0

    def call(self: XeroClient, method: str, *args: Any, **more: Any) -> Response:
        nonlocal writes
        writes += method == "PUT"
        if writes == 3:
            with served.sandbox._lock, served.sandbox._store.transaction():
                if how == "disconnected":
                    served.sandbox._connections.forget("our-app")
                else:
                    served.sandbox._store.execute("DELETE FROM token")
        return real(self, method, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(XeroClient, "call", call)
        pushed = run("push", month, "--org", served.firm)
    assert pushed.exit_code == 1
    said = " ".join(pushed.stdout.split())
    assert "stopped: " in said and "(PU905)" in said and "pm2xero connect" in said
    assert connect().exit_code == 0
    sent = json.loads(run("push", month, "--org", served.firm, "--format", "json").stdout)["sent"]
    assert sent["confirmed"] > 0 and (sent["left"], sent["unknown"], sent["code"]) == (0, 0, None)


def test_an_identity_server_that_is_silent_is_no_sign_in_that_is_gone(
    run: Run, served: ServedXero, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connect().exit_code == 0
    before = kept(served)
    served.passed = timedelta(minutes=40)
    monkeypatch.setenv("PM2XERO_TOKEN_URL", "http://127.0.0.1:1/token")
    monkeypatch.setattr("pm2xero.signin.refresh._PAUSES", ())
    monkeypatch.setattr("pm2xero.connection.now", served.now)
    for asked in (("plan", served.firm.parent / "month.jsonl"), ("disconnect",)):
        told = run(*asked, "--org", served.firm)
        assert told.exit_code == 2
        assert "PU904" in told.stderr and "PU905" not in told.stderr, told.stderr
    assert "Lives until" in run("whoami", "--org", served.firm).stdout
    assert kept(served) == before


def test_a_custom_connection_is_checked_and_pinned_too(
    run: Run, served: ServedXero, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = connect("--app", "custom")
    assert refused.exit_code == 2 and "PU951" in refused.stderr
    monkeypatch.setenv("PM2XERO_CLIENT_SECRET", "custom-secret-of-ours")
    assert connect("--app", "custom").exit_code == 0
    assert "custom-secret-of-ours" not in json.dumps(kept(served))
    assert kept(served)["grant"]["refresh_token"] == ""
    assert run("whoami", "--org", served.firm).exit_code == 0
    monkeypatch.delenv("PM2XERO_CLIENT_SECRET")
    without = run("whoami", "--org", served.firm)
    assert without.exit_code == 2 and "PM2XERO_CLIENT_SECRET" in without.stderr


def test_an_app_with_a_secret_signs_in_by_browser(
    run: Run, served: ServedXero, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = served.firm.read_text()
    asked = "  sign_in: { app: web, scopes: [openid, offline_access, accounting.settings.read] }\n"
    served.firm.write_text(
        text.replace("  snapshot: xero.json\n", f"  snapshot: xero.json\n{asked}")
    )
    monkeypatch.setenv("PM2XERO_CLIENT_SECRET", "web-secret-of-ours")
    told = json.loads(connect("--format", "json").stdout)
    assert told["app"] == "web"
    assert told["scopes"] == ["openid", "offline_access", "accounting.settings.read"]
    assert run("snapshot", "--org", served.firm).exit_code == 0
    opening = run("opening", "--org", served.firm)
    assert opening.exit_code == 2 and "scope" in opening.stderr


def test_a_first_snapshot_needs_no_firm(
    run: Run, served: ServedXero, person: Person, tmp_path: Path
) -> None:
    out = tmp_path / "first.json"
    result = run("connect", "--snapshot", out, "--xero-url", served.url, "--client-id", "our-app")
    assert result.exit_code == 0, result.stderr
    assert json.loads(out.read_text())["Organisation"]["BaseCurrency"] == "AUD"
    assert kept(served) == {}


def test_ten_documents_cost_less_than_twelve_calls_with_a_renewed_sign_in(
    run: Run, served: ServedXero, connect: Connect
) -> None:
    assert connect().exit_code == 0
    lines = (served.firm.parent / "month.jsonl").read_text().splitlines()
    bills = [line for line in lines if json.loads(line)["kind"] == "client_bill"]
    some = served.firm.parent / "some.jsonl"

    def pushed(part: list[str]) -> int:
        some.write_text("\n".join(part))
        told = run("push", some, "--org", served.firm, "--format", "json")
        return int(json.loads(told.stdout)["sent"]["confirmed"])

    # The first push asks more, as it is new to Xero.
    assert pushed(bills[:10]) >= 5
    served.passed = timedelta(minutes=31)
    served.calls.clear()
    assert pushed(bills[10:20]) >= 5
    assert ("POST", "/connect/token") in served.calls
    assert len(served.calls) < 12, served.calls


def test_an_outbox_is_of_one_xero(
    run: Run, served: ServedXero, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = ("--org", served.firm)
    some = served.firm.parent / "some.jsonl"
    some.write_text((served.firm.parent / "month.jsonl").read_text().splitlines()[0])
    assert run("push", some, *org).exit_code in (0, 1)
    # The emulated organisation of a rehearsal, and then Xero itself: not even asked.
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"PM2XERO_{name}", "any-of-them")
    real = run("push", some, *org, "--xero-url", "https://api.xero.com/api.xro/2.0")
    assert real.exit_code == 2 and "PU956" in real.stderr
    own = served.sandbox.organisation_id
    served.firm.write_text(served.firm.read_text().replace(own, OTHER))
    snapshot = served.firm.parent / "xero.json"
    snapshot.write_text(snapshot.read_text().replace(own, OTHER))
    elsewhere = run("plan", some, *org, "--sandbox", served.firm.parent / "other.sqlite3")
    assert elsewhere.exit_code == 2 and "PU955" in elsewhere.stderr and own in elsewhere.stderr


def test_an_outbox_is_of_one_emulated_xero(run: Run, served: ServedXero, connect: Connect) -> None:
    org = ("--org", served.firm)
    month = served.firm.parent / "month.jsonl"
    assert connect().exit_code == 0
    assert run("push", month, *org).exit_code in (0, 1)
    assert run("disconnect", *org).exit_code == 0
    embedded = served.firm.parent / "sandbox.sqlite3"
    # Without a sign-in the embedded Xero is meant, which has nothing of what was pushed.
    for asked in (("push", month), ("plan", month), ("reconcile",), ("recover",)):
        told = run(*asked, *org)
        assert told.exit_code == 2, (asked, told.stdout)
        said = " ".join(told.stderr.split())
        assert "PU956" in said and str(embedded) in said.replace(" ", ""), (asked, said)
    own = run("push", month, *org, "--db", served.firm.parent / "own.sqlite3")
    assert own.exit_code in (0, 1) and "confirmed by Xero" in own.stdout
    # The one that has it may be reached in any way.
    assert connect().exit_code == 0
    assert run("plan", month, *org).exit_code in (0, 1)
