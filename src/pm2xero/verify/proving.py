"""What `validate` proves of a whole pack: one outcome for everything, every rule of use, sound."""

from __future__ import annotations

from collections.abc import Iterable

from pm2xero.errors import Finding
from pm2xero.verify.subject import Subject
from pm2xero.verify.validate import Prove


def prover(*, soundness: int = 0) -> Prove:
    """The proofs, sharing between regions what is the same in them.

    Args:
        soundness: how many transactions of each kind are booked to see that mappings do what
            their kinds declare; 0 leaves that out.
    """
    from pm2xero.verify.proofs import Prover

    shared = Prover()

    def prove(subject: Subject) -> tuple[Iterable[Finding], str]:
        if subject.example is None:
            return (), "not proven: there is no firm and no example of this region to prove it for"
        report = shared.prove(subject.pack, subject.example)
        findings: list[Finding] = list(report.findings)
        sentences = [report.sentence]
        if soundness:
            from pm2xero.verify.soundness import check_soundness

            sound = check_soundness(subject.pack, subject.example, per_kind=soundness)
            findings += sound.findings
            sentences.append(sound.sentence)
        return findings, "; ".join(sentences)

    return prove
