"""Tables of people, and of zones with their holders, on a day: filtered, sorted, page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import all_duties
from geo_hygiene.coverage.within import AREAS_WITHIN, PERSON_WITHIN, bound
from geo_hygiene.permissions import Areas

HOLDERS = ("cleaner", "supervisor", "estate_cleaner")
"""Who is expected to hold a zone; leaders and cadres have posts, volunteers neither."""

ANSWERERS = ("leader", "cadre")


class Show(StrEnum):
    """Which people are listed: those who are there, without a zone or post, stood in for, or gone."""

    HERE = "here"
    WITHOUT = "without"
    AWAY = "away"
    LEFT = "left"


class Sort(StrEnum):
    """By what people are listed."""

    CODE = "code"
    NAME = "name"
    METRES = "metres"


IS_THERE = "(person.left_on is null or :on < person.left_on)"

HOLDS = "assignment.person_id = person.id and assignment.valid_from <= :on and :on < assignment.valid_to"

HOLDS_NOW = "assignment.valid_from <= :on and :on < assignment.valid_to"

SHOWN: Mapping[Show, str] = {
    Show.HERE: IS_THERE,
    Show.LEFT: f"not {IS_THERE}",
    Show.WITHOUT: f"""
        {IS_THERE} and (
            person.role = any(:holders) and not exists (select from assignment where {HOLDS})
            or person.role = any(:answerers) and not exists (
                select from post
                where post.person_id = person.id and post.valid_from <= :on and :on < post.valid_to
            )
        )
    """,  # noqa: S608 - constants
    Show.AWAY: f"exists (select from assignment where assignment.stands_in_for = person.id and {HOLDS_NOW})",
}

LENGTH = """
select coalesce(sum(cover.to_mm - cover.from_mm), 0)
from cover
join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
where cover.source_id = claim.source_id and GeometryType(target.geom) <> 'POINTM'
"""

METRES = f"""
(
    select coalesce(sum(({LENGTH})), 0)
    from assignment
    join duty_zone on duty_zone.code = assignment.zone
    join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
    where {HOLDS}
)
"""  # noqa: S608 - constants

SORTED: Mapping[Sort, str] = {
    Sort.CODE: "person.code",
    Sort.NAME: "person.name, person.code",
    Sort.METRES: f"{METRES} desc, person.code",
}

AREA_IDS = AREAS_WITHIN.replace(":within", ":area")

OF_AREA = PERSON_WITHIN.replace(":within", ":area")

FILTER = f"""
from person
where {{shown}} and {PERSON_WITHIN} and {OF_AREA}
    and (cast(:q as text) is null or person.code ilike :q or person.name ilike :q)
    and (cast(:role as text) is null or person.role = :role)
    and (
        cast(:duty as text) is null or exists (
            select from assignment
            join duty_zone on duty_zone.code = assignment.zone
            join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
            join duty on duty.id = claim.duty_id
            where {HOLDS} and duty.code = :duty
        )
    )
"""

PEOPLE = f"""
with chosen as materialized (
    select person.*, row_number() over (order by {{sorted}}) as place
    {FILTER}
    order by place
    limit :limit offset :offset
)
select
    person.uuid, person.code, person.name, person.role, person.employment, person.phone, person.left_on,
    person.version, person.community,
    (
        select name from area
        where area.code = person.community and area.valid_from <= :on and :on < area.valid_to
        order by area.id limit 1
    ) as community_name,
    (
        select coalesce(json_agg(json_build_object(
            'role', post.kind, 'code', area.code, 'name', area.name, 'level', area.level
        ) order by area.code, post.kind), '[]')
        from post join area on area.id = post.area_id
        where post.person_id = person.id and post.valid_from <= :on and :on < post.valid_to
    ) as posts,
    (
        select coalesce(json_agg(json_build_object(
            'code', duty_zone.code, 'name', duty_zone.name, 'duty', duty.code, 'shift', assignment.shift,
            'length_m', ({LENGTH}) / 1000.0::float8, 'stands_in_for', absent.code
        ) order by duty.id, duty_zone.code), '[]')
        from assignment
        join duty_zone on duty_zone.code = assignment.zone
        join claim on claim.id = duty_zone.id and claim.valid_from <= :on and :on < claim.valid_to
        join duty on duty.id = claim.duty_id
        left join person as absent on absent.id = assignment.stands_in_for
        where {HOLDS}
    ) as zones
from chosen as person
order by person.place
"""  # noqa: S608 - constants

COUNT = f"select count(*) {FILTER}"

ZONES = f"""
from claim
join duty_zone using (id)
join duty on duty.id = claim.duty_id
where claim.valid_from <= :on and :on < claim.valid_to
    and (cast(:duty as text) is null or duty.code = :duty)
    and (cast(:q as text) is null or duty_zone.code ilike :q or duty_zone.name ilike :q or exists (
        select from assignment join person on person.id = assignment.person_id
        where assignment.zone = duty_zone.code and {HOLDS_NOW} and (person.code ilike :q or person.name ilike :q)
    ))
    and (not :vacant or not exists (
        select from assignment where assignment.zone = duty_zone.code and {HOLDS_NOW}
    ))
    and (cast(:within as text[]) is null or claim.source_id in (
        select cover.source_id from target join cover on cover.target_id = target.id
        where target.area_id in ({AREAS_WITHIN})
    ))
    and (cast(:area as text[]) is null or claim.source_id in (
        select cover.source_id from target join cover on cover.target_id = target.id
        where target.area_id in ({AREA_IDS})
    ))
"""  # noqa: S608 - constants

ZONE_PAGE = f"""
with chosen as materialized (
    select claim.id, claim.uuid, claim.source_id, claim.shift, claim.version, duty_zone.code, duty_zone.name,
        duty.id as duty_id, duty.code as duty
    {ZONES}
    order by duty.id, duty_zone.code
    limit :limit offset :offset
)
select
    claim.uuid, claim.code, claim.name, claim.duty, claim.shift, claim.version,
    ({LENGTH}) / 1000.0::float8 as length_m,
    (
        select count(distinct cover.target_id)
        from cover join target on target.id = cover.target_id
        where cover.source_id = claim.source_id and target.valid_from <= :on and :on < target.valid_to
    ) as targets,
    (
        select coalesce(area.name, area.code)
        from cover
        join target on target.id = cover.target_id and target.valid_from <= :on and :on < target.valid_to
        join area_tree on area_tree.id = target.area_id
        join area on area.id = coalesce(area_tree.community_id, area_tree.office_id)
        where cover.source_id = claim.source_id
        group by area.id
        order by sum(cover.to_mm - cover.from_mm) desc, area.id
        limit 1
    ) as community_name,
    (
        select coalesce(json_agg(json_build_object(
            'code', person.code, 'name', person.name, 'shift', assignment.shift,
            'to', case when assignment.valid_to < 'infinity' then assignment.valid_to end,
            'stands_in_for', absent.code, 'stands_in_for_name', absent.name
        ) order by person.code), '[]')
        from assignment
        join person on person.id = assignment.person_id
        left join person as absent on absent.id = assignment.stands_in_for
        where assignment.zone = claim.code and {HOLDS_NOW}
    ) as holders
from chosen as claim
order by claim.duty_id, claim.code
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a table, within the areas to which the asker's role is limited."""

    on: date
    within: Areas
    q: str | None = None
    area: str | None = None
    duty: str | None = None

    def bound(self) -> dict[str, Any]:
        """Return what the statements bind."""
        literal = None if self.q is None else re.sub(r"([\\%_])", r"\\\1", self.q)
        return {
            "on": self.on,
            "q": None if literal is None else f"%{literal}%",
            "area": None if self.area is None else [self.area],
            "duty": self.duty,
            **bound(self.within),
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a table, by the number of their page, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int
    number: int
    limit: int

    @property
    def first(self) -> int:
        """Return the number of the first row."""
        return (self.number - 1) * self.limit + 1

    @property
    def last(self) -> int:
        """Return the number of the last row."""
        return self.first + len(self.rows) - 1

    @property
    def has_more(self) -> bool:
        """Tell whether there is another page."""
        return bool(self.rows) and self.last < self.total


def people(
    connection: Connection,
    wanted: Wanted,
    *,
    show: Show = Show.HERE,
    role: str | None = None,
    sort: Sort = Sort.CODE,
    number: int = 1,
    limit: int = 50,
) -> Page:
    """Return a page of people, with their posts and the zones that they hold on the day."""
    values = wanted.bound() | {"role": role, "holders": list(HOLDERS), "answerers": list(ANSWERERS)}
    total = connection.execute(text(COUNT.format(shown=SHOWN[show])), values).scalar_one()
    statement = text(PEOPLE.format(shown=SHOWN[show], sorted=SORTED[sort]))
    rows = connection.execute(statement, values | {"limit": limit, "offset": (number - 1) * limit})
    return Page([_person(row) for row in rows], total, number, limit)


def _person(row: Any) -> dict[str, Any]:
    told = dict(row._mapping)
    uuid, left_on = told.pop("uuid"), told.pop("left_on")
    return {
        "id": str(uuid),
        **told,
        "left_on": None if left_on is None else left_on.isoformat(),
        "length_m": round(sum(zone["length_m"] for zone in told["zones"]), 3),
    }


def zones(connection: Connection, wanted: Wanted, *, vacant: bool = False, number: int = 1, limit: int = 50) -> Page:
    """Return a page of zones with those who hold them on the day."""
    values = wanted.bound() | {"vacant": vacant}
    total = connection.execute(text(f"select count(*) {ZONES}"), values).scalar_one()
    rows = connection.execute(text(ZONE_PAGE), values | {"limit": limit, "offset": (number - 1) * limit})
    units = {duty.code: duty.unit for duty in all_duties(connection)}
    told = [{"id": str(row.uuid), "unit": units[row.duty], **row._mapping} for row in rows]
    for zone in told:
        del zone["uuid"]
    return Page(told, total, number, limit)
