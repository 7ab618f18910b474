"""Turns a posted transaction into its requests, by the mapping that its decision names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import TemplateError, UndefinedError

from pm2xero.decide.compile import ItemTest, compile_item_test
from pm2xero.decide.decider import Decider
from pm2xero.decide.facts import Facts
from pm2xero.decide.journal import account_of
from pm2xero.decide.state import DocumentFact, State
from pm2xero.decide.values import Getter, getter, text_getter
from pm2xero.errors import Finding, Position, RenderError
from pm2xero.firm.chart import AccountFact
from pm2xero.pack.language.paths import AccountExpr, PathExpr
from pm2xero.pack.model import Reckoned, RequestSpec
from pm2xero.read.transaction import Transaction
from pm2xero.render.check import BodyChecker
from pm2xero.render.contact import compile_details, contact
from pm2xero.render.lines import LinesOf, compile_lines
from pm2xero.render.request import Request, idempotency_key, placeholder
from pm2xero.render.template_checks import load_template, template_file
from pm2xero.render.templates import (
    BodyEnvironment,
    Values,
    end_of_month,
    environment,
    fit,
    plus_days,
    render,
)
from pm2xero.xero.contracts import Contract, contract, longest

# In a path: the id of what an earlier request of the same transaction makes.
OWN = "id_of."

# What stands in an address as it is.
_IN_LINKS = "!#$%&'()*+,/:;=?@[]~"

Value = Callable[[Transaction, Any, State], Any]


class Mapper:
    """The mappings of a pack, compiled for one organisation."""

    def __init__(self, decider: Decider, *, env: BodyEnvironment | None = None) -> None:
        self._decider = decider
        self.env = env or environment(decider.pack.template_dirs)
        self._compiled: dict[tuple[str, str], list[CompiledRequest]] = {}
        self._checker = BodyChecker(decider.organisation.xero)

    def compiled(self, mapping: str, kind: str) -> list[CompiledRequest]:
        """The requests of a mapping for a kind, compiled when first needed."""
        key = (mapping, kind)
        found = self._compiled.get(key)
        if found is None:
            facts = self._decider.program(kind).facts
            specs = self._decider.pack.requests[key]
            found = [CompiledRequest(s, facts, self._decider, self.env) for s in specs]
            self._compiled[key] = found
        return found

    def requests(self, tx: Transaction, mapping: str, state: State) -> list[Request]:
        """The requests of a transaction, in the order in which they must be sent.

        Raises:
            RenderError: PR601 when a template fails, PR602 when a body is not JSON, PR603 when it
                breaks what Xero takes.
            PackError: PX401 when a template cannot be read.
        """
        made: dict[str, list[str]] = {}
        result: list[Request] = []
        for compiled in self._compiled.get((mapping, tx.kind)) or self.compiled(mapping, tx.kind):
            for request in compiled.make(tx, state, made):
                self._checker.check(request, compiled.spec, compiled.place_of)
                made.setdefault(compiled.spec.id, []).append(request.id)
                result.append(request)
        return result


class CompiledRequest:
    """One request of a mapping, ready to be filled."""

    def __init__(
        self, spec: RequestSpec, facts: Facts, decider: Decider, env: BodyEnvironment
    ) -> None:
        self.spec = spec
        self.contract: Contract = contract(spec.contract)
        self.template = load_template(env, spec)
        self.env = env
        self._file = template_file(env, spec.template)
        self._facts = facts
        self._organisation = decider.organisation
        self._decider = decider
        self._test: ItemTest | None = (
            compile_item_test(spec.when, facts) if spec.when is not None else None
        )
        self._values: dict[str, Value] = {n: _value(v, facts) for n, v in spec.values.items()}
        self._lines: LinesOf | None = compile_lines(spec, facts)
        self._contact = [getter(p, facts) for p in spec.contact]
        self._contact_name = text_getter(spec.contact_name, facts) if spec.contact_name else None
        self._contact_details = compile_details(spec, facts)
        self._link = text_getter(spec.link, facts) if spec.link is not None else None
        note = spec.history
        self._note = text_getter(note.text, facts) if note is not None else None
        self._note_test: ItemTest | None = (
            compile_item_test(note.when, facts)
            if note is not None and note.when is not None
            else None
        )
        status = spec.status
        self._status: Value = (
            getter(status, facts)
            if isinstance(status, PathExpr)
            else (lambda tx, item, state: status)
        )
        self._settings = facts.chart.settings
        # Text and parameters of the path in turn; the odd ones are parameters.
        self._path = re.split(r"\{([^}]*)\}", spec.path)
        self._fixed = self.contract.path if len(self._path) == 1 else None
        self._id_names: dict[str, str] = {}

    def place_of(self, body: bytes, position: int) -> Position:
        """Where the template writes what stands at a position of a body: by the key before it."""
        loader = self.env.loader
        assert loader is not None
        lines = loader.get_source(self.env, self.spec.template)[0].splitlines()
        for key in reversed(re.findall(r'"\w+" *:', body[:position].decode("utf-8", "replace"))):
            for number, line in enumerate(lines, 1):
                if key in line:
                    return Position(self._file, number, line.index(key) + 1)
        return Position(self._file)

    def make(
        self, tx: Transaction, state: State, made: Mapping[str, list[str]]
    ) -> list[Request]:  # fmt: skip
        """The requests of this step: none, one, or one for each item."""
        if self._test is not None and not self._test(tx, None, state):
            return []
        each = self.spec.each
        if each is None:
            return [self._one(tx, None, self.spec.id, state, made)]
        items: list[Any] = tx.fields[each] or []
        if len(items) == 1:
            return [self._one(tx, items[0], self.spec.id, state, made)]
        return [
            self._one(tx, item, f"{self.spec.id}.{number}", state, made)
            for number, item in enumerate(items, 1)
        ]

    def _one(
        self, tx: Transaction, item: Any, step: str, state: State, made: Mapping[str, list[str]]
    ) -> Request:
        needs = [request for need in self.spec.needs for request in made.get(need, ())]
        values = self.values(tx, item, state, needs)
        try:
            element = render(self.template, values)
        except UndefinedError as exc:
            raise self._fault(tx, _not_there(str(exc.message))) from None
        except (TypeError, ValueError, ArithmeticError, TemplateError) as exc:
            raise self._fault(tx, f"the template failed: {exc}") from None
        path = self._fixed
        if path is None:
            path = "/" + "".join(
                self._id_in_path(tx, part, needs, state) if index % 2 else part
                for index, part in enumerate(self._path)
            )
        return Request(
            id=f"{tx.id}/{step}",
            transaction=tx.id,
            revision=tx.revision,
            step=step,
            contract=self.contract,
            path=path,
            element=element,
            key=idempotency_key(self._organisation.id, tx.id, tx.revision, step),
            needs=tuple(dict.fromkeys(needs)) if needs else (),
            becomes_document=self.spec.becomes_document,
            slot=self.spec.slot + step[len(self.spec.id) :],
            note=self._note_of(tx, item, state),
        )

    def whatever(self, tx: Transaction, state: State) -> str:
        """The body, of a document that is not to be sent: what it does not say stays empty.

        Raises:
            RenderError: PR601 when so little is said that the template fails.
        """
        each = self.spec.each
        item = next(iter(tx.fields[each] or ()), _Unsaid()) if each is not None else None
        try:
            return render(self.template, self.values(tx, item, state, []))
        except (TypeError, ValueError, ArithmeticError, LookupError, TemplateError) as exc:
            raise self._fault(tx, f"the template failed: {exc}") from None

    def values(self, tx: Transaction, item: Any, state: State, needs: list[str]) -> dict[str, Any]:
        """Everything that the template of this step may read."""
        values = Values(tx.fields)
        values["item"] = item
        for name, read in self._values.items():
            values[name] = read(tx, item, state)
        if self._lines is not None:
            made = self._lines(tx, state)
            values["lines"] = made.lines
            values["total"] = made.total
            values["money_in"] = made.money_in
        if self._contact:
            values["contact"] = self._contact_of(tx, item, state)
        values["status"] = self._status(tx, item, state)
        if self._link is not None or "link" not in values:
            values["link"] = self._link_of(tx, item, state)
        values["settings"] = self._settings
        values["id_of"] = lambda step: self._own_id(tx, step, needs)

        def xero_id(document: str) -> str:
            return self._xero_id(state.document(document), needs)

        values["xero_id"] = xero_id
        return values

    def _note_of(self, tx: Transaction, item: Any, state: State) -> str | None:
        """The note for the history of what this makes, as long as Xero takes one."""
        if self._note is None or (
            self._note_test is not None and not self._note_test(tx, None, state)
        ):
            return None
        return fit(self._note(tx, item, [], state), longest("put.History", "Details")) or None

    def _link_of(self, tx: Transaction, item: Any, state: State) -> str | None:
        """The address of the document; none where Xero would not take it for a word in it."""
        if self._link is None:
            return None
        link = quote(self._link(tx, item, [], state), safe=_IN_LINKS)
        return None if "xero" in link.lower() else link

    def _contact_of(self, tx: Transaction, item: Any, state: State) -> dict[str, Any]:
        for read in self._contact:
            party = read(tx, item, state)
            if party is not None:
                named = party["display_name"]
                if self._contact_name is not None:
                    named = self._contact_name(tx, item, [], state)
                return contact(party["id"], named) | self._contact_details(tx, party, state)
        default = self._organisation.default_contact
        if default is None:
            raise self._fault(tx, "there is nobody to name as contact")
        return contact(default["number"], default["name"])

    def _own_id(self, tx: Transaction, step: str, needs: list[str]) -> str:
        """The id of what an earlier request of the same transaction makes."""
        for (mapping, name), specs in self._decider.pack.requests.items():
            if name == tx.kind and self.spec in specs:
                for spec in specs[: specs.index(self.spec)]:
                    if spec.id == step:
                        needs.append(f"{tx.id}/{step}")
                        made = contract(spec.contract)
                        # What the address asks for may be another id of the same object.
                        also = (n for n in made.also if n in self.contract.parameters)
                        return placeholder(next(also, made.id_name or "ID"), tx.id)
                raise self._fault(tx, f'"{step}" is no earlier request of the mapping {mapping}')
        raise self._fault(tx, f'there is no request "{step}"')

    def _xero_id(self, fact: DocumentFact, needs: list[str]) -> str:
        if fact.xero_id:
            return fact.xero_id
        needs.append(fact.request or fact.id)
        kind = fact.kind or ""
        name = self._id_names.get(kind)
        if name is None:
            name = self._id_names[kind] = self._document_id_name(kind)
        return placeholder(name, fact.id)

    def _document_id_name(self, kind: str) -> str:
        for (_, name), specs in self._decider.pack.requests.items():
            if name == kind:
                for spec in specs:
                    if spec.becomes_document:
                        return contract(spec.contract).id_name or "ID"
        return "ID"

    def _id_in_path(self, tx: Transaction, name: str, needs: list[str], state: State) -> str:
        """The id that stands in the path: of a document, or of what an earlier transaction made."""
        if name.startswith(OWN):
            return self._own_id(tx, name.removeprefix(OWN), needs)
        document = tx.fields[name]
        fact = state.document(document)
        if fact.xero_id or fact.request:
            return self._xero_id(fact, needs)
        step = self._creating_step(tx.kind)
        needs.append(f"{document}/{step}" if step else document)
        return placeholder(self.contract.id_name or "ID", document)

    def _creating_step(self, kind: str) -> str | None:
        wanted = f"put.{self.spec.endpoint}"
        for (_, name), specs in self._decider.pack.requests.items():
            if name == kind:
                for spec in specs:
                    if spec.contract == wanted:
                        return spec.id
        return None

    def _fault(self, tx: Transaction, what: str) -> RenderError:
        place = Position(self._file)
        message = f"{tx.id}: {what}"
        return RenderError(
            Finding("PR601", message, place, related=((self.spec.at, "used by this request"),))
        )


class _Unsaid(dict[str, Any]):
    """An item of a document that has none any more."""

    def __missing__(self, name: str) -> str:
        return ""


@lru_cache(maxsize=4_096)
def _not_there(message: str) -> str:
    """What Jinja says of a name that is not there, in words of the document."""
    found = re.fullmatch(r"'None' has no attribute '(\w+)'", message)
    if found is None:
        return f"the template reads a name that is not there: {message}"
    return (
        f'the template reads "{found[1]}" of a group of fields that this document does not have; '
        "ask first whether it is there: {% if GROUP %} … {% endif %}"
    )


def _value(value: object, facts: Facts) -> Value:
    if isinstance(value, Reckoned):
        return _reckoned(value, facts)
    if isinstance(value, AccountExpr):
        read = account_of(value, facts)
        return lambda tx, item, state: _account(read(tx, item, state))
    if isinstance(value, PathExpr):
        field: Getter = getter(value, facts)
        return field
    return lambda tx, item, state: value


def _reckoned(value: Reckoned, facts: Facts) -> Value:
    """A text with values in it, or a date some days later, then at the end of its month."""
    if value.text is not None:
        write = text_getter(value.text, facts)
        return lambda tx, item, state: write(tx, item, [], state)
    assert value.path is not None
    read, days, ends = getter(value.path, facts), value.plus_days, value.end_of_month
    more: Getter = (
        getter(days, facts) if isinstance(days, PathExpr) else (lambda tx, item, state: days or 0)
    )

    def reckoned(tx: Transaction, item: Any, state: State) -> Any:
        day = read(tx, item, state)
        if day is None:
            return None
        later = plus_days(day, int(more(tx, item, state) or 0))
        return end_of_month(later) if ends else later

    return reckoned


def _account(fact: AccountFact) -> dict[str, Any]:
    return {"id": fact.id, "code": fact.code, "name": fact.name, "class": fact.account_class}
