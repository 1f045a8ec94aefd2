"""Which area a target lies in: the deepest one that holds most of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection, Row, text

from geo_hygiene.crs import GEOD

LEVELS = ("group", "community", "office")
"""The deepest first."""

CHUNK = 50_000
"""Targets that are looked at together; bounds the memory."""

Shapes = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]

AREAS = """
select id, level, ST_AsBinary(geom) as geom from area
where valid_to = 'infinity' and geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
order by code, id
"""


def areas_of(connection: Connection, shapes: Shapes) -> list[int | None]:
    """Return the id of the area of each line or point, EPSG:4326; ``None`` where there is no area.

    Of the areas of a level one that holds the whole goes before one that holds the longest part; the code decides
    between equals.
    """
    if not len(shapes):
        return []
    bounds = dict(zip(("west", "south", "east", "north"), shapely.total_bounds(shapes).tolist(), strict=True))
    rows = connection.execute(text(AREAS), bounds).all()
    found: Integers = np.zeros(len(shapes), dtype=np.int64)
    for level in LEVELS:
        areas = [row for row in rows if row.level == level]
        left = np.flatnonzero(found == 0)
        if areas and len(left):
            polygons = shapely.from_wkb(np.array([bytes(row.geom) for row in areas], dtype=object))
            held, holder = _holders(polygons, shapes[left])
            found[left[held]] = np.array([row.id for row in areas], dtype=np.int64)[holder]
    return [area or None for area in found.tolist()]


def _holders(polygons: Shapes, shapes: Shapes) -> tuple[Integers, Integers]:
    """Return the shapes that meet a polygon, and for each the polygon that holds most of it."""
    shapely.prepare(polygons)
    polygon, shape = shapely.STRtree(shapes).query(polygons, predicate="intersects")
    whole = shapely.covers(polygons[polygon], shapes[shape])
    metres = np.where(whole, np.inf, 0.0)
    settled = np.bincount(shape, whole, len(shapes)) > 0
    shared = np.flatnonzero(~settled[shape] & (np.bincount(shape, minlength=len(shapes))[shape] > 1))
    metres[shared] = _metres(shapely.intersection(shapes[shape[shared]], polygons[polygon[shared]]))
    order = np.lexsort((polygon, -metres, shape))
    held, first = np.unique(shape[order], return_index=True)
    return held, polygon[order][first]


def _metres(geometries: Shapes) -> npt.NDArray[np.float64]:
    """Return the geodesic length of the lines in each geometry."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    step = np.flatnonzero(part[1:] == part[:-1])
    metres = GEOD.inv(*coordinates[step].T, *coordinates[step + 1].T)[2]
    lengths: npt.NDArray[np.float64] = np.bincount(owner[part[step]], metres, len(geometries)).astype(np.float64)
    return lengths


OF_ALL = """
select id, area_id, ST_AsBinary(ST_Force2D(geom)) as geom from target
where id > :last and not area_by_hand
order by id limit :chunk
"""

OF_NONE_YET = """
select id, area_id, ST_AsBinary(ST_Force2D(geom)) as geom from target
where id = any(:ids) and area_id is null and not area_by_hand
order by id
"""

ASSIGN = """
update target set area_id = said.area_id
from unnest(cast(:ids as int[]), cast(:areas as int[])) as said (id, area_id)
where target.id = said.id
"""


def reassign_all(connection: Connection) -> int:
    """Put every target into its area, unless a hand did; return how many changed theirs."""
    return sum(_assign(connection, rows) for rows in _all_targets(connection))


def _all_targets(connection: Connection) -> Iterator[Sequence[Row[Any]]]:
    last = 0
    while rows := connection.execute(text(OF_ALL), {"last": last, "chunk": CHUNK}).all():
        yield rows
        last = rows[-1].id


def assign_new(connection: Connection, target_ids: Sequence[int]) -> None:
    """Put those targets into their areas that are in none yet."""
    for begin in range(0, len(target_ids), CHUNK):
        ids = list(target_ids[begin : begin + CHUNK])
        _assign(connection, connection.execute(text(OF_NONE_YET), {"ids": ids}).all())


def _assign(connection: Connection, targets: Sequence[Row[Any]]) -> int:
    shapes = shapely.from_wkb(np.array([bytes(row.geom) for row in targets], dtype=object))
    areas = areas_of(connection, shapes)
    changed = {row.id: area for row, area in zip(targets, areas, strict=True) if row.area_id != area}
    if changed:
        connection.execute(text(ASSIGN), {"ids": list(changed), "areas": list(changed.values())})
    return len(changed)
