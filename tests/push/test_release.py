"""What a rule holds until a person has looked at it: let through, for one revision, and logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.firm.organisation import load_organisation
from pm2xero.outbox.store import Outbox
from tests.support.office import Doc, Office, month, now, revised

PACK = """spec: 1
rules:
  - id: looked_at
    kinds: [trust_receipt, client_bill]
    outcome: hold
    may_release: person
    reason: A partner looks at it first.
    remedy: Look at it, then say `pm2xero release`.
"""


@pytest.fixture
def checked(office: Office, tmp_path: Path) -> Office:
    file = tmp_path / "checked" / "rules" / "firm.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(PACK, encoding="utf-8")
    office.packs = (file.parents[1],)
    return office


def states(office: Office, id: str) -> list[str]:
    return [s for (s,) in office.sql(f"SELECT state FROM requests WHERE transaction_id = '{id}'")]


def held_by(office: Office, id: str) -> str:
    ((outcome, reasons),) = office.sql(
        f"SELECT outcome, reasons FROM decisions WHERE id = '{id}' AND latest"
    )
    return str(reasons) if outcome == "hold" else ""


def test_what_is_released_is_sent_once_and_says_who_let_it_through(checked: Office) -> None:
    receipt = month()["AU-0006"]
    checked.push(receipt)
    assert states(checked, "AU-0006") == []
    said = checked.run("release", "AU-0006", "--reason", "seen", "--who", "bea")
    assert said.exit_code == 0, said.stderr
    checked.push(receipt)
    assert states(checked, "AU-0006") == ["confirmed"]
    checked.push(receipt)
    assert states(checked, "AU-0006") == ["confirmed"]
    ((warnings,),) = checked.sql("SELECT warnings FROM decisions WHERE id = 'AU-0006'")
    assert "bea let it through, as looked_at holds it: seen" in warnings
    assert checked.sql("SELECT what, who, why FROM human_actions") == [("release", "bea", "seen")]


def test_a_later_revision_is_held_anew(checked: Office) -> None:
    bill = month()["AU-0016"]
    checked.push(bill)
    checked.run("release", "AU-0016", "--reason", "seen")
    checked.push()
    assert len(checked.in_xero("Invoices")) == 1
    first, *rest = bill["lines"]
    corrected: Doc = {**revised(bill), "lines": [{**first, "description": "As agreed"}, *rest]}
    result = checked.push(corrected)
    assert result.exit_code == 1
    assert "looked_at" in held_by(checked, "AU-0016")
    assert "As agreed" not in str(checked.in_xero("Invoices"))
    released = checked.run("release", "AU-0016", "--reason", "seen again")
    assert released.exit_code == 0, released.stderr
    checked.push()
    assert held_by(checked, "AU-0016") == ""
    (invoice,) = checked.in_xero("Invoices")
    assert "As agreed" in str(invoice["LineItems"])


@pytest.mark.parametrize("document", ["AU-0038", "AU-0003"])
def test_what_waits_for_another_document_or_was_posted_is_not_released(
    office: Office, docs: dict[str, Doc], document: str
) -> None:
    office.push(docs[document])
    result = office.run("release", document, "--reason", "please")
    assert result.exit_code == 2
    assert "PU931" in result.stderr


def test_a_release_waits_while_a_push_runs(checked: Office) -> None:
    checked.push(month()["AU-0006"])
    firm = load_organisation(checked.organisation).id
    url = f"sqlite:///{checked.database}"
    with Outbox.open(url, firm, now) as outbox, outbox.writing("another"):
        result = checked.run("release", "AU-0006", "--reason", "seen")
    assert result.exit_code == 2
    assert "PE110" in result.stderr
