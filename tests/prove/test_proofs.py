"""Proofs about packs: the built-in one is clean, and each planted fault is found and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pm2xero.decide.decider import Decider, opening_state
from pm2xero.decide.decision import Decision
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.tree import branch, holds
from pm2xero.errors import UsageError
from pm2xero.firm.chart import Chart
from pm2xero.firm.organisation import Organisation, load_organisation
from pm2xero.pack.load import extension, load_pack
from pm2xero.pack.model import Pack
from pm2xero.prove import ProofReport, Prover, WhyNot, prove, why_not
from pm2xero.prove.actual import Actual
from pm2xero.prove.evidence import ProofFinding, replay_
from pm2xero.prove.kind import KindProof
from pm2xero.prove.terms import Asking, both, integer, same, taxed
from pm2xero.prove.words import samples
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction
from tests.regions.firms import EXAMPLES, FIRMS, month
from tests.support.pack_reading import write

HEAD = "spec: 1\nsection: Extra\nrules:\n"
SAYS = "    reason: A reason.\n    remedy: A remedy.\n"


@cache
def firm(region: str) -> Organisation:
    return load_organisation(EXAMPLES / region / "organisation.yaml")


@cache
def builtin(region: str) -> Pack:
    return load_pack(firm(region).region)


def planted(folder: Path, rules: str) -> tuple[Pack, ProofReport]:
    """The built-in pack with rules over it, and what is proven of it for a firm."""
    extra = extension(write(folder, {"rules/extra.yaml": HEAD + rules}))
    pack = load_pack(firm("au").region, extensions=(extra,))
    return pack, prove(pack, firm("au"))


def only(report: ProofReport) -> ProofFinding:
    assert report.undecided == ()
    (finding,) = report.findings
    assert finding.at is not None
    return finding


def shown(pack: Pack, finding: ProofFinding) -> Decision:
    """What is decided about the example of a finding, after a way through JSON."""
    assert finding.example is not None
    json.dumps(finding.example.as_json())
    return replay_(finding.example, Decider(pack, firm("au")))


def named(decision: Decision) -> set[str]:
    return {r.rule for r in decision.reasons}


@pytest.mark.parametrize("region", FIRMS)
def test_the_built_in_pack_is_clean(region: str) -> None:
    pack = builtin(region)
    report = prove(pack, firm(region))
    assert report.findings == ()
    assert report.clean
    assert report.sentence == (
        f"every transaction of {len(pack.kinds)} kinds gets exactly one outcome; "
        f"{len(pack.rules)} rules reachable; none that was posted is posted anew"
    )


def test_kinds_that_packs_share_are_asked_once() -> None:
    prover = Prover()
    prover.prove(builtin("us"), firm("us"))
    proofs = [k._proof for k in prover._known.values() if k._proof is not None]
    asked = sum(p.asking.questions for p in proofs)
    assert asked > 0
    prover.prove(builtin("za"), firm("za"))
    again = [k._proof for k in prover._known.values() if k._proof is not None]
    assert again == proofs
    assert sum(p.asking.questions for p in again) == asked


GAPS = {
    "client_bill": "  - { id: client_bill, remove: true }\n",
    "supplier_invoice": "  - id: supplier_invoice\n    when: { due_date: { after: date } }\n",
    "trust_payment": "  - id: trust_payment\n    when: { memo: { present: true } }\n",
    "bank_deposit": "  - id: bank_deposit\n"
    "    when: { any: lines, where: { gl_account.class: { in: [REVENUE, EXPENSE] } } }\n",
    "client_payment": "  - id: client_payment\n    when: { allocations.count: { at_most: 3 } }\n",
    "client_credit_note": "  - id: client_credit_note\n    when: { submission: first }\n",
    "supplier_credit_note": "  - id: supplier_credit_note\n"
    "    when: { number: { matches: '^CR-[0-9]{4}$' } }\n",
    "bank_withdrawal": "  - id: bank_withdrawal\n"
    "    when: { every: lines, where: { tax: { at_least: '0.00' } } }\n",
    "trust_receipt": "  - id: trust_receipt\n    when: { repeated: trust_lines.matter }\n",
    "general_journal": "  - id: not_supported.general_journal\n"
    "    when: { journal_lines.count: { above: 0 }, organisation.bank_feed: false }\n",
}


@pytest.mark.parametrize("kind", GAPS)
def test_a_gap(tmp_path: Path, kind: str) -> None:
    pack, report = planted(tmp_path, GAPS[kind])
    finding = next(f for f in report.findings if f.code == "PX601")
    assert report.undecided == ()
    assert f'"{kind}"' in finding.message
    assert finding.at == pack.kinds[kind].at
    decision = shown(pack, finding)
    assert (decision.kind, [r.code for r in decision.reasons]) == (kind, ["no_rule"])
    assert f"{report.kinds - 1} of {report.kinds} kinds" in report.sentence


def test_the_example_of_a_gap_is_as_small_as_can_be(tmp_path: Path) -> None:
    pack, report = planted(tmp_path, GAPS["client_bill"])
    example = only(report).example
    assert example is not None
    document = example.transaction
    needed = set(pack.kinds["client_bill"].record.required)
    assert set(document) == needed | {"posted_at"}
    assert len(document["lines"]) == 1
    assert document["totals"] == {"net": "100.00", "tax": "0.00", "gross": "100.00"}
    assert example.documents == ()
    assert not example.firm


def test_a_gap_that_this_firm_cannot_meet_is_none(tmp_path: Path) -> None:
    rule = "  - id: client_bill\n    when: { organisation.bank_feed: true }\n"
    _, report = planted(tmp_path, rule)
    assert report.clean


CONFLICTS = {
    "big": "{ totals.gross: { above: '5000.00' } }",
    "two_lines": "{ lines.count: { at_least: 2 } }",
    "twice": "{ repeated: lines.gl_account }",
    "capital": "{ any: lines, where: { gl_account.class: ASSET, tax: { above: '0.00' } } }",
    "abroad": "{ not: { division.id: { present: true } } }",
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict(tmp_path: Path, name: str) -> None:
    pack, report = planted(
        tmp_path,
        f"  - id: {name}\n    kinds: [supplier_invoice]\n    when: {CONFLICTS[name]}\n"
        "    outcome: post\n    mapping: bill\n",
    )
    finding = only(report)
    assert finding.code == "PX602"
    assert [p for p, _ in finding.related] == [
        r.at for r in pack.rules if r.id == "supplier_invoice"
    ]
    decision = shown(pack, finding)
    assert [r.code for r in decision.reasons] == ["conflicting_rules"]


DEAD = {
    "{ status: draft, all_of: [{ status: posted }] }": ["status is draft", "status is posted"],
    "{ every: lines, where: { net: { above: '5.00' } }, sum: lines.net, below: '5.00' }": [
        "every lines", "sum of lines.net",
    ],
    "{ lines.count: 0 }": ["lines.count is 0"],
    "{ all_of: [{ date: { after: due_date } }, { due_date: { after: date } }] }": [
        "date after due_date", "due_date after date",
    ],
    "{ submission: first, earlier.outcome: post }": ["submission is first", "earlier.outcome"],
    "{ any: lines, where: { gl_account.mapped: false, gl_account.status: ACTIVE } }": ["any lines"],
    "{ number: { longer_than: 4 }, all_of: [{ number: ABC }] }": ["longer_than 4", "is ABC"],
}  # fmt: skip


@pytest.mark.parametrize("when", DEAD)
def test_a_rule_that_never_applies(tmp_path: Path, when: str) -> None:
    rule = f"  - id: idle\n    kinds: [client_bill, client_credit_note]\n    when: {when}\n"
    pack, report = planted(tmp_path, rule + "    outcome: reject\n" + SAYS)
    finding = only(report)
    assert finding.code == "PX603"
    assert all(part in finding.message for part in DEAD[when])
    assert "idle" not in named(shown(pack, finding))
    assert f"{report.rules - 1} of {report.rules} rules reachable" in report.sentence


def test_a_rule_that_only_another_firm_can_reach_is_of_use(tmp_path: Path) -> None:
    rule = "  - id: cash\n    kinds: [client_bill]\n    when: { xero.country: ZZ }\n"
    _, report = planted(tmp_path, rule + "    outcome: reject\n" + SAYS)
    assert report.clean


def test_a_post_rule_that_is_always_turned_down(tmp_path: Path) -> None:
    pack, report = planted(
        tmp_path,
        "  - id: late\n    kinds: [client_bill]\n    when: { posted_at: { present: false } }\n"
        "    outcome: post\n    mapping: sales_invoice\n",
    )
    finding = only(report)
    assert (finding.code, finding.at) == ("PX603", next(r.at for r in pack.rules if r.id == "late"))
    decision = shown(pack, finding)
    assert decision.outcome == "reject"
    assert {p for p, _ in finding.related} <= {r.at for r in pack.rules if r.id in named(decision)}


REDUNDANT = {
    "same condition": ("all", "own", "{ status: draft }", "skip", "draft"),
    "narrower": ("[client_bill]", "draft", "{ status: draft, currency: EUR }", "skip", "draft"),
    "another firm's settings": (
        "[client_bill]", "accrual_method_required",
        "{ organisation.accounting_method: cash, currency: EUR }",
        "reject", "accrual_method_required",
    ),
    "another firm's roles": (
        "[client_bill]", "account_not_mapped", "{ any: roles, where: { mapped: false } }",
        "reject", "role_not_mapped",
    ),
    "another firm's accounts": (
        "[supplier_invoice]", "account_not_mapped",
        "{ any: lines, where: { gl_account.mapped: true, gl_account.in_xero: false } }",
        "reject", "account_missing_in_xero",
    ),
    "another firm's taxes": (
        "[supplier_invoice]", "tax_code_not_mapped",
        "{ any: lines, where: { gl_account.in_xero: true, tax_code.state: several_rates } }",
        "reject", "tax_rate_ambiguous",
    ),
    "numbers": (
        "[client_payment]", "amount_not_positive",
        '{ amount: { below: "-5.00" }, reversal_of: { present: false } }',
        "reject", "amount_not_positive",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REDUNDANT)
def test_a_rule_that_adds_nothing(tmp_path: Path, case: str) -> None:
    kinds, code, when, outcome, earlier = REDUNDANT[case]
    pack, report = planted(
        tmp_path,
        f"  - id: again\n    code: {code}\n    kinds: {kinds}\n    when: {when}\n"
        f"    outcome: {outcome}\n{SAYS}",
    )
    finding = only(report)
    assert (finding.code, finding.severity) == ("PX604", "warning")
    assert {"again", earlier} <= named(shown(pack, finding))
    assert f'"{earlier}"' in finding.message
    assert report.sentence.endswith("; 1 redundant")


def test_several_faults_at_once(tmp_path: Path) -> None:
    _, report = planted(
        tmp_path,
        GAPS["client_bill"]
        + GAPS["supplier_invoice"]
        + "  - id: again\n    kinds: [trust_journal]\n    when: { status: draft }\n"
        f"    outcome: skip\n{SAYS}"
        "  - id: idle\n    kinds: [tax_return]\n    when: { amount: { above: '1', below: '1.01' } }"
        f"\n    outcome: reject\n{SAYS}",
    )
    codes = sorted(f.code for f in report.findings)
    assert codes == ["PX601", "PX601", "PX603", "PX604"]
    again = prove(planted(tmp_path, GAPS["client_bill"])[0], firm("au"))
    assert [f.code for f in again.findings] == ["PX601"]


def month_of(region: str) -> tuple[Decider, list[tuple[Transaction, MemoryState]]]:
    """One document of each kind and outcome of a month, with a state that stays as it is."""
    decider = Decider(builtin(region), firm(region))
    state = opening_state(firm(region))
    reader, seen, found = Reader(decider.pack.kinds), set(), []
    for line, raw in enumerate(month(region), 1):
        tx = reader.read(raw, "month.jsonl", line)
        decision = decider.decide(tx, state)
        key = (decision.kind, decision.outcome, *(r.rule for r in decision.reasons[:1]))
        if isinstance(tx, Transaction) and key not in seen:
            seen.add(key)
            found.append((tx, line))
        decider.apply(tx, decision, state)
    again = opening_state(firm(region))
    pairs = []
    for line, raw in enumerate(month(region), 1):
        tx = reader.read(raw, "month.jsonl", line)
        if any(at == line for _, at in found) and isinstance(tx, Transaction):
            pairs.append((tx, _copy(again)))
        decider.apply(tx, decider.decide(tx, again), again)
    return decider, pairs


def _copy(state: MemoryState) -> MemoryState:
    copy = MemoryState(state._trust)
    copy._seen, copy._open = dict(state._seen), dict(state._open)
    return copy


@pytest.mark.parametrize("region", ["au", "ie"])
def test_formulas_mean_what_the_compiled_tests_mean(region: str) -> None:
    decider, pairs = month_of(region)
    assert len(pairs) > 30
    for tx, state in pairs:
        program = decider.program(tx.kind)
        mask = program.truths(tx, state)
        actual = Actual(program.facts, tx, state)
        proof = KindProof(decider.pack, tx.kind, decider.chart, actual.seen())
        model = proof.ask(both(*(w for _, _, w in actual.wishes(proof.domain))))
        assert model is not None, f"{tx.id} is a document that the proofs leave out"
        for rule in proof.rules:
            condition = rule.conditions[tx.kind]
            tree = branch(condition, program.index) if condition is not None else None
            assert model.holds(proof.holds[rule.id]) == holds(tree, mask), (tx.id, rule.id)


def test_what_cannot_be_in_any_firm_cannot_be_in_one() -> None:
    given, pack = firm("nz"), builtin("nz")
    for kind in ("client_payment", "supplier_payment", "trust_invoice_payment"):
        reached: set[str] = set()
        # Some rules are for firms that choose so.
        for choice in ("one_entry", "allocated_part"):
            settings = given.settings.copy()
            settings.put("overpayments", choice, settings.at, settings.at)
            proof = KindProof(pack, kind, Chart(pack, replace(given, settings=settings)))
            posts = [r for r in proof.rules if r.outcome == "post"]
            assert proof.ask(proof.gap()) is None
            reached |= proof.reached(posts)
            assert proof.ask(proof.conflict(*posts[:2])) is None
        assert reached == {r.id for r in posts}


@pytest.mark.parametrize("rate", ["0", "5", "8.25", "9.975", "13.5", "15", "20"])
@pytest.mark.parametrize("net", [1, 10, 33, 50, 250, 1005, -10, -250, 99999])
def test_tax_is_rounded_as_it_is_decided(rate: str, net: int) -> None:
    exact = (Decimal(net) / 100 * Decimal(rate) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert taxed(net, Decimal(rate)) == int(exact * 100)
    number, asking = integer("net"), Asking()
    wrong = same(taxed(number, Decimal(rate)), int(exact * 100) + 1)
    assert asking.ask(same(number, net), wrong) is None


@pytest.mark.parametrize("pattern", ["^INV-[0-9]{4}$", "^(A|B)\\d+$", "x", "[A-Z]{2}-?[0-9]"])
def test_a_pattern_gets_a_text_that_suits_it(pattern: str) -> None:
    assert samples(pattern)


def asked(rule: str, changes: dict[str, Any], region: str = "au") -> WhyNot:
    """Why a rule does not apply to a bill of the firm, changed."""
    bill = {
        "id": "B-1", "kind": "client_bill", "revision": 1, "status": "posted",
        "date": "2026-05-04", "posted_at": "2026-05-04T02:00:00Z", "currency": "AUD",
        "number": "1", "due_date": "2026-05-18", "participant": {"id": "7", "display_name": "A"},
        "lines": [{"gl_account": "4000", "net": "900.00", "tax_code": "GST", "tax": "90.00"}],
        "totals": {"net": "900.00", "tax": "90.00", "gross": "990.00"},
    }  # fmt: skip
    pack = builtin(region)
    tx = Reader(pack.kinds).read(bill | changes, "x", 1)
    assert isinstance(tx, Transaction)
    return why_not(pack, firm(region), rule, tx, opening_state(firm(region)))


def test_why_not_a_rule_that_applies() -> None:
    assert asked("client_bill", {}).applies
    assert asked("draft", {"status": "draft"}).applies


def test_why_not_names_what_blocks_and_the_fewest_changes() -> None:
    totals = {"net": "900.00", "tax": "90.00", "gross": "1000.00"}
    answer = asked("client_bill", {"status": "draft", "totals": totals})
    assert not answer.applies
    assert [r.id for r in answer.blocked_by] == ["draft", "totals_mismatch"]
    assert {(c.path, c.now, c.then) for c in answer.changes} == {
        ("status", "draft", "posted"),
        ("totals.gross", "1,000.00", "990.00"),
    }


def test_why_not_shows_failed_tests_and_the_nearest_value() -> None:
    answer = asked("locked_period", {})
    (failed,) = answer.failed
    assert failed.text == "date on_or_before xero.lock_date"
    assert ("date", "2026-05-04") in failed.values
    (change,) = answer.changes
    assert (change.path, change.then) == ("date", str(firm("au").xero.lock_date))


def test_why_not_what_no_document_of_this_firm_can_reach() -> None:
    answer = asked("trial_organisation", {})
    assert (answer.possible, answer.elsewhere, answer.changes) == (False, True, ())


def test_why_not_a_rule_of_another_kind() -> None:
    answer = asked("supplier_invoice", {})
    assert (answer.for_kind, answer.possible) == (False, False)


def test_why_not_a_rule_that_is_not() -> None:
    with pytest.raises(UsageError) as caught:
        asked("client_bil", {})
    (finding,) = caught.value.findings
    assert finding.hint == 'did you mean "client_bill"?'
