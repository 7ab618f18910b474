"""A document of which Xero has one part and not the other is told in one statement."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pm2xero.cli.main import cli
from pm2xero.history.half_sent import half_sent
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import SETTLED, UNSETTLED, RequestState
from pm2xero.xero.errors import Waiting
from pm2xero.xero.purpose import Purpose
from tests.send.test_ahead import planned
from tests.support.office import EXAMPLES, Office

CAUSES = {
    RequestState.REJECTED: ("bad_date",),
    RequestState.FAILED: ("no_answer",),
    RequestState.UNKNOWN: ("no_answer", "several", "unseen", "draft", "partly"),
    RequestState.PLANNED: (None, *Waiting),
}


@st.composite
def documents(draw: st.DrawFn) -> list[StoredRequest]:
    """Documents of up to four requests, each in any state, for any cause."""
    made = []
    for document in range(draw(st.integers(1, 3))):
        for part in range(draw(st.integers(1, 4))):
            state = draw(st.sampled_from(RequestState))
            cause = draw(st.sampled_from(CAUSES.get(state, (None,))))
            transaction = f"D-{document}"
            made.append(
                replace(
                    planned("put.Payments", {}, purpose=draw(st.sampled_from(Purpose))),
                    id=f"{transaction}/part{part}",
                    transaction=transaction,
                    revision=draw(st.integers(1, 2)),
                    state=state,
                    cause=cause,
                    message=f"why {part}" if cause else None,
                    blocked_by=f"{transaction}/other" if state is RequestState.BLOCKED else None,
                )
            )
    return made


@given(documents())
def test_each_part_is_told_once_where_it_is(requests: list[StoredRequest]) -> None:
    told = half_sent(requests)
    for revision in {(r.transaction, r.revision) for r in requests}:
        of_it = [r for r in requests if (r.transaction, r.revision) == revision]
        there = [r for r in of_it if r.state is RequestState.CONFIRMED]
        left = [r for r in of_it if r.state not in SETTLED]
        found = [h for h in told if (h.document, h.revision) == revision]
        assert len(found) == bool(there and left)
        for half in found:
            assert (list(half.there), list(half.left)) == (there, left)


@given(documents())
def test_what_is_only_looked_for_is_never_said_to_be_sent(requests: list[StoredRequest]) -> None:
    sought = {r.id for r in requests if r.state in UNSETTLED}
    for half in half_sent(requests, sought):
        for told in half.as_json()["left"]:
            if told["request"] in sought:
                assert "resend" not in told["to_do"]
                assert "is never sent" in told["to_do"] or "skip" in told["to_do"]


@given(documents())
def test_each_part_that_is_not_there_says_why_and_what_to_do(
    requests: list[StoredRequest],
) -> None:
    for half in half_sent(requests):
        for request in half.left:
            (line,) = (x for x in half.lines if f": {request.id}," in x)
            is_open = request.state in UNSETTLED
            assert line.startswith("perhaps " if is_open else "not "), line
            assert (request.message or request.blocked_by or request.state) in line
        for request in half.there:
            (line,) = (x for x in half.lines if f": {request.id}," in x)
            assert not line.startswith(("not ", "perhaps "))
        assert half.lines[-1].startswith("→ what is there is not entered again")
        to_do = [part["to_do"] for part in half.as_json()["left"]]
        assert all(f"→ {way}" in half.lines for way in to_do)
        assert not any("{" in line for line in half.lines)
        # A command that would change nothing is no way out.
        for request, way in zip(half.left, to_do, strict=True):
            if request.state in (RequestState.PLANNED, RequestState.BLOCKED):
                assert "resend" not in way


# Documents of the month that are several requests.
SEVERAL = ("AU-0062", "AU-0067", "AU-0068", "AU-0105")


@pytest.fixture(scope="session")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm whose month is in Xero, but for documents of several requests: they are planned."""
    office = Office(tmp_path_factory.mktemp("taken_in"))
    lines = (EXAMPLES / "au" / "month.jsonl").read_text(encoding="utf-8").splitlines()
    several = [x for x in lines if json.loads(x)["id"] in SEVERAL]
    office.run("push", "-", stdin="\n".join(x for x in lines if x not in several))
    office.run("recover", "-", stdin="\n".join(several))
    return office.folder


def parts(office: Office) -> list[tuple[str, str, str]]:
    return office.sql("SELECT id, transaction_id, state FROM requests WHERE current ORDER BY id")


def stands(office: Office, endpoint: str, xero_id: str) -> bool:
    id_name = f"{endpoint.removesuffix('s')}ID"
    return any(d[id_name] == xero_id for d in office.in_xero(endpoint))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("how", ["refused", "held"])
def test_what_is_told_is_so_in_xero(taken_in: Path, tmp_path: Path, place: int, how: str) -> None:
    """Of each document of several requests one does not go, and the others do."""
    shutil.copytree(taken_in, tmp_path, dirs_exist_ok=True)
    office = Office(tmp_path)
    chosen: Sequence[str] = [
        sorted(id for id, transaction, _ in parts(office) if transaction == document)[place]
        for document in SEVERAL
    ]
    for id in chosen:
        if how == "refused":
            office.sql("UPDATE requests SET element = replace(element, '2026-', '2026 ')"
                       " WHERE id = ?", id)  # fmt: skip
        else:
            office.sql("UPDATE requests SET state = 'held', cause = 'hold' WHERE id = ?", id)
    office.push()
    told = {half["document"]: half for half in office.status()["half_sent"]}
    states = {id: state for id, transaction, state in parts(office) if transaction in SEVERAL}
    for document in SEVERAL:
        of_it = {id: state for id, state in states.items() if id.startswith(f"{document}/")}
        is_half = len({state == "confirmed" for state in of_it.values()}) == 2
        assert (document in told) is is_half, of_it
    assert told
    shown = {name: office.run(name).stdout for name in ("status", "manual-work")}
    for document, half in told.items():
        for part in half["there"]:
            assert stands(office, part["endpoint"], part["xero_id"])
        assert {part["request"] for part in half["left"]} <= {
            id for id, state in states.items() if state != "confirmed"
        }
        places = ["--org", str(office.organisation), "--db", str(office.database)]
        explained = CliRunner().invoke(cli, ["explain", document, "--from-outbox", *places])
        shown["explain"] = explained.stdout
        for name, text in shown.items():
            assert f"{document} is in Xero in part" in text, name
    # The way out is one: what stops the part is mended, and what is not there alone goes.
    before = {e: len(office.in_xero(e)) for e in ("Payments", "ManualJournals")}
    for id in chosen:
        office.sql("UPDATE requests SET element = replace(element, '2026 ', '2026-')"
                   " WHERE id = ?", id)  # fmt: skip
    for document in told:
        done = office.run("resend", document, "--reason", "mended", "--who", "Bea")
        assert done.exit_code == 0, done.stdout
    office.push()
    assert office.status()["half_sent"] == []
    after = {e: len(office.in_xero(e)) for e in before}
    assert all(after[e] - before[e] <= len(told) for e in before)
