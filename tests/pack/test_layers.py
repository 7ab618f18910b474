"""Layers: what a higher one changes, what it leaves alone, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pm2xero.errors import Position
from pm2xero.pack.layers import Document, Layer, Merged, merge
from pm2xero.pack.yaml.read import SourceList, SourceMap

KEYS = ("outcome", "reason", "remedy", "mapping")
IDS = ("a", "b", "c", "d")

Values = dict[str, str]
values = st.dictionaries(st.sampled_from(KEYS), st.text("xyz", min_size=1, max_size=2), min_size=1)
layer_rules = st.dictionaries(st.sampled_from(IDS), values)


def layer(name: str, rules: Mapping[str, Mapping[str, object]], *, split: bool = False) -> Layer:
    """A layer of rules; `split` puts each rule in a file of its own."""
    groups = [[i] for i in rules] if split else [list(rules)]
    documents = []
    for number, group in enumerate(groups):
        file = f"{name}-{number}.yaml"
        content = SourceMap(Position(file))
        listed = SourceList(Position(file))
        for line, identity in enumerate(group, 1):
            at = Position(file, line)
            item = SourceMap(at)
            for key, value in {"id": identity, **rules[identity]}.items():
                item.put(key, value, at, at)
            listed.append(item)
            listed.item_at.append(at)
        content.put("rules", listed, Position(file), Position(file))
        documents.append(Document(file, content))
    return Layer(name, tuple(documents))


def rules_of(merged: Merged) -> dict[str, Values]:
    return {
        i: {k: v for k, v in e.values.items() if k != "id"}
        for i, e in merged.entries["rules"].items()
    }


def without_repeats(layers: list[dict[str, Values]]) -> list[dict[str, Values]]:
    """The same layers without values that a lower one has already set, which are faults."""
    state: dict[str, Values] = {}
    cleaned = []
    for rules in layers:
        changes = {}
        for identity, new in rules.items():
            old = state.setdefault(identity, {})
            change = {k: v for k, v in new.items() if old.get(k) != v}
            old.update(change)
            if change:
                changes[identity] = change
        cleaned.append(changes)
    return cleaned


@given(st.lists(layer_rules, min_size=1, max_size=4))
def test_the_highest_layer_that_names_a_key_has_its_way(layers: list[dict[str, Values]]) -> None:
    cleaned = without_repeats(layers)
    merged = merge(tuple(layer(str(n), r) for n, r in enumerate(cleaned)))
    expected: dict[str, Values] = {}
    for rules in cleaned:
        for identity, new in rules.items():
            expected.setdefault(identity, {}).update(new)
    assert merged.findings == []
    assert rules_of(merged) == expected


@given(st.lists(layer_rules, min_size=1, max_size=4))
def test_every_value_knows_its_layer_and_all_that_it_replaced(
    layers: list[dict[str, Values]],
) -> None:
    cleaned = without_repeats(layers)
    merged = merge(tuple(layer(str(n), r) for n, r in enumerate(cleaned)))
    for identity, entry in merged.entries["rules"].items():
        for key in KEYS:
            setters = [str(n) for n, r in enumerate(cleaned) if key in r.get(identity, {})]
            if not setters:
                assert key not in entry.origins
                continue
            origin = entry.origins[key]
            chain = [origin.layer, *(o.layer for o in origin.replaced)]
            assert chain == setters[::-1]
            assert all(int(high) > int(low) for high, low in pairwise(chain))


@given(layer_rules, values, st.sampled_from(IDS))
def test_a_change_touches_only_the_keys_it_names(
    below: dict[str, Values], change: Values, target: str
) -> None:
    low, high = without_repeats([below, {target: change}])
    before = rules_of(merge((layer("low", low),)))
    after = rules_of(merge((layer("low", low), layer("high", high))))
    for identity in IDS:
        changed = high.get(identity, {})
        for key in KEYS:
            expected = changed.get(key, before.get(identity, {}).get(key))
            assert after.get(identity, {}).get(key) == expected


@given(st.lists(layer_rules, min_size=2, max_size=2), st.randoms(use_true_random=False))
def test_the_order_of_files_and_rules_inside_a_layer_does_not_matter(
    layers: list[dict[str, Values]], random: object
) -> None:
    cleaned = without_repeats(layers)
    shuffled = []
    for rules in cleaned:
        names = list(rules)
        random.shuffle(names)  # type: ignore[attr-defined]  # hypothesis hands out a Random
        shuffled.append({n: rules[n] for n in names})
    one = merge(tuple(layer(str(n), r) for n, r in enumerate(cleaned)))
    other = merge(tuple(layer(str(n), r, split=True) for n, r in enumerate(shuffled)))
    assert rules_of(one) == rules_of(other)


@given(layer_rules, st.sampled_from(IDS))
def test_remove_takes_away_one_entry_and_nothing_else(
    below: dict[str, Values], target: str
) -> None:
    merged = merge((layer("low", below), layer("high", {target: {"remove": True}})))
    assert rules_of(merged) == {i: v for i, v in below.items() if i != target}
    assert [f.code for f in merged.findings] == ([] if target in below else ["PX203"])


def test_a_removed_rule_can_be_added_again_by_a_higher_layer() -> None:
    merged = merge(
        (
            layer("low", {"a": {"outcome": "post", "mapping": "m"}}),
            layer("middle", {"a": {"remove": True}}),
            layer("high", {"a": {"outcome": "skip"}}),
        )
    )
    assert rules_of(merged) == {"a": {"outcome": "skip"}}
    assert merged.entries["rules"]["a"].origins["outcome"].replaced == ()


def test_an_id_twice_in_one_layer_is_a_fault_even_in_two_files() -> None:
    twice = Layer(
        "low",
        layer("one", {"a": {"outcome": "post"}}).documents
        + layer("two", {"a": {"outcome": "skip"}}).documents,
    )
    merged = merge((twice,))
    assert [(f.code, str(f.at), f.related[0][0].file) for f in merged.findings] == [
        ("PX201", "two-0.yaml:1:1", "one-0.yaml")
    ]
    assert rules_of(merged) == {"a": {"outcome": "post"}}


def test_setting_a_value_to_what_it_is_is_a_fault_that_names_the_lower_layer() -> None:
    merged = merge(
        (layer("low", {"a": {"outcome": "post"}}), layer("high", {"a": {"outcome": "post"}}))
    )
    (finding,) = merged.findings
    assert finding.code == "PX202"
    assert finding.related[0][1] == "already set in layer low"


def test_a_field_is_replaced_as_a_whole() -> None:
    def fields(name: str, value: object) -> Layer:
        at = Position(name)
        inner = SourceMap(at)
        if isinstance(value, dict):
            kind = SourceMap(at)
            for key, part in value.items():
                kind.put(key, part, at, at)
            value = kind
        inner.put("levy", value, at, at)
        content = SourceMap(at)
        content.put("fields", inner, at, at)
        return Layer(name, (Document(name, content),))

    words = {"one_of": ["a", "b"]}
    merged = merge((fields("low", words), fields("high", "money")))
    assert dict(merged.entries["fields"]["levy"].values) == {"is": "money"}
    merged = merge((fields("low", "money"), fields("high", words)))
    assert dict(merged.entries["fields"]["levy"].values) == words
