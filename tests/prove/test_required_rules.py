"""Each way of taking a guard away is found at its place, and what only rewords one is not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from pm2xero.decide.decider import Decider
from pm2xero.errors import Finding
from pm2xero.pack.load import extension, load_pack
from pm2xero.prove import prove
from pm2xero.prove.evidence import ProofFinding, replay_
from pm2xero.validate.proving import prover
from pm2xero.validate.run import Told, validate
from tests.prove.test_proofs import builtin, firm
from tests.regions.firms import FIRMS
from tests.support.pack_reading import write
from tests.support.packs import at

HEAD = "spec: 1\nsection: Extra\nrules:\n"
SAYS = "    reason: A reason.\n    remedy: A remedy.\n"
REFUSED = ("reject", "hold")


def told(folder: Path, rules: str, region: str = "au") -> tuple[Told, ...]:
    """The same with the documents that show it."""
    pack = write(folder, {"rules/extra.yaml": HEAD + rules})
    return validate((region,), (pack,), prove=prover()).told


def found(folder: Path, rules: str, region: str = "au") -> tuple[Finding, ...]:
    """What validate says of rules over the built-in pack, but for rules of no use."""
    pack = write(folder, {"rules/extra.yaml": HEAD + rules})
    result = validate((region,), (pack,), prove=prover())
    return tuple(f for f in result.findings if f.code not in ("PX601", "PX602", "PX603", "PX604"))


# What a layer says, the code and place of the finding, and words of its message.
TAKEN_AWAY = {
    "removed": ("  - { id: trust_overdraw, remove: true }\n", "PX513", "4:11", "taken away"),
    "skipped": ("  - { id: trust_overdraw, outcome: skip }\n", "PX513", "4:36", "skips"),
    "posted": (
        "  - id: trust_overdraw\n    outcome: post\n    mapping: trust_payment\n",
        "PX513", "5:14", "posts",
    ),
    "not missed": (
        "  - { id: trust_overdraw, counts: elsewhere }\n", "PX513", "4:35", 'counts as "elsewhere"',
    ),
    "fewer kinds": (
        "  - { id: trust_overdraw, kinds: [trust_payment, trust_receipt] }\n",
        "PX605", "4:34", "no longer for trust_journal",
    ),
    "other kinds": (
        "  - id: totals_mismatch\n    kinds: { posting_with: [lines, totals, bank_account] }\n",
        "PX605", "5:12", "no longer for client_bill",
    ),
    "a higher limit": (
        "  - id: trust_overdraw\n    when: { trust.shortfall: { above: '50.00' } }\n",
        "PX605", "5:11", "refuses less of trust_receipt",
    ),
    "one more test": (
        """  - id: exceeds_amount_due
    when:
      memo: { present: true }
      any: allocations
      where: { amount: { above: document.amount_due } }
""",
        "PX605", "6:7", "refuses less of client_payment",
    ),
    "at one firm less": (
        """  - id: pre_integration
    when:
      posted_at: { before: organisation.integration_start }
      organisation.bank_feed: true
""",
        "PX605", "6:7", "refuses less of",
    ),
    "hidden by a rule that skips": (
        f"""  - id: quiet
    kinds: [trust_payment]
    when: {{ trust.shortfall: {{ above: '0.00' }} }}
    outcome: skip
{SAYS}""",
        "PX605", "4:9", "must refuse",
    ),
    "hidden by a rule that skips more": (
        "  - id: draft\n    when: { any_of: [{ status: draft }, { source: import }] }\n",
        "PX605", "5:11", "must refuse",
    ),
    "hidden by a rule of the base that skips more": (
        "  - id: superseded\n    when: { submission: [older, newer] }\n",
        "PX605", "5:11", "must refuse",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN_AWAY)
def test_a_guard_that_is_taken_away(tmp_path: Path, case: str) -> None:
    rules, code, place, words = TAKEN_AWAY[case]
    findings = found(tmp_path, rules)
    told = [(f.code, at(f), f.message) for f in findings]
    hits = [f for f in findings if f.code == code and at(f) == f"extra.yaml:{place}"]
    assert hits, told
    assert any(words in f.message for f in hits), told
    assert all(f.severity == "error" and (f.hint or f.should_be) for f in hits)
    assert any("required in layer base" in word for f in hits for _, word in f.related)


def test_a_guard_of_a_firm_that_only_warns(tmp_path: Path) -> None:
    """A rule that is taken away and comes again under its id as a warning guards nothing."""
    one = write(tmp_path / "one", {"rules/x.yaml": HEAD + "  - { id: draft, remove: true }\n"})
    again = (
        "  - id: draft\n    kinds: all\n    when: { status: draft }\n    warning: It is a draft.\n"
    )
    two = write(tmp_path / "two", {"rules/y.yaml": HEAD + again})
    result = validate(("au",), (one, two))
    assert [(f.code, at(f)) for f in result.findings if f.code == "PX513"] == [
        ("PX513", "y.yaml:7:14")
    ]


@pytest.mark.parametrize(
    "rules",
    [
        "  - { id: trust_overdraw, outcome: hold }\n",
        "  - { id: locked_period, outcome: hold, reason: The books are closed. }\n",
        "  - id: trust_overdraw\n    when: { trust.shortfall: { present: true } }\n",
        "  - id: totals_mismatch\n    kinds: { with: [lines, totals] }\n",
        "  - { id: already_posted, outcome: reject, remedy: Nothing. }\n",
        "  - id: none_of_it\n    kinds: [trust_payment]\n    outcome: skip\n" + SAYS,
        "  - id: bank_transfer\n    outcome: post\n",
    ],
)
def test_what_a_layer_may_say_of_a_guard(tmp_path: Path, rules: str) -> None:
    assert found(tmp_path, rules) == ()


def test_the_example_slips_past_the_guard(tmp_path: Path) -> None:
    rules = "  - id: totals_mismatch\n    kinds: [client_bill]\n"
    extra = extension(write(tmp_path, {"rules/extra.yaml": HEAD + rules}))
    pack = load_pack("au", extensions=(extra,))
    (finding,) = prove(pack, firm("au")).findings
    assert isinstance(finding, ProofFinding) and finding.example is not None
    below = replay_(finding.example, Decider(builtin("au"), firm("au")))
    assert "totals_mismatch" in {r.rule for r in below.reasons}
    above = replay_(finding.example, Decider(pack, firm("au")))
    assert above.outcome not in REFUSED


LIFECYCLE = {
    "already_posted": "submission: repeated, earlier.outcome: post, memo: { present: true }",
    "superseded": "submission: older, source: manual",
    "conflicting_content": "submission: conflicting, revision: { above: 3 }",
    "changed_after_posting": "submission: newer, earlier.outcome: reject",
}


@pytest.mark.parametrize("rule", LIFECYCLE)
@pytest.mark.parametrize("way", ["removed", "narrowed"])
def test_a_revision_that_would_be_posted_anew(tmp_path: Path, rule: str, way: str) -> None:
    change = "remove: true" if way == "removed" else f"when: {{ {LIFECYCLE[rule]} }}"
    useless = ("PX601", "PX602", "PX603", "PX604")
    findings = [
        t
        for t in told(tmp_path, f"  - {{ id: {rule}, {change} }}\n")
        if t.finding.code not in useless
    ]
    codes = {t.finding.code for t in findings}
    assert codes == {"PX606", "PX513" if way == "removed" else "PX605"}
    (anew,) = [t for t in findings if t.finding.code == "PX606"]
    assert "other kinds" in anew.finding.message
    assert anew.example["state"]["earlier"]["outcome"] == "post"


def test_a_new_kind_is_guarded_without_being_named(tmp_path: Path) -> None:
    """What moves the money of a matter is refused beyond its balance, in every kind."""
    kinds = (
        "spec: 1\nsection: Extra\nkinds:\n  trust_fee:\n    title: A fee\n"
        "    fields: { required: [amount, bank_account, matter, participant] }\n    postings:\n"
        "      - { debit: trust_liability, amount: amount, matter: matter.id,\n"
        "          held_in: bank_account }\n"
        "      - { credit: { bank: bank_account }, amount: amount }\n"
        f"rules:\n  - id: trust_fee\n    kinds: [trust_fee]\n    outcome: reject\n{SAYS}"
    )
    pack = load_pack("au", extensions=(extension(write(tmp_path, {"rules/k.yaml": kinds})),))
    (overdraw,) = [r for r in pack.rules if r.id == "trust_overdraw"]
    assert "trust_fee" in overdraw.kinds


REPLACED = {
    "by a region": ("rules/regions/zz.yaml", "required: true, outcome: reject", None),
    "by a firm": ("rules/firm.yaml", "required: true, outcome: reject", "only a region"),
    "not required": ("rules/regions/zz.yaml", "outcome: reject", "is required itself"),
    "by a warning": ("rules/regions/zz.yaml", "required: true, outcome: skip", "rejects or holds"),
}


@pytest.mark.parametrize("case", REPLACED)
def test_another_rule_in_the_place_of_a_guard(tmp_path: Path, case: str) -> None:
    file, values, words = REPLACED[case]
    rule = (
        "rules:\n  - id: another\n    replaces: firm_funds_in_trust\n"
        "    kinds: [trust_transfer]\n    when: { purpose: firm_funds, memo: { present: true } }\n"
        + "".join(f"    {v}\n" for v in values.split(", "))
        + SAYS
        + "    source: A law.\n"
    )
    files = {"rules/regions/zz.yaml": "spec: 1\nregion: zz\ntitle: Z\nextends: au\n"}
    if file.endswith("zz.yaml"):
        files[file] += rule
    else:
        files[file] = "spec: 1\n" + rule
    result = validate(("zz",), (write(tmp_path, files),))
    told = [f for f in result.findings if f.code == "PX207"]
    assert [words in f.message for f in told] == ([] if words is None else [True])


@pytest.mark.parametrize("region", FIRMS)
def test_no_region_of_the_product_takes_a_guard_away(region: str) -> None:
    assert [g for g in builtin(region).guards if g.successor is None] == []


@cache
def required() -> frozenset[str]:
    return frozenset(r.id for r in builtin("au").rules if r.required)


@pytest.mark.parametrize("rule", sorted(required()))
def test_every_required_rule_is_missed(tmp_path: Path, rule: str) -> None:
    """Whichever guard is removed, the place of that is told."""
    pack = write(tmp_path, {"rules/extra.yaml": HEAD + f"  - {{ id: {rule}, remove: true }}\n"})
    result = validate(("au",), (pack,))
    assert [(f.code, at(f)) for f in result.findings if f.code == "PX513"] == [
        ("PX513", "extra.yaml:4:11")
    ]
