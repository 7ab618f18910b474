"""What a change of a pack does, for people, tools and pull requests."""

from __future__ import annotations

import json
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from pm2xero.compare.changes import Change, Comparison, KindChange
from pm2xero.compare.impact import EFFECTS, LISTED, Impact, Touched
from pm2xero.compare.turned import Turn, Turns, word
from pm2xero.decide.decision import Decision
from pm2xero.harmless import in_markdown
from pm2xero.report.findings import WIDTH
from pm2xero.report.text import money

# How many changed values of a document are told.
VALUES = 12
SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def as_text(found: Comparison, impact: Impact | None, turns: Turns | None = None) -> str:
    """Changes, kinds, what the solver says of all documents, then the table of real ones."""
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
    if turns is not None:
        rows += ["", *_turns_text(turns)]
    if impact is not None:
        rows += ["", *_impact_text(impact)]
    return "\n".join(rows)


def _turns_text(turns: Turns) -> list[str]:
    rows = ["documents that are decided otherwise:"] if turns.turns else []
    rows += [f"  {n}. {t.kind}: {_turn(t, turns)}" for n, t in enumerate(turns.turns, 1)]
    rows += [f"  undecided: {text}" for text in turns.unshown]
    rows.append(f"proven: {turns.sentence}")
    for number, turn in enumerate(turns.turns, 1):
        example = json.dumps(turn.example.as_json(), ensure_ascii=False)
        rows += wrap(
            f"example of {number}: {example}", WIDTH, initial_indent="  ",
            subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return rows


def _turn(turn: Turn, turns: Turns) -> str:
    """From what to what, and by which rules."""
    told = [
        f"{word(became)}{_because(decision)}"
        for became, decision in ((turn.was, turn.old), (turn.now, turn.new))
    ]
    where = f" ({_listed(turn.regions, 5)})" if len(turn.regions) < len(turns.regions) else ""
    return f"{' → '.join(told)}{where}"


def _because(decision: Decision) -> str:
    return f" [{decision.reasons[0].code}]" if decision.reasons else ""


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
            for touched in tally.first:
                rows.append(f"  {_one(touched)}")
                rows += [f"      {v}" for v in _values(touched)]
            if tally.count > LISTED:
                rows.append(f"  … and {tally.count - LISTED:,} more")
    return rows


def _one(touched: Touched) -> str:
    new = touched.new
    told = f"{new.id}  {new.kind}  {touched.old.outcome} → {new.outcome}"
    if touched.old.outcome == new.outcome == "post":
        told = f"{new.id}  {new.kind}  other bodies"
    return f"{told}  {new.message}".rstrip()


def _values(touched: Touched) -> list[str]:
    """The changed values of a document, a line each."""
    changed = touched.values
    rows = [f"{v.request}  {v.path}: {v.old} → {v.new}" for v in changed[:VALUES]]
    return rows + ([f"… and {len(changed) - VALUES} more values"] if len(changed) > VALUES else [])


def as_json(found: Comparison, impact: Impact | None, turns: Turns | None = None) -> dict[str, Any]:
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
    if turns is not None:
        value["decided_otherwise"] = {
            "proven": turns.sentence,
            "undecided": list(turns.unshown),
            "documents": [
                {
                    "kind": t.kind,
                    "old": {"outcome": t.was[0], "mapping": t.was[1] or None}
                    | {"codes": [r.code for r in t.old.reasons]},
                    "new": {"outcome": t.now[0], "mapping": t.now[1] or None}
                    | {"codes": [r.code for r in t.new.reasons]},
                    "regions": list(t.regions),
                    "example": t.example.as_json(),
                }
                for t in turns.turns
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
                            "values": [asdict(v) for v in t.values],
                        }
                        for t in tally.first
                    ],
                }
                for effect, tally in impact.tallies.items()
            },
        }
    return value


def as_markdown(found: Comparison, impact: Impact | None, turns: Turns | None = None) -> str:
    """For a pull request: what happens to documents first, then the changes."""
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
                for touched in tally.first:
                    rows.append(f"- {in_markdown(_one(touched))}")
                    rows += [f"  - {in_markdown(v)}" for v in _values(touched)]
                if tally.count > LISTED:
                    rows.append(f"- … and {tally.count - LISTED:,} more")
                rows += ["", "</details>", ""]
    if turns is not None:
        rows += _turns_markdown(turns)
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


def _turns_markdown(turns: Turns) -> list[str]:
    rows = [f"Proven: {turns.sentence}.", ""]
    for turn in turns.turns:
        example = json.dumps(turn.example.as_json(), ensure_ascii=False, indent=1)
        said = in_markdown(f"{turn.kind}: {_turn(turn, turns)}")
        rows += [f"<details><summary>{said}</summary>", "", "```json", example, "```", ""]
        rows += ["</details>", ""]
    rows += [f"- undecided: {in_markdown(text)}" for text in turns.unshown]
    return rows


def _cell(text: str) -> str:
    return in_markdown(text)
