"""Every mapping books what its kind declares, and one that does not is caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.pack.load import extension, load_pack
from pm2xero.pack.organisation import load_organisation
from pm2xero.verify.soundness import SoundnessReport, check_soundness

EXAMPLES = Path(__file__).parents[2] / "examples"
REGIONS = sorted(p.parent.name for p in EXAMPLES.glob("*/organisation.yaml"))


def report(region: str, pack: Path | None = None, per_kind: int = 6) -> SoundnessReport:
    firm = load_organisation(EXAMPLES / region / "organisation.yaml")
    extensions = (extension(pack),) if pack is not None else ()
    return check_soundness(
        load_pack(firm.region, extensions=extensions), firm, seed=3, per_kind=per_kind
    )


@pytest.mark.parametrize("region", REGIONS)
def test_built_in_pack_is_sound(region: str) -> None:
    found = report(region)
    assert found.findings == ()
    assert found.transactions > 100
    assert found.kinds >= 16


PLANTED = {
    "wrong account": (
        "trust_receipt",
        "{ each: trust_lines, account: { role: trust_interest_payable }, net: amount }",
        "movement: receive\n        with: { bank: { bank: bank_account }, amounts: NoTax }",
        "BankTransactions",
        "bank_transaction.json.j2",
    ),
    "lost cent": (
        "trust_payment",
        "{ account: { role: trust_liability }, net: amount }",
        "movement: spend\n        with: { bank: { bank: bank_account }, amounts: NoTax }",
        "BankTransactions",
        "lost_cent.json.j2",
    ),
    "wrong way round": (
        "trust_receipt",
        "{ each: trust_lines, account: { role: trust_liability }, net: amount }",
        "movement: spend\n        with: { bank: { bank: bank_account }, amounts: NoTax }",
        "BankTransactions",
        "bank_transaction.json.j2",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_with_both_journals(tmp_path: Path, fault: str) -> None:
    mapping, line, more, endpoint, template = PLANTED[fault]
    (tmp_path / "mappings" / "templates").mkdir(parents=True)
    original = (
        Path(__file__).parents[2] / "mappings" / "templates" / "bank_transaction.json.j2"
    ).read_text(encoding="utf-8")
    (tmp_path / "mappings" / "templates" / "lost_cent.json.j2").write_text(
        original.replace(
            '"LineAmount": {{ line.net }}',
            '"LineAmount": {{ line.net - amount % 1 if amount > 1 else line.net }}',
        ).replace(
            '"UnitAmount": {{ line.net }}',
            '"UnitAmount": {{ line.net - amount % 1 if amount > 1 else line.net }}',
        )
    )
    contact = "payee" if mapping == "trust_payment" else "participant"
    (tmp_path / "mappings" / "planted.yaml").write_text(
        f"""spec: 1
mappings:
  {mapping}:
    requests:
      - id: planted
        put: {endpoint}
        template: {template}
        {more}
        contact: {contact}
        lines: [{line}]
"""
    )
    found = report("au", tmp_path)
    unsound = [u for u in found.unsound if u.mapping == mapping]
    assert len(unsound) == 1, found.findings
    finding = unsound[0].finding
    assert finding.code == "PX801"
    assert unsound[0].declared != unsound[0].booked
    assert "declared" in finding.message and "in Xero" in finding.message
    assert unsound[0].document["kind"] == mapping


def test_a_taxed_trust_line_is_found(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "planted.yaml").write_text(
        """spec: 1
mappings:
  trust_statutory_deposit:
    requests:
      - id: planted
        when: { direction: deposit }
        put: BankTransactions
        template: bank_transaction.json.j2
        movement: spend
        with: { bank: { bank: bank_account }, amounts: Inclusive }
        contact: participant
        lines: [{ account: { role: trust_interest_payable }, net: amount }]
"""
    )
    found = report("au", tmp_path)
    assert "trust_statutory_deposit" in {u.mapping for u in found.unsound}


def test_the_same_seed_gives_the_same_transactions() -> None:
    first, second = report("nz", per_kind=2), report("nz", per_kind=2)
    assert first == second
