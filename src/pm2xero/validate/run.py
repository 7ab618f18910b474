"""Validates packs: form, layers, templates and all checks, over one region or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pm2xero.errors import Finding, Position
from pm2xero.firm.organisation import Organisation, pack_folders
from pm2xero.firm.role_checks import account_faults
from pm2xero.pack.load import Examined, Memory, PackRoot, builtin, examine, extension, regions
from pm2xero.render.template_checks import check_templates
from pm2xero.render.templates import BodyEnvironment, environment
from pm2xero.validate.checks import Check, checks
from pm2xero.validate.firm_read import FirmRead, read_firm
from pm2xero.validate.subject import Subject, example_of, load_example
from pm2xero.validate.verdict import Told, Validation
from pm2xero.validate.verdict import told as told_of

__all__ = ["Prove", "Told", "Validation", "validate"]

Prove = Callable[[Subject], tuple[Iterable[Finding], str]]


def validate(
    names: tuple[str, ...] = (),
    packs: tuple[Path, ...] = (),
    organisation: Path | None = None,
    *,
    base: PackRoot | None = None,
    prove: Prove | None = None,
    memory: Memory | None = None,
) -> Validation:
    """Check packs over regions and hand back every finding at once; nothing is raised for one.

    Args:
        names: regions; those of the packs, or the firm's own, when empty.
        packs: packs that extend the built-in one.
        organisation: the organisation file of a firm to check with.
        base: a pack in place of the built-in one.
        prove: proves what a whole pack must fulfil; gives findings and what is proven, in words.
        memory: files that were read before and have not changed since.
    """
    read = FirmRead(None, ())
    if organisation is not None:
        edited = memory.edited.get(organisation.resolve()) if memory is not None else None
        read = read_firm(organisation, names[0] if names else None, edited)
    roots = tuple(extension(p) for p in pack_folders(read.packs, packs))
    every = (base or builtin(), *roots)
    chosen = names or ((read.region,) if read.region else _regions_of(every, roots))
    if organisation is not None and read.firm is None:
        # Without the firm nothing can be said of it, and what holds of others would look like that.
        prove = None
        chosen = names or ((read.region,) if read.region else ())
    run = _Run(every, read, prove, memory or Memory())
    told: dict[tuple[object, ...], tuple[Finding, dict[str, None]]] = {}
    for finding in read.findings:
        _tell(told, finding, chosen)
    results = [run.region(name) for name in chosen]
    wide = {c.code for c in checks() if c.everywhere}
    for name, result in zip(chosen, results, strict=True):
        for finding in result.findings:
            _tell(told, finding, (name,))
    kept = [
        told_of(finding, tuple(where))
        for finding, where in told.values()
        if finding.code not in wide or len(where) == len(chosen)
    ]
    kept.sort(key=lambda t: (t.finding.at or Position(""), t.finding.code, t.finding.message))
    largest = max(results, key=lambda r: r.rules, default=_Result(()))
    return Validation(
        told=tuple(kept),
        regions=chosen,
        kinds=largest.kinds,
        rules=largest.rules,
        mappings=largest.mappings,
        proven=tuple((n, r.proven) for n, r in zip(chosen, results, strict=True) if r.proven),
    )


def _tell(
    told: dict[tuple[object, ...], tuple[Finding, dict[str, None]]],
    finding: Finding,
    where: tuple[str, ...],
) -> None:
    key = (finding.code, finding.at, finding.message)
    _, seen = told.setdefault(key, (finding, {}))
    seen.update(dict.fromkeys(where))


def _regions_of(every: tuple[PackRoot, ...], roots: tuple[PackRoot, ...]) -> tuple[str, ...]:
    """The regions that the named packs bring, or all when they bring none."""
    own = {f.stem for r in roots for f in (r.path / "rules" / "regions").glob("*.yaml")}
    return tuple(sorted(own)) or tuple(regions(every))


@dataclass(frozen=True, slots=True)
class _Result:
    findings: tuple[Finding, ...]
    kinds: int = 0
    rules: int = 0
    mappings: int = 0
    proven: str = ""


class _Run:
    """Checks one region after another, reading each file once."""

    def __init__(
        self, roots: tuple[PackRoot, ...], read: FirmRead, prove: Prove | None,
        memory: Memory,
    ) -> None:  # fmt: skip
        self._roots = roots
        self._read = read
        self._firm = read.firm
        self._prove = prove
        self._memory = memory
        self._env: BodyEnvironment | None = None
        self._examples: dict[Path, tuple[Organisation | None, tuple[Finding, ...]]] = {}

    def region(self, name: str) -> _Result:
        """All findings of a region."""
        firm, read = self._firm, self._read
        examined = examine(
            name, extensions=self._roots[1:], overlay=read.overlay, base=self._roots[0],
            region_at=read.region_at, memory=self._memory, lost=read.lost,
        )  # fmt: skip
        findings = list(examined.findings)
        pack = examined.pack
        if pack is None or examined.merged is None:
            return _Result(tuple(findings))
        if self._env is None:
            self._env = environment(pack.template_dirs, edited=self._memory.edited)
        findings += check_templates(pack, self._env, self._memory)
        if firm is not None:
            findings += account_faults(pack, firm)
        is_sound = all(f.severity != "error" for f in findings)
        subject, more = self._subject(name, examined, is_sound)
        findings += more
        if subject is not None:
            for check in checks():
                findings += _run_check(check, subject)
        proven = ""
        if self._prove is not None and subject is not None and subject.whole:
            disproven, proven = self._prove(subject)
            findings += disproven
        return _Result(
            tuple(findings), len(pack.kinds), len(pack.rules), len(pack.mappings), proven
        )

    def _subject(
        self, name: str, examined: Examined, whole: bool
    ) -> tuple[Subject | None, tuple[Finding, ...]]:
        pack, merged = examined.pack, examined.merged
        if pack is None or merged is None or self._env is None:
            return None, ()
        example, known = self._firm, self._memory
        found: tuple[Finding, ...] = ()
        if example is None:
            file = example_of(pack.layers, self._roots)
            if file is not None:
                if file not in self._examples:
                    self._examples[file] = load_example(file)
                    known.firms[file] = self._examples[file][0]
                example, found = self._examples[file]
        return Subject(name, pack, merged, self._env, whole, self._firm, example, known), found


def _run_check(check: Check, subject: Subject) -> list[Finding]:
    if check.needs_whole and not subject.whole:
        return []
    return list(check.run(subject))
