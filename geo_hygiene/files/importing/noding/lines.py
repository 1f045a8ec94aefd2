"""Many lines at once: their coordinates in one array, with what decides whether two of them may meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

EVER = np.int64(2**62)
"""Day number that stands for an open end of a period."""

EQUATOR_M = 6_378_137.0
ECCENTRICITY_SQUARED = 0.00669437999014


def metres_per_degree(latitude: Floats) -> tuple[Floats, Floats]:
    """Return the metres of a degree of longitude and of latitude at each latitude (WGS 84)."""
    phi = np.radians(latitude)
    shrink = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    along_parallel = EQUATOR_M * np.cos(phi) / np.sqrt(shrink)
    along_meridian = EQUATOR_M * (1.0 - ECCENTRICITY_SQUARED) / shrink**1.5
    return np.radians(along_parallel), np.radians(along_meridian)


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
    edges: Edges = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", Edges.of(self))

    def __len__(self) -> int:
        return len(self.offsets) - 1

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

    def moved(self, coords: Floats) -> Lines:
        """Return the same lines with other coordinates, without vertices that repeat the one before."""
        line_of_vertex = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        keep = np.ones(len(coords), dtype=bool)
        same_line = line_of_vertex[1:] == line_of_vertex[:-1]
        keep[1:] = ~(same_line & (coords[1:] == coords[:-1]).all(axis=1))
        counts = np.bincount(line_of_vertex[keep], minlength=len(self)).astype(np.int64)
        whole = Lines(
            coords[keep], offsets_of(counts), self.source, self.group, self.fixed, self.begins, self.ends
        )
        return whole if (counts > 1).all() else whole.select(counts > 1)

    def geometries(self) -> NDArray[np.object_]:
        """Return the lines as shapely LineStrings."""
        index = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        made: NDArray[np.object_] = shapely.linestrings(self.coords, indices=index)
        return made


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


def ranges(starts: Integers, counts: Integers) -> Integers:
    """Return start, start + 1, ... for each pair of a start and a count, one after the other."""
    total = int(counts.sum())
    if total == 0:
        return np.empty(0, dtype=np.int64)
    shift = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return (np.arange(total, dtype=np.int64) + shift).astype(np.int64)


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
