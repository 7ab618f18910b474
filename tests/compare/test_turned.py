"""What the solver says of two versions: every example is seen, and nothing else changes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from pm2xero.cli.main import cli
from pm2xero.compare.turned import Turns, became, turned
from pm2xero.decide.decider import Decider
from pm2xero.firm.organisation import Organisation, load_organisation
from pm2xero.pack.load import extension, load_pack
from pm2xero.pack.model import Pack
from pm2xero.prove.evidence import replay_
from tests.support.packs import EXAMPLES, write

AU = load_organisation(EXAMPLES / "au" / "organisation.yaml")
NZ = load_organisation(EXAMPLES / "nz" / "organisation.yaml")


def changed(folder: Path, text: str) -> Pack:
    pack = write(folder, {"rules/firm.yaml": f"spec: 1\nrules:\n{text}"})
    return load_pack("au", extensions=(extension(pack),))


def asked(old: Pack, new: Pack, firms: tuple[Organisation, Organisation] = (AU, AU)) -> Turns:
    found = turned([(new.region, (old, firms[0]), (new, firms[1]))])
    for turn in found.turns:
        # Each example shows, decided by each version, what is said of it.
        for pack, firm, expected in ((old, firms[0], turn.was), (new, firms[1], turn.now)):
            if firms[0].id == firms[1].id:
                assert became(replay_(turn.example, Decider(pack, firm))) == expected
    return found


def pairs(found: Turns) -> set[tuple[str, str, str]]:
    return {(t.kind, " ".join(t.was).strip(), " ".join(t.now).strip()) for t in found.turns}


def test_the_same_pack_changes_nothing_and_asks_nothing() -> None:
    found = asked(load_pack("au"), load_pack("au"))
    assert found.turns == found.unshown == ()
    assert found.sentence.startswith("every transaction of 34 kinds gets the same outcome")


def test_a_limit_turns_only_what_is_above_it(tmp_path: Path) -> None:
    new = changed(
        tmp_path,
        "  - id: limit\n    kinds: [client_bill]\n"
        '    when: { totals.gross: { above: "5000.00" } }\n    outcome: hold\n'
        "    reason: A partner must look at it.\n    remedy: Ask a partner.\n",
    )
    found = asked(load_pack("au"), new)
    assert pairs(found) == {("client_bill", "post sales_invoice", "hold")}
    (turn,) = found.turns
    assert Decimal(turn.example.transaction["totals"]["gross"]) > Decimal("5000.00")
    assert found.unshown == ()
    assert "every other transaction" in found.sentence


def test_a_switch_is_one_turn_each_way(tmp_path: Path) -> None:
    switch = "  - { id: bank_transfer, outcome: post }\n"
    new = changed(tmp_path, switch)
    found = asked(load_pack("au"), new)
    assert {p for p in pairs(found) if p[2].startswith("post")} == {
        ("bank_transfer", "reject", "post bank_transfer")
    }
    back = asked(new, load_pack("au"))
    assert {(k, now, was) for k, was, now in pairs(back)} == pairs(found)


def test_a_gap_that_opens_is_told(tmp_path: Path) -> None:
    new = changed(
        tmp_path, '  - { id: client_bill, when: { totals.gross: { below: "100.00" } } }\n'
    )
    assert pairs(asked(load_pack("au"), new)) == {
        ("client_bill", "post sales_invoice", "undecided")
    }


def test_a_rule_that_never_applies_changes_nothing(tmp_path: Path) -> None:
    new = changed(
        tmp_path,
        "  - id: never\n    kinds: [client_bill]\n"
        '    when: { totals.gross: { above: "50.00", below: "40.00" } }\n    outcome: reject\n'
        "    reason: Never.\n    remedy: None.\n",
    )
    found = asked(load_pack("au"), new)
    assert found.turns == found.unshown == ()


def test_two_regions_differ_as_their_laws_do_at_any_firm() -> None:
    found = asked(load_pack("au"), load_pack("nz"), (AU, NZ))
    assert found.firms == ()
    # Whose money is missing in a trust bank is a sum that no single example can be made for.
    unshown = {text.partition(":")[0] for text in found.unshown}
    assert unshown <= {"trust_transfer", "trust_statutory_deposit", "trust_advance"}
    told = pairs(found)
    assert ("trust_advance", "reject", "post trust_advance") in told
    assert ("trust_statutory_deposit", "post trust_statutory_deposit", "reject") in told
    assert {k for k, _, _ in told} == {
        "trust_transfer", "trust_invoice_payment", "trust_statutory_deposit", "trust_advance",
    }  # fmt: skip


def test_rules_that_regions_share_are_asked_about_once(tmp_path: Path) -> None:
    pack = write(
        tmp_path,
        {"rules/firm.yaml": "spec: 1\nrules:\n  - { id: bank_transfer, outcome: post }\n"},
    )
    packs = {
        r: (load_pack(r), load_pack(r, extensions=(extension(pack),))) for r in ("au", "au-nsw")
    }
    found = turned([(r, (old, AU), (new, AU)) for r, (old, new) in packs.items()])
    assert {t.regions for t in found.turns} == {("au", "au-nsw")}


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_command_tells_them(tmp_path: Path, form: str) -> None:
    pack = write(
        tmp_path,
        {"rules/firm.yaml": "spec: 1\nrules:\n  - { id: bank_transfer, outcome: post }\n"},
    )
    words = ["diff", "au", str(pack), "--region", "au", "--format", form]
    shown = CliRunner().invoke(cli, words)
    assert shown.exit_code == 1
    assert "every other transaction of 34 kinds gets the same outcome" in shown.stdout
    if form == "json":
        told = json.loads(shown.stdout)["decided_otherwise"]["documents"]
        assert {d["kind"] for d in told} == {"bank_transfer"}
    else:
        assert "bank_transfer: reject" in shown.stdout
        assert '"kind": "bank_transfer"' in shown.stdout
    quiet = CliRunner().invoke(cli, [*words, "--no-solve"])
    assert "every other transaction" not in quiet.stdout
