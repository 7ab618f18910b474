"""Builds mappings from the merged YAML and compiles their requests for each kind that uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any

from pm2xero.errors import Finding
from pm2xero.pack.cache import Memory
from pm2xero.pack.layers import Merged
from pm2xero.pack.model import Kind, MappingSpec, RequestSpec, Role, Rule
from pm2xero.pack.request_compiler import RequestCompiler
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.resources import root
from pm2xero.xero.contracts import contract

# What a later revision does where the mapping says nothing.
_TO_A_PERSON = dict.fromkeys(("unpaid", "paid", "voided"), "needs_a_person")


def build_mappings(merged: Merged, findings: list[Finding]) -> dict[str, MappingSpec]:
    """All mappings, not yet compiled."""
    result = {}
    for name, entry in merged.entries["mappings"].items():
        if "requests" not in entry.values:
            findings.append(
                Finding(
                    "PX204",
                    f'the mapping "{name}" has no requests, and no lower layer has it',
                    entry.at,
                    hint=did_you_mean(name, [m for m in merged.entries["mappings"] if m != name]),
                    width=len(name),
                )
            )
            continue
        result[name] = MappingSpec(
            id=name,
            title=str(entry.values.get("title", name)),
            section=entry.section,
            raw=entry.values,
            on_change={**_TO_A_PERSON, **(entry.values.get("on_change") or {})},
            at=entry.at,
            origins=entry.origins,
            left_over=str(entry.values.get("left_over", "")),
        )
    return result


def compile_requests(
    mappings: Mapping[str, MappingSpec],
    rules: tuple[Rule, ...],
    kinds: Mapping[str, Kind],
    roles: Mapping[str, Role],
    findings: list[Finding],
    memory: Memory,
) -> dict[tuple[str, str], tuple[RequestSpec, ...]]:
    """The requests of every (mapping, kind) that some rule names, also of rules now rejecting.

    Args:
        memory: requests that were compiled for other regions of the same kinds and roles.
    """
    compiled: dict[tuple[str, str], tuple[RequestSpec, ...]] = {}
    faults: dict[tuple[object, ...], Finding] = {}
    for mapping in mappings.values():
        findings.extend(
            memory.once("endpoints", (mapping.raw,), partial(_endpoint_faults, mapping))
        )
    for rule in rules:
        if rule.mapping is None:
            continue
        if rule.mapping not in mappings:
            at = rule.origins["mapping"].at
            findings.append(
                Finding(
                    "PX313",
                    f'there is no mapping "{rule.mapping}"',
                    at,
                    hint=did_you_mean(rule.mapping, mappings),
                    should_be=one_of(mappings, 40),
                    width=len(rule.mapping),
                )
            )
            continue
        if (hidden := _hidden_part(rule, mappings[rule.mapping])) is not None:
            findings.append(hidden)
        lacking = _not_left_over(rule, mappings[rule.mapping], kinds) if rule.leaves_over else ""
        if lacking:
            message = f'the rule "{rule.id}" leaves a part over, and {lacking} has no left_over'
            findings.append(Finding("PX324", message, rule.origins["leaves_over"].at))
        for kind in rule.kinds:
            if (rule.mapping, kind) in compiled:
                continue
            specs, found = memory.once(
                "requests",
                (mappings[rule.mapping].raw, kinds[kind], roles),
                partial(_compiled, mappings[rule.mapping], kinds[kind], roles),
            )
            compiled[rule.mapping, kind] = specs
            for finding in found:
                faults.setdefault((finding.code, finding.at), finding)
    findings.extend(faults.values())
    return compiled


def _not_left_over(rule: Rule, mapping: MappingSpec, kinds: Mapping[str, Kind]) -> str:
    """What does not say which part of a document is left over, in words; nothing where all do."""
    if not mapping.left_over:
        return f'the mapping "{mapping.id}"'
    return next((f'the kind "{k}"' for k in rule.kinds if not kinds[k].left_over), "")


def _hidden_part(rule: Rule, mapping: MappingSpec) -> Finding | None:
    """A layer takes away that a part is left over, and it is left over all the same."""
    origin = rule.origins.get("leaves_over")
    if rule.outcome != "post" or rule.leaves_over or not mapping.left_over:
        return None
    if origin is None or not origin.replaced:
        return None
    below = origin.replaced[0]
    return Finding(
        "PX325",
        f'the rule "{rule.id}" no longer says that a part is left over, and the mapping '
        f'"{mapping.id}" leaves it over',
        origin.at,
        hint="leave `leaves_over` out, or name a mapping that makes all of the document",
        related=((below.at, f"said in layer {below.layer}"),),
    )


# Lists of Xero that documents refer to; they are kept there by people.
_BY_HAND = {
    "Items": "items are kept in Xero; a line names one with `item: CODE`",
    "TrackingCategories": "tracking is set up in Xero; a line names it with `tracking:`",
    "Accounts": "accounts are kept in Xero; a line names one with `account:`",
    "TaxRates": "tax rates are kept in Xero; `tax_codes` names them",
}
_NO_BODY = "there is no schema of such a body; it is entered in Xero by hand"
_DOES = {"put": "created in", "post": "changed at"}


@cache
def _known(verb: str) -> tuple[str, ...]:
    """The endpoints for which there is a body of a verb."""
    folder = root() / "schema" / "xero"
    return tuple(sorted(f.stem.split(".", 1)[1] for f in folder.glob(f"{verb}.*.json")))


@cache
def _made() -> tuple[str, ...]:
    """The endpoints at which there is an object of its own to be made."""
    return tuple(e for e in _known("put") if contract(f"put.{e}").creates)


def _endpoint_faults(mapping: MappingSpec) -> tuple[Finding, ...]:
    return tuple(_endpoints(mapping))


def _endpoints(mapping: MappingSpec) -> Iterator[Finding]:
    """Endpoints that Xero does not have; told also of mappings that no rule uses."""
    requests: Any = mapping.raw["requests"]
    named = [(raw, verb, verb) for raw in requests for verb in ("put", "post")]
    for raw, key, verb in (*named, (mapping.raw, "left_over", "put")):
        path = str(raw.get(key, ""))
        endpoint = ".".join(p for p in path.split("/") if not p.startswith("{"))
        known = _known(verb) if key == verb else _made()
        if path and endpoint not in known:
            yield Finding(
                "PX316",
                f'nothing is {_DOES[verb]} "{endpoint}" of Xero by this product',
                raw.value_at[key],
                hint=did_you_mean(endpoint, known) or _BY_HAND.get(endpoint, _NO_BODY),
                should_be=one_of(known, 20),
                width=len(path),
            )


def _compiled(
    mapping: MappingSpec, kind: Kind, roles: Mapping[str, Role]
) -> tuple[tuple[RequestSpec, ...], tuple[Finding, ...]]:
    return RequestCompiler(kind, roles).compile(mapping)
