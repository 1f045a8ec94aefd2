"""What must become of a geometry, by a judge that shares the library of geometry with the program and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
import shapely

from faults.made_shapes import (
    COLLECTION,
    LINE,
    MULTI_LINE,
    MULTI_POINT,
    MULTI_POLYGON,
    ORIGIN,
    POINT,
    POLYGON,
    Shape,
    positions,
)

RIGHT_KINDS = {"point": {POINT}, "line": {LINE, MULTI_LINE}, "polygon": {POLYGON, MULTI_POLYGON}}
SINGLE = {MULTI_POINT: POINT, MULTI_LINE: LINE, MULTI_POLYGON: POLYGON}
MOST_VERTICES = 100_000
INSIDE, OUTSIDE = 0.1, 0.35
"""Degrees from the town that surely lie within, and surely beyond, 20 km of its office."""
SHORT = 3e-8
"""Degrees of about three millimetres: positions along lines are whole ones."""
NODE = 5e-7
"""Degrees of about five centimetres: nodes within one centimetre are one, and so may be one beside the next."""
EXACT = 1e-9
LEAST_RING = 4


class Verdict(Enum):
    """What must become of a geometry."""

    STORE = "store"
    REFUSE = "refuse"
    EITHER = "either"


class WrongError(Exception):
    """Coordinates that make no geometry that can be stored."""


class UnclearError(Exception):
    """A part of a geometry is empty: formats differ in what that is."""


def verdict(shape: Shape, family: str) -> tuple[Verdict, Any]:
    """Tell what must become of a shape in a layer of a family, and what it is."""
    try:
        once, geometry = _judged(shape, family)
    except WrongError:
        return Verdict.REFUSE, None
    except UnclearError:
        return Verdict.EITHER, None
    away = np.abs(shapely.get_coordinates(geometry) - ORIGIN).max()
    if away > OUTSIDE:
        return Verdict.REFUSE, None
    is_short = family == "line" and min(shapely.length(shapely.get_parts(geometry))) < SHORT
    if once.kind not in RIGHT_KINDS[family] or away > INSIDE or is_short:
        return Verdict.EITHER, geometry
    return Verdict.STORE, geometry


def _judged(shape: Shape, family: str) -> tuple[Shape, Any]:
    """Return a shape without the collection around it, and the geometry that it is when all around it is taken away."""
    places = positions(shape)
    if not all(math.isfinite(number) for place in places for number in place[:2]) or len(places) > MOST_VERTICES:
        raise WrongError
    once = inner = _unwrapped(shape)
    while (deeper := _unwrapped(inner)) is not inner:
        inner = deeper
    if inner.kind not in RIGHT_KINDS[family]:
        raise WrongError
    geometry = _built(inner)
    if geometry.is_empty or not geometry.is_valid:
        raise WrongError
    return once, geometry


def _unwrapped(shape: Shape) -> Shape:
    """Return the only part of a shape that has one, else the shape itself."""
    if len(shape.coordinates) != 1 or shape.kind not in {*SINGLE, COLLECTION}:
        return shape
    part = shape.coordinates[0]
    return part if shape.kind == COLLECTION else Shape(SINGLE[shape.kind], part)


def _built(shape: Shape) -> Any:
    """Return the geometry that a shape says."""
    if shape.kind == POINT:
        return shapely.Point(*shape.coordinates[:2])
    if shape.kind == LINE:
        return shapely.LineString(_line(shape.coordinates))
    if shape.kind == POLYGON:
        rings = [_ring(ring) for ring in shape.coordinates]
        if not all(rings[1:]) or (rings[1:] and not rings[0]):
            raise UnclearError
        return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()
    parts = [_built(Shape(SINGLE[shape.kind], part)) for part in shape.coordinates]
    if all(part.is_empty for part in parts):
        return shapely.GeometryCollection()
    if any(part.is_empty for part in parts):
        raise UnclearError
    made: Mapping[int, Any] = {
        MULTI_POINT: shapely.MultiPoint,
        MULTI_LINE: shapely.MultiLineString,
        MULTI_POLYGON: shapely.MultiPolygon,
    }
    return made[shape.kind](parts)


def _line(places: list[list[float]]) -> list[list[float]]:
    if len(places) == 1 or not all(len(place) > 1 for place in places):
        raise WrongError
    return [place[:2] for place in places]


def _ring(places: list[list[float]]) -> list[list[float]]:
    found = _line(places)
    if found and (len(found) < LEAST_RING or found[0] != found[-1]):
        raise WrongError
    return found


def differs(geometry: Any, stored: list[Any], family: str) -> bool:
    """Tell whether what is stored of a row is something else than its geometry; lines may be cut into pieces."""
    if family == "line":
        bounds = shapely.total_bounds(np.array(stored))
        return bool(np.abs(bounds - shapely.bounds(geometry)).max() > NODE)
    parts = [shapely.GeometryCollection(shapely.get_parts(shape).tolist()) for shape in (geometry, *stored)]
    one, *others = (shapely.normalize(part) for part in parts)
    return [shapely.equals_exact(one, other, EXACT) for other in others] != [True]
