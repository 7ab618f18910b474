"""An operator's desk: one firm, one outbox, one embedded Xero, and the commands to run them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from pm2xero.cli.main import cli
from pm2xero.sandbox import Limits, Sandbox, load_snapshot

EXAMPLES = Path(__file__).parents[2] / "examples"
Doc = dict[str, Any]


def firm_of(folder: Path, region: str = "au", **firm: Any) -> Path:
    """The organisation file of a copy of an example firm, with a layer of its own."""
    shutil.copytree(EXAMPLES / region, folder, dirs_exist_ok=True)
    file = folder / "organisation.yaml"
    told = yaml.safe_load(file.read_text(encoding="utf-8")) | firm
    file.write_text(yaml.safe_dump(told), encoding="utf-8")
    return file


def now() -> datetime:
    return datetime.now(UTC)


def month(region: str = "au") -> dict[str, Doc]:
    """The documents of an example month by id; of several revisions the first."""
    text = (EXAMPLES / region / "month.jsonl").read_text(encoding="utf-8")
    found: dict[str, Doc] = {}
    for line in text.splitlines():
        document = json.loads(line)
        found.setdefault(document["id"], document)
    return found


class Office:
    """Runs commands as an operator does; everything is kept in one folder."""

    def __init__(self, folder: Path, organisation: Path | None = None) -> None:
        self.folder = folder
        self.organisation = organisation or EXAMPLES / "au" / "organisation.yaml"
        self.database = folder / "outbox.sqlite3"
        self.sandbox_file = folder / "xero.sqlite3"
        self.packs: tuple[Path, ...] = ()

    @property
    def places(self) -> list[str]:
        return [
            *("--org", str(self.organisation)),
            *("--db", str(self.database)),
            *("--sandbox", str(self.sandbox_file)),
            *(word for pack in self.packs for word in ("--pack", str(pack))),
        ]

    def run(self, *args: str | Path, stdin: str | None = None) -> Result:
        """One command with the places added; a traceback is a failure of the test."""
        result = CliRunner().invoke(
            cli, [*map(str, args), *self.places], input=stdin, prog_name="pm2xero"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def push(self, *documents: Doc, args: tuple[str | Path, ...] = ()) -> Result:
        """Push these documents from standard input."""
        if not documents:
            return self.run("push", *args)
        lines = "\n".join(json.dumps(d) for d in documents)
        return self.run("push", "-", *args, stdin=lines)

    def report(self, *documents: Doc) -> dict[str, Any]:
        """Push and return the report of the run."""
        found: dict[str, Any] = json.loads(self.push(*documents, args=("--format", "json")).stdout)
        return found

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--format", "json").stdout)
        return found

    def reconcile(self, *args: str | Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("reconcile", "--format", "json", *args).stdout)
        return found

    @contextmanager
    def xero(self) -> Iterator[Sandbox]:
        """The organisation in Xero, to look at it or to act in it as one of its users."""
        snapshot = load_snapshot(self.organisation.parent / "xero.json")
        sandbox = Sandbox.open(
            snapshot, path=self.sandbox_file, clock=now, ids=uuid.uuid4, limits=Limits.none()
        )
        try:
            yield sandbox
        finally:
            sandbox.close()

    def in_xero(self, endpoint: str) -> list[dict[str, Any]]:
        """Every object of an endpoint."""
        with self.xero() as sandbox:
            return [dict(d) for d in sandbox.documents(endpoint)]

    def balance(self, code: str) -> Decimal:
        """An account in Xero's ledger; debits are positive."""
        with self.xero() as sandbox:
            found = {b.code: b.debit - b.credit for b in sandbox.trial_balance()}
        return found.get(code, Decimal(0))

    def archive(self, code: str) -> None:
        """A user archives an account in Xero."""
        with self.xero() as sandbox:
            sandbox.archive_account(code)

    def restore(self, code: str) -> None:
        """A user makes an archived account active again."""
        accounts = [json.loads(body) for (body,) in self.xero_sql("SELECT body FROM account")]
        (found,) = (a["AccountID"] for a in accounts if a.get("Code") == code)
        self.user_calls("POST", f"/Accounts/{found}", {"Status": "ACTIVE"})

    def user_calls(self, method: str, path: str, body: object) -> None:
        """What a user does in Xero by hand, as a call of another client."""
        import httpx

        from pm2xero.xero.asgi import AsgiTransport

        with self.xero() as sandbox:
            headers = {
                "Authorization": f"Bearer {sandbox.access_token()}",
                "xero-tenant-id": sandbox.organisation_id,
                "Accept": "application/json",
            }
            url = f"https://api.xero.com/api.xro/2.0{path}"
            with httpx.Client(transport=AsgiTransport(sandbox.app), headers=headers) as client:
                answer = client.request(method, url, json=body)
            assert answer.status_code == 200, answer.text

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """One statement on the outbox, as somebody who tampers with it."""
        with sqlite3.connect(self.database) as connection:
            return connection.execute(statement, values).fetchall()

    def xero_sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """One statement on the sandbox's file."""
        with sqlite3.connect(self.sandbox_file) as connection:
            return connection.execute(statement, values).fetchall()


def revised(document: Doc, **changes: object) -> Doc:
    """The next revision of a document."""
    return {**document, "revision": document["revision"] + 1, **changes}


def with_lines(document: Doc, *nets: str, rate: str = "0.1") -> Doc:
    """The document with its lines cut down to these amounts, tax and totals made again."""
    lines = []
    for line, net in zip(document["lines"], nets, strict=False):
        tax = (Decimal(net) * Decimal(rate)).quantize(Decimal("0.01"))
        lines.append({**line, "net": net, "tax": str(tax)})
    net_sum = sum(Decimal(x["net"]) for x in lines)
    tax_sum = sum(Decimal(x["tax"]) for x in lines)
    totals = {"net": f"{net_sum:.2f}", "tax": f"{tax_sum:.2f}", "gross": f"{net_sum + tax_sum:.2f}"}
    return {**document, "lines": lines, "totals": totals}


def paying(document: Doc, bill: str, amount: str) -> Doc:
    """The payment made to pay this much of another document."""
    allocations = [{"document_id": bill, "amount": amount}]
    return {**document, "amount": amount, "allocations": allocations}
