"""What all commands share: options, loading, messages for faults, exit codes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from pm2xero.errors import Finding, Pm2XeroError

if TYPE_CHECKING:
    from pm2xero.pack.load import Examined
    from pm2xero.pipeline import Pipeline
    from pm2xero.read.stream import Source

OK, FINDINGS, BROKEN = 0, 1, 2

Command = Callable[..., Any]


def input_argument(command: Command) -> Command:
    """INPUT…: files of documents, or - for standard input."""
    return click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")(command)


def firm_options(command: Command) -> Command:
    """--org, --region and --pack."""
    for option in (
        click.option(
            "--pack", "packs", type=click.Path(path_type=Path, exists=True, file_okay=False),
            multiple=True, metavar="DIR", help="A pack that extends the built-in one (repeatable).",
        ),
        click.option("--region", metavar="NAME", help="Region layer, instead of the firm's own."),
        click.option(
            "--org", "organisation", type=click.Path(path_type=Path), required=True,
            metavar="ORG.yaml", help="The firm: its region, accounts and Xero organisation.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def pack_options(command: Command) -> Command:
    """--region or --org, and --pack: a pack to look at, without any document."""
    for option in (
        click.option(
            "--pack", "packs", type=click.Path(path_type=Path, exists=True, file_okay=False),
            multiple=True, metavar="DIR", help="A pack that extends the built-in one (repeatable).",
        ),
        click.option("--region", metavar="NAME", help="The region layer (or the firm's own)."),
        click.option(
            "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
            help="A firm, with its own layer of the pack.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def examined(organisation: Path | None, region: str | None, packs: tuple[Path, ...]) -> Examined:
    """The pack of a region or firm, with its faults instead of an error.

    Raises:
        UsageError: neither a region nor a firm is named.
        OrganisationError: the organisation file cannot be used.
    """
    from pm2xero.errors import UsageError
    from pm2xero.firm.organisation import load_organisation, pack_folders
    from pm2xero.pack.load import examine, extension

    if organisation is not None:
        firm = load_organisation(organisation, region)
        roots = tuple(extension(p) for p in pack_folders(firm.packs, packs))
        overlay = (firm.file, firm.overlay) if len(firm.overlay) > 1 else None
        at = firm.region_at
        return examine(firm.region, extensions=roots, overlay=overlay, region_at=at)
    if region is None:
        hint = "name one with --region, or a firm with --org"
        raise UsageError(Finding("PU926", "no region is named", hint=hint))
    return examine(region, extensions=tuple(extension(p) for p in packs))


def format_option(command: Command) -> Command:
    """--format text|json."""
    return click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text",
        show_default=True, help="text for people; json: one object a line on standard output.",
    )(command)  # fmt: skip


def reports_faults(command: Command) -> Command:
    """Turn every fault that a user can mend into a message and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Pm2XeroError as exc:
            say_findings(exc.findings)
            raise SystemExit(BROKEN) from None
        except BrokenPipeError:
            # The reader (such as head) has seen enough; that is no fault.
            sys.stderr.close()
            raise SystemExit(OK) from None
        except OSError as exc:
            say_findings((_of_the_machine(exc),))
            raise SystemExit(BROKEN) from None
        except Exception as exc:
            # The embedded organisation speaks to SQLite itself; importing it here would be slow.
            if type(exc).__module__ != "sqlite3":
                raise
            from pm2xero.outbox.faults import finding

            say_findings((finding(exc, "the file of the embedded Xero organisation"),))
            raise SystemExit(BROKEN) from None

    return wrapped


def _of_the_machine(exc: OSError) -> Finding:
    """What the disk refused in the middle of a command."""
    file = f" {exc.filename}" if exc.filename else ""
    message = f"the machine refuses to read or write{file}: {exc.strerror or exc}"
    return Finding("PE130", message, should_be="free space, or files and folders of yours")


def write_file(path: Path, text: str) -> None:
    """Write a file that an option names, for its owner only, whole or not at all.

    Raises:
        UsageError: PU909 when it cannot be written.
    """
    from pm2xero.errors import UsageError
    from pm2xero.files import write_private

    try:
        write_private(path, text)
    except OSError as exc:
        message = f"{path} cannot be written: {exc.strerror}"
        raise UsageError(
            Finding("PU909", message, should_be="a file in a folder of yours")
        ) from None


def say(text: str, *, err: bool = False) -> None:
    """Write text that may hold names of the input; nothing in it commands the terminal."""
    from pm2xero.harmless import on_terminal

    click.echo(on_terminal(text), err=err)


def say_findings(findings: tuple[Finding, ...]) -> None:
    """Write findings to standard error, each with its place in the source."""
    from pm2xero.report.findings import format_findings
    from pm2xero.report.sources import read_source
    from pm2xero.report.width import columns, is_narrow

    colour = use_colour(sys.stderr)
    text = format_findings(
        findings, read_source, colour=colour, width=columns(sys.stderr),
        is_folded=is_narrow(sys.stderr),
    )  # fmt: skip
    click.echo(text, err=True)


def use_colour(stream: Any) -> bool:
    """Colour only on a terminal, and never when NO_COLOR is set."""
    import os

    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")


def load(organisation: Path, region: str | None, packs: tuple[Path, ...]) -> Pipeline:
    """The pipeline of a firm."""
    from pm2xero.pipeline import Pipeline

    return Pipeline.load(organisation, region, packs)


def say_without_outbox(organisation: Path) -> None:
    """Where a firm has an outbox, say that this command does not know what was sent."""
    if (organisation.parent / "outbox.sqlite3").is_file():
        click.echo("decided without the outbox; `pm2xero plan` knows what was sent", err=True)


@contextmanager
def opened(inputs: tuple[str, ...]) -> Iterator[list[Source]]:
    """Open all inputs; `-` may stand once."""
    from pm2xero.errors import UsageError
    from pm2xero.read.stream import STDIN, open_source

    if list(inputs).count(STDIN) > 1:
        raise UsageError(Finding("PU901", "standard input (-) can be read only once"))
    stdin = cast(BinaryIO, sys.stdin.buffer)
    sources = [open_source(i, stdin) for i in inputs]
    try:
        yield sources
    finally:
        for source in sources:
            source.close()
