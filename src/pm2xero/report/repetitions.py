"""Records that are no documents, told a few times for each cause and then only counted.

An export that is broken as a whole has thousands of them; a list as long helps nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pm2xero.read.transaction import Malformed

# Records told in full for each cause; causes told apart; places that stand with a count.
TOLD, CAUSES, PLACES = 5, 50, 3
_OTHER = "other faults"
# What differs between records with the same fault: what stands there, and where.
_GIVEN = re.compile(r'"(?:[^"\\]|\\.)*"|«[^»]*»|\d[\d.,e+]*')


@dataclass(slots=True)
class _Cause:
    count: int = 0
    places: list[str] = field(default_factory=list)


class Repetitions:
    """Counts records by what is wrong with them."""

    def __init__(self) -> None:
        self._causes: dict[str, _Cause] = {}

    def passes_over(self, record: Malformed) -> bool:
        """Count a record; whether enough of its kind have been told."""
        name = _GIVEN.sub("…", "; ".join(record.faults))
        if name not in self._causes and len(self._causes) >= CAUSES:
            name = _OTHER
        cause = self._causes.setdefault(name, _Cause())
        cause.count += 1
        if cause.count <= TOLD:
            return False
        if len(cause.places) < PLACES:
            cause.places.append(f"{record.source}:{record.line}")
        return True

    def lines(self) -> list[str]:
        """What was passed over, by cause: how many, and the first places."""
        return [
            f"and {c.count - TOLD:,} more with: {name} ({', '.join(c.places)}"
            + (", …)" if c.count - TOLD > len(c.places) else ")")
            for name, c in self._causes.items()
            if c.count > TOLD
        ]
