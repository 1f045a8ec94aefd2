"""The picture of one list that was changed by hand: its ground, as far as what others look after lets it reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.coverage.intervals import Interval
from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.coverage.writing import Stretch
from geo_hygiene.zoning.picturing import compartments, draw
from geo_hygiene.zoning.plane import Plane, box_around
from geo_hygiene.zoning.surroundings import Surroundings

AROUND_DEGREES = 0.003
"""Some 300 m: what lies farther away does not change the picture."""

MOST_AROUND = 5000
"""Targets around a list that is drawn; one that lies all over a county has no picture."""

OWN, OTHERS = 1, 0

TARGETS = """
with own as (select id, geom from target where id = any(:ids))
select target.id, ST_AsBinary(target.geom) as shape, community.code as community
from target
left join area_tree on area_tree.id = target.area_id
left join area as community on community.id = area_tree.community_id
where target.id = any(:ids) or (
    target.kind = :kind and target.valid_from <= :on and :on < target.valid_to
    and target.geom && (select ST_Expand(ST_Extent(geom)::geometry, :degrees) from own)
)
order by target.uuid
limit :most
"""


def picture_of(connection: Connection, duty: DutyRecord, on: date, stretches: Sequence[Stretch]) -> bytes | None:
    """Return the picture of a list as WKB (EPSG:4326); ``None`` where there is too much around it."""
    held: dict[int, list[Interval]] = defaultdict(list)
    for item in stretches:
        held[item.target_id].append((item.from_mm, item.to_mm))
    asked = {"ids": sorted(held), "kind": duty.target_kind, "on": on, "degrees": AROUND_DEGREES, "most": MOST_AROUND}
    rows = connection.execute(text(TARGETS), asked).all()
    if len(rows) == MOST_AROUND:
        return None
    shapes, owners, communities = [], [], []
    for row in rows:
        for shape, owner in _parts(shapely.from_wkb(bytes(row.shape)), held.get(row.id, [])):
            shapes.append(shape)
            owners.append(owner)
            communities.append(row.community)
    plane = Plane.around(np.array(shapes, dtype=object))
    lanes = plane.in_metres(np.array(shapes, dtype=object))
    around = Surroundings(connection, on, plane, box_around(np.array(shapes, dtype=object)))
    areas = around.areas({code for code in communities if code is not None})
    drawn = draw(lanes, owners, compartments(lanes, communities, areas, around.water())).get(OWN)
    if drawn is None:
        return None
    picture: bytes = shapely.to_wkb(plane.in_degrees(np.array([drawn], dtype=object))[0])
    return picture


def _parts(shape: Any, held: Sequence[Interval]) -> Iterator[tuple[shapely.Geometry, int]]:
    """Yield the parts of a target that the list holds, and those that it does not."""
    if shape.geom_type == "Point" or not held:
        yield shapely.force_2d(shape), OWN if held else OTHERS
        return
    line = MeasuredLine(shapely.get_coordinates(shape, include_m=True))
    cuts = sorted({0, line.extent_mm, *(cut for span in held for cut in span)})
    for start, end in pairwise(cuts):
        owner = OWN if any(first <= start and end <= last for first, last in held) else OTHERS
        yield shapely.LineString(line.between(start, end)), owner
