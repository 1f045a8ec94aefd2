"""Give lines their measure: geodesic metres from the start, as M of every vertex."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely

from geo_hygiene.crs import GEOD, STORAGE_SRID
from geo_hygiene.files.importing.noding.lines import Floats, Integers, Lines, offsets_of

LONGEST_EDGE_M = 200.0
"""A position inside an edge is found linearly: up to this length it is right to half a millimetre."""

HALF_MM = 0.501
"""An export tells the end of a line by its length to the micrometre, which may round to another millimetre."""

_HEADER = {
    "line": bytes.fromhex("0102000060") + STORAGE_SRID.to_bytes(4, "little"),
    "point": bytes.fromhex("0101000060") + STORAGE_SRID.to_bytes(4, "little"),
}
"""Byte order, type with the flags M and SRID, and the SRID of an EWKB."""


@dataclass(frozen=True)
class Measured:
    """Lines with their measure.

    Attributes
    ----------
    vertices
        (n, 3) longitude, latitude, metres from the start of the line.
    offsets
        (m + 1) first vertex of each line.
    extent_mm
        (m) whole millimetres.
    """

    vertices: Floats
    offsets: Integers
    extent_mm: Integers

    def ewkb(self) -> list[str]:
        """Return each line as the hexadecimal EWKB of a LINESTRING M."""
        counts = np.diff(self.offsets)
        bounds = self.offsets.tolist()
        data = np.ascontiguousarray(self.vertices, dtype="<f8").tobytes()
        size = 3 * 8
        return [
            (_HEADER["line"] + int(count).to_bytes(4, "little") + data[begin * size : end * size]).hex()
            for count, begin, end in zip(counts.tolist(), bounds[:-1], bounds[1:], strict=True)
        ]


def end_mm(metres: float | None, extent_mm: int) -> int:
    """Return where a stretch ends on a line of so many whole millimetres: at its end where no metres are said."""
    if metres is None or abs(metres * 1000 - extent_mm) <= HALF_MM:
        return extent_mm
    return round(metres * 1000)


def measure(lines: Lines) -> Measured:
    """Return lines with vertices put in so that no edge is over 200 m, and the metres at each vertex.

    Vertices that are put in lie on the straight edge in longitude and latitude.
    """
    dense = _densified(lines)
    start = dense.edges.start
    lengths = np.zeros(len(dense.coords))
    if len(start):
        one, other = dense.coords[start], dense.coords[start + 1]
        lengths[start + 1] = GEOD.inv(one[:, 0], one[:, 1], other[:, 0], other[:, 1])[2]
    along = np.cumsum(lengths)
    metres = along - np.repeat(along[dense.first], np.diff(dense.offsets))
    extents = np.rint(metres[dense.last] * 1000).astype(np.int64)
    return Measured(np.column_stack((dense.coords, metres)), dense.offsets, extents)


def points_ewkb(points: np.typing.NDArray[np.object_]) -> list[str]:
    """Return points as the hexadecimal EWKB of a POINT M with M = 0."""
    coords = np.column_stack((shapely.get_coordinates(points), np.zeros(len(points))))
    data = np.ascontiguousarray(coords, dtype="<f8").tobytes()
    return [(_HEADER["point"] + data[at : at + 24]).hex() for at in range(0, len(data), 24)]


def _densified(lines: Lines) -> Lines:
    start = lines.edges.start
    lengths = np.diff(lines.distances)[start]
    parts = np.ones(len(lines.coords), dtype=np.int64)
    # the planar length is right to a per mille: what is near the limit is halved all the same
    parts[start] = np.maximum(1, np.ceil(lengths / (LONGEST_EDGE_M * 0.995))).astype(np.int64)
    if (parts == 1).all():
        return lines
    vertex = np.repeat(np.arange(len(parts)), parts)
    step = np.arange(len(vertex)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = step / parts[vertex]
    following = np.minimum(vertex + 1, len(parts) - 1)
    coords = lines.coords[vertex]
    inner = step > 0
    coords[inner] += (lines.coords[following[inner]] - lines.coords[vertex[inner]]) * share[inner, None]
    counts = np.add.reduceat(parts, lines.first)
    return replace(lines, coords=coords, offsets=offsets_of(counts))
