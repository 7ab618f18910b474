"""Manual journals: free postings, but never on bank, debtors, creditors or retained earnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pm2xero.sandbox import ledger, records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.chart import Account, usable
from pm2xero.sandbox.ledger import Posting
from pm2xero.sandbox.lines import AMOUNT_TYPES, coded
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import BASE_COLUMNS, Column, Resource, Written
from pm2xero.sandbox.wire import Wire, date_of, decimal_of, objects_of, rounded

ENDPOINT = "ManualJournals"

_BARRED = ("DEBTORS", "CREDITORS", "RETAINEDEARNINGS")
_NEXT = {
    "DRAFT": ("DRAFT", "POSTED", "DELETED"),
    # unverified: one source lets posted journals be edited, the official tools do not.
    "POSTED": ("VOIDED",),
}
_ZERO = Decimal("0.00")


def create(books: Books, element: Wire) -> Written:
    """PUT: a journal, a draft unless POSTED is said.

    Raises:
        Invalid: it breaks a rule.
    """
    status = str(element.get("Status") or "DRAFT")
    if status not in ("DRAFT", "POSTED"):
        raise Invalid(f"A new manual journal cannot have the status {status}")
    record, warnings = _build(books, element, status, None)
    records.insert(books.store, record)
    _post(books, record)
    return Written(record.id, warnings)


def upsert(books: Books, element: Wire) -> Written:
    """POST: change, post, delete or void the journal with this id, or create one.

    Raises:
        Invalid: it breaks a rule.
    """
    if not element.get("ManualJournalID"):
        return create(books, element)
    found = records.get(books.store, ENDPOINT, str(element["ManualJournalID"]))
    if found is None:
        raise Invalid("Manual journal could not be found")
    status = str(element.get("Status") or found.status)
    if status not in _NEXT.get(found.status, ()):
        raise Invalid(f"A manual journal of status {found.status} cannot become {status}")
    warnings: tuple[str, ...] = ()
    if status in ("DELETED", "VOIDED"):
        if status == "VOIDED":
            books.organisation.require_open(found.day)
            ledger.reverse(books, found.id)
        record = replace(found, status=status, updated=books.now)
    else:
        sent = {
            **found.body,
            "Narration": found.label,
            "Date": found.day.isoformat(),
            **element,
        }
        record, warnings = _build(books, sent, status, found)
        _post(books, record)
    records.update(books.store, record)
    return Written(record.id, warnings)


def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of manual journals."""
    return [
        {
            "ManualJournalID": record.id,
            "Narration": record.label,
            "Date": record.date,
            "Status": record.status,
            **{name: value for name, value in record.body.items() if name != "JournalLines"},
            "JournalLines": coded(books, record.body["JournalLines"]) if full else [],
            "UpdatedDateUTC": record.updated,
            "HasAttachments": False,
        }
        for record in found
    ]


def _build(
    books: Books, sent: Wire, status: str, before: Record | None
) -> tuple[Record, tuple[str, ...]]:
    narration = sent.get("Narration")
    if not narration:
        raise Invalid("The Narration field must be specified")
    amount_types = str(sent.get("LineAmountTypes") or "NoTax")
    if amount_types not in AMOUNT_TYPES:
        raise Invalid(f"LineAmountTypes '{amount_types}' is not one of {', '.join(AMOUNT_TYPES)}")
    day = date_of(sent, "Date") or books.today
    if status == "POSTED":
        books.organisation.require_open(day)
    raw = objects_of(sent, "JournalLines")
    if len(raw) < 2:
        raise Invalid("A manual journal must have at least 2 journal lines")
    lines: list[Wire] = []
    warnings: list[str] = []
    messages: list[str] = []
    for line in raw:
        try:
            lines.append(_line(books, line, amount_types))
        except UnknownAccount as error:
            if status == "DRAFT":
                warnings.append(
                    f"Account code '{error.code}' has been removed as it does not match a"
                    " recognised account."
                )
            messages.extend(error.messages if status != "DRAFT" else ())
        except Invalid as error:
            messages.extend(error.messages)
    messages.extend(() if messages or warnings else _imbalance(lines, amount_types))
    if messages:
        raise Invalid(*dict.fromkeys(messages))
    body = {
        "LineAmountTypes": amount_types,
        "ShowOnCashBasisReports": sent.get("ShowOnCashBasisReports") is not False,
        "JournalLines": lines,
        **({"Url": sent["Url"]} if sent.get("Url") else {}),
    }
    record = Record(
        id=before.id if before else books.new_id(),
        endpoint=ENDPOINT,
        status=status,
        updated=books.now,
        date=day,
        label=str(narration),
        total=sum((line["LineAmount"] for line in lines if line["LineAmount"] > 0), _ZERO),
        body=body,
    )
    return record, tuple(warnings)


class UnknownAccount(Invalid):
    """A line names an account that is not there: no error in a draft, which drops the line."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Account code '{code}' is not a valid code for this document.")
        self.code = code


def _line(books: Books, raw: Wire, amount_types: str) -> Wire:
    amount = decimal_of(raw, "LineAmount")
    if amount is None:
        raise Invalid("LineAmount must be specified")
    account = books.chart.find(raw, "Account")
    if account is None:
        raise UnknownAccount(str(raw.get("AccountCode") or raw.get("AccountID")))
    _require_free(usable(account, account.called))
    amount = rounded(amount)
    line: Wire = {
        "LineAmount": amount,
        "AccountCode": account.code,
        "AccountID": account.id,
        "Description": raw.get("Description") or "",
        "TaxAmount": _ZERO,
        "Tracking": objects_of(raw, "Tracking"),
        "IsBlank": False,
    }
    tax_type = str(raw.get("TaxType") or account.tax_type)
    if tax_type:
        line["TaxType"] = tax_type
    if tax_type and amount_types != "NoTax":
        rate = books.chart.rate_for(tax_type, account)
        inclusive = amount_types == "Inclusive"
        line["TaxAmount"] = rate.within(amount) if inclusive else rate.on_net(amount)
    return line


def _require_free(account: Account) -> None:
    # unverified: that other system accounts (tax, rounding) are allowed; the page names only these.
    if account.is_bank or account.system in _BARRED or account.type == "INVENTORY":
        raise Invalid(f"Account code '{account.called}' is not a valid code for this document.")


def _imbalance(lines: Sequence[Wire], amount_types: str) -> list[str]:
    gross = [
        line["LineAmount"] + (line["TaxAmount"] if amount_types == "Exclusive" else _ZERO)
        for line in lines
    ]
    debits = sum((amount for amount in gross if amount > 0), _ZERO)
    credits = sum((amount for amount in gross if amount < 0), _ZERO)
    if debits + credits:
        return [f"The total debits ({debits}) must equal total credits ({credits})"]
    return []


def _post(books: Books, record: Record) -> None:
    if record.status != "POSTED":
        return
    inclusive = record.body["LineAmountTypes"] == "Inclusive"
    postings = []
    tax = _ZERO
    for line in record.body["JournalLines"]:
        net = line["LineAmount"] - (line["TaxAmount"] if inclusive else _ZERO)
        postings.append(Posting(line["AccountID"], net))
        tax += line["TaxAmount"]
    if tax:
        postings.append(Posting(books.chart.system("GST").id, tax))
    ledger.post(books, record.id, "MANJOURNAL", record.day, postings)


RESOURCE = Resource(
    endpoint=ENDPOINT,
    id_field="ManualJournalID",
    render=render,
    create=create,
    upsert=upsert,
    columns={
        **BASE_COLUMNS,
        "ManualJournalID": Column("id", "id"),
        "Date": Column("date", "date"),
        "Narration": Column("label"),
        "Url": Column("json_extract(body, '$.Url')"),
    },
    parameters={"IDs": "ManualJournalID"},
)
