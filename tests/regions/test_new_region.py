"""A region that does not exist, built from YAML and a template alone: no Python is involved.

It has its own tax types, a kind of its own that posts a journal and a bank entry, and posts general
journals, which the base rejects; its month goes to the embedded Xero and both ledgers agree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pm2xero.cli.main import cli

REGION = """
spec: 1
region: xanadu
title: Xanadu
extends: base
section: Levies
words: { tax: DUTY, trust_account: vault, bill: scroll }
no_tax: XNONE
tax_codes:
  DUTY: { title: Duty 12.5 %, rate: "12.5", sales: XOUT, purchases: XIN }
  NT: { title: No duty, sales: XNONE, purchases: XNONE }

fields:
  levy_year: { one_of: [dragon, tiger] }

roles:
  levy_cost: { title: Guild levy, class: EXPENSE }
  levy_payable: { title: Guild levy payable, class: LIABILITY }

kinds:
  guild_levy:
    title: Paying the guild's levy
    fields: { required: [amount, bank_account, participant, levy_year] }
    postings:
      - { debit: levy_cost, amount: amount }
      - { credit: levy_payable, amount: amount }
      - { debit: levy_payable, amount: amount }
      - { credit: { bank: bank_account }, amount: amount }

rules:
  - id: guild_levy
    kinds: [guild_levy]
    outcome: post
    mapping: guild_levy
    source: "The guild's charter"

  - id: guild_levy.year_of_the_tiger
    kinds: [guild_levy]
    when: { levy_year: tiger, amount: { above: "500.00" } }
    outcome: reject
    by_hand: true
    reason: In a year of the tiger no levy above 500 is taken; this one is {amount}.
    remedy: Ask the guild.
    source: "The guild's charter"

  - { id: not_supported.general_journal, outcome: post, mapping: general_journal }
"""

MAPPINGS = """
spec: 1
region: xanadu
section: Levies
mappings:
  guild_levy:
    title: The levy as a cost, and its payment
    requests:
      - id: accrual
        put: ManualJournals
        template: levy.json.j2
        lines:
          - { account: { role: levy_cost }, debit: amount, describe: "Levy of the {levy_year}" }
          - { account: { role: levy_payable }, credit: amount, describe: Levy payable }
      - id: payment
        needs: [accrual]
        put: BankTransactions
        template: bank_transaction.json.j2
        movement: spend
        with: { bank: { bank: bank_account }, amounts: NoTax }
        contact: participant
        lines:
          - { account: { role: levy_payable }, net: amount, describe: Levy paid }
    on_change: { unpaid: needs_a_person, paid: needs_a_person, voided: needs_a_person }

  general_journal:
    title: A journal, line by line
    requests:
      - id: journal
        put: ManualJournals
        template: manual_journal.json.j2
        with: { title: Journal }
        lines:
          - { each: journal_lines, account: { account: gl_account }, debit: debit, describe: "Journal of {transaction.date}" }
          - { each: journal_lines, account: { account: gl_account }, credit: credit, describe: "Journal of {transaction.date}" }
    on_change: { unpaid: void_and_recreate, paid: void_and_recreate, voided: void }
"""

TEMPLATE = """
{
  "Narration": {{ "Guild levy, year of the " ~ levy_year ~ ", " ~ id }},
  "Date": {{ date }},
  "Status": "POSTED",
  "LineAmountTypes": "NoTax",
  "JournalLines": [
    {% for line in lines %}
    { "LineAmount": {{ line.net }}, "AccountCode": {{ line.account }}, "Description": {{ line.description }} }{% if not loop.last %},{% endif %}
    {% endfor %}
  ]
}
"""

FIRM = """
spec: 1
organisation: pleasure-dome
region: xanadu
base_currency: XDD
division: "1"
accounting_method: accrual
integration_start: "2026-01-01T00:00:00Z"
xero: { organisation_id: 00000000-1111-4222-8333-444444444444, snapshot: xero.json }
default_contact: { number: "0", name: Nobody }
bank_accounts: { VAULT: { xero: B1, purpose: office } }
accounts: { "4": S1, "6": E1 }
roles: { levy_cost: E2, levy_payable: L1, trust_liability: L2 }
"""


def _account(code: str, kind: str, account_class: str, system: str = "") -> dict[str, Any]:
    return {
        "AccountID": f"00000000-0000-4000-8000-{int.from_bytes(code.encode()):012d}",
        "Code": code,
        "Name": f"Account {code}",
        "Type": kind,
        "Class": account_class,
        "Status": "ACTIVE",
        "TaxType": "XNONE",
        "SystemAccount": system,
        "EnablePaymentsToAccount": False,
        **({"BankAccountType": "BANK", "CurrencyCode": "XDD"} if kind == "BANK" else {}),
    }


def _rate(name: str, rate: str, classes: str) -> dict[str, Any]:
    flags = ("Assets", "Equity", "Expenses", "Liabilities", "Revenue")
    return {
        "Name": name,
        "TaxType": name,
        "Status": "ACTIVE",
        "EffectiveRate": float(rate),
        "DisplayTaxRate": float(rate),
        **{f"CanApplyTo{f}": f[0] in classes for f in flags},
    }


SNAPSHOT = {
    "Organisation": {
        "OrganisationID": "00000000-1111-4222-8333-444444444444",
        "Name": "Pleasure Dome",
        "BaseCurrency": "XDD",
        "CountryCode": "XX",
        "Version": "GLOBAL",
        "Class": "STANDARD",
        "OrganisationStatus": "ACTIVE",
        "IsDemoCompany": False,
        "Timezone": "UTC",
        "FinancialYearEndDay": 31,
        "FinancialYearEndMonth": 12,
    },
    "Accounts": [
        _account("B1", "BANK", "ASSET"),
        _account("S1", "REVENUE", "REVENUE"),
        _account("E1", "EXPENSE", "EXPENSE"),
        _account("E2", "EXPENSE", "EXPENSE"),
        _account("L1", "CURRLIAB", "LIABILITY"),
        _account("L2", "CURRLIAB", "LIABILITY"),
        _account("AR", "CURRENT", "ASSET", "DEBTORS"),
        _account("AP", "CURRLIAB", "LIABILITY", "CREDITORS"),
        _account("TX", "CURRLIAB", "LIABILITY", "GST"),
        _account("RD", "CURRLIAB", "LIABILITY", "ROUNDING"),
        _account("RE", "EQUITY", "EQUITY", "RETAINEDEARNINGS"),
    ],
    "TaxRates": [
        _rate("XOUT", "12.5", "AELR"),
        _rate("XIN", "12.5", "AEL"),
        _rate("XNONE", "0", "AELR"),
    ],
}


def _document(place: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"X-{place}",
        "kind": kind,
        "revision": 1,
        "status": "posted",
        "date": "2026-02-03",
        "posted_at": f"2026-02-03T10:00:{place:02d}Z",
        "currency": "XDD",
        **fields,
    }


PARTY = {"id": "77", "display_name": "The Guild"}
MONTH = [
    _document(
        1, "client_bill", number="S-1", due_date="2026-03-01", participant=PARTY,
        lines=[
            {"gl_account": "4", "description": "Advice", "net": "0.36", "tax_code": "DUTY", "tax": "0.05"},
            {"gl_account": "4", "description": "More", "net": "0.36", "tax_code": "DUTY", "tax": "0.05"},
        ],
        totals={"net": "0.72", "tax": "0.10", "gross": "0.82"},
    ),
    _document(2, "client_payment", amount="0.82", bank_account="VAULT",
              allocations=[{"document_id": "X-1", "amount": "0.82"}]),
    _document(3, "guild_levy", amount="499.99", bank_account="VAULT", participant=PARTY, levy_year="tiger"),
    _document(4, "guild_levy", amount="500.01", bank_account="VAULT", participant=PARTY, levy_year="tiger"),
    _document(5, "general_journal", memo="Accrual", journal_lines=[
        {"gl_account": "6", "debit": "12.34", "credit": "0.00"},
        {"gl_account": "4", "debit": "0.00", "credit": "12.34"},
    ]),
    _document(6, "bank_transfer", amount="1.00", from_bank_account="VAULT", to_bank_account="VAULT"),
]  # fmt: skip


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    pack = tmp_path / "pack"
    for folder in ("rules/regions", "mappings/regions", "mappings/templates"):
        (pack / folder).mkdir(parents=True)
    (pack / "rules/regions/xanadu.yaml").write_text(REGION)
    (pack / "mappings/regions/xanadu.yaml").write_text(MAPPINGS)
    (pack / "mappings/templates/levy.json.j2").write_text(TEMPLATE)
    (tmp_path / "organisation.yaml").write_text(FIRM)
    (tmp_path / "xero.json").write_text(json.dumps(SNAPSHOT))
    (tmp_path / "month.jsonl").write_text("\n".join(json.dumps(d) for d in MONTH))
    return tmp_path


def run(command: str, folder: Path, *more: str | Path) -> Result:
    place = ["--org", folder / "organisation.yaml", "--pack", folder / "pack"]
    return CliRunner().invoke(cli, [command, *map(str, [*more, *place])], prog_name="pm2xero")


def test_it_decides_and_renders(firm: Path) -> None:
    result = run("render", firm, firm / "month.jsonl", "--format", "json")
    decided = {d["id"]: d for d in map(json.loads, result.stdout.splitlines())}
    outcomes = {i: d["outcome"] for i, d in decided.items()}
    assert outcomes == {
        "X-1": "post", "X-2": "post", "X-3": "post", "X-4": "reject", "X-5": "post", "X-6": "reject",
    }  # fmt: skip
    assert decided["X-4"]["reasons"][0]["message"].endswith("this one is 500.01.")
    levy = decided["X-3"]["requests"]
    assert [r["id"] for r in levy] == ["X-3/accrual", "X-3/payment"]
    assert levy[1]["needs"] == ["X-3/accrual"]
    assert levy[0]["body"]["ManualJournals"][0]["Narration"] == (
        "Guild levy, year of the tiger, X-3"
    )
    line = decided["X-1"]["requests"][0]["body"]["Invoices"][0]["LineItems"][0]
    assert (line["TaxType"], line["TaxAmount"]) == ("XOUT", 0.10)


def test_it_is_pushed_and_agrees(firm: Path) -> None:
    pushed = run("push", firm, firm / "month.jsonl")
    assert "5 requests confirmed" in pushed.stdout, pushed.output
    assert pushed.exit_code == 1  # the levy of the tiger needs attention
    result = run("reconcile", firm)
    # The levy is not in Xero.
    assert result.exit_code == 1, result.output
    assert "agrees for what is in Xero" in " ".join(result.stdout.split())
