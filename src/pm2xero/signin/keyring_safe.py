"""The keyring of the operating system, where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pm2xero.signin.vault import unusable

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "pm2xero"


class KeyringSafe:
    """One entry of the keyring.

    Args:
        name: of the entry; two firms of one user must not share it.
    """

    def __init__(self, backend: KeyringBackend, name: str) -> None:
        self._backend = backend
        self._name = name

    @property
    def place(self) -> str:
        """What the system calls it."""
        return f"the keyring of this system ({self._backend.name}, {_SERVICE}, {self._name})"

    def read(self) -> str | None:
        """The text, or None.

        Raises:
            UsageError: PU953, the keyring is locked or gone.
        """
        from keyring.errors import KeyringError

        try:
            return self._backend.get_password(_SERVICE, self._name)
        except KeyringError as error:
            raise self._refused(error) from None

    def write(self, secret: str) -> None:
        """Keep a text.

        Raises:
            UsageError: PU953, the keyring does not take it.
        """
        from keyring.errors import KeyringError

        try:
            self._backend.set_password(_SERVICE, self._name, secret)
        except KeyringError as error:
            raise self._refused(error) from None

    def remove(self) -> None:
        """Forget the text, if there is one.

        Raises:
            UsageError: PU953, the keyring is locked or gone.
        """
        from keyring.errors import KeyringError, PasswordDeleteError

        try:
            self._backend.delete_password(_SERVICE, self._name)
        except PasswordDeleteError:
            return
        except KeyringError as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> Exception:
        # What a keyring says might quote what it was given.
        said = type(error).__name__
        should_be = "unlock it, or keep the sign-in elsewhere: PM2XERO_GRANTS=file"
        return unusable(f"{self.place} refuses ({said})", should_be)


def usable_keyring() -> KeyringBackend | None:
    """The system's keyring; None where there is none that keeps secrets."""
    try:
        import keyring
    except ImportError:
        return None
    backend = keyring.get_keyring()
    # By the library's own scale: below 1 is what refuses, forgets, or keeps plain text.
    return backend if backend.priority >= 1 else None
