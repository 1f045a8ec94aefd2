"""Plain shapes of the plane that several parts of the town are made of."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, MultiPolygon, Polygon, get_parts
from shapely.geometry.base import BaseGeometry


def middle_of(shape: BaseGeometry) -> tuple[float, float]:
    """Return the place halfway along a line, or the middle of another shape."""
    spot = shape.interpolate(0.5, normalized=True) if isinstance(shape, LineString) else shape.centroid
    return spot.x, spot.y


def polygons_of(shape: BaseGeometry) -> list[Polygon]:
    """Return the polygons in a shape."""
    return [part for part in get_parts(shape) if isinstance(part, Polygon)]


def solid(shape: BaseGeometry) -> Polygon | MultiPolygon:
    """Return the polygons of a shape without lines, points and crumbs."""
    parts = [part for part in polygons_of(shape) if part.area > 1]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def blob(x: float, y: float, radius: float, rng: np.random.Generator, *, stretch: float = 1.0) -> Polygon:
    """Return a round, uneven shape, ``stretch`` times longer than a round one in some direction."""
    angle = np.linspace(0, 2 * np.pi, 41)[:-1]
    reach = np.ones(40)
    for k in range(2, 6):
        reach += rng.uniform(0.3, 1.0) * 0.28 / k * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
    lean = rng.uniform(0, np.pi)
    u, v = radius * reach * np.cos(angle) * stretch, radius * reach * np.sin(angle) / stretch
    spots = np.column_stack([x + u * math.cos(lean) - v * math.sin(lean), y + u * math.sin(lean) + v * math.cos(lean)])
    return Polygon(np.round(spots, 2))


def chaikin(points: NDArray[np.float64], rounds: int) -> NDArray[np.float64]:
    """Return a polyline with its corners cut, again and again."""
    for _ in range(rounds):
        a, b = points[:-1], points[1:]
        inner = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        points = np.vstack([points[:1], inner[1:-1], points[-1:]])
    return np.round(points, 2)
