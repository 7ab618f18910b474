"""The language server that editors run for YAML: where it is, and how it is started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .client import LanguageServer

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_PACKAGE = json.loads((HERE / "package.json").read_text())
PINNED = str(_PACKAGE["dependencies"]["yaml-language-server"])

_MODULES = HERE / "node_modules"
_SCRIPT = _MODULES / "yaml-language-server" / "bin" / "yaml-language-server"
# What the server would fetch from the network is switched off; all else is as VS Code has it.
_SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
    }
}


def command() -> list[str] | None:
    """How the server is started; None when it, or Node to run it, is not installed."""
    node = shutil.which("node")
    # npm writes its own list of what is there when all of it is.
    complete = (_MODULES / ".package-lock.json").is_file() and _SCRIPT.is_file()
    return [node, str(_SCRIPT), "--stdio"] if node and complete else None


@contextmanager
def running(start: list[str]) -> Iterator[LanguageServer]:
    """The server, with the repository as its workspace."""
    with LanguageServer(start, ROOT, _SETTINGS) as server:
        yield server
