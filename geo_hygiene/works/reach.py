"""Whom the activities of a period reached, and whom none of them did: communities, residents, lanes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.activities import IS_WANTED, OCCASIONS
from geo_hygiene.works.asked import EVERYTHING, PLACE, Asked

REACHED = f"""
with {OCCASIONS},
told as (
    select met.community, array_agg(occasion.uuid) as records, max(occasion.held_on) as last_on
    from (select distinct community, id from touched where is_wanted) as met
    join occasion using (id)
    group by met.community
),
smallest as (
    select ground.*, ground.id not in (select ground_id from touched) as is_never from ground where is_wanted
),
there as (
    select
        community, min(community_name) as community_name, count(*) as areas,
        coalesce(sum(population), 0) as residents,
        coalesce(sum(population) filter (where is_never), 0) as never_residents,
        coalesce(array_agg(code order by code) filter (where is_never), '{{}}') as never
    from smallest
    group by community
)
select there.*, coalesce(told.records, '{{}}') as records, told.last_on
from there
left join told on told.community is not distinct from there.community
order by there.community
"""  # noqa: S608 - constants

LANES = f"""
with {PLACE},
driven as (
    select distinct unnest(lanes) as code from activity
    where kind = any(:kinds) and held_on >= :begin and held_on < :end
)
select
    place.community, place.community_name,
    count(distinct lane.id) as lanes,
    count(distinct lane.id) filter (where driven.code is null) as never_lanes,
    sum(target.extent_mm) as extent,
    coalesce(sum(target.extent_mm) filter (where driven.code is null), 0) as never_extent
from street_segment as segment
join target on target.id = segment.id and target.valid_from <= :last_day and :last_day < target.valid_to
join lane on lane.id = segment.lane_id
left join place on place.id = target.area_id
left join driven on driven.code = lane.code
where place.is_wanted or {EVERYTHING}
group by 1, 2
order by 1
"""  # noqa: S608 - constants

ROUTES = f"""
with {OCCASIONS}
select occasion.uuid, occasion.held_on, occasion.lanes, coalesce(sum(target.extent_mm), 0) as extent
from occasion
left join lane on lane.code = any(occasion.lanes)
left join street_segment as segment on segment.lane_id = lane.id
left join target on target.id = segment.id
    and target.valid_from <= occasion.held_on and occasion.held_on < target.valid_to
where {IS_WANTED}
group by 1, 2, 3
order by 2, 1
"""  # noqa: S608 - constants

VENUES = f"""
with {OCCASIONS}
select venue, uuid from occasion where venue is not null and {IS_WANTED}
"""  # noqa: S608 - constants

TOURS = ("vehicle-tour",)


@dataclass(frozen=True, slots=True)
class CommunityReach:
    """What reached one community.

    Attributes
    ----------
    records
        Ids of the activities that reached it, wholly or in part.
    last_on
        The day of the last of them; ``None`` if none did.
    residents, never_residents
        All, and those of the areas that nothing reached; of areas whose residents nobody counted, none.
    areas, never
        How many smallest areas it has, and the codes of those that nothing reached.
    """

    code: str | None
    name: str | None
    records: set[UUID]
    last_on: date | None
    residents: int
    never_residents: int
    areas: int
    never: list[str]

    @property
    def is_reached(self) -> bool:
        """Whether anything reached any part of it."""
        return bool(self.records)

    @property
    def never_share(self) -> float | None:
        """The share of its residents whom nothing reached; ``None`` where nobody counted them."""
        return self.never_residents / self.residents if self.residents else None


@dataclass(frozen=True, slots=True)
class LaneReach:
    """Lanes of a community, and those along which no vehicle came; a lane of two communities is one of both."""

    code: str | None
    name: str | None
    lanes: int
    never_lanes: int
    length_m: float
    never_m: float

    @property
    def never_share(self) -> float | None:
        """The share of metres along which nothing came."""
        return self.never_m / self.length_m if self.length_m else None


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one tour: whole lanes, as they were on its day."""

    id: UUID
    held_on: date
    lanes: Sequence[str]
    length_m: float


def reach(connection: Connection, asked: Asked, kinds: Collection[str] | None = None) -> list[CommunityReach]:
    """Return for each community what reached it, and whom of it nothing did.

    An activity reaches all of the areas that it names, and the smallest area in which its place, its facility or its
    route lies.
    """
    return [
        CommunityReach(
            code=row.community,
            name=row.community_name,
            records=set(row.records),
            last_on=row.last_on,
            residents=int(row.residents),
            never_residents=int(row.never_residents),
            areas=row.areas,
            never=row.never,
        )
        for row in connection.execute(text(REACHED), _bound(asked, kinds))
    ]


def lanes_reached(connection: Connection, asked: Asked, kinds: Collection[str] = TOURS) -> list[LaneReach]:
    """Return for each community its lanes of the last day, and those along which no tour of the period came."""
    return [
        LaneReach(
            code=row.community,
            name=row.community_name,
            lanes=row.lanes,
            never_lanes=row.never_lanes,
            length_m=int(row.extent) / 1000,
            never_m=int(row.never_extent) / 1000,
        )
        for row in connection.execute(text(LANES), _bound(asked, kinds))
    ]


def routes(connection: Connection, asked: Asked, kinds: Collection[str] = TOURS) -> list[Route]:
    """Return the ways of the tours of a period, by day."""
    return [
        Route(row.uuid, row.held_on, row.lanes or (), int(row.extent) / 1000)
        for row in connection.execute(text(ROUTES), _bound(asked, kinds))
    ]


def venues(connection: Connection, asked: Asked, kinds: Collection[str] | None = None) -> dict[str, set[UUID]]:
    """Return the activities at each kind of venue; kinds of venue that none went to are left out."""
    found: dict[str, set[UUID]] = defaultdict(set)
    for row in connection.execute(text(VENUES), _bound(asked, kinds)):
        found[row.venue].add(row.uuid)
    return dict(found)


def _bound(asked: Asked, kinds: Collection[str] | None) -> dict[str, Any]:
    return asked.values() | {"kinds": None if kinds is None else sorted(kinds)}
