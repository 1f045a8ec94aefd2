"""Positions along measured lines, in geodesic metres."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians

import numpy as np
import numpy.typing as npt
import shapely

from geo_hygiene.crs import GEOD

Coordinates = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def _feet(starts: Coordinates, edges: Coordinates, places: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Return for each edge the share of it at which it is nearest to a place, and the square of the distance."""
    squared = np.einsum("ij,ij->i", edges, edges)
    share = np.clip(np.einsum("ij,ij->i", places - starts, edges) / np.where(squared > 0, squared, 1), 0, 1)
    away = starts + share[:, None] * edges - places
    return share, np.einsum("ij,ij->i", away, away)


class MeasuredLine:
    """A line whose vertices carry geodesic metres from its start; inside an edge they grow linearly.

    Parameters
    ----------
    coordinates
        Shape (n, 3): longitude, latitude (EPSG:4326), metres.
    """

    def __init__(self, coordinates: Sequence[Sequence[float]] | Coordinates) -> None:
        self.coordinates: Coordinates = np.asarray(coordinates, dtype=np.float64)
        self._scale = np.array([cos(radians(float(self.coordinates[:, 1].mean()))), 1.0])
        self._plane = self.coordinates[:, :2] * self._scale

    @property
    def extent_mm(self) -> int:
        """Return the length in whole millimetres."""
        return round(float(self.coordinates[-1, 2]) * 1000)

    def locate(self, longitude: float, latitude: float) -> tuple[int, float]:
        """Return the position in millimetres of the nearest point of the line, and its distance in metres."""
        starts, edges = self._plane[:-1], np.diff(self._plane, axis=0)
        share, squared = _feet(starts, edges, np.array([[longitude, latitude]]) * self._scale)
        index = int(np.argmin(squared))
        measures = self.coordinates[:, 2]
        metres = measures[index] + share[index] * (measures[index + 1] - measures[index])
        foot = (starts[index] + share[index] * edges[index]) / self._scale
        distance = GEOD.inv(longitude, latitude, foot[0], foot[1])[2]
        return round(float(metres) * 1000), float(distance)

    def at(self, millimetres: float) -> tuple[float, float]:
        """Return longitude and latitude of a position."""
        metres = millimetres / 1000
        measures = self.coordinates[:, 2]
        return (
            float(np.interp(metres, measures, self.coordinates[:, 0])),
            float(np.interp(metres, measures, self.coordinates[:, 1])),
        )

    def between(self, from_mm: int, to_mm: int) -> Coordinates:
        """Return the part of the line between two positions, shape (n, 2): longitude, latitude."""
        measures = self.coordinates[:, 2] * 1000
        inside = self.coordinates[(measures > from_mm) & (measures < to_mm), :2]
        return np.vstack([self.at(from_mm), inside, self.at(to_mm)])


class MeasuredLines:
    """Many measured lines, on which many places are found at once.

    Parameters
    ----------
    lines
        LINESTRING M in EPSG:4326.
    """

    def __init__(self, lines: npt.NDArray[np.object_]) -> None:
        self._coordinates, owner = shapely.get_coordinates(lines, include_m=True, return_index=True)
        self._first = np.searchsorted(owner, np.arange(len(lines) + 1))
        latitudes = np.bincount(owner, self._coordinates[:, 1], len(lines)) / np.diff(self._first)
        self._scales = np.column_stack([np.cos(np.radians(latitudes)), np.ones(len(lines))])
        self.extents_mm: Integers = np.rint(self._coordinates[self._first[1:] - 1, 2] * 1000).astype(np.int64)

    def line(self, index: int) -> MeasuredLine:
        """Return one of them."""
        return MeasuredLine(self._coordinates[self._first[index] : self._first[index + 1]])

    def locate(self, which: Integers, places: Coordinates) -> Integers:
        """Return the position in millimetres of each place on the line that ``which`` says.

        The first edge counts where several are as near, as it does for a single line.
        """
        if not len(which):
            return np.zeros(0, dtype=np.int64)
        counts = np.diff(self._first)[which] - 1
        begin = np.cumsum(counts) - counts
        place = np.repeat(np.arange(len(which)), counts)
        edge = np.arange(len(place)) + (self._first[which] - begin)[place]
        scale = self._scales[which][place]
        starts, ends = (self._coordinates[edge + step, :2] * scale for step in (0, 1))
        share, squared = _feet(starts, ends - starts, places[place] * scale)
        nearest = np.flatnonzero(squared == np.minimum.reduceat(squared, begin)[place])
        nearest = nearest[np.unique(place[nearest], return_index=True)[1]]
        before, after = (self._coordinates[edge[nearest] + step, 2] for step in (0, 1))
        positions: Integers = np.rint((before + share[nearest] * (after - before)) * 1000).astype(np.int64)
        return positions
