"""What is to be known of a reason code: for which rules it stands, what they say and advise.

Codes of rules come from the built-in pack in all its regions; those of the program itself, and the
causes that Xero's refusals get, are told beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import yaml

from pm2xero.pack.model import Pack, Rule
from pm2xero.resources import root


@dataclass(frozen=True, slots=True)
class ReasonPage:
    """A reason code with what its rules say.

    Attributes:
        outcomes: what becomes of a document for this reason; "warning" where it goes on.
        kinds: the kinds that its rules are for; empty for all.
        regions: where its rules come from, when not from the base.
        at: the places of its rules.
    """

    code: str
    outcomes: tuple[str, ...]
    sentence: str
    remedy: str
    section: str
    kinds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    at: tuple[str, ...] = ()

    def text(self) -> str:
        """The page as it is printed."""
        rows = [f"{self.code}  ({', '.join(self.outcomes)})", "", self.sentence]
        if self.remedy:
            rows += [f"→ {self.remedy}"]
        rows += ["", f"section: {self.section}"] if self.section else [""]
        rows.append(f"kinds: {', '.join(self.kinds) or 'all'}")
        if self.regions:
            rows.append(f"regions: {', '.join(self.regions)}")
        rows += self.at
        return "\n".join(rows)


_OWN = (
    ReasonPage(
        "malformed_document", ("reject",), "The record is no document of its kind: {faults}.",
        "Correct what is named, where the document was exported.", "The program itself",
    ),
    ReasonPage(
        "no_rule", ("reject",), "No rule of the pack says what becomes of this document.",
        "Add a rule; `pm2xero validate` proves that none is missing.", "The program itself",
    ),
    ReasonPage(
        "conflicting_rules", ("reject",), "Several rules would post this document.",
        "Narrow one of them; `pm2xero validate` shows an example.", "The program itself",
    ),
    ReasonPage(
        "undetermined", ("reject",), "The rule engine and its check disagree.",
        "Nothing is posted on a guess; report it.", "The program itself",
    ),
    ReasonPage(
        "body_refused", ("reject",), "The request body breaks what Xero takes.",
        "Correct the template or mapping, or the document where it holds what Xero cannot take.",
        "The program itself",
    ),
    ReasonPage(
        "unknown_field", ("warning",), "Fields that the kind does not declare were ignored.",
        "Declare them in rules/, or leave them out of the export.", "The program itself",
    ),
)  # fmt: skip


@cache
def reasons() -> dict[str, ReasonPage]:
    """All reason codes of the built-in pack and of the program, in order."""
    from pm2xero.pack.load import load_pack, regions

    base = load_pack("base")
    found = {p.code: p for p in (*_of_pack(base), *_OWN, *_of_xero())}
    for region in regions():
        own = load_pack(region)
        for page in _of_pack(own, known=found):
            before = found.get(page.code)
            where = (*(before.regions if before else ()), region)
            found[page.code] = _in_regions(before or page, where)
    return dict(sorted(found.items()))


def _in_regions(page: ReasonPage, regions: tuple[str, ...]) -> ReasonPage:
    from dataclasses import replace

    return replace(page, regions=regions)


def of_pack(pack: Pack) -> dict[str, ReasonPage]:
    """The reason codes of one pack."""
    return {p.code: p for p in _of_pack(pack)}


def _of_pack(
    pack: Pack, known: dict[str, ReasonPage] | None = None
) -> Iterator[ReasonPage]:  # fmt: skip
    by_code: dict[str, list[Rule]] = {}
    for rule in pack.rules:
        if rule.outcome != "post":
            by_code.setdefault(rule.code, []).append(rule)
    for code, rules in by_code.items():
        page = known.get(code) if known else None
        if known is not None and page is not None and not page.regions:
            # The base has it already; a region only changes words or outcome.
            continue
        yield _page(code, rules, len(pack.kinds))


def _page(code: str, rules: list[Rule], kinds: int) -> ReasonPage:
    first = rules[0]
    named = tuple(dict.fromkeys(k for r in rules for k in r.kinds))
    return ReasonPage(
        code,
        tuple(dict.fromkeys(r.outcome or "warning" for r in rules)),
        _said(first, ("reason", "warning")),
        _said(first, ("remedy",)),
        first.section,
        named if len(named) < kinds else (),
        (),
        tuple(str(r.at) for r in rules),
    )


def _said(rule: Rule, names: Iterable[str]) -> str:
    for texts in rule.texts.values():
        for name in names:
            if name in texts:
                return texts[name].text
    return ""


def _of_xero() -> Iterator[ReasonPage]:
    """The causes that `mappings/xero/errors.yaml` gives to what Xero refuses."""
    file = root() / "mappings" / "xero" / "errors.yaml"
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    for entry in [*tree["errors"], {"id": "default"} | tree["default"]]:
        yield ReasonPage(
            str(entry.get("id", "default")), (f"Xero: {entry['treat']}",), f"{entry['say']}.",
            f"{entry['remedy']}." if entry.get("remedy") else "", "What Xero refuses",
        )  # fmt: skip
