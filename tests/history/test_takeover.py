"""An outbox that an earlier version wrote goes on: nothing is sent twice, nothing is forgotten."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pm2xero.errors import OutboxError
from pm2xero.history.opening import open_past
from pm2xero.pipeline import Pipeline
from tests.history.schema1 import as_sqlite, into_postgresql
from tests.support.office import EXAMPLES, Doc, Office, month, now, paying, revised, with_lines

FIRM = EXAMPLES / "au" / "organisation.yaml"
COPY = "outbox.sqlite3.schema1"
LATER = {"date": "2026-06-02", "posted_at": "2026-06-02T00:00:00Z"}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    as_sqlite(tmp_path / "outbox.sqlite3", "outbox")
    as_sqlite(tmp_path / "xero.sqlite3", "xero")
    return Office(tmp_path)


def requests(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT id, revision, key, state, xero_id, element FROM requests ORDER BY id, revision"
        ).fetchall()


def bill(id: str, number: str, net: str) -> Doc:
    return with_lines(month()["AU-0016"], net) | {"id": id, "number": number, "revision": 1} | LATER


def test_keys_ids_and_states_stay_and_the_old_file_is_kept(office: Office) -> None:
    before = requests(office.database)
    assert office.run("status").exit_code == 1
    assert office.run("manual-work").exit_code == 0
    assert requests(office.database) == before
    (copy,) = office.folder.glob("outbox.sqlite3.schema1")
    assert requests(copy) == before
    assert copy.stat().st_mode & 0o077 == 0


def test_a_push_of_the_same_month_sends_nothing_but_what_was_open(office: Office) -> None:
    lines = (EXAMPLES / "au" / "month.jsonl").read_text(encoding="utf-8").splitlines()
    before = requests(office.database)
    office.report(*[json.loads(line) for line in lines])
    old = {str(row[0]).partition("/")[0] for row in before}
    after = [row for row in requests(office.database) if str(row[0]).partition("/")[0] in old]
    # Nothing that an earlier version sent, or planned, is sent again or changed.
    assert [row[:5] for row in after if row not in before] == []


def test_what_was_decided_before_decides_what_comes(office: Office) -> None:
    docs = month()
    payment = docs["AU-0038"]
    # 110.00 less what was paid (twice corrected, then reversed) is due on N-1.
    too_much = paying(payment, "N-1", "110.01") | {"id": "M-1"} | LATER
    assert "exceeds_amount_due" in office.push(too_much).stdout
    assert office.push(paying(payment, "N-1", "110.00") | {"id": "M-2"} | LATER).exit_code == 0
    # A payment that was reversed cannot be reversed again, and its reversal is not taken for new.
    again = {**paying(payment, "N-1", "-50.00"), "id": "M-3", "reversal_of": "N-2"} | LATER
    assert office.push(again).exit_code == 1
    # The bill of a held payment comes; both go.
    assert (
        office.push(revised(bill("N-4", "INV-9002", "200.00") | {"status": "posted"})).exit_code
        == 0
    )
    assert {s["transactions"][0] for s in office.status()["stuck"]} == {"AU-0016", "N-7", "N-8"}


def test_corrections_go_on_from_what_is_there(office: Office) -> None:
    more = bill("N-9", "INV-9009", "10.00")
    office.push(more)
    assert office.push(revised(with_lines(more, "12.00"))).exit_code == 0
    (found,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-9009")
    assert found["Total"] == Decimal("13.20")


def test_the_books_are_what_they_were(office: Office) -> None:
    found = office.reconcile()
    assert [line for line in found["accounts"] if Decimal(line["difference"])] == []
    assert {d["transaction"]: d["verdict"] for d in found["differing"]} == {"AU-0016": "behind"}


def test_rows_are_the_same_on_both_databases(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        as_sqlite(Path(url.removeprefix("sqlite:///")), "outbox")
    else:
        into_postgresql(url, tmp_path)
    with open_past(Pipeline.load(FIRM), FIRM, (), url, now) as past:
        state = past.state
        assert state.document("N-1").amount_due == Decimal("110.00")
        assert state.document("N-2").to_reverse == 0
        assert state.document("N-4").state == "waiting"
        assert state.document("N-6").state == "rejected"
        assert state.document("AU-0003").amount_due is not None
        assert past.outbox.held_due("another pack") == {"N-5", "AU-0016"}
    engine = create_engine(url)
    with engine.begin() as connection:
        wrong = connection.execute(
            text(
                "SELECT m.matter FROM (SELECT matter, bank, SUM(cents) AS cents FROM trust_moves "
                "WHERE live GROUP BY matter, bank) m LEFT JOIN trust_totals t "
                "ON t.matter = m.matter AND t.bank = m.bank "
                "WHERE t.cents IS NULL OR t.cents <> m.cents"
            )
        ).all()
        assert wrong == []
        slots = connection.execute(
            text("SELECT id, slot FROM requests WHERE stands AND transaction_id = 'AU-0038'")
        ).all()
        assert ("AU-0038/payment", "payment") in {tuple(s) for s in slots}
        if connection.dialect.name == "postgresql":
            kept = connection.execute(text("SELECT COUNT(*) FROM requests_schema1")).scalar()
            assert kept == connection.execute(text("SELECT COUNT(*) FROM requests")).scalar()
    engine.dispose()


def test_an_outbox_whose_requests_and_decisions_do_not_fit_is_left_alone(office: Office) -> None:
    office.sql("UPDATE decisions SET outcome = 'reject', code = 'x' WHERE id = 'AU-0003'")
    result = office.push(bill("N-9", "INV-9009", "10.00"))
    assert result.exit_code == 2
    assert "PE114" in result.stderr
    assert "AU-0003" in result.stderr
    assert office.sql("SELECT COUNT(*) FROM documents") == [(0,)]
    with (
        pytest.raises(OutboxError, match="PE114"),
        open_past(Pipeline.load(FIRM), FIRM, (), f"sqlite:///{office.database}", now),
    ):
        pass
