"""What a layer says by name is merged by name; what it loses is told; one word replaces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pm2xero.errors import Finding
from pm2xero.pack.load import Examined, examine, extension
from tests.support.pack_reading import write
from tests.support.packs import at

HEAD = "spec: 1\nsection: Extra\n"


def over(folder: Path, *, rules: str = "", mappings: str = "") -> Examined:
    """The built-in pack of Australia with a layer over it."""
    files = {}
    if rules:
        files["rules/firm.yaml"] = HEAD + rules
    if mappings:
        files["mappings/firm.yaml"] = HEAD + mappings
    return examine("au", extensions=(extension(write(folder, files)),))


def told(examined: Examined) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, at(f)) for f in examined.findings]


def entry(examined: Examined, group: str, name: str) -> Any:
    assert examined.merged is not None
    return examined.merged.entries[group][name].values


def test_one_more_field_of_a_record_leaves_the_others(tmp_path: Path) -> None:
    rules = "records:\n  line: { optional: { cost_centre: text } }\n"
    examined = over(tmp_path, rules=rules)
    assert told(examined) == []
    assert list(entry(examined, "records", "line")["optional"]) == [
        "description", "type", "cost_centre",
    ]  # fmt: skip
    assert "gl_account" in entry(examined, "records", "line")["required"]


def test_a_field_becomes_required_and_another_goes(tmp_path: Path) -> None:
    optional = "{ description: { remove: true } }"
    rules = f"records:\n  line: {{ required: {{ type: text }}, optional: {optional} }}\n"
    examined = over(tmp_path, rules=rules)
    line = entry(examined, "records", "line")
    assert "type" in line["required"]
    assert list(line["optional"]) == []


def test_fields_of_a_kind_are_added_moved_and_taken_away(tmp_path: Path) -> None:
    rules = (
        "kinds:\n  client_bill:\n    fields: { required: [matter], optional: [{ ward: text }], "
        "remove: [memo] }\n"
    )
    examined = over(tmp_path, rules=rules)
    assert told(examined) == []
    assert examined.pack is not None
    record = examined.pack.kinds["client_bill"].record
    assert {"matter", "lines", "totals", "number"} <= set(record.required)
    assert "ward" in record.optional
    before = entry(over(tmp_path / "x", rules="rules: []\n"), "kinds", "client_bill")
    assert before["fields"]["optional"] == ["matter", "memo"]


def test_every_document_takes_one_more_field(tmp_path: Path) -> None:
    examined = over(
        tmp_path, rules="fields: { ward: text }\nevery_document: { optional: [ward] }\n"
    )
    assert told(examined) == []
    assert examined.pack is not None
    assert all("ward" in k.record.optional for k in examined.pack.kinds.values())
    assert all("currency" in k.record.required for k in examined.pack.kinds.values())


def test_one_state_of_on_change_leaves_the_others(tmp_path: Path) -> None:
    mappings = "mappings:\n  sales_invoice: { on_change: { unpaid: void_and_recreate } }\n"
    examined = over(tmp_path, mappings=mappings)
    assert told(examined) == []
    assert entry(examined, "mappings", "sales_invoice")["on_change"] == {
        "unpaid": "void_and_recreate", "voided": "void",
    }  # fmt: skip


def test_a_request_is_changed_by_its_id(tmp_path: Path) -> None:
    mappings = """mappings:
  trust_invoice_payment:
    requests:
      - { id: withdrawal, with: { amounts: Exclusive }, contact: [participant, matter] }
      - { id: batch, remove: true }
"""
    examined = over(tmp_path, mappings=mappings)
    requests = entry(examined, "mappings", "trust_invoice_payment")["requests"]
    assert [r["id"] for r in requests] == ["payment", "withdrawal"]
    withdrawal = requests[1]
    assert withdrawal["with"] == {"bank": {"bank": "bank_account"}, "amounts": "Exclusive"}
    assert withdrawal["put"] == "BankTransactions"


def test_the_lower_layer_is_not_changed_for_others(tmp_path: Path) -> None:
    mappings = (
        "mappings:\n  sales_invoice:\n    requests: [{ id: invoice, with: { type: ACCPAY } }]\n"
    )
    over(tmp_path, mappings=mappings)
    plain = over(tmp_path / "x", rules="rules: []\n")
    (request,) = entry(plain, "mappings", "sales_invoice")["requests"]
    assert request["with"] == {"type": "ACCREC"}


def test_kinds_are_added_and_taken_away(tmp_path: Path) -> None:
    rules = (
        "rules:\n  - id: contact_missing\n"
        "    kinds: { add: [trust_payment], remove: [bank_deposit] }\n"
        "  - id: locked_period\n    kinds: { add: [general_journal] }\n"
    )
    examined = over(tmp_path, rules=rules)
    assert told(examined) == []
    assert examined.pack is not None
    found = {r.id: r.kinds for r in examined.pack.rules}
    assert found["contact_missing"] == ("bank_withdrawal", "trust_interest", "trust_payment")
    assert {"client_bill", "general_journal"} <= set(found["locked_period"])


LOST = {
    "a condition": (
        "rules:\n  - { id: client_payment, when: { amount: { above: '9.00' } } }\n",
        "firm.yaml:4:27", '"reversal_of"',
    ),
    "a list of kinds": (
        "rules:\n  - { id: contact_missing, kinds: [trust_interest] }\n",
        "firm.yaml:4:35", '"bank_deposit", "bank_withdrawal"',
    ),
    "postings": (
        """kinds:
  client_payment:
    postings: [{ debit: { bank: bank_account }, amount: amount }]
""",
        "firm.yaml:5:5", "3 of its 4 entries",
    ),
    "words of a field": (
        "fields:\n  status: { one_of: [draft, posted] }\n", "firm.yaml:4:13", '"voided"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LOST)
def test_what_an_override_loses_is_told_with_both_places(tmp_path: Path, case: str) -> None:
    rules, place, words = LOST[case]
    found = [f for f in over(tmp_path, rules=rules).findings if f.code == "PX208"]
    (finding,) = found
    assert (finding.severity, at(finding)) == ("warning", place)
    assert words in finding.message
    assert finding.related and finding.related[0][0].file.startswith("rules/base/")
    assert "replace" in (finding.hint or "")


def test_one_word_replaces_a_value(tmp_path: Path) -> None:
    rules = (
        "rules:\n  - id: client_payment\n    replace: [when]\n"
        "    when: { amount: { above: '9.00' } }\n"
        "  - id: client_credit_note\n    source: Elsewhere.\n"
    )
    examined = over(tmp_path, rules=rules)
    assert told(examined) == []
    assert list(entry(examined, "rules", "client_payment")["when"]) == ["amount"]


def test_a_condition_goes_without_another_in_its_place(tmp_path: Path) -> None:
    examined = over(tmp_path, rules="rules:\n  - { id: client_payment, replace: [when] }\n")
    assert told(examined) == []
    assert "when" not in entry(examined, "rules", "client_payment")
    assert "when" in entry(over(tmp_path / "x", rules="rules: []\n"), "rules", "client_payment")


def test_all_of_an_entry_is_replaced(tmp_path: Path) -> None:
    values = "kinds: [bank_transfer], outcome: skip, reason: No."
    rules = f"rules:\n  - {{ id: bank_transfer, replace: true, {values} }}\n"
    examined = over(tmp_path, rules=rules)
    assert set(entry(examined, "rules", "bank_transfer")) == {"id", "kinds", "outcome", "reason"}


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ("rules:\n  - { id: draft, replace: [remedy] }\n", "firm.yaml:4:28"),
        (
            "rules:\n  - id: contact_missing\n    kinds: { remove: [client_bill] }\n",
            "firm.yaml:5:23",
        ),
        ("kinds:\n  client_bill: { fields: { remove: [ward] } }\n", "firm.yaml:4:37"),
        ("records:\n  line: { optional: { ward: { remove: true } } }\n", "firm.yaml:4:23"),
        ("rules:\n  - { id: nothing, replace: [when], kinds: all, outcome: skip, reason: No. }\n",
         "firm.yaml:4:29"),
    ],
)  # fmt: skip
def test_what_is_not_there_cannot_go(tmp_path: Path, rules: str, place: str) -> None:
    found: list[Finding] = [f for f in over(tmp_path, rules=rules).findings if f.code == "PX203"]
    assert [at(f) for f in found] == [place]


def test_an_override_that_is_equal_is_a_warning(tmp_path: Path) -> None:
    rules = "tax_codes: { GST: { rate: '10' } }\n"
    examined = examine(
        "au",
        extensions=(
            extension(
                write(
                    tmp_path,
                    {
                        "rules/regions/au.yaml": "spec: 1\nregion: au\ntitle: A\nextends: au\n"
                        + rules
                    },
                )
            ),
        ),
    )
    codes = {(f.code, f.severity) for f in examined.findings}
    assert ("PX202", "warning") in codes
    assert examined.sound() is examined.pack


def test_where_a_mapping_says_nothing_of_changes_a_person_is_asked() -> None:
    pack = examine("au").sound()
    asked = dict.fromkeys(("unpaid", "paid", "voided"), "needs_a_person")
    assert pack.mappings["trust_payment"].on_change == asked
    assert pack.mappings["sales_invoice"].on_change == {
        "unpaid": "update", "paid": "needs_a_person", "voided": "void",
    }  # fmt: skip
