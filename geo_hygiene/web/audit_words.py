"""Entries of the audit as sentences in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from geo_hygiene.accounts.audit import COMMAND, Entry
from geo_hygiene.i18n import N_, _
from geo_hygiene.layers import LAYERS
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
    "data import": N_("Stored the file %(file)s as “%(layer)s”: %(subject)s."),
    "data import taken back": N_("Took back %(subject)s: %(file)s as “%(layer)s”."),
    "zone.create": N_("Made the zone %(subject)s."),
    "zone.change": N_("Changed the zone %(subject)s."),
    "zone.split": N_("Split the zone %(subject)s."),
    "zone.merge": N_("Joined another zone to the zone %(subject)s."),
    "zone.end": N_("Ended the zone %(subject)s."),
    "zone.assign": N_("Gave the zone %(subject)s to other holders."),
    "zone.undo": N_("Undid the last change of the zone %(subject)s."),
    "work-rule.add": N_("Made a rule of the work model: %(subject)s."),
    "work-rule.change": N_("Changed a rule of the work model: %(subject)s."),
    "work-rule.end": N_("Ended a rule of the work model: %(subject)s."),
    "work.record": N_("Told work that was done: %(subject)s."),
    "work.take-back": N_("Took back work that had been told: %(subject)s."),
    "asset.create": N_("Drew by hand: %(subject)s."),
    "asset.move": N_("Moved by hand: %(subject)s."),
    "asset.change": N_("Changed by hand: %(subject)s."),
    "asset.split": N_("Split by hand: %(subject)s."),
    "asset.join": N_("Joined by hand: %(subject)s."),
    "asset.end": N_("Ended by hand: %(subject)s."),
    "asset.rename": N_("Renamed by hand: %(subject)s."),
    "people.add": N_("Added the person %(subject)s."),
    "people.change": N_("Changed what is said of the person %(subject)s."),
    "people.give": N_("Gave zones to other holders: %(subject)s."),
    "people.substitute": N_("Let somebody stand in (holder, substitute): %(subject)s."),
    "people.substitute-end": N_("Ended a substitution for %(subject)s."),
    "people.leave": N_("Let %(subject)s leave."),
    "people.return": N_("Let %(subject)s come back."),
    "people.appoint": N_("Filled a post: %(subject)s."),
    "people.post-end": N_("Ended a post: %(subject)s."),
    "report-template.keep": N_("Brought a template of the annual report: %(subject)s."),
    "report-template.forget": N_("Left the template of the annual report %(subject)s for that of the program."),
    "draft.begin": N_("Began the draft %(subject)s."),
    "draft.zones": N_("Changed zones of the draft %(subject)s."),
    "draft.discard": N_("Deleted the draft %(subject)s."),
    "draft.rename": N_("Gave the draft %(subject)s another name."),
    "draft.publish": N_("Published the draft %(subject)s."),
    "draft.take-back": N_("Took the publication of the draft %(subject)s back."),
}

IMPORTS = re.compile(r"import ([0-9]+)")
"""The subject of what was done to an import."""


def told(entry: Entry) -> str:
    """Return what was done; an action that has no sentence stands for itself."""
    sentence = SENTENCES.get(entry.action)
    if sentence is None:
        return f"{entry.action} {entry.subject}"
    number = IMPORTS.fullmatch(entry.subject)
    about = entry.after or entry.before or {}
    layer = LAYERS.get(about.get("layer", ""))
    return _(
        sentence,
        subject=_("Import %(number)s", number=number[1]) if number else entry.subject,
        before=_roles(entry.before),
        after=_roles(entry.after),
        file=about.get("file", ""),
        layer=_(layer.title) if layer else about.get("layer", ""),
    )


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
