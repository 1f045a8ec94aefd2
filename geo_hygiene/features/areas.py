"""One area: who answers for it, how a duty is covered in it, and the areas that it is made of."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.chain import posts_over
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.summary import Level, summarize_within
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.errors import UnknownRecordError
from geo_hygiene.i18n import gettext as _
from geo_hygiene.permissions import EVERYWHERE, Areas

AREA = """
select
    area.id, area.uuid, area.code, area.name, area.level, area.zone_class, area.population,
    parent.code as parent, parent.name as parent_name, parent.level as parent_level,
    area_tree.group_id, area_tree.community_id, area_tree.office_id,
    ST_XMin(area.geom) as west, ST_YMin(area.geom) as south, ST_XMax(area.geom) as east, ST_YMax(area.geom) as north
from area
join area_tree on area_tree.id = area.id
left join area as parent on parent.id = area.parent_id
where (area.code = :name or area.uuid::text = :name) and area.valid_from <= :on and :on < area.valid_to
order by area.id
limit 1
"""

IS_WITHIN = f"(cast(:within as text[]) is null or id in ({AREAS_WITHIN}))"

COMMUNITIES = f"""
select code, coalesce(name, code) as title from area
where level = 'community' and valid_from <= :on and :on < valid_to and {IS_WITHIN}
order by title, code
limit :most
"""  # noqa: S608 - constants

OFFICES = f"""
with chosen as (
    select area_tree.office_id as id
    from area join area_tree on area_tree.id = area.id
    where area.code = :chosen and area.valid_from <= :on and :on < area.valid_to
)
select area.code, concat_ws(' · ', coalesce(office.name, office.code), area.name_of_part) as title
from (
    select id, code, id as office_id, null as name_of_part from area where level = 'office' and {IS_WITHIN}
    union all
    select id, code, parent_id, coalesce(name, code) from area
    where level = 'community' and parent_id in (select id from chosen) and {IS_WITHIN}
) as area
join area as office on office.id = area.office_id
join area as own on own.id = area.id and own.valid_from <= :on and :on < own.valid_to
order by title, area.code
"""  # noqa: S608 - constants

MOST_CHOICES = 150
"""Communities among which somebody finds one in a list."""


def communities(connection: Connection, on: date) -> dict[str, str]:
    """Return the names of the communities of a day by their codes."""
    values = {"on": on, "most": None, **bound(EVERYWHERE)}
    return {row.code: row.title for row in connection.execute(text(COMMUNITIES), values)}


def area_choices(connection: Connection, on: date, chosen: str | None = None, *, within: Areas) -> dict[str, str]:
    """Return the names of the areas among which somebody chooses on a day, by their codes, within those of a role.

    These are the communities; where they are too many, the offices, and the communities of the one that is chosen, or
    in which lies what is chosen.
    """
    values = {"on": on, "most": MOST_CHOICES + 1, "chosen": chosen, **bound(within)}
    found = connection.execute(text(COMMUNITIES), values).all()
    if len(found) > MOST_CHOICES:
        found = connection.execute(text(OFFICES), values).all()
    return {row.code: row.title for row in found}


OFFICE_NAMES = """
select coalesce(name, code) from area
where level = 'office' and valid_from <= :on and :on < valid_to
order by code
"""


def offices(connection: Connection, on: date) -> list[str]:
    """Return the names of the offices of a day."""
    return list(connection.scalars(text(OFFICE_NAMES), {"on": on}))


def area(connection: Connection, name: str, duty: DutyRecord, on: date) -> dict[str, Any]:
    """Return an area, by id or by the code that holds on a day.

    Raises
    ------
    UnknownRecordError
        When no area has the id or code on the day.
    """
    row = connection.execute(text(AREA), {"name": name, "on": on}).one_or_none()
    if row is None:
        raise UnknownRecordError(_("There is no area “%(name)s”.", name=name))
    level = Level(row.level)
    sums, parts = summarize_within(connection, duty, on, level, row.id)
    return {
        "id": str(row.uuid),
        "code": row.code,
        "name": row.name,
        "level": row.level,
        "zone_class": row.zone_class,
        "population": row.population,
        "parent": row.parent,
        "parent_name": row.parent_name,
        "parent_level": row.parent_level,
        "bbox": [row.west, row.south, row.east, row.north],
        "duty": duty.code,
        "unit": duty.unit,
        "on": on.isoformat(),
        "above": posts_over(connection, (row.group_id, row.community_id, row.office_id), on),
        **sums.amounts(duty),
        "parts": [{"code": part.code, "name": part.name, **part.sums.amounts(duty)} for part in parts],
    }
