"""The browser that pages are tested in: Chromium, without a window.

`python -m tests.support.browser` says which one it is; exit code 1 when there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A machine that must test everything fails where others leave out.
IS_REQUIRED = os.environ.get("PM2XERO_BROWSER") == "required"


@cache
def executable() -> str | None:
    """The system's Chromium, else the one that Playwright has installed; None without either."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser until the block ends."""
    # Chromium refuses to shut its own processes in when root runs it.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    # Nothing is asked of anybody but the pages that are tested.
    arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield found
        finally:
            found.close()


if __name__ == "__main__":
    print(executable() or "there is no Chromium")
    sys.exit(0 if executable() else 1)
