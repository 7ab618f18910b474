"""Whether Xero has anything that an outbox could have sent, where nothing vouches for this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pm2xero.connection import Connection
from pm2xero.errors import UsageError
from pm2xero.push.memory_file import is_unwritten
from pm2xero.send.lookup_table import ByKey, HowToFind, load_table
from pm2xero.send.untouched import is_on_others
from pm2xero.xero.answers import PAGE_SIZE, Object, Unproven, objects_of, page_of

_CONTACTS = "Contacts"
_FIRST_PAGE = {"page": "1", "pageSize": str(PAGE_SIZE), "includeArchived": "true"}


class FirstLook:
    """A look at as few lists as can tell it.

    What names a contact is not there where there is no contact (archived ones included), nor what
    is on such a document. What is left is asked for, list by list.

    Attributes:
        contacts: all contacts of Xero, where one page has shown them; None otherwise.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.contacts: Sequence[Object] | None = None

    def is_unwritten(self) -> bool:
        """Whether Xero has nothing; False, too, where it does not say."""
        try:
            answer = self._connection.ask(f"/{_CONTACTS}", _FIRST_PAGE)
            found = objects_of(answer, _CONTACTS)
            said = page_of(answer, 1, len(found))
        except (UsageError, Unproven):
            return False
        if said is not None and said.page_count <= 1 and said.item_count == len(found):
            self.contacts = found
        if found:
            return False
        return is_unwritten(others(load_table()), self._connection.get_any)


def others(table: Mapping[str, HowToFind]) -> list[str]:
    """The endpoints in whose lists documents stand that need no contact."""
    found = {
        how.endpoint
        for how in table.values()
        if isinstance(how, ByKey) and not is_on_others(how) and "Contact" not in how.key.same
    }
    return sorted(found)
