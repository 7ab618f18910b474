"""The types that a field of a document may have, and what a path may reach from each.

Scalars hold a value; references (`ledger_account`, `bank_account`, `tax_code`, `document`) hold a
name of Practice Management and can be followed to facts about the Xero side of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Scalar = Literal["text", "identifier", "money", "date", "instant", "flag", "count"]
SCALARS: frozenset[str] = frozenset(
    ("text", "identifier", "money", "date", "instant", "flag", "count")
)
REFERENCES: frozenset[str] = frozenset(
    ("ledger_account", "bank_account", "office_bank", "trust_bank", "document")
)


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A single value; `values` is set when only these words are allowed."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceType:
    """A name that stands for something in Xero or for another document.

    Attributes:
        purpose: what a bank account is for, where the field says so (office or trust); of an
            account, `role` where it is found by what it does.
        refers_to: the kinds that a document may be of, where the field says so.
    """

    name: str
    purpose: str = ""
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaxCodeType:
    """A tax code, with the fields of the same record that it taxes.

    Attributes:
        on: the field with the net amount.
        amount: the field with the tax amount.
        account: the field with the ledger account, whose class decides what suits.
    """

    on: str
    amount: str
    account: str
    name: str = "tax_code"


@dataclass(frozen=True, slots=True)
class RecordType:
    """A group of named fields."""

    name: str
    required: Mapping[str, FieldType]
    optional: Mapping[str, FieldType]

    def field(self, name: str) -> FieldType | None:
        """The type of a field of this record, or None when it has none of that name."""
        return self.required.get(name) or self.optional.get(name)


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of values of one type; it has at least one unless it `may_be_empty`."""

    of: FieldType
    name: str = "list"
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class TableType:
    """A table of a firm: a value of one type for each name; only a setting is one."""

    of: FieldType
    name: str = "table"


FieldType = ScalarType | ReferenceType | TaxCodeType | RecordType | ListType | TableType

TEXT = ScalarType("text")
MONEY = ScalarType("money")
DATE = ScalarType("date")
INSTANT = ScalarType("instant")
FLAG = ScalarType("flag")
COUNT = ScalarType("count")

ACCOUNT_STATUS = ScalarType("text", ("ACTIVE", "ARCHIVED"))
ACCOUNT_CLASS = ScalarType("text", ("ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE"))
DOCUMENT_STATES = ("in_xero", "waiting", "rejected", "before_integration", "unknown")
OUTCOMES = ("post", "reject", "hold", "skip")
TAX_STATES = (
    "mapped",
    "undeclared",
    "not_in_xero",
    "inactive",
    "other_rate",
    "no_rate",
    "several_rates",
)

_ACCOUNT: dict[str, FieldType] = {
    "id": TEXT,
    "mapped": FLAG,
    "in_xero": FLAG,
    "code": TEXT,
    "name": TEXT,
    "status": ACCOUNT_STATUS,
    "class": ACCOUNT_CLASS,
    "type": TEXT,
    "system": TEXT,
}

# What can be reached from a reference: `gl_account.status`, `document.amount_due`, …
ATTRIBUTES: dict[str, Mapping[str, FieldType]] = {
    "ledger_account": _ACCOUNT,
    "bank_account": _ACCOUNT | {"purpose": ScalarType("text", ("office", "trust"))},
    "tax_code": {
        "mapped": FLAG,
        "state": ScalarType("text", TAX_STATES),
        "type": TEXT,
        "xero_rate": TEXT,
        "expected_rate": TEXT,
        "right_types": TEXT,
        "suits_account": FLAG,
        "calculated": MONEY,
        "off_by": MONEY,
    },
    "document": {
        "id": TEXT,
        "state": ScalarType("text", DOCUMENT_STATES),
        "kind": TEXT,
        "amount_due": MONEY,
        "contact": TEXT,
        "to_reverse": MONEY,
        "to_put_back": MONEY,
        "number": TEXT,
        "date": DATE,
        "bank": ReferenceType("bank_account"),
        "amount": MONEY,
        "due_then": MONEY,
        "waits_for": TEXT,
        "suits": FLAG,
        "wanted": TEXT,
    },
}

# What a path may start with besides the fields of the document itself.
ROOTS: dict[str, Mapping[str, FieldType]] = {
    "organisation": {
        "id": TEXT,
        "region": TEXT,
        "base_currency": TEXT,
        "division": TEXT,
        "accounting_method": ScalarType("text", ("accrual", "cash")),
        "integration_start": INSTANT,
        "xero_organisation_id": TEXT,
        "bank_feed": FLAG,
        "payments_in_practice_management": FLAG,
        "sandbox": FLAG,
        "default_contact": TEXT,
        "tax_codes": TEXT,
    },
    "xero": {
        "organisation_id": TEXT,
        "base_currency": TEXT,
        "country": TEXT,
        "class": TEXT,
        "lock_date": DATE,
    },
    # How each group belongs together: TRUST_GROUPS.
    "trust": {
        "shortfall": MONEY,
        "matter": TEXT,
        "missing": MONEY,
        "missing_of": TEXT,
        "imbalance": MONEY,
        "surplus": MONEY,
        "bank": TEXT,
    },
    # All money of the document added up, whatever its sign: no part of it is more.
    "amounts": {"together": MONEY},
    "earlier": {"outcome": ScalarType("text", OUTCOMES)},
}
# Facts about trust money that are found together: either all of a group are there, or none.
TRUST_GROUPS: dict[str, tuple[str, ...]] = {
    "shortfall": ("shortfall", "matter"),
    "missing": ("missing", "missing_of"),
    "imbalance": ("imbalance", "bank", "surplus"),
}


def trust_group(name: str) -> tuple[str, int]:
    """The group of a fact about trust money, and its place in it."""
    return next((g, names.index(name)) for g, names in TRUST_GROUPS.items() if name in names)


SUBMISSION = ScalarType("text", ("first", "repeated", "conflicting", "newer", "older"))

# Lists that every kind has by the types of its fields, also of those in its lists: all ledger
# accounts and banks it names, those of its banks that must be office or trust accounts, all
# documents it refers to; and all account roles that its postings use.
DERIVED_LISTS: dict[str, ListType] = {
    "accounts": ListType(ReferenceType("ledger_account")),
    "banks": ListType(ReferenceType("bank_account")),
    "office_banks": ListType(ReferenceType("bank_account", "office")),
    "trust_banks": ListType(ReferenceType("bank_account", "trust")),
    "documents": ListType(ReferenceType("document")),
    "roles": ListType(ReferenceType("ledger_account", "role")),
}


def belongs(kind: FieldType, wanted: FieldType) -> bool:
    """Whether a field of a type is one of a derived list of the wanted type."""
    if not isinstance(kind, ReferenceType) or not isinstance(wanted, ReferenceType):
        return False
    return kind.name == wanted.name and wanted.purpose in ("", kind.purpose)


def describe(kind: FieldType) -> str:
    """The type in words, for messages."""
    if isinstance(kind, ScalarType) and kind.values:
        return "one of " + ", ".join(kind.values)
    if isinstance(kind, ListType):
        inner = kind.of.name.replace("_", " ")
        return f"a list of {inner if inner in ('money', 'text') else inner + 's'}"
    name = "true or false" if kind.name == "flag" else kind.name.replace("_", " ")
    if name in ("money", "text", "true or false") or isinstance(kind, RecordType):
        return name if not isinstance(kind, RecordType) else f"a group of fields ({name})"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
