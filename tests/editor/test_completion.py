"""What an editor offers while somebody types."""

from __future__ import annotations

import pytest

from pm2xero.pack.language.conditions import OPERATORS, STRUCTURE
from pm2xero.pack.language.types import OUTCOMES

from .client import LanguageServer
from .typed import offered

RULE = {"kinds", "when", "outcome", "mapping", "code", "reason", "remedy", "warning", "by_hand"}
REQUEST = {"when", "put", "post", "needs", "template", "with", "contact", "lines", "becomes"}
POLICIES = {"update", "void_and_recreate", "delete_and_recreate", "void", "delete",
            "needs_a_person"}  # fmt: skip
CLASSES = {"ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE"}
FIRM = {"organisation", "name", "region", "base_currency", "division", "accounting_method",
        "integration_start", "xero", "bank_accounts", "accounts", "roles", "opening",
        "rules"}  # fmt: skip

# schema, text, what must be offered
KEYS = [
    ("rules", "‸", {"section", "kinds", "rules", "fields", "records", "roles"}),
    ("rules", "rules:\n  - ‸", {"id", *RULE}),
    ("rules", "rules:\n  - id: a\n    ‸", RULE),
    ("rules", "rules:\n  - id: a\n    ou‸\n    reason: x", RULE - {"reason"}),
    ("rules", "rules:\n  - { id: a, o‸ }", RULE),
    ("rules", "kinds:\n  a:\n    ‸", {"title", "side", "fields", "postings", "opens", "settles"}),
    ("rules", "kinds:\n  a:\n    postings:\n      - { d‸ }", {"debit", "credit", "amount", "each"}),
    ("rules", "fields:\n  a:\n    ‸", {"one_of", "record", "list_of", "tax_code"}),
    ("rules", "rules:\n  - id: a\n    when:\n      ‸", {*STRUCTURE}),
    ("rules", "rules:\n  - id: a\n    when:\n      not:\n        a‸", {*STRUCTURE}),
    ("rules", "rules:\n  - id: a\n    when:\n      sum: lines.net\n      ‸", {"above", "same_as"}),
    ("mappings", "mappings:\n  m:\n    ‸", {"title", "requests", "on_change"}),
    ("mappings", "mappings:\n  m:\n    requests:\n      - ‸", {"id", *REQUEST}),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        ‸", REQUEST),
    ("mappings", "mappings:\n  m:\n    on_change: { u‸ }", {"unpaid", "paid", "voided"}),
    (
        "mappings",
        "mappings:\n  m:\n    requests:\n      - id: a\n        lines:\n          - ‸",
        {"each", "account", "tax", "net", "tax_amount", "describe", "merge"},
    ),
    ("region", "‸", {"region", "title", "extends", "words", "no_tax", "tax_codes", "rules"}),
    ("region", "tax_codes:\n  A:\n    ‸", {"title", "rate", "sales", "purchases"}),
    ("region", "tax_codes:\n  A:\n    sales: { r‸ }", {"rate", "names", "on"}),
    ("region", "words:\n  ‸", {"tax", "trust_account", "bill"}),
    ("organisation", "‸", FIRM),
    ("organisation", "acc‸", FIRM),
    ("organisation", "bank_accounts:\n  A: { x‸ }", {"xero", "purpose"}),
    ("organisation", "xero:\n  ‸", {"organisation_id", "snapshot"}),
    ("organisation", "opening:\n  ‸", {"trust_balances", "documents"}),
    ("cases", "‸", {"title", "extends", "organisation", "base", "cases"}),
    ("cases", "cases:\n  - name: a\n    ‸", {"given", "before", "expect", "known_gap"}),
    ("cases", "cases:\n  - name: a\n    expect:\n      ‸", {"outcome", "codes", "requests"}),
    ("cases", "cases:\n  - name: a\n    given: { b‸ }", {"base", "patch", "remove"}),
]

# schema, text, all that may be offered
VALUES = [
    ("rules", "rules:\n  - id: a\n    outcome: ‸", {*OUTCOMES}),
    ("rules", "rules:\n  - { id: a, outcome: p‸ }", {*OUTCOMES}),
    ("rules", "rules:\n  - id: a\n    by_hand: ‸", {"true", "false"}),
    ("rules", "rules:\n  - id: a\n    leaves_document: ‸", {"before_integration", "waiting"}),
    ("rules", "roles:\n  a:\n    class: ‸", CLASSES),
    ("rules", "rules:\n  - id: a\n    when:\n      date:\n        ‸", {*OPERATORS}),
    ("rules", "rules:\n  - id: a\n    when: { date: { on‸ } }", {*OPERATORS}),
    (
        "rules",
        "rules:\n  - id: a\n    when:\n      any: lines\n      where:\n        net:\n          a‸",
        {*OPERATORS},
    ),
    ("rules", "rules:\n  - id: a\n    when:\n      date:\n        present: ‸", {"true", "false"}),
    ("mappings", "mappings:\n  m:\n    on_change:\n      paid: ‸", POLICIES),
    (
        "mappings",
        "mappings:\n  m:\n    requests:\n      - id: a\n        when_tax_differs: ‸",
        {"override", "rounding_line"},
    ),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        becomes: ‸", {"document"}),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        movement: ‸",
     {"receive", "spend"}),
    ("region", "tax_codes:\n  A:\n    sales:\n      on: ‸", CLASSES),
    ("organisation", "accounting_method: ‸", {"accrual", "cash"}),
    ("organisation", "bank_accounts:\n  A:\n    purpose: ‸", {"office", "trust"}),
    ("organisation", "rules:\n  - id: a\n    outcome: ‸", {*OUTCOMES}),
    ("cases", "cases:\n  - name: a\n    expect:\n      outcome: ‸", {*OUTCOMES}),
]  # fmt: skip

# schema, text, some of what is suggested although other values are allowed, what would be wrong
SUGGESTIONS = [
    ("rules", "rules:\n  - id: a\n    kinds: ‸", {"all", "posting"}, {"client_bill"}),
    ("rules", "rules:\n  - id: a\n    kinds:\n      - ‸", {"client_bill"}, {"all", "posting"}),
    ("rules", "rules:\n  - id: a\n    kinds: [c‸]", {"client_bill"}, {"all", "posting"}),
    ("rules", "rules:\n  - id: a\n    mapping: ‸", {"sales_invoice", "payment"}, set()),
    ("rules", "section: ‸", {"Client Billing"}, set()),
    ("rules", "fields:\n  a: ‸", {"money", "date", "{ one_of: […] }"}, set()),
    ("rules", "kinds:\n  a:\n    postings:\n      - debit: ‸",
     {"accounts_receivable", "{ bank: FIELD }"}, set()),
    ("rules", "kinds:\n  a:\n    postings:\n      - debit: { b‸ }",
     {"bank", "account", "role"}, {"accounts_receivable"}),
    ("rules", "rules:\n  - id: a\n    when: ‸", {"field: value", "any: LIST, where: …"}, set()),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        put: ‸",
     {"Invoices", "CreditNotes/{credit_note_id}/Allocations"}, {"History"}),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        put: In‸",
     {"Invoices"}, set()),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        post: ‸",
     {"Payments/{reversal_of}"}, {"Payments"}),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        template: ‸",
     {"invoice.json.j2"}, set()),
    ("mappings", "mappings:\n  m:\n    requests:\n      - id: a\n        with:\n          x: ‸",
     {"{ bank: FIELD }", "{ role: NAME }"}, set()),
    ("region", "extends: ‸", {"base", "au"}, set()),
    ("region", "tax_codes:\n  A:\n    sales: ‸", {"{ rate: PER CENT, names: […] }"}, set()),
    ("organisation", "region: ‸", {"au", "au-vic", "nz"}, {"base"}),
    ("organisation", "base_currency: ‸", {"AUD", "EUR"}, set()),
    ("cases", "cases:\n  - name: a\n    given: ‸", {"{ base: …, patch: … }"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "text", "wanted"), KEYS)
def test_keys(server: LanguageServer, schema: str, text: str, wanted: set[str]) -> None:
    found = offered(server, schema, text)
    assert wanted <= found.keys()
    undescribed = [k for k in wanted if not found[k].get("documentation")]
    assert undescribed == []


@pytest.mark.parametrize(("schema", "text", "wanted"), VALUES)
def test_values(server: LanguageServer, schema: str, text: str, wanted: set[str]) -> None:
    assert offered(server, schema, text).keys() == wanted


@pytest.mark.parametrize(("schema", "text", "wanted", "wrong"), SUGGESTIONS)
def test_suggestions(
    server: LanguageServer, schema: str, text: str, wanted: set[str], wrong: set[str]
) -> None:
    found = offered(server, schema, text).keys()
    assert wanted <= found
    assert not wrong & found


def test_a_key_that_is_there_is_not_offered_again(server: LanguageServer) -> None:
    found = offered(server, "rules", "rules:\n  - id: a\n    outcome: post\n    ‸")
    assert "reason" in found
    assert not {"id", "outcome"} & found.keys()


def test_operators_are_offered_beside_a_sum_only(server: LanguageServer) -> None:
    text = "rules:\n  - id: a\n    when:\n      any: lines\n      ‸"
    assert not {*OPERATORS} & offered(server, "rules", text).keys()


def test_a_value_is_offered_with_what_it_does(server: LanguageServer) -> None:
    found = offered(server, "rules", "rules:\n  - id: a\n    outcome: ‸")
    assert found["hold"]["documentation"] == "It waits, and each push decides it again."
