"""The command line; a command's module is imported only when that command runs."""

from __future__ import annotations

import importlib
from typing import Any

import click

from pm2xero import __version__

# name: (module, what it does in one line). The line is told without importing the module.
COMMANDS: dict[str, tuple[str, str]] = {
    "decide": ("decide", "Say what happens to each transaction, and why."),
    "render": ("render", "Make the exact request bodies of everything that is posted."),
    "schema": ("schema", "Say which fields a document of a kind has; list the kinds."),
    "explain": ("explain", "Show how one transaction was decided, and where each value came from."),
    "why-not": ("why_not", "Say what would have to change so that a rule applies."),
    "plan": ("plan", "Say what a push would do: documents, money, calls, what blocks what."),
    "push": ("push", "Take documents in and send them to Xero, each exactly once."),
    "recover": ("recover", "Find in Xero what a lost or restored outbox does not know."),
    "status": ("status", "Show the outbox: what is done, what is stuck and why."),
    "hold": ("people", "Stop a transaction from being sent."),
    "skip": ("people", "Never send a transaction, with the reason."),
    "resend": ("people", "Send a refused, held or skipped transaction (again)."),
    "release": ("release", "Let a transaction through that a rule holds."),
    "resolve": ("people", "Say that a transaction was entered in Xero by hand."),
    "manual-work": ("manual_work", "List what the bookkeeper must enter in Xero by hand."),
    "opening": ("opening", "Write Xero's balances from before the integration began, as CSV."),
    "reconcile": ("reconcile", "Compare both ledgers to the cent."),
    "trust": ("trust", "Prove the trust money three ways; print a matter's statement."),
    "doctor": ("doctor", "List what is assumed of Xero; check it on a demo company."),
    "connect": ("connect", "Sign a firm in to Xero and pin it to its organisation."),
    "whoami": ("whoami", "Say which organisation a firm is connected to, and whether it still is."),
    "disconnect": ("disconnect", "End a firm's connection to Xero and forget its sign-in."),
    "check": ("check", "Say what a firm's Xero organisation lacks, who can mend it, and how."),
    "snapshot": ("snapshot", "Take down what Xero says of itself: accounts, tax rates, locks."),
    "test": ("test", "Run the cases of a pack; say what they cover and what not."),
    "generate-cases": ("generate_cases", "Propose the cases that are missing."),
    "validate": ("validate", "Check packs and a firm; tell every fault at once."),
    "codes": ("codes", "Say what a code of a message means, with what fails and what passes."),
    "matrix": ("matrix", "The support matrix: each kind in each region, from the rules."),
    "show": ("show", "Show a rule, kind, mapping or value of the firm, and where it is written."),
    "effective": ("effective", "The whole pack of a region as one YAML."),
    "diff": ("diff", "Say what a change of the pack does, in words and on real documents."),
    "init": ("init", "Start a region, a firm or a kind, with files that validate at once."),
    "migrate": ("migrate", "Bring the YAML of a pack forward to the present form."),
    "watch": ("watch", "Validate again whenever a file is saved."),
    "docs": ("docs", "Show the documentation in the browser."),
    "sandbox": ("sandbox", "Serve an emulated Xero organisation."),
}


class Lazy(click.Group):
    """A group that knows its commands by name and imports them late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pm2xero.cli.{COMMANDS[cmd_name][0]}")
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(module, name, None) or module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the closest command for a misspelt one."""
        from difflib import get_close_matches

        name = args[0] if args else ""
        if name and name not in COMMANDS and not name.startswith("-"):
            close = get_close_matches(name, COMMANDS, n=1)
            hint = f' Did you mean "{close[0]}"?' if close else ""
            ctx.fail(f'There is no command "{name}".{hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: Any) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.command(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  pm2xero decide month.jsonl --org firm/organisation.yaml
  pm2xero render month.jsonl --org firm/organisation.yaml --out bodies/
  pm2xero explain AU-0011 month.jsonl --org firm/organisation.yaml

Exit codes: 0 all is well, 1 something needs attention, 2 wrong usage or broken input.""",
)
@click.version_option(__version__, prog_name="pm2xero")
def cli() -> None:
    """Copy a law firm's Practice Management accounting into Xero, one way.

    What is supported, what is rejected and why, and how each kind of transaction becomes Xero
    documents is declared in YAML and templates: by region and by firm.
    """
