"""The firms of cases: each read once, and a copy with other facts for the cases that want them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pm2xero.cases.fields import Recorder
from pm2xero.errors import Finding, OrganisationError
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.cache import Memory
from pm2xero.pack.model import Pack
from pm2xero.pack.yaml.suggest import did_you_mean
from pm2xero.pipeline import Pipeline
from pm2xero.render.mapper import Mapper
from pm2xero.render.templates import BodyEnvironment

_READ: dict[str, Callable[[str], object]] = {
    "integration_start": datetime.fromisoformat,
    "lock_date": date.fromisoformat,
    "rate": Decimal,
}
# What conditions call differently from the Python side: `xero.class`, an account's class.
_OTHER_NAMES = {"class": ("organisation_class", "account_class")}

FirmKey = tuple[Path, str | None]


class Firms:
    """Pipelines by firm, region and facts; all of them note what templates write."""

    def __init__(self, packs: tuple[Path, ...] = ()) -> None:
        self._packs = packs
        self._memory = Memory()
        self._plain: dict[FirmKey, Pipeline] = {}
        self._changed: dict[tuple[FirmKey, str], Pipeline] = {}
        self._environments: dict[tuple[Path, ...], BodyEnvironment] = {}
        self.recorder = Recorder()

    def firm(
        self, organisation: Path, region: str | None, facts: Mapping[str, object]
    ) -> Pipeline:  # fmt: skip
        """The pipeline of a firm with some facts changed.

        Raises:
            PackError, OrganisationError: the firm or its pack is wrong, or a fact is none.
        """
        key = (organisation.resolve(), region)
        plain = self._plain.get(key)
        if plain is None:
            plain = self._plain[key] = self._noting(
                Pipeline.load(organisation, region, self._packs, self._memory)
            )
        if not facts:
            return plain
        shown = repr(sorted(facts.items(), key=lambda f: f[0]))
        changed = self._changed.get((key, shown))
        if changed is None:
            changed = Pipeline(plain.pack, with_facts(plain.organisation, facts))
            self._changed[key, shown] = self._noting(changed)
        return self._changed[key, shown]

    @property
    def packs(self) -> list[Pack]:
        """Every pack that was loaded, in the order of first use."""
        return [p.pack for p in self._plain.values()]

    @property
    def environments(self) -> list[BodyEnvironment]:
        """The template environments of these packs."""
        return list(self._environments.values())

    def _noting(self, pipeline: Pipeline) -> Pipeline:
        folders = pipeline.pack.template_dirs
        env = self._environments.get(folders)
        if env is None:
            env = self._environments[folders] = self.recorder.environment(folders)
        pipeline.mapper = Mapper(pipeline.decider, env=env)
        return pipeline


def with_facts(organisation: Organisation, facts: Mapping[str, object]) -> Organisation:
    """A firm with values replaced by path: `organisation.sandbox`, `xero.accounts.200.status`.

    Raises:
        OrganisationError: PX705 when a path names nothing of the firm, or the value does not fit.
    """
    for path, value in facts.items():
        root, *way = path.split(".")
        if root not in ("organisation", "xero") or not way:
            raise _unknown(path, root, ("organisation", "xero"))
        way = way if root == "organisation" else ["xero", *way]
        try:
            organisation = _replaced(organisation, way, value, path)
        except (ValueError, ArithmeticError, TypeError):
            message = f'"{value}" is no value for "{path}"'
            raise OrganisationError(Finding("PX705", message)) from None
    snapshot = organisation.xero
    by_system = {a.system: a for a in snapshot.accounts.values() if a.system}
    # Accounts without a code are reached by their mark only.
    hidden = {s: a for s, a in snapshot.by_system.items() if not a.code}
    return replace(organisation, xero=replace(snapshot, by_system={**by_system, **hidden}))


def _replaced(holder: Any, way: list[str], value: object, path: str) -> Any:
    step, *rest = way
    if is_dataclass(holder) and not isinstance(holder, type):
        names = {f.name for f in fields(holder)}
        name = next((n for n in (step, *_OTHER_NAMES.get(step, ())) if n in names), None)
        if name is None:
            raise _unknown(path, step, names)
        if rest:
            return replace(holder, **{name: _replaced(getattr(holder, name), rest, value, path)})
        read = _READ.get(name)
        ready = read(str(value)) if read is not None and value is not None else value
        return replace(holder, **{name: ready})
    if not isinstance(holder, Mapping):
        raise _unknown(path, step, ())
    changed = dict(holder)
    if rest:
        if step not in changed:
            raise _unknown(path, step, changed)
        changed[step] = _replaced(changed[step], rest, value, path)
    elif value is None:
        if step not in changed:
            raise _unknown(path, step, changed)
        del changed[step]
    else:
        changed[step] = str(value)
    return changed


def _unknown(path: str, step: str, known: Any) -> OrganisationError:
    message = f'"{path}" names nothing of the firm or of its Xero: there is no "{step}"'
    return OrganisationError(Finding("PX705", message, hint=did_you_mean(step, known)))
