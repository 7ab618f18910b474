"""The support matrix: the article's rows in their order, and the documentation kept current."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from pm2xero.compare.matrix import Matrix, matrix
from pm2xero.pack.load import extension, load_pack, regions
from pm2xero.pack.yaml.read import parse_yaml
from pm2xero.report.matrix import as_csv, as_html, as_json, as_markdown, changes
from tests.support.packs import write

DOCS = Path(__file__).parents[2] / "docs" / "support-matrix.md"

# The tables of the article: section, then each row with what it says of Xero.
ARTICLE = {
    "Client Billing": [
        ("Posting a client bill to your accounting", "yes"),
        ("Paying a client bill", "yes"),
        ("Creating a credit note", "yes"),
        ("Applying a credit note to an invoice", "yes"),
        ("Refunding an outstanding credit note back to the client", "no"),
        ("Refund an overpayment from a client", "no"),
        ("General retainers (regionally specific)", "no"),
    ],
    "Trust Accounting": [
        ("Trust receipts, payments, journals, and transfers", "yes"),
        ("Interest", "yes"),
        ("Invoice payments", "yes"),
        ("Statutory funds (regionally specific)", "yes"),
        ("Advanced funds transactions (regionally specific)", "yes"),
        ("Trust bank reconciliations", "no"),
    ],
    "Supplier / Vendor Transactions": [
        ("Posting a supplier or vendor invoice to your accounting", "yes"),
        ("Paying a supplier or vendor invoice", "yes"),
        ("Applying a supplier or vendor credit invoice to a supplier or vendor invoice", "yes"),
        ("Purchase orders", "no"),
        ("Purchase credit orders", "no"),
        ("Pre-entered supplier or vendor", "no"),
    ],
    "Banking Transactions": [
        ("A bank deposit (when not linked to a client payment)", "yes"),
        ("A bank withdrawal (when not linked to a supplier payment)", "yes"),
        ("Bank to bank transfer", "no"),
        ("Electronic batching of payments", "no"),
        ("Bank reconciliations", "no"),
        ("Printed checks", "no"),
        ("Deposit slips", "no"),
        ("Bank feeds", "partial"),
    ],
    "Other Accounting Functions": [
        ("General journals", "no"),
        ("Sales/VAT Returns", "no"),
        ("Divisions", "no"),
        ("Accounting reports based on matter or participant", "no"),
        ("Multi-currency accounting", "no"),
    ],
}


def made(*names: str) -> Matrix:
    return matrix(load_pack(n) for n in names or regions())


def test_rows_are_the_articles_in_its_order() -> None:
    rows: dict[str, list[str]] = {}
    for row in made("au").rows:
        listed = rows.setdefault(row.section, [])
        if row.title not in listed:
            listed.append(row.title)
    assert rows == {s: [title for title, _ in table] for s, table in ARTICLE.items()}


def test_what_the_article_refuses_is_refused_everywhere() -> None:
    found = made()
    for section, table in ARTICLE.items():
        for title, said in table:
            for row in found.rows:
                if (row.section, row.title) != (section, title):
                    continue
                words = {c.support for c in row.cells.values()}
                if said != "yes":
                    assert words == {said}, title
                elif "regionally specific" in title:
                    assert words & {"yes", "needs set-up"}, title
                else:
                    assert "no" not in words, title


def test_every_no_and_partial_has_its_reason() -> None:
    for row in made().rows:
        for cell in row.cells.values():
            assert cell.support == "yes" or cell.notes
            assert all("{" not in n for n in cell.notes)


def test_set_up_names_the_accounts() -> None:
    cell = next(r for r in made("au").rows if r.kind == "trust_receipt").cells["au"]
    assert (cell.support, cell.needs) == ("needs set-up", ("Trust liability",))


def test_states_like_their_country_are_told_with_it() -> None:
    found = made()
    assert "au-nsw" in found.same["au"]
    assert "au-nsw" not in found.regions
    assert set(found.regions) | {s for r in found.same.values() for s in r} == set(regions())


def test_the_documentation_is_current() -> None:
    """Run `pm2xero matrix > docs/support-matrix.md` after a change of the rules."""
    assert DOCS.read_text(encoding="utf-8") == as_markdown(made())


def test_a_switch_of_the_firm_changes_the_row() -> None:
    overlay = parse_yaml("spec: 1\nrules:\n  - { id: bank_transfer, outcome: post }\n", "f.yaml")
    pack = load_pack("au", overlay=("f.yaml", overlay))
    row = next(r for r in matrix([pack]).rows if r.kind == "bank_transfer")
    assert row.cells["au"].support == "yes"


def test_changes_between_two_versions_are_told() -> None:
    before = json.loads(as_json(made("au", "nz")))
    assert changes(before, made("au", "nz")) == "Nothing has changed in the support matrix."
    for row in before["rows"]:
        if row["kind"] == "client_bill":
            row["regions"]["nz"] = {"support": "no", "notes": ["Not yet."]}
    told = changes(before, made("au", "nz")).splitlines()
    assert len(told) == 3
    assert "| `client_bill` | nz | No | Yes |" in told[2]


def test_csv_has_a_line_for_each_row_and_region() -> None:
    found = made("au", "nz")
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert len(rows) == len(found.rows) * 2
    assert {r["support"] for r in rows} == {"yes", "no", "partial", "needs set-up"}


def test_html_escapes_and_closes() -> None:
    page = as_html(made("au"))
    assert page.count("<table>") == page.count("</table>") == len(ARTICLE)
    assert "Needs set-up" in page


def test_a_pack_of_ones_own_leaves_the_columns(tmp_path: Path) -> None:
    pack = write(tmp_path, {"rules/own.yaml": "spec: 1\nrules: []\n"})
    made = matrix([load_pack("au", extensions=(extension(pack),))])
    assert made.regions == ("au",)
