"""Against a served Xero: what people change there between two pushes, told before it is sent."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli import test_live
from tests.support.office import Doc, month

from .conftest import Run

served = test_live.served

DOCS = month()
BILL, PAYMENT = DOCS["AU-0014"], DOCS["AU-0041"]


def push(run: Run, served: test_live.Served, *documents: Doc) -> tuple[int, dict[str, Any]]:
    lines = "\n".join(json.dumps(d) for d in documents)
    done = run("push", "-", *served.places, "--format", "json", input=lines)
    assert done.exit_code in (0, 1), done.stderr
    return done.exit_code, json.loads(done.stdout)["sent"]


def waiting(sent: dict[str, Any]) -> list[tuple[str, str]]:
    return [(w["request"], w["cause"]) for w in sent["outlook"]["waiting"]]


def call(served: test_live.Served, method: str, path: str, body: Any) -> dict[str, Any]:
    """What a person does in Xero."""
    headers = {
        "Authorization": f"Bearer {served.sandbox.access_token()}",
        "xero-tenant-id": served.sandbox.organisation_id,
        "Accept": "application/json",
    }
    answer = httpx.request(method, served.url + path, headers=headers, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def one(served: test_live.Served, endpoint: str, **fields: str) -> dict[str, Any]:
    (found,) = [
        d
        for d in served.sandbox.documents(endpoint)
        if all(d.get(name) == value for name, value in fields.items())
    ]
    return dict(found)


def test_paid_by_hand_and_then_locked(run: Run, served: test_live.Served, tmp_path: Path) -> None:
    """A payment waits while its bill is paid by hand, and then while its day is locked."""
    assert push(run, served, BILL)[0] == 0
    bill = one(served, "Invoices", InvoiceNumber=BILL["number"])
    planned = tmp_path / "payment.jsonl"
    planned.write_text(json.dumps(PAYMENT))
    plan = json.loads(run("plan", planned, *served.places, "--format", "json").stdout)
    assert plan["look"]["waiting"] == []
    assert plan["look"]["calls"] == 2 and plan["look"]["bytes"] > 500 and plan["bytes"] > 100

    by_hand = {"Invoice": {"InvoiceID": bill["InvoiceID"]}, "Account": {"Code": "090"},
               "Date": "2026-05-09", "Amount": "8000.00"}  # fmt: skip
    paid = call(served, "PUT", "/Payments", {"Payments": [by_hand]})["Payments"][0]
    plan = json.loads(run("plan", planned, *served.places, "--format", "json").stdout)
    assert [w["cause"] for w in plan["look"]["waiting"]] == ["paid_meanwhile"]

    code, sent = push(run, served, PAYMENT)
    assert code == 1
    assert (sent["confirmed"], sent["rejected"], sent["left"]) == (0, 0, 1)
    assert waiting(sent) == [("AU-0041/payment", "paid_meanwhile")]
    (changed,) = sent["outlook"]["changed_in_xero"]
    assert (changed["document"], changed["status"]) == ("AU-0014", "AUTHORISED")
    told = run("status", "--org", served.firm).stdout
    assert "not sent, as Xero would refuse what it is there now (paid_meanwhile)" in told
    assert "of which 250.00 is open" in " ".join(told.split())

    # The cause and the remedy each once; a payment that does not fit is not to be entered.
    (work,) = json.loads(run("manual-work", "--org", served.firm, "--format", "json").stdout)
    assert work["code"] == "paid_meanwhile"
    assert [made["pays"] for made in work["xero"]] == [[]]
    assert work["why"].startswith("This takes ") and "Take back" not in work["why"]
    assert work["what_to_do"].startswith("Take back") and "manual-work" not in work["what_to_do"]
    for form in ("text", "csv"):
        text = " ".join(run("manual-work", "--org", served.firm, "--format", form).stdout.split())
        assert text.count("Take back in Xero") == 1
        assert f"invoice {BILL['number']}" not in text and "does not add up" not in text

    served.sandbox.set_lock_dates(period=date(2026, 5, 31))
    refused = run("push", *served.places)
    assert refused.exit_code == 2 and "PU916" in refused.stderr
    assert "the lock date is 2026-05-31, not 2026-03-31" in refused.stderr
    snapshot = run("snapshot", *served.places)
    assert "documents dated on or before it are refused from then on" in " ".join(
        snapshot.stdout.split()
    )
    assert waiting(push(run, served)[1]) == [("AU-0041/payment", "locked_meanwhile")]

    served.sandbox.set_lock_dates()
    run("snapshot", *served.places)
    assert waiting(push(run, served)[1]) == [("AU-0041/payment", "paid_meanwhile")]
    call(served, "POST", f"/Payments/{paid['PaymentID']}", {"Status": "DELETED"})
    code, sent = push(run, served)
    assert (code, sent["confirmed"], waiting(sent)) == (0, 1, [])
    assert one(served, "Invoices", InvoiceNumber=BILL["number"])["Status"] == "PAID"


def test_what_is_paid_on_a_voided_bill_is_not_to_be_entered_on_it(
    run: Run, served: test_live.Served
) -> None:
    assert push(run, served, BILL)[0] == 0
    bill = one(served, "Invoices", InvoiceNumber=BILL["number"])
    void = {"InvoiceID": bill["InvoiceID"], "Status": "VOIDED"}
    call(served, "POST", "/Invoices", {"Invoices": [void]})
    _, sent = push(run, served, PAYMENT)
    assert waiting(sent) == [("AU-0041/payment", "gone_meanwhile")]
    told = " ".join(run("manual-work", "--org", served.firm).stdout.split())
    assert told.count("document that took its place") == 1
    assert "in Xero: payment received on the client's invoice of " in told
    assert f"invoice {BILL['number']}" not in told


def test_an_account_that_is_recoded_is_followed_by_its_id(
    run: Run, served: test_live.Served
) -> None:
    assert push(run, served, DOCS["AU-0012"])[0] == 0
    contact = one(served, "Contacts", ContactNumber=DOCS["AU-0012"]["participant"]["id"])
    archived = {"ContactID": contact["ContactID"], "ContactStatus": "ARCHIVED"}
    call(served, "POST", "/Contacts", {"Contacts": [archived]})
    late = DOCS["AU-0013"]
    _, sent = push(run, served, late)
    assert waiting(sent) == [("AU-0013/invoice", "contact_archived_meanwhile")]

    fees = one_account(served, "200")
    other = one_account(served, "270")
    served.sandbox.recode_account(fees["AccountID"], "201")
    served.sandbox.recode_account(other["AccountID"], "200")
    served.sandbox.restore_contact(contact["ContactID"])
    checked = run("check", *served.places, "--live", "--format", "json")
    assert checked.exit_code == 1
    drift = json.loads(checked.stdout)["changed_since_snapshot"]
    (told,) = [d for d in drift if "(200 is 201 now)" in d["do"]]
    assert told["change"] == "account_recoded"
    assert f"200 is {other['Name']} now" in told["text"]
    assert any("organisation.yaml" in at for at in told["at"])

    refused = run("push", *served.places)
    assert refused.exit_code == 2 and "PU916" in refused.stderr
    taken = run("snapshot", *served.places)
    assert taken.exit_code == 1
    assert "Write its code of now in organisation.yaml" in " ".join(taken.stdout.split())
    text = served.firm.read_text(encoding="utf-8").replace('"200"', '"201"')
    served.firm.write_text(text.replace('"270"', '"200"'), encoding="utf-8")
    _, sent = push(run, served)
    assert (sent["confirmed"], sent["rejected"]) == (0, 0)
    assert waiting(sent) == [("AU-0013/invoice", "account_recoded_meanwhile")]
    # Saved again in Practice Management, it is made anew by the accounts of the firm.
    _, sent = push(run, served, {**late, "revision": 2, "posted_at": "2026-05-30T00:00:00Z"})
    assert (sent["confirmed"], waiting(sent)) == (1, [])
    made = one(served, "Invoices", InvoiceNumber=late["number"])
    codes = {line["AccountCode"] for line in made["LineItems"]}
    assert "201" in codes and "200" not in codes


def one_account(served: test_live.Served, code: str) -> dict[str, Any]:
    found = call(served, "GET", "/Accounts", None)["Accounts"]
    return next(a for a in found if a.get("Code") == code)


def test_a_contact_that_was_merged_is_followed_before_it_is_used(
    run: Run, served: test_live.Served
) -> None:
    push(run, served, DOCS["AU-0012"], DOCS["AU-0016"])
    old = one(served, "Contacts", ContactNumber=DOCS["AU-0012"]["participant"]["id"])
    new = one(served, "Contacts", ContactNumber=DOCS["AU-0016"]["participant"]["id"])
    served.sandbox.merge_contacts(old["ContactID"], new["ContactID"])
    checked = json.loads(run("check", *served.places, "--live", "--format", "json").stdout)
    assert [d["change"] for d in checked["changed_since_snapshot"]] == ["contact_merged"]
    code, sent = push(run, served, DOCS["AU-0013"])
    assert (code, sent["confirmed"], sent["rejected"]) == (0, 1, 0)
    made = one(served, "Invoices", InvoiceNumber=DOCS["AU-0013"]["number"])
    assert made["Contact"]["ContactID"] == new["ContactID"]


def test_what_others_changed_is_told_though_nothing_needs_it(
    run: Run, served: test_live.Served
) -> None:
    push(run, served, DOCS["AU-0012"], BILL)
    bill = one(served, "Invoices", InvoiceNumber=BILL["number"])
    voided = {"InvoiceID": bill["InvoiceID"], "Status": "VOIDED"}
    call(served, "POST", "/Invoices", {"Invoices": [voided]})
    _, sent = push(run, served, DOCS["AU-0013"])
    told = [(c["document"], c["status"]) for c in sent["outlook"]["changed_in_xero"]]
    assert told == [("AU-0014", "VOIDED")]
    text = run("push", *served.places).stdout
    assert "changed in Xero since the last push" not in text


def test_ten_documents_take_less_than_twelve_calls(
    run: Run, served: test_live.Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of a firm whose clients are known: bills, payments of older ones, a supplier's bill."""
    before = ("AU-0003", "AU-0012", "AU-0014", "AU-0016", "AU-0019", "AU-0006", "AU-0030")
    push(run, served, *(DOCS[id] for id in before))
    paths: list[str] = []
    app = served.sandbox.app

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            paths.append(f"{scope['method']} {scope['path']}")
        await app(scope, receive, send)

    monkeypatch.setattr(served.sandbox, "app", counting)
    day = ("AU-0013", "AU-0017", "AU-0018", "AU-0011", "AU-0022", "AU-0088", "AU-0031", "AU-0041",
           "AU-0047", "AU-0038")  # fmt: skip
    _, sent = push(run, served, *(DOCS[id] for id in day))
    assert (sent["confirmed"], sent["rejected"]) == (10, 0), sent
    assert sent["outlook"]["calls"] >= 1
    assert len(paths) < 12, paths
    assert paths[0] == "POST /connect/token"


def test_check_says_what_a_firm_lacks_and_nothing_is_sent(
    run: Run, served: test_live.Served
) -> None:
    found = json.loads(run("check", *served.places, "--live", "--format", "json").stdout)
    assert found["live"] is True
    assert found["changed_since_snapshot"] == []
    by_cause = {p["cause"]: p for p in found["points"]}
    # Xero says which actions it allows, so the point is no question any more.
    assert "rights_unknown" not in by_cause and by_cause["rights"]["verdict"] == "met"
    served.sandbox.set_lock_dates(period=date(2026, 5, 31))
    told = run("check", *served.places, "--live")
    assert told.exit_code == 1
    assert "the lock date is 2026-05-31, not 2026-03-31" in told.stdout
    assert served.sandbox.documents("Contacts") == []
    assert by_cause["plan_limits"]["verdict"] == "to_confirm"
