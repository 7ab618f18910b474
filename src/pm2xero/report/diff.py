"""What a change of a pack does, for people, tools and pull requests."""

from __future__ import annotations

from typing import Any

from pm2xero.report.text import money
from pm2xero.verify.compare.changes import Change, Comparison, KindChange
from pm2xero.verify.compare.impact import EFFECTS, LISTED, Impact, Touched

SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def as_text(found: Comparison, impact: Impact | None) -> str:
    """Changes as an indented list, kinds, then the table of real documents."""
    rows = [_headline(found)]
    for change in found.changes:
        rows += ["", f"{SIGNS[change.how]} {change.what} {change.id}{_scope(change, found)}"]
        rows += [f"    {d}" for d in change.details]
        if change.kinds:
            rows.append(f"    touches {_listed(change.kinds)}")
        if change.at is not None:
            rows.append(f"    {change.at}")
    if found.kinds:
        rows += ["", "kinds that are treated otherwise:"]
        for kind in found.kinds:
            rows.append(f"  {kind.kind}{_scope(kind, found)}: {'; '.join(kind.details)}")
    if impact is not None:
        rows += ["", *_impact_text(impact)]
    return "\n".join(rows)


def _headline(found: Comparison) -> str:
    if not found.changes and not found.kinds:
        return f"no difference in {_listed(found.regions)}"
    counts = [
        f"{count} {how}"
        for how in ("added", "removed", "changed")
        if (count := sum(c.how == how for c in found.changes))
    ]
    return f"{', '.join(counts) or 'nothing'}; looked at {_listed(found.regions)}"


def _listed(names: tuple[str, ...], most: int = 8) -> str:
    more = f" and {len(names) - most} others" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _scope(change: Change | KindChange, found: Comparison) -> str:
    """The regions of a change that is not in all of them."""
    if len(change.regions) == len(found.regions):
        return ""
    return f" ({_listed(change.regions, 5)})"


def _impact_text(impact: Impact) -> list[str]:
    total = sum(t.count for t in impact.tallies.values())
    rows = [f"of {total:,} documents, {impact.touched:,} are treated otherwise:"]
    for effect in EFFECTS:
        tally = impact.tallies[effect]
        if tally.count:
            amount = money(tally.money) or "0.00"
            rows.append(f"  {effect:<15} {tally.count:>7,}  {amount:>16} {impact.currency}")
    for effect in EFFECTS[1:]:
        tally = impact.tallies[effect]
        if tally.count:
            rows += ["", f"{effect}:"]
            rows += [f"  {_one(t)}" for t in tally.first]
            if tally.count > LISTED:
                rows.append(f"  … and {tally.count - LISTED:,} more")
    return rows


def _one(touched: Touched) -> str:
    new = touched.new
    told = f"{new.id}  {new.kind}  {touched.old.outcome} → {new.outcome}"
    if touched.old.outcome == new.outcome == "post":
        told = f"{new.id}  {new.kind}  other bodies"
    return f"{told}  {new.message}".rstrip()


def as_json(found: Comparison, impact: Impact | None) -> dict[str, Any]:
    """The same as data; amounts as text."""
    value: dict[str, Any] = {
        "regions": list(found.regions),
        "changes": [
            {
                "what": c.what,
                "id": c.id,
                "how": c.how,
                "details": list(c.details),
                "kinds": list(c.kinds),
                "at": str(c.at) if c.at else None,
                "regions": list(c.regions),
            }
            for c in found.changes
        ],
        "kinds": [
            {"kind": k.kind, "details": list(k.details), "regions": list(k.regions)}
            for k in found.kinds
        ],
    }
    if impact is not None:
        value["impact"] = {
            "currency": impact.currency,
            "effects": {
                effect: {
                    "count": tally.count,
                    "money": str(tally.money),
                    "kinds": tally.kinds,
                    "first": [
                        {
                            "id": t.new.id,
                            "kind": t.new.kind,
                            "old": t.old.outcome,
                            "new": t.new.outcome,
                            "codes": list(t.new.codes),
                            "message": t.new.message,
                        }
                        for t in tally.first
                    ],
                }
                for effect, tally in impact.tallies.items()
            },
        }
    return value


def as_markdown(found: Comparison, impact: Impact | None) -> str:
    """For a pull request: the impact first, then the changes."""
    rows = ["## What this change does", "", f"{_headline(found)}.".capitalize(), ""]
    if impact is not None:
        rows += ["| Documents | Count | Money |", "|---|--:|--:|"]
        for effect in EFFECTS:
            tally = impact.tallies[effect]
            if tally.count:
                amount = f"{money(tally.money) or '0.00'} {impact.currency}"
                rows.append(f"| {effect} | {tally.count:,} | {amount} |")
        rows.append("")
        for effect in EFFECTS[1:]:
            tally = impact.tallies[effect]
            if tally.count:
                rows += [f"<details><summary>{effect}</summary>", ""]
                rows += [f"- {_escaped(_one(t))}" for t in tally.first]
                if tally.count > LISTED:
                    rows.append(f"- … and {tally.count - LISTED:,} more")
                rows += ["", "</details>", ""]
    if found.kinds:
        rows += ["| Kind | Regions | Otherwise |", "|---|---|---|"]
        rows += [
            f"| `{k.kind}` | {_listed(k.regions)} | {_cell('; '.join(k.details))} |"
            for k in found.kinds
        ]
        rows.append("")
    if found.changes:
        rows += ["| | What | Change | Touches |", "|---|---|---|---|"]
    for change in found.changes:
        details = "<br>".join(_cell(d) for d in change.details)
        what = f"{change.what} `{change.id}`{_scope(change, found)}"
        rows.append(f"| {change.how} | {what} | {details} | {_listed(change.kinds, 4)} |")
    return "\n".join(rows).rstrip("\n")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|").replace("\n", " ")
