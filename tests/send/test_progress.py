from __future__ import annotations

import pytest

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.run_state import Book
from tests.support.xero_world import World, invoice


@pytest.mark.parametrize(
    ("steps", "settled"),
    [
        (["claim"], 0),
        (["claim", "confirm"], 1),
        (["claim", "confirm", "confirm"], 1),
        (["claim", "unknown"], 0),
        (["claim", "unknown", "plan_again"], 0),
        (["claim", "give_up"], 1),
        (["claim", "unknown", "set_aside"], 1),
    ],
)
def test_what_has_an_answer_is_settled_and_counted_once(
    world: World, steps: list[str], settled: int
) -> None:
    for id in ("B1", "B2"):
        world.add(f"{id}/invoice", "put.Invoices", invoice(id), document=True)
    book = Book(world.outbox, world.clock)
    (row,) = (r for r in book.rows if r.id == "B1/invoice")
    assert book.progress(0).settled == 0
    for step in steps:
        _take(book, step, row)
    told = book.progress(7)
    assert (told.settled, told.total, told.calls) == (settled, 2, 7)


def _take(book: Book, step: str, row: StoredRequest) -> None:
    match step:
        case "claim":
            book.claim([row])
        case "confirm":
            book.confirm([(row, "4f1b")], 200)
        case "unknown":
            book.unknown([row], "timeout", "no answer")
        case "plan_again":
            book.plan_again([row])
        case "give_up":
            book.give_up(row, "again", "Xero was busy", 503)
        case _:
            book.set_aside(row, "changed", "somebody has to look")
