"""Compiles the lines of a request: their account, tax, amount, words, item and tracking."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pm2xero.errors import Finding
from pm2xero.pack.expressions import Expressions
from pm2xero.pack.language.paths import (
    PartsExpr,
    PathError,
    PathExpr,
    Scope,
    TextExpr,
    parse_text,
    resolve,
)
from pm2xero.pack.model import Kind, LineSource, Role
from pm2xero.pack.yaml.read import SourceList, SourceMap


class LineCompiler:
    """Turns the lines of requests into `LineSource`s for one kind."""

    def __init__(self, kind: Kind, roles: Mapping[str, Role], tools: Expressions) -> None:
        self.kind = kind
        self.roles = roles
        self.tools = tools
        self.findings = tools.findings
        self.scope = Scope(kind.name, kind.record, None, kind.settings)

    def line(self, raw: SourceMap) -> LineSource | None:
        """Where lines come from, or None with a finding."""
        scope = self.tools.item_scope(raw, self.scope)
        if scope is None:
            return None
        amounts = [k for k in ("net", "debit", "credit") if k in raw]
        if len(amounts) != 1:
            self.findings.append(
                Finding(
                    "PX317",
                    "a line has one of `net`, `debit`, `credit`; this has "
                    + (" and ".join(f"`{a}`" for a in amounts) or "none"),
                    raw.key_at[amounts[1]] if amounts else raw.at,
                    width=len(amounts[1]) if amounts else 1,
                )
            )
            return None
        account = self.tools.account(raw["account"], raw.value_at["account"], scope, self.roles)
        if "tax" in raw and account is not None and account.by not in ("account", "table"):
            self.findings.append(
                Finding(
                    "PX318",
                    "a line with a tax code stands on a ledger account of the document, and this "
                    f"one stands on a {account.by}",
                    raw.key_at["tax"],
                    hint="leave `tax` out",
                    should_be="account: { account: gl_account }, or no tax",
                    width=len("tax"),
                )
            )
            return None
        net = self.tools.path(raw, amounts[0], scope)
        tax = self.tools.path(raw, "tax", scope) if "tax" in raw else None
        tax_amount = self.tools.path(raw, "tax_amount", scope) if "tax_amount" in raw else None
        describe = self._describe(raw, scope)
        if account is None or net is None or describe is None:
            return None
        return LineSource(
            each=raw.get("each"),
            when=self.tools.when(raw, self.scope, scope),
            account=account,
            tax=tax,
            net=net,
            tax_amount=tax_amount,
            describe=describe,
            sign=-1 if amounts[0] == "credit" else 1,
            merge=raw.get("merge", True) is not False and "each" in raw,
            at=raw.at,
            where=self.tools.where(raw, scope),
            share=self.tools.share(raw),
            group_by=self.tools.paths(raw, "group_by", scope),
            item=self.tools.word(raw, "item", scope),
            tracking=self._tracking(raw, scope),
            value_at={**raw.value_at, **getattr(raw.get("tracking"), "value_at", {})},
        )

    def _tracking(self, raw: SourceMap, scope: Scope) -> tuple[tuple[str, PathExpr | str], ...]:
        found = []
        for category in raw.get("tracking") or ():
            option = self.tools.word(raw["tracking"], str(category), scope)
            if option is not None:
                found.append((str(category), option))
        return tuple(found)

    def _describe(self, raw: SourceMap, scope: Scope) -> Any:
        given = raw.get("describe")
        if isinstance(given, SourceList):
            return self._parts(given, scope)
        text = str(raw.get("describe", self.kind.title))
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", text):
            try:
                return resolve(text, scope)
            except PathError as exc:
                # A field that is gone must never become its own name in the books.
                exc.hint = exc.hint or f'for the word itself write "{text.capitalize()}"'
                self.findings.append(exc.finding("PX303", raw.value_at["describe"], len(text)))
                return None
        try:
            return parse_text(text, scope)
        except PathError as exc:
            self.findings.append(
                exc.finding("PX310", raw.value_at["describe"], 1, raw.text_at.get("describe"))
            )
            return None

    def _parts(self, given: SourceList, scope: Scope) -> PartsExpr | None:
        """Text in parts, each written one way or several."""
        parts: list[tuple[TextExpr, ...]] = []
        whole = True
        for part, at in zip(given, given.item_at, strict=True):
            several = isinstance(part, SourceList)
            ways = part if several else (part,)
            places = part.item_at if several else (at,)
            made = []
            for way, place in zip(ways, places, strict=True):
                try:
                    made.append(parse_text(str(way), scope))
                except PathError as exc:
                    self.findings.append(exc.finding("PX310", place, len(str(way))))
                    whole = False
            parts.append(tuple(made))
        return PartsExpr(tuple(parts)) if whole else None
