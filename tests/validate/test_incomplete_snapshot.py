"""A snapshot without what comparisons go by is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pm2xero.decide.memory_state import MemoryState
from pm2xero.pipeline import Pipeline
from pm2xero.validate.run import validate
from tests.render.wishes import bill
from tests.support.office import EXAMPLES
from tests.support.packs import write


def told(folder: Path, change: Any = None, packs: tuple[Path, ...] = ()) -> list[str]:
    """What is said of the snapshot of the sample firm when it is changed."""
    for name in ("organisation.yaml", "xero.json"):
        shutil.copy(EXAMPLES / "au" / name, folder / name)
    if change is not None:
        snapshot = json.loads((folder / "xero.json").read_text(encoding="utf-8"))
        change(snapshot)
        (folder / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    found = validate((), packs, folder / "organisation.yaml").findings
    said = [f for f in found if f.code == "PX516"]
    assert all(f.severity == "warning" and "pm2xero snapshot" in str(f.should_be) for f in said)
    return [f.message for f in said]


def without_ids(snapshot: dict[str, Any]) -> None:
    for account in snapshot["Accounts"][:7]:
        del account["AccountID"]


def without_class(snapshot: dict[str, Any]) -> None:
    del snapshot["Organisation"]["Class"]


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (None, []),
        (without_ids, [("the snapshot of Xero lacks the AccountID of 7 of its accounts "
                       "(090, 091, 092, 093, 094 …)")]),
        (without_class, ["the snapshot of Xero lacks the Class of the organisation"]),
    ],
)  # fmt: skip
def test_what_a_snapshot_lacks(tmp_path: Path, change: Any, messages: list[str]) -> None:
    assert told(tmp_path, change) == messages


MAPPING = """spec: 1
section: Client Billing
mappings:
  sales_invoice:
    requests:
      - id: invoice
        replace: [lines]
        lines:
          - each: lines
            account: { account: gl_account }
            tax: tax_code
            net: net
            tax_amount: tax
            describe: description
            tracking: { Department: Family, Office: { field: transaction.reference } }
            item: FEES
"""


def test_what_mappings_name_is_lacking(tmp_path: Path) -> None:
    pack = write(tmp_path / "pack", {"mappings/x.yaml": MAPPING})
    assert told(tmp_path, packs=(pack,)) == [
        "the snapshot of Xero lacks the Items that mappings name",
        "the snapshot of Xero lacks the TrackingCategories that mappings name",
    ]


CATEGORIES: list[Any] = [
    {"Name": "Department", "Status": "ACTIVE", "Options": [
        {"Name": "Family", "Status": "ACTIVE"}, {"Name": "Wills", "Status": "ARCHIVED"},
    ]},
    {"Name": "Office", "Status": "ACTIVE", "Options": [{"Name": "Perth"}]},
    {"Name": "Old", "Status": "ARCHIVED", "Options": []},
]  # fmt: skip
WRONG = {
    "a category": (("Department: Family", "Departmnt: Family"), "Departmnt", "Department"),
    "a category that is archived": (("Department: Family", "Old: Family"), "Old", None),
    "an option": (("Department: Family", "Department: Famly"), "Famly", "Family"),
    "an option that is archived": (("Department: Family", "Department: Wills"), "Wills", None),
    "an item": (("item: FEES", "item: FEE"), "FEE", "FEES"),
}


def named(folder: Path, text: str) -> Path:
    """The sample firm with these tracking categories, an item, and a pack."""
    for name in ("organisation.yaml", "xero.json"):
        shutil.copy(EXAMPLES / "au" / name, folder / name)
    snapshot = json.loads((folder / "xero.json").read_text(encoding="utf-8"))
    snapshot |= {"TrackingCategories": CATEGORIES, "Items": [{"Code": "FEES"}]}
    (folder / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    write(folder / "pack", {"mappings/x.yaml": text})
    return folder / "organisation.yaml"


@pytest.mark.parametrize("wrong", WRONG)
def test_a_name_that_xero_does_not_have_is_told_at_its_place(tmp_path: Path, wrong: str) -> None:
    (old, new), word, meant = WRONG[wrong]
    text = MAPPING.replace(old, new)
    found = validate((), (tmp_path / "pack",), named(tmp_path, text)).findings
    (finding,) = [f for f in found if f.severity == "error"]
    assert (finding.code, f'"{word}"' in finding.message) == ("PO514", True)
    assert finding.at is not None
    line = text.splitlines()[finding.at.line - 1]
    assert word in line
    assert meant is None or finding.hint == f'did you mean "{meant}"?'


def test_a_name_out_of_a_field_is_looked_at_in_the_body(tmp_path: Path) -> None:
    pipeline = Pipeline.load(named(tmp_path, MAPPING), packs=(tmp_path / "pack",))
    for reference, why in (
        ("perth", None),
        ("Sydney", 'the tracking category "Office" has no option "Sydney" in Xero'),
    ):
        tx = pipeline.reader.read(bill(reference=reference), "in.jsonl", 1)
        decision = pipeline.decider.decide(tx, MemoryState(None))
        after, requests = pipeline.render(tx, decision)
        assert [why is not None and why in r.message for r in after.reasons] == [True] * (
            2 if why else 0
        )  # one for each line
        assert len(requests) == (why is None)
