"""What was done with people in a period: how often, with how many, for how much, and in which communities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.asked import EVERYTHING, GROUND, Asked

OCCASIONS = f"""
{GROUND},
occasion as materialized (
    select
        activity.id, activity.uuid, activity.kind, activity.theme, activity.title, activity.held_on, activity.venue,
        activity.person_times, activity.people, activity.quantity, activity.cost, activity.lanes,
        array(
            select unnest(activity.areas)
            union
            select area.code from target join area on area.id = target.area_id where target.id = activity.target_id
            union
            select area.code
            from lane
            join street_segment on street_segment.lane_id = lane.id
            join target on target.id = street_segment.id
                and target.valid_from <= activity.held_on and activity.held_on < target.valid_to
            join area on area.id = target.area_id
            where lane.code = any(activity.lanes)
            union
            select ground.code from area join ground using (id) where ST_Covers(area.geom, activity.geom)
        ) as codes
    from activity
    where activity.held_on >= :begin and activity.held_on < :end
        and (cast(:kinds as text[]) is null or activity.kind = any(:kinds))
),
touched as materialized (
    select distinct occasion.id, named.ground_id, named.community, named.is_wanted
    from occasion
    cross join unnest(occasion.codes) as said (code)
    join (
        select ground.id as ground_id, ground.community, ground.is_wanted, part.code
        from ground
        cross join unnest(ground.codes) as part (code)
    ) as named using (code)
)
"""  # noqa: S608 - constants
"""Begins a statement: what happened in the period, and which of the smallest areas it ``touched``.

It touches the areas that it names with all below them, and those in which its place, its facility and the lanes of its
route lie.
"""

IS_WANTED = f"({EVERYTHING} or occasion.id in (select id from touched where is_wanted))"  # noqa: S608 - constants
"""Whether an occasion reached the area that was asked for."""

ACTIVITIES = f"""
with {OCCASIONS}
select
    uuid, kind, theme, title, held_on, venue, person_times, people, quantity, cost,
    coalesce(reached.communities, '{{}}') as communities
from occasion
left join (
    select id, array_agg(distinct community order by community) as communities from touched
    where community is not null group by id
) as reached using (id)
where {IS_WANTED}
order by held_on, uuid
"""  # noqa: S608 - constants

COMMUNITIES = f"""
with {GROUND}
select distinct community, community_name from ground where is_wanted and community is not null order by 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Held:
    """An activity of a period.

    Attributes
    ----------
    communities
        Codes of the communities that it reached, wholly or in part; none where it does not say whom it reached.
    """

    id: UUID
    kind: str
    theme: str | None
    title: str | None
    held_on: date
    venue: str | None
    person_times: int | None
    people: int | None
    quantity: int | None
    cost: Decimal | None
    communities: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sums:
    """What some activities come to; ``None`` where not one of them says it, which is not zero.

    Attributes
    ----------
    records
        Ids of the activities.
    """

    records: Sequence[UUID]
    person_times: int | None
    people: int | None
    quantity: int | None
    cost: Decimal | None

    @property
    def activities(self) -> int:
        """How many there were."""
        return len(self.records)

    def as_json(self) -> dict[str, Any]:
        """Return the public form, without the ids."""
        return {
            "activities": self.activities,
            "person_times": self.person_times,
            "people": self.people,
            "quantity": self.quantity,
            "cost": None if self.cost is None else float(self.cost),
        }


@dataclass(frozen=True, slots=True)
class CommunitySums:
    """The activities of one community.

    Attributes
    ----------
    code
        ``None`` for those that reached several communities, or do not say whom they reached.
    shared
        Activities that reached it together with others; they stand in the row without a code, so that all rows
        together are the whole.
    """

    code: str | None
    name: str | None
    sums: Sums
    shared: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the public form."""
        return {"code": self.code, "name": self.name, **self.sums.as_json(), "shared": self.shared}


def activities(connection: Connection, asked: Asked, kinds: Collection[str] | None = None) -> list[Held]:
    """Return the activities of a period that reached the area asked for, by day; of some kinds, or of all."""
    values = asked.values() | {"kinds": None if kinds is None else sorted(kinds)}
    return [Held(*row) for row in connection.execute(text(ACTIVITIES), values)]


def summed(held: Iterable[Held]) -> Sums:
    """Return what activities come to."""
    listed = list(held)
    return Sums(
        records=[one.id for one in listed],
        person_times=_sum(one.person_times for one in listed),
        people=_sum(one.people for one in listed),
        quantity=_sum(one.quantity for one in listed),
        cost=_sum(one.cost for one in listed),
    )


def by_kind(held: Iterable[Held]) -> Mapping[str, Sums]:
    """Return what the activities of each kind come to; kinds of which there is none are left out."""
    kinds: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        kinds[one.kind].append(one)
    return {kind: summed(kinds[kind]) for kind in sorted(kinds)}


def by_community(connection: Connection, asked: Asked, held: Iterable[Held]) -> list[CommunitySums]:
    """Return a row for each community asked for, also where nothing was held, and one for what no community has alone.

    An activity is told once: all rows together come to the sum of all.
    """
    names = {row.community: row.community_name for row in connection.execute(text(COMMUNITIES), asked.values())}
    own: dict[str | None, list[Held]] = defaultdict(list)
    shared: dict[str, int] = defaultdict(int)
    for one in held:
        alone = one.communities[0] if len(one.communities) == 1 else None
        own[alone if alone in names else None].append(one)
        for code in one.communities if alone is None else ():
            shared[code] += 1
    rows = [CommunitySums(code, name, summed(own[code]), shared[code]) for code, name in names.items()]
    return [*rows, CommunitySums(None, None, summed(own[None]))] if own[None] else rows


def _sum(values: Iterable[Any]) -> Any:
    said = [value for value in values if value is not None]
    return sum(said) if said else None
