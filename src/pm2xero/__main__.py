"""Entry point: `pm2xero` and `python -m pm2xero`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from pm2xero.cli.main import cli

    cli(prog_name="pm2xero")


if __name__ == "__main__":
    main()
