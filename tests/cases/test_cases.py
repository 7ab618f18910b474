"""Cases: they pass for the right reason only, and every way to be wrong is told."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from pm2xero.cases.coverage import Coverage, constant, coverage
from pm2xero.cases.decisive import wishes
from pm2xero.cases.emit import block
from pm2xero.cases.firms import Firms, with_facts
from pm2xero.cases.load import find_files, load_cases
from pm2xero.cases.model import CaseFile, CaseResult
from pm2xero.cases.patch import PatchError, patched, plain, steps
from pm2xero.cases.propose import Firm, Proposer, firms_of
from pm2xero.cases.run import different, run_case
from pm2xero.cases.update import changes
from pm2xero.errors import OrganisationError
from pm2xero.pack.language.conditions import Compare, Quantified, atoms
from pm2xero.pack.load import load_pack
from pm2xero.pack.yaml.read import parse_yaml
from pm2xero.resources import root

BUILT_IN = root() / "rules" / "cases"
FIRM = BUILT_IN / "firms" / "au" / "organisation.yaml"
POSTED = "- { name: a, given: bill, expect: { outcome: post } }"
WANTED = (
    "- {{ name: a, given: bill, "
    "expect: {{ outcome: post, requests: [{{ step: a, {verbs} body: {{}} }}] }} }}"
)
FAR = "{ base: bill, patch: { 'lines[7].tax': '1.00' } }"
NUMBER = "{ base: deposit, patch: { totals.net: 3.00 } }"
GOLDEN = """
    requests:
      - step: payment
        put: Payments
        needs: [BILL-1/invoice]
        body:
          Invoice: { InvoiceID: "<InvoiceID of BILL-1>" }
          Account: { Code: "090" }
          Date: "2026-05-12"
          Amount: 140.00
          Reference: PAY-1
"""


def load(folder: Path, cases: str, head: str = "") -> CaseFile:
    """A file of cases for the built-in pack's own firm and base documents."""
    file = folder / "cases.yaml"
    body = dedent(cases).strip("\n")
    file.write_text(f"spec: 1\nextends: {BUILT_IN / 'shared' / 'au.yaml'}\n{head}cases:\n{body}\n")
    return load_cases(file)


def run(folder: Path, cases: str) -> list[CaseResult]:
    loaded = load(folder, cases)
    assert loaded.findings == ()
    firms = Firms()
    return [run_case(c, firms) for c in loaded.cases]


def one(folder: Path, case: str) -> CaseResult:
    return run(folder, case)[0]


def codes(result: CaseResult) -> list[str]:
    return [f.code for f in result.findings]


@cache
def built_in() -> tuple[tuple[CaseResult, ...], Coverage, Firms]:
    firms = Firms()
    files = [load_cases(f, f.relative_to(root()).as_posix()) for f in find_files([BUILT_IN])]
    assert [f.findings for f in files] == [()] * len(files)
    results = tuple(run_case(c, firms) for f in files for c in f.cases)
    return results, coverage(results, firms), firms


def test_every_case_of_the_built_in_pack_passes() -> None:
    results, _, _ = built_in()
    assert [(str(r.case.at), r.case.name) for r in results if r.status != "passed"] == []
    assert len(results) > 200


def test_the_built_in_cases_show_the_whole_pack() -> None:
    _, covered, _ = built_in()
    assert covered.missing == ()
    assert covered.percent == 100
    assert {c.group for c in covered.counts if c.total} == {
        "rules", "outcomes", "conditions", "requests", "fields",
    }  # fmt: skip


def test_every_kind_of_the_pack_has_a_case() -> None:
    results, _, firms = built_in()
    assert {r.kind for r in results} == {k for p in firms.packs for k in p.kinds}


def test_what_cannot_be_is_said_with_its_reason() -> None:
    _, covered, _ = built_in()
    reasons = {str(goal): why for goal, why in covered.exempt}
    assert reasons["bank_feed_transaction hold"] == (
        "one_way.bank_feed always applies, and reject comes before hold"
    )


@pytest.mark.long
def test_the_built_in_cases_leave_no_test_without_a_case_where_it_decides() -> None:
    results, _, firms = built_in()
    cases = [r.case for r in results]
    found = Proposer(firms, cases).propose(firms_of(cases))
    assert [p.tree["name"] for p in found.cases] == []
    assert found.not_found == ()


def test_a_reason_that_is_not_expected_fails(tmp_path: Path) -> None:
    result = one(
        tmp_path,
        """
        - name: both wrong
          given: { base: bill, patch: { currency: EUR, totals.gross: "1.00" } }
          expect: { outcome: reject, codes: [totals_mismatch] }
        """,
    )
    assert (result.status, codes(result)) == ("failed", ["PX711"])
    assert "multi_currency_not_supported" in result.findings[0].message
    assert result.findings[0].at is not None
    assert result.findings[0].at.line == 6


def test_an_expected_reason_that_is_not_found_fails(tmp_path: Path) -> None:
    result = one(
        tmp_path,
        """
        - name: one too many
          given: { base: bill, patch: { currency: EUR } }
          expect: { outcome: reject, codes: [multi_currency_not_supported, draft] }
        """,
    )
    assert (result.status, codes(result)) == ("failed", ["PX712"])


def test_a_code_that_is_found_twice_is_expected_twice(tmp_path: Path) -> None:
    given = "{ base: bill, patch: { 'lines[0].gl_account': NONE, 'lines[1].gl_account': MISSING } }"
    once, twice = run(
        tmp_path,
        f"""
        - name: once
          given: {given}
          expect: {{ outcome: reject, codes: [account_not_mapped] }}
        - name: twice
          given: {given}
          expect: {{ outcome: reject, codes: [account_not_mapped, account_not_mapped] }}
        """,
    )
    assert codes(once) == ["PX711"]
    assert twice.status == "passed"


def test_reasons_in_another_order_fail(tmp_path: Path) -> None:
    result = one(
        tmp_path,
        """
        - name: turned round
          given: { base: bill, patch: { currency: EUR, division.id: "2" } }
          expect: { outcome: reject, codes: [division_not_supported, multi_currency_not_supported] }
        """,
    )
    assert codes(result) == ["PX713"]


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("{ outcome: hold, codes: [draft] }", "PX710"),
        ("{ outcome: skip, codes: [draft], rule: superseded }", "PX714"),
        ("{ outcome: skip, codes: [draft], warnings: [bank_feed_with_payments] }", "PX712"),
    ],
)
def test_outcome_rule_and_warnings_are_compared(tmp_path: Path, expect: str, code: str) -> None:
    given = "{ base: bill, patch: { status: draft } }"
    result = one(tmp_path, f"- name: wrong\n  given: {given}\n  expect: {expect}")
    assert (result.status, codes(result)) == ("failed", [code])


def test_a_warning_that_is_not_expected_fails(tmp_path: Path) -> None:
    result = one(
        tmp_path,
        """
        - name: an unknown field
          given: { base: bill, patch: { colour: red } }
          expect: { outcome: post }
        """,
    )
    assert codes(result) == ["PX711"]


def test_golden_requests_pass_and_fail_by_the_digit(tmp_path: Path) -> None:
    head = "- name: paid\n  given: payment\n  before: [bill]\n  expect:\n    outcome: post"
    assert one(tmp_path, head + GOLDEN).status == "passed"
    wrong = one(tmp_path, head + GOLDEN.replace("140.00", "140.0"))
    assert codes(wrong) == ["PX716"]
    assert wrong.findings[0].message.endswith("payment: body.Amount is 140.00, expected 140.0")
    text = one(tmp_path, head + GOLDEN.replace("140.00", '"140.00"'))
    assert codes(text) == ["PX716"]


def test_requests_that_are_missing_or_too_many_fail(tmp_path: Path) -> None:
    head = "- name: paid\n  given: payment\n  before: [bill]\n  expect:\n    outcome: post\n"
    assert codes(one(tmp_path, head + "    requests: []")) == ["PX716"]
    renamed = one(tmp_path, head + GOLDEN.replace("step: payment", "step: other"))
    assert codes(renamed) == ["PX716", "PX716"]


def test_no_rule_is_never_expected(tmp_path: Path) -> None:
    loaded = load(
        tmp_path, "- { name: x, given: bill, expect: { outcome: reject, codes: [no_rule] } }"
    )
    assert [f.code for f in loaded.findings] == ["PX718"]
    assert loaded.cases == ()


def test_a_document_that_no_rule_answers_fails(tmp_path: Path) -> None:
    firm = (BUILT_IN / "firms" / "au" / "organisation.yaml").read_text()
    own = tmp_path / "organisation.yaml"
    own.write_text(firm + "\nrules:\n  - { id: not_supported.tax_return, remove: true }\n")
    (tmp_path / "xero.json").write_bytes((FIRM.parent / "xero.json").read_bytes())
    result = one(
        tmp_path,
        """
        - name: nobody knows
          organisation: organisation.yaml
          given: tax_return
          expect: { outcome: reject, codes: [not_supported.tax_return] }
        """,
    )
    assert "PX718" in codes(result)


def test_a_known_gap_is_no_failure_until_it_passes(tmp_path: Path) -> None:
    gap, closed = run(
        tmp_path,
        """
        - { name: a, given: bill, known_gap: soon, expect: { outcome: hold, codes: [x] } }
        - { name: b, given: bill, known_gap: soon, expect: { outcome: post } }
        """,
    )
    assert (gap.status, closed.status) == ("known_gap", "failed")
    assert codes(closed) == ["PX717"]
    assert "no longer a gap" in closed.findings[0].message


def test_what_comes_before_must_become_what_it_says(tmp_path: Path) -> None:
    result = one(
        tmp_path,
        """
        - name: the bill is a draft
          given: payment
          before: [{ base: bill, patch: { status: draft } }]
          expect: { outcome: hold, codes: [waiting_for_document] }
        """,
    )
    assert codes(result) == ["PX719"]


def test_known_documents_balances_and_earlier_decisions_count(tmp_path: Path) -> None:
    results = run(
        tmp_path,
        """
        - name: a known bill
          given: payment
          documents: [{ id: BILL-1, state: in_xero, kind: client_bill, amount_due: "140.00" }]
          expect: { outcome: post }
        - name: money in trust
          given: trust_payment
          trust_balances: [{ matter: M-1, bank: TRUST, amount: "300.00" }]
          expect: { outcome: post }
        - name: seen before
          given: bill
          earlier: { revision: 1, same_content: true, outcome: post }
          expect: { outcome: skip, codes: [already_posted] }
        - name: seen with other content
          given: bill
          earlier: { revision: 1, outcome: post }
          expect: { outcome: reject, codes: [conflicting_content] }
        """,
    )
    assert [r.status for r in results] == ["passed"] * 4


@pytest.mark.parametrize(
    ("cases", "code", "word"),
    [
        ("- { name: a, given: bil, expect: { outcome: post } }", "PX702", "bil"),
        ("- { name: a, given: { base: bill, patch: { revision: 1 } }, expect: { outcome: post } }",
         "PX703", "changes nothing"),
        (f"- {{ name: a, given: {FAR}, expect: {{ outcome: post }} }}", "PX703", "leads nowhere"),
        ("- { name: a, given: { base: bill, remove: [colour] }, expect: { outcome: post } }",
         "PX703", "removes nothing"),
        (f"- {{ name: a, given: {NUMBER}, expect: {{ outcome: post }} }}", "PX703", "must be text"),
        ("- { name: a, given: bill, expect: { outcome: reject } }", "PX701", "which codes"),
        ("- { name: a, given: bill, expect: { outcome: post }, xpect: 1 }", "PX105", "xpect"),
        (f"{POSTED}\n{POSTED}", "PX704", "two cases"),
        (WANTED.format(verbs=""), "PX315", "neither"),
        (WANTED.format(verbs="put: Invoices, post: Invoices,"), "PX315", "both"),
    ],
)  # fmt: skip
def test_a_wrong_file_says_what_is_wrong_and_where(
    tmp_path: Path, cases: str, code: str, word: str
) -> None:
    loaded = load(tmp_path, cases)
    assert code in [f.code for f in loaded.findings]
    finding = next(f for f in loaded.findings if f.code == code)
    assert word in finding.message
    assert finding.at is not None
    assert finding.at.line >= 4


@pytest.mark.parametrize("text", ["spec: 1\n", "spec: 1\ncases: []\n", ""])
def test_a_file_without_cases_is_a_fault(tmp_path: Path, text: str) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(text)
    loaded = load_cases(file)
    assert loaded.cases == ()
    assert {f.code for f in loaded.findings} <= {"PX701", "PX106"}
    assert loaded.findings


def test_facts_replace_values_of_the_firm_and_of_xero() -> None:
    firm = Firms().firm(FIRM, None, {}).organisation
    changed = with_facts(
        firm,
        {
            "organisation.accounting_method": "cash",
            "organisation.bank_accounts.TRUST.code": "1",
            "organisation.roles.trust_liability": None,
            "xero.class": "TRIAL",
            "xero.lock_date": "2026-05-31",
            "xero.tax_rates.OUTPUT.rate": "12.5",
            "xero.accounts.610": None,
        },
    )
    assert changed.accounting_method == "cash"
    assert changed.bank_accounts["TRUST"].code == "1"
    assert "trust_liability" not in changed.roles
    assert changed.xero.organisation_class == "TRIAL"
    assert str(changed.xero.lock_date) == "2026-05-31"
    assert changed.xero.tax_rates["OUTPUT"].rate == Decimal("12.5")
    assert "DEBTORS" not in changed.xero.by_system
    assert firm.accounting_method == "accrual"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("organisation.acounting_method", "cash"),
        ("xero.accounts.1.status", "ACTIVE"),
        ("xero.lock_date", "soon"),
        ("firm.sandbox", True),
    ],
)
def test_a_fact_that_names_nothing_is_a_fault(tmp_path: Path, path: str, value: object) -> None:
    firm = Firms().firm(FIRM, None, {}).organisation
    with pytest.raises(OrganisationError) as caught:
        with_facts(firm, {path: value})
    assert [f.code for f in caught.value.findings] == ["PX705"]


def test_coverage_counts_only_cases_that_pass_and_says_why(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        """
        - { name: a, given: bill, expect: { outcome: post } }
        - { name: b, given: { base: bill, patch: { status: draft } }, expect: { outcome: post } }
        """,
    )
    firms = Firms()
    covered = coverage([run_case(c, firms) for c in loaded.cases], firms)
    reasons = {(g.group, str(g)): why for g, why in covered.missing}
    assert reasons["rules", "draft skip"] == "only in cases that do not pass"
    assert reasons["rules", "supplier_invoice post"] == "never fired: no case of supplier_invoice"
    assert reasons["outcomes", "client_bill hold"] == "none of the 2 cases of the kind"
    currency = next(why for (_, name), why in reasons.items() if "xero.base_currency" in name)
    assert currency.endswith("give a case `facts: { xero.base_currency: … }`")
    # Bodies that no case looks at are not shown by it.
    assert reasons["requests", "sales_invoice invoice"] == (
        "no case that lists its requests makes it"
    )
    assert 0 < covered.percent < 50


def test_a_test_with_one_truth_is_known_by_the_type_of_its_field() -> None:
    pack = load_pack("au")
    record = pack.kinds["trust_invoice_payment"].record
    rule = next(r for r in pack.rules if r.id == "trust_invoice_payment")
    transfer, reversal = atoms(rule.conditions["trust_invoice_payment"])
    assert isinstance(transfer, Compare)
    assert constant(transfer, record) is None
    assert constant(reversal, record) is None
    every = Compare(transfer.path, "in", ("immediate", "deferred"), transfer.at)
    assert constant(every, record) == (True, "transfer has no other value")
    present = Compare(transfer.path, "present", True, transfer.at)
    assert constant(present, record) == (True, "transfer is required")


def test_each_test_is_wanted_where_it_decides() -> None:
    pack = load_pack("au")
    names = {
        w.what: str(w.wanted)
        for w in wishes(pack, "trust_interest")
        if w.rule == "interest_net_of_tax"
    }
    assert len(names) == 6
    assert names["gross_interest present true false"].startswith(
        "not (gross_interest present true)"
    )
    found = [w for w in wishes(pack, "client_bill") if w.rule == "account_missing_in_xero"]
    assert all(isinstance(next(iter(atoms(w.wanted))), Quantified) for w in found)


def test_proposals_are_cases_that_pass(tmp_path: Path) -> None:
    # Of a kind with few rules, which yet ask for what was decided before, is there and is held.
    proposals = Proposer(Firms(), []).propose([Firm(FIRM, None)], "trust_advance")
    assert {"draft", "already_posted", "original_refused", "trust_overdraw"} <= {
        w.rule for p in proposals.cases for w in p.shows
    }
    given = {key for p in proposals.cases for key in p.tree}
    assert {"earlier", "documents", "trust_balances"} <= given
    file = tmp_path / "cases.yaml"
    lines = ["spec: 1", f"organisation: {FIRM}", "cases:"]
    for proposal in proposals.cases:
        name, *rest = block(proposal.tree, 4)
        lines += [f"  - {name.strip()}", *rest]
    file.write_text("\n".join(lines) + "\n")
    loaded = load_cases(file)
    assert loaded.findings == ()
    firms = Firms()
    results = [run_case(c, firms) for c in loaded.cases]
    assert [r.case.name for r in results if r.status != "passed"] == []
    again = Proposer(firms, loaded.cases).propose([Firm(FIRM, None)], "trust_advance")
    assert again.cases == ()


def test_an_update_changes_only_what_fails(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        """
        - name: right
          given: bill
          expect: { outcome: post }  # as it is

        # This one is wrong.
        - name: wrong
          given: { base: bill, patch: { status: draft } }
          expect:
            outcome: post

        # The last.
        - { name: on one line, given: tax_return, expect: { outcome: post } }
        """,
    )
    firms = Firms()
    results = [run_case(c, firms) for c in loaded.cases]
    (change,) = changes([loaded], results)
    assert change.after == change.before.replace(
        "  expect:\n    outcome: post\n", "  expect: { outcome: skip, codes: [draft] }\n"
    ).replace(
        "tax_return, expect: { outcome: post }",
        "tax_return, expect: { outcome: reject, codes: [not_supported.tax_return] }",
    )
    assert "-    outcome: post\n" in change.diff


def test_golden_requests_can_stand_in_a_file(tmp_path: Path) -> None:
    text = """
        - name: paid
          given: payment
          before: [bill]
          expect: { outcome: post, requests: { from: golden/paid.yaml } }
    """
    loaded = load(tmp_path, text)
    firms = Firms()
    result = run_case(loaded.cases[0], firms)
    assert codes(result) == ["PX716"]
    (change,) = changes([loaded], [result])
    change.path.parent.mkdir()
    change.path.write_text(change.after)
    assert run_case(load(tmp_path, text).cases[0], firms).status == "passed"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("amount", ["amount"]),
        ("lines[0].tax", ["lines", 0, "tax"]),
        ("lines[+]", ["lines", "+"]),
        ("a.b-c[10]", ["a", "b-c", 10]),
    ],
)
def test_paths_are_taken_apart(path: str, found: list[object]) -> None:
    assert steps(path) == found


@pytest.mark.parametrize("path", ["", "a..b", "[x]", "a b", "a["])
def test_what_is_no_path_is_said(path: str) -> None:
    with pytest.raises(PatchError):
        steps(path)


def test_a_patch_leaves_its_base_alone() -> None:
    base = {"lines": [{"net": "1.00"}], "memo": "x"}
    made = patched(base, {"lines[0].net": "2.00", "lines[+]": {"net": "3.00"}}, ["memo"])
    assert made == {"lines": [{"net": "2.00"}, {"net": "3.00"}]}
    assert base == {"lines": [{"net": "1.00"}], "memo": "x"}


@pytest.mark.parametrize(
    "value",
    [
        {"a": Decimal("1.10"), "b": "090", "c": "2026-05-12", "d": None, "e": True, "f": "true"},
        {"list": [{"x": "a: b"}, {"y": "#"}, [], {}], "long": ["word"] * 40, "quote": 'say "x"'},
        {"-": "- x", "k y": "null", "lines[0].x": " padded ", "tab": "a\tb", "umlaut": "Kererū"},
    ],
)
def test_written_yaml_reads_back_the_same(value: dict[str, object]) -> None:
    text = "\n".join(block(value, 2)) + "\n"
    assert plain(parse_yaml(text, "x.yaml")) == value


def test_differences_name_the_innermost_place() -> None:
    found = list(different({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}], "c": 4}, "body"))
    assert found == [("body.a[1].b", "2", "3"), ("body.c", "not there", "4")]
