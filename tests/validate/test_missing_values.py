"""What may be missing is found where it is read, in templates and in mappings, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.packs import MAPPINGS, RULES, TEMPLATE, at, checked

KIND = RULES.replace(
    "required: [amount, bank_account, participant] }",
    "required: [amount, bank_account, participant], "
    "optional: [memo, matter, { levied_on: date }] }",
)
LINE = '"Reference": {{ id | fit(255) }},'


def found(folder: Path, **files: str) -> list[tuple[str, str]]:
    """Places and paths that are told."""
    result = checked(folder, **files)
    # The template reads less than the mapping says, which is told elsewhere.
    passed_over = ("PX514", "PX504", "PX509", "PX525")
    other = [f for f in result.findings if f.code not in passed_over]
    assert other == [], [(f.code, f.message) for f in other]
    told = [f for f in result.findings if f.code == "PX514"]
    assert all(f.hint and f.related for f in told)
    return [(at(f), f.message.split('"')[1]) for f in told]


UNGUARDED = {
    "{{ memo }}": "memo",
    "{{ memo | fit(255) }}": "memo",
    '{{ id ~ " " ~ memo }}': "memo",
    "{{ matter.id }}": "matter",
    "{{ matter.name }}": "matter",
    '{{ matter.name if matter else "" }}': "matter.name",
    '{% if memo %}{{ matter.id }}{% else %}""{% endif %}': "matter",
    '{% if not memo %}{{ memo }}{% else %}""{% endif %}': "memo",
    '{{ memo or matter.id or "" }}': "matter",
    "{% set text = memo %}{{ id }}": "memo",
    '{{ levied_on if levied_on > date else "" }}': "levied_on",
}


@pytest.mark.parametrize("text", UNGUARDED)
def test_what_may_be_missing_is_told_at_its_line(tmp_path: Path, text: str) -> None:
    template = TEMPLATE.replace(LINE, f'"Reference": {text},')
    told = found(tmp_path, rules=KIND, template=template)
    assert [path for _, path in told] == [UNGUARDED[text]]
    assert all(place.startswith("levy.json.j2:6:") for place, _ in told)


@pytest.mark.parametrize(
    "text",
    [
        '{{ memo or "" }}',
        '{{ memo | default("") }}',
        '{{ memo if memo else "" }}',
        '{% if memo %}{{ memo }}{% else %}""{% endif %}',
        '{{ (matter.name or "") if matter else "" }}',
        '{{ (matter.id ~ (memo or "")) if matter and matter.id else "" }}',
        '{% if not memo %}""{% else %}{{ memo }}{% endif %}',
        '{{ "x" if memo == "y" else "z" }}',
        '{{ "x" if memo is none else memo }}',
    ],
)
def test_what_is_guarded_is_not_told(tmp_path: Path, text: str) -> None:
    assert (
        found(tmp_path, rules=KIND, template=TEMPLATE.replace(LINE, f'"Reference": {text},')) == []
    )


GUARDS = {
    "the rule that posts": (
        KIND.replace(
            "kinds: [levy], outcome: post,",
            "kinds: [levy], when: { memo: { present: true } }, outcome: post,",
        ),
        MAPPINGS,
    ),
    "a rule that refuses": (
        KIND + "  - id: no_memo\n    kinds: [levy]\n    when: { memo: { present: false } }\n"
        "    outcome: reject\n    reason: No memo.\n    remedy: Enter one.\n",
        MAPPINGS,
    ),
    "the condition of the request": (
        KIND,
        MAPPINGS.replace("put: Bank", "when: { memo: { matches: x } }\n        put: Bank"),
    ),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_a_condition_guards_what_it_asks_for(tmp_path: Path, guard: str) -> None:
    rules, mappings = GUARDS[guard]
    template = TEMPLATE.replace(LINE, '"Reference": {{ memo }},')
    assert found(tmp_path, rules=rules, mappings=mappings, template=template) == []


@pytest.mark.parametrize(
    ("describe", "told"),
    [
        ('describe: "Levy {memo}"', ["memo"]),
        ('describe: "Levy on {matter.name}"', ["matter"]),
        ('describe: "Levy {memo}", when: { memo: { present: true } }', []),
        ("describe: memo", []),
    ],
)
def test_texts_of_lines(tmp_path: Path, describe: str, told: list[str]) -> None:
    mappings = MAPPINGS.replace("describe: Levy", describe)
    result = found(tmp_path, rules=KIND, mappings=mappings)
    assert [path for _, path in result] == told
    column = mappings.splitlines()[13].index("describe: ") + len("describe: ") + 1
    assert all(place == f"levy.yaml:14:{column}" for place, _ in result)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('contact_name: "{participant.display_name} {memo}"', ["memo"]),
        ('contact_name: "{participant.display_name}"', []),
        ('with: { bank: { bank: bank_account }, link: { text: "x/{matter.id}" } }', ["matter"]),
        ('with: { bank: { bank: bank_account }, link: { text: "x/{id}" } }', []),
    ],
)
def test_texts_of_requests(tmp_path: Path, more: str, told: list[str]) -> None:
    mappings = MAPPINGS
    if more.startswith("with:"):
        mappings = mappings.replace("with: { bank: { bank: bank_account } }", more)
    else:
        mappings = mappings.replace("contact: participant", f"contact: participant\n        {more}")
    assert more in mappings
    result = found(tmp_path, rules=KIND, mappings=mappings)
    assert [path for _, path in result] == told
    line = next(n for n, text in enumerate(mappings.splitlines(), 1) if more in text)
    assert all(place.startswith(f"levy.yaml:{line}:") for place, _ in result)
