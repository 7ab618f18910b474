"""Every folder of bad_packs is a pack with a fault; what is said about it is kept word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from pm2xero.errors import Finding, Pm2XeroError
from pm2xero.firm.organisation import load_organisation
from pm2xero.pack.load import examine, extension, load_pack
from pm2xero.render.template_checks import check_templates
from pm2xero.report.findings import format_findings
from pm2xero.report.sources import read_source

HERE = Path(__file__).parent
FOLDERS = sorted(p.name for p in (HERE / "bad_packs").iterdir() if p.is_dir())


def faults_of(folder: Path) -> tuple[Finding, ...]:
    """What is wrong with the organisation file of a folder, else with its pack."""
    organisation = folder / "organisation.yaml"
    try:
        if organisation.is_file():
            firm = load_organisation(organisation)
            load_pack(firm.region, overlay=(firm.file, firm.overlay), region_at=firm.region_at)
            return ()
        examined = examine("au", extensions=(extension(folder),))
        if examined.faults:
            return examined.faults
        return tuple(check_templates(examined.sound())) or examined.findings
    except Pm2XeroError as exc:
        return exc.findings


@pytest.mark.parametrize("name", FOLDERS)
def test_message(name: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "bad_packs")
    findings = faults_of(Path(name))
    assert findings, "the pack was taken as good"
    assert all(f.at is not None for f in findings), "a fault without a place"
    assert format_findings(findings, read_source) == snapshot
