"""What lies in the areas to which somebody's role is limited.

Statements bind ``within``: the codes of these areas, or null for everywhere.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import Areas

AREAS_WITHIN = """
select part.id
from area_tree as part
join area as named on named.id in (part.group_id, part.community_id, part.office_id)
where named.code = any(cast(:within as text[]))
"""
"""Ids of the areas and of all below them, whatever the day: a code outlives the versions of its area."""

PERSON_WITHIN = f"""
(
    cast(:within as text[]) is null
    or person.id in (
        with within as materialized ({AREAS_WITHIN})
        select belonging.id from person as belonging join area on area.code = belonging.community
        where area.id in (select id from within)
        union
        select post.person_id from post where post.area_id in (select id from within)
        union
        select assignment.person_id
        from target
        join cover on cover.target_id = target.id
        join claim on claim.source_id = cover.source_id
        join duty_zone on duty_zone.id = claim.id
        join assignment on assignment.zone = duty_zone.code
        where target.area_id in (select id from within)
    )
)
"""  # noqa: S608 - constants
"""Whether a ``person`` belongs there, has or had a post there, or holds or held a zone that reaches there."""

NAMES = """
select distinct on (code) coalesce(name, code) from area where code = any(:within) order by code, valid_from desc
"""


def bound(within: Areas) -> dict[str, Any]:
    """Return what the statements bind."""
    return {"within": None if within is None else sorted(within)}


def demand_within(connection: Connection, code: str | None, within: Areas) -> None:
    """Refuse an area that does not lie within others, as one that does not exist.

    Raises
    ------
    UnknownRecordError
        If it lies elsewhere.
    """
    if code is None or within is None:
        return
    statement = f"select exists (select from area where code = :code and id in ({AREAS_WITHIN}))"  # noqa: S608 - constants
    if not connection.scalar(text(statement), {"code": code, **bound(within)}):
        raise UnknownRecordError(_("There is no area “%(name)s”.", name=code))


def names(connection: Connection, within: Areas) -> list[str]:
    """Return what the areas are called; nothing for everywhere."""
    return [] if within is None else list(connection.scalars(text(NAMES), bound(within)))
