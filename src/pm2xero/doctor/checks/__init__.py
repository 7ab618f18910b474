"""The checks, each by the name that its fact in `facts.yaml` gives; the fact says what it does."""

from pm2xero.doctor.checks import (  # noqa: F401  # each gives its checks their names
    bank,
    changes,
    contacts,
    credits,
    headers,
    invoices,
    journals,
    keys,
    notes,
)
from pm2xero.doctor.checks.check import CHECKS, Check, Told

__all__ = ["CHECKS", "Check", "Told"]
