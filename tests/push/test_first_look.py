"""Whether Xero has anything that an outbox could have sent, in as few calls as tell it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pm2xero.connection import Connection
from pm2xero.errors import Finding, UsageError
from pm2xero.push.first_look import FirstLook, others
from pm2xero.send.lookup_table import load_table
from pm2xero.xero.client import Response

CONTACT = {"ContactID": "11111111-2222-4333-8444-555555555555", "ContactStatus": "ARCHIVED"}
EMPTY: dict[str, list[Any]] = {"Contacts": [], "BankTransfers": [], "ManualJournals": []}


class Lists:
    """Answers with one page of each list."""

    def __init__(self, lists: Mapping[str, list[Any]], count: int | None = None) -> None:
        self.lists = lists
        self.count = count
        self.asked: list[str] = []

    def ask(self, path: str, query: Mapping[str, str]) -> Response:
        endpoint = path.strip("/")
        self.asked.append(endpoint)
        if endpoint not in self.lists:
            raise UsageError(Finding("PU904", "Xero does not answer"))
        items = self.lists[endpoint]
        count = len(items) if self.count is None else self.count
        said = {"page": 1, "pageSize": 1000, "pageCount": -(-count // 1000), "itemCount": count}
        body = {endpoint: items, "pagination": said}
        return Response(200, {}, body, json.dumps(body))

    def look(self) -> FirstLook:
        opened = SimpleNamespace(ask=self.ask)
        opened.get_any = lambda endpoint: Connection.get_any(cast(Connection, opened), endpoint)
        return FirstLook(cast(Connection, opened))


def test_what_needs_no_contact_is_asked_for_by_itself() -> None:
    assert others(load_table()) == ["BankTransfers", "ManualJournals"]


def test_an_empty_xero_is_seen_in_three_calls() -> None:
    lists = Lists(EMPTY)
    look = lists.look()
    assert look.is_unwritten()
    assert (lists.asked, look.contacts) == (["Contacts", "BankTransfers", "ManualJournals"], [])


@pytest.mark.parametrize("endpoint", ["BankTransfers", "ManualJournals"])
def test_one_entry_without_contact_is_enough(endpoint: str) -> None:
    assert not Lists({**EMPTY, endpoint: [{}]}).look().is_unwritten()


def test_one_contact_is_enough_and_is_kept() -> None:
    lists = Lists({"Contacts": [CONTACT]})
    look = lists.look()
    assert not look.is_unwritten()
    assert (lists.asked, look.contacts) == (["Contacts"], [CONTACT])


def test_a_page_of_many_is_not_all_of_them() -> None:
    look = Lists({"Contacts": [CONTACT] * 1000}, count=1001).look()
    assert not look.is_unwritten()
    assert look.contacts is None


@pytest.mark.parametrize("missing", sorted(EMPTY))
def test_a_list_that_is_not_shown_proves_nothing(missing: str) -> None:
    lists = {name: items for name, items in EMPTY.items() if name != missing}
    assert not Lists(lists).look().is_unwritten()


def test_a_page_that_is_cut_short_proves_nothing() -> None:
    look = Lists({**EMPTY, "Contacts": []}, count=3).look()
    assert not look.is_unwritten()
    assert look.contacts is None


@pytest.mark.parametrize("size", [{}, {"pageSize": 0}, {"pageSize": 1000}])
@pytest.mark.parametrize("pages", [{}, {"pageCount": 1}, {"pageCount": 2}])
@pytest.mark.parametrize("short", sorted(EMPTY))
def test_a_list_without_entries_that_counts_some_is_not_empty(
    short: str, pages: dict[str, int], size: dict[str, int]
) -> None:
    lists = Lists(EMPTY)

    def ask(path: str, query: Mapping[str, str]) -> Response:
        answer = lists.ask(path, query)
        if path == f"/{short}":
            body = {short: [], "pagination": {"page": 1, "itemCount": 3, **pages, **size}}
            return Response(200, {}, body, json.dumps(body))
        return answer

    opened = SimpleNamespace(ask=ask)
    opened.get_any = lambda endpoint: Connection.get_any(cast(Connection, opened), endpoint)
    assert not FirstLook(cast(Connection, opened)).is_unwritten()
