"""What Xero has under the names of documents: the number, or the id of Practice Management.

A look-up narrows a list by the day that was sent. Where the outbox was lost, a later revision may
be all that is known of a document, and what was sent of the one before may bear another day. It
is found by its name alone, and a person is asked; without that it would be sent a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pm2xero.send.lookup_table import ByKey
from pm2xero.xero.addresses import LONGEST_QUERY, blocks, encoded_length
from pm2xero.xero.answers import Object, Read, Unproven, complete_list
from pm2xero.xero.natural_key import NaturalKey, as_date, head_of_tag

_OR = " OR "


def named(
    how: ByKey, sent: Sequence[tuple[str, Mapping[str, Any]]], read: Read
) -> list[Object]:  # fmt: skip
    """Everything in a list that bears the name of one of these documents.

    Args:
        sent: the ids of the documents in Practice Management, and what was sent of each.

    Raises:
        Unproven: Xero does not show the list.
    """
    if how.parameter is not None and how.by == how.key.number:
        # It was asked for by its number; under another one it may be of the same day.
        return complete_list(read, how.endpoint, by_days(how, [e for _, e in sent]))
    if how.key.number is None and how.key.tag is None:
        # Neither a number nor a reference is on it; only what it pays and when tells it.
        return [] if how.paged else complete_list(read, how.endpoint, {}, paged=False)
    conditions = [_condition(how.key, id, element) for id, element in sent]
    asked = [condition for condition in conditions if condition is not None]
    if not how.paged or len(asked) < len(conditions):
        return complete_list(read, how.endpoint, {}, paged=how.paged)
    queries = _queries(how.key, dict.fromkeys(asked))
    try:
        return [doc for query in queries for doc in complete_list(read, how.endpoint, query)]
    except Unproven:
        # A list that does not take such a condition is read whole.
        return complete_list(read, how.endpoint, {})


def at_once(how: ByKey, sent: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, str] | None:
    """One query that shows both what is of the same days and what bears one of the names.

    None where no address can hold it, or a day or a name cannot be said: then there are two.
    """
    if not how.paged:
        return {}
    days = by_days(how, [element for _, element in sent]).get("where")
    conditions = [_condition(how.key, id, element) for id, element in sent]
    asked = [condition for condition in conditions if condition is not None]
    if days is None or not asked or len(asked) < len(conditions):
        return None
    queries = list(_queries(how.key, dict.fromkeys(asked)))
    both = f"({days}){_OR}({queries[0]['where']})"
    return {"where": both} if len(queries) == 1 and encoded_length(both) <= LONGEST_QUERY else None


def by_days(how: ByKey, elements: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A query for the days of documents; for everything where one of them has none."""
    days = [day for e in elements if (day := as_date(str(e.get(how.dates) or "")))]
    if len(days) < len(elements):
        return {}
    first, last = (f"DateTime({d.year}, {d.month:02}, {d.day:02})" for d in (min(days), max(days)))
    return {"where": f"{how.dates}>={first} AND {how.dates}<={last}"}


def _queries(key: NaturalKey, conditions: Mapping[str, None]) -> Iterator[dict[str, str]]:
    # unverified: that Xero takes such a condition; one on a text that is missing it may refuse.
    there = "" if key.number is not None else f"{key.tag}!=null AND "
    for part in blocks(list(conditions), _OR):
        either = _OR.join(part)
        yield {"where": f"{there}({either})" if there else either}


def _condition(key: NaturalKey, id: str, element: Mapping[str, Any]) -> str | None:
    """A condition of Xero's language; None where a name cannot be said in it."""
    if key.number is not None and element.get(key.number):
        name, text, form = key.number, str(element[key.number]), '{}=="{}"'
    elif key.tag is not None and element.get(key.tag):
        name, text, form = key.tag, head_of_tag(str(element[key.tag]), id), '{}.StartsWith("{}")'
    else:
        return None
    # unverified: how Xero's conditions quote a quotation mark or a backslash.
    return None if '"' in text or "\\" in text else form.format(name, text)
