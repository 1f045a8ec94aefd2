"""The ground that a duty shares out: its targets on a day, who holds them, and which hang together."""

from __future__ import annotations

import uuid as uuid_module
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import Delaunay, cKDTree
from sqlalchemy import Connection, text

from geo_hygiene.coverage.bundles import with_bundle
from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.within import AREAS_WITHIN, bound, demand_within
from geo_hygiene.crs import metres_per_degree
from geo_hygiene.permissions import EVERYWHERE, Areas
from geo_hygiene.zoning.workload import milliseconds, work_join

TARGETS = f"""
select
    target.id, target.uuid, target.extent_mm, greatest(1, round(target.extent_mm * {{milliseconds}}))::bigint as work,
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
join person on person.id = assignment.person_id
where assignment.valid_from <= :on and :on < assignment.valid_to
group by assignment.zone
"""

CODES = "select distinct code from duty_zone join claim using (id) where claim.duty_id = :duty order by code"

NODE_DECIMALS = 7
"""Ends whose degrees agree so far are one junction: a centimetre."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres around a place, in which the shapes of a ground lie.

    Attributes
    ----------
    middle
        Longitude and latitude of the place.
    scale
        Metres of a degree of each there.
    """

    middle: tuple[float, float]
    scale: tuple[float, float]

    @classmethod
    def around(cls, shapes: npt.NDArray[np.object_]) -> Plane:
        """Return the plane that touches the middle of shapes (EPSG:4326)."""
        if not len(shapes):
            return cls((0.0, 0.0), (1.0, 1.0))
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        per_lon, per_lat = metres_per_degree(np.array([(south + north) / 2]))
        return cls(((west + east) / 2, (south + north) / 2), (float(per_lon[0]), float(per_lat[0])))

    def in_metres(self, shapes: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """Return shapes (EPSG:4326) in metres."""
        moved: npt.NDArray[np.object_] = shapely.transform(shapes, lambda places: (places - self.middle) * self.scale)
        return moved

    def in_degrees(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a shape in EPSG:4326."""
        return shapely.transform(shape, lambda places: places / self.scale + self.middle)


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
    holders: dict[str, str]
    """Codes of persons by zone."""
    codes: Sequence[str]
    """All codes that zones of the duty ever had."""
    plane: Plane


def ground_of(
    connection: Connection, duty: DutyRecord, on: date, area: str | None, within: Areas = EVERYWHERE
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
            work=row.work,
            shape=shape,
            community=row.community,
            zone=zones.get(row.id),
        )
        for row, shape in zip(rows, in_metres, strict=True)
    ]
    joined = _neighbouring(in_metres) if duty.unit == "count" else _meeting(shapes)
    holders = {row.zone: row.person for row in connection.execute(text(HOLDERS), {"on": on})}
    codes = connection.scalars(text(CODES), {"duty": duty.id}).all()
    return Ground(pieces=pieces, joined=joined, holders=holders, codes=codes, plane=plane)


def _meeting(lines: npt.NDArray[np.object_]) -> list[Pair]:
    """Return each two lines that share an end."""
    at: dict[tuple[float, float], list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        ends = np.round(shapely.get_coordinates(line)[[0, -1]], NODE_DECIMALS)
        for end in {(float(x), float(y)) for x, y in ends}:
            at[end].append(index)
    return sorted({(one, other) for met in at.values() for i, one in enumerate(met) for other in met[i + 1 :]})


def _neighbouring(points: npt.NDArray[np.object_]) -> list[Pair]:
    """Return each two points whose circle, with both on its rim, has no other inside (the Gabriel graph)."""
    places = shapely.get_coordinates(points)
    alike: dict[tuple[float, float], int] = {}
    pairs = {(alike.setdefault((x, y), index), index) for index, (x, y) in enumerate(places.tolist())}
    pairs = {(one, other) for one, other in pairs if one != other}
    single = sorted(alike.values())
    spots = places[single]
    if len(single) < 4 or np.linalg.matrix_rank(spots - spots[0]) < 2:  # noqa: PLR2004 - no triangle to be had
        order = sorted(single, key=lambda index: tuple(places[index]))
        return sorted(pairs | {(min(two), max(two)) for two in pairwise(order)})
    triangles = Delaunay(spots).simplices
    edges = np.unique(np.sort(triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2), axis=1), axis=0)
    middles = spots[edges].mean(axis=1)
    radii = np.linalg.norm(spots[edges[:, 0]] - spots[edges[:, 1]], axis=1) / 2
    nearest, _index = cKDTree(spots).query(middles)
    kept = edges[nearest >= radii * (1 - 1e-9)]
    return sorted(pairs | {(single[one], single[other]) for one, other in kept.tolist()})
