"""Organisation, its actions, accounts and tax rates."""

from __future__ import annotations

from collections.abc import Mapping

from pm2xero.sandbox import chart, short_lists
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid, not_found
from pm2xero.sandbox.wire import Wire, ms_date

_CLASSES = {
    **dict.fromkeys(("BANK", "CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT"), "ASSET"),
    **dict.fromkeys(("CURRLIAB", "LIABILITY", "TERMLIAB", "PAYG"), "LIABILITY"),
    **dict.fromkeys(("DEPRECIATN", "DIRECTCOSTS", "EXPENSE", "OVERHEADS"), "EXPENSE"),
    **dict.fromkeys(("OTHERINCOME", "REVENUE", "SALES"), "REVENUE"),
    "EQUITY": "EQUITY",
}
_READ_ONLY = frozenset(
    {"AccountID", "Class", "SystemAccount", "ReportingCode", "ReportingCodeName"}
)
_ACTIONS = (
    "CreateApprovedInvoice",
    "CreateDraftInvoice",
    "CreateApprovedBill",
    "CreateDraftBill",
    "CreateManualJournal",
    "AttachFilesIntoInvoice",
)


def organisations(books: Books) -> Wire:
    """GET /Organisation."""
    return {"Organisations": [dict(books.organisation.wire)]}


def actions(books: Books) -> Wire:
    """GET /Organisation/Actions: everything that the sandbox can do is allowed."""
    allowed = [{"Name": name, "Status": "ALLOWED"} for name in _ACTIONS]
    return {"Actions": [*allowed, {"Name": "UseMulticurrency", "Status": "NOT-ALLOWED"}]}


def accounts(books: Books, query: Mapping[str, str], since: str | None = None) -> Wire:
    """GET /Accounts; `since` is If-Modified-Since."""
    shapes = [dict(account.wire) for account in books.chart.accounts.values()]
    return {"Accounts": short_lists.asked(shapes, query, since)}


def account(books: Books, account_id: str) -> Wire:
    """GET /Accounts/{AccountID}.

    Raises:
        Problem: 404.
    """
    found = books.chart.accounts.get(account_id.lower())
    if found is None:
        raise not_found()
    return {"Accounts": [dict(found.wire)]}


def tax_rates(books: Books, query: Mapping[str, str]) -> Wire:
    """GET /TaxRates."""
    shapes = [dict(rate.wire) for rate in books.chart.rates.values()]
    if wanted := query.get("TaxType"):
        shapes = [shape for shape in shapes if shape["TaxType"] == wanted]
    return {"TaxRates": short_lists.asked(shapes, query)}


def tax_rate(books: Books, tax_type: str) -> Wire:
    """GET /TaxRates/{TaxType}.

    Raises:
        Problem: 404.
    """
    if tax_type not in books.chart.rates:
        raise not_found()
    return {"TaxRates": [dict(books.chart.rates[tax_type].wire)]}


def create_account(books: Books, element: Wire) -> str:
    """PUT /Accounts; returns the new AccountID.

    Raises:
        Invalid: it breaks a rule.
    """
    type_name = str(element.get("Type") or "")
    code = str(element.get("Code") or "")
    messages = []
    if type_name not in _CLASSES:
        messages.append(f"The account Type '{type_name}' is not valid")
    # A bank account need not have a code.
    if len(code) > 10 or (not code and type_name != "BANK"):
        messages.append("The account Code must have 1 to 10 characters")
    if not element.get("Name") or len(str(element["Name"])) > 150:
        messages.append("The account Name must have 1 to 150 characters")
    if type_name == "BANK" and not element.get("BankAccountNumber"):
        messages.append("A bank account must have a BankAccountNumber")
    if code in books.chart.codes:
        messages.append("Please enter a unique Code.")
    if messages:
        raise Invalid(*messages)
    account_id = books.new_id()
    shape = {
        "AccountID": account_id,
        "Status": "ACTIVE",
        "EnablePaymentsToAccount": False,
        "ShowInExpenseClaims": False,
        **_writable(element),
        "Class": _CLASSES[type_name],
        "HasAttachments": False,
    }
    if type_name == "BANK":
        shape.setdefault("BankAccountType", "BANK")
        shape.setdefault("CurrencyCode", books.organisation.currency)
    now = ms_date(books.now)
    chart.save_account(books.store, {**shape, "AccountID": account_id, "UpdatedDateUTC": now})
    return account_id


def update_account(books: Books, account_id: str, element: Wire) -> str:
    """POST /Accounts/{AccountID}; returns the AccountID.

    Raises:
        Problem: 404.
        Invalid: a system account is archived, or archiving is mixed with other changes.
    """
    found = books.chart.accounts.get(account_id.lower())
    if found is None:
        raise not_found()
    changes = _writable(element)
    code = str(changes.get("Code") or "")
    if "Code" in changes and (len(code) > 10 or (not code and found.type != "BANK")):
        raise Invalid("The account Code must have 1 to 10 characters")
    if code and books.chart.codes.get(code, found.id) != found.id:
        raise Invalid("Please enter a unique Code.")
    if changes.get("Status") == "ARCHIVED" and len(changes) > 1:
        raise Invalid("An account cannot be archived and changed at the same time")
    if changes.get("Status") == "ARCHIVED" and found.system:
        # unverified: system accounts are said to be archivable in one place and not in another.
        raise Invalid("A system account cannot be archived")
    if "Type" in changes and changes["Type"] not in _CLASSES:
        raise Invalid(f"The account Type '{changes['Type']}' is not valid")
    shape = {**found.wire, **changes, "UpdatedDateUTC": ms_date(books.now)}
    if "Type" in changes:
        shape["Class"] = _CLASSES[str(changes["Type"])]
    chart.save_account(books.store, shape)
    return found.id


def _writable(element: Wire) -> Wire:
    """An account as sent, without what only Xero says of it."""
    return {name: value for name, value in element.items() if name not in _READ_ONLY}
