"""Metres around a place: where the shapes of a ground are measured and drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from geo_hygiene.crs import metres_per_degree

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres around a place, in which the shapes of a ground lie.

    Attributes
    ----------
    middle
        Longitude and latitude of the place.
    scale
        Metres of a degree of each there.
    """

    middle: tuple[float, float]
    scale: tuple[float, float]

    @classmethod
    def around(cls, shapes: Shapes) -> Plane:
        """Return the plane that touches the middle of shapes (EPSG:4326)."""
        if not len(shapes):
            return cls((0.0, 0.0), (1.0, 1.0))
        west, south, east, north = box_around(shapes)
        per_lon, per_lat = metres_per_degree(np.array([(south + north) / 2]))
        return cls(((west + east) / 2, (south + north) / 2), (float(per_lon[0]), float(per_lat[0])))

    def in_metres(self, shapes: Shapes) -> Shapes:
        """Return shapes (EPSG:4326) in metres."""
        moved: Shapes = shapely.transform(shapes, lambda places: (places - self.middle) * self.scale)
        return moved

    def in_degrees(self, shapes: Shapes) -> Shapes:
        """Return shapes in EPSG:4326."""
        moved: Shapes = shapely.transform(shapes, lambda places: places / self.scale + self.middle)
        return moved


def box_around(shapes: Shapes) -> tuple[float, float, float, float]:
    """Return west, south, east and north of shapes."""
    west, south, east, north = shapely.total_bounds(shapes).tolist() if len(shapes) else [0.0] * 4
    return west, south, east, north
