"""What changed in Xero between two snapshots of one organisation, by what never changes: the ids.

Codes and names of accounts change, AccountID does not. So an account is followed by its id, and a
code that means another account now is told as what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pm2xero.firm.snapshot import XeroAccount, XeroSnapshot


class ChangeKind(StrEnum):
    """What sort of change it is; what to do about each stands in `checklist.yaml`."""

    CURRENCY = "currency_changed"
    CLASS = "plan_changed"
    LOCK_LATER = "lock_date_later"
    LOCK_EARLIER = "lock_date_earlier"
    ACCOUNT_GONE = "account_gone"
    ACCOUNT_ARCHIVED = "account_archived_since"
    ACCOUNT_RESTORED = "account_restored"
    ACCOUNT_RECODED = "account_recoded"
    ACCOUNT_RENAMED = "account_renamed"
    ACCOUNT_RETYPED = "account_retyped"
    PAYMENTS_OFF = "payments_switched_off"
    TAX_GONE = "tax_type_gone"
    TAX_CHANGED = "tax_type_changed"
    TRACKING_GONE = "tracking_gone"
    ITEM_GONE = "item_gone"
    CONTACT_MERGED = "contact_merged"
    CONTACT_ARCHIVED = "contact_archived_since"


# What changes nothing about any decision or body; all else makes a snapshot that is behind.
HARMLESS = frozenset(
    (
        ChangeKind.ACCOUNT_RENAMED,
        ChangeKind.PAYMENTS_OFF,
        ChangeKind.TRACKING_GONE,
        ChangeKind.ITEM_GONE,
        ChangeKind.CONTACT_MERGED,
        ChangeKind.CONTACT_ARCHIVED,
    )
)


# The file of a firm names an account that is another one now, or none.
NEEDS_EDIT = frozenset(
    (ChangeKind.ACCOUNT_GONE, ChangeKind.ACCOUNT_RECODED, ChangeKind.ACCOUNT_RETYPED)
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise in Xero now.

    Attributes:
        text: what it is now and what it was, in words.
        code: of the account in the older snapshot, by which a firm's file names it.
        code_now: its code now, where that is another one.
    """

    kind: ChangeKind
    text: str
    code: str | None = None
    code_now: str | None = None


def changes(
    before: XeroSnapshot, now: XeroSnapshot, codes: Iterable[str] | None = None
) -> Iterator[Change]:
    """What is otherwise in Xero now.

    Args:
        codes: accounts that matter; those of the older snapshot when None.
    """
    if before.base_currency != now.base_currency:
        text = f"the base currency is {now.base_currency}, not {before.base_currency}"
        yield Change(ChangeKind.CURRENCY, text)
    if before.organisation_class != now.organisation_class:
        then, later = before.organisation_class, now.organisation_class
        yield Change(ChangeKind.CLASS, f"the class of the organisation is {later}, not {then}")
    yield from _lock_dates(before, now)
    wanted = before.accounts if codes is None else dict.fromkeys(codes)
    for code in wanted:
        account = before.accounts.get(code)
        if account is not None:
            yield from _account(account, now, f"account {code}")
    for name, account in before.by_system.items():
        if account.code not in wanted:
            yield from _account(account, now, f"the system account {name}")
    yield from _tax_types(before, now)
    yield from _catalogue(before, now)


def _lock_dates(before: XeroSnapshot, now: XeroSnapshot) -> Iterator[Change]:
    then, later = before.lock_date, now.lock_date
    if then != later:
        moved_on = later is not None and (then is None or later > then)
        kind = ChangeKind.LOCK_LATER if moved_on else ChangeKind.LOCK_EARLIER
        yield Change(kind, f"the lock date is {later or 'none'}, not {then or 'none'}")


def _account(old: XeroAccount, now: XeroSnapshot, name: str) -> Iterator[Change]:
    # A snapshot that was written by hand may lack the ids; then only the code is left.
    new = now.by_id.get(old.id.lower()) if old.id else now.accounts.get(old.code)
    if new is None:
        yield Change(ChangeKind.ACCOUNT_GONE, f"{name} ({old.name}) is gone", old.code)
        return

    def of(kind: ChangeKind, what: str, then: str, later: str, more: str = "") -> Change:
        text = f"the {what} of {name} ({old.name}) is {later or 'empty'}, not {then or 'empty'}"
        moved = new.code if new.code != old.code else None
        return Change(kind, text + more, old.code, moved)

    if new.code != old.code:
        other = now.accounts.get(old.code)
        more = f"; {old.code} is {other.name} now" if other is not None else ""
        yield of(ChangeKind.ACCOUNT_RECODED, "code", old.code, new.code, more)
    for what, then, later in (
        ("type", old.type, new.type), ("class", old.account_class, new.account_class),
    ):  # fmt: skip
        if then != later:
            yield of(ChangeKind.ACCOUNT_RETYPED, what, then, later)
    if new.status != old.status:
        is_back = new.status == "ACTIVE"
        kind = ChangeKind.ACCOUNT_RESTORED if is_back else ChangeKind.ACCOUNT_ARCHIVED
        yield of(kind, "status", old.status, new.status)
    if new.name != old.name:
        yield of(ChangeKind.ACCOUNT_RENAMED, "name", old.name, new.name)
    if old.takes_payments and not new.takes_payments:
        text = f"payments to {name} ({old.name}) are not enabled any more"
        yield Change(ChangeKind.PAYMENTS_OFF, text, old.code)


def _tax_types(before: XeroSnapshot, now: XeroSnapshot) -> Iterator[Change]:
    for type_, rate in before.tax_rates.items():
        live = now.tax_rates.get(type_)
        if live is None:
            yield Change(ChangeKind.TAX_GONE, f"tax type {type_} ({rate.name}) is gone")
        elif (rate.rate, rate.status, rate.classes) != (live.rate, live.status, live.classes):
            text = (
                f"tax type {type_} is {live.rate.normalize():f} % and {live.status}, it was "
                f"{rate.rate.normalize():f} % and {rate.status}"
            )
            if rate.classes != live.classes:
                text += "; it suits other accounts now"
            yield Change(ChangeKind.TAX_CHANGED, text)


def _catalogue(before: XeroSnapshot, now: XeroSnapshot) -> Iterator[Change]:
    # Where a snapshot says nothing of them, nothing is known.
    if before.tracking is not None and now.tracking is not None:
        for category, options in before.tracking.items():
            left = now.tracking.get(category)
            if left is None:
                text = f'the tracking category "{category}" is not in use any more'
                yield Change(ChangeKind.TRACKING_GONE, text)
                continue
            for option in options:
                if option not in left:
                    text = f'the option "{option}" of the tracking category "{category}" is not '
                    yield Change(ChangeKind.TRACKING_GONE, f"{text}in use any more")
    if before.items is not None and now.items is not None:
        for item in before.items:
            if item not in now.items:
                yield Change(ChangeKind.ITEM_GONE, f"the item {item} is gone")
