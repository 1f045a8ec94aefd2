"""How much work lists are: minutes a day, the residents along their streets, and the tanks beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.zoning.workload import MILLISECONDS, milliseconds, work_join

STREETS = "street-segments"

REACH = 120
"""Units of Web Mercator, some 100 m: a tank that is farther from every street counts to none."""

STRETCHES = """
with given as (
    select '' as key, one.*
    from unnest(cast(:ids as int[]), cast(:starts as int[]), cast(:ends as int[])) as one (id, from_mm, to_mm)
)
"""
"""One list that is told."""

SOURCES = """
with given as (
    select asked.key, cover.target_id as id, cover.from_mm, cover.to_mm
    from unnest(cast(:keys as text[]), cast(:sources as int[])) as asked (key, source_id)
    join cover using (source_id)
)
"""
"""Lists of sources, each under a key."""

WORK = """
select
    given.key, sum((given.to_mm - given.from_mm) * {milliseconds})::float8 as work
from given
join state on state.duty_id = :duty_id and state.target_id = given.id
    and state.valid_from <= :on and :on < state.valid_to
join target on target.id = given.id
join {table} as segment on segment.id = target.id
left join area_tree on area_tree.id = target.area_id
{work}
group by given.key
"""

RESIDENTS = """
, mine as (
    select given.key, duty_target.area_id, sum(given.to_mm - given.from_mm) as mm
    from given
    join duty_target on duty_target.duty_id = :duty_id and duty_target.target_id = given.id
        and duty_target.valid_from <= :on and :on < duty_target.valid_to
    group by given.key, duty_target.area_id
)
select mine.key, sum(area.population * mine.mm / whole.mm)::float8 as residents
from mine
join area on area.id = mine.area_id
cross join lateral (
    select sum(total_mm) as mm from ledger
    where duty_id = :duty_id and level = 'own' and ledger.area_id = mine.area_id and day <= :on
) as whole
where whole.mm > 0
group by mine.key
"""
"""The people of a group are spread evenly along what the duty looks after there."""

TANKS = """
, near as (
    select distinct given.key, tank.id, tank.geom_3857 as place
    from given
    join target as street on street.id = given.id
    join target as tank on tank.kind = 'septic-tanks' and tank.valid_from <= :on and :on < tank.valid_to
        and tank.geom_3857 && ST_Expand(street.geom_3857, :reach)
)
select near.key, count(*) as tanks
from near
cross join lateral (
    select target.id, target.geom_3857, target.extent_mm from target
    where target.kind = 'street-segments' and target.valid_from <= :on and :on < target.valid_to
        and target.geom_3857 && ST_Expand(near.place, :reach)
    order by target.geom_3857 <-> near.place, target.id
    limit 1
) as street
where exists (
    select from given
    where given.key = near.key and given.id = street.id
        and ST_LineLocatePoint(ST_Force2D(street.geom_3857), ST_Force2D(near.place)) * street.extent_mm
        between given.from_mm and given.to_mm
)
group by near.key
"""
"""A tank belongs to the street that is nearest to it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What lies along a list; nothing where it is not known or not asked of the duty.

    Attributes
    ----------
    minutes
        A day, by the work model.
    """

    minutes: float | None
    residents: float | None
    tanks: int | None


def load_of(connection: Connection, duty: DutyRecord, on: date, stretches: Sequence[Stretch]) -> Load:
    """Return what lies along a list on a day."""
    given = {
        "ids": [item.target_id for item in stretches],
        "starts": [item.from_mm for item in stretches],
        "ends": [item.to_mm for item in stretches],
    }
    return _loads(connection, duty, on, STRETCHES, given, [""])[""]


def loads_of(
    connection: Connection, duty: DutyRecord, on: date, sources: Mapping[str, Sequence[int]]
) -> dict[str, Load]:
    """Return what lies along the lists of sources on a day, by the keys under which they stand."""
    listed = [(key, source) for key, ones in sources.items() for source in ones]
    given = {"keys": [key for key, _source in listed], "sources": [source for _key, source in listed]}
    return _loads(connection, duty, on, SOURCES, given, sources)


def _loads(
    connection: Connection, duty: DutyRecord, on: date, lists: str, given: Mapping[str, Any], keys: Iterable[str]
) -> dict[str, Load]:
    asked = {**given, "duty_id": duty.id, "on": on, "reach": REACH}
    layer = duty.layer
    work = WORK.format(table=layer.model.__tablename__, work=work_join(layer), milliseconds=milliseconds(layer))
    minutes = {row.key: row.work for row in connection.execute(text(lists + work), asked)}
    residents = {row.key: row.residents for row in connection.execute(text(lists + RESIDENTS), asked)}
    is_beside_tanks = duty.target_kind == STREETS
    tanks = {row.key: row.tanks for row in connection.execute(text(lists + TANKS), asked)} if is_beside_tanks else {}
    return {
        key: Load(
            minutes=None if minutes.get(key) is None else minutes[key] / MILLISECONDS,
            residents=residents.get(key),
            tanks=tanks.get(key, 0) if is_beside_tanks else None,
        )
        for key in keys
    }
