"""Who asks, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass

from geo_hygiene.accounts.store import AccountRecord
from geo_hygiene.permissions import EVERYWHERE, NOWHERE, READING, Areas, Permission


@dataclass(frozen=True)
class Viewer:
    """Somebody who is signed in, the user of a machine without accounts, or a stranger.

    Attributes
    ----------
    account
        ``None`` for the latter two.
    permissions
        What it may do, somewhere at least.
    """

    account: AccountRecord | None
    permissions: frozenset[Permission]

    @classmethod
    def of(cls, account: AccountRecord) -> Viewer:
        """Return the one who is signed in with an account."""
        return cls(account, account.permissions)

    def may(self, permission: Permission) -> bool:
        """Tell whether it has a permission, somewhere at least."""
        return permission in self.permissions

    def areas_of(self, permission: Permission) -> Areas:
        """Return the areas in which it has a permission."""
        if not self.may(permission):
            return NOWHERE
        return EVERYWHERE if self.account is None else self.account.areas_of(permission)


STRANGER = Viewer(None, frozenset())
ALONE = Viewer(None, READING)
"""The user of a machine that serves itself alone and has no accounts yet."""
