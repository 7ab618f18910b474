"""Bodies that Xero takes, by the file of their schema: the material of the schema tests."""

from __future__ import annotations

from typing import Any

A = "0f3c2b1a-5d4e-4f60-8a7b-9c8d7e6f5a4b"
B = "1f3c2b1a-5d4e-4f60-8a7b-9c8d7e6f5a4b"

LINE: dict[str, Any] = {
    "Description": "Professional fees",
    "Quantity": 1,
    "UnitAmount": 1750.14,
    "LineAmount": 1750.14,
    "AccountCode": "200",
    "TaxType": "OUTPUT",
    "TaxAmount": 175.01,
}
LINE_BY_ID = {k: v for k, v in LINE.items() if k != "AccountCode"} | {"AccountID": A}
PLAIN_LINE = {"Description": "Funds held", "Quantity": 1, "UnitAmount": 0.07, "AccountCode": "870"}
TRACKING = [
    {"Name": "Office", "Option": "City"},
    {"TrackingCategoryID": A, "TrackingOptionID": B},
]

INVOICE: dict[str, Any] = {
    "Type": "ACCREC",
    "Status": "AUTHORISED",
    "Contact": {"ContactNumber": "101", "Name": "Priya Raman"},
    "Date": "2026-05-04",
    "DueDate": "2026-06-03",
    "LineAmountTypes": "Exclusive",
    "InvoiceNumber": "INV-1001",
    "Reference": "1001",
    "LineItems": [LINE, {**LINE, "UnitAmount": -0.07, "TaxAmount": -0.01}, LINE],
}
BILL: dict[str, Any] = {
    "Type": "ACCPAY",
    "Status": "AUTHORISED",
    "Contact": {"ContactID": "<ContactID of 201>"},
    "Date": "2028-02-29",
    "DueDate": "2028-02-29",
    "LineAmountTypes": "Inclusive",
    "LineItems": [LINE],
}
CREDIT: dict[str, Any] = {
    "Type": "ACCRECCREDIT",
    "Status": "AUTHORISED",
    "Contact": {"ContactID": A},
    "Date": "2026-05-05",
    "LineAmountTypes": "Exclusive",
    "CreditNoteNumber": "CN-1",
    "Reference": "1001",
    "LineItems": [LINE],
}
SPEND: dict[str, Any] = {
    "Type": "SPEND",
    "Contact": {"Name": "State Revenue Office"},
    "BankAccount": {"Code": "092"},
    "Date": "2026-05-12",
    "LineAmountTypes": "NoTax",
    "LineItems": [PLAIN_LINE],
    "Reference": "TP-1",
}
PAYMENT: dict[str, Any] = {
    "Invoice": {"InvoiceID": "<InvoiceID of EX-0007>"},
    "Account": {"Code": "090"},
    "Date": "2026-05-10",
    "Amount": 3000,
    "Reference": "R-1",
}
OVERPAYMENT: dict[str, Any] = {
    "Type": "RECEIVE-OVERPAYMENT",
    "Contact": {"Name": "Ada Ng", "ContactNumber": "102"},
    "BankAccount": {"Code": "090"},
    "Date": "2026-05-10",
    "LineAmountTypes": "NoTax",
    "LineItems": [
        {"Description": "EX-0009", "Quantity": 1, "UnitAmount": 130.5, "LineAmount": 130.5}
    ],
}
BATCH: dict[str, Any] = {
    "Account": {"AccountID": A},
    "Date": "2026-05-10",
    "Payments": [
        {"Invoice": {"InvoiceID": A}, "Amount": 19.99},
        {"Invoice": {"InvoiceID": "<InvoiceID of EX <1>>"}, "Amount": 123456789.07},
    ],
}
TRANSFER: dict[str, Any] = {
    "FromBankAccount": {"Code": "090"},
    "ToBankAccount": {"AccountID": A},
    "Amount": 9999999999.99,
    "Date": "2026-05-13",
    "Reference": "TT-1",
}
JOURNAL: dict[str, Any] = {
    "Narration": "Trust journal TJ-1",
    "Status": "POSTED",
    "Date": "2026-05-13",
    "LineAmountTypes": "NoTax",
    "JournalLines": [
        {"LineAmount": 4500, "AccountCode": "870", "Description": "From matter 1002"},
        {"LineAmount": -4500, "AccountID": A},
    ],
}
CONTACT: dict[str, Any] = {"Name": "Kestrel Holdings Pty Ltd", "ContactNumber": "102"}
FULL_CONTACT: dict[str, Any] = {
    **CONTACT,
    "AccountNumber": "A-1",
    "ContactStatus": "ACTIVE",
    "FirstName": "Kim",
    "LastName": "Müller",
    "CompanyNumber": "C-1",
    "EmailAddress": "kim@kestrel.example",
    "ContactPersons": [{"FirstName": "Ada", "LastName": "Kim", "IncludeInEmails": True}],
    "BankAccountDetails": "01-0123-0123456-00",
    "TaxNumber": "51 824 753 556",
    "AccountsReceivableTaxType": "OUTPUT",
    "AccountsPayableTaxType": "INPUT",
    "Addresses": [
        {
            "AddressType": "POBOX",
            "AddressLine1": "PO Box 1",
            "AddressLine2": "",
            "AddressLine3": "",
            "AddressLine4": "",
            "City": "Wellington",
            "Region": "",
            "PostalCode": "6011",
            "Country": "New Zealand",
            "AttentionTo": "Accounts",
        }
    ],
    "Phones": [
        {
            "PhoneType": "MOBILE",
            "PhoneNumber": "000 000",
            "PhoneAreaCode": "400",
            "PhoneCountryCode": "61",
        }
    ],
    "DefaultCurrency": "AUD",
    "XeroNetworkKey": "K-1",
    "SalesDefaultAccountCode": "200",
    "PurchasesDefaultAccountCode": "400",
    "SalesDefaultLineAmountType": "EXCLUSIVE",
    "SalesTrackingCategories": [{"TrackingCategoryName": "Office", "TrackingOptionName": "City"}],
    "PaymentTerms": {"Sales": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}},
}
DELETED = {"Status": "DELETED"}

GOOD: dict[str, list[dict[str, Any]]] = {
    "put.Invoices": [
        INVOICE,
        BILL,
        {
            **INVOICE,
            "LineItems": [{**LINE, "DiscountRate": 12.5, "Tracking": TRACKING, "ItemCode": "I"}],
        },
        {**INVOICE, "LineItems": [PLAIN_LINE], "LineAmountTypes": "NoTax"},
        {**INVOICE, "CurrencyCode": "AUD", "CurrencyRate": 0.731234, "Url": "https://pm.example/1"},
        {**INVOICE, "ExpectedPaymentDate": "2026-07-01", "SentToContact": True},
        {**BILL, "InvoiceNumber": "CO-5501", "PlannedPaymentDate": "2028-03-01"},
        {**BILL, "BrandingThemeID": A, "LineItems": [{**LINE, "Description": "x" * 4000}]},
        {**INVOICE, "LineItems": [{**LINE, "DiscountAmount": 0.5}, LINE_BY_ID]},
    ],
    "post.Invoices": [
        {"InvoiceID": A, "Status": "VOIDED"},
        {"InvoiceID": "<InvoiceID of EX-0007>", "DueDate": "2026-06-30"},
        {"InvoiceID": A, "Type": "ACCREC", "Reference": "1002"},
        {"InvoiceID": A, **INVOICE, "LineItems": [{**LINE, "LineItemID": B}, LINE]},
        {"InvoiceID": A, "LineAmountTypes": "NoTax", "LineItems": [PLAIN_LINE]},
        {
            "InvoiceID": A,
            **INVOICE,
            "LineItems": [{**LINE, "DiscountRate": 5, "ItemCode": "I"}, LINE_BY_ID],
        },
        {
            "InvoiceID": A,
            "Type": "ACCREC",
            "ExpectedPaymentDate": "2026-07-01",
            "SentToContact": True,
            "LineAmountTypes": "Exclusive",
            "LineItems": [{**LINE, "DiscountAmount": 1}],
        },
    ],
    "put.CreditNotes": [
        {**CREDIT, "LineItems": [{**LINE, "ItemCode": "I"}, LINE_BY_ID]},
        {
            **{k: v for k, v in CREDIT.items() if k not in ("CreditNoteNumber", "Reference")},
            "Type": "ACCPAYCREDIT",
        },
    ],
    "post.CreditNotes": [
        {"CreditNoteID": A, "Status": "VOIDED"},
        {"CreditNoteID": A, "Type": "ACCRECCREDIT", "Reference": "1002"},
        {
            "CreditNoteID": A,
            **CREDIT,
            "LineItems": [{**LINE, "LineItemID": B, "ItemCode": "I"}, LINE_BY_ID],
        },
    ],
    "put.CreditNotes.Allocations": [
        {
            "Allocations": [
                {"Invoice": {"InvoiceID": A}, "Amount": 60.5, "Date": "2026-05-05"},
                {
                    "Invoice": {"InvoiceID": "<InvoiceID of EX-0002>"},
                    "Amount": 0.01,
                    "Date": "2026-05-05",
                },
            ]
        }
    ],
    "put.Overpayments.Allocations": [
        {
            "Allocations": [
                {"Invoice": {"InvoiceID": A}, "Amount": 60.5, "Date": "2026-05-05"},
            ]
        }
    ],
    "put.Overpayments": [
        OVERPAYMENT,
        {
            **OVERPAYMENT,
            "Type": "SPEND-OVERPAYMENT",
            "Status": "AUTHORISED",
            "BankAccount": {"AccountID": A},
            "Url": "https://pm.example/1",
        },
    ],
    "put.Payments": [
        PAYMENT,
        {
            **{k: v for k, v in PAYMENT.items() if k != "Invoice"},
            "CreditNote": {"CreditNoteID": A},
        },
        {
            **{k: v for k, v in PAYMENT.items() if k != "Invoice"},
            "Prepayment": {"PrepaymentID": A},
        },
        {
            **{k: v for k, v in PAYMENT.items() if k != "Invoice"},
            "Overpayment": {"OverpaymentID": A},
        },
        {**PAYMENT, "Account": {"AccountID": A}, "BankAmount": 1.1, "IsReconciled": False},
    ],
    "post.Payments": [DELETED],
    "put.BatchPayments": [
        BATCH,
        {**BATCH, "Reference": "R-1", "Particulars": "P", "Code": "C", "Narrative": "N"},
        {
            **BATCH,
            "Details": "D",
            "Payments": [
                {
                    "Invoice": {"InvoiceID": A},
                    "Amount": 1.1,
                    "BankAccountNumber": "01-0123-0123456-00",
                    "Particulars": "P",
                    "Code": "C",
                    "Reference": "R",
                    "Details": "D",
                }
            ],
        },
    ],
    "post.BatchPayments": [DELETED],
    "put.BankTransactions": [
        SPEND,
        {**SPEND, "Type": "RECEIVE", "Status": "AUTHORISED", "Url": "https://pm.example/2"},
        {**SPEND, "IsReconciled": True, "LineItems": [LINE, {**LINE, "UnitAmount": -0.5}]},
        {
            **SPEND,
            "LineAmountTypes": "Exclusive",
            "LineItems": [{**LINE, "ItemCode": "I"}, LINE_BY_ID],
        },
    ],
    "post.BankTransactions": [DELETED],
    "put.BankTransfers": [
        TRANSFER,
        {**TRANSFER, "FromIsReconciled": True, "ToIsReconciled": True},
        {**TRANSFER, "FromTracking": [{"TrackingCategoryID": A, "TrackingOptionID": B}]},
    ],
    "post.BankTransfers": [DELETED],
    "put.ManualJournals": [
        JOURNAL,
        {
            **JOURNAL,
            "LineAmountTypes": "Exclusive",
            "ShowOnCashBasisReports": False,
            "JournalLines": [
                {
                    "LineAmount": 10.1,
                    "AccountCode": "400",
                    "TaxType": "INPUT",
                    "Tracking": TRACKING,
                },
                {"LineAmount": -10.1, "AccountCode": "401", "TaxType": "INPUT"},
            ],
        },
    ],
    "post.ManualJournals": [
        {"ManualJournalID": A, "Status": "VOIDED"},
        {
            "ManualJournalID": "<ManualJournalID of EX-0016>",
            "Status": "VOIDED",
            "Narration": "Trust journal TJ-1",
        },
    ],
    "put.Contacts": [{"Name": "Priya Raman"}, CONTACT, FULL_CONTACT],
    "post.Contacts": [
        {"ContactID": A, "ContactStatus": "ARCHIVED"},
        {"ContactID": "<ContactID of 101>", "ContactNumber": "101"},
        {"ContactID": A, **FULL_CONTACT},
    ],
    "put.History": [{"Details": "x" * 250}],
}
