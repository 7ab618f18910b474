"""The support matrix as Markdown, HTML, CSV and JSON, and what changed between two of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from html import escape
from typing import Any

from pm2xero.compare.matrix import Cell, Matrix, Row
from pm2xero.harmless import in_cell

WORDS = {"yes": "Yes", "no": "No", "partial": "Partial", "needs set-up": "Needs set-up"}
ABSENT = Cell("no", ("The kind is not known here.",))


LEGEND = (
    "**Yes**: posted to Xero. **Needs set-up**: posted once the firm has named the accounts in "
    "the note. **Partial**: not in the case that the note tells. **No**: not posted."
)
STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}"
    "th,td{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    ".yes{background:#e3f4e3}.no{background:#f8e0e0}.partial{background:#fdf3d8}"
    ".set-up{background:#e3edf8}small{color:#555}</style>"
)


def as_markdown(matrix: Matrix) -> str:
    """Tables by section, the notes below each; made to be kept in the documentation."""
    rows = [
        "# Support matrix",
        "",
        "<!-- Made by `pm2xero matrix`; change the rules, then run it again. -->",
        "",
        LEGEND,
        "",
    ]
    for region in matrix.regions:
        if matrix.same.get(region):
            rows += [f"{region} stands for {', '.join((region, *matrix.same[region]))}.", ""]
    for section, listed in by_section(matrix):
        rows += [f"## {section}", ""]
        head = ["Transaction", "Kind", *matrix.regions]
        rows += [_line(head), _line(["---"] * len(head))]
        notes: dict[str, int] = {}
        for row in listed:
            cells = [_marked(row.cells.get(r, ABSENT), notes) for r in matrix.regions]
            rows.append(_line([row.title, f"`{row.kind}`" if row.kind else "", *cells]))
        rows.append("")
        rows += [f"{number}. {_plain(note)}" for note, number in notes.items()]
        if notes:
            rows.append("")
    return "\n".join(rows).rstrip("\n") + "\n"


def by_section(matrix: Matrix) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each section, in order."""
    for section in dict.fromkeys(r.section for r in matrix.rows):
        yield section, [r for r in matrix.rows if r.section == section]


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"


def _marked(cell: Cell, notes: dict[str, int]) -> str:
    numbers = [str(notes.setdefault(note, len(notes) + 1)) for note in cell.notes]
    mark = f" <sup>{' '.join(numbers)}</sup>" if numbers else ""
    return WORDS[cell.support] + mark


def _plain(note: str) -> str:
    return note.replace("<", "&lt;")


def as_html(matrix: Matrix) -> str:
    """One page; the notes stand in the cells."""
    out = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Support matrix</title>',
        f"{STYLE}<h1>Support matrix</h1>",
    ]
    for section, listed in by_section(matrix):
        heads = "".join(f"<th>{escape(_named(r, matrix))}</th>" for r in matrix.regions)
        out.append(f"<h2>{escape(section)}</h2><table><tr><th>Transaction</th>{heads}</tr>")
        for row in listed:
            kind = f"<br><small>{escape(row.kind)}</small>" if row.kind else ""
            out.append(f"<tr><td>{escape(row.title)}{kind}</td>")
            for region in matrix.regions:
                cell = row.cells.get(region, ABSENT)
                note = "".join(f"<br><small>{escape(n)}</small>" for n in cell.notes)
                shade = cell.support.rsplit(" ", 1)[-1]
                out.append(f'<td class="{shade}">{WORDS[cell.support]}{note}</td>')
            out.append("</tr>")
        out.append("</table>")
    return "\n".join([*out, "</html>"])


def _named(region: str, matrix: Matrix) -> str:
    return ", ".join((region, *matrix.same.get(region, ())))


def as_csv(matrix: Matrix) -> str:
    """One line for each row and region."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["section", "transaction", "kind", "region", "support", "notes", "rules"])
    for row in matrix.rows:
        for region in matrix.regions:
            cell = row.cells.get(region, ABSENT)
            notes, rules = " ".join(cell.notes), " ".join(cell.rules)
            texts = [row.section, row.title, row.kind or "", region, cell.support, notes, rules]
            writer.writerow(map(in_cell, texts))
    return stream.getvalue().rstrip("\n")


def as_json(matrix: Matrix) -> str:
    """Everything, every region by its own name; what `--diff` compares with."""
    regions = [n for r in matrix.regions for n in (r, *matrix.same.get(r, ()))]
    rows = [
        {
            "section": row.section,
            "transaction": row.title,
            "kind": row.kind,
            "regions": {
                name: {
                    "support": cell.support,
                    "notes": list(cell.notes),
                    "rules": list(cell.rules),
                    "needs": list(cell.needs),
                }
                for name, cell in row.cells.items()
            },
        }
        for row in matrix.rows
    ]
    return json.dumps({"regions": regions, "rows": rows}, indent=1, ensure_ascii=False)


def changes(old: Any, matrix: Matrix) -> str:
    """What is otherwise than in an earlier matrix (the JSON form), in Markdown.

    Raises:
        KeyError, TypeError, AttributeError: `old` is no such JSON.
    """
    before = {(r["transaction"], r["kind"]): r["regions"] for r in old["rows"]}
    now = {(r.title, r.kind): r.cells for r in matrix.rows}
    found: dict[tuple[str, str | None, str, str, str], list[str]] = {}
    for key in dict.fromkeys([*now, *before]):
        title, kind = key
        then, later = before.get(key, {}), now.get(key, {})
        for region in sorted({*then, *later}):
            was = WORDS[then[region]["support"]] if region in then else "—"
            cell = later.get(region)
            is_now = WORDS[cell.support] if cell else "—"
            why = " ".join(cell.notes) if cell else ""
            noted = " ".join(then[region]["notes"]) if region in then else ""
            if (was, noted) != (is_now, why):
                found.setdefault((title, kind, was, is_now, why), []).append(region)
    if not found:
        return "Nothing has changed in the support matrix."
    rows = [_line(["Transaction", "Kind", "Regions", "Was", "Is", "Why"]), _line(["---"] * 6)]
    for (title, kind, was, is_now, why), regions in found.items():
        named = f"`{kind}`" if kind else ""
        rows.append(_line([title, named, ", ".join(regions), was, is_now, _plain(why)]))
    return "\n".join(rows)


FORMS = {"markdown": as_markdown, "html": as_html, "csv": as_csv, "json": as_json}
