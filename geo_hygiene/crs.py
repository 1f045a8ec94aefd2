"""Coordinate reference systems by name; EPSG numbers stand here and nowhere else."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from pyproj import Geod

STORAGE_SRID = 4326
"""WGS 84, x = longitude, y = latitude: https://epsg.io/4326."""

TILE_SRID = 3857
"""Web Mercator of the vector tiles: https://epsg.io/3857."""

GEOD = Geod(ellps="WGS84")
"""Every length, area and distance is geodesic on this ellipsoid."""

EQUATOR_M = GEOD.a
ECCENTRICITY_SQUARED = GEOD.es

TILE_CIRCUMFERENCE_M = 2 * math.pi * EQUATOR_M
"""Side of the square that the vector tiles divide, in metres of their plane."""

CGCS2000_SRID = 4490
"""China Geodetic Coordinate System 2000, degrees; it lies within a metre of WGS 84: https://epsg.io/4490."""

GAUSS_KRUGER_3_DEGREES_PREFIXED = {zone: 4513 + zone - 25 for zone in range(25, 46)}
"""CGCS2000 3-degree Gauss-Kruger by zone, the zone's number before the easting: https://epsg.io/4513 to 4533."""

GAUSS_KRUGER_3_DEGREES = {meridian: 4534 + (meridian - 75) // 3 for meridian in range(75, 136, 3)}
"""The same zones by central meridian, without the number: https://epsg.io/4534 to 4554."""

GAUSS_KRUGER_6_DEGREES_PREFIXED = {zone: 4491 + zone - 13 for zone in range(13, 24)}
"""CGCS2000 6-degree Gauss-Kruger by zone, the zone's number before the easting: https://epsg.io/4491 to 4501."""

GAUSS_KRUGER_6_DEGREES = {meridian: 4502 + (meridian - 75) // 6 for meridian in range(75, 136, 6)}
"""The same zones by central meridian, without the number: https://epsg.io/4502 to 4512."""

UTM_NORTH = {zone: 32600 + zone for zone in range(1, 61)}
"""WGS 84 / UTM, northern half, by zone: https://epsg.io/32601 to 32660."""


def metres_per_degree(latitude: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the metres of a degree of longitude and of latitude at each latitude (WGS 84)."""
    phi = np.radians(latitude)
    shrink = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    along_parallel = EQUATOR_M * np.cos(phi) / np.sqrt(shrink)
    along_meridian = EQUATOR_M * (1.0 - ECCENTRICITY_SQUARED) / shrink**1.5
    return np.radians(along_parallel), np.radians(along_meridian)


def from_tile_plane(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return longitudes and latitudes (EPSG:4326) of places in the plane of the vector tiles (EPSG:3857)."""
    return np.degrees(x / EQUATOR_M), np.degrees(2 * np.arctan(np.exp(y / EQUATOR_M)) - math.pi / 2)


def to_tile_plane(longitude: float, latitude: float) -> tuple[float, float]:
    """Return the place in the plane of the vector tiles (EPSG:3857) of a longitude and latitude (EPSG:4326)."""
    return math.radians(longitude) * EQUATOR_M, math.asinh(math.tan(math.radians(latitude))) * EQUATOR_M
