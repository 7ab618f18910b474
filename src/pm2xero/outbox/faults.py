"""What a database refuses, told in our words: a code, what it means and what to do.

The driver's own text is never shown once a statement ran: it may quote values, and those are a
client's document. What is shown of it is the name of the error and of the constraint, both of which
are the database's and ours. Sources: https://www.sqlite.org/rescode.html and
https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pm2xero.errors import Finding, OutboxError

# A value that no text or number of a database can hold; drivers raise these by themselves.
UNFIT = (OverflowError, UnicodeError)


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence (what follows the name of the database) and the way out."""

    code: str
    sentence: str
    fix: str


class Fault(Enum):
    """What can be wrong with a database, whichever it is."""

    FULL = Told("PE120", "has no room left", "free space on its disk, then do the same again")
    READ_ONLY = Told(
        "PE121", "may not be written",
        "let the user of pm2xero write it: the file with its folder, or a server that is no copy",
    )  # fmt: skip
    BUSY = Told(
        "PE122", "is kept busy by another program", "end what has it open, then do the same again"
    )
    LOST = Told(
        "PE123", "cannot be reached any more", "see that its server runs, then do the same again"
    )
    UNFIT = Told(
        "PE124", "cannot hold a value that was to be stored",
        "find the document with `pm2xero decide`, and correct or shorten what is odd in it",
    )  # fmt: skip
    CONTRADICTION = Told(
        "PE125", "refused what contradicts its other rows",
        "do the same again; if it stays, report it with the name of the rule in brackets",
    )  # fmt: skip
    DAMAGED = Told("PE126", "is damaged or no database", "restore the last backup, then push again")
    FORBIDDEN = Told(
        "PE127", "does not allow this user to do that",
        "grant the user of --db its tables, or the whole schema for the first start",
    )  # fmt: skip
    OTHER_TABLES = Told(
        "PE128", "does not have the tables of this program",
        "name the database that pm2xero made with --db, or an empty one",
    )  # fmt: skip
    CUT_OFF = Told(
        "PE132", "ended a step that took longer than it allows",
        "raise statement_timeout and its like for the user of --db, then do the same again",
    )  # fmt: skip
    UNKNOWN = Told(
        "PE129",
        "refused a statement",
        "do the same again; if it stays, report the name in brackets",
    )


# The first part of SQLite's name of an error that is known.
_SQLITE: Mapping[str, Fault] = {
    "SQLITE_FULL": Fault.FULL,
    "SQLITE_READONLY": Fault.READ_ONLY,
    "SQLITE_PERM": Fault.READ_ONLY,
    "SQLITE_CANTOPEN": Fault.READ_ONLY,
    "SQLITE_BUSY": Fault.BUSY,
    "SQLITE_LOCKED": Fault.BUSY,
    "SQLITE_PROTOCOL": Fault.BUSY,
    "SQLITE_IOERR": Fault.LOST,
    "SQLITE_TOOBIG": Fault.UNFIT,
    "SQLITE_MISMATCH": Fault.UNFIT,
    "SQLITE_CONSTRAINT": Fault.CONTRADICTION,
    "SQLITE_CORRUPT": Fault.DAMAGED,
    "SQLITE_NOTADB": Fault.DAMAGED,
}

# PostgreSQL's SQLSTATE, or the two letters of its class.
_SQLSTATE: Mapping[str, Fault] = {
    "53100": Fault.FULL,
    "53": Fault.BUSY,
    "25006": Fault.READ_ONLY,
    "55": Fault.BUSY,
    "40": Fault.BUSY,
    "57": Fault.LOST,
    "57014": Fault.CUT_OFF,
    "25P03": Fault.CUT_OFF,
    "25P04": Fault.CUT_OFF,
    "08": Fault.LOST,
    "22": Fault.UNFIT,
    "54": Fault.UNFIT,
    "23": Fault.CONTRADICTION,
    "XX001": Fault.DAMAGED,
    "XX002": Fault.DAMAGED,
    "58": Fault.LOST,
    "42501": Fault.FORBIDDEN,
    "28": Fault.FORBIDDEN,
    "42": Fault.OTHER_TABLES,
    "3D": Fault.OTHER_TABLES,
    "3F": Fault.OTHER_TABLES,
}


@contextmanager
def told(database: str) -> Iterator[None]:
    """Turn what a database refuses into an error that a user can read.

    Args:
        database: how messages call it; never with a password.

    Raises:
        OutboxError: PE120 to PE129 and PE132, without any value of the statement.
    """
    try:
        yield
    except (SQLAlchemyError, *UNFIT) as exc:
        if not is_refusal(exc):
            raise
        raise OutboxError(finding(exc, database)) from None


def is_refusal(exc: BaseException) -> bool:
    """Whether a database (or its driver) refused; otherwise the program itself is at fault."""
    return isinstance(exc, (DBAPIError, PoolTimeout, *UNFIT))


def finding(exc: BaseException, database: str) -> Finding:
    """The fault that an error of a database (SQLAlchemy's or its driver's own) stands for."""
    fault, name = _which(exc)
    said = fault.value
    shown = f" ({name})" if name else ""
    return Finding(said.code, f"{database} {said.sentence}{shown}", should_be=said.fix)


def _which(exc: BaseException) -> tuple[Fault, str]:
    """The fault, and a name for those who look deeper."""
    if isinstance(exc, UNFIT):
        return Fault.UNFIT, ""
    if isinstance(exc, PoolTimeout):
        return Fault.BUSY, ""
    orig = exc.orig if isinstance(exc, DBAPIError) and exc.orig is not None else exc
    rule = _constraint(orig)
    name: str | None = getattr(orig, "sqlite_errorname", None)
    if name is not None:
        found = next((f for start, f in _SQLITE.items() if name.startswith(start)), None)
        # SQLite has no name of its own for a table or column that is not there.
        absent = name == "SQLITE_ERROR" and re.match(
            r"(no such|table \S+ has no column)", str(orig)
        )
        return found or (Fault.OTHER_TABLES if absent else Fault.UNKNOWN), rule or name
    state: str | None = getattr(orig, "sqlstate", None)
    if state is not None:
        return _SQLSTATE.get(state) or _SQLSTATE.get(state[:2]) or Fault.UNKNOWN, rule or state
    if isinstance(exc, IntegrityError):
        return Fault.CONTRADICTION, rule
    kind = type(orig).__name__
    # A driver that could not even ask the server gives no state.
    lost = {"OperationalError": Fault.LOST, "InterfaceError": Fault.LOST, "DataError": Fault.UNFIT}
    return lost.get(kind, Fault.UNKNOWN), kind


def _constraint(orig: BaseException) -> str:
    """The constraint that was broken, by our own name of it; "" when none is named."""
    named = getattr(getattr(orig, "diag", None), "constraint_name", None)
    if named:
        return str(named)
    # "UNIQUE constraint failed: requests.organisation, requests.id": names only, no values.
    found = re.fullmatch(r"(?:UNIQUE|NOT NULL) constraint failed: ([\w., ]+)", str(orig))
    if found is None:
        found = re.fullmatch(r"(?:UNIQUE|CHECK) constraint failed: (?:index )?'?(\w+)'?", str(orig))
    return found.group(1) if found else ""
