"""The commands of an implementer: what they show, what they refuse to write, what they find."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from pm2xero.errors import Finding, Position
from pm2xero.firm.organisation import load_organisation
from pm2xero.pack.files import builtin, regions
from pm2xero.report.findings import format_findings

from .conftest import Run


@pytest.fixture
def own_firm(firm: Path, tmp_path: Path) -> Path:
    """A copy of the example firm that a test may change."""
    shutil.copytree(firm.parent, tmp_path / "firm", ignore=shutil.ignore_patterns("*.sqlite3*"))
    return tmp_path / "firm" / "organisation.yaml"


def change(file: Path, pattern: str, by: str) -> None:
    text = file.read_text(encoding="utf-8")
    changed = re.sub(pattern, by, text, count=1)
    assert changed != text
    file.write_text(changed, encoding="utf-8")


def test_show_lists_everything_that_it_shows(run: Run) -> None:
    listed = run("show", "--region", "nz").stdout
    assert {"# rule (", "# kind (", "# mapping (", "# tax code (", "# template ("} <= {
        line.partition("(")[0] + "(" for line in listed.splitlines() if line.startswith("#")
    }
    names = [line for line in listed.splitlines() if line and not line.startswith("#")]
    assert {"locked_period", "client_bill", "invoice.json.j2"} <= {*names}
    groups = [
        json.loads(x) for x in run("show", "--region", "nz", "--format", "json").stdout.splitlines()
    ]
    for group in groups:
        if group["what"] in ("rule", "template", "kind"):
            assert run("show", group["ids"][0], "--region", "nz").exit_code == 0


def test_show_a_template_with_who_uses_it(run: Run, tmp_path: Path) -> None:
    told = run("show", "payment.json.j2", "--region", "nz").stdout
    assert "# used by: payment/payment  mappings/base/client_billing.yaml:" in told
    assert "{{ account.code }}" in told
    own = tmp_path / "mappings" / "templates" / "payment.json.j2"
    own.parent.mkdir(parents=True)
    own.write_text('{ "Amount": {{ item.amount }} }\n', encoding="utf-8")
    told = run("show", "payment.json.j2", "--region", "nz", "--pack", tmp_path).stdout
    assert str(own) in told and "# instead of: " in told
    assert (
        'did you mean "payment.json.j2"?' in run("show", "paymnt.json.j2", "--region", "nz").stderr
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("kind", "client_bill"), 'PU924  there is a kind "client_bill" already'),
        (("region", "xx", "--extends", "nowhere"), "PU929"),
        (("region", "xx", "--extends", "nowhere"), 'there is no region "nowhere"'),
    ],
)
def test_init_writes_nothing_that_does_not_validate(
    run: Run, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    result = run("init", *words, "--into", tmp_path / "pack")
    assert result.exit_code == 2
    assert says in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("parent", ["au", "uk", "us", "nz", "ca-on", "base"])
def test_init_region_builds_on_any_other(run: Run, tmp_path: Path, parent: str) -> None:
    assert run("init", "region", "xx", "--extends", parent, "--into", tmp_path).exit_code == 0
    further = run("init", "region", "xx-north", "--extends", "xx", "--into", tmp_path)
    assert further.exit_code == 0, further.output
    checked = run("validate", tmp_path, "--no-proofs", "--fail-on", "warning")
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize("region", regions((builtin(),)))
def test_a_new_firm_of_every_region_validates(run: Run, tmp_path: Path, region: str) -> None:
    """Also that payments may go to each account that its mappings pay to."""
    words = ("--region", region, "--currency", "NZD", "--into", tmp_path)
    assert run("init", "firm", "own", *words).exit_code == 0
    checked = run("validate", "--org", tmp_path / "organisation.yaml", "--no-proofs")
    assert checked.exit_code == 0, checked.output


def test_an_account_that_takes_no_payments_is_named(run: Run, tmp_path: Path) -> None:
    words = ("--region", "nz", "--currency", "NZD", "--into", tmp_path)
    run("init", "firm", "own", *words)
    snapshot = tmp_path / "xero.json"
    change(snapshot, '"EnablePaymentsToAccount": true', '"EnablePaymentsToAccount": false')
    checked = run("validate", "--org", tmp_path / "organisation.yaml")
    assert checked.exit_code == 1
    assert "PX524" in checked.stdout and "enable payments to this account" in checked.stdout
    assert "PX801" not in checked.stdout


@pytest.mark.parametrize(
    ("pattern", "by", "rule"),
    [
        (r"base_currency: AUD", "base_currency: NZD", "base_currency_differs"),
        (r"organisation_id: .*", "organisation_id: 11111111-2222-4333-8444-555555555555",
         "xero_organisation_changed"),
    ],
)  # fmt: skip
def test_a_firm_that_can_post_nothing_fails(
    run: Run, own_firm: Path, pattern: str, by: str, rule: str
) -> None:
    fine = run("validate", "--org", own_firm, "--soundness", "off")
    assert "PX607" not in fine.output
    change(own_firm, pattern, by)
    result = run("validate", "--org", own_firm, "--soundness", "off")
    assert result.exit_code == 1
    assert "PX607" in result.stdout and f"these rules always hold for it: {rule}" in result.stdout


# What the built-in template of a payment says under Reference.
_REFERENCE = '[id, number, check_number, batch, reference] | together(" · ") | fit(255)'


def test_diff_tells_the_values_of_bodies(run: Run, firm: Path, month: Path, tmp_path: Path) -> None:
    template = tmp_path / "mappings" / "templates" / "payment.json.j2"
    template.parent.mkdir(parents=True)
    text = run("show", "payment.json.j2", "--region", "au", "--format", "json").stdout
    template.write_text(json.loads(text)["text"].replace(_REFERENCE, '"paid"'), "utf-8")
    words = ("diff", "au", tmp_path, "--org", firm, "--on", month, "--no-solve")
    told = run(*words).stdout
    assert re.search(r'AU-\d+/payment  Reference: "AU-\d+.*" → "paid"', told)
    data = json.loads(run(*words, "--format", "json").stdout)
    first = data["impact"]["effects"]["bodies changed"]["first"][0]["values"][0]
    assert (first["path"], first["new"]) == ("Reference", '"paid"')
    assert "- `" not in run(*words, "--format", "markdown").stdout.partition("</details>")[0]


@pytest.mark.parametrize("width", [40, 60, 200])
def test_findings_are_as_wide_as_the_terminal(width: int) -> None:
    at = Position("rules/own.yaml", 1, 150)
    allowed = "one of: " + ", ".join(f"value_{n}" for n in range(40))
    finding = Finding("PX104", "short", at, "hint", allowed)
    text = format_findings([finding], lambda _: ["x" * 300], width=width)
    assert max(map(len, text.splitlines()[2:])) <= width + len(" ^ hint")
    assert text.count("value_") == 40


CHART = """account,xero,purpose,role
BA-OFFICE,090,office,
BA-TRUST,091,trust,
4000,200,,
,870,,trust_liability
"""


def test_init_of_a_firm_with_its_own_xero_and_chart(run: Run, firm: Path, tmp_path: Path) -> None:
    chart, into = tmp_path / "chart.csv", tmp_path / "own"
    chart.write_text(CHART, encoding="utf-8")
    words = ("init", "firm", "marsh", "--into", into, "--region", "au")
    own = ("--snapshot", firm.parent / "xero.json", "--chart", chart, "--start", "2026-05-01")
    made = run(*words, *own)
    assert made.exit_code == 0, made.output
    checked = run("validate", "--org", into / "organisation.yaml", "--no-proofs")
    assert checked.exit_code == 0, checked.output
    loaded = load_organisation(into / "organisation.yaml")
    assert (loaded.accounts, loaded.roles) == ({"4000": "200"}, {"trust_liability": "870"})
    assert {n: (b.code, b.purpose) for n, b in loaded.bank_accounts.items()} == {
        "BA-OFFICE": ("090", "office"), "BA-TRUST": ("091", "trust"),
    }  # fmt: skip
    assert loaded.xero_organisation_id == load_organisation(firm).xero_organisation_id
    text = (into / "organisation.yaml").read_text(encoding="utf-8")
    assert "pm2xero opening --org" in text and "# opening:" in text
    assert "# trust_advances: the code in Xero" in text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("4000,2000,,", 'Xero has no account with the code "2000"'),
        ("BA-X,090,,", 'the bank "BA-X" must be of the purpose office or trust'),
        (",870,,trust_liabilty", 'did you mean "trust_liability"?'),
    ],
)
def test_every_line_of_a_chart_that_cannot_be_used_is_told(
    run: Run, firm: Path, tmp_path: Path, line: str, says: str
) -> None:
    chart, into = tmp_path / "chart.csv", tmp_path / "own"
    chart.write_text(f"account,xero,purpose,role\n4010,200,,\n{line}\n", encoding="utf-8")
    result = run(
        "init", "firm", "marsh", "--into", into, "--region", "au", "--chart", chart,
        "--snapshot", firm.parent / "xero.json",
    )  # fmt: skip
    assert result.exit_code == 2
    assert f"{chart}:3:1" in result.stderr and says in result.stderr
    assert not into.exists()


def test_a_chart_without_its_snapshot_is_refused(run: Run, tmp_path: Path) -> None:
    chart, into = tmp_path / "chart.csv", tmp_path / "own"
    chart.write_text(CHART, encoding="utf-8")
    words = ("--region", "au", "--currency", "AUD", "--chart", chart, "--into", into)
    result = run("init", "firm", "marsh", *words)
    assert result.exit_code == 2 and "--chart needs the firm's --snapshot" in result.stderr
    assert not into.exists()


def test_examples_use_accounts_of_the_purpose(run: Run, firm: Path) -> None:
    """Money of clients stands in trust banks, and what is bought is a cost."""
    loaded = load_organisation(firm)

    def shown(kind: str) -> dict[str, Any]:
        told = run("schema", kind, "--example", "--org", firm, "--format", "json").stdout
        found: dict[str, Any] = json.loads(told)
        return found

    banks = loaded.bank_accounts
    assert banks[shown("trust_payment")["bank_account"]].purpose == "trust"
    moved = shown("trust_invoice_payment")
    assert banks[moved["bank_account"]].purpose == "trust"
    assert banks[moved["to_bank_account"]].purpose == "office"
    for kind, wanted in (("supplier_invoice", "EXPENSE"), ("client_bill", "REVENUE")):
        code = loaded.accounts[shown(kind)["lines"][0]["gl_account"]]
        assert loaded.xero.accounts[code].account_class == wanted


def test_a_firm_file_that_is_none_is_broken_input(run: Run, month: Path) -> None:
    result = run("validate", "--org", month, "--no-proofs")
    assert result.exit_code == 2 and "PX101" in result.stdout
