"""Books the requests of a transaction in an in-memory Xero organisation and reads the effect."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import unquote

from pm2xero.firm.organisation import Organisation
from pm2xero.render.request import Request
from pm2xero.sandbox import Call, Limits, Reply, Sandbox
from pm2xero.xero.natural_key import DRAFTS

ZERO = Decimal("0.00")
OK = 200
_PLACEHOLDER = re.compile(r"<(\w+ID) of ([^>\"]+)>")


class Refused(Exception):
    """Xero would not take a body; the text says which and why."""


class Ledger:
    """An empty organisation of the firm; remembers the ids that it gave."""

    def __init__(self, organisation: Organisation, now: datetime, seed: int) -> None:
        random = Random(seed)
        self._sandbox = Sandbox.open(
            organisation.xero.raw,
            clock=lambda: now,
            ids=lambda: uuid.UUID(int=random.getrandbits(128), version=4),
            limits=Limits.none(),
        )
        self._standing = {
            "accept": "application/json",
            "authorization": f"Bearer {self._sandbox.access_token()}",
            "xero-tenant-id": self._sandbox.organisation_id,
        }
        self._codes = {
            a.id: a.code
            for a in (*organisation.xero.accounts.values(), *organisation.xero.by_system.values())
            if a.code
        }
        self._ids: dict[tuple[str, str], str] = {}
        self._last_journal = 0

    def effect(self, requests: Sequence[Request]) -> dict[str, Decimal]:
        """Book the requests; the change of each account by its code, debits positive.

        Raises:
            Refused: one of them was not taken.
        """
        try:
            for request in requests:
                self._send(request)
        except Refused:
            # What was taken before must not count for the next document.
            self._changed()
            raise
        return self._changed()

    def _changed(self) -> dict[str, Decimal]:
        changed: dict[str, Decimal] = {}
        for journal in self._sandbox.journals(self._last_journal):
            self._last_journal = journal.sequence
            for posting in journal.postings:
                code = self._codes.get(posting.account_id, posting.account_id)
                changed[code] = changed.get(code, ZERO) + posting.amount
        return {code: amount for code, amount in changed.items() if amount}

    def close(self) -> None:
        """Give everything back."""
        self._sandbox.close()

    def _send(self, request: Request) -> None:
        body = _PLACEHOLDER.sub(self._known, request.body.decode())
        path = _PLACEHOLDER.sub(self._known, request.path)
        reply = self._asked(request.method, path, request.query, request.headers, body)
        answer = _read(reply)
        wrapper = request.contract.wrapper or request.path.strip("/").split("/")[-1]
        elements: list[dict[str, Any]] = answer.get(wrapper) or []
        faults = [
            str(e["Message"]) for element in elements for e in element.get("ValidationErrors") or ()
        ]
        if reply.status != OK or faults:
            said = "; ".join(faults) or reply.body.decode()[:300]
            raise Refused(f"{request.method} {request.path} is refused: {said}")
        for name in (request.contract.id_name, *request.contract.also):
            if name and elements and name in elements[0]:
                self._ids[name, request.transaction] = str(elements[0][name])

        if elements and elements[0].get("Status") in DRAFTS and request.contract.id_name:
            self._approve(request, elements[0])

    def _approve(self, request: Request, made: dict[str, Any]) -> None:
        """What is sent as a draft counts in the ledger, and can be paid, once it is approved."""
        name, endpoint = str(request.contract.id_name), request.path.strip("/").split("/")[0]
        body = {endpoint: [{name: made[name], "Status": "AUTHORISED"}]}
        reply = self._asked(
            "POST", f"/{endpoint}", {"summarizeErrors": "false"}, {}, json.dumps(body)
        )
        there = (_read(reply).get(endpoint) or [{}])[0]
        if reply.status != OK or there.get("Status") in (None, *DRAFTS):
            said = "; ".join(str(e["Message"]) for e in there.get("ValidationErrors") or ())
            raise Refused(
                f"what {request.method} {request.path} makes cannot be approved: "
                f"{said or reply.body.decode()[:300]}"
            )

    def _asked(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str],
        body: str,
    ) -> Reply:  # fmt: skip
        """The answer to a request; there is no line between, so nothing can be lost on it."""
        parts = tuple(unquote(p) for p in path.split("/") if p)
        own = {name.lower(): value for name, value in headers.items()}
        return self._sandbox.answer(Call(method, parts, query, self._standing | own, body.encode()))

    def _known(self, match: re.Match[str]) -> str:
        return self._ids.get((match[1], match[2]), match[0])


def _read(reply: Reply) -> dict[str, Any]:
    """What an answer says; nothing where it is no JSON."""
    if not reply.media_type.endswith("json"):
        return {}
    said = json.loads(reply.body)
    return said if isinstance(said, dict) else {}
