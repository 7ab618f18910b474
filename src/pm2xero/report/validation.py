"""A validation in the forms that people, editors and build servers read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import IO, Any

from pm2xero import __version__
from pm2xero.errors import Finding
from pm2xero.harmless import in_markdown
from pm2xero.report.findings import WIDTH, ReadSource, format_findings
from pm2xero.report.sources import read_source
from pm2xero.report.width import columns, folded, is_narrow
from pm2xero.sentences import sentences
from pm2xero.validate.verdict import Validation

Form = Callable[[Validation], str]


def as_text(
    validation: Validation, read: ReadSource = read_source, *, colour: bool = False,
    stream: IO[str] | None = None,
) -> str:  # fmt: skip
    """Every finding with its source, then what was looked at and what is proven.

    Args:
        stream: where it goes to; where that is narrow, sentences are folded to its width.
    """
    narrow = stream is not None and is_narrow(stream)
    width = columns(stream) if stream is not None else WIDTH
    rows = []
    if validation.told:
        pairs = zip(validation.findings, validation.told, strict=True)
        shown = [_with_example(f, t.example) for f, t in pairs]
        rows += [format_findings(shown, read, colour=colour, width=width, is_folded=narrow), ""]
    tail = [looked_at(validation), *(f"{region}: {words}" for region, words in validation.proven)]
    rows.append(folded("\n".join(tail), stream) if stream is not None else "\n".join(tail))
    return "\n".join(rows)


def _with_example(finding: Finding, example: Any) -> Finding:
    if example is None:
        return finding
    shown = f"example: {json.dumps(example, ensure_ascii=False)}"
    return replace(finding, should_be="\n".join(p for p in (finding.should_be, shown) if p))


def looked_at(validation: Validation) -> str:
    """What was checked, in one line."""
    regions = validation.regions
    if not regions:
        return "nothing was checked: the firm's file cannot be read"
    named = ", ".join(regions) if len(regions) <= 6 else f"{len(regions)} regions"
    counts = (
        f"{validation.kinds} kinds, {validation.rules} rules and {validation.mappings} mappings"
    )
    verdict = "" if validation.told else ": no findings"
    return f"checked {counts} for {named or 'no region'}{verdict}"


def as_json(validation: Validation) -> str:
    """One object with all findings."""
    findings = [
        {
            "code": f.code,
            "severity": f.severity,
            "message": f.message,
            **_place(f),
            "width": f.width,
            "hint": f.hint,
            "should_be": f.should_be,
            "related": [
                {"file": p.file, "line": p.line, "column": p.column, "message": why}
                for p, why in f.related
            ],
            "regions": list(told.regions),
            "example": told.example,
        }
        for told, f in ((t, t.finding) for t in validation.told)
    ]
    value = {
        "regions": list(validation.regions),
        "kinds": validation.kinds,
        "rules": validation.rules,
        "mappings": validation.mappings,
        "errors": validation.count("error"),
        "warnings": validation.count("warning"),
        "findings": findings,
        "proven": dict(validation.proven),
    }
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _place(finding: Finding) -> dict[str, Any]:
    at = finding.at
    if at is None:
        return {"file": None, "line": None, "column": None}
    return {"file": at.file, "line": at.line, "column": at.column}


def as_sarif(validation: Validation) -> str:
    """SARIF 2.1.0, as code hosts and editors take it."""
    findings = validation.findings
    codes = sorted({f.code for f in findings})
    driver = {
        "name": "pm2xero",
        "version": __version__,
        "rules": [_sarif_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(f, codes.index(f.code)) for f in findings],
    }
    value = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def _sarif_rule(code: str) -> dict[str, Any]:
    from pm2xero.validate.codes import page

    found = page(code)
    title = found.title if found else code
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": title}}
    if found is not None:
        rule["fullDescription"] = {"text": found.meaning}
        rule["help"] = {"text": found.text()}
    return rule


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    said = sentences((finding.message, finding.hint, finding.should_be))
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": said},
    }
    if finding.at is not None:
        result["locations"] = [_sarif_place(finding.at, finding.width)]
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_sarif_place(at, 1), "message": {"text": why}}
            for number, (at, why) in enumerate(finding.related, 1)
        ]
    return result


def _sarif_place(at: Any, width: int) -> dict[str, Any]:
    region = {"startLine": at.line, "startColumn": at.column, "endColumn": at.column + width}
    return {"physicalLocation": {"artifactLocation": {"uri": at.file}, "region": region}}


def as_junit(validation: Validation) -> str:
    """JUnit XML: a test case for each region, failed ones for each finding."""
    # Brings urllib.request with it, which every other form can do without.
    from xml.sax.saxutils import escape, quoteattr

    failures = validation.count("error") + validation.count("warning")
    rows = ['<?xml version="1.0" encoding="UTF-8"?>']
    clean = [r for r in validation.regions if not any(r in t.regions for t in validation.told)]
    total = failures + len(clean)
    head = f'name="pm2xero validate" tests="{total}" failures="{failures}"'
    rows += [f"<testsuites {head}>", f"<testsuite {head}>"]
    for finding in validation.findings:
        where = str(finding.at) if finding.at else ""
        file = finding.at.file if finding.at else "pack"
        name = f"{finding.code} {where}".strip()
        body = "\n".join(p for p in (where, finding.message, finding.hint, finding.should_be) if p)
        rows.append(
            f"<testcase classname={quoteattr(file)} name={quoteattr(name)}>"
            f"<failure type={quoteattr(finding.code)} message={quoteattr(finding.message)}>"
            f"{escape(body)}</failure></testcase>"
        )
    rows += [f'<testcase classname="region" name={quoteattr(r)}/>' for r in clean]
    return "\n".join([*rows, "</testsuite>", "</testsuites>"])


def as_github(validation: Validation) -> str:
    """Workflow commands that mark the lines of a pull request."""
    rows = []
    for finding in validation.findings:
        place = ""
        if finding.at is not None:
            at = finding.at
            place = (
                f"file={_property(at.file)},line={at.line},col={at.column},"
                f"endColumn={at.column + finding.width},"
            )
        said = "\n".join(p for p in (finding.message, finding.hint, finding.should_be) if p)
        title = _property(f"pm2xero {finding.code}")
        rows.append(f"::{finding.severity} {place}title={title}::{_data(said)}")
    return "\n".join([*rows, looked_at(validation)])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_markdown(validation: Validation) -> str:
    """A table for a pull request."""
    rows = ["## Validation", "", f"{looked_at(validation).capitalize()}.", ""]
    if validation.told:
        rows += ["| | Place | Finding | Way out |", "|---|---|---|---|"]
    for finding in validation.findings:
        mark = "❌" if finding.severity == "error" else "⚠️"
        place = f"`{finding.at}`" if finding.at else ""
        fix = " — ".join(p for p in (finding.hint, finding.should_be) if p)
        rows.append(
            f"| {mark} {finding.code} | {place} | {_cell(finding.message)} | {_cell(fix)} |"
        )
    if validation.proven:
        rows += ["", *(f"- **{region}**: {words}" for region, words in validation.proven)]
    return "\n".join(rows)


def _cell(text: str) -> str:
    return "<br>".join(in_markdown(line) for line in text.splitlines())


FORMS: dict[str, Form] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
    "markdown": as_markdown,
}
