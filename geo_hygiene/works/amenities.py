"""Culture rooms, libraries, fitness grounds and noticeboards: which community lacks one, and what hangs too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from geo_hygiene.works.asked import EVERYTHING, GROUND, PLACE, SUCCESSOR, Asked

EVERY_COMMUNITY_HAS = ("culture_room", "library", "fitness_ground", "noticeboard")
"""Kinds of facilities of which every community must have one."""

HAD = f"""
with {GROUND},
there as materialized (select distinct community, community_name from ground where is_wanted and community is not null),
had as (
    select place.community, target.category, array_agg(target.uuid order by target.uuid) as records
    from target join place on place.id = target.area_id
    where target.kind = 'facilities' and target.category = any(:kinds)
        and place.community in (select community from there)
        and target.valid_from <= :last_day and :last_day < target.valid_to
    group by place.community, target.category
)
select there.community, there.community_name, needed.kind, coalesce(had.records, '{{}}') as records
from there
cross join unnest(cast(:kinds as text[])) with ordinality as needed (kind, place)
left join had on had.community = there.community and had.category = needed.kind
order by there.community, needed.place
"""  # noqa: S608 - constants

BOARDS = f"""
with recursive {PLACE}, {SUCCESSOR},
lineage (id, former) as (
    select id, id from facility
    union
    select lineage.id, former_id from lineage join successor on successor.id = lineage.former
)
select
    target.uuid, facility.code, facility.name, place.community, latest.held_on,
    :last_day - latest.held_on as days
from facility
join target using (id)
left join place on place.id = target.area_id
left join lateral (
    select max(held_on) as held_on from activity join lineage on lineage.former = activity.target_id
    where lineage.id = target.id and activity.kind = 'noticeboard' and activity.held_on <= :last_day
) as latest on true
where target.category = 'noticeboard' and target.valid_from <= :last_day and :last_day < target.valid_to
    and (place.is_wanted or {EVERYTHING})
order by latest.held_on nulls first, target.id
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Had:
    """The facilities of one kind that a community has on the last day; none: it lacks one."""

    code: str
    name: str
    kind: str
    records: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Board:
    """A noticeboard, and how many days ago it was last brought up to date; ``None`` if never."""

    id: UUID
    code: str | None
    name: str | None
    community: str | None
    updated_on: date | None
    days: int | None


def facilities_had(connection: Connection, asked: Asked, kinds: Sequence[str] = EVERY_COMMUNITY_HAS) -> list[Had]:
    """Return for each community and kind of facility those that it has."""
    return [Had(*row) for row in connection.execute(text(HAD), asked.values() | {"kinds": list(kinds)})]


def noticeboards(connection: Connection, asked: Asked) -> list[Board]:
    """Return the noticeboards of the last day, those first that were never or longest ago brought up to date."""
    return [Board(*row) for row in connection.execute(text(BOARDS), asked.values())]
