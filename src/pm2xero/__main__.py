"""Entry point: `pm2xero` and `python -m pm2xero`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    import contextlib
    import gc
    import sys

    from pm2xero.cli.main import cli

    # Records have no cycles: walking them all each few hundred took a fifth of a long command.
    gc.set_threshold(100_000, 20, 20)
    # A terminal that cannot show a character shows a question mark, and never a traceback.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # suppressed above
    cli(prog_name="pm2xero")


if __name__ == "__main__":
    main()
