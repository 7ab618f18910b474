"""The organisation file and its snapshot of Xero."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pm2xero.errors import Finding, OrganisationError
from pm2xero.firm.organisation import Organisation, load_organisation, pack_folders
from pm2xero.firm.role_checks import bank_faults
from pm2xero.firm.snapshot import xero_date
from tests.support.pack_reading import write

FILE = """spec: 1
organisation: firm
region: base
base_currency: AUD
division: "1"
accounting_method: accrual
integration_start: "2026-05-01T00:00:00+10:00"
xero:
  organisation_id: 5b8e
  snapshot: xero.json
bank_accounts:
  BA-1: { xero: "090", purpose: office }
accounts:
  "4000": "200"
"""
SNAPSHOT: dict[str, Any] = {
    "Organisation": {
        "OrganisationID": "5b8e",
        "BaseCurrency": "AUD",
        "PeriodLockDate": "/Date(1430352000000+0000)/",
        "EndOfYearLockDate": "/Date(1419984000000+0000)/",
    },
    "Accounts": [
        {"AccountID": "a", "Code": "200", "Name": "Sales", "Type": "REVENUE", "Class": "REVENUE"},
        {"Name": "Debtors", "Type": "CURRENT", "Class": "ASSET", "SystemAccount": "DEBTORS"},
    ],
    "TaxRates": [{"TaxType": "T1", "EffectiveRate": 10.5, "CanApplyToRevenue": True}],
}


def load(folder: Path, text: str = FILE, snapshot: object = SNAPSHOT) -> Organisation:
    raw = snapshot if isinstance(snapshot, str) else json.dumps(snapshot)
    write(folder, {"organisation.yaml": text, "xero.json": raw})
    return load_organisation(folder / "organisation.yaml")


def faults(folder: Path, text: str = FILE, snapshot: object = SNAPSHOT) -> list[Finding]:
    with pytest.raises(OrganisationError) as caught:
        load(folder, text, snapshot)
    return list(caught.value.findings)


def test_a_firm(tmp_path: Path) -> None:
    firm = load(tmp_path)
    assert firm.integration_start == datetime(2026, 4, 30, 14, tzinfo=UTC)
    assert firm.trust_balances is None
    assert firm.xero.lock_date == date(2015, 4, 30)
    assert firm.xero.tax_rates["T1"].rate == Decimal("10.5")
    assert firm.xero.tax_rates["T1"].classes == {"REVENUE"}
    assert set(firm.xero.accounts) == {"200"}
    assert set(firm.xero.by_system) == {"DEBTORS"}
    assert len(firm.overlay) == 1


def test_the_region_of_the_command_line_wins(tmp_path: Path) -> None:
    load(tmp_path)
    firm = load_organisation(tmp_path / "organisation.yaml", "elsewhere")
    assert (firm.region, firm.region_at) == ("elsewhere", None)


@pytest.mark.parametrize(
    "key", ["organisation", "region", "base_currency", "division", "integration_start"]
)
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    text = "".join(line for line in FILE.splitlines(True) if not line.startswith(f"{key}:"))
    found = faults(tmp_path, text)
    assert [(f.code, f.message) for f in found] == [("PX106", f'the file lacks "{key}"')]


def test_its_packs_stand_beside_its_file(tmp_path: Path) -> None:
    (tmp_path / "shared" / "rules").mkdir(parents=True)
    (tmp_path / "firm" / "own" / "mappings").mkdir(parents=True)
    text = FILE.replace("region: base\n", "region: base\npacks: [../shared, own]\n")
    firm = load(tmp_path / "firm", text)
    assert firm.packs == (tmp_path / "shared", tmp_path / "firm" / "own")
    named = (tmp_path / "firm" / ".." / "shared", tmp_path / "other")
    assert pack_folders(firm.packs, named) == (*firm.packs, tmp_path / "other")


def test_a_folder_that_is_no_pack_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "shared" / "rules").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    text = FILE.replace("region: base\n", "region: base\npacks: [../sharde, ../empty]\n")
    first, second = faults(tmp_path / "firm", text)
    assert (first.code, first.hint) == ("PO508", 'did you mean "../shared"?')
    assert first.at is not None and (first.at.line, first.at.column) == (4, 9)
    assert second.message.endswith("empty has neither rules/ nor mappings/")


def test_all_its_faults_are_told_at_once_in_their_order(tmp_path: Path) -> None:
    text = FILE.replace("2026-05-01T00:00:00+10:00", "2026").replace("xero.json", "x.json")
    text = text.replace("region: base\n", "region: base\npacks: [none]\nx: 1\n")
    found = faults(tmp_path, text)
    assert [f.code for f in found] == ["PO508", "PX105", "PO501", "PO502"]


@pytest.mark.parametrize("start", ["2026-05-01T00:00:00", "2026-05-01", "1 May 2026"])
def test_the_start_of_the_integration_needs_its_time_zone(tmp_path: Path, start: str) -> None:
    (finding,) = faults(tmp_path, FILE.replace("2026-05-01T00:00:00+10:00", start))
    assert finding.code == "PO501"
    assert finding.message == f'"{start}" is not a moment with its time zone'
    assert finding.at is not None
    assert (finding.at.line, finding.at.column) == (7, 20)
    assert finding.should_be == 'integration_start: "2026-05-01T00:00:00Z"'


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        ("{", "is not JSON (line 1, column 2)"),
        ("[]", "is not made of Xero's answers"),
        ("null", "is not made of Xero's answers"),
        ({**SNAPSHOT, "Accounts": 7}, "is not made of Xero's answers"),
        ({"Accounts": [], "TaxRates": []}, 'lacks "Organisation"'),
        ({**SNAPSHOT, "Accounts": [{"Code": "200"}]}, 'lacks "Name"'),
        ({**SNAPSHOT, "TaxRates": [{"TaxType": "T1", "EffectiveRate": "x"}]}, "is not made of"),
    ],
)
def test_a_bad_snapshot(tmp_path: Path, snapshot: object, message: str) -> None:
    (finding,) = faults(tmp_path, FILE, snapshot)
    assert finding.code == "PO502"
    assert message in finding.message
    assert finding.at is not None
    assert (finding.at.line, finding.at.column) == (10, 13)


def test_a_missing_snapshot_and_a_missing_file(tmp_path: Path) -> None:
    write(tmp_path, {"organisation.yaml": FILE})
    for name, code in (("organisation.yaml", "PO502"), ("other.yaml", "PX100")):
        with pytest.raises(OrganisationError) as caught:
            load_organisation(tmp_path / name)
        assert [f.code for f in caught.value.findings] == [code]


def test_all_faults_of_the_file_at_once(tmp_path: Path) -> None:
    text = FILE.replace("office", "ofice").replace('"200"', "200") + "regoin: x\n"
    assert [(f.code, f.hint) for f in faults(tmp_path, text)] == [
        ("PX104", 'did you mean "office"?'),
        ("PX107", 'put it in quotes: "200"'),
        ("PX105", 'did you mean "region"?'),
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/Date(1439434356790+0000)/", date(2015, 8, 13)),
        ("/Date(-86400000)/", date(1969, 12, 31)),
        ("2026-05-31T00:00:00", date(2026, 5, 31)),
        ("", None),
        (None, None),
    ],
)
def test_dates_as_xero_sends_them(raw: object, expected: date | None) -> None:
    assert xero_date(raw) == expected


def test_a_file_that_is_no_mapping_is_told(tmp_path: Path) -> None:
    for text in ("- 1\n", "text\n", "1\n"):
        (found,) = faults(tmp_path, text)
        assert found.code == "PX107"


@pytest.mark.parametrize("name", ["a" * 300, "\0", "no/such/place"])
def test_a_pack_by_an_odd_name_is_told(tmp_path: Path, name: str) -> None:
    text = FILE.replace("region: base\n", f"region: base\npacks: [{json.dumps(name)}]\n")
    assert [f.code for f in faults(tmp_path, text)] == ["PO508"]


def test_a_pack_that_is_no_text_is_told_once(tmp_path: Path) -> None:
    text = FILE.replace("region: base\n", "region: base\npacks: [1, { a: b }]\n")
    assert [f.code for f in faults(tmp_path, text)] == ["PX107", "PX107"]


def test_trust_money_has_an_account_of_its_own_in_xero(tmp_path: Path) -> None:
    both = '  BA-1: { xero: "090", purpose: office }\n  BA-2: { xero: "090", purpose: trust }\n'
    firm = load(tmp_path, FILE.replace('  BA-1: { xero: "090", purpose: office }\n', both))
    (found,) = bank_faults(firm)
    assert found.code == "PO509"
    assert '"BA-1" (office) and "BA-2" (trust)' in found.message
    assert found.at is not None and found.at.line == 13
    same = both.replace("trust", "office")
    firm = load(tmp_path, FILE.replace('  BA-1: { xero: "090", purpose: office }\n', same))
    assert list(bank_faults(firm)) == []
