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
DEPTH = {POINT: 0, LINE: 1, POLYGON: 2, MULTI_POINT: 1, MULTI_LINE: 2, MULTI_POLYGON: 3}
"""Lists within which a position stands."""
ISO_LETTERS = ("", "Z", "M", "ZM")
HEIGHT = 412.5
STARS = (*(5, 7, 21) * 4, 101, 1001)
SPIRAL_TURNS = (*(1, 3) * 4, 40)
MANY = (*(2, 30) * 12, 300, 3000)
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


def positions(shape: Shape) -> list[list[float]]:
    """Return all positions of a shape; that of an empty point has no numbers."""
    if shape.kind == COLLECTION:
        return [place for part in shape.coordinates for place in positions(part)]
    return _nested(shape.coordinates, DEPTH[shape.kind])


def chains(shape: Shape) -> list[list[list[float]]]:
    """Return the lines and rings of a shape."""
    if shape.kind == COLLECTION:
        return [line for part in shape.coordinates for line in chains(part)]
    return _nested(shape.coordinates, DEPTH[shape.kind] - 1) if DEPTH[shape.kind] else []


def _nested(coordinates: Any, depth: int) -> list[Any]:
    return [coordinates] if not depth else [inner for part in coordinates for inner in _nested(part, depth - 1)]


def as_geojson(shape: Shape, letters: str = "") -> dict[str, Any]:
    """Return the object of the standard; for each of the letters Z and M a position gets a number more."""
    name = NAMES[shape.kind]
    if shape.kind == COLLECTION:
        return {"type": name, "geometries": [as_geojson(part, letters) for part in shape.coordinates]}
    return {"type": name, "coordinates": _raised(shape.coordinates, DEPTH[shape.kind], letters)}


def _raised(coordinates: Any, depth: int, letters: str) -> Any:
    if not letters:
        return coordinates
    if depth:
        return [_raised(part, depth - 1, letters) for part in coordinates]
    return [*coordinates[:2], *(HEIGHT for _ in letters)] if coordinates else []


def as_wkb(shape: Shape, letters: str = "") -> bytes:
    """Return well-known binary in two dimensions, or with those of the letters, whatever the coordinates are."""
    head = struct.pack("<BI", 1, shape.kind + 1000 * ISO_LETTERS.index(letters))
    if shape.kind == POINT:
        return head + _position(shape.coordinates, letters)
    if shape.kind == LINE:
        return head + _positions(shape.coordinates, letters)
    parts = shape.coordinates
    if shape.kind == POLYGON:
        return head + struct.pack("<I", len(parts)) + b"".join(_positions(part, letters) for part in parts)
    if shape.kind != COLLECTION:
        parts = [Shape(shape.kind - 3, part) for part in parts]
    return head + struct.pack("<I", len(parts)) + b"".join(as_wkb(part, letters) for part in parts)


def _positions(points: list[list[float]], letters: str) -> bytes:
    return struct.pack("<I", len(points)) + b"".join(_position(point, letters) for point in points)


def _position(point: list[float], letters: str) -> bytes:
    more = (HEIGHT if point else math.nan,) * len(letters)
    return struct.pack(f"<{2 + len(letters)}d", *(point + [math.nan] * 2)[:2], *more)


def as_wkt(shape: Shape, letters: str = "") -> str:
    """Return well-known text in two dimensions, or with those of the letters."""
    name = NAMES[shape.kind].upper() + (f" {letters} " if letters else "")
    if not shape.coordinates:
        return f"{name} EMPTY"
    if shape.kind == COLLECTION:
        return f"{name}({','.join(as_wkt(part, letters) for part in shape.coordinates)})"
    told = _told(shape.coordinates, letters)
    return f"{name}({told})" if shape.kind == POINT else name + told


def _told(coordinates: Any, letters: str) -> str:
    if not isinstance(coordinates, list):
        return repr(coordinates)
    if coordinates and not isinstance(coordinates[0], list):
        return " ".join(repr(number) for number in (*coordinates[:2], *(HEIGHT for _ in letters)))
    return f"({','.join(_told(part, letters) for part in coordinates)})"
