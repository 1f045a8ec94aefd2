"""Ground around a place: circles and strips in metres, as polygons in degrees.

A circle is a polygon of 64 corners with the area of the circle, stretched by the radii of curvature of WGS 84 at its
latitude: at most 0.085 % of the radius off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geo_hygiene.crs import metres_per_degree

CORNERS = 64

_QUARTER = CORNERS // 4

Numbers = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]


def circles(longitudes: Numbers, latitudes: Numbers, radii: Numbers) -> Shapes:
    """Return a polygon for each place; degrees (EPSG:4326) and metres, arrays of one length."""
    angle = np.arange(CORNERS) * (2 * np.pi / CORNERS)
    reach = radii * np.sqrt(2 * np.pi / (CORNERS * np.sin(2 * np.pi / CORNERS)))
    east, north = metres_per_degree(latitudes)
    corners = np.empty((len(radii), CORNERS + 1, 2))
    corners[:, :-1, 0] = longitudes[:, None] + (reach / east)[:, None] * np.cos(angle)
    corners[:, :-1, 1] = latitudes[:, None] + (reach / north)[:, None] * np.sin(angle)
    corners[:, -1] = corners[:, 0]
    return np.asarray(shapely.polygons(corners), dtype=object)


def strip(line: Any, radius: float) -> Any:
    """Return the ground within a radius (m) of a line (EPSG:4326), as a polygon or several."""
    east, north = (float(part[0]) for part in metres_per_degree(np.array([line.centroid.y])))
    scale = np.array([east, north])
    metres = shapely.transform(line, lambda coordinates: coordinates * scale)
    return shapely.transform(
        shapely.buffer(metres, radius, quad_segs=_QUARTER), lambda coordinates: coordinates / scale
    )
