"""The lookups of an example firm: accounts, banks, roles and tax codes on the Xero side."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.firm.chart import Chart, tax_side
from pm2xero.pipeline import Pipeline

EXAMPLES = Path(__file__).parents[2] / "examples"


def chart(firm: str) -> Chart:
    loaded = Pipeline.load(EXAMPLES / firm / "organisation.yaml")
    return Chart(loaded.pack, loaded.organisation)


def test_accounts_and_banks() -> None:
    au = chart("au")
    assert (au.ledger("4000").code, au.ledger("4000").account_class) == ("200", "REVENUE")
    assert au.ledger("6190").status == "ARCHIVED"
    assert (au.bank("BA-TRUST").type, au.bank("BA-TRUST").purpose) == ("BANK", "trust")
    for unknown in (au.ledger("6200"), au.bank("BA-NOWHERE")):
        assert not unknown.mapped and not unknown.in_xero and unknown.code is None


@pytest.mark.parametrize(
    ("firm", "debtors", "creditors"), [("au", "610", "800"), ("us", "120", "200")]
)
def test_control_accounts_are_found_by_what_xero_says_they_do(
    firm: str, debtors: str, creditors: str
) -> None:
    found = chart(firm)
    assert found.role("accounts_receivable").code == debtors
    assert found.role("accounts_payable").code == creditors


def test_the_side_of_a_bank_entry_goes_by_its_account() -> None:
    assert tax_side("sales_unless_cost", "EXPENSE") == "purchases"
    assert tax_side("sales_unless_cost", "LIABILITY") == "sales"
    assert tax_side("purchases_unless_income", "REVENUE") == "sales"
    assert tax_side("purchases_unless_income", "ASSET") == "purchases"
    assert tax_side("purchases", "REVENUE") == "purchases"
    assert tax_side(None, None) == "sales"


def test_tax_codes() -> None:
    ie = chart("ie")
    assert ie.tax("VAT", "4000", "sales").type == "TAX001"
    assert ie.tax("VAT", "6010", "purchases").type == "TAX002"
    assert ie.tax("RED", "4000", "sales").type == "TAX003"
    assert ie.tax("GST", "4000", "sales").state == "undeclared"
    assert ie.tax("RED2", "4000", "sales").state == "no_rate"


def test_only_declared_tax_codes_are_remembered() -> None:
    ie = chart("ie")
    first = ie.tax("RED2", "4000", "sales")
    assert ie.tax("RED2", "4000", "sales") is first
    for number in range(50):
        ie.tax(f"X{number}", "4000", "sales")
    assert len(ie._taxes) == 1
