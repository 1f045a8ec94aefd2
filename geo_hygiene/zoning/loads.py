"""How much work a list is: the residents along its streets, and the tanks beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.writing import Stretch

STREETS = "street-segments"

REACH = 120
"""Units of Web Mercator, some 100 m: a tank that is farther from every street counts to none."""

GIVEN = """
with given as (
    select *
    from unnest(cast(:ids as int[]), cast(:starts as int[]), cast(:ends as int[])) as one (id, from_mm, to_mm)
)
"""

RESIDENTS = f"""
{GIVEN},
mine as (
    select duty_target.area_id, sum(given.to_mm - given.from_mm) as mm
    from given
    join duty_target on duty_target.duty_id = :duty_id and duty_target.target_id = given.id
        and duty_target.valid_from <= :on and :on < duty_target.valid_to
    group by duty_target.area_id
)
select sum(area.population * mine.mm / whole.mm)::float8
from mine
join area on area.id = mine.area_id
cross join lateral (
    select sum(total_mm) as mm from ledger
    where duty_id = :duty_id and level = 'own' and ledger.area_id = mine.area_id and day <= :on
) as whole
where whole.mm > 0
"""  # noqa: S608 - constants
"""The people of a group are spread evenly along what the duty looks after there."""

TANKS = f"""
{GIVEN},
near as (
    select distinct tank.id, tank.geom_3857 as place
    from given
    join target as street on street.id = given.id
    join target as tank on tank.kind = 'septic-tanks' and tank.valid_from <= :on and :on < tank.valid_to
        and tank.geom_3857 && ST_Expand(street.geom_3857, :reach)
)
select count(*)
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
    where given.id = street.id and ST_LineLocatePoint(ST_Force2D(street.geom_3857), ST_Force2D(near.place))
        * street.extent_mm between given.from_mm and given.to_mm
)
"""  # noqa: S608 - constants
"""A tank belongs to the street that is nearest to it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What lies along a list; nothing where it is not known or not asked of the duty."""

    residents: float | None
    tanks: int | None


def load_of(connection: Connection, duty: DutyRecord, on: date, stretches: Sequence[Stretch]) -> Load:
    """Return what lies along a list on a day."""
    asked = {
        "ids": [item.target_id for item in stretches],
        "starts": [item.from_mm for item in stretches],
        "ends": [item.to_mm for item in stretches],
        "duty_id": duty.id,
        "on": on,
        "reach": REACH,
    }
    residents = connection.scalar(text(RESIDENTS), asked)
    tanks = connection.scalar(text(TANKS), asked) if duty.target_kind == STREETS else None
    return Load(residents, tanks)
