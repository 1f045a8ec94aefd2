"""Positions along a measured line, in geodesic metres."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians

import numpy as np
import numpy.typing as npt

from geo_hygiene.crs import GEOD

Coordinates = npt.NDArray[np.float64]


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
        point = np.array([longitude, latitude]) * self._scale
        starts, edges = self._plane[:-1], np.diff(self._plane, axis=0)
        squared = np.einsum("ij,ij->i", edges, edges)
        share = np.clip(np.einsum("ij,ij->i", point - starts, edges) / np.where(squared > 0, squared, 1), 0, 1)
        nearest = starts + share[:, None] * edges
        index = int(np.argmin(np.einsum("ij,ij->i", nearest - point, nearest - point)))
        measures = self.coordinates[:, 2]
        metres = measures[index] + share[index] * (measures[index + 1] - measures[index])
        foot = nearest[index] / self._scale
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
