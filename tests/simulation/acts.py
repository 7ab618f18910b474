"""What people do between two pushes, in Practice Management, in Xero and at the program.

Each act is one function with a name. It returns the documents that are pushed because of it with
the next lot, or None where it found nothing to do.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pm2xero.errors import StateConflict
from tests.simulation import desk, in_xero
from tests.simulation.firm import knowledge
from tests.simulation.judge import Hands
from tests.simulation.months import Document, doubled, texts
from tests.simulation.world import World

# Longer than Xero remembers a key, and than a late call takes.
LONG = 500.0
_TYPED = ("client_bill", "supplier_invoice", "trust_receipt")
_EDITED = ("client_bill", "supplier_invoice", "bank_deposit", "bank_withdrawal")


@dataclass(slots=True)
class Day:
    """What has happened so far.

    Attributes:
        done: every revision that was handed in, in that order.
        ahead: what is pushed next, and after.
        copies: outboxes that somebody has put aside.
        first: of a revision with several contents, those that the program knows since it knows any.
    """

    world: World
    chance: random.Random
    done: list[Document] = field(default_factory=list)
    ahead: list[Document] = field(default_factory=list)
    typed: dict[str, str] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    copies: list[Path] = field(default_factory=list)
    first: dict[tuple[str, int], Document] = field(default_factory=dict)

    def note_first(self) -> None:
        """Note which contents came through of revisions that were handed in with several."""
        handed_in: dict[tuple[str, int], Document] = {}
        for document in self.done:
            key = document["id"], document["revision"]
            if document != handed_in.setdefault(key, document) and key not in self.first:
                stored = desk.stored(self.world, key[0])
                if stored is not None and stored["revision"] == key[1]:
                    self.first[key] = stored

    @property
    def hands(self) -> Hands:
        """What people did in Xero."""
        return Hands(self.typed, frozenset(self.counted), self.merged, self.first)

    def entered_for(self, document: str) -> str | None:
        """The id in Xero of what somebody typed in for a document, and told the program of."""
        told = (id for id, of in self.typed.items() if of == document and id in self.counted)
        return next(told, None)

    def latest(self) -> dict[str, Document]:
        """The last revision of everything that was handed in."""
        return {d["id"]: d for d in sorted(self.done, key=lambda d: d["revision"])}

    def one(self, found: Sequence[Any]) -> Any:
        """One of several, or None of none."""
        return self.chance.choice(list(found)) if found else None


Done = list[Document] | None
Act = Callable[[Day], Done]


def edits(day: Day) -> Done:
    """A document is edited in Practice Management: twice the money, or another text."""
    document = day.one(_editable(day))
    if document is None:
        return None
    later = {**document, "revision": document["revision"] + 1}
    if day.chance.random() < 0.6:
        later["lines"] = [doubled(line) for line in document["lines"]]
        later["totals"] = doubled(document["totals"])
    else:
        first, *rest = document["lines"]
        later["lines"] = [{**first, "description": "As agreed by telephone"}, *rest]
    return [later]


def voids(day: Day) -> Done:
    """A document is voided in Practice Management."""
    document = day.one(_editable(day))
    if document is None:
        return None
    void = {"status": "voided", "voided_at": document["posted_at"]}
    return [{**document, "revision": document["revision"] + 1, **void}]


def pushes_an_older_export(day: Day) -> Done:
    """Documents of an earlier export come again as they were then."""
    count = min(len(day.done), day.chance.randint(1, 6))
    return day.chance.sample(day.done, count)


def pushes_a_longer_export(day: Day) -> Done:
    """The next export holds everything since the beginning."""
    return list(day.done)


def swaps_two_exports(day: Day) -> Done:
    """What comes later is pushed first."""
    half = len(day.ahead) // 2
    day.ahead[:] = day.ahead[half:] + day.ahead[:half]
    return []


def types_in(day: Day) -> Done:
    """Somebody types a document of the next export into Xero."""
    return _type(day, "AUTHORISED")


def types_a_draft(day: Day) -> Done:
    """Somebody types a document of the next export into Xero and leaves it a draft."""
    return _type(day, "DRAFT")


def types_and_resolves(day: Day) -> Done:
    """What is stuck is held, looked for in Xero, typed in there, and resolved."""
    day.world.clock.sleep(LONG)
    latest = day.latest()
    stuck = [id for id in desk.stuck(day.world) if latest.get(id, {}).get("kind") in _TYPED]
    id = day.one(sorted(stuck))
    if id is None or _is_there(day.world, latest[id]):
        return None
    try:
        desk.decide(day.world, "hold", id, "it is typed in")
        xero_id = in_xero.type_in(day.world, latest[id])
        if xero_id is None:
            return None
        day.typed[xero_id] = id
        desk.resolve(day.world, id, xero_id)
        day.counted.add(xero_id)
    except StateConflict:
        return None
    return []


def voids_in_xero(day: Day) -> Done:
    """An invoice or a bill without payments is voided in Xero."""
    sandbox = day.world.sandbox
    found = [d for d in sandbox.documents("Invoices") if d["Status"] == "AUTHORISED"]
    picked = day.one([d for d in found if not d["AmountPaid"] and not d["AmountCredited"]])
    if picked is None:
        return None
    is_done = in_xero.change(day.world, f"/Invoices/{picked['InvoiceID']}", Status="VOIDED")
    return [] if is_done else None


def deletes_in_xero(day: Day) -> Done:
    """A payment, or money spent or received, is deleted in Xero."""
    endpoint, name = day.chance.choice(
        (("Payments", "PaymentID"), ("BankTransactions", "BankTransactionID"))
    )
    found = [d for d in day.world.sandbox.documents(endpoint) if d["Status"] == "AUTHORISED"]
    picked = day.one([d for d in found if not d.get("BatchPaymentID")])
    if picked is None:
        return None
    is_done = in_xero.change(day.world, f"/{endpoint}/{picked[name]}", Status="DELETED")
    return [] if is_done else None


def recodes_an_account(day: Day) -> Done:
    """An account, perhaps a bank, gets another code in Xero."""
    ids = knowledge(day.world.region).account_ids
    code = day.one(sorted(set(ids) - set(day.world.recoded)))
    day.world.recoded[code] = f"{code}X"[:10]
    day.world.sandbox.recode_account(ids[code].lower(), day.world.recoded[code])
    return []


def archives_an_account(day: Day) -> Done:
    """An account that bills are coded to is archived in Xero."""
    known = knowledge(day.world.region)
    code = day.one(sorted(set(known.accounts.values()) & _codes(day.world)))
    if code is None:
        return None
    day.world.sandbox.archive_account(code)
    return []


def archives_a_contact(day: Day) -> Done:
    """A contact is archived in Xero."""
    active = [c for c in day.world.sandbox.documents("Contacts") if c["ContactStatus"] == "ACTIVE"]
    picked = day.one(active)
    if picked is None:
        return None
    path = f"/Contacts/{picked['ContactID']}"
    return [] if in_xero.change(day.world, path, ContactStatus="ARCHIVED") else None


def merges_contacts(day: Day) -> Done:
    """A contact is merged in Xero into one that somebody made there."""
    active = [
        c
        for c in day.world.sandbox.documents("Contacts")
        if c["ContactStatus"] == "ACTIVE" and c.get("ContactNumber")
    ]
    picked = day.one(active)
    if picked is None:
        return None
    name = {"Name": f"{picked['Name']} (all)"[:200]}
    with in_xero.pages(day.world) as client:
        answer = client.put("/Contacts", json=name)
    if answer.status_code != 200:
        return None
    into = answer.json()["Contacts"][0]["ContactID"]
    day.world.sandbox.merge_contacts(str(picked["ContactID"]), into)
    day.merged[str(picked["ContactNumber"])] = into
    return []


def holds(day: Day) -> Done:
    """A person holds a document, and sends it at the end."""
    return _decides(day, "hold", desk.known(day.world))


def skips(day: Day) -> Done:
    """A person will not have a document sent."""
    return _decides(day, "skip", sorted(desk.stuck(day.world)))


def resends(day: Day) -> Done:
    """A person sends what is stuck, at once."""
    return _decides(day, "resend", sorted(desk.stuck(day.world)))


def puts_a_copy_aside(day: Day) -> Done:
    """Somebody copies the outbox."""
    copy = day.world.folder / f"copy{len(day.copies)}.db"
    shutil.copyfile(day.world.outbox_file, copy)
    day.copies.append(copy)
    return []


def restores_the_outbox(day: Day) -> Done:
    """The outbox of an earlier day is put back, after more than Xero remembers."""
    copy = day.one(day.copies)
    if copy is None:
        return None
    day.world.clock.sleep(LONG)
    day.world.put_back(copy)
    day.first.clear()
    return list(day.done)


def loses_the_outbox(day: Day) -> Done:
    """The outbox is deleted, and the whole export is pushed into a new one."""
    day.world.clock.sleep(LONG)
    day.world.lose_outbox()
    day.first.clear()
    return list(day.done)


ACTS: Mapping[str, Act] = {
    act.__name__: act
    for act in (
        edits, voids, pushes_an_older_export, pushes_a_longer_export, swaps_two_exports, types_in,
        types_a_draft, types_and_resolves, voids_in_xero, deletes_in_xero, recodes_an_account,
        archives_an_account, archives_a_contact, merges_contacts, holds, skips, resends,
        puts_a_copy_aside, restores_the_outbox, loses_the_outbox,
    )
}  # fmt: skip


def _editable(day: Day) -> list[Document]:
    """Documents that nothing refers to, as they are now."""
    everything = [*day.done, *day.ahead]
    named = [set(texts({k: v for k, v in d.items() if k != "id"})) for d in everything]
    return [
        d
        for d in day.latest().values()
        if d["kind"] in _EDITED
        and d["status"] == "posted"
        and not any(d["id"] in names for names in named)
    ]


def _type(day: Day, status: str) -> Done:
    seen = {d["id"] for d in day.done}
    document = day.one([d for d in day.ahead if d["kind"] in _TYPED and d["id"] not in seen])
    if document is None or (document["kind"] == "trust_receipt" and status == "DRAFT"):
        return None
    xero_id = in_xero.type_in(day.world, document, status=status)
    if xero_id is None:
        return None
    day.typed[xero_id] = document["id"]
    return []


def _decides(day: Day, what: str, ids: Sequence[str]) -> Done:
    id = day.one(ids)
    if id is None:
        return None
    try:
        desk.decide(day.world, what, id, "a person said so")
    except StateConflict:
        return None
    return []


def _is_there(world: World, document: Document) -> bool:
    """Whether somebody who looks for a document in Xero finds it, by number or reference."""
    wanted = {document.get("number"), document["id"]} - {None}
    for endpoint, name in (("Invoices", "InvoiceNumber"), ("BankTransactions", "Reference")):
        for found in world.sandbox.documents(endpoint):
            text = str(found.get(name) or "")
            if text in wanted or wanted & set(text.split()):
                return True
    return False


def _codes(world: World) -> set[str]:
    with in_xero.pages(world) as client:
        accounts = client.get("/Accounts").json()["Accounts"]
    return {a["Code"] for a in accounts if a.get("Code") and a["Status"] == "ACTIVE"}
