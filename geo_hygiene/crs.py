"""Coordinate reference systems by name; EPSG numbers stand here and nowhere else."""

from __future__ import annotations

from pyproj import Geod

STORAGE_SRID = 4326
"""WGS 84, x = longitude, y = latitude: https://epsg.io/4326."""

TILE_SRID = 3857
"""Web Mercator of the vector tiles: https://epsg.io/3857."""

GEOD = Geod(ellps="WGS84")
"""Every length, area and distance is geodesic on this ellipsoid."""
