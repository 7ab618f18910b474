"""The templates of the built-in pack read only what their requests provide."""

from __future__ import annotations

import pytest

from pm2xero.pack.load import load_pack, regions
from pm2xero.render.template_checks import check_templates, provided


@pytest.mark.parametrize("region", regions())
def test_the_built_in_templates_have_no_fault(region: str) -> None:
    assert check_templates(load_pack(region)) == []


def test_a_request_provides_what_it_declares() -> None:
    pack = load_pack("base")
    (bill,) = pack.requests["sales_invoice", "client_bill"]
    names = provided(bill, pack.kinds["client_bill"])
    assert {"number", "totals", "type", "lines", "total", "contact", "xero_id"} <= set(names)
    assert "item" not in names
    payment = pack.requests["payment", "client_payment"][0]
    names = provided(payment, pack.kinds["client_payment"])
    item, account = names["item"], names["account"]
    assert item is not None
    assert {"document_id", "amount"} <= set(item)
    assert account is not None
    assert set(account) == {"id", "code", "name", "class"}
    assert "lines" not in names
