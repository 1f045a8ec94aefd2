"""The ground that a duty shares out: its targets on a day, who holds them, and which hang together."""

from __future__ import annotations

import uuid as uuid_module
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.bundles import with_bundle
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.within import AREAS_WITHIN, bound, demand_within
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.zoning.barriers import Barrier, joined_lines, joined_points
from geo_hygiene.zoning.meeting import Pair, junctions_of, meeting, neighbouring
from geo_hygiene.zoning.plane import Plane, Shapes, box_around
from geo_hygiene.zoning.surroundings import BARRING, MAIN_ROAD, Surroundings
from geo_hygiene.zoning.workload import milliseconds, work_join

TARGETS = f"""
select
    target.id, target.uuid, target.category, target.extent_mm,
    greatest(1, round(target.extent_mm * {{milliseconds}}))::bigint as work,
    ST_AsBinary(ST_Force2D(target.geom)) as shape, community.code as community,
    concat_ws(' ', {{lane}}, segment.code) as title
from duty_target
join target on target.id = duty_target.target_id
join {{table}} as segment on segment.id = target.id
{{join}}
left join area_tree on area_tree.id = target.area_id
left join area as community on community.id = area_tree.community_id
{{work}}
where duty_target.duty_id = :duty and duty_target.valid_from <= :on and :on < duty_target.valid_to
    and (cast(:within as text[]) is null or target.area_id in ({AREAS_WITHIN}))
order by target.uuid
"""  # noqa: S608 - constants

ZONES = """
select duty_zone.code, cover.target_id, sum(cover.to_mm - cover.from_mm) as extent_mm
from claim
join duty_zone using (id)
join cover using (source_id)
where claim.duty_id = :duty and claim.valid_from <= :on and :on < claim.valid_to and cover.target_id = any(:targets)
group by duty_zone.code, cover.target_id
order by cover.target_id, extent_mm desc, duty_zone.code
"""

HOLDERS = """
select assignment.zone, min(person.code) as person
from assignment
join person on person.id = coalesce(assignment.stands_in_for, assignment.person_id)
where assignment.valid_from <= :on and :on < assignment.valid_to and person.left_on is null
group by assignment.zone
"""
"""Who is to go on with a zone: not who only stands in on the day, nor who is known to leave."""

CODES = "select distinct code from duty_zone join claim using (id) where claim.duty_id = :duty order by code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A target that is shared out whole.

    Attributes
    ----------
    title
        Its lane and code, as far as it has them.
    work
        Milliseconds a day.
    shape
        Line or point, metres of a plane around the ground.
    zone
        Code of the zone that holds most of it on the day, if any does.
    """

    target_id: int
    uuid: uuid_module.UUID
    title: str
    extent_mm: int
    category: str | None
    work: int
    shape: shapely.Geometry
    community: str | None
    zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The targets of a duty within an area, by their ids, and who holds the zones of the day."""

    pieces: Sequence[Piece]
    joined: Sequence[Pair]
    """Pieces that hang together: lines that share a junction, points with nobody else between them."""
    parted: Sequence[Pair]
    """Pieces that would, but for a barrier."""
    holders: dict[str, str]
    """Codes of persons by zone."""
    codes: Sequence[str]
    """All codes that zones of the duty ever had."""
    plane: Plane
    areas: Mapping[str, shapely.Geometry]
    """Areas of the communities by code, metres of the plane."""
    water: Shapes
    """Water bodies around, metres of the plane."""


def ground_of(
    connection: Connection,
    duty: DutyRecord,
    on: date,
    area: str | None,
    within: Areas = EVERYWHERE,
    barriers: Collection[Barrier] = (),
) -> Ground:
    """Return the ground of a duty on a day, of the whole town or of an area with all below it.

    Raises
    ------
    UnknownRecordError
        If the area is not among those of the caller.
    """
    demand_within(connection, area, within)
    asked = {"duty": duty.id, "on": on, **bound(within if area is None else frozenset({area}))}
    layer = duty.layer
    statement = with_bundle(TARGETS, layer, work=work_join(layer), milliseconds=milliseconds(layer))
    rows = connection.execute(text(statement), asked).all()
    zones: dict[int, str] = {}
    for row in connection.execute(text(ZONES), asked | {"targets": [row.id for row in rows]}):
        zones.setdefault(row.target_id, row.code)
    shapes = shapely.from_wkb([bytes(row.shape) for row in rows])
    plane = Plane.around(shapes)
    in_metres = plane.in_metres(shapes)
    pieces = [
        Piece(
            target_id=row.id,
            uuid=row.uuid,
            title=row.title,
            extent_mm=row.extent_mm,
            category=row.category,
            work=row.work,
            shape=shape,
            community=row.community,
            zone=zones.get(row.id),
        )
        for row, shape in zip(rows, in_metres, strict=True)
    ]
    is_line = duty.unit == "m"
    around = Surroundings(connection, on, plane, box_around(shapes))
    joined = meeting(junctions_of(shapes)) if is_line else neighbouring(in_metres)
    parted: list[Pair] = []
    if barriers and pieces:
        kept = _beyond_no_barrier(around, rows, shapes, joined, barriers, is_line=is_line)
        joined, parted = [pair for pair in joined if pair in kept], [pair for pair in joined if pair not in kept]
    holders = {row.zone: row.person for row in connection.execute(text(HOLDERS), {"on": on})}
    codes = connection.scalars(text(CODES), {"duty": duty.id}).all()
    return Ground(
        pieces=pieces,
        joined=joined,
        parted=parted,
        holders=holders,
        codes=codes,
        plane=plane,
        areas=around.areas({piece.community for piece in pieces if piece.community is not None}),
        water=around.water() if pieces else in_metres,
    )


def _beyond_no_barrier(
    around: Surroundings,
    rows: Sequence[Any],
    shapes: Shapes,
    pairs: Sequence[Pair],
    barriers: Collection[Barrier],
    *,
    is_line: bool,
) -> set[Pair]:
    """Return the pairs of targets that hang together without a barrier between."""
    water = around.water(BARRING if Barrier.RIVER in barriers else ())
    bars_roads = Barrier.MAIN_ROAD in barriers
    roads = around.roads([row.id for row in rows]) if bars_roads else shapes[:0]
    if not is_line:
        obstacles = np.concatenate([water, around.plane.in_metres(roads)])
        return joined_points(pairs, around.plane.in_metres(shapes), obstacles)
    lines = np.concatenate([shapes, roads])
    is_main = [bars_roads and row.category == MAIN_ROAD for row in rows] + [True] * len(roads)
    return joined_lines(junctions_of(lines), around.plane.in_metres(lines), water, is_main)
