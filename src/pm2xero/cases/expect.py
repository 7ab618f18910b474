"""Reads what a case expects: outcome, codes, rule, warnings and golden requests."""

from __future__ import annotations

from pathlib import Path

from pm2xero.cases.model import Expected, WantedRequest
from pm2xero.cases.patch import plain
from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.yaml.read import SourceList, SourceMap, read_yaml

# Answers of the program itself: no rule looked at the transaction, or none could be chosen.
NEVER_EXPECTED = ("no_rule", "conflicting_rules", "undetermined")


def read_expected(
    tree: SourceMap, path: Path, shown: str, findings: list[Finding]
) -> Expected | None:
    """What a case expects; None, with the reason in `findings`, when it may not expect that.

    Raises:
        PackError: PX706 when a golden file is no list of requests, PX101 when it is no YAML.
    """
    places = dict(tree.key_at) | {"expect": tree.at}
    codes = tuple(str(c) for c in tree.get("codes") or ())
    bad = [c for c in codes if c in NEVER_EXPECTED]
    if bad:
        message = f'"{bad[0]}" says that the pack had no answer, which no case may expect'
        hint = "write the rule that is missing, or mark the case with known_gap"
        findings.append(Finding("PX718", message, places["codes"], hint=hint))
        return None
    if tree["outcome"] != "post" and not codes:
        message = f"a case that expects {tree['outcome']} must say which codes"
        at = places.get("codes", places["outcome"])
        findings.append(Finding("PX701", message, at))
        return None
    listed, golden = _listed(tree, path, shown)
    faults = [f for r in listed or () if (f := _verb_fault(r)) is not None]
    if faults:
        findings.extend(faults)
        return None
    return Expected(
        outcome=tree["outcome"],
        codes=codes,
        rule=tree.get("rule"),
        warnings=tuple(str(w) for w in tree.get("warnings") or ()),
        requests=None if listed is None else tuple(_wanted(r) for r in listed),
        golden=golden,
        at=places,
    )


def _listed(tree: SourceMap, path: Path, shown: str) -> tuple[SourceList | None, Path | None]:
    """The requests as they are written, and the golden file that they are written in."""
    listed = tree.get("requests")
    if listed is None or isinstance(listed, SourceList):
        return listed, None
    golden = path.parent / str(listed["from"])
    name = f"{shown.rpartition('/')[0]}/{listed['from']}".lstrip("/")
    if not golden.is_file():
        # An update writes it; until then nothing is as expected.
        return SourceList(listed.at), golden
    content = read_yaml(golden, name)
    if not isinstance(content, SourceList):
        raise PackError(Finding("PX706", "golden requests are a list", Position(name)))
    return content, golden


def _verb_fault(tree: SourceMap) -> Finding | None:
    verbs = [v for v in ("put", "post") if v in tree]
    if len(verbs) == 1:
        return None
    both = "both" if verbs else "neither"
    message = f"a request has either `put` or `post`; this has {both}"
    at = tree.key_at["post"] if verbs else tree.at
    return Finding("PX315", message, at, width=len("post") if verbs else 1)


def _wanted(tree: SourceMap) -> WantedRequest:
    method = "put" if "put" in tree else "post"
    needs = tuple(str(n) for n in tree.get("needs") or ())
    step = str(tree["step"])
    return WantedRequest(
        step, method.upper(), str(tree[method]), needs, plain(tree["body"]), tree.at
    )
