"""What `validate` proves of a whole pack: one outcome for everything, every rule of use, sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from pm2xero.errors import Finding
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.model import Pack
from pm2xero.validate.run import Prove
from pm2xero.validate.subject import Subject

if TYPE_CHECKING:
    from pm2xero.validate.kept.proofs import KeptProofs

Booking = Literal["once", "every", "off"]
# Transactions of each kind that are booked at least; each branch of a mapping is taken besides.
PER_KIND = {"once": 2, "every": 12}


def prover(booking: Booking = "off", kept: KeptProofs | None = None) -> Prove:
    """The proofs, sharing between regions what is the same in them.

    Args:
        booking: whether generated transactions are booked to see that mappings do what their kinds
            declare: `once` for each mapping of a kind, in the first region that has it so; or in
            `every` region, with its own accounts and tax types.
        kept: what was proven before by the same product.
    """
    from pm2xero.prove import Prover

    shared = Prover(kept)
    booked = _Booked()

    def prove(subject: Subject) -> tuple[Iterable[Finding], str]:
        if subject.example is None:
            return (), "not proven: there is no firm and no example of this region to prove it for"
        report = shared.prove(subject.pack, subject.example)
        findings: list[Finding] = list(report.findings)
        sentences = [report.sentence]
        if subject.firm is not None:
            from pm2xero.prove.posting import nothing_posted

            nothing = nothing_posted(subject.pack, subject.firm)
            findings += [nothing] if nothing else []
        # While rules contradict each other nobody knows what a document is booked by.
        is_torn = any(f.code == "PX602" for f in report.findings)
        kinds = booked.new(subject.pack) if booking != "off" and not is_torn else set[str]()
        if kinds:
            only = None if booking == "every" else kinds
            found, sentence = _book(subject.pack, subject.example, booking, only, kept)
            findings += found
            sentences.append(sentence)
        if kept is not None:
            kept.save()
        if booking == "every":
            booked.forget()
        return findings, "; ".join(sentences)

    return prove


def _book(
    pack: Pack, firm: Organisation, booking: Booking, only: set[str] | None,
    kept: KeptProofs | None,
) -> tuple[tuple[Finding, ...], str]:  # fmt: skip
    """Book generated transactions, unless the very same were booked before."""

    from pm2xero.validate.soundness import check_soundness

    recall = None
    if kept is not None:
        from pm2xero.render.templates import environment
        from pm2xero.validate.kept.proofs import KeptTrials

        recall = KeptTrials(kept, (booking,), environment(pack.template_dirs))
    sound = check_soundness(pack, firm, per_kind=PER_KIND[booking], only=only, recall=recall)
    return sound.findings, sound.sentence


class _Booked:
    """Kinds that were booked with the very same postings and requests."""

    def __init__(self) -> None:
        # What is compared by identity is kept, so that nothing else can take its place.
        self._seen: dict[tuple[int, ...], tuple[object, ...]] = {}

    def new(self, pack: Pack) -> set[str]:
        """The kinds of a pack that are posted, and were not booked like this before."""
        found = set()
        for name, kind in pack.kinds.items():
            mappings = {
                str(r.mapping) for r in pack.rules_of(name) if r.outcome == "post" and r.mapping
            }
            parts = (kind, *(pack.requests[m, name] for m in sorted(mappings)))
            key = tuple(map(id, parts))
            if mappings and key not in self._seen:
                self._seen[key] = parts
                found.add(name)
        return found

    def forget(self) -> None:
        """Book everything again in the next region."""
        self._seen.clear()
