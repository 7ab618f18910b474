"""What a person knows of a firm: its banks and accounts, read from its own two files."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from tests.simulation.claims import Firm
from tests.simulation.months import EXAMPLES


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Codes of Xero by the words of Practice Management.

    Attributes:
        accounts: code by general ledger account.
        account_ids: AccountID by code, as it was when the firm began.
        trust_liability: its code.
    """

    firm: Firm
    accounts: Mapping[str, str]
    account_ids: Mapping[str, str]
    trust_liability: str


@functools.cache
def knowledge(region: str) -> Knowledge:
    """What is known of the example firm of a region."""
    folder = EXAMPLES / region
    firm = yaml.safe_load((folder / "organisation.yaml").read_text("utf-8"))
    snapshot = json.loads((folder / "xero.json").read_text("utf-8"))
    ids = {a["Code"]: a["AccountID"] for a in snapshot["Accounts"] if a.get("Code")}
    banks = {name: ids[bank["xero"]] for name, bank in firm["bank_accounts"].items()}
    trust = {name for name, bank in firm["bank_accounts"].items() if bank["purpose"] == "trust"}
    nobody = (firm.get("default_contact") or {}).get("number")
    accounts = {gl: code for gl, code in firm["accounts"].items() if isinstance(code, str)}
    known = Firm(banks, frozenset(trust), nobody)
    return Knowledge(known, accounts, ids, firm["roles"]["trust_liability"])
