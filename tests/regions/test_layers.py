"""What a region or state layer makes different, and what it says about it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pm2xero.decide.decision import Decision
from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.firm.tax_rates import resolve_tax
from pm2xero.pack.load import load_pack, regions
from pm2xero.pipeline import Pipeline

from .firms import EXAMPLES, FIRMS, decided, firm_with, month

REGIONS = regions()
AUSTRALIA = {"au", "au-nsw", "au-vic", "au-qld"}
SALES = frozenset({"ASSET", "EQUITY", "LIABILITY", "REVENUE"})
PURCHASES = frozenset({"ASSET", "EQUITY", "EXPENSE", "LIABILITY"})


def outcome(region: str, rule: str) -> str | None:
    """What a rule comes to in a region; None where there is no such rule."""
    return next((r.outcome for r in load_pack(region).rules if r.id == rule), None)


@pytest.mark.parametrize("region", REGIONS)
def test_regional_kinds(region: str) -> None:
    here = "post" if region in AUSTRALIA else "reject"
    assert outcome(region, "trust_statutory_deposit") == here
    advances = "post" if region == "nz" else "reject"
    assert outcome(region, "trust_advance") == advances
    assert outcome(region, "trust_invoice_payment.deferred") == advances
    assert outcome(region, "firm_funds_in_trust") == (None if region == "nz" else "reject")
    assert outcome(region, "trust_equation") == "reject"
    reimbursed = "post" if region in ("uk", "au-qld") else "reject"
    assert outcome(region, "reimbursement_without_bill") == reimbursed
    charged = "post" if region.split("-")[0] in ("ca", "us", "za") else "reject"
    assert outcome(region, "trust_bank_charge") == charged
    assert outcome(region, "not_supported.general_retainer") == "reject"


@pytest.mark.parametrize("region", REGIONS)
def test_every_region_has_words_and_tax_codes(region: str) -> None:
    pack = load_pack(region)
    assert {"tax", "trust_account", "bill", "disbursement"} <= set(pack.words)
    assert "NT" in pack.tax_codes
    assert pack.no_tax == pack.tax_codes["NT"].types["sales"]


@pytest.mark.parametrize("region", [r for r in REGIONS if "-" in r])
def test_a_state_says_what_is_its_own(region: str) -> None:
    country = load_pack(region.split("-")[0])
    state = load_pack(region)
    assert state.layers[:-1] == country.layers
    assert state.words != country.words
    changed = [r.id for r in state.rules if any(o.layer == region for o in r.origins.values())]
    codes = [c for c in state.tax_codes if state.tax_codes[c] != country.tax_codes.get(c)]
    assert changed or codes


def _rates(*rows: tuple[str, str, str, frozenset[str]]) -> dict[str, XeroTaxRate]:
    return {
        type_: XeroTaxRate(type_, name, Decimal(rate), "ACTIVE", classes)
        for type_, name, rate, classes in rows
    }


# A part of what Xero ships to Canada (developer.xero.com, TaxRates).
CANADA = _rates(
    ("NONE", "Tax Exempt", "0", SALES | PURCHASES),
    ("OUTPUT", "Tax on Sales", "0", SALES | PURCHASES),
    ("CAN001", "AB - GST on Purchases", "5", PURCHASES),
    ("CAN011", "NT - GST on Purchases", "5", PURCHASES),
    ("CAN004", "NB - HST on Purchases", "15", PURCHASES),
    ("CAN005", "NL - HST on Purchases", "15", PURCHASES),
    ("CAN006", "NS - HST on Purchases (pre 1 April '25)", "15", PURCHASES),
    ("CAN007", "ON - HST on Purchases", "13", PURCHASES),
    ("CAN008", "PE - HST on Purchases", "15", PURCHASES),
    ("CAN014", "AB - GST on Sales", "5", SALES),
    ("CAN015", "BC - GST/PST on Sales", "12", SALES),
    ("CAN017", "NB - HST on Sales", "15", SALES),
    ("CAN018", "NL - HST on Sales", "15", SALES),
    ("CAN019", "NS - HST on Sales (pre 1 April '25)", "15", SALES),
    ("CAN020", "ON - HST on Sales", "13", SALES),
    ("CAN021", "PE - HST on Sales", "15", SALES),
    ("CAN022", "QC - GST/QST on Sales", "14.975", SALES),
    ("CAN023", "SK - GST/PST on Sales", "11", SALES),
    ("CAN024", "NT - GST on Sales", "5", SALES),
    ("CAN027", "QC - GST/QST on Purchases", "14.975", PURCHASES),
    ("CAN028", "MB - GST/RST on Sales", "12", SALES),
    ("CAN030", "Exempt Sales", "0", SALES),
    ("CAN031", "NS - HST on Purchases", "14", PURCHASES),
    ("CAN032", "NS - HST on Sales", "14", SALES),
)


@pytest.mark.parametrize(
    ("region", "code", "side", "wanted"),
    [
        ("ca", "GST", "sales", "CAN014"),
        ("ca", "GST", "purchases", "CAN001"),
        ("ca", "HST-PE", "sales", "CAN021"),
        ("ca", "HST-NL", "purchases", "CAN005"),
        ("ca", "EX", "sales", "CAN030"),
        ("ca", "EX", "purchases", "NONE"),
        ("ca", "HST", "sales", None),
        ("ca-ab", "GST", "sales", "CAN014"),
        ("ca-bc", "GST-PST", "sales", "CAN015"),
        ("ca-bc", "GST-PST", "purchases", None),
        ("ca-mb", "GST-RST", "sales", "CAN028"),
        ("ca-nb", "HST", "sales", "CAN017"),
        ("ca-ns", "HST", "sales", "CAN032"),
        ("ca-ns", "HST", "purchases", "CAN031"),
        ("ca-on", "HST", "sales", "CAN020"),
        ("ca-on", "HST", "purchases", "CAN007"),
        ("ca-on", "HST-NB", "purchases", "CAN004"),
        ("ca-qc", "GST-QST", "sales", "CAN022"),
        ("ca-qc", "GST-QST", "purchases", "CAN027"),
        ("ca-sk", "GST-PST", "sales", "CAN023"),
    ],
)
def test_provinces_find_their_rate(region: str, code: str, side: str, wanted: str | None) -> None:
    declared = load_pack(region).tax_codes.get(code)
    account_class = "REVENUE" if side == "sales" else "EXPENSE"
    fact = resolve_tax(declared, side, account_class, CANADA)
    assert fact.type == wanted
    assert fact.mapped == (wanted is not None)
    if wanted is not None:
        assert fact.suits_account


def _first_bill(pipeline: Pipeline, firm: str, tax_code: str) -> Decision:
    bill = next(
        d
        for d, e in zip(month(firm), decided(Pipeline.load(_file(firm)), month(firm)), strict=True)
        if d["kind"] == "client_bill"
        and e[0].outcome == "post"
        and any(line["tax_code"] == tax_code for line in d["lines"])
    )
    return next(decided(pipeline, [bill]))[0]


def _file(firm: str) -> Path:
    return EXAMPLES / firm / "organisation.yaml"


@pytest.mark.parametrize(
    ("firm", "code", "old", "was", "right"),
    [
        ("sg", "GST", "OUTPUTY23", "8 %", "OUTPUTY24"),
        ("sg", "GST", "OUTPUT", "7 %", "OUTPUTY24"),
        ("za", "VAT", "OUTPUT", "14 %", "OUTPUT3"),
        ("uk", "VAT", "RROUTPUT", "5 %", "OUTPUT2"),
    ],
)
def test_an_old_generation_of_a_rate_is_refused_with_the_right_one(
    firm: str, code: str, old: str, was: str, right: str, tmp_path: Path
) -> None:
    pipeline = firm_with(firm, tmp_path, f"tax_codes: {{ {code}: {{ sales: {old} }} }}\n")
    decision = _first_bill(pipeline, firm, code)
    assert [r.code for r in decision.reasons] == ["tax_rate_generation"]
    message = decision.reasons[0].message
    assert old in message and was in message and right in message


def test_a_rate_that_the_firm_lacks_is_asked_for(tmp_path: Path) -> None:
    pipeline = firm_with("ie", tmp_path, 'tax_codes: { VAT: { sales: { rate: "25" } } }\n')
    decision = _first_bill(pipeline, "ie", "VAT")
    assert [r.code for r in decision.reasons] == ["tax_code_not_mapped"]
    assert "25 %" in decision.reasons[0].message


def test_a_rate_that_could_be_several_is_asked_for(tmp_path: Path) -> None:
    pipeline = firm_with("ie", tmp_path, 'tax_codes: { VAT: { sales: { rate: "0" } } }\n')
    decision = _first_bill(pipeline, "ie", "VAT")
    assert "tax_code_not_mapped" in [r.code for r in decision.reasons]
    assert "OUTPUT, INPUT, NONE" in decision.reasons[0].message


def test_an_archived_type_is_refused_by_name(tmp_path: Path) -> None:
    pipeline = firm_with("nz", tmp_path, "tax_codes: { GST: { sales: OUTPUT } }\n")
    decision = _first_bill(pipeline, "nz", "GST")
    assert [r.code for r in decision.reasons] == ["tax_code_not_mapped"]
    assert "OUTPUT," in decision.reasons[0].message


def test_interest_and_withholding_tax_make_the_gross_interest() -> None:
    interest: dict[str, Any] = next(d for d in month("nz") if d.get("withholding_tax"))
    wrong = {**interest, "withholding_tax": "1.00"}
    right, other = (next(decided(Pipeline.load(_file("nz")), [d]))[0] for d in (interest, wrong))
    assert right.outcome == "post"
    assert [r.code for r in other.reasons] == ["totals_mismatch"]


def test_interest_for_a_statutory_body_is_refused_where_there_is_none() -> None:
    interest = next(d for d in month("uk") if d["kind"] == "trust_interest")
    decision, _ = next(
        decided(Pipeline.load(_file("uk")), [{**interest, "beneficiary": "statutory_body"}])
    )
    assert [r.code for r in decision.reasons] == ["not_available_in_region"]


@pytest.mark.parametrize("firm", [f for f in FIRMS if f in ("uk", "ie", "sg")])
def test_refusals_speak_of_client_accounts(firm: str) -> None:
    pipeline = Pipeline.load(_file(firm))
    for decision, _ in decided(pipeline, month(firm)):
        for reason in decision.reasons:
            assert "trust account" not in reason.message, reason.message
