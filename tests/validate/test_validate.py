"""All findings of all layers in one run; the built-in pack has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.pack.load import extension, load_pack, regions
from pm2xero.validate.run import validate
from tests.support.packs import EXAMPLES, FILES, RULES, at, write


def test_the_built_in_pack_is_clean_in_every_region() -> None:
    result = validate()
    assert result.regions == tuple(regions())
    assert [(f.code, f.message) for f in result.findings] == []


@pytest.mark.parametrize("name", sorted(p.parent.name for p in EXAMPLES.glob("*/xero.json")))
def test_the_example_firms_have_no_errors(name: str) -> None:
    result = validate((), (), EXAMPLES / name / "organisation.yaml")
    assert [f for f in result.findings if f.severity == "error"] == []


# Each line below is at fault once, unless it says so.
THIRTY = {
    "rules/a.yaml": """spec: 1
section: Faults
roles:
  levy_payable: { titel: Levy }
fields:
  levy_rate: mony
kinds:
  Levy: { title: A levy, fields: { required: [amount] } }
  fine: { title: A fine, fields: { required: [amount, bank_accont] } }
  toll: { title: A toll, side: sale, fields: { required: [amount] } }
  rent:
    title: Rent
    fields: { required: [amount, bank_account] }
    postings:
      - { debit: trust_liabilty, amount: amount }
      - { debit: trust_liability, credit: sales_tax, amount: amount }
      - { credit: { bank: bank_account }, amount: amuont }
""",
    "rules/b.yaml": """spec: 1
rules:
  - { id: b1, kinds: [client_bil], outcome: skip, reason: One. }
  - { id: b2, kinds: [client_bill], outcome: rejct, reason: Two., remedy: None. }
  - { id: b3, kinds: [client_bill], outcome: post, mapping: sales_invoce }
  - { id: b4, kinds: [client_bill], outcome: reject, remedy: None. }
  - { id: b5, kinds: [client_bill], outcome: reject, reason: Five. }
  - { id: b6, kind: [client_bill], outcome: skip, reason: Six. }
  - { id: b7, kinds: [client_bill], outcome: skip, reason: "Seven {amuont}." }
  - { id: b8, kinds: [client_bill], outcome: skip, reason: E., when: { totals.grss: "1.00" } }
  - { id: b9, kinds: [client_bill], outcome: skip, reason: N., when: { date: { above: "1.00" } } }
  - { id: b10, kinds: [client_bill], outcome: skip, reason: T., when: { date: { bfore: x } } }
  - { id: b11, kinds: [client_bill], outcome: skip, reason: E., when: { date: { before: "2026" } } }
  - { id: b12, kinds: [client_bill], outcome: skip, reason: T., when: { totals.gross: "1.555" } }
  - { id: b13, kinds: [client_bill], outcome: skip, reason: T., when: { status: drafted } }
  - { id: b14, kinds: [client_bill], outcome: skip, reason: F., when: { any: lines } }
  - { id: b15, kinds: { with: alocations }, outcome: skip, reason: F. }
  - { id: bank_transfer, outcome: reject }
  - { id: bank_transfr, remove: true }
  - { id: b16, kinds: [client_bill], outcome: skip, reason: S. }
  - { id: b16, kinds: [client_bill], outcome: skip, reason: S. }
""",
    "rules/c.yaml": "spec: 1\nrules:\n  - { id: c1, kinds: [client_bill]\n",
    "mappings/a.yaml": """spec: 1
mappings:
  m1: { requests: [{ id: a, put: Invoice, template: invoice.json.j2 }] }
  m2: { requests: [{ id: a, put: Invoices, template: invoce.json.j2 }] }
  m3: { requests: [{ id: a, template: deleted.json.j2 }] }
  m4: { requests: [{ id: a, put: Invoices, template: deleted.json.j2, needs: [b] }] }
  m5: { requests: [{ id: a, put: Invoices, template: deleted.json.j2, contact: particpant }] }
""",
    "rules/d.yaml": """spec: 1
rules:
  - { id: d2, kinds: [client_bill], outcome: post, mapping: m2, when: { memo: two } }
  - { id: d3, kinds: [client_bill], outcome: post, mapping: m3, when: { memo: three } }
  - { id: d4, kinds: [client_bill], outcome: post, mapping: m4, when: { memo: four } }
  - { id: d5, kinds: [client_bill], outcome: post, mapping: m5, when: { memo: five } }
""",
}  # fmt: skip
EXPECTED = {
    "rules/a.yaml": "PX105:4 PX104:6 PX108:8 PX307:9 PX104:10 PX309:15 PX308:16 PX303:17",
    "rules/b.yaml": (
        "PX311:3 PX104:4 PX313:5 PX205:6 PX503:7 PX105:8 PX310:9 PX303:10 PX302:11 PX304:12 "
        "PX305:13 PX305:14 PX305:15 PX301:16 PX312:17 PX202:18 PX203:19 PX201:21"
    ),
    "rules/c.yaml": "PX101:3",
    "mappings/a.yaml": "PX316:3 PX400:4 PX315:5 PX314:6 PX303:7",
}


def test_thirty_faults_are_thirty_findings_at_their_lines(tmp_path: Path) -> None:
    pack = write(tmp_path, THIRTY)
    result = validate(("au",), (pack,))
    found: dict[str, list[str]] = {}
    for finding in result.findings:
        assert finding.at is not None
        file = Path(finding.at.file).relative_to(pack).as_posix()
        found.setdefault(file, []).append(f"{finding.code}:{finding.at.line}")
    assert {k: " ".join(v) for k, v in found.items()} == EXPECTED
    assert len(result.told) >= 30


def test_the_order_is_the_same_in_every_run(tmp_path: Path) -> None:
    pack = write(tmp_path, THIRTY)
    runs = [validate((), (pack,)).findings for _ in range(2)]
    assert runs[0] == runs[1]
    assert list(runs[0]) == sorted(runs[0], key=lambda f: (f.at, f.code, f.message))


def test_a_fault_of_all_regions_is_told_once(tmp_path: Path) -> None:
    rules = RULES.replace("kinds: [levy]", "kinds: [lev]")
    pack = write(tmp_path, {**FILES, "rules/levy.yaml": rules})
    result = validate((), (pack,))
    assert [f.code for f in result.findings] == ["PX311"]
    assert result.told[0].regions == result.regions


def test_a_fault_of_some_regions_says_which(tmp_path: Path) -> None:
    rules = (
        "spec: 1\nrules:\n"
        "  - { id: trust_interest_for_statutory_body, remedy: Ask your accountant. }\n"
    )
    result = validate(("au", "uk"), (write(tmp_path, {"rules/firm.yaml": rules}),))
    (finding,) = result.findings
    assert (finding.code, at(finding)) == ("PX204", "firm.yaml:3:11")
    assert finding.message.endswith("(in au)")


def test_what_was_cut_out_is_not_called_missing(tmp_path: Path) -> None:
    """The kind is at fault, not the rule that names it."""
    rules = RULES.replace("title: A levy", "titel: A levy")
    result = validate(("au",), (write(tmp_path, {**FILES, "rules/levy.yaml": rules}),))
    assert [(f.code, at(f)) for f in result.findings] == [("PX105", "levy.yaml:9:5")]


def test_a_firm_at_fault_still_has_its_region_checked(tmp_path: Path) -> None:
    firm = write(tmp_path, {"organisation.yaml": "spec: 1\nregion: nz\norganisaton: x\n"})
    result = validate((), (), firm / "organisation.yaml")
    assert result.regions == ("nz",)
    assert {f.code for f in result.findings} >= {"PX105", "PX106"}


def test_a_fault_in_the_form_of_a_firm_does_not_hide_those_of_its_rules(tmp_path: Path) -> None:
    text = (EXAMPLES / "nz" / "organisation.yaml").read_text(encoding="utf-8")
    rules = "\nrules:\n  - { id: bank_transfr, outcome: post }\n  - { id: draft, outcom: hold }\n"
    text = text.replace("base_currency:", "base_curency:") + rules
    firm = write(tmp_path, {"organisation.yaml": text})
    result = validate((), (), firm / "organisation.yaml")
    assert {f.code for f in result.findings} == {"PX105", "PX204", "PO502"}
    (unknown,) = (f for f in result.findings if f.code == "PX204")
    assert '"bank_transfr"' in unknown.message


def test_packs_that_a_firm_names_are_checked_with_it(tmp_path: Path) -> None:
    text = (EXAMPLES / "nz" / "organisation.yaml").read_text(encoding="utf-8")
    xero = (EXAMPLES / "nz" / "xero.json").read_text(encoding="utf-8")
    text = text.replace("region: nz\n", "region: nz\npacks: [../shared]\n")
    rules = "spec: 1\nrules:\n  - { id: bank_transfr, outcome: post }\n"
    files = {"organisation.yaml": text, "xero.json": xero}
    firm = write(tmp_path / "firm", files) / "organisation.yaml"
    write(tmp_path / "shared", {"rules/own.yaml": rules})
    found = validate((), (), firm).findings
    assert [at(f) for f in found if f.code == "PX204"] == ["own.yaml:3:11"]
    assert validate((), (tmp_path / "shared",), firm).findings == found


def test_an_unknown_region_is_a_finding() -> None:
    result = validate(("auu",))
    assert [f.code for f in result.findings] == ["PX206"]


def test_a_pack_changes_what_a_region_says_in_a_layer_of_its_own(tmp_path: Path) -> None:
    pack = write(
        tmp_path,
        {
            "rules/regions/au.yaml": "spec: 1\nregion: au\ntitle: Australia\nextends: au\n"
            'tax_codes:\n  GST: { title: "GST, as we call it" }\n'
            "rules:\n  - { id: trust_statutory_deposit, outcome: hold, reason: Ask first.,\n"
            "      remedy: Ask. }\n"
        },
    )
    result = validate(("au", "au-nsw"), (pack,))
    assert [f.message for f in result.findings if f.severity == "error"] == []
    made = load_pack("au-nsw", extensions=(extension(pack),))
    assert made.tax_codes["GST"].title == "GST, as we call it"
    assert made.layers[:3] == ("base", "au", f"{pack}/au")


def test_a_tax_code_on_a_role_is_told_and_never_a_traceback(tmp_path: Path) -> None:
    pack = write(
        tmp_path,
        {
            "mappings/own.yaml": "spec: 1\nmappings:\n  sales_invoice:\n    requests:\n"
            "      - id: invoice\n        put: Invoices\n        template: invoice.json.j2\n"
            "        with: { type: ACCREC }\n        contact: participant\n        lines:\n"
            "          - { each: lines, account: { role: trust_liability }, net: net,"
            " tax: tax_code, tax_amount: tax }\n"
        },
    )
    result = validate(("au",), (pack,))
    assert ("PX318", 11) in {(f.code, f.at.line if f.at else 0) for f in result.findings}


def test_a_firm_that_cannot_be_read_leaves_nothing_to_be_praised(tmp_path: Path) -> None:
    file = tmp_path / "organisation.yaml"
    file.write_text("spec: 1\n\tname: x\n", encoding="utf-8")
    result = validate(organisation=file, prove=lambda subject: ((), "all is well"))
    assert [f.code for f in result.findings] == ["PX101"]
    assert result.regions == result.proven == ()
