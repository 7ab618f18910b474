"""What a change does, in words, and on the documents of a month."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from pm2xero.compare.changes import Comparison, compare
from pm2xero.compare.impact import Impact, impact
from pm2xero.compare.sides import opened
from pm2xero.errors import UsageError
from pm2xero.pack.load import Examined, examine, extension
from pm2xero.pipeline import Pipeline
from pm2xero.read.stream import open_source
from tests.support.packs import EXAMPLES, FILES, TEMPLATE, write


def against(folder: Path, text: str) -> Comparison:
    pack = write(folder, {"rules/firm.yaml": f"spec: 1\n{text}"})
    return compare([("au", examine("au"), examine("au", extensions=(extension(pack),)))])


def test_the_same_pack_has_no_changes() -> None:
    found = compare([("au", examine("au"), examine("au"))])
    assert (found.changes, found.kinds) == ((), ())


def test_an_outcome(tmp_path: Path) -> None:
    found = against(tmp_path, "rules:\n  - { id: bank_transfer, outcome: post }\n")
    (change,) = found.changes
    assert (change.what, change.id, change.how) == ("rule", "bank_transfer", "changed")
    assert change.details == ("outcome: post (before: reject)",)
    assert change.kinds == ("bank_transfer",)
    assert str(change.at).endswith("rules/firm.yaml:3:35")
    (kind,) = found.kinds
    assert kind.details[0] == "yes (before: no)"


def test_a_condition_and_the_kinds_of_a_rule(tmp_path: Path) -> None:
    found = against(
        tmp_path,
        "rules:\n  - id: covered_by_linked_payment\n    kinds: [bank_deposit]\n"
        '    when: { linked_payment_id: { present: true }, totals.gross: { above: "5.00" } }\n',
    )
    (change,) = found.changes
    assert change.details == (
        "no longer for bank_withdrawal",
        (
            "applies when linked_payment_id present true and totals.gross above 5.00 "
            "(before: linked_payment_id present true)"
        ),
    )
    assert set(change.kinds) == {"bank_deposit", "bank_withdrawal"}


def test_rules_that_come_and_go(tmp_path: Path) -> None:
    found = against(
        tmp_path,
        "rules:\n  - { id: draft, remove: true }\n"
        "  - { id: cash, kinds: [client_payment], when: { payment_method: cash },\n"
        "      outcome: reject, reason: No cash., remedy: None. }\n",
    )
    told = {c.id: (c.how, c.details) for c in found.changes}
    assert told["draft"][0] == "removed"
    assert told["cash"] == (
        "added", ("reject when payment_method is cash", "reason: No cash."),
    )  # fmt: skip


def test_a_template_names_the_kinds_that_it_writes(tmp_path: Path) -> None:
    old = write(tmp_path / "old", FILES)
    new = write(
        tmp_path / "new",
        {**FILES, "mappings/templates/levy.json.j2": TEMPLATE.replace("fit(255)", "fit(99)")},
    )
    sides: list[Examined] = [examine("au", extensions=(extension(p),)) for p in (old, new)]
    found = compare([("au", sides[0], sides[1])])
    (change,) = found.changes
    assert (change.what, change.kinds) == ("template", ("levy",))
    assert any("fit(99)" in d for d in change.details)


def test_the_same_change_in_several_regions_is_told_once(tmp_path: Path) -> None:
    pack = write(tmp_path, {"rules/f.yaml": "spec: 1\nrules:\n  - { id: draft, remove: true }\n"})
    roots = (extension(pack),)
    found = compare((r, examine(r), examine(r, extensions=roots)) for r in ("au", "nz"))
    (change,) = found.changes
    assert change.regions == ("au", "nz")


def months(folder: Path, text: str) -> Impact:
    firm = EXAMPLES / "au" / "organisation.yaml"
    pack = write(folder, {"rules/firm.yaml": f"spec: 1\n{text}"})
    old, new = Pipeline.load(firm), Pipeline.load(firm, packs=(pack,))
    source = open_source(str(EXAMPLES / "au" / "month.jsonl"), BytesIO())
    try:
        return impact(old, new, [source])
    finally:
        source.close()


def counts(found: Impact) -> dict[str, int]:
    return {effect: t.count for effect, t in found.tallies.items() if t.count}


def test_impact_of_nothing(tmp_path: Path) -> None:
    found = months(tmp_path, "words: { more: words }\n")
    assert found.touched == 0
    assert set(counts(found)) == {"unchanged"}


def test_impact_of_a_switch_with_its_money(tmp_path: Path) -> None:
    found = months(tmp_path, "rules:\n  - { id: bank_transfer, outcome: post }\n")
    posted = found.tallies["newly posted"]
    assert posted.count == found.touched >= 1
    assert posted.money == sum(t.new.money for t in posted.first)
    assert {t.new.kind for t in posted.first} == {"bank_transfer"}
    assert all(t.old.outcome == "reject" for t in posted.first)


def test_impact_of_a_rejection_on_what_depends_on_it(tmp_path: Path) -> None:
    """Bills that are refused take their payments with them."""
    found = months(
        tmp_path,
        "rules:\n  - { id: none, kinds: [client_bill], outcome: reject, reason: N., remedy: N. }\n",
    )
    kinds = found.tallies["newly rejected"].kinds
    assert kinds["client_bill"] > 0
    assert kinds["client_payment"] > 0


def test_impact_on_bodies(tmp_path: Path) -> None:
    from pm2xero.resources import root

    text = (root() / "mappings/templates/invoice.json.j2").read_text(encoding="utf-8")
    changed = text.replace('"Exclusive",', '"Exclusive",\n  "SentToContact": true,')
    write(tmp_path, {"mappings/templates/invoice.json.j2": changed})
    found = months(tmp_path, "words: { more: words }\n")
    assert set(found.tallies["bodies changed"].kinds) == {"client_bill", "supplier_invoice"}
    assert found.touched == found.tallies["bodies changed"].count


def test_sides_that_are_nothing() -> None:
    for spec in ("auu", "git:no-such-revision"):
        with pytest.raises(UsageError) as caught, opened(spec, ()):
            pass
        assert caught.value.findings[0].code == "PU923"
