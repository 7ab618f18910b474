"""Reads files of cases: the schema, shared parts, base documents and their patches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.cases.expect import read_expected
from pm2xero.cases.model import Before, Case, CaseFile, Given, Known
from pm2xero.cases.patch import PatchError, patched, plain
from pm2xero.decide.state import DocumentFact
from pm2xero.errors import Finding, PackError, Position
from pm2xero.firm.trust_holders import holder_of
from pm2xero.pack.yaml.read import SourceList, SourceMap, read_yaml
from pm2xero.pack.yaml.schema import check
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.prove.example import about_of, to_come_of

_MERGED = ("every_document", "base", "facts")
_LISTS = ("documents", "trust_balances")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The case files of some paths: files as they are, of folders every YAML file in it."""
    found: list[Path] = []
    for path in paths:
        found.extend(sorted(path.glob("*.yaml")) if path.is_dir() else [path])
    return list(dict.fromkeys(found))


def load_cases(path: Path, shown: str | None = None) -> CaseFile:
    """Read one file of cases; everything wrong with it is in the findings of the result."""
    name = shown or str(path)
    findings: list[Finding] = []
    tree = _read(path, name, findings, frozenset())
    if tree is None:
        return CaseFile(path, name, (), tuple(findings))
    return _Loader(path, name, tree, findings).load()


def _read(
    path: Path, shown: str, findings: list[Finding], above: frozenset[Path]
) -> SourceMap | None:
    try:
        tree = read_yaml(path, shown)
    except PackError as exc:
        findings.extend(exc.findings)
        return None
    faults = check("cases.schema", tree, Position(shown))
    if faults:
        findings.extend(faults)
        return None
    assert isinstance(tree, SourceMap)
    if "extends" not in tree:
        _absolute(tree, path)
        return tree
    lower_path = (path.parent / str(tree["extends"])).resolve()
    if lower_path in above or lower_path == path.resolve():
        message = f'"{tree["extends"]}" extends itself'
        findings.append(Finding("PX701", message, tree.value_at["extends"]))
        return None
    lower_shown = f"{shown.rpartition('/')[0]}/{tree['extends']}".lstrip("/")
    lower = _read(lower_path, lower_shown, findings, above | {path.resolve()})
    if lower is None:
        return None
    _absolute(tree, path)
    return _over(tree, lower)


def _absolute(tree: SourceMap, path: Path) -> None:
    """Paths of firms count from the file that names them."""
    holders = [tree, *(c for c in tree.get("cases") or () if isinstance(c, SourceMap))]
    for holder in holders:
        if "organisation" in holder:
            holder["organisation"] = str(path.parent / str(holder["organisation"]))


def _over(tree: SourceMap, lower: SourceMap) -> SourceMap:
    result = lower.copy()
    for key, value in tree.items():
        here = value
        if key in _MERGED and key in lower:
            here = lower[key].copy()
            for name, inner in value.items():
                here.put(name, inner, value.key_at[name], value.value_at[name])
        elif key in _LISTS and key in lower:
            here = SourceList(value.at)
            here.extend([*lower[key], *value])
            here.item_at.extend([*lower[key].item_at, *value.item_at])
        result.put(key, here, tree.key_at[key], tree.value_at[key])
    result.at = tree.at
    return result


class _Loader:
    def __init__(self, path: Path, shown: str, tree: SourceMap, findings: list[Finding]) -> None:
        self.path, self.shown, self.tree, self.findings = path, shown, tree, findings
        self.bases: dict[str, Given] = {}
        self.common = plain(tree.get("every_document") or {})

    def load(self) -> CaseFile:
        """The cases of the file, with what is wrong with it."""
        cases = self.tree.get("cases")
        if not cases:
            hint = "a file without a case proves nothing; write one, or remove the file"
            at = Position(self.shown)
            self.findings.append(Finding("PX701", "the file has no cases", at, hint=hint))
            return CaseFile(self.path, self.shown, (), tuple(self.findings))
        for name in self.tree.get("base") or ():
            self._base(str(name), frozenset())
        made = []
        names: dict[str, Position] = {}
        for index, tree in enumerate(cases):
            name = str(tree["name"])
            at = tree.value_at["name"]
            if name in names:
                message = f'two cases are called "{name}"'
                related = ((names[name], "first here"),)
                self.findings.append(Finding("PX704", message, at, related=related))
            names[name] = at
            case = self._case(tree, index)
            if case is not None:
                made.append(case)
        return CaseFile(self.path, self.shown, tuple(made), tuple(self.findings), self.bases)

    def _base(self, name: str, above: frozenset[str]) -> Given | None:
        if name in self.bases:
            return self.bases[name]
        tree = self.tree["base"][name]
        at = self.tree["base"].key_at[name]
        if name in above:
            self.findings.append(Finding("PX702", f'the base "{name}" is made from itself', at))
            return None
        made = self._document(tree, at, above | {name})
        if made is not None:
            made = self.bases[name] = Given(made.raw, at, name)
        return made

    def _document(self, tree: Any, at: Position, above: frozenset[str]) -> Given | None:
        if isinstance(tree, str):
            return self._named(tree, at, above)
        if "base" not in tree:
            raw = plain(tree)
            self._money_in_quotes(tree)
            return Given({**self.common, **raw}, at)
        named = self._named(str(tree["base"]), tree.value_at["base"], above)
        if named is None:
            return None
        changes = tree.get("patch") or SourceMap(at)
        self._money_in_quotes(changes)
        try:
            raw = patched(named.raw, plain(changes), [str(p) for p in tree.get("remove") or ()])
        except PatchError as exc:
            self.findings.append(Finding("PX703", exc.message, at, hint=exc.hint))
            return None
        return Given(raw, at, named.base)

    def _named(self, name: str, at: Position, above: frozenset[str]) -> Given | None:
        declared = self.tree.get("base") or {}
        if name in declared:
            return self._base(name, above)
        self.findings.append(
            Finding(
                "PX702",
                f'there is no base document "{name}"',
                at,
                hint=did_you_mean(name, declared),
                should_be=one_of(list(declared), 30),
                width=len(name),
            )
        )
        return None

    def _money_in_quotes(self, tree: Any) -> None:
        items: Iterable[tuple[Any, Position]] = ()
        if isinstance(tree, SourceMap):
            items = [(v, tree.value_at[k]) for k, v in tree.items()]
        elif isinstance(tree, SourceList):
            items = list(zip(tree, tree.item_at, strict=True))
        for value, at in items:
            if isinstance(value, Decimal):
                message = f"the amount {value} of a document must be text"
                hint = f'put it in quotes: "{value}"'
                self.findings.append(
                    Finding("PX703", message, at, hint=hint, width=len(str(value)))
                )
            self._money_in_quotes(value)

    def _case(self, tree: SourceMap, index: int) -> Case | None:
        at = tree.value_at["name"]
        organisation = tree.get("organisation", self.tree.get("organisation"))
        if organisation is None:
            hint = "name the firm's file: organisation: firm/organisation.yaml"
            message = f'the case "{tree["name"]}" has no firm'
            self.findings.append(Finding("PX701", message, at, hint=hint))
            return None
        given = self._document(tree["given"], tree.value_at["given"], frozenset())
        listed = tree.get("before") or SourceList(at)
        pairs = zip(listed, listed.item_at, strict=True)
        before = [self._before(entry, place) for entry, place in pairs]
        expected = read_expected(tree["expect"], self.path, self.shown, self.findings)
        if given is None or expected is None or any(b is None for b in before):
            return None
        facts = {**plain(self.tree.get("facts") or {}), **plain(tree.get("facts") or {})}
        region = tree.get("region", self.tree.get("region"))
        return Case(
            name=str(tree["name"]),
            at=at,
            organisation=Path(str(organisation)),
            region=str(region) if region is not None else None,
            facts=facts,
            given=given,
            before=tuple(b for b in before if b is not None),
            earlier=_known(tree.get("earlier")),
            documents=tuple(_fact(d) for d in self._both(tree, "documents")),
            trust_balances=_balances(self._both(tree, "trust_balances")),
            expected=expected,
            known_gap=tree.get("known_gap"),
            index=index,
        )

    def _both(self, tree: SourceMap, key: str) -> list[Any]:
        return [*(self.tree.get(key) or ()), *(tree.get(key) or ())]

    def _before(self, entry: Any, at: Position) -> Before | None:
        outcome = "post"
        if isinstance(entry, SourceMap) and "outcome" in entry:
            outcome = str(entry["outcome"])
            entry = entry.copy()
            del entry["outcome"]
        given = self._document(entry, at, frozenset())
        return Before(given, outcome) if given is not None else None  # type: ignore[arg-type]  # the schema allows only outcomes


def _known(tree: Mapping[str, Any] | None) -> Known | None:
    if tree is None:
        return None
    return Known(int(tree["revision"]), bool(tree.get("same_content")), tree["outcome"])


def _fact(tree: Mapping[str, Any]) -> DocumentFact:
    due, left, back = tree.get("amount_due"), tree.get("to_reverse"), tree.get("to_put_back")
    return DocumentFact(
        str(tree["id"]), str(tree["state"]), tree.get("kind"),
        Decimal(due) if due is not None else None, tree.get("contact"), None, tree.get("xero_id"),
        Decimal(left) if left is not None else None, about_of(tree), to_come_of(tree),
        Decimal(back) if back is not None else None,
    )  # fmt: skip


def _balances(entries: list[Any]) -> dict[tuple[str, str], Decimal] | None:
    if not entries:
        return None
    return {(holder_of(b), str(b["bank"])): Decimal(b["amount"]) for b in entries}
