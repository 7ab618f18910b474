from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.errors import PackError
from pm2xero.xero.client import Response
from pm2xero.xero.errors import ErrorTable, load_errors, messages_of, messages_of_answer

TABLE = load_errors()

# Documented by Xero, reported by its users, or said by the emulated organisation.
ELEMENTS = [
    ("The document date cannot be before the end of year lock date, currently set at 31-Jul-2013", "period_locked"),
    ("The document date cannot be before the period lock date, currently set at 31-Mar-2026", "period_locked"),
    ("Invoice # must be unique.", "number_taken"),
    ("Credit Note # must be unique.", "number_taken"),
    ("Account code '444' has been archived, or has been deleted. Each line item must reference a valid account.", "account_archived"),
    ("Account code ''476'' has been removed as it does not match a recognised account.", "account_removed"),
    ("Account code '999' is not a valid code for this document.", "account_invalid"),
    ("Account code must be specified", "account_invalid"),
    ("Account code '200' must be of type BANK or have payments enabled", "account_not_payable"),
    ("Account must be valid", "account_not_payable"),
    ("The BankAccount must be an active account of type BANK", "account_not_payable"),
    ("The TaxType code 'X' cannot be used with account code '200'.", "tax_type"),
    ("The TaxType code 'X' does not exist or cannot be used for this type of transaction.", "tax_type"),
    ("Tax rate must be Active", "tax_type"),
    ("Organisation is not subscribed to currency EUR", "currency"),
    ("Bank transfers between accounts of different currencies are not supported", "currency"),
    ("The specified contact details matched an archived contact. Archived contacts cannot currently be edited via the API.", "contact_archived"),
    ("The contact name Ann is already assigned to another contact. The contact name must be unique across all active contacts.", "contact_name_taken"),
    ("The contact number 101 is already assigned to another contact.", "contact_number_taken"),
    ("The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber", "contact_missing"),
    ("Payment amount exceeds the amount outstanding on this document", "amount_exceeds"),
    ("The amount exceeds the remaining credit", "amount_exceeds"),
    ("Payments can only be made against Authorised documents", "not_authorised"),
    ("Credits can only be allocated to and from Authorised documents", "not_authorised"),
    ("Invoice not of valid status for modification", "not_authorised"),
    ("This document cannot be edited as it has a payment or credit note allocated to it.", "has_payments"),
    ("The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it.", "has_payments"),
    ("This payment has been reconciled and cannot be deleted", "reconciled"),
    ("This payment has already been deleted", "gone_already"),
    ("This payment is part of a batch payment and cannot be deleted on its own", "part_of_batch"),
    ("The credit and the invoice must have the same contact", "same_contact"),
    ("An existing Credit Note with the specified CreditNoteID could not be found", "document_missing"),
    ("Invoice could not be found", "document_missing"),
    ("Only Status accepted for updates.", "only_status"),
    ("The document DueDate field must be specified.", "due_date_missing"),
    ("The total debits (100.00) must equal total credits (-10.00)", "does_not_balance"),
    ("The line total 5 does not match the expected line total 6", "line_total"),
    ("The transaction total must be greater than zero", "not_positive"),
    ("Description must not be longer than 4000 characters", "too_long"),
    ("Something that nobody has heard before", "refused"),
]  # fmt: skip

ANSWERS = [
    (401, {"Title": "Unauthorized", "Detail": "TokenExpired: token expired at 1"}, "token_expired", "stop"),
    (401, {"Title": "Unauthorized", "Detail": "AuthorizationUnsuccessful"}, "scope_missing", "stop"),
    (401, {"Title": "Unauthorized", "Detail": "AuthenticationUnsuccessful"}, "not_signed_in", "stop"),
    (403, {"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, "wrong_tenant", "stop"),
    (412, None, "precondition", "stop"),
    (404, None, "not_found", "person"),
    (429, None, "too_many_calls", "retry"),
    (500, None, "server_fault", "lookup"),
    (501, None, "not_implemented", "person"),
    (503, None, "offline", "retry"),
    (
        400,
        {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": "The string 'x' is not a valid AllXsd value."},
        "bad_date",
        "reject",
    ),
    (400, {"Type": "PostDataInvalidException", "Message": "The body is not valid JSON"}, "unreadable", "reject"),
    (
        400,
        {"Type": "ValidationException", "Message": "Idempotency Key: k is used with a different request.", "Elements": []},
        "key_conflict",
        "lookup",
    ),
    (
        400,
        {"Type": "ValidationException", "Message": "A validation exception occurred", "Elements": [{"ValidationErrors": [{"Message": "Invoice # must be unique."}]}]},
        "number_taken",
        "adopt",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "cause"), ELEMENTS)
def test_messages_of_documents(message: str, cause: str) -> None:
    assert TABLE.classify(400, [message]).entry.id == cause


@pytest.mark.parametrize(("status", "body", "cause", "treat"), ANSWERS)
def test_answers_to_whole_calls(
    status: int, body: dict[str, object] | None, cause: str, treat: str
) -> None:
    refusal = TABLE.classify_answer(Response(status, {}, body, ""))
    assert (refusal.entry.id, refusal.entry.treat) == (cause, treat)


def test_the_sentence_says_the_meaning_and_every_word_of_xero() -> None:
    refusal = TABLE.classify(400, ["Invoice # must be unique.", "The DueDate is missing."])
    assert refusal.sentence == (
        "Another document in Xero has this number. "
        "Xero says: Invoice # must be unique; The DueDate is missing"
    )


def test_messages_stand_in_elements_and_in_their_parts_once_each() -> None:
    element = {
        "ValidationErrors": [{"Message": "one"}],
        "Payments": [{"ValidationErrors": [{"Message": "two"}, {"Message": "one"}]}],
        "Contact": {"ValidationErrors": [{"Message": "three"}]},
    }
    assert messages_of(element) == ["one", "two", "three"]


def test_pages_of_html_are_no_message() -> None:
    assert messages_of_answer(Response(404, {}, None, "<html>x</html>")) == []
    assert messages_of_answer(Response(503, {}, None, "Down")) == ["Down"]


def test_an_entry_can_be_asked_for_by_its_cause() -> None:
    entry = TABLE.entry("period_locked")
    assert entry is not None
    assert "lock date" in entry.remedy
    assert TABLE.entry("nothing") is None


def load(path: Path, text: str) -> ErrorTable:
    path.write_text(text)
    return load_errors(path)


DEFAULT = "default: { id: other, treat: person, say: no, remedy: none }\n"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{ id: a, when: { message: '(' }, treat: person, say: x, remedy: y }", "PX108"),
        ("{ id: a, when: { message: x }, treat: ignore, say: x, remedy: y }", "PX104"),
        ("{ id: a, when: {}, treat: person, say: x, remedy: y }", "PX109"),
        ("{ id: a, when: { message: x }, treat: person, say: x }", "PX106"),
        ("{ id: a, when: { text: x }, treat: person, say: x, remedy: y }", "PX105"),
    ],
)
def test_faults_of_the_table_are_told_with_their_place(
    tmp_path: Path, entry: str, code: str
) -> None:
    with pytest.raises(PackError) as fault:
        load(tmp_path / "errors.yaml", f"spec: 1\nerrors:\n  - {entry}\n{DEFAULT}")
    assert [finding.code for finding in fault.value.findings] == [code]
    at = fault.value.findings[0].at
    assert at is not None
    assert (at.file, at.line) == ("errors.yaml", 3)


def test_an_id_must_not_stand_twice(tmp_path: Path) -> None:
    entry = "  - { id: a, when: { message: x }, treat: person, say: x, remedy: y }\n"
    with pytest.raises(PackError, match='the id "a" stands twice'):
        load(tmp_path / "errors.yaml", f"spec: 1\nerrors:\n{entry}{entry}{DEFAULT}")
