"""Wishes of firms, each said in YAML alone; the body that comes out is kept."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from pm2xero.decide.journal import share_of
from pm2xero.decide.memory_state import MemoryState
from pm2xero.errors import OrganisationError, RenderError
from pm2xero.pack.model import Share
from pm2xero.resources import root
from pm2xero.validate.proving import prover
from pm2xero.validate.run import validate
from tests.render.wishes import bill, firm, rendered
from tests.support.pack_reading import write

HEAD = "spec: 1\nsection: Wishes\n"
GL = "account: { account: gl_account }"
TABLE = "{ table: work_accounts, by: transaction.matter.type, otherwise: { account: gl_account } }"
LINES = "each: lines, tax: tax_code, net: net, tax_amount: tax, describe: description"
MATTER = "records:\n  matter: { optional: { type: text, department: text } }\n"


def invoice(request: str) -> str:
    """The built-in sales invoice, with what a request of its id says."""
    return f"{HEAD}mappings:\n  sales_invoice:\n    requests:\n      - id: invoice\n" + "".join(
        f"        {row}\n" for row in request.splitlines()
    )


WISHES: dict[str, tuple[dict[str, str], str, dict[str, Any]]] = {
    "bills as drafts": ({"mappings/w.yaml": invoice("status: DRAFT")}, "", {}),
    "drafts for one type of matter, due at the end of the next month": (
        {
            "rules/w.yaml": HEAD + MATTER,
            "mappings/w.yaml": invoice(
                "when: { not: { matter.type: crime } }\n"
            ) + f"""      - id: draft
        slot: invoice
        when: {{ matter.type: crime }}
        status: DRAFT
        put: Invoices
        template: invoice.json.j2
        with: {{ type: ACCREC, due_date: {{ field: date, plus_days: 30, end_of_month: true }} }}
        contact: participant
        lines: [{{ {LINES}, account: {{ account: gl_account }} }}]
        when_tax_differs: override
        becomes: document
""",
        },
        "", {"matter": {"id": "M-1", "name": "Ng", "type": "crime"}},
    ),
    "the account by the type of the matter": (
        {
            "rules/w.yaml": HEAD + MATTER + """settings:
  work_accounts: { type: { table_of: ledger_account }, title: Fees by type of matter }
kinds:
  client_bill:
    replace: [postings]
    postings:
      - { debit: accounts_receivable, amount: totals.gross }
      - each: lines
        where: { type: fee }
        credit:
          table: work_accounts
          by: transaction.matter.type
          otherwise: { account: gl_account }
        amount: net
      - { each: lines, where: { not: { type: fee } }, credit: { account: gl_account }, amount: net }
      - { each: lines, credit: sales_tax, amount: tax }
""",
            "mappings/w.yaml": invoice(
                "replace: [lines]\nlines:\n"
                f"  - {{ {LINES}, where: {{ type: fee }}, account: {TABLE} }}\n"
                f"  - {{ {LINES}, where: {{ not: {{ type: fee }} }}, {GL} }}"
            ),
        },
        'settings: { work_accounts: { family: "4200", crime: "4300" } }\n',
        {"matter": {"id": "M-1", "name": "Ng", "type": "family"}},
    ),
    "due fourteen days after the date": (
        {
            "rules/w.yaml": HEAD + "settings: { terms: { type: count, default: 14 } }\n",
            "mappings/w.yaml": invoice(
                "with: { due_date: { field: date, plus_days: settings.terms } }"
            ),
        },
        "", {},
    ),
    "due at the end of the next month": (
        {"mappings/w.yaml": invoice(
            "with: { due_date: { field: date, plus_days: 30, end_of_month: true } }")},
        "", {},
    ),
    "tracking by department": (
        {
            "rules/w.yaml": HEAD + MATTER,
            "mappings/w.yaml": invoice(
                f"replace: [lines]\nlines:\n  - {{ {LINES}, {GL}, "
                "tracking: { Department: { field: transaction.matter.department }, "
                "Office: Sydney } }"
            ),
        },
        "", {"matter": {"id": "M-1", "name": "Ng", "department": "Family"}},
    ),
    "a split of sixty to forty": (
        {
            "mappings/w.yaml": invoice(
                f'replace: [lines]\nlines:\n  - {{ {LINES}, {GL}, percent: "60" }}\n'
                "  - { each: lines, net: net, tax_amount: tax, tax: tax_code, "
                f'describe: Share of partners, {GL}, rest_of: ["60"] }}'
            ),
        },
        "", {},
    ),
    "another name of the contact": (
        {"mappings/w.yaml": invoice(
            'contact_name: "{participant.display_name} ({participant.id})"')},
        "", {},
    ),
    "a mail address and a postal address for a new contact": (
        {
            "rules/w.yaml": HEAD + "records:\n  participant:\n    optional: "
            "{ street: text, town: text, zip: text, country: text }\n",
            "mappings/w.yaml": invoice(
                "contact_details:\n  email: email\n  address: { line1: street, city: town, "
                "postal_code: zip, country: country }"
            ),
        },
        "", {"participant": {
            "id": "C-1", "display_name": "Ada Ng", "email": "ada@example.com",
            "street": "1 Main St", "town": "Perth", "country": "AU1",
        }},
    ),
    "a link back to Practice Management": (
        {"mappings/w.yaml": invoice('link: "https://pm.example/bills/{number}?of={matter.id}"')},
        "", {"number": "INV 1/é", "matter": {"id": "M-1"}},
    ),
    "a note in the history of the invoice": (
        {
            "rules/w.yaml": HEAD + "settings:\n"
            '  history_notes: { type: flag, default: false, title: Notes }\n',
            "mappings/w.yaml": invoice(
                'history:\n  note: "Bill {id}, revision {revision}, of {matter.name}"\n'
                "  when: { settings.history_notes: true }"
            ),
        },
        "settings: { history_notes: true }", {},
    ),
    "a line for each matter": (
        {
            "rules/w.yaml": HEAD + "records:\n  line: { optional: { matter_id: text } }\n",
            "mappings/w.yaml": invoice(
                f"replace: [lines]\nlines:\n  - {{ {LINES}, {GL}, "
                "group_by: matter_id }"
            ),
        },
        "", {"lines": "by matter"},
    ),
    "an item code": (
        {"mappings/w.yaml": invoice(
            f"replace: [lines]\nlines:\n  - {{ {LINES}, {GL}, item: {{ field: type }} }}"
        )},
        "", {},
    ),
    "a kind with two requests, the second of the first": (
        {
            "rules/w.yaml": HEAD + """kinds:
  paid_bill:
    title: A bill that is paid at once
    side: sales
    fields:
      required: [number, due_date, participant, lines, totals, bank_account: office_bank]
    ignores: { totals: the sums of the lines }
    postings:
      - { debit: { bank: bank_account }, amount: totals.gross }
      - { each: lines, credit: { account: gl_account }, amount: net }
      - { each: lines, credit: sales_tax, amount: tax }
rules:
  - { id: paid_bill, kinds: [paid_bill], outcome: post, mapping: paid_bill }
  - { id: reversal_not_supported, kinds: { add: [paid_bill] } }
""",
            "mappings/w.yaml": HEAD + f"""mappings:
  paid_bill:
    requests:
      - id: invoice
        put: Invoices
        template: invoice.json.j2
        with: {{ type: ACCREC, matter: "" }}
        contact: participant
        lines: [{{ {LINES}, account: {{ account: gl_account }} }}]
        when_tax_differs: override
        becomes: document
      - id: payment
        needs: [invoice]
        put: Payments
        template: own_payment.json.j2
        with: {{ account: {{ bank: bank_account }} }}
""",
            "mappings/templates/own_payment.json.j2": """{
  "Invoice": { "InvoiceID": {{ id_of("invoice") }} },
  "Account": { "Code": {{ account.code }} },
  "Date": {{ date }},
  "Amount": {{ totals.gross }},
  "Reference": {{ id | fit(255) }}
}
""",
        },
        "", {"kind": "paid_bill", "bank_account": "BA-OFFICE"},
    ),
    "a credit that is applied at once, by an endpoint below another": (
        {
            "rules/w.yaml": HEAD + """kinds:
  applied_credit:
    title: A credit note with the bill that it is for
    side: sales
    fields: { required: [number, participant, lines, totals, applied_to: document] }
    ignores: { totals: the sums of the lines }
    postings:
      - { credit: accounts_receivable, amount: totals.gross }
      - { each: lines, debit: { account: gl_account }, amount: net }
      - { each: lines, debit: sales_tax, amount: tax }
rules:
  - { id: applied_credit, kinds: [applied_credit], outcome: post, mapping: applied_credit }
  - { id: reversal_not_supported, kinds: { add: [applied_credit] } }
  - { id: number_missing, kinds: { add: [applied_credit] } }
  - { id: number_too_long, kinds: { add: [applied_credit] } }
""",
            "mappings/w.yaml": HEAD + f"""mappings:
  applied_credit:
    requests:
      - id: credit
        put: CreditNotes
        template: credit_note.json.j2
        with: {{ type: ACCRECCREDIT }}
        contact: participant
        lines: [{{ {LINES}, account: {{ account: gl_account }} }}]
        when_tax_differs: override
        becomes: document
      - id: allocation
        needs: [credit]
        put: CreditNotes/{{id_of.credit}}/Allocations
        template: own_allocation.json.j2
""",
            "mappings/templates/own_allocation.json.j2": """{
  "Allocations": [
    { "Invoice": { "InvoiceID": {{ xero_id(applied_to) }} },
      "Amount": {{ totals.gross }}, "Date": {{ date }} }
  ]
}
""",
        },
        "", {"kind": "applied_credit", "applied_to": "B-0"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_is_said_in_yaml(tmp_path: Path, wish: str, snapshot: SnapshotAssertion) -> None:
    files, settings, changed = WISHES[wish]
    raw = bill(**{k: v for k, v in changed.items() if v != "by matter"})
    if changed.get("lines") == "by matter":
        for row, matter in zip(raw["lines"], ("M-1", "M-2", "M-1"), strict=True):
            row |= {"matter_id": matter, "gl_account": "4000"}
    if raw["kind"] != "client_bill":
        del raw["matter"]
    pipeline = firm(tmp_path, files, settings)
    before = [bill(id="B-0", number="INV-0")] if "applied_to" in raw else []
    assert rendered(pipeline, raw, before) == snapshot


BOOKED = (
    "bills as drafts",
    "the account by the type of the matter",
    "a split of sixty to forty",
    "a line for each matter",
    "a kind with two requests, the second of the first",
)


@pytest.mark.parametrize("wish", BOOKED)
def test_what_is_booked_is_what_the_kind_declares(tmp_path: Path, wish: str) -> None:
    files, settings, _ = WISHES[wish]
    firm(tmp_path, files, settings)
    result = validate((), (), tmp_path / "firm" / "organisation.yaml", prove=prover("once"))
    faults = [f for f in result.findings if f.severity == "error"]
    assert [(f.code, f.message) for f in faults] == []
    ((_, said),) = result.proven
    assert "book exactly what they declare" in said


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_a_draft_is_compared_as_it_is_once_approved(tmp_path: Path, status: str) -> None:
    """Nothing of it is in the ledger before, so a fault of its lines would not be seen."""
    rules = (
        HEAD
        + """kinds:
  client_bill:
    replace: [postings]
    postings:
      - { debit: accounts_receivable, amount: totals.gross }
      - { each: lines, credit: { account: gl_account }, amount: net }
      - { each: lines, credit: payments_clearing, amount: tax }
"""
    )
    firm(tmp_path, {"rules/w.yaml": rules, "mappings/w.yaml": invoice(f"status: {status}")})
    result = validate((), (), tmp_path / "firm" / "organisation.yaml", prove=prover("once"))
    told = [f.message for f in result.findings if f.code == "PX801"]
    assert told and all("declared" in text and "in Xero" in text for text in told), [
        str(f) for f in result.findings
    ]


def test_a_threshold_in_the_settings(tmp_path: Path) -> None:
    rules = (
        HEAD
        + """settings:
  partner_limit: { type: money, title: What a partner looks at, default: "100.00" }
rules:
  - id: partner_looks
    kinds: [client_bill]
    when: { totals.gross: { above: settings.partner_limit } }
    outcome: hold
    reason: The bill of {totals.gross} is above {settings.partner_limit}.
"""
    )
    low = firm(tmp_path / "low", {"rules/w.yaml": rules})
    high = firm(
        tmp_path / "high", {"rules/w.yaml": rules}, 'settings: { partner_limit: "500.00" }\n'
    )
    found = []
    for pipeline in (low, high):
        tx = pipeline.reader.read(bill(), "in.jsonl", 1)
        decision = pipeline.decider.decide(tx, MemoryState(None))
        found.append((decision.outcome, [r.message for r in decision.reasons]))
    assert found == [("hold", ["The bill of 187.06 is above 100.00."]), ("post", [])]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ('settings: { limt: "5.00" }\n', "PO510"),
        ("", "PO511"),
        ("settings: { limit: many }\n", "PO512"),
        ('settings: { limit: "5.00", table: { family: "9999" } }\n', "PO512"),
    ],
)
def test_what_a_firm_cannot_set(tmp_path: Path, settings: str, code: str) -> None:
    rules = HEAD + (
        "settings:\n  limit: { type: money }\n"
        "  table: { type: { table_of: ledger_account }, default: {} }\n"
    )
    with pytest.raises(OrganisationError) as told:
        firm(tmp_path, {"rules/w.yaml": rules}, settings)
    assert code in {f.code for f in told.value.findings}
    assert all(f.at is not None for f in told.value.findings)


def test_a_setting_that_is_misspelt_is_told_what_it_can_be(tmp_path: Path) -> None:
    rules = HEAD + "settings:\n  way: { type: { one_of: [whole, in_parts] }, default: whole }\n"
    with pytest.raises(OrganisationError) as told:
        firm(tmp_path, {"rules/w.yaml": rules}, "settings: { way: in_part }\n")
    (wrong,) = told.value.findings
    assert (wrong.code, wrong.hint) == ("PO512", 'did you mean "in_parts"?')
    assert wrong.should_be == "one of: in_parts, whole"


@given(
    st.decimals(-(10**9), 10**9, places=2),
    st.lists(st.integers(1, 99), min_size=1, max_size=5),
)
def test_parts_and_rest_keep_the_cent(amount: Decimal, percents: list[int]) -> None:
    """Whatever the parts are, they and the rest are the whole."""

    def part(share: Share) -> Decimal:
        return share_of(lambda tx, item, state: amount, share)(None, None, None)  # type: ignore[arg-type]

    parts = [Decimal(p) for p in percents]
    total = sum((part(Share((p,), False)) for p in parts), Decimal(0))
    assert total + part(Share(tuple(parts), True)) == amount


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("pm.example/{id}", ["PX321"]),
        ("https://xero.example/{id}", ["PX321"]),
        ("https://pm.example/{memo}", ["PX514"]),
        ("https://pm.example/{idd}", ["PX310"]),
        ("https://pm.example/{id}", []),
    ],
)
def test_a_link_is_checked_before_it_is_sent(tmp_path: Path, link: str, told: list[str]) -> None:
    text = invoice(f'link: "{link}"')
    pack = write(tmp_path, {"mappings/w.yaml": text})
    found = [f for f in validate(("au",), (pack,)).findings if f.severity == "error"]
    assert sorted({f.code for f in found}) == told
    line = text.splitlines().index(f'        link: "{link}"') + 1
    assert all(f.at is not None and f.at.line == line for f in found)


def test_a_link_with_a_word_that_xero_does_not_take_is_left_out(tmp_path: Path) -> None:
    pipeline = firm(tmp_path, {"mappings/w.yaml": invoice('link: "https://pm.example/{id}"')})
    bodies = [rendered(pipeline, bill(id=id_))[0]["body"] for id_ in ("W-1", "Xero-1")]
    assert ["Url" in b for b in bodies] == [True, False]


NULLS = {
    '"AccountCode": {{ line.account }}': (
        '"AccountCode": {{ none }}',
        "LineItems[0].AccountCode: the account has no code in Xero, or the firm has not mapped it",
    ),
    '"InvoiceNumber": {{ number }}': (
        '"InvoiceNumber": {{ none }}',
        "InvoiceNumber: there is no value, because a field of the document is missing",
    ),
}


@pytest.mark.parametrize("written", NULLS)
def test_a_null_in_a_body_is_told_for_what_it_is(tmp_path: Path, written: str) -> None:
    wrong, why = NULLS[written]
    own = (root() / "mappings/templates/invoice.json.j2").read_text(encoding="utf-8")
    text = own.replace(written, wrong)
    assert text != own
    pipeline = firm(tmp_path, {"mappings/templates/invoice.json.j2": text})
    with pytest.raises(RenderError) as told:
        rendered(pipeline, bill())
    assert why in told.value.findings[0].message


def test_a_note_is_as_long_as_xero_takes_and_only_there_where_it_is_asked_for(
    tmp_path: Path,
) -> None:
    note = 'history: { note: "' + "x" * 300 + ' {id}", when: { currency: AUD } }'
    (request,) = rendered(firm(tmp_path / "one", {"mappings/w.yaml": invoice(note)}), bill())
    (record,) = request["history"]["HistoryRecords"]
    assert len(record["Details"]) == 250
    other = note.replace("AUD", "NZD")
    (request,) = rendered(firm(tmp_path / "two", {"mappings/w.yaml": invoice(other)}), bill())
    assert "history" not in request


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("{ id: allocation, history: { note: Applied } }", "PX323"),
        ("{ id: overpayment, history: { note: Received } }", None),
        ('{ id: overpayment, history: { note: "{amuont}" } }', "PX310"),
        ('{ id: overpayment, history: { note: "{memo}" } }', "PX514"),
        (
            '{ id: overpayment, history: { note: "{memo}", when: { memo: { present: true }}}}',
            None,
        ),
    ],
)
def test_where_a_note_can_be_written(tmp_path: Path, request_: str, code: str | None) -> None:
    text = f"{HEAD}mappings:\n  overpayment:\n    requests:\n      - {request_}\n"
    pack = write(tmp_path, {"mappings/w.yaml": text})
    found = validate(("au",), (pack,)).findings
    assert {f.code for f in found} == ({code} if code else set())
