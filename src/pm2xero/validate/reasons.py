"""What is to be known of a reason code: for which rules it stands, what they say and advise.

Codes of rules come from the built-in pack in all its regions; those of the program itself, and the
causes that Xero's refusals get, are told beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import yaml

from pm2xero.pack.model import Pack, Rule
from pm2xero.resources import root


@dataclass(frozen=True, slots=True)
class Saying:
    """What one rule, or the program itself, says under a code; `by` names it."""

    by: str
    sentence: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ReasonPage:
    """A reason code with what its rules say.

    Attributes:
        outcomes: what becomes of a document for this reason; "warning" where it goes on.
        kinds: the kinds that its rules are for; empty for all.
        regions: where its rules come from, when not from the base.
        at: the places of its rules.
        also: what else is said under the code, by its other rules and by the program itself.
    """

    code: str
    outcomes: tuple[str, ...]
    sentence: str
    remedy: str
    section: str
    kinds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    also: tuple[Saying, ...] = ()

    def text(self) -> str:
        """The page as it is printed."""
        rows = [f"{self.code}  ({', '.join(self.outcomes)})", "", self.sentence]
        if self.remedy:
            rows += [f"→ {self.remedy}"]
        for other in self.also:
            rows += ["", f"{other.sentence}  ({other.by})"]
            rows += [f"→ {other.remedy}"] if other.remedy else []
        rows += ["", f"section: {self.section}"] if self.section else [""]
        rows.append(f"kinds: {', '.join(self.kinds) or 'all'}")
        if self.regions:
            rows.append(f"regions: {', '.join(self.regions)}")
        rows += self.at
        return "\n".join(rows)


_PROGRAM = "The program itself"


def _own(code: str, outcome: str, sentence: str, remedy: str) -> ReasonPage:
    return ReasonPage(code, (outcome,), sentence, remedy, _PROGRAM)


# What the program itself says, also where a pack has no rule with the code.
_OWN = (
    _own(
        "malformed_document",
        "reject",
        "The record is no document of its kind: {faults}.",
        "Correct what is named, where the document was exported.",
    ),
    _own(
        "no_rule",
        "reject",
        "No rule of the pack says what becomes of this document.",
        "Add a rule; `pm2xero validate` proves that none is missing.",
    ),
    _own(
        "conflicting_rules",
        "reject",
        "Several rules would post this document.",
        "Narrow one of them; `pm2xero validate` shows an example.",
    ),
    _own(
        "undetermined",
        "reject",
        "The rule engine and its check disagree.",
        "Nothing is posted on a guess; report it.",
    ),
    _own(
        "body_refused",
        "reject",
        "The request body breaks what Xero takes.",
        "Correct the template or mapping, or the document where it holds what Xero cannot take.",
    ),
    _own(
        "needs_a_person",
        "hold",
        "The revision changes what is in Xero, but it cannot be corrected safely from here: {why}.",
        "Correct it in Xero by hand, then say so with `pm2xero resolve`.",
    ),
    _own(
        "correction_waits",
        "hold",
        "The revision changes what is in Xero, but that cannot be corrected now: {why}.",
        "Do what the message says; a later push corrects it.",
    ),
    _own(
        "already_posted",
        "skip",
        "This revision of the transaction was posted before, so nothing is sent again.",
        "",
    ),
    _own(
        "superseded", "skip", "A later revision of this transaction was posted before this one.", ""
    ),
    _own(
        "conflicting_content",
        "reject",
        "This revision of the transaction came before with other content.",
        "A changed transaction must carry a higher revision; export it again.",
    ),
    _own(
        "changed_after_posting",
        "hold",
        "An earlier revision of the transaction was posted; this one must correct it in Xero.",
        "Push corrects it as its mapping says under on_change, or asks a person.",
    ),
    _own(
        "trust_imbalance",
        "reject",
        "After this, a trust bank would not hold what its matters and the firm have there.",
        "Say in Practice Management whose money moves, and save the transaction again; if the "
        "money has moved, enter it in Xero by hand and have it made good.",
    ),
    _own(
        "unknown_field",
        "warning",
        "Fields that the kind does not declare were ignored.",
        "Declare them in rules/, or leave them out of the export.",
    ),
    _own("released", "warning", "A person let through what a rule holds.", ""),
)


@cache
def reasons() -> dict[str, ReasonPage]:
    """All reason codes of the built-in pack and of the program, in order."""
    from pm2xero.pack.load import load_pack, regions

    base = load_pack("base")
    found = {p.code: p for p in (*_of_pack(base), *_of_xero())}
    for page in _OWN:
        before = found.get(page.code)
        found[page.code] = page if before is None else _said_also(before, page)
    for region in regions():
        own = load_pack(region)
        for page in _of_pack(own, known=found):
            before = found.get(page.code)
            where = (*(before.regions if before else ()), region)
            found[page.code] = _in_regions(before or page, where)
    return dict(sorted(found.items()))


def _in_regions(page: ReasonPage, regions: tuple[str, ...]) -> ReasonPage:
    return replace(page, regions=regions)


def _said_also(page: ReasonPage, own: ReasonPage) -> ReasonPage:
    """A page of rules with what the program says where none of them is asked."""
    if own.sentence in (page.sentence, *(s.sentence for s in page.also)):
        return page
    saying = Saying(_PROGRAM[0].lower() + _PROGRAM[1:], own.sentence, own.remedy)
    outcomes = tuple(dict.fromkeys((*page.outcomes, *own.outcomes)))
    return replace(page, outcomes=outcomes, also=(*page.also, saying))


def of_pack(pack: Pack) -> dict[str, ReasonPage]:
    """The reason codes of one pack."""
    return {p.code: p for p in _of_pack(pack)}


def _of_pack(
    pack: Pack, known: dict[str, ReasonPage] | None = None
) -> Iterator[ReasonPage]:  # fmt: skip
    by_code: dict[str, list[Rule]] = {}
    for rule in pack.rules:
        if rule.outcome != "post" or rule.leaves_over:
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
    said: dict[tuple[str, str], list[str]] = {}
    for rule in rules:
        words = _said(rule, ("reason", "warning")), _said(rule, ("remedy",))
        said.setdefault(words, []).append(rule.id)
    (sentence, remedy), *others = said
    return ReasonPage(
        code,
        tuple(dict.fromkeys(r.outcome or "warning" for r in rules)),
        sentence,
        remedy,
        first.section,
        named if len(named) < kinds else (),
        (),
        tuple(str(r.at) for r in rules),
        tuple(Saying(", ".join(said[o]), *o) for o in others),
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
    for entry in tree["before"]:
        yield ReasonPage(
            str(entry["id"]), ("waits",), f"{entry['say']}.", f"{entry['remedy']}.",
            "What waits because of what Xero has",
        )  # fmt: skip
