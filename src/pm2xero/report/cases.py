"""The results of cases and their coverage, as text, JSON or JUnit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import IO, Any
from xml.etree import ElementTree

from pm2xero.cases.coverage import Coverage
from pm2xero.cases.model import CaseFile, CaseResult, Status
from pm2xero.errors import Finding
from pm2xero.report.findings import format_findings
from pm2xero.report.sources import read_source
from pm2xero.report.width import columns, folded, is_narrow
from pm2xero.sentences import counted

TITLES = {
    "rules": "rules",
    "outcomes": "outcomes",
    "conditions": "conditions",
    "requests": "requests",
    "fields": "template fields",
}
_STATUSES: tuple[Status, ...] = ("passed", "failed", "known_gap")


def as_text(
    files: Sequence[CaseFile], results: Sequence[CaseResult], stream: IO[str], *,
    colour: bool = False,
) -> str:  # fmt: skip
    """What failed, each with its place, then a line for each file and the total."""
    faults = [f for file in files for f in file.findings]
    faults += [f for r in results if r.status == "failed" for f in r.findings]
    shown = format_findings(
        tuple(faults), read_source, colour=colour, width=columns(stream),
        is_folded=is_narrow(stream),
    )  # fmt: skip
    out = [shown, ""] if faults else []
    rest = []
    for file in files:
        of_file = [r for r in results if r.case.at.file == file.shown]
        rest.append(f"{file.shown}: {_counted(of_file)}")
        rest += [
            f"  known gap: {r.case.name} ({r.case.known_gap})"
            for r in of_file
            if r.status == "known_gap"
        ]
    rest.append(f"{counted(len(results), 'case')}: {_counted(results)}")
    return "\n".join([*out, folded("\n".join(rest), stream)])


def coverage_text(coverage: Coverage) -> str:
    """What is covered, and what is not with the reason."""
    of = " and ".join(str(folder) for folder in coverage.own)
    out = [f"Coverage of what {of} adds or changes:" if of else "Coverage:"]
    for count in coverage.counts:
        never = f" ({count.exempt} more cannot be)" if count.exempt else ""
        out.append(f"  {TITLES[count.group]:<16} {count.reached:>5} of {count.total}{never}")
    out.append(f"  {'together':<16} {coverage.percent} %")
    if coverage.missing:
        out.append("Not covered:")
        out += [f"  {TITLES[g.group]}: {g}\n    {why}" for g, why in coverage.missing]
    if coverage.exempt:
        out.append("Cannot be, so not counted:")
        out += [f"  {TITLES[g.group]}: {g}\n    {why}" for g, why in coverage.exempt]
    return "\n".join(out)


def as_json(
    files: Sequence[CaseFile], results: Sequence[CaseResult], coverage: Coverage | None
) -> dict[str, Any]:
    """Everything as one object."""
    made: dict[str, Any] = {
        "files": [
            {"file": f.shown, "cases": len(f.cases), "findings": _findings(f.findings)}
            for f in files
        ],
        "cases": [
            {
                "name": r.case.name,
                "at": str(r.case.at),
                "kind": r.kind,
                "region": r.region,
                "status": r.status,
                "findings": _findings(r.findings),
                "known_gap": r.case.known_gap,
            }
            for r in results
        ],
        "summary": {s: sum(r.status == s for r in results) for s in _STATUSES},
    }
    if coverage is not None:
        made["coverage"] = {
            "percent": str(coverage.percent),
            "groups": {
                c.group: {"reached": c.reached, "total": c.total, "cannot_be": c.exempt}
                for c in coverage.counts
            },
            "missing": [
                {"group": g.group, "what": str(g), "because": why} for g, why in coverage.missing
            ],
            "cannot_be": [
                {"group": g.group, "what": str(g), "because": why} for g, why in coverage.exempt
            ],
        }
    return made


def as_junit(
    files: Sequence[CaseFile], results: Sequence[CaseResult], coverage: Coverage | None,
    fail_under: float,
) -> str:  # fmt: skip
    """A test suite for each file; coverage below the limit is a test case that fails."""
    root = ElementTree.Element("testsuites", name="pm2xero test")
    for file in files:
        of_file = [r for r in results if r.case.at.file == file.shown]
        rows = [(r.case.name, r) for r in of_file]
        suite = _suite(root, file.shown, len(rows) + bool(file.findings))
        if file.findings:
            _failure(_row(suite, "the file itself", file.shown), file.findings)
        for name, result in rows:
            row = _row(suite, name, file.shown)
            if result.status == "failed":
                _failure(row, result.findings)
            elif result.status == "known_gap":
                ElementTree.SubElement(row, "skipped", message=result.case.known_gap or "")
    if coverage is not None:
        suite = _suite(root, "coverage", 1)
        row = _row(suite, f"at least {fail_under:g} %", "coverage")
        if coverage.percent < fail_under:
            message = f"{coverage.percent} % is covered"
            ElementTree.SubElement(row, "failure", message=message).text = coverage_text(coverage)
    for suite in root:
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _suite(root: ElementTree.Element, name: str, tests: int) -> ElementTree.Element:
    return ElementTree.SubElement(root, "testsuite", name=name, tests=str(tests))


def _row(suite: ElementTree.Element, name: str, file: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", name=name, classname=file, file=file)


def _failure(row: ElementTree.Element, findings: Iterable[Finding]) -> None:
    listed = list(findings)
    text = "\n".join(f"{f.at}: {f.code} {f.message}" for f in listed)
    ElementTree.SubElement(row, "failure", message=listed[0].message).text = text


def _findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {"code": f.code, "message": f.message, "at": str(f.at) if f.at else None, "hint": f.hint}
        for f in findings
    ]


def _counted(results: Sequence[CaseResult]) -> str:
    counts = Counter(r.status for r in results)
    words = [f"{counts['passed']} passed"]
    if counts["failed"]:
        words.append(f"{counts['failed']} failed")
    if counts["known_gap"]:
        words.append(counted(counts["known_gap"], "known gap"))
    return ", ".join(words)
