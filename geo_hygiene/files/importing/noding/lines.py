"""Many lines at once: their coordinates in one array, with what decides whether two of them may meet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.crs import ECCENTRICITY_SQUARED, EQUATOR_M, metres_per_degree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

EVER = np.int64(2**62)
"""Day number that stands for an open end of a period."""

NODE_M = 0.01
"""Ends of lines within a centimetre are one node."""

VERTEX_M = 0.001
"""Vertices within a millimetre are one: positions along a line are whole millimetres."""


def geocentric(points: Floats) -> Floats:
    """Return positions in space in metres, so that near points are near for a tree at any latitude."""
    longitude, latitude = np.radians(points[:, 0]), np.radians(points[:, 1])
    normal = EQUATOR_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * np.sin(latitude) ** 2)
    ring = normal * np.cos(latitude)
    return np.column_stack(
        (ring * np.cos(longitude), ring * np.sin(longitude), normal * (1.0 - ECCENTRICITY_SQUARED) * np.sin(latitude))
    )


@dataclass(frozen=True)
class Lines:
    """Simple parts of lines, EPSG:4326, x = longitude.

    Attributes
    ----------
    coords
        (n, 2) vertices of all lines, one line after the other.
    offsets
        (m + 1) first vertex of each line; the last entry is n.
    source
        (m) the caller's number of what the line was made from.
    group
        (m) lines of different groups never meet (streets: the level).
    fixed
        (m) the line is stored: its vertices stay where they are.
    begins, ends
        (m) half-open period as day numbers; lines that never exist on one day never meet.
    """

    coords: Floats
    offsets: Integers
    source: Integers
    group: Integers
    fixed: Booleans
    begins: Integers
    ends: Integers

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def edges(self) -> Edges:
        """The edges of all lines."""
        return Edges.of(self)

    @cached_property
    def distances(self) -> Floats:
        """Metres from the first of all vertices to each, added along all lines (to millimetres over a kilometre)."""
        steps = np.diff(self.coords, axis=0)
        per_longitude, per_latitude = metres_per_degree(self.coords[:-1, 1])
        metres = np.hypot(steps[:, 0] * per_longitude, steps[:, 1] * per_latitude)
        metres[self.last[:-1]] = 0.0
        return np.concatenate(([0.0], np.cumsum(metres)))

    @property
    def first(self) -> Integers:
        """Index of the first vertex of each line."""
        return self.offsets[:-1]

    @property
    def last(self) -> Integers:
        """Index of the last vertex of each line."""
        return self.offsets[1:] - 1

    def select(self, lines: NDArray[Any]) -> Lines:
        """Return some of the lines, by index or mask."""
        chosen = np.flatnonzero(lines) if lines.dtype == np.bool_ else lines
        counts = np.diff(self.offsets)[chosen]
        return Lines(
            coords=self.coords[ranges(self.first[chosen], counts)],
            offsets=offsets_of(counts),
            source=self.source[chosen],
            group=self.group[chosen],
            fixed=self.fixed[chosen],
            begins=self.begins[chosen],
            ends=self.ends[chosen],
        )

    def at(self, coords: Floats) -> Lines:
        """Return the same lines with other coordinates, vertex by vertex."""
        return replace(self, coords=coords)

    def from_sources(self, source: Integers) -> Lines:
        """Return the same lines under other source numbers."""
        return replace(self, source=source)

    def with_vertices(self, coords: Floats, offsets: Integers) -> Lines:
        """Return the same lines with other vertices."""
        return replace(self, coords=coords, offsets=offsets)

    def in_groups(self, group: Integers) -> Lines:
        """Return the same lines in other groups."""
        return replace(self, group=group)

    def moved(self, coords: Floats) -> Lines:
        """Return the same lines with other coordinates, without vertices within a millimetre of the one before.

        The ends stay; a line that has no length left is left out.
        """
        lines = self.at(coords)
        sizes = np.diff(lines.offsets)
        if (sizes < 2).any():  # noqa: PLR2004 - a line has two ends
            lines = lines.select(sizes > 1)
        while (crowded := _crowded(lines)).any():
            kept = np.add.reduceat((~crowded).astype(np.int64), lines.first)
            thinned = replace(lines, coords=lines.coords[~crowded], offsets=offsets_of(kept))
            lines = thinned if (kept > 1).all() else thinned.select(kept > 1)
        return lines

    def boxes(self, margin: float) -> NDArray[np.object_]:
        """Return the box of each line, widened by metres, as a diagonal (half of a rectangle's memory)."""
        low = np.minimum.reduceat(self.coords, self.first, axis=0)
        high = np.maximum.reduceat(self.coords, self.first, axis=0)
        return widened(low, high, margin)

    def geometries(self) -> NDArray[np.object_]:
        """Return the lines as shapely LineStrings."""
        index = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        return np.atleast_1d(np.asarray(shapely.linestrings(self.coords, indices=index), dtype=object))


@dataclass(frozen=True)
class Edges:
    """The straight pieces between two vertices of the lines, in their order.

    Attributes
    ----------
    start
        (e) index of the first vertex; the second one follows it.
    line
        (e) index of the line.
    """

    start: Integers
    line: Integers

    @classmethod
    def of(cls, lines: Lines) -> Edges:
        """Return the edges of lines."""
        counts = np.diff(lines.offsets) - 1
        line = np.repeat(np.arange(len(counts), dtype=np.int64), np.maximum(counts, 0))
        return cls(start=ranges(lines.offsets[:-1], np.maximum(counts, 0)), line=line)

    def __len__(self) -> int:
        return len(self.start)


def _crowded(lines: Lines) -> Booleans:
    """Tell which vertices add nothing: they lie within a millimetre of the one before, which stays."""
    if len(lines) == 0:
        return np.zeros(0, dtype=bool)
    close = np.zeros(len(lines.coords), dtype=bool)
    start = lines.edges.start
    close[start + 1] = (np.diff(lines.distances)[start] <= VERTEX_M) & ~lines.fixed[lines.edges.line]
    crowded = close.copy()
    crowded[1:] &= ~close[:-1]
    # the last vertex is a node and stays: the one before goes in its place, unless that is the first
    sizes = np.diff(lines.offsets)
    gives_way = lines.last[crowded[lines.last] & (sizes > 2)] - 1  # noqa: PLR2004 - an edge has two ends
    crowded[lines.last] &= sizes == 2  # noqa: PLR2004
    crowded[gives_way] = True
    return crowded


def ranges(starts: Integers, counts: Integers) -> Integers:
    """Return start, start + 1, ... for each pair of a start and a count, one after the other."""
    total = int(counts.sum())
    if total == 0:
        return np.empty(0, dtype=np.int64)
    shift = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return (np.arange(total, dtype=np.int64) + shift).astype(np.int64)


def widened(low: Floats, high: Floats, margin: float) -> NDArray[np.object_]:
    """Return the boxes between corners, widened by metres, as diagonals."""
    latitude = np.clip(np.maximum(np.abs(low[:, 1]), np.abs(high[:, 1])), 0.0, 89.9)
    margins = margin / np.column_stack(metres_per_degree(latitude))
    return np.asarray(shapely.linestrings(np.stack((low - margins, high + margins), axis=1)), dtype=object)


def offsets_of(counts: Integers) -> Integers:
    """Return the offsets of runs of the given lengths."""
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def lines_of(
    geometries: NDArray[np.object_],
    *,
    group: NDArray[Any] | None = None,
    fixed: NDArray[Any] | None = None,
    begins: NDArray[Any] | None = None,
    ends: NDArray[Any] | None = None,
) -> Lines:
    """Return the parts of LineStrings and MultiLineStrings; ``source`` is the index of the geometry.

    Vertices that repeat the one before are left out, and so are parts without length.
    """
    parts, source = shapely.get_parts(geometries, return_index=True)
    coords, part = shapely.get_coordinates(parts, return_index=True)
    counts = np.bincount(part, minlength=len(parts)).astype(np.int64)
    count = len(geometries)

    def of_parts(values: NDArray[Any] | None, default: int | bool) -> NDArray[Any]:  # noqa: FBT001 - a plain value
        return (np.full(count, default) if values is None else np.asarray(values))[source]

    raw = Lines(
        coords=coords,
        offsets=offsets_of(counts),
        source=source.astype(np.int64),
        group=of_parts(group, 0).astype(np.int64),
        fixed=of_parts(fixed, default=False).astype(bool),
        begins=of_parts(begins, int(-EVER)).astype(np.int64),
        ends=of_parts(ends, int(EVER)).astype(np.int64),
    )
    return raw.moved(raw.coords)


def together(first: Lines, second: Lines) -> Lines:
    """Return the lines of both; sources keep their numbers."""
    return Lines(
        coords=np.concatenate((first.coords, second.coords)),
        offsets=np.concatenate((first.offsets, second.offsets[1:] + first.offsets[-1])),
        source=np.concatenate((first.source, second.source)),
        group=np.concatenate((first.group, second.group)),
        fixed=np.concatenate((first.fixed, second.fixed)),
        begins=np.concatenate((first.begins, second.begins)),
        ends=np.concatenate((first.ends, second.ends)),
    )
