"""A tax code without a side

A tax code needs the Xero tax type of at least one side, sales or purchases; without either, every
line that carries it is refused. A search for a rate must name a class of account that Xero knows.

FAIL
    tax_codes:
      GST: { title: GST 10 % }

PASS
    tax_codes:
      GST: { title: GST 10 %, sales: OUTPUT, purchases: INPUT }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding
from pm2xero.pack.language.types import ACCOUNT_CLASS
from pm2xero.pack.model import TaxRateSearch
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.validate.subject import Subject

CODE = "PX507"


def check(subject: Subject) -> Iterator[Finding]:
    """Tax codes that no line could use."""
    for code, tax in subject.pack.tax_codes.items():
        if not tax.types:
            entry = subject.merged.entries["tax_codes"][code]
            yield Finding(
                CODE,
                f'the tax code "{code}" has neither a sales nor a purchases side',
                entry.at,
                should_be=f"{code}: {{ sales: <tax type>, purchases: <tax type> }}",
                width=len(code),
            )
        for side, wanted in tax.types.items():
            classes = ACCOUNT_CLASS.values
            if isinstance(wanted, TaxRateSearch) and wanted.account_class not in classes:
                at = subject.merged.entries["tax_codes"][code].values.value_at.get(side, tax.at)
                yield Finding(
                    CODE,
                    f'"{wanted.account_class}" is no class of account ({code}, {side})',
                    at,
                    hint=did_you_mean(wanted.account_class, classes),
                    should_be=one_of(classes),
                )
