"""What an emulated organisation had before: opening balances, booked once when its file is new.

A key of our own beside Organisation, Accounts and TaxRates, that Xero neither gives nor reads:

    "OpeningBalancesDate": "2026-04-30",
    "OpeningBalances": [{"Code": "092", "Amount": "120000.00"}, {"Code": "870", "Amount": …}, …]

Debits are positive; the amounts add up to zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.sandbox import ledger
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.ledger import Posting


def open_balances(books: Books, snapshot: Mapping[str, Any]) -> None:
    """Book the opening balances of a snapshot as one journal; nothing when it has none.

    Raises:
        ValueError: an account is unknown, an amount is none, they do not add up to zero, or the
            date is missing.
    """
    listed = snapshot.get("OpeningBalances")
    if not listed:
        return
    try:
        day = date.fromisoformat(str(snapshot["OpeningBalancesDate"]))
        postings = [_posting(books, item) for item in listed]
        ledger.post(books, books.new_id(), "OPENING", day, postings)
    except KeyError as error:
        raise ValueError(f"the opening balances lack {error.args[0]}") from error
    except ArithmeticError as error:
        raise ValueError("an amount of the opening balances is no number") from error
    except ledger.Unbalanced as error:
        total = sum((posting.amount for posting in postings), Decimal(0))
        raise ValueError(f"the opening balances add up to {total}, not to zero") from error


def _posting(books: Books, item: Mapping[str, Any]) -> Posting:
    account = books.chart.find(item)
    if account is None:
        named = item.get("Code") or item.get("AccountID")
        raise ValueError(f"the opening balances name an account {named} that is not there")
    return Posting(account.id, Decimal(str(item["Amount"])))
