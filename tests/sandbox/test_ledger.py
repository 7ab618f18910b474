"""The ledger balances whatever is sent, and says the same as the documents."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.sandbox import Limits, Posting, Sandbox
from pm2xero.sandbox.ledger import Unbalanced, portion, post

from .api import SNAPSHOT, Api, Clock, bill, credit_note, invoice, journal, line, seeded_ids, spend

AMOUNTS = st.integers(-5_000, 100_000).map(lambda cents: f"{cents / 100:.2f}")
SALES = st.builds(
    line,
    UnitAmount=AMOUNTS,
    Quantity=st.sampled_from([1, 2, "1.5", "0.333"]),
    AccountCode=st.sampled_from(["200", "860", "870", "999"]),
    TaxType=st.sampled_from(["OUTPUT", "OUTPUT15", "EXEMPTOUTPUT", "BASEXCLUDED"]),
)
PURCHASES = st.builds(
    line,
    UnitAmount=AMOUNTS,
    AccountCode=st.sampled_from(["310", "469", "720"]),
    TaxType=st.sampled_from(["INPUT", "BASEXCLUDED"]),
)
COMMON = {
    "LineAmountTypes": st.sampled_from(["Exclusive", "Inclusive", "NoTax"]),
    "Date": st.sampled_from(["2026-05-01", "2026-05-15"]),
}
STATUSES = st.sampled_from(["DRAFT", "AUTHORISED", "AUTHORISED"])


def lines(of: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(of, min_size=1, max_size=4)


def build(make: Any, of: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[Any]:
    return st.builds(make, LineItems=lines(of), **COMMON, **more)


CREATES = st.one_of(
    st.tuples(st.just("Invoices"), build(invoice, SALES, Status=STATUSES)),
    st.tuples(st.just("Invoices"), build(bill, PURCHASES, Status=STATUSES)),
    st.tuples(st.just("CreditNotes"), build(credit_note, SALES)),
    st.tuples(
        st.just("BankTransactions"),
        build(spend, PURCHASES, Type=st.sampled_from(["SPEND", "SPEND-PREPAYMENT"])),
    ),
    st.tuples(
        st.just("BankTransactions"),
        build(
            spend,
            SALES,
            Type=st.sampled_from(["RECEIVE", "RECEIVE-PREPAYMENT", "RECEIVE-OVERPAYMENT"]),
            Contact=st.just({"ContactNumber": "C1", "Name": "Ann Client"}),
        ),
    ),
    st.tuples(
        st.just("ManualJournals"),
        st.builds(
            lambda amount, kind: journal(
                LineAmountTypes=kind,
                JournalLines=[
                    {"AccountCode": "469", "LineAmount": amount, "TaxType": "INPUT"},
                    {"AccountCode": "310", "LineAmount": f"-{amount}", "TaxType": "INPUT"},
                ],
            ),
            st.integers(0, 10_000).map(lambda cents: f"{cents / 100:.2f}"),
            st.sampled_from(["NoTax", "Exclusive", "Inclusive"]),
        ),
    ),
    st.tuples(
        st.just("BankTransfers"),
        st.builds(
            lambda amount: {
                "FromBankAccount": {"Code": "090"},
                "ToBankAccount": {"Code": "092"},
                "Amount": amount,
                "Date": "2026-05-03",
            },
            AMOUNTS,
        ),
    ),
)
# What happens to a document that is there: which one, and by how much.
CHANGES = st.tuples(
    st.sampled_from(["pay", "allocate", "edit", "void", "unpay", "unallocate"]),
    st.integers(0, 50),
    st.sampled_from(["all", "half", "odd"]),
)
CREDITS = {
    "CreditNotes": "CreditNoteID",
    "Overpayments": "OverpaymentID",
    "Prepayments": "PrepaymentID",
}


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(CREATES, CREATES, CHANGES), min_size=1, max_size=14))
def test_trial_balance_is_always_zero_and_agrees_with_the_documents(steps: list[Any]) -> None:
    sandbox = Sandbox.open(SNAPSHOT, clock=Clock(), ids=seeded_ids(), limits=Limits.none())
    with asyncio.Runner() as runner:
        api = Api(sandbox, runner)
        for step in steps:
            if len(step) == 2:
                api.call("PUT", step[0], {step[0]: [step[1]]})
            else:
                change(api, *step)
            check(api)
    sandbox.close()


def change(api: Api, what: str, place: int, part: str) -> None:
    owed = api.get("Invoices", page=1)["Invoices"]
    if what == "unpay":
        for paid in api.get("Payments")["Payments"][:1]:
            api.call("POST", f"Payments/{paid['PaymentID']}", {"Status": "DELETED"})
    elif what == "unallocate":
        withdraw(api, place)
    elif owed:
        one = owed[place % len(owed)]
        due = Decimal(str(one["AmountDue"]))
        amount = {"all": due, "half": round(due / 2, 2), "odd": Decimal("0.37")}[part]
        if what == "pay":
            body = {
                "Invoice": {"InvoiceID": one["InvoiceID"]},
                "Account": {"Code": "090"},
                "Amount": str(amount),
                "Date": "2026-05-16",
            }
            api.call("PUT", "Payments", body)
        elif what == "allocate":
            allocate(api, one, place, amount)
        elif what == "void":
            api.call("POST", f"Invoices/{one['InvoiceID']}", {"Status": "VOIDED"})
        else:
            edit = {"LineItems": [*one["LineItems"], *one["LineItems"][:1]]}
            api.call("POST", f"Invoices/{one['InvoiceID']}", edit)


def credits(api: Api) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{endpoint}/{found[id_field]}/Allocations", found)
        for endpoint, id_field in CREDITS.items()
        for found in api.get(endpoint, page=1)[endpoint]
    ]


def allocate(api: Api, owed: dict[str, Any], place: int, amount: Decimal) -> None:
    if found := credits(api):
        path, credit = found[place % len(found)]
        most = min(amount, Decimal(str(credit["RemainingCredit"])))
        body = {"Amount": str(most), "Invoice": {"InvoiceID": owed["InvoiceID"]}}
        api.call("PUT", path, {"Allocations": [body]})


def withdraw(api: Api, place: int) -> None:
    made = [
        f"{path}/{use['AllocationID']}"
        for path, found in credits(api)
        for use in found["Allocations"]
    ]
    if made:
        api.call("DELETE", made[place % len(made)])


def check(api: Api) -> None:
    balances = api.sandbox.trial_balance()
    net = {row.code: row.debit - row.credit for row in balances}
    assert sum(net.values()) == 0
    for entry in api.sandbox.journals():
        assert sum(posting.amount for posting in entry.postings) == 0
    sides = {"ACCREC": Decimal(0), "ACCPAY": Decimal(0)}
    live = ("AUTHORISED", "PAID")
    for found in api.sandbox.documents("Invoices"):
        if found["Status"] in live:
            sides[found["Type"]] += found["AmountDue"]
    for endpoint in ("CreditNotes", "Overpayments"):
        for found in api.sandbox.documents(endpoint):
            if found["Status"] in live:
                sales = found["Type"] in ("ACCRECCREDIT", "RECEIVE-OVERPAYMENT")
                sides["ACCREC" if sales else "ACCPAY"] -= found["RemainingCredit"]
    assert net.get("610", 0) == sides["ACCREC"]
    assert net.get("800", 0) == -sides["ACCPAY"]


@given(
    st.lists(st.integers(-5_000, 5_000), min_size=1, max_size=5).filter(sum),
    st.lists(st.integers(1, 1_000), min_size=1, max_size=6),
)
def test_portions_add_up_to_the_whole(counts: list[int], weights: list[int]) -> None:
    coding = [Posting(str(place), Decimal(count) / 100) for place, count in enumerate(counts)]
    total = abs(sum((posting.amount for posting in coding), Decimal(0)))
    stops = [round(total * sum(weights[: n + 1]) / sum(weights), 2) for n in range(len(weights))]
    sums = [Decimal(0)] * len(coding)
    for before, after in zip([Decimal(0), *stops], stops, strict=False):
        part = portion(coding, total, before, after)
        assert abs(sum(posting.amount for posting in part)) == after - before
        sums = [old + posting.amount for old, posting in zip(sums, part, strict=True)]
    assert sums == [posting.amount for posting in coding]


def test_unbalanced_journal_is_never_written(sandbox: Sandbox) -> None:
    fees = next(iter(sandbox._chart.accounts))
    with pytest.raises(Unbalanced):
        post(sandbox._books(), "x", "TEST", Clock().now.date(), [Posting(fees, Decimal(1))])
    assert sandbox.journals() == []
