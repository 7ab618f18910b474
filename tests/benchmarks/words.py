"""Names and texts of the made-up firm."""

from __future__ import annotations

from typing import Any

# Ledger account, type of line, tax code.
ACCOUNTS_IN = (
    ("4000", "fee", "GST"),
    ("4000", "fee", "GST"),
    ("4010", "fee", "GST"),
    ("4110", "expense", "GST"),
    ("4100", "disbursement", "NT"),
)
ACCOUNTS_OUT = (
    ("5000", "expense", "GST"),
    ("5010", "expense", "FRE"),
    ("6000", "expense", "GST"),
    ("6010", "expense", "GST"),
    ("6020", "expense", "ITS"),
    ("6030", "expense", "GST"),
    ("6050", "expense", "GST"),
)
WORK = (
    "Advice on the contract of sale",
    "Call with the other side",
    "Preparing the affidavit of Łucja Żółkowska",
    'Settlement of "Lot 4"',
    "Searches and certificates",
    "Attendance at the directions hearing, 2 h 30 min",
    "Filing fee paid as agent",
    "Letter of demand; reply to the second draft",
)
CLIENTS = (
    "Imogen Achterberg",
    "Tamarind Foods Pty Ltd",
    "Estate of J. W. Pemberton",
    'O\'Hara & Sons "Builders" Pty Ltd',
    "Łucja Żółkowska",
    "Corvid Analytics Ltd",
    "Owners of Strata Plan",
)
MATTERS = (
    "purchase of 18 Wattle Gr",
    "lease of Unit 7",
    "family provision",
    "payment claim",
    "probate",
    "building defects",
)
SUPPLIERS: tuple[dict[str, Any], ...] = tuple(
    {"id": f"S{number}", "display_name": name, "is_company": True, "role": "supplier"}
    for number, name in enumerate(
        (
            "Quayside Tower Management Pty Ltd",
            "Dr Anneliese Voss",
            "Titlehound Searches Pty Ltd",
            "Papermill Office Supplies",
            "R. T. Okafor SC",
            "Meridian Telecom",
            "State Revenue Office",
            "Harbourmark Bank",
        ),
        201,
    )
)
