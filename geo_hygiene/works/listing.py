"""Work that was done: a page of it, the newest first, how much there is, and what was told since on some targets."""

from __future__ import annotations

import json
import uuid as uuid_module
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import office_timezone
from geo_hygiene.coverage.within import AREAS_WITHIN, bound
from geo_hygiene.permissions import EVERYWHERE, Areas

LYING = """
    select claim.id
    from target
    join claim_stretch on claim_stretch.target_id = target.id
    join claim on claim.source_id = claim_stretch.source_id and claim.kind = 'works'
    where target.area_id in (select id from {areas})
    union
    select work.id
    from area
    join work on ST_Covers(area.geom, work.geom)
    join claim on claim.id = work.id
    where area.id in (select id from {areas})
        and area.valid_from <= claim.valid_from and claim.valid_from < area.valid_to
"""
"""Work on targets of some areas, or at a place in them: found from the areas, of which few are asked for at once."""

STATEMENT = f"""
with wanted as materialized (
    select part.id from area as part
    join area_tree using (id)
    join area as named on named.id in (area_tree.group_id, area_tree.community_id, area_tree.office_id)
    where named.code = :area
),
within as materialized ({AREAS_WITHIN}),
in_wanted as materialized ({LYING.format(areas="wanted")}),
in_within as materialized ({LYING.format(areas="within")}),
chosen as (
    select work.id, claim.uuid, claim.source_id, claim.done_at, claim.valid_from as day
    from work
    join claim on claim.id = work.id and claim.kind = 'works'
    where (cast(:kinds as text[]) is null or work.work_kind = any(:kinds))
        and (cast(:begin as date) is null or claim.valid_from >= :begin)
        and (cast(:end as date) is null or claim.valid_from < :end)
        and (cast(:target as uuid) is null or claim.source_id = any(array(
            select claim_stretch.source_id from claim_stretch join target on target.id = claim_stretch.target_id
            where target.uuid = :target
        )))
        and (cast(:area as text) is null or work.id = any(array(select id from in_wanted)))
        and (cast(:within as text[]) is null or work.id = any(array(select id from in_within)))
)
"""  # noqa: S608 - constants

NAMED = """
left join lane on lane.code = work.lane and work.work_kind <> 'dredging'
left join drain on drain.code = work.lane and work.work_kind = 'dredging'
left join street_segment on street_segment.id = stretch.id
left join lane as own_lane on own_lane.id = street_segment.lane_id
left join drain_segment on drain_segment.id = stretch.id
left join drain as own_drain on own_drain.id = drain_segment.drain_id
left join septic_tank as tank on tank.id = stretch.id
"""
"""Names of what was worked on; a lane and a drain may have one code."""

NAME = "coalesce(lane.name, drain.name, own_lane.name, own_drain.name, tank.name)"

PAGE = f"""
{STATEMENT},
page as (
    select * from chosen
    where cast(:after as uuid) is null or (done_at, uuid) < (
        (select last.done_at from claim as last where last.uuid = cast(:after as uuid)), cast(:after as uuid)
    )
    order by done_at desc, uuid desc
    limit :limit
)
select
    page.uuid, page.day, page.done_at, work.work_kind, work.external_id, work.disorder, work.volume_m3, work.pieces,
    work.area_m2, work.team, work.truck, work.note, work.from_m, work.to_m, work.lane as lane_code,
    {NAME} as name, tank.code as tank,
    stretch.from_mm, stretch.to_mm, stretch.target, stretch.target_kind,
    coalesce(grouped.name, grouped.code) as group_name, coalesce(community.name, community.code) as community_name,
    ST_X(spot.geom) as lon, ST_Y(spot.geom) as lat, claim.import_id
from page
join work using (id)
join claim using (id)
left join lateral (
    select
        target.id, target.uuid as target, target.kind as target_kind, target.area_id, target.geom,
        claim_stretch.from_mm, claim_stretch.to_mm
    from claim_stretch join target on target.id = claim_stretch.target_id
    where claim_stretch.source_id = page.source_id and target.valid_from <= page.day and page.day < target.valid_to
    order by claim_stretch.id limit 1
) as stretch on true
left join lateral (
    select area.id as area_id from area
    where stretch.id is null and ST_Covers(area.geom, work.geom)
        and area.valid_from <= page.day and page.day < area.valid_to
    order by array_position(array['group', 'community', 'office'], area.level) limit 1
) as here on true
left join area_tree on area_tree.id = coalesce(stretch.area_id, here.area_id)
left join area as grouped on grouped.id = area_tree.group_id
left join area as community on community.id = area_tree.community_id
{NAMED}cross join lateral (
    select ST_PointOnSurface(ST_Force2D(coalesce(work.geom, stretch.geom))) as geom
) as spot
order by page.done_at desc, page.uuid desc
"""  # noqa: S608 - constants

PLACES = f"""
{STATEMENT},
newest as (
    select * from chosen order by done_at desc, uuid desc limit :limit
)
select newest.uuid, newest.day, work.work_kind, {NAME} as name, tank.code as tank, ST_AsGeoJSON(place.geom, 6) as place
from newest
join work using (id)
left join lateral (
    select target.id, target.geom, claim_stretch.from_mm, claim_stretch.to_mm
    from claim_stretch join target on target.id = claim_stretch.target_id
    where claim_stretch.source_id = newest.source_id
        and target.valid_from <= newest.day and newest.day < target.valid_to
) as stretch on true
{NAMED}
cross join lateral (
    select ST_Force2D(case
        when stretch.id is null then work.geom
        when ST_Dimension(stretch.geom) = 0 then stretch.geom
        else ST_LocateBetween(stretch.geom, stretch.from_mm / 1000.0, stretch.to_mm / 1000.0)
    end) as geom
) as place
where place.geom is not null and not ST_IsEmpty(place.geom)
order by newest.done_at desc, newest.uuid desc
"""  # noqa: S608 - constants

COUNT = f"{STATEMENT} select count(*) from chosen"  # noqa: S608 - constants

TOLD_SINCE = """
select distinct on (target.uuid)
    target.uuid as target, claim.uuid, claim.done_at, work.volume_m3, work.truck, claim.import_id is null as by_hand
from target
join claim_stretch on claim_stretch.target_id = target.id
join claim using (source_id)
join work on work.id = claim.id and work.work_kind = :kind
where target.uuid = any(cast(:targets as uuid[])) and claim.recorded_at >= :since
order by target.uuid, claim.recorded_at desc, claim.uuid
"""


@dataclass(frozen=True, slots=True)
class Told:
    """The latest that was told of a target; ``by_hand`` says that it can be taken back alone."""

    uuid: uuid_module.UUID
    target: uuid_module.UUID
    done_at: datetime
    volume_m3: float | None
    truck: str | None
    by_hand: bool


@dataclass(frozen=True, kw_only=True)
class WorkFilter:
    """Which work is wanted; what is ``None`` does not matter. ``end`` is the day after the last."""

    kind: str | None = None
    begin: date | None = None
    end: date | None = None
    area: str | None = None
    target: uuid_module.UUID | None = None
    within: Areas = EVERYWHERE

    def values(self) -> dict[str, Any]:
        """Return what the statements bind."""
        return {
            "kinds": None if self.kind is None else [self.kind],
            "begin": self.begin,
            "end": self.end,
            "area": self.area,
            "target": self.target,
            **bound(self.within),
        }


def count_works(connection: Connection, wanted: WorkFilter) -> int:
    """Return how many pieces of work there are."""
    return int(connection.scalar(text(COUNT), wanted.values()) or 0)


def list_works(
    connection: Connection, wanted: WorkFilter, *, limit: int = 100, after: uuid_module.UUID | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of work in its public form, the newest first, and the key of the next one: its last id."""
    values = wanted.values() | {"limit": limit + 1, "after": after}
    zone = office_timezone(connection)
    rows = connection.execute(text(PAGE), values).all()
    page = [
        {
            "id": str(row.uuid),
            "kind": row.work_kind,
            "day": row.day.isoformat(),
            "done_at": row.done_at.astimezone(zone).isoformat(),
            "external_id": row.external_id,
            "target": None if row.target is None else str(row.target),
            "target_kind": row.target_kind,
            "name": row.name or row.lane_code,
            "tank": row.tank,
            "from_m": _metres(row, row.from_m, row.from_mm),
            "to_m": _metres(row, row.to_m, row.to_mm),
            "group": row.group_name,
            "community": row.community_name,
            "disorder": row.disorder,
            "volume_m3": None if row.volume_m3 is None else float(row.volume_m3),
            "pieces": row.pieces,
            "area_m2": None if row.area_m2 is None else float(row.area_m2),
            "team": row.team,
            "truck": row.truck,
            "note": row.note,
            "center": None if row.lon is None else [row.lon, row.lat],
            "by_hand": row.import_id is None,
        }
        for row in rows[:limit]
    ]
    return page, page[-1]["id"] if len(rows) > limit else None


def work_places(connection: Connection, wanted: WorkFilter, *, limit: int) -> list[dict[str, Any]]:
    """Return where the newest pieces of work were done, each stretch with its own geometry (GeoJSON, EPSG:4326)."""
    return [
        {
            "id": str(row.uuid),
            "kind": row.work_kind,
            "day": row.day.isoformat(),
            "name": row.name,
            "tank": row.tank,
            "place": json.loads(row.place),
        }
        for row in connection.execute(text(PLACES), wanted.values() | {"limit": limit})
    ]


def told_since(
    connection: Connection, kind: str, targets: Collection[uuid_module.UUID], since: datetime
) -> dict[uuid_module.UUID, Told]:
    """Return by target the latest work of a kind that was told since an instant; instants are of the office."""
    zone = office_timezone(connection)
    rows = connection.execute(text(TOLD_SINCE), {"kind": kind, "targets": list(targets), "since": since})
    return {
        row.target: Told(
            uuid=row.uuid,
            target=row.target,
            done_at=row.done_at.astimezone(zone),
            volume_m3=None if row.volume_m3 is None else float(row.volume_m3),
            truck=row.truck,
            by_hand=row.by_hand,
        )
        for row in rows
    }


def _metres(row: Any, along: Any, on_target: int | None) -> float | None:
    """Return where work began or ended: along the lane that it names, else on its one segment."""
    if row.lane_code is not None:
        return None if along is None else float(along)
    return None if on_target is None or row.target_kind == "septic-tanks" else on_target / 1000
