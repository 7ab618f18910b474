"""The checks, each by the name that its fact in `facts.yaml` gives; the fact says what it does."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pm2xero.doctor.trial import NotTold, Trial, said
from pm2xero.xero.call_log import correlation_of
from pm2xero.xero.client import Response


@dataclass(frozen=True, slots=True)
class Told:
    """What a check saw, and whether it is what the product assumes."""

    is_so: bool
    seen: str


Check = Callable[[Trial], Told]
CHECKS: dict[str, Check] = {}


def check(act: Check) -> Check:
    """Give a check its name."""
    CHECKS[act.__name__] = act
    return act


def _taken(answer: Response) -> Told:
    """Assumed: Xero takes it."""
    return Told(answer.status == 200, "accepted" if answer.status == 200 else said(answer))


def _refused(answer: Response) -> Told:
    """Assumed: Xero refuses it."""
    return Told(answer.status == 400, "accepted" if answer.status == 200 else said(answer))


def _by_number(trial: Trial, number: str) -> list[Mapping[str, object]]:
    answer = trial.get("/Invoices", {"InvoiceNumbers": number, "page": "1"})
    return list((answer.json or {}).get("Invoices") or ())


@check
def keeps_valid_elements(trial: Trial) -> Told:
    good, bad = trial.invoice(), trial.invoice(LineItems=[trial.line(AccountCode="NO-SUCH")])
    answer = trial.write("PUT", "/Invoices", {"Invoices": [good, bad]})
    if answer.status != 400:
        raise NotTold(f"a call with a bad element was answered {answer.status}")
    there = _by_number(trial, good["InvoiceNumber"])
    return Told(bool(there), "the good one is there" if there else "neither is there")


@check
def replays_refusals(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice("10.00"))
    payment = _payment(trial, made["InvoiceID"], "15.00")
    key = uuid.uuid4().hex
    first = trial.write("PUT", "/Payments", {"Payments": [payment]}, key=key)
    if first.status != 400:
        raise NotTold(f"a payment of more than is due was answered {first.status}")
    more = {"InvoiceID": made["InvoiceID"], "LineItems": [trial.line("20.00")]}
    if trial.write("POST", "/Invoices", {"Invoices": [more]}).status != 200:
        raise NotTold("the invoice could not be raised to what is paid")
    again = trial.write("PUT", "/Payments", {"Payments": [payment]}, key=key)
    repeated = again.status == 400
    return Told(repeated, "refused again under the same key" if repeated else "looked at anew")


def _payment(trial: Trial, invoice: object, amount: str) -> dict[str, object]:
    bank = trial.account(type="BANK")
    return {"Invoice": {"InvoiceID": invoice}, "Account": {"AccountID": bank["AccountID"]},
            "Date": trial.day.isoformat(), "Amount": amount, "Reference": trial.mark}  # fmt: skip


@check
def refuses_other_use_of_a_key(trial: Trial) -> Told:
    key = uuid.uuid4().hex
    trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice()]}, key=key)
    return _refused(trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice()]}, key=key))


@check
def locks_the_lock_date(trial: Trial) -> Told:
    from pm2xero.xero.natural_key import as_date

    names = ("PeriodLockDate", "EndOfYearLockDate")
    days = [d for name in names if (d := as_date(str(trial.organisation.get(name) or "")))]
    if not days:
        raise NotTold("the organisation has no lock date; set one in Xero and run it again")
    day = max(days).isoformat()
    return _refused(
        trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice(Date=day, DueDate=day)]})
    )


@check
def refuses_lines_on_debtors(trial: Trial) -> Told:
    account = trial.account(system="DEBTORS")
    line = {**trial.line(), "AccountID": account["AccountID"]}
    line.pop("AccountCode")
    return _refused(
        trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice(LineItems=[line])]})
    )


@check
def refuses_lines_on_banks(trial: Trial) -> Told:
    line = {**trial.line(), "AccountID": trial.account(type="BANK")["AccountID"]}
    line.pop("AccountCode")
    return _refused(
        trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice(LineItems=[line])]})
    )


@check
def takes_journals_on_tax(trial: Trial) -> Told:
    journal = trial.journal(trial.account(system="GST"))
    return _taken(trial.write("PUT", "/ManualJournals", {"ManualJournals": [journal]}))


@check
def takes_journals_on_rounding(trial: Trial) -> Told:
    journal = trial.journal(trial.account(system="ROUNDING"))
    return _taken(trial.write("PUT", "/ManualJournals", {"ManualJournals": [journal]}))


@check
def refuses_edits_of_posted_journals(trial: Trial) -> Told:
    made = trial.create("ManualJournals", trial.journal(trial.account(type="EXPENSE")))
    change = {**trial.journal(trial.account(type="EXPENSE")), "Narration": f"{trial.mark} edited"}
    id = made["ManualJournalID"]
    return _refused(trial.write("POST", f"/ManualJournals/{id}", {"ManualJournals": [change]}))


@check
def voids_journals_by_status(trial: Trial) -> Told:
    made = trial.create("ManualJournals", trial.journal(trial.account(type="EXPENSE")))
    path = f"/ManualJournals/{made['ManualJournalID']}"
    return _taken(trial.write("POST", path, {"Status": "VOIDED"}))


@check
def deletes_bank_entries_by_status(trial: Trial) -> Told:
    made = trial.create("BankTransactions", {
        "Type": "RECEIVE", "Contact": trial.contact, "Reference": trial.mark,
        "Date": trial.day.isoformat(), "LineAmountTypes": "NoTax", "LineItems": [trial.line()],
        "BankAccount": {"AccountID": trial.account(type="BANK")["AccountID"]},
    })  # fmt: skip
    path = f"/BankTransactions/{made['BankTransactionID']}"
    return _taken(trial.write("POST", path, {"Status": "DELETED"}))


@check
def refuses_long_notes(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    path = f"/Invoices/{made['InvoiceID']}/History"
    note = {"HistoryRecords": [{"Details": "x" * 251}]}
    return _refused(trial.write("PUT", path, note))


@check
def shows_every_note(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    path = f"/Invoices/{made['InvoiceID']}/History"
    words = [f"{trial.mark}: {number} of 2, paid “so” & by hand" for number in (1, 2)]
    for text in words:
        if trial.write("PUT", path, {"HistoryRecords": [{"Details": text}]}).status != 200:
            raise NotTold("a note could not be added")
    records = (trial.get(path, {}).json or {}).get("HistoryRecords") or ()
    shown = [record.get("Details") for record in records if isinstance(record, dict)]
    missing = [text for text in words if text not in shown]
    return Told(not missing, "both are there" if not missing else f"{len(missing)} of 2 missing")


@check
def allocates_lists(trial: Trial) -> Told:
    credit = _credit(trial)
    invoices = [trial.create("Invoices", trial.invoice("5.00"))["InvoiceID"] for _ in range(2)]
    wanted = [
        {"Amount": "5.00", "Date": trial.day.isoformat(), "Invoice": {"InvoiceID": id}}
        for id in invoices
    ]
    answer = _allocate(trial, credit, wanted)
    if answer.status != 200:
        return Told(False, said(answer))
    made = trial.one("CreditNotes", credit)["Allocations"]
    return Told(len(made) == 2, f"{len(made)} of 2 were made")


def _credit(trial: Trial) -> str:
    made = trial.create("CreditNotes", {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": trial.contact,
        "CreditNoteNumber": trial.name(), "Reference": trial.mark, "Date": trial.day.isoformat(),
        "LineAmountTypes": "NoTax", "LineItems": [trial.line("10.00")],
    })  # fmt: skip
    return str(made["CreditNoteID"])


def _allocate(trial: Trial, credit: str, wanted: Sequence[Mapping[str, object]]) -> Response:
    path = f"/CreditNotes/{credit}/Allocations"

    def take_back() -> None:
        for use in trial.one("CreditNotes", credit).get("Allocations") or ():
            trial.write("DELETE", f"{path}/{use['AllocationID']}", None)

    trial.undo.append(take_back)
    return trial.write("PUT", path, {"Allocations": wanted})


@check
def refuses_to_void_used_credits(trial: Trial) -> Told:
    credit = _credit(trial)
    paid = trial.create("Invoices", trial.invoice("5.00"))["InvoiceID"]
    use = {"Amount": "5.00", "Date": trial.day.isoformat(), "Invoice": {"InvoiceID": paid}}
    if _allocate(trial, credit, [use]).status != 200:
        raise NotTold("the credit note could not be allocated")
    return _refused(trial.write("POST", f"/CreditNotes/{credit}", {"Status": "VOIDED"}))


@check
def takes_invoices_of_zero(trial: Trial) -> Told:
    answer = trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice("0.00")]})
    if answer.status != 200:
        return Told(False, said(answer))
    status = (answer.json or {})["Invoices"][0]["Status"]
    return Told(status == "PAID", f"accepted as {status}")


@check
def refuses_negative_invoices(trial: Trial) -> Told:
    return _refused(trial.write("PUT", "/Invoices", {"Invoices": [trial.invoice("-1.00")]}))


@check
def keeps_batch_references(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    batch = {
        "Account": {"AccountID": trial.account(type="BANK")["AccountID"]}, "Reference": trial.mark,
        "Date": trial.day.isoformat(),
        "Payments": [{"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": "10.00"}],
    }  # fmt: skip
    answer = trial.write("PUT", "/BatchPayments", {"BatchPayments": [batch]})
    if answer.status != 200:
        return Told(False, said(answer))
    id = (answer.json or {})["BatchPayments"][0]["BatchPaymentID"]
    reference = trial.one("BatchPayments", id).get("Reference")
    return Told(reference == trial.mark, "kept" if reference == trial.mark else "lost")


@check
def frees_numbers_of_deleted_drafts(trial: Trial) -> Told:
    draft = trial.invoice(Status="DRAFT")
    made = trial.create("Invoices", draft)
    trial.write("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "DELETED"})
    return _taken(trial.write("PUT", "/Invoices", {"Invoices": [draft]}))


@check
def keeps_numbers_of_voided_invoices(trial: Trial) -> Told:
    sent = trial.invoice()
    made = trial.create("Invoices", sent)
    trial.write("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    return _refused(trial.write("PUT", "/Invoices", {"Invoices": [sent]}))


@check
def takes_one_for_no_quantity(trial: Trial) -> Told:
    line = trial.line("7.00")
    line.pop("Quantity")
    made = trial.create("Invoices", trial.invoice(Status="DRAFT", LineItems=[line]))
    total = Decimal(str(made["Total"]))
    return Told(total == Decimal("7.00"), f"the total is {total}")


@check
def shows_at_once(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    there = _by_number(trial, str(made["InvoiceNumber"]))
    return Told(len(there) == 1, f"{len(there)} found straight after it was made")


def _since(trial: Trial, days: int, form: str) -> Response:
    moment = trial.day + timedelta(days=days)
    headers = {"If-Modified-Since": moment.strftime(form)}
    return trial.get("/Invoices", {"page": "1", "pageSize": "1"}, headers)


_ISO, _HTTP = "%Y-%m-%dT00:00:00", "%a, %d %b %Y 00:00:00 GMT"


@check
def tells_changes_since(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    before, after = _since(trial, -2, _ISO), _since(trial, 2, _ISO)
    found = [_count(answer) for answer in (before, after)]
    return Told(found[0] > 0 and found[1] == 0, f"{found[0]} since, {found[1]} since later")


@check
def tells_changes_since_by_http_date(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    found = [_count(_since(trial, days, _HTTP)) for days in (-2, 2)]
    return Told(found[0] > 0 and found[1] == 0, f"{found[0]} since, {found[1]} since later")


def _count(answer: Response) -> int:
    said_of = (answer.json or {}).get("pagination") or {}
    return int(said_of.get("itemCount") or len((answer.json or {}).get("Invoices") or ()))


@check
def answers_no_change_by_an_empty_list(trial: Trial) -> Told:
    answer = _since(trial, 2, _ISO)
    return Told(answer.status == 200, f"HTTP {answer.status}")


@check
def counts_the_whole_list(trial: Trial) -> Told:
    for _ in range(2):
        trial.create("Invoices", trial.invoice())
    counts = [
        _count(trial.get("/Invoices", {"page": page, "pageSize": "1"})) for page in ("1", "2")
    ]
    return Told(counts[0] == counts[1] >= 2, f"{counts[0]} on page 1, {counts[1]} on page 2")


@check
def moves_the_mark_of_a_paid_invoice(trial: Trial) -> Told:
    made = trial.create("Invoices", trial.invoice())
    paid = trial.create("Payments", _payment(trial, made["InvoiceID"], "10.00"))
    after = trial.one("Invoices", str(made["InvoiceID"]))
    moved = str(after.get("UpdatedDateUTC")) >= str(paid.get("UpdatedDateUTC"))
    return Told(moved, f"updated {after.get('UpdatedDateUTC')}, paid {paid.get('UpdatedDateUTC')}")


@check
def ignores_capitals_in_filters(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    where = f'Reference.StartsWith("{trial.mark.swapcase()}")'
    answer = trial.get("/Invoices", {"where": where, "page": "1"})
    return Told(_count(answer) > 0, f"{_count(answer)} found in other capitals")


@check
def finds_contacts_by_number_alone(trial: Trial) -> Told:
    trial.contact  # noqa: B018  # so that one has the name
    answer = trial.get(f"/Contacts/Doctor%20{trial.mark}")
    return Told(answer.status == 404, f"HTTP {answer.status} to a name")


@check
def finds_contacts_by_ids_and_numbers(trial: Trial) -> Told:
    id = trial.contact["ContactID"]
    nobody = trial.name()
    filters = (
        f'ContactID==guid("{uuid.uuid4()}") OR ContactNumber=="{trial.mark}"',
        f'ContactID==guid("{id}") OR ContactNumber=="{nobody}"',
    )
    shown = []
    for wanted in filters:
        query = {"where": wanted, "includeArchived": "true", "page": "1"}
        found = (trial.get("/Contacts", query).json or {}).get("Contacts") or ()
        shown.append([contact.get("ContactID") for contact in found])
    told = f"{len(shown[0])} by the number, {len(shown[1])} by the id"
    return Told(shown == [[id], [id]], told)


@check
def leaves_lines_out_of_summaries(trial: Trial) -> Told:
    trial.create("Invoices", trial.invoice())
    answer = trial.get("/Invoices", {"summaryOnly": "true", "page": "1", "pageSize": "1"})
    items = (answer.json or {}).get("Invoices") or [{}]
    lines = items[0].get("LineItems")
    return Told(not lines, "left out" if not lines else "there")


@check
def names_its_calls(trial: Trial) -> Told:
    found = correlation_of(trial.get("/Organisation").headers)
    return Told(found is not None, "there" if found else "no such header")


@check
def tells_the_time(trial: Trial) -> Told:
    found = trial.get("/Organisation").headers.get("date")
    return Told(found is not None, "there" if found else "no such header")


@check
def tells_what_is_left(trial: Trial) -> Told:
    headers = trial.get("/Organisation").headers
    names = ("x-minlimit-remaining", "x-daylimit-remaining")
    told = ", ".join(f"{name} {headers[name]}" for name in names if name in headers)
    return Told(all(name in headers for name in names), told or "no such header")


@check
def names_the_right_for_journals(trial: Trial) -> Told:
    answer = trial.get("/Organisation/Actions")
    names = [str(action.get("Name")) for action in (answer.json or {}).get("Actions") or ()]
    return Told("CreateManualJournal" in names, ", ".join(sorted(names)) or said(answer))
