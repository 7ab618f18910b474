"""The commands, as their help tells them."""

from __future__ import annotations

import click

from pm2xero.reference.markdown import blocks, fenced, filled

WIDTH = 100


def page(group: click.Group) -> str:
    """Every command with its help."""
    outer = click.Context(group, info_name="pm2xero")
    return filled(
        "commands", commands=blocks(*(_one(group, outer, n) for n in group.list_commands(outer)))
    )


def _one(group: click.Group, outer: click.Context, name: str) -> str:
    command = group.get_command(outer, name)
    assert command is not None, "the group names its commands itself"
    context = click.Context(
        command,
        info_name=name,
        parent=outer,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return f"## {name}\n\n{fenced(command.get_help(context))}"
