"""Each check finds what its page shows, at its place, and nothing in a sound pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.validate.run import validate
from tests.support.packs import EXAMPLES, FILES, MAPPINGS, RULES, TEMPLATE, at, checked, only, write


def test_the_pack_of_these_tests_is_sound(tmp_path: Path) -> None:
    result = checked(tmp_path)
    assert result.told == ()
    assert result.kinds > 30


def test_px501_a_mapping_that_nobody_uses(tmp_path: Path) -> None:
    unused = MAPPINGS + MAPPINGS.split("mappings:\n")[1].replace("  levy:", "  levy_old:", 1)
    found = only(checked(tmp_path, mappings=unused))
    assert (found.code, found.severity, at(found)) == ("PX501", "warning", "levy.yaml:15:3")
    assert "levy_old" in found.message


def test_px501_counts_only_when_no_region_uses_it(tmp_path: Path) -> None:
    files = {
        "rules/regions/yy.yaml": (
            "spec: 1\nregion: yy\nextends: au\nrules:\n  - { id: levy, mapping: levy_yy }\n"
        ),
        "rules/levy.yaml": RULES,
        "mappings/levy.yaml": MAPPINGS
        + MAPPINGS.split("mappings:\n")[1].replace("  levy:", "  levy_yy:", 1),
        "mappings/templates/levy.json.j2": TEMPLATE,
    }
    files["rules/firm.yaml"] = "spec: 1\nrules:\n  - { id: bank_transfer, outcome: post }\n"
    pack = write(tmp_path, {k: v for k, v in files.items() if "regions" not in k})
    assert [t.finding.code for t in validate(("au", "nz"), (pack,)).told] == ["PX501"]
    use = RULES + "  - { id: levy.other, kinds: [levy], outcome: post, mapping: levy_yy }\n"
    write(tmp_path, {"rules/levy.yaml": use})
    assert validate(("au", "nz"), (pack,)).told == ()


@pytest.mark.parametrize("outcome", ["reject", "hold"])
def test_px503_a_rejection_without_remedy(tmp_path: Path, outcome: str) -> None:
    rules = RULES + (
        f"  - {{ id: levy.large, kinds: [levy], outcome: {outcome}, reason: Too much., "
        'when: { amount: { above: "9.00" } } }\n'
    )
    found = only(checked(tmp_path, rules=rules))
    assert (found.code, found.severity) == ("PX503", "error")
    assert at(found).startswith("levy.yaml:17:")


def test_px503_skipping_needs_no_remedy(tmp_path: Path) -> None:
    rules = RULES + (
        "  - { id: levy.small, kinds: [levy], outcome: skip, reason: Too small., "
        'when: { amount: { below: "1.00" } } }\n'
    )
    assert checked(tmp_path, rules=rules).told == ()


TAXED = RULES.replace("[amount,", "[amount, levy_tax: money,")


def test_px504_an_amount_that_nothing_reads(tmp_path: Path) -> None:
    found = only(checked(tmp_path, rules=TAXED))
    assert (found.code, at(found)) == ("PX504", "levy.yaml:8:3")
    assert found.message == '"levy_tax" of levy reaches no body (levy)'
    assert found.should_be == "ignores: { levy_tax: why no body needs it }"


def test_px504_is_content_with_a_reason(tmp_path: Path) -> None:
    rules = TAXED.replace("    postings:", "    ignores: { levy_tax: reclaimed }\n    postings:")
    assert checked(tmp_path, rules=rules).told == ()


def test_px504_a_template_that_drops_an_amount(tmp_path: Path) -> None:
    template = TEMPLATE.replace("{{ line.net }}", '"1.00"')
    found = only(checked(tmp_path, template=template))
    assert (found.code, at(found)) == ("PX504", "levy.yaml:9:19")
    assert "levy.json.j2 drops" in found.message
    assert "line.net" in str(found.hint)


def test_px504_follows_included_templates(tmp_path: Path) -> None:
    head, _, rest = TEMPLATE.partition("    {% for")
    inner, _, tail = rest.partition("{% endfor %}")
    files = {
        **FILES,
        "mappings/templates/levy.json.j2": head + '{% include "levy_lines.j2" %}' + tail,
        "mappings/templates/levy_lines.j2": "{% for" + inner + "{% endfor %}",
    }
    assert validate(("au",), (write(tmp_path, files),)).told == ()


def test_px504_drops_of_the_built_in_templates_are_seen(tmp_path: Path) -> None:
    """An invoice without its tax amounts is caught for every kind that uses the template."""
    from pm2xero.resources import root

    text = (root() / "mappings/templates/invoice.json.j2").read_text(encoding="utf-8")
    mended = text.replace('"TaxType": {{ line.tax_type }},\n', '"TaxType": {{ line.tax_type }}\n')
    dropped = mended.replace('      "TaxAmount": {{ line.tax }}\n', "")
    assert dropped != text
    pack = write(tmp_path, {"mappings/templates/invoice.json.j2": dropped})
    messages = [f.message for f in validate(("au",), (pack,)).findings]
    assert len(messages) == 2
    assert all('drops "lines.tax"' in m for m in messages)


def test_px508_an_ignored_field_that_is_none(tmp_path: Path) -> None:
    rules = RULES.replace("    postings:", "    ignores: { amuont: why }\n    postings:")
    found = only(checked(tmp_path, rules=rules))
    assert (found.code, found.hint) == ("PX508", 'did you mean "amount"?')


def test_px508_an_ignored_field_that_is_sent(tmp_path: Path) -> None:
    rules = RULES.replace("    postings:", "    ignores: { amount: why }\n    postings:")
    found = only(checked(tmp_path, rules=rules))
    assert (found.code, at(found)) == ("PX508", "levy.yaml:11:16")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("{ sales: OUTPUTT }", 'has no tax type "OUTPUTT"'),
        ('{ rate: "12", sales: OUTPUT }', "is 10 % in Xero, not 12 %"),
        ("{ sales: INPUT, purchases: OUTPUT }", "is one of costs"),
        ("{ sales: INPUT }", "is one of costs"),
        ("{ purchases: OUTPUT }", "is one of income"),
    ],
)
def test_px505_wrong_tax_types(tmp_path: Path, code: str, said: str) -> None:
    region = f"spec: 1\nregion: au-x\nextends: au\ntax_codes:\n  LUX: {code}\n"
    pack = write(tmp_path, {"rules/regions/au-x.yaml": region})
    result = validate((), (pack,))
    assert result.regions == ("au-x",)
    assert {f.code for f in result.findings} == {"PX505"}
    assert any(said in f.message for f in result.findings)
    assert at(result.findings[0]).startswith("au-x.yaml:5:")


def test_px505_the_type_of_what_bears_no_tax(tmp_path: Path) -> None:
    region = "spec: 1\nregion: au-x\nextends: au\nno_tax: NONE\n"
    pack = write(tmp_path, {"rules/regions/au-x.yaml": region})
    found = only(validate((), (pack,)))
    assert (found.code, at(found)) == ("PX505", "au-x.yaml:4:9")


def test_px507_a_tax_code_without_side(tmp_path: Path) -> None:
    region = "spec: 1\nregion: au-x\nextends: au\ntax_codes:\n  LUX: { title: Luxury }\n"
    pack = write(tmp_path, {"rules/regions/au-x.yaml": region})
    found = only(validate((), (pack,)))
    assert (found.code, at(found)) == ("PX507", "au-x.yaml:5:3")


@pytest.mark.parametrize(("length", "codes"), [("255", []), ("4000", ["PX509"])])
def test_px509_a_text_cut_too_late(tmp_path: Path, length: str, codes: list[str]) -> None:
    contact = '"Contact": { "Name": {{ contact.Name | fit(' + length + ") }} }"
    template = TEMPLATE.replace('"Contact": {{ contact }}', contact)
    result = checked(tmp_path, template=template)
    assert [f.code for f in result.findings] == codes


def test_px511_tax_codes_without_a_side(tmp_path: Path) -> None:
    rules = RULES.replace("[amount,", "[amount, lines, totals,")
    rules = rules.replace("    postings:", "    ignores: { totals: x, lines: y }\n    postings:")
    found = only(checked(tmp_path, rules=rules))
    assert (found.code, at(found)) == ("PX511", "levy.yaml:8:3")


def test_px512_a_template_that_nobody_uses(tmp_path: Path) -> None:
    pack = write(tmp_path, {**FILES, "mappings/templates/left_over.j2": "{}"})
    found = only(validate(("au",), (pack,)))
    assert (found.code, at(found)) == ("PX512", "left_over.j2:1:1")


def firm(folder: Path, *changes: tuple[str, str]) -> Path:
    text = (EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    write(folder, {"organisation.yaml": text})
    (folder / "xero.json").write_bytes((EXAMPLES / "au" / "xero.json").read_bytes())
    return folder / "organisation.yaml"


def test_px506_a_role_without_an_account(tmp_path: Path) -> None:
    path = firm(tmp_path, ('  trust_liability: "870"\n', ""))
    found = [f for f in validate((), (), path).findings if f.code == "PX506"]
    assert [f.message.split(",")[0] for f in found] == ['the role "trust_liability" has no account']


def test_px510_an_account_that_xero_does_not_have(tmp_path: Path) -> None:
    path = firm(tmp_path, ('"4200": "270"', '"4200": "2700"'))
    found = [f for f in validate((), (), path).findings if f.code == "PX510"]
    assert len(found) == 2  # the example has one archived account on purpose
    assert found[0].severity == "warning"
    assert '"4200" has the code "2700"' in found[0].message


def test_po503_an_account_of_the_wrong_class_is_told_with_the_rest(tmp_path: Path) -> None:
    path = firm(tmp_path, ('trust_liability: "870"', 'trust_liability: "200"'))
    found = [f for f in validate((), (), path).findings if f.severity == "error"]
    assert [f.code for f in found] == ["PO503"]


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("outcome: reject", "its outcome is reject"),
        ("outcome: hold, required: true", "it is required"),
        ("outcome: hold, when: { submission: older }", "submission is what other documents"),
    ],
)
def test_px523_a_rule_that_no_person_may_set_aside(tmp_path: Path, rest: str, why: str) -> None:
    rules = RULES + (
        f"  - {{ id: levy.looked_at, kinds: [levy], {rest}, may_release: person, "
        "reason: Looked at., remedy: Look at it. }\n"
    )
    found = [f for f in checked(tmp_path, rules=rules).told if f.finding.code == "PX523"]
    assert [why in f.finding.message for f in found] == [True]
    assert at(found[0].finding).startswith("levy.yaml:17:")


def test_px523_holding_by_what_stands_on_the_document_is_fine(tmp_path: Path) -> None:
    rules = RULES + (
        "  - { id: levy.looked_at, kinds: [levy], outcome: hold, may_release: person, "
        'when: { amount: { above: "9.00" } }, reason: Looked at., remedy: Look at it. }\n'
    )
    assert checked(tmp_path, rules=rules).told == ()


def firm_with(folder: Path, opening: str) -> Path:
    """The example firm of New Zealand with another opening."""
    folder.mkdir()
    for name in ("organisation.yaml", "xero.json"):
        text = (EXAMPLES / "nz" / name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    head, _, _ = text_of(folder).partition("\nopening:")
    (folder / "organisation.yaml").write_text(f"{head}\nopening:\n{opening}", encoding="utf-8")
    return folder / "organisation.yaml"


def text_of(folder: Path) -> str:
    return (folder / "organisation.yaml").read_text(encoding="utf-8")


def told_of(firm: Path, *codes: str) -> list[str]:
    result = validate((), (), firm)
    return [f.message for f in result.findings if f.code in codes]


def test_px520_trust_money_that_nobody_knows_of(tmp_path: Path) -> None:
    (told,) = told_of(firm_with(tmp_path / "a", "  documents: []\n"), "PX520")
    assert told.startswith("BA-TRUST is a trust account")
    assert told_of(firm_with(tmp_path / "b", "  trust_balances: []\n"), "PX520") == []


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("held_as: firms_funds, bank: BA-TRUST", "firms_funds"),
        ("held_as: trust_advances, bank: BA-TRUST", "trust_advances"),
        ('matter: "2001", bank: BA-OFFICE', "BA-OFFICE"),
        ("held_as: firm_funds, bank: BA-TRUST", None),
        ("held_as: trust_interest_payable, bank: BA-TRUST", None),
    ],
)
def test_px521_trust_money_that_counts_nowhere(
    tmp_path: Path, entry: str, word: str | None
) -> None:
    opening = f'  trust_balances:\n    - {{ {entry}, amount: "5.00" }}\n'
    told = told_of(firm_with(tmp_path / "firm", opening), "PX521")
    assert [word in message for message in told if word] == ([True] if word else [])
    assert len(told) == (1 if word else 0)


NUMBERED = RULES.replace("[amount,", "[amount, number,")
LONG = (
    "  - { id: levy.long, kinds: [levy], outcome: reject, reason: Too long., remedy: Shorten it., "
    "when: { number: { longer_than: LENGTH } } }\n"
)


@pytest.mark.parametrize(
    ("written", "rule", "told"),
    [
        ("{{ number }}", "", ["warning"]),
        ("{{ number }}", LONG.replace("LENGTH", "256"), ["warning"]),
        ("{{ number }}", LONG.replace("LENGTH", "255"), []),
        ("{{ number | fit(255) }}", "", []),
        ("{{ id }}", "", []),
    ],
)
def test_px509_a_field_that_may_be_too_long(
    tmp_path: Path, written: str, rule: str, told: list[str]
) -> None:
    template = TEMPLATE.replace("{{ id | fit(255) }}", written)
    assert template.count(written) == 1
    result = checked(tmp_path, rules=NUMBERED + rule, template=template)
    found = [f for f in result.findings if f.code == "PX509"]
    assert [f.severity for f in found] == told
    assert all(at(f) == "levy.json.j2:6:19" and f.hint for f in found)


@pytest.mark.parametrize(
    ("said", "is_read"),
    [
        ('link: "https://pm.example/{id}"', False),
        ("status: DRAFT", False),
        ('contact_name: "{participant.display_name}"', True),
        ("with: { bank: { bank: bank_account }, motto: { text: Hello } }", False),
    ],
)
def test_what_a_request_says_and_no_template_reads_is_told(
    tmp_path: Path, said: str, is_read: bool
) -> None:
    mappings = MAPPINGS.replace("        contact: participant\n", "").replace(
        "        with: { bank: { bank: bank_account } }\n", ""
    )
    kept = "" if said.startswith("with") else "        with: { bank: { bank: bank_account } }\n"
    request = f"        contact: participant\n{kept}        {said}\n        lines:"
    found = checked(tmp_path, mappings=mappings.replace("        lines:", request))
    assert [f.code for f in found.findings] == ([] if is_read else ["PX525"])
    key = said.partition(":")[0]
    name = "motto" if key == "with" else key
    assert all(f'"{name}"' in f.message for f in found.findings)


def test_px526_a_setting_that_nothing_reads(tmp_path: Path) -> None:
    setting = 'settings:\n  most: { title: Most, type: money, default: "9.00" }\n'
    rules = RULES.replace("kinds:", f"{setting}\nkinds:", 1)
    found = only(checked(tmp_path, rules=rules))
    assert (found.code, found.severity, at(found)) == ("PX526", "warning", "levy.yaml:8:3")
    asks = rules.replace(
        "mapping: levy }", "mapping: levy, when: { amount: { below: settings.most } } }"
    )
    assert checked(tmp_path, rules=asks).told == ()
    says = TEMPLATE.replace("{{ id | fit(255) }}", "{{ settings.most | string }}")
    assert checked(tmp_path, rules=rules, template=says).told == ()


def test_px526_a_table_is_read_by_its_name(tmp_path: Path) -> None:
    kind = "{ table_of: ledger_account }"
    setting = f"settings:\n  by_payer: {{ title: Payer, type: {kind}, default: {{}} }}\n"
    table = "{ table: by_payer, by: participant.id, otherwise: { role: levy_payable } }"
    rules = RULES.replace("kinds:", f"{setting}\nkinds:", 1)
    lines = MAPPINGS.replace("account: { role: levy_payable }", f"account: {table}")
    assert [f.code for f in checked(tmp_path, rules=rules, mappings=lines).findings] == []


LEFT = """    left_over:
      - { debit: levy_payable, amount: amount }
      - { credit: { bank: bank_account }, amount: amount }
"""


def test_px527_a_part_that_no_rule_leaves_over(tmp_path: Path) -> None:
    rules = RULES.replace("\nrules:", f"{LEFT}\nrules:", 1)
    found = only(checked(tmp_path, rules=rules))
    assert (found.code, found.severity) == ("PX527", "warning")
    assert 'the kind "levy"' in found.message
    lines = MAPPINGS.replace("    requests:", "    left_over: Payments\n    requests:")
    found = only(checked(tmp_path / "mapping", mappings=lines))
    assert (found.code, at(found)) == ("PX527", "levy.yaml:6:16")
    leaves = rules.replace(
        "mapping: levy }",
        "leaves_over: true, mapping: levy, reason: A part., remedy: Enter the rest. }",
    )
    assert checked(tmp_path, rules=leaves, mappings=lines).told == ()


def test_px325_a_layer_that_hides_what_is_left_over(tmp_path: Path) -> None:
    """Without proofs, and with both places; a mapping that makes all of it is another matter."""
    layer = "rules:\n  - { id: client_payment.allocated_part, leaves_over: false%s }\n"
    head = "spec: 1\nsection: Client Billing\n"
    pack = write(tmp_path, {"rules/levy.yaml": head + layer % ""})
    found = only(validate(("au",), (pack,)))
    assert (found.code, found.severity, at(found)) == ("PX325", "error", "levy.yaml:4:55")
    assert [p.file.endswith("client_billing.yaml") for p, _ in found.related] == [True]
    whole = layer % ", mapping: overpayment"
    write(tmp_path, {"rules/levy.yaml": head + whole})
    assert "PX325" not in [f.code for f in validate(("au",), (pack,)).findings]


@pytest.mark.parametrize(
    ("kind", "default", "hint"),
    [
        ("{ one_of: [AUTHORISED, DRAFT] }", "DRAFTS", 'did you mean "DRAFT"?'),
        ("money", '"9.005"', None),
        ("money", "much", None),
        ("flag", '"true"', None),
        ("count", '"3"', None),
        ("date", "tomorrow", None),
        ("{ table_of: ledger_account }", "4000", None),
        ("text", "{ a: b }", None),
    ],
)
def test_px326_a_default_that_its_setting_cannot_have(
    tmp_path: Path, kind: str, default: str, hint: str | None
) -> None:
    setting = f"settings:\n  own: {{ title: Own, type: {kind}, default: {default} }}\n"
    found = [
        f
        for f in checked(tmp_path, rules=RULES.replace("kinds:", f"{setting}\nkinds:", 1)).findings
        if f.code != "PX526"
    ]
    assert [(f.code, f.severity, f.hint) for f in found] == [("PX326", "error", hint)]
    assert at(found[0]).startswith("levy.yaml:8:")
