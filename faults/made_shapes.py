"""Strategies of shapes that are wrong, odd or huge, and the same shapes as GeoJSON, WKB and WKT."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

ORIGIN = (105.08, 31.09)
"""A town."""

POINT, LINE, POLYGON, MULTI_POINT, MULTI_LINE, MULTI_POLYGON, COLLECTION = range(1, 8)
NAMES = {
    POINT: "Point",
    LINE: "LineString",
    POLYGON: "Polygon",
    MULTI_POINT: "MultiPoint",
    MULTI_LINE: "MultiLineString",
    MULTI_POLYGON: "MultiPolygon",
    COLLECTION: "GeometryCollection",
}
STARS = (5, 7, 21, 101, 1001)
SPIRAL_TURNS = (1, 3, 40)
MANY = (2, 30, 3000)
DEPTHS = (1, 3, 9, 30, 200)

EXTREMES = (
    math.nan,
    math.inf,
    -math.inf,
    -0.0,
    0.0,
    1e308,
    -1e308,
    5e-324,
    90.0,
    91.0,
    -90.0,
    180.0,
    180.0000001,
    -180.0,
    200.0,
    400.0,
    35_412_345.6,
    3_471_234.5,
    13_520_000.0,
)


@dataclass(frozen=True)
class Shape:
    """A geometry: the number of its kind in WKB, and coordinates nested as GeoJSON nests them."""

    kind: int
    coordinates: Any


near = st.floats(-0.02, 0.02)
numbers = st.one_of(near, near, near, near, st.floats(width=64), st.sampled_from(EXTREMES))
places = st.tuples(near, near).map(lambda shift: [ORIGIN[0] + shift[0], ORIGIN[1] + shift[1]])
anywhere = st.one_of(places, places, places, st.lists(numbers, min_size=2, max_size=4))


def ring(count: int, step: int, radius: float = 0.01) -> list[list[float]]:
    """Return a closed ring through every `step`th of `count` points on a circle: a star where they differ by over 1."""
    turn = 2 * math.pi * step / count
    points = [
        [ORIGIN[0] + radius * math.cos(turn * at), ORIGIN[1] + radius * math.sin(turn * at)] for at in range(count)
    ]
    return [*points, points[0]]


def spiral(turns: int) -> list[list[float]]:
    """Return a line that winds around the town, forty points a turn."""
    return [
        [ORIGIN[0] + at * 1e-5 * math.cos(at / 6.4), ORIGIN[1] + at * 1e-5 * math.sin(at / 6.4)]
        for at in range(40 * turns)
    ]


def square(west: float, south: float, side: float) -> list[list[float]]:
    """Return a closed square ring."""
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def combs(count: int) -> list[list[list[float]]]:
    """Return an outline with so many holes side by side."""
    side = 0.02 / count
    return [
        square(*ORIGIN, 0.021),
        *(square(ORIGIN[0] + at * side + side / 4, ORIGIN[1] + 0.001, side / 2) for at in range(count)),
    ]


x, y = ORIGIN
KNOWN = (
    Shape(POLYGON, [square(x, y, 0.01)]),
    Shape(POLYGON, [[[x, y], [x + 0.01, y + 0.01], [x + 0.01, y], [x, y + 0.01], [x, y]]]),
    Shape(POLYGON, [square(x, y, 0.01), square(x + 0.02, y, 0.001)]),
    Shape(POLYGON, [square(x, y, 0.01), square(x + 0.001, y + 0.001, 0.005), square(x + 0.002, y + 0.002, 0.001)]),
    Shape(POLYGON, [square(x, y, 0.01), square(x, y, 0.01)]),
    Shape(POLYGON, [[[x, y], [x + 0.01, y], [x, y], [x, y]]]),
    Shape(POLYGON, [[[x, y], [x, y], [x, y], [x, y]]]),
    Shape(POLYGON, [[[x, y], [x + 0.01, y], [x + 0.01, y + 0.01]]]),
    Shape(POLYGON, [square(y, x, 0.01)]),
    Shape(POLYGON, [[]]),
    Shape(POLYGON, []),
    Shape(LINE, [[x, y], [x, y]]),
    Shape(LINE, [[x, y]]),
    Shape(LINE, []),
    Shape(LINE, [[x, y], [x + 0.001, y], [x + 0.001, y], [x, y], [x + 0.001, y]]),
    Shape(LINE, [[y, x], [y + 0.001, x]]),
    Shape(LINE, [[-180.0, y], [180.0, y]]),
    Shape(POINT, [x, y]),
    Shape(POINT, []),
    Shape(POINT, [0.0, 0.0]),
    Shape(MULTI_POINT, [[x, y], [x, y]]),
    Shape(MULTI_POINT, [[]]),
    Shape(MULTI_LINE, [[]]),
    Shape(MULTI_LINE, [[[x, y], [x + 0.001, y]], []]),
    Shape(MULTI_POLYGON, [[square(x, y, 0.01)], [square(x + 0.005, y, 0.01)]]),
    Shape(MULTI_POLYGON, [[]]),
    Shape(COLLECTION, []),
)


@st.composite
def nested(draw: st.DrawFn) -> Shape:
    """Draw collections in collections."""
    inner = draw(st.sampled_from(KNOWN))
    for _ in range(draw(st.sampled_from(DEPTHS))):
        inner = Shape(COLLECTION, [inner])
    return inner


lines = st.lists(anywhere, max_size=8)
rings = st.one_of(
    st.builds(ring, st.sampled_from(STARS), st.integers(1, 10)),
    lines,
    lines.map(lambda points: [*points, *points[:1]]),
)
shapes = st.one_of(
    st.sampled_from(KNOWN),
    anywhere.map(lambda place: Shape(POINT, place)),
    lines.map(lambda points: Shape(LINE, points)),
    st.builds(spiral, st.sampled_from(SPIRAL_TURNS)).map(lambda points: Shape(LINE, points)),
    st.lists(rings, max_size=3).map(lambda parts: Shape(POLYGON, parts)),
    st.builds(combs, st.sampled_from(MANY)).map(lambda parts: Shape(POLYGON, parts)),
    st.lists(lines, max_size=3).map(lambda parts: Shape(MULTI_LINE, parts)),
    st.lists(anywhere, max_size=3).map(lambda parts: Shape(MULTI_POINT, parts)),
    st.lists(st.lists(rings, max_size=2), max_size=3).map(lambda parts: Shape(MULTI_POLYGON, parts)),
    nested(),
)

good_lines = st.lists(places, min_size=2, max_size=6)
good_shapes_of = {
    "point": places.map(lambda place: Shape(POINT, place)),
    "line": good_lines.map(lambda points: Shape(LINE, points)),
    "polygon": places.map(lambda place: Shape(POLYGON, [square(place[0], place[1], 0.001)])),
}
good_shapes = st.one_of(*good_shapes_of.values())


def as_geojson(shape: Shape) -> dict[str, Any]:
    """Return the object of the standard."""
    name = NAMES[shape.kind]
    if shape.kind == COLLECTION:
        return {"type": name, "geometries": [as_geojson(part) for part in shape.coordinates]}
    return {"type": name, "coordinates": shape.coordinates}


def as_wkb(shape: Shape) -> bytes:
    """Return well-known binary in two dimensions, whatever the coordinates are."""
    head = struct.pack("<BI", 1, shape.kind)
    if shape.kind == POINT:
        return head + _position(shape.coordinates or [math.nan, math.nan])
    if shape.kind == LINE:
        return head + _positions(shape.coordinates)
    if shape.kind == POLYGON:
        return head + struct.pack("<I", len(shape.coordinates)) + b"".join(map(_positions, shape.coordinates))
    parts = shape.coordinates
    if shape.kind != COLLECTION:
        parts = [Shape(shape.kind - 3, part) for part in parts]
    return head + struct.pack("<I", len(parts)) + b"".join(map(as_wkb, parts))


def _positions(points: list[list[float]]) -> bytes:
    return struct.pack("<I", len(points)) + b"".join(map(_position, points))


def _position(point: list[float]) -> bytes:
    return struct.pack("<2d", *(point + [math.nan] * 2)[:2])


def as_wkt(shape: Shape) -> str:
    """Return well-known text in two dimensions."""
    name = NAMES[shape.kind].upper()
    if not shape.coordinates:
        return f"{name} EMPTY"
    if shape.kind == COLLECTION:
        return f"{name}({','.join(map(as_wkt, shape.coordinates))})"
    return f"{name}{_told(shape.coordinates) if shape.kind != POINT else f'({_told(shape.coordinates)})'}"


def _told(coordinates: Any) -> str:
    if not isinstance(coordinates, list):
        return repr(coordinates)
    if coordinates and not isinstance(coordinates[0], list):
        return " ".join(repr(number) for number in coordinates[:2])
    return f"({','.join(map(_told, coordinates))})"
