"""The client itself: a server that fails is told at once or in time, never waited for."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from .client import LanguageServer, ServerError
from .language_server import PINNED

SILENT = "import sys; sys.stdin.buffer.read()"
DYING = "import sys; sys.exit('the disk is full')"
BABBLING = "print('Content-Length: 7\\r\\n\\r\\nno JSON', flush=True)"
REFUSING = """
import json, sys
length = int(sys.stdin.buffer.readline().split(b":")[1])
sys.stdin.buffer.readline()
number = json.loads(sys.stdin.buffer.read(length))["id"]
body = json.dumps({"id": number, "error": {"code": -32600, "message": "not today"}})
sys.stdout.write(f"Content-Length: {len(body)}\\r\\n\\r\\n{body}")
"""


@pytest.mark.parametrize(
    ("program", "deadline", "told"),
    [
        (SILENT, 0.2, "an answer to initialize did not come in 0.2 s"),
        (DYING, 60, "the disk is full"),
        (BABBLING, 60, "the server ended: no word why"),
        (REFUSING, 60, "initialize: not today"),
    ],
)
def test_a_server_that_fails(tmp_path: Path, program: str, deadline: float, told: str) -> None:
    start = time.monotonic()
    server = LanguageServer([sys.executable, "-c", program], tmp_path, {}, deadline)
    with pytest.raises(ServerError, match=told), server:
        raise AssertionError("it was taken for a server")
    assert time.monotonic() - start < 30


def test_it_is_the_pinned_server_that_answers(server: LanguageServer) -> None:
    assert server.name == f"yaml-language-server {PINNED}"


def test_a_refusal_is_told(server: LanguageServer) -> None:
    with pytest.raises(ServerError, match="Unhandled method no/such"):
        server.request("no/such", None)
