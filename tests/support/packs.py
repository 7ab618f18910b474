"""Small packs that extend the built-in one, for the checks."""

from __future__ import annotations

from pathlib import Path

from pm2xero.errors import Finding
from pm2xero.validate.run import Validation, validate

EXAMPLES = Path(__file__).parents[2] / "examples"

RULES = """spec: 1
section: Levies

roles:
  levy_payable: { title: Levy payable, class: LIABILITY }

kinds:
  levy:
    title: A levy
    fields: { required: [amount, bank_account, participant] }
    postings:
      - { debit: levy_payable, amount: amount }
      - { credit: { bank: bank_account }, amount: amount }

rules:
  - { id: levy, kinds: [levy], outcome: post, mapping: levy }
"""
MAPPINGS = """spec: 1
section: Levies

mappings:
  levy:
    requests:
      - id: payment
        put: BankTransactions
        template: levy.json.j2
        movement: spend
        with: { bank: { bank: bank_account } }
        contact: participant
        lines:
          - { account: { role: levy_payable }, net: amount, describe: Levy }
"""
TEMPLATE = """{
  "Type": "SPEND",
  "Contact": {{ contact }},
  "BankAccount": { "Code": {{ bank.code }} },
  "Date": {{ date }},
  "Reference": {{ id | fit(255) }},
  "LineAmountTypes": "NoTax",
  "LineItems": [
    {% for line in lines %}
    { "Description": {{ line.description }}, "Quantity": 1, "UnitAmount": {{ line.net }},
      "LineAmount": {{ line.net }}, "AccountCode": {{ line.account }},
      "TaxType": {{ line.tax_type }} }
    {% if not loop.last %},{% endif %}
    {% endfor %}
  ]
}
"""
FILES = {
    "rules/levy.yaml": RULES,
    "mappings/levy.yaml": MAPPINGS,
    "mappings/templates/levy.json.j2": TEMPLATE,
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Files by their path below a folder."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def checked(folder: Path, *, region: str = "au", **changed: str) -> Validation:
    """What is found in the levy pack, with some files otherwise (dots for slashes aside)."""
    files = dict(FILES)
    for name, text in changed.items():
        path = {"rules": "rules/levy.yaml", "mappings": "mappings/levy.yaml"}.get(
            name, "mappings/templates/levy.json.j2"
        )
        files[path] = text
    return validate((region,), (write(folder, files),))


def only(result: Validation) -> Finding:
    """The single finding."""
    assert len(result.told) == 1, [(f.code, f.message) for f in result.findings]
    return result.findings[0]


def at(finding: Finding) -> str:
    """`levy.yaml:4:3`: the place without its folder."""
    assert finding.at is not None
    return f"{Path(finding.at.file).name}:{finding.at.line}:{finding.at.column}"
