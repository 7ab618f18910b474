"""All pages of the reference by their file name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import click

from pm2xero.pack.load import load_pack
from pm2xero.reference import (
    commands,
    inputs,
    language,
    messages,
    sending,
    templates,
    yaml_files,
)
from pm2xero.validate.subject import shown_example


def pages(group: click.Group) -> Mapping[str, Callable[[], str]]:
    """What makes each page.

    Args:
        group: the command line, whose help is one of them.
    """
    return {
        "input.md": _inputs,
        "yaml.md": yaml_files.page,
        "language.md": language.page,
        "templates.md": lambda: templates.page(load_pack("base")),
        "endpoints.md": templates.endpoints_page,
        "sending.md": sending.page,
        "reasons.md": messages.reasons_page,
        "errors.md": messages.errors_page,
        "commands.md": lambda: commands.page(group),
    }


def _inputs() -> str:
    return inputs.page(load_pack("base"), *shown_example())
