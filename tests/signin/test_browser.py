"""A firm's whole way to Xero and back, signed in by a person in a real browser."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import browser as browsers
from tests.support.served_xero import ServedXero

from .conftest import Run

pytestmark = pytest.mark.skipif(
    browsers.executable() is None and not browsers.IS_REQUIRED, reason="there is no Chromium"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.browser() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@contextmanager
def connecting(served: ServedXero, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`pm2xero connect` in a process of its own, and the address that it shows."""
    command = [
        sys.executable, "-m", "pm2xero", "connect", "--org", str(served.firm), "--xero-url",
        served.url, "--client-id", "our-app", "--no-browser", "--format", "json", *more,
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().split()[-1], process
        finally:
            process.kill()


def sign_in(served: ServedXero, page: Page) -> dict[str, object]:
    with connecting(served) as (address, process):
        page.goto(address)
        expect(page.get_by_role("heading")).to_have_text("our-app asks to be let in")
        expect(page.get_by_text("accounting.settings.read")).to_be_visible()
        expect(page.get_by_text("accounting.settings", exact=True)).to_have_count(0)
        page.get_by_label("Bellbird Legal", exact=True).check()
        page.get_by_role("button", name="Allow access").click()
        expect(page.get_by_role("heading")).to_have_text("Xero has answered")
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        told: dict[str, object] = json.loads(said)
        return told


def test_a_firm_goes_to_xero_and_agrees_whatever_happens_on_the_way(
    run: Run, served: ServedXero, page: Page
) -> None:
    org = ("--org", served.firm)
    month = served.firm.parent / "month.jsonl"
    first = served.firm.parent / "first.jsonl"
    lines = month.read_text().splitlines(keepends=True)
    first.write_text("".join(lines[:20]))
    month.write_text("".join(lines[:40]))
    assert sign_in(served, page)["tenant"] == served.sandbox.organisation_id

    checked = json.loads(run("check", *org, "--live", "--format", "json").stdout)
    assert checked
    assert run("plan", first, *org).exit_code in (0, 1)
    assert served.sandbox.documents("Invoices") == []
    sent = json.loads(run("push", first, *org, "--format", "json").stdout)["sent"]
    assert sent["confirmed"] > 5 and sent["stopped"] is None

    # The access token ends, a lock date moves, and an account gets another code.
    served.passed += timedelta(minutes=31)
    served.sandbox.set_lock_dates(period=date(2026, 4, 15))
    fees = next(
        a["AccountID"]
        for a in json.loads((served.firm.parent / "xero.json").read_text())["Accounts"]
        if a["Code"] == "200"
    )
    served.sandbox.recode_account(fees, "2000")
    refused = run("push", month, *org)
    assert refused.exit_code == 2 and "PU916" in refused.stderr
    assert "2026-04-15" in refused.stderr and "account 200" in refused.stderr
    drifted = run("check", *org, "--live")
    assert drifted.exit_code == 1 and "2026-04-15" in drifted.stdout and "2000" in drifted.stdout
    taken = run("snapshot", *org)
    assert "2026-04-15" in taken.stdout and "200" in taken.stdout
    served.firm.write_text(served.firm.read_text().replace('"200"', '"2000"'))
    sent = json.loads(run("push", month, *org, "--format", "json").stdout)["sent"]
    assert sent["confirmed"] > 5 and sent["stopped"] is None and sent["rejected"] == 0

    # Somebody disconnects the app in Xero, and a person signs in again.
    with served.sandbox._lock, served.sandbox._store.transaction():
        served.sandbox._store.execute("DELETE FROM token")
        served.sandbox._connections.forget("our-app")
    gone = run("reconcile", *org)
    assert gone.exit_code == 2 and "pm2xero connect" in gone.stderr
    assert run("whoami", *org).exit_code == 1
    sign_in(served, page)
    assert run("whoami", *org).exit_code == 0
    found = json.loads(run("reconcile", *org, "--format", "json").stdout)
    assert found["verdict"] == "agrees_for_what_is_in_xero"


def test_a_person_who_cancels_or_is_sent_another_answer(
    served: ServedXero, page: Page, run: Run
) -> None:
    with connecting(served) as (address, process):
        page.goto(address)
        # An answer of somebody else comes first; it is turned away and the wait goes on.
        redirect = next(
            input_.get_attribute("value") for input_ in page.locator("[name=redirect_uri]").all()
        )
        other = page.context.new_page()
        answer = other.goto(f"{redirect}?code=theirs&state=theirs")
        assert answer is not None and answer.status == 400
        expect(other.get_by_role("heading")).to_have_text("Not ours")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading")).to_have_text("Not connected")
        _, said = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "PU950" in said and "access_denied" in said
    assert run("whoami", "--org", served.firm).exit_code == 1
