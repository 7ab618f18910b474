"""The checklist of a firm as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.check.checklist import Checklist, Limitation, Point, Verdict
from pm2xero.sentences import counted

_MARKS = {Verdict.MET: ("ok", "green"), Verdict.CONFIRM: ("?", "yellow"),
          Verdict.NOT_MET: ("!!", "red")}  # fmt: skip
_TOLD = 12


def print_checklist(out: Console, found: Checklist, titles: Mapping[str, str]) -> None:
    """What is not met first, then what a person must confirm, the limitations, and the changes.

    Args:
        titles: of kinds by their names.
    """
    source = "Xero as it is now" if found.is_live else "the snapshot of Xero"
    out.print(Text(f"{found.firm}: {found.organisation or 'the organisation'}, by {source}"))
    for verdict in (Verdict.NOT_MET, Verdict.CONFIRM):
        for point in found.points:
            if point.verdict is verdict:
                _point(out, point, titles, found.kinds)
    met = [p.title for p in found.points if p.verdict is Verdict.MET]
    if met:
        out.print()
        for title in met:
            _marked(out, Verdict.MET, title)
    out.print()
    out.print(Text("limitations of the integration", style="bold"))
    for limitation in found.limitations:
        _limitation(out, limitation)
    _drift(out, found)
    out.print()
    out.print(_last(found))


def _point(out: Console, point: Point, titles: Mapping[str, str], kinds: int) -> None:
    out.print()
    _marked(out, point.verdict, point.title)
    for evidence in point.found[:_TOLD]:
        place = f"  {evidence.at}" if evidence.at is not None else ""
        _line(out, f"{_sentence(evidence.text)}{place}")
        if evidence.do is not None:
            _line(out, f"→ {evidence.do}", "cyan", 5)
    if len(point.found) > _TOLD:
        _line(out, f"… and {len(point.found) - _TOLD} more; --format json has them all", "dim")
    blocked = point.kinds
    if blocked:
        _line(out, f"meanwhile blocked, wholly or in part: {_named(blocked, titles, kinds)}")
    if any(evidence.do is None for evidence in point.found):
        _line(out, f"→ {point.who}: {point.do}", "cyan")


def _named(kinds: Sequence[str], titles: Mapping[str, str], every: int) -> str:
    if len(kinds) == every:
        return f"all {every} kinds that are posted"
    named = ", ".join(titles.get(k, k) for k in kinds[:_TOLD])
    return f"{named}{' …' if len(kinds) > _TOLD else ''} ({counted(len(kinds), 'kind')})"


def _limitation(out: Console, limitation: Limitation) -> None:
    _marked(out, limitation.verdict, limitation.title)
    if limitation.say:
        ends = "" if limitation.verdict is Verdict.MET else f"  → {limitation.who}"
        _line(out, f"{limitation.say}{ends}", "dim" if not ends else "")


def _drift(out: Console, found: Checklist) -> None:
    if not found.is_live:
        return
    out.print()
    if not found.drift:
        out.print(Text("nothing has changed in Xero since the snapshot", style="green"))
        return
    out.print(Text("changed in Xero since the snapshot", style="bold"))
    for drift in found.drift:
        _marked(out, Verdict.NOT_MET, drift.change.text)
        _line(out, f"→ {drift.who}: {drift.do}", "cyan")
        for at in drift.at:
            _line(out, f"{at}", "dim")


def _last(found: Checklist) -> Text:
    verdicts = [*(p.verdict for p in found.points), *(x.verdict for x in found.limitations)]
    lacking, asked = verdicts.count(Verdict.NOT_MET), verdicts.count(Verdict.CONFIRM)
    said = f"{lacking} not met, {asked} for a person to confirm"
    if found.is_live:
        said += f", {counted(len(found.drift), 'change')} since the snapshot"
    return Text(said, style="red" if found.needs_attention else "green")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _marked(out: Console, verdict: Verdict, text: str) -> None:
    mark, style = _MARKS[verdict]
    line = Text(f"{mark:<3}", style=style)
    line.append(text, style="bold" if verdict is not Verdict.MET else "")
    out.print(line)


def _line(out: Console, text: str, style: str = "", indent: int = 3) -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
