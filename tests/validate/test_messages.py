"""Messages about faults of a pack that people meet first, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from pm2xero.report.findings import format_findings
from pm2xero.validate.run import validate
from tests.support.packs import FILES, MAPPINGS, RULES, TEMPLATE, write

KIND = RULES.replace(
    "required: [amount, bank_account, participant] }",
    "required: [amount, bank_account, participant, trust_lines], optional: [memo, matter] }",
)
REFERENCE = '"Reference": {{ id | fit(255) }},'
LINES = "          - { account: { role: levy_payable }, net: amount, describe: Levy }\n"


def reference(text: str) -> dict[str, str]:
    return {"mappings/templates/levy.json.j2": TEMPLATE.replace(REFERENCE, f'"Reference": {text},')}


WRONG: dict[str, dict[str, str]] = {
    "a field of a group that may be missing": reference("{{ matter.id }}"),
    "a value that may be missing": reference("{{ memo }}"),
    "get of a group": reference('{{ matter.get("id", "") }}'),
    "get of a group that is always there": reference('{{ participant.get("email") or "" }}'),
    "an endpoint that is not offered": {
        "mappings/levy.yaml": MAPPINGS.replace("put: BankTransactions", "put: Items")
    },
    "an endpoint that is only changed": {
        "mappings/levy.yaml": MAPPINGS.replace(
            "put: BankTransactions", "post: BankTransactons/{id}"
        )
    },
    "when beside each asks of the item": {
        "mappings/levy.yaml": MAPPINGS.replace(
            LINES,
            "          - { each: trust_lines, when: { description: { matches: x } }, "
            "account: { role: levy_payable }, net: amount, describe: Levy }\n",
        )
    },
    "when beside each asks of the document, and may mean the items": {
        "mappings/levy.yaml": MAPPINGS.replace(
            LINES,
            '          - { each: trust_lines, when: { amount: { above: "5.00" } }, '
            "account: { role: levy_payable }, net: amount, describe: Levy }\n",
        )
    },
    "where asks of the document": {
        "mappings/levy.yaml": MAPPINGS.replace(
            LINES,
            "          - { where: { memo: { present: true } }, "
            "account: { role: levy_payable }, net: amount, describe: Levy }\n",
        )
    },
    "neither put nor post after an override": {
        "mappings/more.yaml": "spec: 1\nsection: Levies\nmappings:\n  sales_invoice:\n"
        "    requests:\n      - id: invioce\n        status: DRAFT\n"
    },
    "both put and post": {
        "mappings/levy.yaml": MAPPINGS.replace(
            "put: BankTransactions", "put: BankTransactions\n        post: BankTransactions/{id}"
        )
    },
    "an account that has no code": {
        "mappings/levy.yaml": MAPPINGS.replace(
            "{ bank: bank_account }", "{ account: bank_account }"
        )
    },
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_told(tmp_path: Path, wrong: str, snapshot: SnapshotAssertion) -> None:
    pack = write(tmp_path, {**FILES, "rules/levy.yaml": KIND, **WRONG[wrong]})
    found = validate(("au",), (pack,)).findings
    told = [f for f in found if f.code not in ("PX504", "PX509")]
    assert told

    def source(name: str) -> list[str] | None:
        file = Path(name)
        return file.read_text(encoding="utf-8").splitlines() if file.is_file() else None

    text = format_findings(told, source)
    assert text.replace(f"{tmp_path}/", "") == snapshot
