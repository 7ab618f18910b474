"""What was proven before is not proven again, and says what would be proven now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pm2xero.errors import Position
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.load import extension, load_pack
from pm2xero.pack.model import Kind, Pack
from pm2xero.render.templates import environment
from pm2xero.report.validation import as_json
from pm2xero.validate.kept.digests import CannotTellError
from pm2xero.validate.kept.folder import Folder
from pm2xero.validate.kept.meaning import meaning
from pm2xero.validate.kept.proofs import KeptProofs, KeptTrials
from pm2xero.validate.kept.work import PackWork
from pm2xero.validate.proving import prover
from pm2xero.validate.soundness import trial
from pm2xero.validate.soundness.result import Result
from pm2xero.validate.soundness.trial import Trial
from pm2xero.validate.subject import example_for
from pm2xero.validate.verdict import Validation
from tests.support.packs import FILES, MAPPINGS, RULES, TEMPLATE, write

# A pack whose own kind stands by itself, with a role that the example firm has.
LEVY = (
    RULES.replace("debit: levy_payable", "debit: payments_clearing")
    + """
  - id: levy_reversed
    kinds: [levy]
    when: { reversal_of: { present: true } }
    outcome: reject
    reason: A levy is not taken back.
    remedy: Enter it in Xero by hand.
"""
)
LINES = MAPPINGS.replace("role: levy_payable", "role: payments_clearing")
SOUND = {**FILES, "rules/levy.yaml": LEVY, "mappings/levy.yaml": LINES}
EDITS = {
    "nothing": {},
    "words": {"rules/levy.yaml": LEVY.replace("A levy", "The levy")},
    "a line further down": {"rules/levy.yaml": LEVY.replace("rules:", "\n\nrules:")},
    "a gap": {
        "rules/levy.yaml": LEVY.replace(
            "mapping: levy }", 'mapping: levy, when: { amount: { above: "9.00" } } }'
        )
    },
    "a conflict": {
        "rules/levy.yaml": LEVY + "  - { id: again, kinds: [levy], outcome: post, mapping: levy }\n"
    },
    "a rule that never applies": {
        "rules/levy.yaml": LEVY
        + "  - id: never\n    kinds: [levy]\n    outcome: hold\n    reason: Never.\n"
        '    when: { amount: { above: "9.00", below: "1.00" } }\n'
    },
    "a posting": {"rules/levy.yaml": LEVY.replace("debit: payments", "credit: payments")},
    "a body": {
        "mappings/templates/levy.json.j2": TEMPLATE.replace("{{ line.net }}", "{{ line.net * 2 }}")
    },
    "a line": {"mappings/levy.yaml": LINES.replace("net: amount", 'net: amount, percent: "50"')},
}  # fmt: skip


def asked(pack: Path, folder: Folder | None) -> Validation:
    return PackWork(("au",), (pack,), None, prover("once", KeptProofs.of(folder))).work_out()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was proven of the pack before it was edited."""
    place = tmp_path_factory.mktemp("known")
    asked(write(place / "pack", SOUND), Folder(place / "kept"))
    return place


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_the_same_is_found_as_without_anything_known(known: Path, edit: str) -> None:
    pack = write(known / "pack", {**SOUND, **EDITS[edit]})
    found = asked(pack, Folder(known / "kept"))
    assert as_json(found) == as_json(asked(pack, None))
    # Whatever was learnt from a pack with faults, too.
    assert as_json(asked(pack, Folder(known / "kept"))) == as_json(found)
    write(known / "pack", SOUND)
    assert not asked(known / "pack", Folder(known / "kept")).told


def test_what_a_person_enters_is_part_of_what_was_proven(tmp_path: Path) -> None:
    """Twice the amount is declared, and once it is sent: the mapping leaves the rest over."""
    left = (
        "      - { debit: payments_clearing, amount: amount }\n"
        "      - { credit: { bank: bank_account }, amount: amount }\n"
    )
    rules = LEVY.replace(left, f"{left}{left}    left_over:\n{left}")
    rules = rules.replace(
        "mapping: levy }",
        "mapping: levy, leaves_over: true, reason: Half is left., remedy: Enter it. }",
    )
    said = LINES.replace("    requests:", "    left_over: Payments\n    requests:")
    assert rules != LEVY and said != LINES
    kept = Folder(tmp_path / "kept")
    pack = write(tmp_path / "pack", {**SOUND, "rules/levy.yaml": rules, "mappings/levy.yaml": said})
    assert not [f for f in asked(pack, kept).findings if f.severity == "error"]
    write(tmp_path / "pack", {**SOUND, "rules/levy.yaml": rules})
    assert as_json(asked(pack, kept)) == as_json(asked(pack, None))
    assert asked(pack, kept).count("error")


@pytest.mark.parametrize("edit", ["nothing", "words", "a line further down"])
def test_nothing_is_proven_again_where_nothing_means_more(
    known: Path, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = write(known / "pack", {**SOUND, **EDITS[edit]})

    def never(*_: object, **__: object) -> Any:
        raise AssertionError("proven again")

    monkeypatch.setattr("pm2xero.prove.terms.Asking.ask", never)
    monkeypatch.setattr(trial, "Trial", never)
    found = asked(pack, Folder(known / "kept"))
    assert not found.told
    assert "book exactly what they declare" in found.proven[0][1]


# What a trial of the levy rests on, of the pack; and what only others rest on.
RESTS = {
    "a condition": ("rules/levy.yaml", "reversal_of: { present: true }", "memo: never"),
    "a posting": ("rules/levy.yaml", "debit: payments", "credit: payments"),
    "a field": ("rules/levy.yaml", "amount, bank_account", "amount, number, bank_account"),
    "a line": ("mappings/levy.yaml", "describe: Levy", "describe: The levy"),
    "a body": ("mappings/templates/levy.json.j2", "fit(255)", "fit(250)"),
    "a role": ("rules/levy.yaml", "class: LIABILITY", "class: ASSET"),
    "a setting": ("rules/levy.yaml", "rules:", "settings: { o: { title: O, type: flag } }\nrules:"),
}  # fmt: skip


def tried(pack: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The kinds that are tried again."""
    names: set[str] = set()

    class Watched(Trial):
        def __init__(self, part: Pack, firm: Organisation, kind: Kind, **more: Any) -> None:
            names.add(kind.name)
            super().__init__(part, firm, kind, **more)

    with monkeypatch.context() as patched:
        patched.setattr(trial, "Trial", Watched)
        asked(pack, folder)
    return names


@pytest.mark.parametrize("edit", RESTS)
def test_a_kind_is_tried_again_when_something_that_it_rests_on_changes(
    known: Path, edit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, old, new = RESTS[edit]
    assert old in SOUND[name]
    pack = write(known / "pack", {**SOUND, name: SOUND[name].replace(old, new, 1)})
    again = tried(pack, Folder(known / "kept"), monkeypatch)
    write(known / "pack", SOUND)
    assert "levy" in again
    # A role or a setting is anybody's.
    assert edit in ("a role", "a setting") or again == {"levy"}


def test_a_kind_is_tried_again_at_another_firm(
    known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = load_pack("au", extensions=(extension(write(known / "pack", SOUND)),))
    firm = example_for(pack)
    assert firm is not None
    proofs = KeptProofs(Folder(known / "kept"), "one")
    env = environment(pack.template_dirs)
    at = {"a": firm, "b": replace(firm, accounts={**firm.accounts, "new": "999"}), "a again": firm}
    made = []

    for name, where in at.items():

        def book(name: str = name) -> Result:
            made.append(name)
            return Result(1, ("levy",))

        KeptTrials(proofs, ("once",), env)(pack, where, "levy", book)
    assert made == ["a", "b"]
    KeptTrials(proofs, ("every",), env)(pack, firm, "levy", book)
    KeptTrials(proofs, ("once",), env)(pack, firm, "bill", book)
    assert len(made) == 4


def test_another_product_has_proven_nothing(tmp_path: Path) -> None:
    one = KeptProofs(Folder(tmp_path / "kept"), "one")
    one.put("about", "fact")
    one.save()
    assert KeptProofs(Folder(tmp_path / "kept"), "one").get("about") == "fact"
    assert KeptProofs(Folder(tmp_path / "kept"), "two").get("about") is None


def test_what_was_not_asked_for_longest_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pm2xero.validate.kept.proofs.MOST", 2)
    kept = KeptProofs(Folder(tmp_path / "kept"), "one")
    for name in "abc":
        kept.put(name, name)
        kept.get("a")
    kept.save()
    again = KeptProofs(Folder(tmp_path / "kept"), "one")
    assert [again.get(n) for n in "abc"] == ["a", None, "c"]


@dataclass
class Thing:
    name: object
    at: Position
    texts: str = ""


def test_places_mean_nothing_and_all_else_does() -> None:
    one, two = Position("a", 1), Position("b", 2)
    assert meaning(Thing("1", one)) == meaning(Thing("1", two))
    assert meaning(Thing("1", one)) != meaning(Thing(1, one))
    assert meaning(["a", "b"]) != meaning(["ab"])
    assert meaning({"a": None}) != meaning({})
    assert meaning({"b", "a"}) == meaning(frozenset(["a", "b"]))
    assert meaning(Thing("1", one, "x"), ("texts",)) == meaning(Thing("1", one, "y"), ("texts",))
    with pytest.raises(CannotTellError):
        meaning(Thing(object(), one))
