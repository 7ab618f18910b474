"""A kind of transaction that the product has never heard of, from YAML and a template alone."""

from __future__ import annotations

import json
from pathlib import Path

from pm2xero.decide.decision import Decision
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Malformed, Transaction
from pm2xero.render.template_checks import check_templates
from tests.support.pack_reading import write

FIRM = Path(__file__).parents[2] / "examples" / "au" / "organisation.yaml"

RULES = """
spec: 1
section: Year End

fields:
  accrual_reason: { one_of: [audit, rent] }
  accrual_parts: { list_of: accrual_part }

records:
  accrual_part: { required: { gl_account: ledger_account, share: money }, optional: { note: text } }

kinds:
  year_end_accrual:
    title: An accrual at the end of the year
    fields: { required: [amount, accrual_reason, accrual_parts, { owed_in: ledger_account }] }
    postings:
      - { each: accrual_parts, debit: { account: gl_account }, amount: share }
      - { credit: { account: owed_in }, amount: amount }

rules:
  - id: year_end_accrual
    kinds: [year_end_accrual]
    outcome: post
    mapping: year_end_accrual

  - id: accrual_out_of_balance
    kinds: [year_end_accrual]
    when: { sum: accrual_parts.share, differs_from: amount }
    outcome: reject
    reason: The parts of the accrual {id} do not add up to {amount}.
    remedy: Correct the parts in Practice Management.
"""
MAPPINGS = """
spec: 1
section: Year End

mappings:
  year_end_accrual:
    requests:
      - id: journal
        put: ManualJournals
        template: accrual.json.j2
        with: { tag: year end }
        lines:
          - { each: accrual_parts, account: { account: gl_account }, debit: share, describe: note }
          - { account: { account: owed_in }, credit: amount, describe: "Owed: {accrual_reason}" }
        becomes: document
    on_change: { unpaid: needs_a_person, paid: needs_a_person, voided: needs_a_person }
"""
TEMPLATE = """{
  "Narration": {{ tag ~ " " ~ accrual_reason ~ " " ~ id }},
  "Date": {{ date }},
  "Status": "POSTED",
  "LineAmountTypes": "NoTax",
  "JournalLines": [
    {% for line in lines %}
    { "LineAmount": {{ line.net }}, "AccountCode": {{ line.account }},
      "Description": {{ line.description }} }{% if not loop.last %},{% endif %}
    {% endfor %}
  ]
}
"""
DOCUMENT = {
    "id": "YE-1",
    "kind": "year_end_accrual",
    "revision": 1,
    "status": "posted",
    "date": "2026-05-31",
    "posted_at": "2026-05-31T02:00:00Z",
    "division": {"id": "1"},
    "currency": "AUD",
    "amount": "150.00",
    "accrual_reason": "audit",
    "owed_in": "2500",
    "accrual_parts": [
        {"gl_account": "6000", "share": "100.00", "note": 'Half of "the audit"'},
        {"gl_account": "6010", "share": "20.00"},
        {"gl_account": "6000", "share": "30.00", "note": "The rest"},
    ],
}


def pipeline(folder: Path) -> Pipeline:
    files = {
        "rules/year_end.yaml": RULES,
        "mappings/year_end.yaml": MAPPINGS,
        "mappings/templates/accrual.json.j2": TEMPLATE,
    }
    return Pipeline.load(FIRM, packs=(write(folder, files),))


def decide(line: Pipeline, document: dict[str, object]) -> tuple[Transaction, Decision]:
    tx = line.reader.read(document, "x.jsonl", 1)
    assert isinstance(tx, Transaction)
    return tx, line.decider.decide(tx, line.state)


def test_it_is_posted_and_rendered(tmp_path: Path) -> None:
    line = pipeline(tmp_path)
    assert check_templates(line.pack) == []
    tx, decision = decide(line, DOCUMENT)
    assert decision.reasons == ()
    assert (decision.outcome, decision.mapping) == ("post", "year_end_accrual")
    (request,) = line.mapper.requests(tx, "year_end_accrual", line.state)
    assert (request.id, request.method, request.path) == ("YE-1/journal", "PUT", "/ManualJournals")
    body = json.loads(request.body, parse_float=str)["ManualJournals"][0]
    assert body["Narration"] == "year end audit YE-1"
    rows = body["JournalLines"]
    assert [(r["AccountCode"], r["LineAmount"], r["Description"]) for r in rows] == [
        ("469", "130.00", 'Half of "the audit"; The rest'),
        ("453", "20.00", "An accrual at the end of the year"),
        ("825", "-150.00", "Owed: audit"),
    ]


def test_its_own_rule_rejects_it(tmp_path: Path) -> None:
    line = pipeline(tmp_path)
    _, decision = decide(line, DOCUMENT | {"amount": "151.00"})
    assert decision.outcome == "reject"
    assert decision.reasons[0].code == "accrual_out_of_balance"
    assert "YE-1 do not add up to 151.00." in decision.reasons[0].message


def test_the_built_in_preconditions_hold_for_it(tmp_path: Path) -> None:
    line = pipeline(tmp_path)
    _, decision = decide(line, DOCUMENT | {"currency": "NZD"})
    assert decision.outcome == "reject"
    assert "multi_currency_not_supported" in [r.code for r in decision.reasons]


def test_its_documents_are_checked_by_its_own_fields(tmp_path: Path) -> None:
    line = pipeline(tmp_path)
    raw = DOCUMENT | {"accrual_reason": "rents", "accrual_parts": [{"gl_account": "6000"}]}
    read = line.reader.read(raw, "x.jsonl", 1)
    assert isinstance(read, Malformed)
    assert read.faults == (
        'accrual_reason: expected one of audit, rent, found "rents"; did you mean "rent"?',
        "accrual_parts[0].share: missing",
    )
