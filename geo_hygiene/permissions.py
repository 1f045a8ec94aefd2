"""Who may do what: permissions, the roles that grant them, and what each role is for.

A route names one permission. A role may be limited to an area of the tree: complaints, counts of them, and the records
of people (telephone, posts, zones, a hit of a search) are then those of that area alone, and it changes the zones that
lie whole in it, and who holds them. Streets, zones, campaigns and cover, with the names of those who answer for a
street, are the same for all who may see the map: an office puts them up on boards in the street. What is looked after
is changed within the area alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from geo_hygiene.i18n import N_

Areas = frozenset[str] | None
"""Codes of the areas in which somebody has a permission; ``None`` for everywhere, an empty set for nowhere."""

EVERYWHERE: Areas = None
NOWHERE: Areas = frozenset()


class Permission(StrEnum):
    """What a route needs."""

    MAP_READ = "map.read"
    PEOPLE_READ = "people.read"
    PEOPLE_WRITE = "people.write"
    CAMPAIGNS_READ = "campaigns.read"
    HEAT_READ = "heat.read"
    CASES_READ = "cases.read"
    ZONES_WRITE = "zones.write"
    WORKS_READ = "works.read"
    WORKS_WRITE = "works.write"
    ASSETS_WRITE = "assets.write"
    ACCOUNTS_WRITE = "accounts.write"
    AUDIT_READ = "audit.read"
    DATA_IMPORT = "data.import"
    WORK_MODEL_WRITE = "work-model.write"


OFFICE_WIDE = frozenset({Permission.DATA_IMPORT, Permission.WORK_MODEL_WRITE})
"""What changes the whole office: a role that is limited to an area does not grant it."""


class Role(StrEnum):
    """What somebody is in the program; one person may be several."""

    PLANNER = "planner"
    PEST = "pest"
    LEADER = "leader"
    CLERK = "clerk"
    WORKER = "worker"
    INSPECTOR = "inspector"
    ADMIN = "admin"


ROLE_TITLES: Mapping[Role, str] = {
    Role.PLANNER: N_("Planner"),
    Role.PEST: N_("Pest control"),
    Role.LEADER: N_("Leader"),
    Role.CLERK: N_("Clerk"),
    Role.WORKER: N_("Field worker"),
    Role.INSPECTOR: N_("Inspector"),
    Role.ADMIN: N_("Administrator"),
}

READING = frozenset(
    {
        Permission.MAP_READ,
        Permission.PEOPLE_READ,
        Permission.CAMPAIGNS_READ,
        Permission.HEAT_READ,
        Permission.CASES_READ,
        Permission.WORKS_READ,
    }
)
"""What everybody may on a machine that serves itself alone and has no accounts yet."""

GRANTED: Mapping[Role, frozenset[Permission]] = {
    Role.PLANNER: READING
    | {
        Permission.ZONES_WRITE,
        Permission.PEOPLE_WRITE,
        Permission.ASSETS_WRITE,
        Permission.DATA_IMPORT,
        Permission.WORK_MODEL_WRITE,
        Permission.WORKS_WRITE,
    },
    Role.PEST: frozenset(
        {
            *(Permission.MAP_READ, Permission.PEOPLE_READ, Permission.CAMPAIGNS_READ),
            Permission.WORKS_READ,
        }
    ),
    Role.LEADER: READING,
    Role.CLERK: frozenset(
        {
            *(Permission.MAP_READ, Permission.PEOPLE_READ, Permission.HEAT_READ, Permission.CASES_READ),
            *(Permission.WORKS_READ, Permission.WORKS_WRITE),
        }
    ),
    Role.WORKER: frozenset({Permission.MAP_READ, Permission.WORKS_READ, Permission.WORKS_WRITE}),
    Role.INSPECTOR: READING,
    Role.ADMIN: frozenset(
        {
            Permission.MAP_READ,
            Permission.ASSETS_WRITE,
            Permission.ACCOUNTS_WRITE,
            Permission.AUDIT_READ,
            Permission.DATA_IMPORT,
            Permission.WORK_MODEL_WRITE,
        }
    ),
}
