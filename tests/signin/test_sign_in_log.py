"""The calls of a sign-in are told as those of a push are, and nothing of anybody."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.support.served_xero import ServedXero

from .conftest import Person, Run
from .test_connect import kept

Connect = Callable[..., Result]


def lines(file: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    file.unlink()
    return found


def asked(found: list[dict[str, Any]]) -> list[str]:
    return [f"{line['method']} {line['path']}" for line in found]


def test_every_call_of_a_sign_in_has_its_line(
    run: Run, served: ServedXero, connect: Connect, person: Person, tmp_path: Path
) -> None:
    log, org = tmp_path / "calls.log", ("--org", served.firm)
    texts: list[str] = []

    def told(*command: str | Path) -> list[dict[str, Any]]:
        before = len(served.calls)
        done = connect("--log", log) if command == ("connect",) else run(*command, "--log", log)
        assert done.exit_code in (0, 1), done.stderr
        texts.append(log.read_text(encoding="utf-8"))
        found = lines(log)
        # As many lines as calls, but for the pages that a browser asks for.
        pages = [path for _, path in served.calls[before:] if "authorize" in path]
        assert len(found) == len(served.calls) - before - len(pages)
        # One run, in which every call has its number, in their order.
        assert len({line["run"] for line in found}) == 1
        numbers = [line["call"] for line in found if line["attempt"] == 1]
        assert numbers == [*range(1, len(numbers) + 1)]
        assert all(line["status"] and line["outcome"] == "answered" for line in found)
        return found

    secrets = set()
    assert asked(told("connect"))[:2] == ["POST /connect/token", "GET /connections"]
    secrets |= {kept(served)["grant"][name] for name in ("refresh_token", "access_token")}
    served.passed = timedelta(minutes=40)
    # By its own clock the token is good; Xero refuses it, and it is renewed.
    renewed = ["GET /Organisation", "POST /connect/token", "GET /Organisation"]
    assert asked(told("whoami", *org)) == renewed
    secrets |= {kept(served)["grant"][name] for name in ("refresh_token", "access_token")}
    assert "GET /TaxRates" in asked(told("check", "--live", *org))
    served.passed = timedelta(minutes=80)
    assert asked(told("snapshot", *org))[:3] == renewed
    secrets |= {kept(served)["grant"][name] for name in ("refresh_token", "access_token")}
    # It is no demo company, and that is all that is asked.
    refused = run("doctor", "--live", *org, "--log", log)
    assert refused.exit_code == 2
    assert asked(lines(log))[-1] == "GET /Organisation"
    ended = asked(told("disconnect", *org))
    assert {"DELETE /connections/{id}", "POST /connect/revocation"} <= {*ended}
    secrets |= set(re.findall(r"[?&](?:code|state)=([^&]+)", " ".join(person.came_back)))
    assert len(secrets) >= 6
    for text in texts:
        assert not any(secret in text for secret in secrets)
        assert "our-app" not in text and "Bellbird" not in text


def test_a_token_that_is_not_given_has_its_line_too(
    run: Run, served: ServedXero, connect: Connect, tmp_path: Path
) -> None:
    assert connect().exit_code == 0
    log = tmp_path / "calls.log"
    served.passed = timedelta(minutes=40)
    with pytest.MonkeyPatch.context() as patch:
        # Nobody listens there.
        patch.setenv("PM2XERO_TOKEN_URL", "http://127.0.0.1:9/connect/token")
        assert run("whoami", "--org", served.firm, "--log", log).exit_code == 1
    *_, line = lines(log)
    assert (line["path"], line["outcome"], line["fault"]) == (
        "/connect/token", "unreachable", "ConnectError",
    )  # fmt: skip
    assert "status" not in line
