"""A pack as typed, frozen values: kinds, rules, mappings and what a region says about taxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pm2xero.errors import Position
from pm2xero.pack.counts import Counts
from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.language.paths import AccountExpr, PartsExpr, PathExpr, TextExpr
from pm2xero.pack.language.types import FieldType, RecordType
from pm2xero.pack.surplus import Surplus

Outcome = Literal["post", "reject", "hold", "skip"]
Side = Literal["sales", "purchases", "sales_unless_cost", "purchases_unless_income"]
OUTCOME_PRECEDENCE: tuple[Outcome, ...] = ("skip", "reject", "hold")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an effective value was written, and which lower layers it replaced."""

    at: Position
    layer: str
    replaced: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an amount: the sum of some percentages of it, or what they leave of it."""

    percents: tuple[Decimal, ...]
    is_rest: bool


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A value that a template gets: a date some days later, or text with values in it."""

    path: PathExpr | None = None
    plus_days: int | PathExpr | None = None
    end_of_month: bool = False
    text: TextExpr | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One debit or credit that a kind makes in the ledger of Practice Management.

    `matter` and `held_in` say whose trust money moves and which bank holds it.
    """

    sign: Literal[1, -1]
    account: AccountExpr
    amount: PathExpr
    each: str | None
    when: Condition | None
    matter: tuple[PathExpr, ...]
    held_in: PathExpr | None
    at: Position
    where: Condition | None = None
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class Opens:
    """The kind makes a document that can be paid or used up later."""

    amount: PathExpr
    contact: PathExpr


@dataclass(frozen=True, slots=True)
class Settles:
    """The kind takes an amount off what another document has outstanding."""

    document: PathExpr
    amount: PathExpr
    each: str | None


@dataclass(frozen=True, slots=True)
class Ignored:
    """An amount that no body needs to carry, and why."""

    why: str
    at: Position


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of transaction: what its documents hold and what they do to the ledger."""

    name: str
    title: str
    section: str
    side: Side | None
    record: RecordType
    postings: tuple[Posting, ...]
    opens: Opens | None
    settles: tuple[Settles, ...]
    at: Position
    ignores: Mapping[str, Ignored] = field(default_factory=dict)
    settings: Mapping[str, FieldType] = field(default_factory=dict)
    offers: frozenset[str] = frozenset()
    # Where a field has one of these values, the document is still worked on.
    unfinished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # The fields that the kind lists itself, besides those of every document.
    listed: frozenset[str] = frozenset()

    def role_conditions(self) -> dict[str, tuple[Condition, ...]]:
        """The roles of the postings and when each is needed: in one of these cases, or always."""
        found: dict[str, list[Condition | None]] = {}
        for posting in self.postings:
            if posting.account.role:
                found.setdefault(posting.account.role, []).append(posting.when)
        return {
            role: () if None in whens else tuple({w.key: w for w in whens if w}.values())
            for role, whens in found.items()
        }

    def fields_of_type(self, name: str) -> tuple[str, ...]:
        """The top-level fields of this kind whose type has the given name."""
        both = {**self.record.required, **self.record.optional}
        return tuple(n for n, t in both.items() if t.name == name)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it holds for this organisation, with the origin of each of its values.

    A rule either has an outcome or is a warning; `kinds` is already resolved to names, and
    `conditions` and `texts` (reason, remedy, warning) are resolved for each of them. `leaves`
    says what the document counts as for others when that does not follow from the outcome;
    `partial` that a part of what is refused works in Xero without a posting; `required` that no
    higher layer may take away what it refuses; `counts` where the money of what is not posted
    stands, as a reconciliation must take it (None: it is missing); `may_release` that a person
    may let through what it holds.
    """

    id: str
    code: str
    kinds: tuple[str, ...]
    conditions: Mapping[str, Condition | None]
    outcome: Outcome | None
    mapping: str | None
    texts: Mapping[str, Mapping[str, TextExpr]]
    by_hand: bool
    leaves: str | None
    source: str
    section: str
    order: tuple[int, int]
    at: Position
    origins: Mapping[str, Origin]
    partial: bool = False
    required: bool = False
    counts: Counts | None = None
    may_release: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """A required rule as a lower layer has it, where a higher one touched it or what it refuses.

    Attributes:
        rule: for the kinds that the pack has now.
        skips: the rules of the same layer, and below, that leave documents out before it.
        removed_at: where it is taken away; None while there is a rule of its id.
        successor: the required rule that a region puts in its place, by id, and where it says so.
    """

    rule: Rule
    layer: str
    skips: tuple[Rule, ...]
    removed_at: Position | None = None
    successor: str | None = None
    successor_at: Position | None = None


@dataclass(frozen=True, slots=True)
class LineSource:
    """Where lines of a Xero document come from.

    Attributes:
        each: the list of the document that gives a line per item; None for one line.
        sign: -1 where the line was written as a credit.
        merge: lines of the same Xero account and tax type become one.
        where: which items of the list give a line.
        share: the part of the amount, and of its tax, that the line takes.
        group_by: what must be the same, besides, in lines that become one.
        item: the code of an item in Xero; a field, or the code itself.
        tracking: the option of each tracking category; a field, or its name itself.
    """

    each: str | None
    when: Condition | None
    account: AccountExpr
    tax: PathExpr | None
    net: PathExpr
    tax_amount: PathExpr | None
    describe: TextExpr | PathExpr | PartsExpr
    sign: Literal[1, -1]
    merge: bool
    at: Position
    where: Condition | None = None
    share: Share | None = None
    group_by: tuple[PathExpr, ...] = ()
    item: PathExpr | str | None = None
    tracking: tuple[tuple[str, PathExpr | str], ...] = ()
    value_at: Mapping[str, Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HistoryNote:
    """What is written into the history of the object that a request makes or changes.

    Attributes:
        when: the documents that get it; all where it is left out.
        at: where its words stand.
    """

    text: TextExpr
    when: Condition | None
    at: Position


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """One request of a mapping, before it meets a transaction.

    Attributes:
        slot: the place in Xero that the request fills; alternative requests share one.
    """

    id: str
    method: Literal["PUT", "POST"]
    path: str
    template: str
    each: str | None
    when: Condition | None
    needs: tuple[str, ...]
    values: Mapping[str, object]
    contact: tuple[PathExpr, ...]
    lines: tuple[LineSource, ...]
    movement: Literal["receive", "spend"] | None
    when_tax_differs: Literal["override", "rounding_line"] | None
    becomes_document: bool
    at: Position
    value_at: Mapping[str, Position]
    slot: str = ""
    status: str | PathExpr = "AUTHORISED"
    contact_name: TextExpr | None = None
    # What a contact that is new in Xero gets: names of Xero, read from the participant.
    contact_details: tuple[tuple[str, PathExpr], ...] = ()
    # Where the document is found in Practice Management; templates write it as Url.
    link: TextExpr | None = None
    history: HistoryNote | None = None

    @property
    def endpoint(self) -> str:
        """The path without its parameters: `CreditNotes.Allocations`, `Payments`."""
        return ".".join(p for p in self.path.split("/") if not p.startswith("{"))

    @property
    def contract(self) -> str:
        """The name of the body schema, such as `put.CreditNotes.Allocations`."""
        return f"{self.method.lower()}.{self.endpoint}"


@dataclass(frozen=True, slots=True)
class MappingSpec:
    """How one transaction becomes an ordered list of requests; compiled per kind."""

    id: str
    title: str
    section: str
    raw: Mapping[str, object]
    on_change: Mapping[str, str]
    at: Position
    origins: Mapping[str, Origin]


@dataclass(frozen=True, slots=True)
class TaxRateSearch:
    """A tax type to be found in the firm's own tax rates instead of by its code.

    Attributes:
        rate: per cent, the same as Xero's EffectiveRate.
        names: the rate's name or a part of it, in order of preference, for when several fit.
        account_class: the class of account that the rate must be able to apply to.
    """

    rate: Decimal
    names: tuple[str, ...]
    account_class: str


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A tax code of Practice Management and the Xero tax type of each side.

    `rate` is what the named types must have in Xero, in per cent; None when that is left open.
    """

    code: str
    title: str
    types: Mapping[str, str | TaxRateSearch]
    rate: Decimal | None
    at: Position


@dataclass(frozen=True, slots=True)
class Setting:
    """What a pack lets each firm say under `settings`; the firm must, where there is no default."""

    id: str
    title: str
    type: FieldType
    default: object
    at: Position


@dataclass(frozen=True, slots=True)
class Role:
    """An account found by what it does; `system` is Xero's own mark for it.

    `is_trust` where trust money stands on it, which must move through Practice Management alone.
    """

    id: str
    title: str
    system: str | None
    account_class: str | None
    at: Position
    is_trust: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything that was declared, merged over its layers, for one organisation."""

    region: str
    layers: tuple[str, ...]
    fields: Mapping[str, FieldType]
    kinds: Mapping[str, Kind]
    rules: tuple[Rule, ...]
    mappings: Mapping[str, MappingSpec]
    requests: Mapping[tuple[str, str], tuple[RequestSpec, ...]]
    roles: Mapping[str, Role]
    tax_codes: Mapping[str, TaxCode]
    no_tax: str
    words: Mapping[str, str]
    template_dirs: tuple[Path, ...]
    tolerance: Decimal = field(default=Decimal("0.01"))
    sections: tuple[str, ...] = ()
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Texts of a document by which people and banks find its entry again.
    found_by: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    trust_surplus: Surplus = Surplus.ZERO

    def rules_of(self, kind: str) -> tuple[Rule, ...]:
        """The rules that may apply to a kind, in the order in which reasons are named."""
        return tuple(r for r in self.rules if kind in r.kinds)
