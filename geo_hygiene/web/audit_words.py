"""Entries of the audit as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geo_hygiene.accounts.audit import COMMAND, Entry
from geo_hygiene.i18n import N_, _
from geo_hygiene.permissions import ROLE_TITLES, Role

SENTENCES = {
    "account.add": N_("Made the account %(subject)s: %(after)s."),
    "account.roles": N_("Gave %(subject)s other roles: %(after)s. Before: %(before)s."),
    "account.open": N_("Opened the account %(subject)s again."),
    "account.close": N_("Closed the account %(subject)s."),
    "account.new-password": N_("Made a new first password for %(subject)s."),
    "account.password": N_("Changed the own password."),
    "account.sign-in": N_("Signed in."),
    "account.locked": N_("Too many failed sign-ins as %(subject)s: nobody could sign in so for a quarter of an hour."),
    "machine.locked": N_(
        "Too many failed sign-ins from %(subject)s: nobody could sign in there for a quarter of an hour."
    ),
}


def told(entry: Entry) -> str:
    """Return what was done; an action that has no sentence stands for itself."""
    sentence = SENTENCES.get(entry.action)
    if sentence is None:
        return f"{entry.action} {entry.subject}"
    return _(sentence, subject=entry.subject, before=_roles(entry.before), after=_roles(entry.after))


def actor(entry: Entry) -> str:
    """Return who did it."""
    return _("at the terminal") if entry.actor == COMMAND else entry.actor


def _roles(account: Mapping[str, Any] | None) -> str:
    """Return the roles of an account as an entry keeps it."""
    said = [
        _("%(role)s in %(area)s", role=_title(role), area=area) if area else _title(role)
        for role, area in (account or {}).get("roles", [])
    ]
    return _(", ").join(said) or _("no role")


def _title(role: str) -> str:
    return _(ROLE_TITLES[Role(role)]) if role in set(Role) else role
