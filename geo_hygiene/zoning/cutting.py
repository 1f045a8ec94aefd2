"""A list is cut by a line that was drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import hypot
from typing import Any

import shapely
import shapely.ops
from sqlalchemy import Connection, text

from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.coverage.otherwise import disjoint
from geo_hygiene.coverage.writing import Stretch

ROUND = 0.0005
"""Degrees (some 50 m) by which the ground reaches beyond what is cut, so that a line always leaves it."""

SHAPES = "select id, ST_AsBinary(geom) as geom from target where id = any(:ids)"


@dataclass(slots=True)
class Part:
    """What lies on one side of a line: stretches, and the ground with the picture there."""

    ground: shapely.Polygon
    picture: bytes | None
    stretches: list[Stretch] = field(default_factory=list)

    @property
    def extent(self) -> int:
        """Return how many millimetres, or points, it holds."""
        return sum(item.to_mm - item.from_mm for item in self.stretches)


def cut_list(
    connection: Connection, stretches: Sequence[Stretch], line: shapely.LineString, picture: bytes | None
) -> list[Part]:
    """Return the parts into which a line cuts a list, the largest first; a part without stretches is none."""
    rows = connection.execute(text(SHAPES), {"ids": sorted({item.target_id for item in stretches})})
    shapes = {row.id: shapely.from_wkb(bytes(row.geom)) for row in rows}
    drawn = shapely.from_wkb(picture) if picture else shapely.Polygon()
    flat = [shapely.force_2d(shape) for shape in shapes.values()]
    ground = shapely.convex_hull(shapely.GeometryCollection([*flat, drawn])).buffer(ROUND)
    line = _prolonged(line, ground)
    parts = [
        Part(face, _picture_in(drawn, face)) for face in shapely.get_parts(shapely.ops.split(ground, line)).tolist()
    ]
    for item in stretches:
        for piece, middle in _pieces(item, shapes[item.target_id], line):
            nearest = min(parts, key=lambda part: part.ground.distance(middle))
            nearest.stretches.append(piece)
    found = [part for part in parts if part.stretches]
    for part in found:
        part.stretches = disjoint(part.stretches)
    return sorted(found, key=lambda part: -part.extent)


def _picture_in(drawn: Any, ground: shapely.Polygon) -> bytes | None:
    faces = [
        face
        for face in shapely.get_parts(shapely.intersection(drawn, ground)).tolist()
        if face.geom_type == "Polygon" and not face.is_empty
    ]
    return shapely.to_wkb(shapely.MultiPolygon(faces)) if faces else None


def _prolonged(line: shapely.LineString, ground: Any) -> shapely.LineString:
    """Return a line whose ends go on straight until they have left the ground."""
    west, south, east, north = shapely.union_all([line, ground]).bounds
    far = hypot(east - west, north - south)
    places = list(line.coords)
    first, last = _beyond(places[1], places[0], far), _beyond(places[-2], places[-1], far)
    return shapely.LineString([first, *places, last])


def _beyond(start: Sequence[float], end: Sequence[float], far: float) -> tuple[float, float]:
    length = hypot(end[0] - start[0], end[1] - start[1])
    return end[0] + (end[0] - start[0]) / length * far, end[1] + (end[1] - start[1]) / length * far


def _pieces(item: Stretch, shape: Any, line: shapely.LineString) -> list[tuple[Stretch, shapely.Point]]:
    """Return a stretch cut where a line crosses it, each piece with its middle."""
    if shape.geom_type == "Point":
        return [(item, shapely.force_2d(shape))]
    measured = MeasuredLine(shapely.get_coordinates(shape, include_m=True))
    course = shapely.LineString(measured.between(item.from_mm, item.to_mm))
    crossings = shapely.get_coordinates(shapely.intersection(course, line)).tolist()
    cuts = {measured.locate(*place)[0] for place in crossings}
    bounds = sorted({item.from_mm, item.to_mm, *(cut for cut in cuts if item.from_mm < cut < item.to_mm)})
    return [
        (Stretch(item.target_id, start, end), shapely.Point(measured.at((start + end) / 2)))
        for start, end in pairwise(bounds)
    ]
