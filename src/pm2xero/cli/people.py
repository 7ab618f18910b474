"""What a person decides about one document: hold, skip, resend, resolve."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target, target_options
from pm2xero.errors import Finding, UsageError

if TYPE_CHECKING:
    from pm2xero.outbox.store import Outbox

who_option = click.option(
    "--who", default=lambda: getpass.getuser(), show_default="you", help="Who decides this."
)


def act(
    action: str, id: str, who: str, why: str, xero_id: str | None, options: Any,
    instead_of: str | None = None,
) -> None:  # fmt: skip
    """Do one action, say what changed, and log it."""
    from pm2xero.connection import now, process_name
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.history.own_outbox import open_outbox
    from pm2xero.sentences import counted

    if not why.strip():
        raise no_reason()
    place = target(**options)
    firm = load_organisation(place.organisation, place.region)
    found_in = check_stands(place, id, xero_id) if xero_id is not None else None
    with (
        open_outbox(firm, place.require_outbox(), now) as outbox,
        outbox.writing(process_name()),
    ):
        check_known(outbox, id)
        changed: list[str]
        notes = 0
        if instead_of is not None and xero_id is not None:
            _check_free(outbox, id, xero_id)
            changed = outbox.rename(id, who, why, now(), instead_of, xero_id)
        elif xero_id is None:
            changed = getattr(outbox, action)(id, who, why, now())
            notes = _refused_notes(outbox, action, id) if not changed else 0
        else:
            from pm2xero.history.opening import open_past
            from pm2xero.push.entered_by_hand import resolve_by_hand

            _check_free(outbox, id, xero_id)
            pipeline = common.load(place.organisation, place.region, place.packs)
            url = place.require_outbox()
            with open_past(pipeline, place.organisation, place.packs, url, now) as past:
                changed = resolve_by_hand(past, id, who, why, now(), xero_id, found_in)
        states = outbox.states_of(changed)
        sought = outbox.only_looked_for([i for i, s in states.items() if s == "unknown"])
        others = _still_open(outbox, id) if changed and xero_id is not None else []
        because = "" if changed else _why_nothing(outbox, id)
    if notes:
        common.say(f"{counted(notes, 'history note')} of {id} {_NOTES[action]}")
        return
    if not changed:
        common.say(f"{id}: nothing was left to {action}{because}; the log has it", err=True)
        # Naming one more id of a document that is done changes no request, yet it is something.
        sys.exit(common.OK if xero_id is not None else common.FINDINGS)
    for request in changed:
        state = states.get(request, action)
        looked = _ONLY_LOOKED_FOR if request in sought else _LOOKED_UP[action]
        common.say(f"{looked if state == 'unknown' else state}: {request}")
    for request, state in others:
        common.say(f"{state}, and not meant by this id: {request}", err=True)
    if others:
        common.say("name the id of that, too, where it was entered by hand", err=True)


# What becomes of a request that may be in Xero, by what a person wants of it.
_LOOKED_UP = {
    "resend": "looked up, then sent",
    "hold": "looked up, and held where Xero has not got it",
    "skip": "looked up, and skipped where Xero has not got it",
    "resolve": "looked up",
}


_NOTES = {"resend": "looked for, then sent", "skip": "skipped"}


def _refused_notes(outbox: Outbox, action: str, id: str) -> int:
    """What is left to say of a document that is in Xero: what becomes of its refused notes."""
    from pm2xero.outbox.history_notes import NoteEvent

    events = {"resend": NoteEvent.RESEND, "skip": NoteEvent.SKIP}
    return outbox.end_refused_notes(id, events[action]) if action in events else 0


_ONLY_LOOKED_FOR = "looked for, and never sent, as it is voided in Practice Management"


def _still_open(outbox: Outbox, id: str) -> list[tuple[str, str]]:
    """The parts of a document that are not done, with their states."""
    from pm2xero.outbox.states import SETTLED

    found = outbox.requests(transaction=id)
    return [(r.id, r.state) for r in found if r.state not in SETTLED]


def check_stands(place: Any, id: str, xero_id: str) -> str | None:
    """The endpoint that has an id; refuses what is not in Xero's ledger: a draft, or gone.

    What Xero shows under none of its endpoints is left to `reconcile`.
    """
    from pm2xero.connection import connect
    from pm2xero.xero.contracts import contract
    from pm2xero.xero.natural_key import is_gone, is_standing

    place.require_outbox()
    with connect(place) as connection:
        if connection.outbox.transaction(id) is None:
            return None
        own = [contract(r.contract) for r in connection.outbox.requests(transaction=id)]
        likely = [made.path.strip("/").split("/")[0] for made in own]
        for endpoint in dict.fromkeys((*likely, *_ENTERED)):
            found = connection.get_one(f"/{endpoint}/{xero_id}")
            if found is None:
                continue
            if is_standing(found):
                _check_whole(connection.outbox, id, xero_id, found)
                return endpoint
            what = "was taken back" if is_gone(found) else "is a draft"
            raise UsageError(
                Finding(
                    "PU930",
                    f"{xero_id} {what} in Xero ({found.get('Status')}), so it is not in its ledger",
                    should_be="approve it in Xero first, or name what stands in the ledger",
                )
            )
        for endpoint, whole in _NO_ENTRIES.items():
            if connection.get_one(f"/{endpoint}/{xero_id}") is not None:
                raise _no_entry(xero_id, f"is one of {endpoint} in Xero", whole)
    return None


def _check_whole(outbox: Outbox, id: str, xero_id: str, found: Mapping[str, Any]) -> None:
    """Refuse the id of a part of something, which would be counted beside the whole."""
    if str(found.get("Type") or "").endswith("-TRANSFER"):
        raise _no_entry(xero_id, "is one side of a bank transfer", "the id of the transfer")
    batch = found.get("BatchPaymentID") or (found.get("BatchPayment") or {}).get("BatchPaymentID")
    link = outbox.link_of(str(batch)) if batch is not None else None
    if link is not None:
        what = f"is a part of the batch payment that was sent for {link.transaction}"
        raise _no_entry(xero_id, what, f"the id of what was entered by hand for {id}")


def _no_entry(xero_id: str, what: str, should_be: str) -> UsageError:
    return UsageError(Finding("PU932", f"{xero_id} {what}", should_be=should_be))


# What has an id in Xero and is no entry of its own, with what is named in its place.
_NO_ENTRIES = {
    "Overpayments": "the id of the bank transaction that made it (from the address of its page)",
    "Prepayments": "the id of the bank transaction that made it (from the address of its page)",
    "Contacts": "the id of what was entered for the contact",
}
# Where a person enters what the product does not: any of them can bear the id that is named.
_ENTERED = (
    "Invoices", "CreditNotes", "ManualJournals", "BankTransactions", "Payments", "BatchPayments",
    "BankTransfers",
)  # fmt: skip


def no_reason() -> UsageError:
    """Refuses a decision without a word why."""
    return UsageError(Finding("PU908", "the reason is empty", should_be='--reason "…"'))


def _why_nothing(outbox: Outbox, id: str) -> str:
    """Why a person's word changes no request of a document."""
    decision = outbox.decision(id)
    if decision is not None and decision.outcome != "post":
        return f", as rules {decision.outcome} it ({decision.code})"
    return ", as nothing of it waits to be sent"


def _check_free(outbox: Outbox, id: str, xero_id: str) -> None:
    """Refuse an id of Xero that belongs to another document."""
    link = outbox.link_of(xero_id)
    if link is not None and link.transaction != id:
        raise UsageError(
            Finding(
                "PU914",
                f"{xero_id} is what became of {link.transaction} in Xero, not of {id}",
                should_be="the id of what was entered by hand (from the address of its page)",
            )
        )


def check_known(outbox: Outbox, id: str) -> None:
    """Refuse an id that is not there, with the closest one that is."""
    from pm2xero.pack.yaml.suggest import did_you_mean

    if outbox.transaction(id) is None:
        known = [t.id for t in outbox.transactions(latest=True)]
        hint = did_you_mean(id, known)
        raise UsageError(Finding("PE106", f'there is no document "{id}" in the outbox', hint=hint))


def _command(action: str, about: str, example: str) -> click.Command:
    @click.command(action, help=about, epilog=f"\b\nExample:\n  {example}")
    @click.argument("id", metavar="ID")
    @click.option("--reason", "why", required=True, help="Why; it is kept in the log.")
    @who_option
    @target_options
    @common.reports_faults
    def run(id: str, why: str, who: str, **options: Any) -> None:
        act(action, id, who, why, None, options)

    return run


hold = _command(
    "hold",
    "Stop a transaction from being sent until it is resent; what depends on it waits too.",
    'pm2xero hold AU-0042 --reason "client disputes the bill" --org firm/organisation.yaml',
)


@click.command(
    "skip",
    epilog="""\b
Examples:
  pm2xero skip AU-0042 --reason "entered twice" --org firm/organisation.yaml
  pm2xero skip --unreadable 3f2c9d1e --reason "a trial export" --org firm/organisation.yaml""",
)
@click.argument("id", metavar="[ID]", required=False)
@click.option("--unreadable", "digest", metavar="HASH",
              help="Instead of a transaction: a record that could not be read, by the hash that "
              "reconcile names. Its money is not looked for any longer.")  # fmt: skip
@click.option("--reason", "why", required=True, help="Why; it is kept in the log.")
@who_option
@target_options
@common.reports_faults
def skip(id: str | None, digest: str | None, why: str, who: str, **options: Any) -> None:
    """Never send a transaction; what depends on it is blocked."""
    if (id is None) == (digest is None):
        raise click.UsageError("name an ID, or --unreadable HASH")
    if id is not None:
        act("skip", id, who, why, None, options)
    elif digest is not None:
        _dismiss(digest, who, why, options)


def _dismiss(digest: str, who: str, why: str, options: Any) -> None:
    from pm2xero.connection import now, process_name
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.history.own_outbox import open_outbox

    if not why.strip():
        raise no_reason()
    place = target(**options)
    firm = load_organisation(place.organisation, place.region)
    with (
        open_outbox(firm, place.require_outbox(), now) as outbox,
        outbox.writing(process_name()),
    ):
        trace = outbox.dismiss(digest, who, why, now())
    click.echo(f"dismissed: {trace.id or 'the record'} of {trace.place}")


resend = _command(
    "resend",
    "Send a refused, held or skipped transaction (again), with all that was blocked by it.",
    'pm2xero resend AU-0042 --reason "lock date moved" --org firm/organisation.yaml',
)


@click.command(
    "resolve",
    epilog="""\b
Examples:
  pm2xero resolve AU-0042 --as-done-in-xero 3f2c… --reason "entered by hand" --org firm/org.yaml
  pm2xero resolve --matched --reason "entered by hand in May" --org firm/org.yaml""",
)
@click.argument("id", metavar="[ID]", required=False)
@click.option("--as-done-in-xero", "xero_id", metavar="XERO_ID",
              help="The id of what is in Xero.")  # fmt: skip
@click.option("--instead-of", "instead_of", metavar="XERO_ID",
              help="An id that was named by mistake and is none of it.")  # fmt: skip
@click.option("--matched", is_flag=True,
              help="Find what was entered for all that waits for a person: the same accounts to "
              "the cent, day, contact. Shows the pairs and confirms them in one go.")  # fmt: skip
@click.option("--yes", is_flag=True, help="With --matched: do not ask.")
@click.option("--reason", "why", required=True, help="Why; it is kept in the log.")
@who_option
@calling_options
@common.reports_faults
def resolve(
    id: str | None, xero_id: str | None, instead_of: str | None, matched: bool, yes: bool,
    why: str, who: str, **options: Any,
) -> None:  # fmt: skip
    """Say that a transaction is in Xero already; what was blocked by it goes on.

    Of what was entered in several parts, each is named. Whether the id is right, and the entry
    books what it must, `reconcile` tells; a wrong id is corrected with --instead-of.
    """
    if matched:
        if id is not None or xero_id is not None or instead_of is not None:
            raise click.UsageError("--matched finds documents and ids by itself")
        from pm2xero.cli.matched import confirm_matched

        if not why.strip():
            raise no_reason()
        confirm_matched(who, why, yes, options)
        return
    if id is None or xero_id is None:
        raise click.UsageError("name an ID and --as-done-in-xero XERO_ID, or say --matched")
    wrong = _plain(instead_of) if instead_of is not None else None
    act("resolve", id, who, why, _plain(xero_id), options, wrong)


def _plain(xero_id: str) -> str:
    """An id of Xero as Xero writes it.

    Raises:
        UsageError: PU914 when it cannot be one.
    """
    import uuid

    from pm2xero.errors import Finding, UsageError

    try:
        return str(uuid.UUID(xero_id))
    except ValueError:
        raise UsageError(
            Finding(
                "PU914",
                f'"{xero_id}" is no id of Xero',
                should_be="3f2c9d1e-7a40-4f5b-9c3d-0b1a2c3d4e5f (from the address of the page)",
            )
        ) from None
