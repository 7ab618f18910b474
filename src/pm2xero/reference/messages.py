"""Reason codes and error codes."""

from __future__ import annotations

from pm2xero.reference.markdown import blocks, code, fenced, filled, table
from pm2xero.validate.codes import Page, pages
from pm2xero.validate.reasons import reasons

_LETTERS = {
    "PX": "the implementer can mend it, in the pack",
    "PO": "the implementer can mend it, in the firm's file",
    "PR": "the implementer can mend it, in a template or mapping",
    "PI": "whoever exported the input can mend it",
    "PU": "whoever is at the keyboard can mend it",
    "PE": "the operator can mend it",
}


def reasons_page() -> str:
    """Every reason why a document is not simply posted, and every cause of Xero's refusals."""
    by_section: dict[str, list[list[str]]] = {}
    for page in reasons().values():
        said = _sentence(page.sentence, page.remedy)
        for other in page.also:
            said += f" *Or, by {other.by}:* {_sentence(other.sentence, other.remedy)}"
        if page.regions:
            said += f" (only in {', '.join(page.regions)})"
        row = [code(page.code), ", ".join(page.outcomes), said]
        by_section.setdefault(page.section, []).append(row)
    sections = (
        blocks(f"## {section}", table(["code", "outcome", "says"], rows))
        for section, rows in by_section.items()
    )
    return filled("reasons", reasons=blocks(*sections))


def _sentence(sentence: str, remedy: str) -> str:
    return sentence + (f" → {remedy}" if remedy else "")


def errors_page() -> str:
    """Every code of a fault, with what fails and what passes."""
    groups = (
        blocks(
            f"## {letters}: {who}",
            *(_fault(page) for page in pages().values() if page.code.startswith(letters)),
        )
        for letters, who in _LETTERS.items()
    )
    return filled("errors", errors=blocks(*groups))


def _fault(page: Page) -> str:
    return blocks(
        f"### {page.code} {page.title}",
        page.meaning,
        f"Fails:\n\n{fenced(page.fails)}",
        f"Passes:\n\n{fenced(page.passes)}",
    )
