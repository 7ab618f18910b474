"""Proofs about a pack: gaps, conflicts, rules that never apply and rules that add nothing."""

from __future__ import annotations

from pm2xero.prove.example import Example, ProofFinding, replay
from pm2xero.prove.prove import ProofReport, Prover, prove
from pm2xero.prove.why_not import Change, WhyNot, why_not

__all__ = [
    "Change",
    "Example",
    "ProofFinding",
    "ProofReport",
    "Prover",
    "WhyNot",
    "prove",
    "replay",
    "why_not",
]
