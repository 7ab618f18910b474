"""The sandbox: an emulated Xero organisation with a real double-entry ledger."""

from pm2xero.sandbox.dispatch import Call
from pm2xero.sandbox.ledger import AccountBalance, Journal, Posting
from pm2xero.sandbox.limits import Limits
from pm2xero.sandbox.reply import Reply
from pm2xero.sandbox.sandbox import Sandbox, load_snapshot
from pm2xero.sandbox.unkindness import Unkindness

__all__ = [
    "AccountBalance",
    "Call",
    "Journal",
    "Limits",
    "Posting",
    "Reply",
    "Sandbox",
    "Unkindness",
    "load_snapshot",
]
