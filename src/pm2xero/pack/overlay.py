"""How a value of a higher layer is laid over the one below it.

What has names is merged by name: fields, parts of records, `on_change`, requests, `with`. All else
is one value and takes the place of the lower one; what is lost by that is told, unless the layer
says `replace`: a list of the keys whose lower value goes as a whole, or true for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.model import Origin
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean

# Words about an override that are no values of the entry.
ABOUT = ("id", "replace")
_FIELD_PARTS = ("required", "optional")


@dataclass(frozen=True, slots=True)
class Place:
    """What is being laid over what: `entry` in words, the layer below, and where findings go."""

    entry: str
    layer: str
    findings: list[Finding]

    def tell(
        self, code: str, message: str, at: Position, lower: Position | None, width: int,
        hint: str, severity: Any = "error",
    ) -> None:  # fmt: skip
        """Add a finding that names both places."""
        related = ((lower, f"already set in layer {self.layer}"),) if lower is not None else ()
        self.findings.append(
            Finding(code, message, at, hint=hint, width=width, related=related, severity=severity)
        )


def replaced_keys(values: SourceMap, below: SourceMap, place: Place) -> frozenset[str]:
    """The keys whose lower value goes as a whole."""
    word = values.get("replace")
    if word is None:
        return frozenset()
    if word is True:
        return frozenset(k for k in below if k not in ABOUT)
    for name, at in zip(word, word.item_at, strict=True):
        if name not in below:
            known = [k for k in below if k not in ABOUT]
            hint = did_you_mean(name, known) or "leave it out"
            place.tell("PX203", f'{place.entry} has no "{name}" in a lower layer to replace', at,
                       below.at, len(str(name)), hint)  # fmt: skip
    return frozenset(str(n) for n in word)


def laid(group: str, key: str, below: SourceMap, over: SourceMap, place: Place) -> Any:
    """The value of a key that both layers have, after merging; what is lost is told."""
    old, new = below[key], over[key]
    if old == new:
        lower = below.value_at.get(key)
        place.tell(
            "PX202", f'"{key}" of {place.entry} is set to what it already is', over.key_at[key],
            lower, len(key), "leave the line out", "warning",
        )  # fmt: skip
        return old
    lay = _BY_NAME.get((group, key))
    if lay is not None and isinstance(new, SourceMap | SourceList):
        return lay(old, new, place)
    _tell_lost(key, old, new, below, over, place)
    return new


def _tell_lost(
    key: str, old: Any, new: Any, below: SourceMap, over: SourceMap, place: Place
) -> None:
    """Parts of the lower value that are not in the new one."""
    lost: list[str] = []
    if isinstance(old, SourceMap) and isinstance(new, SourceMap):
        lost = [f'"{k}"' for k in old if k not in new]
    elif isinstance(old, SourceList) and isinstance(new, SourceList):
        gone = [i for i in old if i not in new]
        lost = [f'"{i}"' for i in gone if isinstance(i, str)]
        if gone and not lost:
            lost = [f"{len(gone)} of its {len(old)} entries"]
    if not lost:
        return
    words = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    place.tell(
        "PX208", f'this "{key}" of {place.entry} drops {words}, which layer {place.layer} has',
        over.key_at[key], below.value_at.get(key), len(key),
        f"say them here too, or `replace: [{key}]` if they are to go", "warning",
    )  # fmt: skip


def _mapping(old: Any, new: Any, place: Place) -> Any:
    """Names that the higher layer has, over those of the lower one."""
    if not (isinstance(old, SourceMap) and isinstance(new, SourceMap)):
        return new
    result = old.copy()
    for name, value in new.items():
        if isinstance(value, SourceMap) and value.get("remove") is True:
            _take_away(result, name, new.key_at[name], place)
            continue
        if name in old and old[name] == value:
            place.tell(
                "PX202", f'"{name}" of {place.entry} is set to what it already is',
                new.key_at[name], old.value_at.get(name), len(name), "leave the line out",
                "warning",
            )  # fmt: skip
            continue
        put(result, name, new)
    return result


def put(result: SourceMap, key: str, source: SourceMap) -> None:
    """Take a key of another mapping over, with its places."""
    result.put(key, source[key], source.key_at[key], source.value_at[key])
    if key in source.text_at:
        result.text_at[key] = source.text_at[key]


def _take_away(result: SourceMap, name: str, at: Position, place: Place) -> None:
    if name in result:
        del result[name]
        return
    hint = did_you_mean(name, result) or "leave it out"
    place.tell("PX203", f'{place.entry} has no "{name}" in a lower layer to remove', at,
               result.at, len(name), hint)  # fmt: skip


def fields(old: Any, new: Any, place: Place) -> Any:
    """Required and optional fields by name; a name moves to the part that says it last."""
    if not (isinstance(old, SourceMap) and isinstance(new, SourceMap)):
        return new
    result = old.copy()
    for part in _FIELD_PARTS:
        if part not in new:
            continue
        names = {_name(i) for i in new[part]}
        for other in _FIELD_PARTS:
            if other in result:
                kept = [i for i in _items(result[other]) if _name(i[0]) not in names]
                _put_list(result, other, kept, result)
        merged = [*_items(result.get(part, SourceList(new.at))), *_items(new[part])]
        _put_list(result, part, merged, new)
        for item, at in _items(new[part]):
            if part in old and item in old[part]:
                place.tell("PX202", f'"{_name(item)}" is {part} in {place.entry} already', at,
                           old.value_at[part], len(_name(item)), "leave it out",
                           "warning")  # fmt: skip
    gone = new.get("remove", ())
    for name, at in _items(gone) if gone else ():
        if not any(name == _name(i) for p in _FIELD_PARTS for i in result.get(p, ())):
            known = [_name(i) for p in _FIELD_PARTS for i in result.get(p, ())]
            hint = did_you_mean(name, known) or "leave it out"
            place.tell("PX203", f'{place.entry} has no field "{name}" to remove', at, old.at,
                       len(str(name)), hint)  # fmt: skip
        for part in _FIELD_PARTS:
            if part in result:
                kept = [i for i in _items(result[part]) if _name(i[0]) != name]
                _put_list(result, part, kept, result)
    return result


def _name(item: Any) -> str:
    return str(next(iter(item))) if isinstance(item, SourceMap) else str(item)


def _items(listed: Any) -> list[tuple[Any, Position]]:
    return list(zip(listed, listed.item_at, strict=True))


def _put_list(
    result: SourceMap, key: str, items: list[tuple[Any, Position]], source: SourceMap
) -> None:
    listed = SourceList(source.value_at.get(key, source.at))
    for item, at in items:
        listed.append(item)
        listed.item_at.append(at)
    result.put(key, listed, source.key_at.get(key, source.at), source.value_at.get(key, source.at))


def _requests(old: Any, new: Any, place: Place) -> Any:
    """Requests by their id: changed, taken away, or added behind those that are there."""
    items = _items(old)
    where = {str(item["id"]): n for n, (item, _) in enumerate(items)}
    for request, at in _items(new):
        identity = str(request["id"])
        if identity not in where:
            if request.get("remove") is True:
                hint = did_you_mean(identity, where) or "leave it out"
                place.tell("PX203", f'{place.entry} has no request "{identity}" to remove',
                           request.value_at["id"], old.at, len(identity), hint)  # fmt: skip
            else:
                where[identity] = len(items)
                items.append((request, at))
            continue
        number = where[identity]
        if request.get("remove") is True:
            items[number] = (None, at)
            continue
        inner = Place(f'request "{identity}" of {place.entry}', place.layer, place.findings)
        items[number] = (entry("request", items[number][0], request, inner), items[number][1])
    result = SourceList(new.at)
    for item, at in items:
        if item is not None:
            result.append(item)
            result.item_at.append(at)
    return result


def entry(group: str, below: SourceMap, over: SourceMap, place: Place) -> SourceMap:
    """All keys of an entry of a higher layer over those of the lower one; a new mapping."""
    result = below.copy()
    gone = replaced_keys(over, below, place)
    for key in gone:
        result.pop(key, None)
    for key in over:
        if key in ABOUT:
            continue
        if key in result:
            value = laid(group, key, result, over, place)
            if value is not result[key]:
                put(result, key, over)
                dict.__setitem__(result, key, value)
            continue
        put(result, key, over)
    return result


def _kinds(old: Any, new: Any, place: Place) -> Any:
    """The kinds of a rule: some added to and taken from those of the lower layer."""
    if isinstance(new, SourceList):
        if isinstance(old, SourceList):
            lost = [i for i in old if i not in new]
            if lost:
                words = ", ".join(f'"{i}"' for i in lost[:3])
                more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
                place.tell(
                    "PX208", f'these "kinds" of {place.entry} drop {words}{more}, which layer '
                    f"{place.layer} has", new.at, old.at, 1,
                    f"write `kinds: {{ remove: [{', '.join(map(str, lost[:3]))}] }}`, or "
                    "`replace: [kinds]`", "warning",
                )  # fmt: skip
        return new
    if "add" not in new and "remove" not in new:
        return new
    result = new.copy()
    for key in ("of", "with", "posting_with"):
        if isinstance(old, SourceMap) and key in old and key not in new:
            put(result, key, old)
    if not isinstance(old, SourceMap):
        result.put("of", old, new.at, new.at)
    if isinstance(old, SourceList):
        for name, at in _items(new.get("remove") or SourceList(new.at)):
            if name not in old:
                hint = did_you_mean(name, old) or "leave it out"
                place.tell("PX203", f'{place.entry} is not for "{name}" in a lower layer', at,
                           old.at, len(str(name)), hint)  # fmt: skip
    return result


_BY_NAME: dict[tuple[str, str], Callable[[Any, Any, Place], Any]] = {
    ("kinds", "fields"): fields,
    ("kinds", "ignores"): _mapping,
    ("kinds", "opens"): _mapping,
    ("records", "required"): _mapping,
    ("records", "optional"): _mapping,
    ("mappings", "on_change"): _mapping,
    ("mappings", "requests"): _requests,
    ("request", "with"): _mapping,
    ("rules", "kinds"): _kinds,
}


def moved_fields(values: SourceMap, over: SourceMap) -> None:
    """A field of a record that a layer makes required is no longer optional, and the other way."""
    for part, other in (_FIELD_PARTS, _FIELD_PARTS[::-1]):
        new, there = over.get(part), values.get(other)
        if not isinstance(new, SourceMap) or not isinstance(there, SourceMap):
            continue
        names = [n for n in new if n in there and n not in (over.get(other) or ())]
        if names:
            kept = there.copy()
            for name in names:
                del kept[name]
            dict.__setitem__(values, other, kept)


def origin_of(over: SourceMap, key: str, layer: str, old: Origin | None) -> Origin:
    """Where a key of a merged entry was last written, and what that replaced."""
    replaced = (old, *old.replaced) if old else ()
    return Origin(over.value_at[key], layer, replaced)
