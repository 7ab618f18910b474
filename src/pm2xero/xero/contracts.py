"""The body schemas of `schema/xero/`: the API's facts as data, and the check of every body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from pm2xero.resources import root, schema_file

# References between the schemas resolve against this name; nothing is ever fetched.
_BASE = "https://schema.invalid/xero/"
_LONGEST_NUMBER = 255


@dataclass(frozen=True, slots=True)
class Rename:
    """A number that stays taken when its document is voided, so it is given up before.

    Attributes:
        field: such as InvoiceNumber.
        types: types of documents whose numbers are unique.
    """

    field: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """How an object of Xero is taken back.

    Attributes:
        contract: the verb and endpoint that does it.
        id_in_body: whether its id goes into the body, or at the end of the path.
        status: the status to set; None where it is taken out of the document that it belongs to.
        draft_status: the one to set instead on what nobody has approved yet.
        rename: what is done before, where a later revision may come back under the number.
    """

    contract: str
    id_in_body: bool
    status: str | None
    rename: Rename | None = None
    draft_status: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What is known of one verb on one endpoint, from `schema/xero/`.

    Attributes:
        id_name: field of the answer that carries the new id, such as InvoiceID.
        wrapper: element that holds a list of documents; None where the body stands alone.
        batch: several documents may go in one call.
        summarize: the endpoint takes `summarizeErrors`.
        idempotent: it takes an idempotency key.
        also: further ids that the object shows and other calls ask for: what a bank transaction
            makes of an overpayment has an id of its own.
    """

    name: str
    method: str
    path: str
    id_name: str | None
    wrapper: str | None
    batch: bool
    summarize: bool
    undo: Undo | None = None
    idempotent: bool = True
    also: tuple[str, ...] = ()

    @property
    def creates(self) -> bool:
        """Whether it makes an object that has an id and an endpoint of its own."""
        return self.method == "PUT" and self.id_name is not None and "{" not in self.path

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the ids in its path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


@cache
def contract(name: str) -> Contract:
    """The contract of a verb and endpoint, such as `put.Invoices`."""
    raw = json.loads(schema_file(f"xero/{name}").read_text(encoding="utf-8"))
    undo = raw.get("x-undo")
    return Contract(
        name=name,
        method=str(raw["x-method"]),
        path=str(raw["x-path"]),
        id_name=raw["x-id"],
        wrapper=raw["x-wrapper"],
        batch=bool(raw["x-batch"]),
        summarize=bool(raw["x-summarize-errors"]),
        undo=_undo(undo) if undo else None,
        idempotent=bool(raw["x-idempotency"]),
        also=tuple(raw.get("x-also", ())),
    )


@cache
def shown_by(id_name: str) -> Contract | None:
    """What creates an object that shows an id beside its own; None where nothing does."""
    folder = root() / "schema" / "xero"
    made = (contract(file.stem) for file in sorted(folder.glob("put.*.json")))
    return next((c for c in made if id_name in c.also), None)


def _undo(raw: Mapping[str, Any]) -> Undo:
    rename = raw.get("rename")
    return Undo(
        contract=raw["contract"],
        id_in_body=raw["id-in-body"],
        status=raw["status"],
        rename=Rename(rename["field"], tuple(rename["types"])) if rename else None,
        draft_status=raw.get("draft-status"),
    )


@dataclass(frozen=True, slots=True)
class TakeBack:
    """One of the requests that take back what another one made, in their order.

    Attributes:
        step: `rename` or `undo`.
        element: its body as JSON text.
    """

    step: str
    contract: Contract
    path: str
    element: str


def take_back(
    made: Contract, path: str, element: str, identity: str, *, renamed: int | None,
    is_draft: bool = False,
) -> list[TakeBack]:  # fmt: skip
    """The requests that take back what a request made; none where it cannot be taken back.

    Args:
        path, element: those of the request that made it.
        identity: its id in Xero, or the placeholder of that.
        renamed: the revision that is taken back, when a later one may need its number again: Xero
            keeps the number of a voided document, and lets nobody change one. None leaves it.
        is_draft: whether it waits in Xero for somebody to approve it.
    """
    undo = made.undo
    if undo is None or made.id_name is None:
        return []
    target = contract(undo.contract)
    if undo.status is None:
        return [TakeBack("undo", target, f"{path}/{identity}", "{}")]
    endpoint = target.path.split("/{")[0]
    found = []
    number = number_of(made, json.loads(element))
    if renamed is not None and number is not None and undo.rename is not None:
        given_up = with_suffix(number, f"replaced {renamed}")
        body = {made.id_name: identity, undo.rename.field: given_up}
        found.append(TakeBack("rename", target, endpoint, json.dumps(body, ensure_ascii=False)))
    body = {"Status": (undo.draft_status if is_draft else None) or undo.status}
    if undo.id_in_body:
        body = {made.id_name: identity, **body}
    path = endpoint if undo.id_in_body else f"{endpoint}/{identity}"
    return [*found, TakeBack("undo", target, path, json.dumps(body, ensure_ascii=False))]


def number_of(made: Contract, element: Mapping[str, Any]) -> str | None:
    """The number of a document that no other document may have, even once it is voided."""
    rename = made.undo.rename if made.undo is not None else None
    if rename is None or element.get("Type") not in rename.types:
        return None
    return element.get(rename.field)


def with_suffix(number: str, suffix: str) -> str:
    """A number with a word in brackets after it, within the length that Xero takes."""
    end = f" ({suffix})"
    return number[: _LONGEST_NUMBER - len(end)].rstrip() + end


@cache
def validator(name: str) -> Any:
    """The compiled body schema of a contract; resolves its references offline."""
    folder = root() / "schema" / "xero"
    common = json.loads((folder / "common.json").read_text(encoding="utf-8"))
    registry = jsonschema_rs.Registry([(_BASE + "common.json", common)])
    raw = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(
        raw, registry=registry, base_uri=f"{_BASE}{name}.json", offline=True
    )


def faults(name: str, body: Any) -> list[str]:
    """What breaks the body schema, in words with the place in the body."""
    found = []
    for error in validator(name).iter_errors(body):
        place = "".join(
            f"[{s}]" if isinstance(s, int) else f".{s}" for s in error.instance_path
        ).lstrip(".")
        why = error.message if error.instance is not None else _nothing(place)
        found.append(f"{place or 'the body'}: {why}")
    return found


@cache
def longest(name: str, field: str) -> int:
    """How many characters a text of a body may have."""
    raw = json.loads(schema_file(f"xero/{name}").read_text(encoding="utf-8"))
    return int(raw["properties"][field]["maxLength"])


def _nothing(place: str) -> str:
    """Why a value is null, as far as its name tells."""
    if place.rpartition(".")[2] in ("Code", "AccountCode", "AccountID"):
        return "the account has no code in Xero, or the firm has not mapped it (null)"
    return "there is no value, because a field of the document is missing (null)"
