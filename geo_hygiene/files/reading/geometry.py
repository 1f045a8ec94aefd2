"""Check the geometries of a file and bring them to the form in which they are stored."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.reading.notes import Notes
from geo_hygiene.i18n import N_

Geometries = NDArray[np.object_]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

_COLLECTIONS = (4, 5, 6, 7)
#: shapely's type numbers of what a layer of each family holds.
_TYPES = {"point": (0,), "line": (1, 5), "polygon": (3, 6)}
#: What a geometry is, in the order of shapely's type numbers: the standard's name, and a word in a sentence.
_KINDS = (
    ("Point", N_("a point")),
    ("LineString", N_("a line")),
    ("LinearRing", N_("a line")),
    ("Polygon", N_("an area")),
    ("MultiPoint", N_("several points")),
    ("MultiLineString", N_("several lines")),
    ("MultiPolygon", N_("several areas")),
    ("GeometryCollection", N_("a collection")),
)
_WANTED = {
    "point": N_("The layer holds points, and this is %(found)s."),
    "line": N_("The layer holds lines, and this is %(found)s."),
    "polygon": N_("The layer holds areas, and this is %(found)s."),
}
_REASON = re.compile(r"(.+?)\[(\S+) (\S+?)(?: \S+)?\]")
#: GEOS' words for what is wrong, as sentences with the place: geos/src/operation/valid/TopologyValidationError.cpp.
_REASONS = {
    "Self-intersection": N_("The outline crosses itself at %(lon)s, %(lat)s."),
    "Ring Self-intersection": N_("The outline touches itself at %(lon)s, %(lat)s."),
    "Hole lies outside shell": N_("A hole lies outside its area at %(lon)s, %(lat)s."),
    "Holes are nested": N_("A hole lies within another hole at %(lon)s, %(lat)s."),
    "Nested shells": N_("A part of the area lies within another part at %(lon)s, %(lat)s."),
    "Duplicate Rings": N_("An outline stands twice at %(lon)s, %(lat)s."),
    "Interior is disconnected": N_("Holes cut the area in two at %(lon)s, %(lat)s."),
    "Too few points in geometry component": N_("The line has no length, or the area no ground, at %(lon)s, %(lat)s."),
}
_OTHER_REASON = N_("The geometry is not valid at %(lon)s, %(lat)s.")
INVALID_HINT = N_("Mend the shape in the program that it comes from, or skip the row with --skip-rejected.")


@dataclass
class Batch:
    """Some rows of a file while they are checked; a geometry becomes None when it can not be stored.

    Parameters
    ----------
    rows
        Row numbers.
    geometries
        In the system of the file at first, in EPSG:4326 (x = longitude) after the transformation.
    rejected
        Which rows have an error.
    """

    rows: Rows
    geometries: Geometries
    rejected: Mask

    def reject(self, which: Mask, notes: Notes, finding: Callable[[int], Finding]) -> None:
        """Note an error for each row of `which` that has none yet; `finding` takes the position in the batch."""
        for position in np.flatnonzero(which & ~self.rejected).tolist():
            notes.add(finding(position))
        self.rejected |= which

    def good(self) -> Mask:
        """Tell which rows have no error."""
        return ~self.rejected


def parsed(parse: Callable[..., Any], written: NDArray[np.object_]) -> Geometries:
    """Return the geometry of each well-known text or binary, None where it is damaged or has arcs."""
    try:
        geometries: Geometries = parse(written, on_invalid="ignore")
    except NotImplementedError:
        # GEOS reads arcs, and shapely then refuses all that it was given.
        geometries = np.full(len(written), None, dtype=object)
        for at, one in enumerate(written):
            with suppress(NotImplementedError):
                geometries[at] = parse(one, on_invalid="ignore")
    return geometries


def flat(geometries: Geometries) -> Geometries:
    """Return the geometries in two dimensions; those that have no more are not written anew."""
    flattened = geometries.copy()
    solid = shapely.get_coordinate_dimension(geometries) > 2  # noqa: PLR2004 - longitude and latitude
    flattened[solid] = shapely.force_2d(geometries[solid])
    return flattened


def reject_missing(batch: Batch, notes: Notes) -> None:
    """Reject the rows that have no geometry, or an empty one."""
    missing = shapely.is_missing(batch.geometries) | shapely.is_empty(batch.geometries)
    batch.reject(missing, notes, lambda at: Finding(Code.GEOMETRY_EMPTY, row=int(batch.rows[at])))


def check_form(batch: Batch, family: str | None, most_vertices: int, notes: Notes) -> None:
    """Reject what is too long, not finite or of another kind; take single parts out of collections."""
    rows = batch.rows
    vertices = shapely.get_num_coordinates(batch.geometries)
    batch.reject(vertices > most_vertices, notes, lambda at: too_many(int(rows[at]), int(vertices[at]), most_vertices))
    _take_single_parts(batch)
    if family is not None:
        types = shapely.get_type_id(batch.geometries)
        other = (types >= 0) & ~np.isin(types, _TYPES[family])
        batch.reject(other, notes, lambda at: _other_kind(int(rows[at]), int(types[at]), family))
    _reject_not_finite(batch, notes)


def too_many(row: int, vertices: int, most: int) -> Finding:
    """Return the finding on a geometry with more vertices than are read."""
    text = N_("The geometry has %(count)s vertices; not more than %(most)s are read.")
    hint = N_("Simplify it, or split it into several rows.")
    return Finding(
        Code.TOO_MANY_VERTICES, text, row=row, value=str(vertices), hint=hint, values={"count": vertices, "most": most}
    )


def _other_kind(row: int, type_id: int, family: str) -> Finding:
    name, word = _KINDS[type_id]
    return Finding(Code.GEOMETRY_TYPE, _WANTED[family], row=row, value=name, words={"found": word})


def _take_single_parts(batch: Batch) -> None:
    types = shapely.get_type_id(batch.geometries)
    single = np.isin(types, _COLLECTIONS) & (shapely.get_num_geometries(batch.geometries) == 1)
    if single.any():
        batch.geometries[single] = shapely.get_geometry(batch.geometries[single], 0)


def _reject_not_finite(batch: Batch, notes: Notes) -> None:
    coordinates, owners = shapely.get_coordinates(batch.geometries, return_index=True)
    wrong = ~np.isfinite(coordinates).all(axis=1)
    which = np.zeros(len(batch.rows), dtype=bool)
    which[owners[wrong]] = True

    def finding(at: int) -> Finding:
        own = coordinates[owners == at]
        vertex = int(np.flatnonzero(~np.isfinite(own).all(axis=1))[0])
        return not_finite(int(batch.rows[at]), vertex + 1, own[vertex].tolist())

    batch.reject(which, notes, finding)
    batch.geometries[which] = None


def not_finite(row: int, vertex: int, coordinates: list[float]) -> Finding:
    """Return the finding on a vertex, counted from 1, that lies nowhere."""
    text = N_("Vertex %(vertex)s has the coordinates %(coordinates)s.")
    shown = " ".join(f"{value:g}" for value in coordinates)
    return Finding(Code.NOT_FINITE, text, row=row, value=shown, values={"vertex": vertex, "coordinates": shown})


def move(batch: Batch, transform: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> NDArray[np.float64]:
    """Bring the good geometries to EPSG:4326; return the bounds that they had before, shape (rows, 4)."""
    before: NDArray[np.float64] = shapely.bounds(batch.geometries)
    good = np.flatnonzero(batch.good())
    moved = batch.geometries[good]
    coordinates: NDArray[np.float64] = shapely.get_coordinates(moved)
    places = transform(coordinates)
    if places is not coordinates:
        batch.geometries[good] = shapely.set_coordinates(moved, places)
    return before


def check_validity(batch: Batch, notes: Notes) -> None:
    """Reject geometries that are not valid by the rules of OGC, with the place of the defect.

    They are not repaired: what the owner meant is not known, and the repair of a small polygon can cost minutes.
    """
    good = np.flatnonzero(batch.good() & ~shapely.is_missing(batch.geometries))
    wrong = np.zeros(len(batch.rows), dtype=bool)
    wrong[good] = ~shapely.is_valid(batch.geometries[good])
    batch.reject(wrong, notes, lambda at: _invalid(int(batch.rows[at]), shapely.is_valid_reason(batch.geometries[at])))


def _invalid(row: int, told: str) -> Finding:
    match = _REASON.fullmatch(told)
    if match is None:
        return Finding(Code.GEOMETRY_INVALID, row=row, hint=INVALID_HINT)
    lon, lat = f"{float(match[2]):.7f}", f"{float(match[3]):.7f}"
    return Finding(
        Code.GEOMETRY_INVALID,
        _REASONS.get(match[1], _OTHER_REASON),
        row=row,
        value=f"{lon} {lat}",
        hint=INVALID_HINT,
        values={"lon": lon, "lat": lat},
    )
