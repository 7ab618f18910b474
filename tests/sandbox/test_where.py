"""The grammar of `where`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pm2xero.sandbox.problems import Problem
from pm2xero.sandbox.where import Clause, Every, Some, holds, parse


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ('Status=="AUTHORISED"', [Clause("Status", "==", "AUTHORISED")]),
        ('Status = "A" and Type != "B"', [Clause("Status", "==", "A"), Clause("Type", "!=", "B")]),
        (
            'Contact.ContactID==Guid("5B8E0C1E-7C3A-4F1D-9D52-3E6A1C94B7F0")&&AmountDue>0.50',
            [
                Clause("Contact.ContactID", "==", "5b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f0"),
                Clause("AmountDue", ">", Decimal("0.50")),
            ],
        ),
        (
            "Date >= DateTime(2026, 05, 01) AND Date < DateTime(2026,6,1,0,0,0)",
            [
                Clause("Date", ">=", date(2026, 5, 1)),
                Clause("Date", "<", date(2026, 6, 1)),
            ],
        ),
        ('Date == DateTime.Parse("2026-05-01")', [Clause("Date", "==", date(2026, 5, 1))]),
        ("Reference == null", [Clause("Reference", "==", None)]),
        ("IsReconciled==true", [Clause("IsReconciled", "==", True)]),
        ('Reference=="and \\"so\\" on"', [Clause("Reference", "==", 'and "so" on')]),
        ("Reference<>null", [Clause("Reference", "!=", None)]),
        ('Name.StartsWith("An") AND Name.Contains("Cl")',
         [Clause("Name", "StartsWith", "An"), Clause("Name", "Contains", "Cl")]),
        ('Contact.Name.ToLower().EndsWith( "x" )', [Clause("Contact.Name", "EndsWith", "x", True)]),
        ('Name.ToUpper()=="ANN"', [Clause("Name", "==", "ANN", True)]),
        ('((Status=="A"))', [Clause("Status", "==", "A")]),
    ],
)  # fmt: skip
def test_read(text: str, clauses: list[Clause]) -> None:
    asked = parse(text)
    assert list(asked.parts if isinstance(asked, Every) else (asked,)) == clauses


def test_and_binds_closer_than_or() -> None:
    a, b, c = (Clause(name, "==", Decimal(1)) for name in "ABC")
    assert parse("A==1 OR B==1 && C==1") == Some((a, Every((b, c))))
    assert parse("(A==1 || B==1) AND C==1") == Every((Some((a, b)), c))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Status",
        'Status=="A" OR',
        'OR Status=="A"',
        '(Status=="A"',
        'Status=="A")',
        'Status=="A" Type=="B"',
        "Name.Contains(1)",
        'Name.Contains "x"',
        "(" * 60 + 'A=="1"' + ")" * 60,
        'Status=="A" AND',
        'Reference=="it"s"',
        "Date==DateTime(2026,13,1)",
        'Date==DateTime.Parse("soon")',
        "Status==Type",
        '"A"=="A"',
        'Status "A"',
        "Status==#",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Problem) as refusal:
        parse(text)
    content = refusal.value.content
    assert isinstance(content, dict)
    assert (content["ErrorNumber"], content["Type"]) == (16, "QueryParseException")


def test_holds_on_a_shape() -> None:
    shape = {"Type": "BANK", "SystemAccount": ""}
    assert holds(parse('Type=="BANK" AND SystemAccount==null'), shape)
    assert not holds(parse('Type!="BANK"'), shape)
    assert not holds(parse("Type==null"), shape)
    assert holds(parse('Code!="200"'), shape)
    assert holds(parse('Type=="CURRENT" OR Type.StartsWith("ba")'), shape)
    assert holds(parse('Type.ToLower()=="bank" AND (Type=="X" OR Type.EndsWith("NK"))'), shape)
    assert not holds(parse('Type.Contains("x")'), shape)
    with pytest.raises(Problem):
        holds(parse('Type>"A"'), shape)
