"""The contact of a body: its number and name, and what Xero is told of it when it is new there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pm2xero.decide.facts import Facts
from pm2xero.decide.state import State
from pm2xero.decide.values import getter
from pm2xero.pack.model import RequestSpec
from pm2xero.read.transaction import Transaction
from pm2xero.render.templates import fit
from pm2xero.xero.contact_number import contact_number

Details = Callable[[Transaction, Any, State], dict[str, Any]]
# Lengths and forms of `schema/xero/common.json`.
_LENGTHS = {"EmailAddress": 255, "City": 255, "Region": 255, "PostalCode": 50, "Country": 50}
_LINE = 500
_FORMS = {
    "EmailAddress": re.compile("[!-?A-~]+@[!-?A-~]+"),
    "Country": re.compile("[A-Za-z ]+"),
}


def contact(number: str, name: str) -> dict[str, str]:
    """A contact as Xero takes it: found by its number, made with its name when it is new.

    Xero refuses angle brackets and repeated spaces in names, and names over 255 characters.
    """
    plain = " ".join(name.replace("<", "(").replace(">", ")").split())
    unique = contact_number(number)
    return {"ContactNumber": unique, "Name": plain[:255] or unique}


def compile_details(spec: RequestSpec, facts: Facts) -> Details:
    """What a new contact gets, by the participant that was chosen; empty where nothing is said.

    What is missing is left out, and so is what Xero would not take: a bill must not wait for it.
    """
    reads = [(name, getter(path, facts)) for name, path in spec.contact_details]

    def details(tx: Transaction, party: Any, state: State) -> dict[str, Any]:
        found: dict[str, Any] = {}
        address: dict[str, str] = {}
        for name, read in reads:
            value = read(tx, party, state)
            text = fit(value, _LENGTHS.get(name, _LINE)) if value is not None else ""
            form = _FORMS.get(name)
            if not text or (form is not None and not form.fullmatch(text)):
                continue
            if name == "EmailAddress":
                found[name] = text
            else:
                address[name] = text
        if address:
            found["Addresses"] = [{"AddressType": "POBOX", **address}]
        return found

    return details
