"""The official client works against the sandbox with nothing changed but the base URL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import uvicorn
from xero_python.accounting import (
    Account,
    AccountingApi,
    Allocation,
    Allocations,
    BankTransaction,
    BankTransactions,
    BankTransfer,
    BankTransfers,
    BatchPayment,
    BatchPaymentDelete,
    BatchPayments,
    Contact,
    Contacts,
    CreditNote,
    CreditNotes,
    HistoryRecord,
    HistoryRecords,
    Invoice,
    Invoices,
    LineAmountTypes,
    LineItem,
    ManualJournal,
    ManualJournalLine,
    ManualJournals,
    Payment,
    PaymentDelete,
    Payments,
)
from xero_python.api_client import ApiClient, Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException, HTTPStatusException
from xero_python.identity import IdentityApi

from pm2xero.sandbox import Limits, Sandbox

from .api import SNAPSHOT, seeded_ids

DAY = date(2026, 5, 4)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox.open(
        SNAPSHOT, clock=lambda: datetime.now(UTC), ids=seeded_ids(), limits=Limits.none()
    )
    server = uvicorn.Server(
        uvicorn.Config(sandbox.app, host="127.0.0.1", port=0, log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield sandbox, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    sandbox.close()


@pytest.fixture(scope="module")
def client(served: tuple[Sandbox, str]) -> ApiClient:
    _, root = served
    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id="id", client_secret="secret"))
    )
    held: dict[str, Any] = {}
    client.oauth2_token_getter(lambda: held)
    client.oauth2_token_saver(held.update)
    api = TokenApi(client, "id", "secret")
    api.client_credentials_token_url = f"{root}/connect/token"
    held.update(api.get_client_credentials_token(app_store_billing=False))
    client.set_oauth2_token(held)
    return client


@pytest.fixture(scope="module")
def accounting(served: tuple[Sandbox, str], client: ApiClient) -> AccountingApi:
    return AccountingApi(client, base_url=f"{served[1]}/api.xro/2.0")


@pytest.fixture(scope="module")
def tenant(served: tuple[Sandbox, str], client: ApiClient) -> str:
    identity = IdentityApi(client, base_url=served[1])
    (connection,) = identity.get_connections()
    return str(connection.tenant_id)


def lines(account: str, tax: str, amount: str) -> list[LineItem]:
    return [
        LineItem(
            description="Work",
            quantity=Decimal(1),
            unit_amount=Decimal(amount),
            account_code=account,
            tax_type=tax,
        )
    ]


def sale(number: str, **changes: Any) -> Invoice:
    fields = {
        "type": "ACCREC",
        "status": "AUTHORISED",
        "contact": Contact(name="Ann Client"),
        "date": DAY,
        "due_date": date(2026, 6, 3),
        "line_amount_types": LineAmountTypes.EXCLUSIVE,
        "invoice_number": number,
        "line_items": lines("200", "OUTPUT", "100.10"),
    }
    return Invoice(**{**fields, **changes})


def test_contacts(accounting: AccountingApi, tenant: str) -> None:
    made = accounting.create_contacts(
        tenant, Contacts(contacts=[Contact(name="Ann Client", contact_number="C1")])
    )
    listed = accounting.get_contacts(tenant, where='ContactNumber=="C1"', page=1)
    assert [one.contact_id for one in listed.contacts] == [made.contacts[0].contact_id]
    assert listed.pagination.item_count == 1


def test_invoices(accounting: AccountingApi, tenant: str) -> None:
    answer = accounting.create_invoices(
        tenant,
        Invoices(invoices=[sale("S1"), sale("S1")]),
        summarize_errors=False,
        idempotency_key="s1",
    )
    good, bad = answer.invoices
    assert (good.status_attribute_string, good.total, good.date) == ("OK", Decimal("110.11"), DAY)
    assert bad.validation_errors[0].message == "Invoice # must be unique."
    (listed,) = accounting.get_invoices(tenant, invoice_numbers=["S1"]).invoices
    assert listed.invoice_id == good.invoice_id
    (full,) = accounting.get_invoice(tenant, good.invoice_id).invoices
    assert full.line_items[0].tax_amount == Decimal("10.01")
    with pytest.raises(AccountingBadRequestException) as refusal:
        accounting.create_invoices(tenant, Invoices(invoices=[sale("S1")]))
    assert refusal.value.error_data["Type"] == "ValidationException"
    (voided,) = accounting.update_invoice(
        tenant, good.invoice_id, Invoices(invoices=[Invoice(status="VOIDED")])
    ).invoices
    assert voided.status == "VOIDED"


def test_payments(accounting: AccountingApi, tenant: str) -> None:
    (owed,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("P1")])).invoices
    payment = Payment(
        invoice=Invoice(invoice_id=owed.invoice_id),
        account=Account(code="090"),
        date=date(2026, 5, 5),
        amount=Decimal("60.11"),
        reference="R1",
    )
    (made,) = accounting.create_payments(tenant, Payments(payments=[payment])).payments
    payment.amount = Decimal("50")
    accounting.create_payment(tenant, payment)
    listed = accounting.get_payments(tenant, where='Reference=="R1"', page=1).payments
    assert sorted(one.amount for one in listed) == [Decimal(50), Decimal("60.11")]
    (gone,) = accounting.delete_payment(
        tenant, made.payment_id, PaymentDelete(status="DELETED")
    ).payments
    assert gone.status == "DELETED"
    (left,) = accounting.get_invoice(tenant, owed.invoice_id).invoices
    assert (left.status, left.amount_due) == ("AUTHORISED", Decimal("60.11"))


def test_batch_payments(accounting: AccountingApi, tenant: str) -> None:
    (owed,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("B1")])).invoices
    batch = BatchPayment(
        account=Account(code="090"),
        date=DAY,
        payments=[Payment(invoice=Invoice(invoice_id=owed.invoice_id), amount=Decimal("10"))],
    )
    (made,) = accounting.create_batch_payment(
        tenant, BatchPayments(batch_payments=[batch])
    ).batch_payments
    assert accounting.get_batch_payments(tenant).batch_payments
    body = BatchPaymentDelete(batch_payment_id=made.batch_payment_id, status="DELETED")
    (gone,) = accounting.delete_batch_payment(tenant, body).batch_payments
    assert gone.status == "DELETED"


def test_credit_notes_and_allocations(accounting: AccountingApi, tenant: str) -> None:
    (owed,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("C1")])).invoices
    note = CreditNote(
        type="ACCRECCREDIT",
        status="AUTHORISED",
        contact=Contact(name="Ann Client"),
        date=DAY,
        line_items=lines("200", "OUTPUT", "20"),
    )
    (credit,) = accounting.create_credit_notes(
        tenant, CreditNotes(credit_notes=[note])
    ).credit_notes
    allocation = Allocation(
        amount=Decimal("22"), date=DAY, invoice=Invoice(invoice_id=owed.invoice_id)
    )
    (made,) = accounting.create_credit_note_allocation(
        tenant, credit.credit_note_id, Allocations(allocations=[allocation])
    ).allocations
    assert made.amount == Decimal(22)
    (used,) = accounting.get_credit_note(tenant, credit.credit_note_id).credit_notes
    assert (used.status, used.allocations[0].allocation_id) == ("PAID", made.allocation_id)
    gone = accounting.delete_credit_note_allocations(
        tenant, credit.credit_note_id, made.allocation_id
    )
    assert gone.is_deleted is True


def test_bank_transactions_and_transfers(accounting: AccountingApi, tenant: str) -> None:
    spend = BankTransaction(
        type="SPEND",
        contact=Contact(name="Landlord"),
        bank_account=Account(code="090"),
        date=DAY,
        line_amount_types=LineAmountTypes.INCLUSIVE,
        line_items=lines("469", "INPUT", "110"),
        reference="R9",
    )
    (made,) = accounting.create_bank_transactions(
        tenant, BankTransactions(bank_transactions=[spend])
    ).bank_transactions
    assert (made.total, made.total_tax) == (Decimal(110), Decimal(10))
    accounting.create_bank_transaction_history_record(
        tenant,
        made.bank_transaction_id,
        HistoryRecords(history_records=[HistoryRecord(details="note")]),
    )
    history = accounting.get_bank_transactions_history(tenant, made.bank_transaction_id)
    assert history.history_records[0].details == "note"
    (gone,) = accounting.update_bank_transaction(
        tenant,
        made.bank_transaction_id,
        BankTransactions(
            bank_transactions=[
                BankTransaction(
                    status="DELETED", type="SPEND", line_items=[], bank_account=Account(code="090")
                )
            ]
        ),
    ).bank_transactions
    assert gone.status == "DELETED"
    transfer = BankTransfer(
        from_bank_account=Account(code="090"),
        to_bank_account=Account(code="092"),
        amount=Decimal("5"),
        date=DAY,
    )
    accounting.create_bank_transfer(tenant, BankTransfers(bank_transfers=[transfer]))
    assert len(accounting.get_bank_transfers(tenant).bank_transfers) == 1
    kinds = {one.type for one in accounting.get_bank_transactions(tenant).bank_transactions}
    assert {"SPEND", "SPEND-TRANSFER", "RECEIVE-TRANSFER"} <= kinds


def test_manual_journals(accounting: AccountingApi, tenant: str) -> None:
    entry = ManualJournal(
        narration="Correction",
        status="POSTED",
        date=DAY,
        journal_lines=[
            ManualJournalLine(line_amount=Decimal("25"), account_code="469"),
            ManualJournalLine(line_amount=Decimal("-25"), account_code="870"),
        ],
    )
    (made,) = accounting.create_manual_journals(
        tenant, ManualJournals(manual_journals=[entry])
    ).manual_journals
    listed = accounting.get_manual_journals(tenant, where='Narration=="Correction"', page=1)
    assert [one.manual_journal_id for one in listed.manual_journals] == [made.manual_journal_id]
    assert listed.manual_journals[0].journal_lines[1].line_amount == Decimal(-25)


def test_settings_and_report(accounting: AccountingApi, tenant: str) -> None:
    assert accounting.get_organisations(tenant).organisations[0].base_currency.value == "AUD"
    assert accounting.get_organisation_actions(tenant).actions
    assert len(accounting.get_accounts(tenant, where='Type=="BANK"').accounts) == 3
    assert {rate.tax_type for rate in accounting.get_tax_rates(tenant).tax_rates} >= {"OUTPUT"}
    (report,) = accounting.get_report_trial_balance(tenant, date=date(2026, 12, 31)).reports
    assert report.report_name == "Trial Balance"
    assert accounting.get_overpayments(tenant).overpayments == []
    assert accounting.get_prepayments(tenant).prepayments == []


def test_not_found(accounting: AccountingApi, tenant: str) -> None:
    with pytest.raises(HTTPStatusException) as refusal:
        accounting.get_invoice(tenant, "0b3bb1a3-0000-4000-8000-000000000000")
    assert refusal.value.status == 404
