"""How a finding is shown."""

from __future__ import annotations

import re

from pm2xero.errors import Finding, Position
from pm2xero.report.findings import format_finding, format_findings

SOURCE = {
    "x.yaml": [
        "rules:",
        "  - id: first",
        "    kinds: all",
        '    outcome: "reject_"',
        "    reason: because",
        "    remedy: none",
    ],
    "wide.yaml": [
        "x" * 150,
        f"  reason: {'a' * 120}{{here}}{'b' * 120}",
        f"  reason: {{here}}{'b' * 120}",
        f"  reason: {'a' * 120}{{here}}",
    ],
    "odd.yaml": ["\tkey: 値段 wrong", "e\u0301tat: wrong", ""],
}


def shown(finding: Finding) -> list[str]:
    return format_finding(finding, SOURCE.get).splitlines()


def caret(lines: list[str]) -> tuple[int, int]:
    """Column and width of the carets, in the text behind the bar."""
    line = next(t for t in lines if "^" in t)
    behind = line.split("│ ", 1)[1]
    return behind.index("^"), behind.count("^")


def test_all_four_parts() -> None:
    finding = Finding(
        "PX104",
        'unknown outcome "reject_"',
        Position("x.yaml", 4, 14),
        hint='did you mean "reject"?',
        should_be="one of: hold, post, reject, skip",
        width=7,
        related=((Position("x.yaml", 2, 9), "this rule"),),
    )
    assert format_finding(finding, SOURCE.get) == (
        'x.yaml:4:14  error PX104  unknown outcome "reject_"\n'
        "\n"
        "  2 │   - id: first\n"
        "  3 │     kinds: all\n"
        '  4 │     outcome: "reject_"\n'
        '    │              ^^^^^^^^^ did you mean "reject"?\n'
        "  5 │     reason: because\n"
        "\n"
        "  one of: hold, post, reject, skip\n"
        "  x.yaml:2:9  this rule\n"
        "    2 │   - id: first"
    )


def test_only_what_is_there_is_shown() -> None:
    assert shown(Finding("PX206", "there is no region")) == ["error PX206  there is no region"]
    gone = Finding("PX100", "there is no such file", Position("gone.yaml"), hint="look again")
    assert shown(gone) == ["gone.yaml:1:1  error PX100  there is no such file", "  look again"]


def test_at_the_first_and_last_line_and_past_the_end() -> None:
    first = shown(Finding("PX1", "m", Position("x.yaml", 1, 1), width=5))
    assert [t.split("│")[0].strip() for t in first[2:]] == ["1", "", "2"]
    last = shown(Finding("PX1", "m", Position("x.yaml", 6, 5), width=99))
    assert [t.split("│")[0].strip() for t in last[2:]] == ["4", "5", "6", ""]
    assert caret(last) == (4, len("remedy: none"))
    past = shown(Finding("PX1", "m", Position("x.yaml", 9, 1)))
    assert caret(past) == (len("    remedy: none"), 1)


def test_wide_lines_are_cut_around_the_caret() -> None:
    for line, column in ((2, 131), (3, 11), (4, 131)):
        lines = shown(Finding("PX1", "m", Position("wide.yaml", line, column), width=6))
        assert all(len(t) <= 108 for t in lines)
        start, width = caret(lines)
        text = next(t for t in lines if "{here}" in t and t.strip().startswith(str(line)))
        assert text.split("│ ", 1)[1][start : start + width] == "{here}"


def test_carets_stand_below_what_they_mean_in_any_script() -> None:
    lines = shown(Finding("PX1", "m", Position("odd.yaml", 1, 10), width=5))
    assert "│ →key: 値段 wrong" in lines[2]
    assert caret(lines) == (len("→key: ") + 4 + 1, 5)
    lines = shown(Finding("PX1", "m", Position("odd.yaml", 2, 8), width=5))
    assert caret(lines) == (len("etat: "), 5)


def test_control_characters_never_reach_the_terminal() -> None:
    source = {"x": ["key: \x1b[31mred\x07"]}
    text = format_finding(Finding("PX1", "m", Position("x", 1, 6)), source.get)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)


def test_the_last_line_counts() -> None:
    def last(*findings: Finding) -> str:
        return format_findings(findings, SOURCE.get).splitlines()[-1]

    one = Finding("PX1", "m", Position("x.yaml", 1, 1))
    other = Finding("PX1", "m", Position("wide.yaml", 1, 1))
    warning = Finding("PX1", "m", Position("x.yaml", 2, 1), severity="warning")
    assert last(one) == "1 error in 1 file"
    assert last(one, one, other) == "3 errors in 2 files"
    assert last(one, warning) == "1 error and 1 warning in 1 file"
    assert last(warning) == "1 warning in 1 file"
    assert last(Finding("PX1", "m")) == "1 error"


def test_colour_only_when_asked_and_without_changing_a_word() -> None:
    finding = Finding("PX1", "m", Position("x.yaml", 4, 14), hint="h", should_be="s", width=7)
    plain = format_findings([finding], SOURCE.get)
    coloured = format_findings([finding], SOURCE.get, colour=True)
    assert "\x1b" not in plain
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_long_lists_are_wrapped() -> None:
    finding = Finding("PX1", "m", should_be="one of: " + ", ".join(["some_word"] * 30))
    lines = shown(finding)[1:]
    assert len(lines) > 2
    assert all(len(t) <= 100 for t in lines)
    assert all(t.startswith(" " * 10 + "some_word") for t in lines[1:])
