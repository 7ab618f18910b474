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
    Accounts,
    AccountType,
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


def test_lists_are_filtered_ordered_and_cut_down(accounting: AccountingApi, tenant: str) -> None:
    people = [Contact(name="Zoë Brandt", first_name="Zoë"), Contact(name="Zack & Sons")]
    accounting.create_contacts(tenant, Contacts(contacts=people))
    for number in ("L1", "L2", "M1"):
        accounting.create_invoices(tenant, Invoices(invoices=[sale(number)]))

    def numbers(**query: Any) -> list[str]:
        return [one.invoice_number for one in accounting.get_invoices(tenant, **query).invoices]

    assert numbers(where='InvoiceNumber.StartsWith("L")', order="InvoiceNumber DESC") == [
        "L2",
        "L1",
    ]
    several = '(InvoiceNumber=="L1" OR InvoiceNumber=="M1") AND Contact.Name.Contains("ann")'
    assert numbers(where=several, order="InvoiceNumber") == ["L1", "M1"]
    assert numbers(search_term="l2") == ["L2"]
    (short,) = accounting.get_invoices(
        tenant, invoice_numbers=["L1"], page=1, summary_only=True
    ).invoices
    assert (short.line_items, short.amount_due) == (None, Decimal("110.11"))
    (found,) = accounting.get_contacts(tenant, search_term="zoe", summary_only=True).contacts
    assert found.name == "Zoë Brandt"
    later = datetime(2100, 1, 1, tzinfo=UTC)
    assert accounting.get_invoices(tenant, if_modified_since=later).invoices == []
    assert accounting.get_accounts(tenant, if_modified_since=later).accounts == []


def test_what_was_read_can_be_sent_back(accounting: AccountingApi, tenant: str) -> None:
    (made,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("W1")])).invoices
    (read,) = accounting.get_invoice(tenant, made.invoice_id).invoices
    read.reference = "as agreed"
    (changed,) = accounting.update_invoice(
        tenant, made.invoice_id, Invoices(invoices=[read])
    ).invoices
    assert (changed.reference, changed.total) == ("as agreed", made.total)
    new = Account(code="299", name="Sundry", type=AccountType.REVENUE, tax_type="OUTPUT")
    (account,) = accounting.create_account(tenant, new).accounts
    account.name = "Sundries"
    answer = accounting.update_account(tenant, account.account_id, Accounts(accounts=[account]))
    assert (answer.accounts[0].name, answer.accounts[0].code) == ("Sundries", "299")


def test_voided_number_stays_taken_unless_it_is_renamed_first(
    accounting: AccountingApi, tenant: str
) -> None:
    def changed(id_: str, **fields: Any) -> None:
        accounting.update_invoice(tenant, id_, Invoices(invoices=[Invoice(**fields)]))

    (first,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("V1")])).invoices
    changed(first.invoice_id, status="VOIDED")
    with pytest.raises(AccountingBadRequestException):
        accounting.create_invoices(tenant, Invoices(invoices=[sale("V1")]))
    (second,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("V2")])).invoices
    changed(second.invoice_id, invoice_number="V2/void")
    changed(second.invoice_id, status="VOIDED")
    accounting.create_invoices(tenant, Invoices(invoices=[sale("V2")]))


def test_valid_elements_of_a_refused_call_are_kept(accounting: AccountingApi, tenant: str) -> None:
    with pytest.raises(AccountingBadRequestException):
        accounting.create_invoices(
            tenant, Invoices(invoices=[sale("K1"), sale("K2", due_date=None)])
        )
    kept = accounting.get_invoices(tenant, invoice_numbers=["K1", "K2"]).invoices
    assert [one.invoice_number for one in kept] == ["K1"]


def test_merged_contacts_and_accounts_without_code(
    served: tuple[Sandbox, str], accounting: AccountingApi, tenant: str
) -> None:
    sandbox, _ = served
    first, second = accounting.create_contacts(
        tenant, Contacts(contacts=[Contact(name="Old name"), Contact(name="New name")])
    ).contacts
    sandbox.merge_contacts(first.contact_id, second.contact_id)
    (merged,) = accounting.get_contact(tenant, first.contact_id).contacts
    assert merged.contact_status == "ARCHIVED"
    assert merged.merged_to_contact_id == second.contact_id
    new = Account(name="Till", type=AccountType.BANK, bank_account_number="77")
    (bank,) = accounting.create_account(tenant, new).accounts
    assert bank.code is None
    (owed,) = accounting.create_invoices(tenant, Invoices(invoices=[sale("T1")])).invoices
    paid = Payment(
        invoice=Invoice(invoice_id=owed.invoice_id),
        account=Account(account_id=bank.account_id),
        date=DAY,
        amount=Decimal("1"),
    )
    (made,) = accounting.create_payments(tenant, Payments(payments=[paid])).payments
    assert made.account.account_id == bank.account_id


def test_short_lists(accounting: AccountingApi, tenant: str) -> None:
    (currency,) = accounting.get_currencies(tenant).currencies
    assert currency.code.value == "AUD"
    (theme,) = accounting.get_branding_themes(tenant).branding_themes
    (same,) = accounting.get_branding_theme(tenant, theme.branding_theme_id).branding_themes
    assert same.name == theme.name == "Standard"
    assert accounting.get_tracking_categories(tenant).tracking_categories == []
    assert accounting.get_items(tenant).items == []


def test_not_found(accounting: AccountingApi, tenant: str) -> None:
    with pytest.raises(HTTPStatusException) as refusal:
        accounting.get_invoice(tenant, "0b3bb1a3-0000-4000-8000-000000000000")
    assert refusal.value.status == 404
