"""Make geometries of the coordinates of GeoJSON, and say exactly why one can not be made."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.geometry import INVALID_HINT, not_finite
from geo_hygiene.i18n import N_

_NO_NUMBERS = N_("The coordinates are not lists of numbers.")
_LEAST_LINE, _LEAST_RING = 2, 4
_DEEPEST = 8
#: How programs write an area without ground.
_EMPTY_POLYGONS: tuple[list[Any], ...] = ([], [[]])


class ShapeError(Exception):
    """A geometry that can not be made; tells the finding for its row."""

    def __init__(self, text: str, *, code: Code = Code.GEOMETRY_INVALID, **values: object) -> None:
        super().__init__(text)
        self._text = text
        self._code = code
        self._values = values

    def finding(self, row: int) -> Finding:
        """Return what is said of the row."""
        place = f"{self._values['x']} {self._values['y']}" if "x" in self._values else None
        return Finding(self._code, self._text, row=row, value=place, hint=INVALID_HINT, values=self._values)


class NotFiniteError(ShapeError):
    """A vertex that lies nowhere."""

    def __init__(self, vertex: int, coordinates: list[float]) -> None:
        super().__init__("")
        self._vertex, self._coordinates = vertex, coordinates

    def finding(self, row: int) -> Finding:
        """Return what is said of the row."""
        return not_finite(row, self._vertex, self._coordinates)


def shapes(geometries: list[Any]) -> tuple[NDArray[np.object_], dict[int, ShapeError]]:
    """Return a geometry or None for each GeoJSON object, and what is wrong with the others by position."""
    made: NDArray[np.object_] | None = None
    if geometries and all(isinstance(geometry, dict) for geometry in geometries):
        kind = geometries[0].get("type")
        if kind in ("LineString", "Point") and all(geometry.get("type") == kind for geometry in geometries):
            made = _alike([geometry.get("coordinates") for geometry in geometries], is_point=kind == "Point")
    if made is not None:
        return made, {}
    made, errors = np.full(len(geometries), None, dtype=object), {}
    for at, geometry in enumerate(geometries):
        try:
            made[at] = shape(geometry)
        except ShapeError as problem:
            errors[at] = problem
    return made, errors


def _alike(coordinates: list[Any], *, is_point: bool) -> NDArray[np.object_] | None:
    """Return many points or lines made at once, or None when one of them needs a closer look."""
    lines = [coordinates] if is_point else coordinates
    if not all(isinstance(line, list) and len(line) >= _LEAST_LINE for line in lines) and not is_point:
        return None
    try:
        positions = _positions([position for line in lines for position in line])
    except (ShapeError, TypeError):
        return None
    made: Any = (
        shapely.points(positions)
        if is_point
        else shapely.linestrings(positions, indices=np.repeat(np.arange(len(lines)), [len(line) for line in lines]))
    )
    return np.asarray(made, dtype=object)


def shape(geometry: object, *, depth: int = 0) -> BaseGeometry | None:
    """Return the geometry of a GeoJSON object in two dimensions, None for null.

    Raises
    ------
    ShapeError
        If it is none, with the reason.
    """
    if geometry is None:
        return None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or not isinstance(kind, str) or kind not in GEOMETRIES:
        text = N_("There is no geometry of the type %(type)s.")
        raise ShapeError(text, code=Code.GEOMETRY_TYPE, type=str(kind)[:80])
    if kind == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list) or depth >= _DEEPEST:
            raise ShapeError(N_("The collection holds no list of geometries, or too many in each other."))
        return shapely.GeometryCollection([shape(part, depth=depth + 1) for part in parts if part is not None])
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list):
        raise ShapeError(N_("The geometry has no coordinates."))
    return _MAKERS[kind](coordinates)


def _point(coordinates: list[Any]) -> shapely.Point:
    if not coordinates:
        return shapely.Point()
    return shapely.Point(_positions([coordinates])[0])


def _line(coordinates: list[Any]) -> shapely.LineString:
    positions = _positions(coordinates)
    if len(positions) and len(positions) < _LEAST_LINE:
        raise _at(N_("The line has one point only, at %(x)s, %(y)s."), positions)
    return shapely.LineString(positions) if len(positions) else shapely.LineString()


def _ring(coordinates: object) -> shapely.LinearRing:
    positions = _positions(_part(coordinates))
    if (positions[0] != positions[-1]).any():
        raise _at(N_("The outline is not closed; it begins at %(x)s, %(y)s."), positions)
    if len(positions) < _LEAST_RING:
        raise _at(N_("The outline has fewer than four points, at %(x)s, %(y)s."), positions)
    return shapely.LinearRing(positions)


def _polygon(coordinates: list[Any]) -> shapely.Polygon:
    if coordinates in _EMPTY_POLYGONS:
        return shapely.Polygon()
    rings = [_ring(ring) for ring in coordinates]
    return shapely.Polygon(rings[0], rings[1:])


def _points(coordinates: list[Any]) -> BaseGeometry:
    return shapely.MultiPoint([_point(_part(part)) for part in coordinates])


def _lines(coordinates: list[Any]) -> BaseGeometry:
    return shapely.MultiLineString([_line(_part(part)) for part in coordinates])


def _polygons(coordinates: list[Any]) -> BaseGeometry:
    return shapely.MultiPolygon([_polygon(_part(part)) for part in coordinates])


_MAKERS: Mapping[str, Callable[[list[Any]], BaseGeometry]] = {
    "Point": _point,
    "LineString": _line,
    "Polygon": _polygon,
    "MultiPoint": _points,
    "MultiLineString": _lines,
    "MultiPolygon": _polygons,
}
GEOMETRIES = frozenset({*_MAKERS, "GeometryCollection"})


def _part(coordinates: object) -> list[Any]:
    if not isinstance(coordinates, list):
        raise ShapeError(_NO_NUMBERS)
    if not coordinates:
        raise ShapeError(N_("A part of the geometry has no coordinates."))
    return coordinates


def _positions(coordinates: list[Any]) -> NDArray[np.float64]:
    """Return x and y, shape (n, 2); heights and measures are dropped."""
    if not coordinates:
        return np.empty((0, 2))
    try:
        positions = np.array(coordinates)
    except ValueError:
        # Some positions have a height and others have none.
        flat = [position[:2] if isinstance(position, list) else position for position in coordinates]
        try:
            positions = np.array(flat)
        except ValueError:
            raise ShapeError(_NO_NUMBERS) from None
    if positions.dtype.kind not in "iuf" or positions.ndim != 2 or positions.shape[1] < 2:  # noqa: PLR2004 - x and y
        raise ShapeError(_NO_NUMBERS)
    places = positions[:, :2].astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(places).all(axis=1))
    if len(wrong):
        raise NotFiniteError(int(wrong[0]) + 1, places[wrong[0]].tolist())
    return places


def _at(text: str, positions: NDArray[np.float64]) -> ShapeError:
    return ShapeError(text, x=f"{positions[0, 0]:.10g}", y=f"{positions[0, 1]:.10g}")
