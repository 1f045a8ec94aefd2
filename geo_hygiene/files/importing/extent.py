"""Where the records of an office can lie: its polygons and 20 km around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.i18n import N_

REACH_M = 20_000.0
"""Metres around the office polygons within which records are expected."""

SIMPLE_M = 50.0
"""Detail of the office polygons that the reach does not need."""


def office_extent(connection: Connection, more: Sequence[Any] = ()) -> Any | None:
    """Return the offices with 20 km around them as a polygon in EPSG:4326; ``None`` when there is no office.

    Parameters
    ----------
    more
        Polygons of offices that are not stored yet.
    """
    stored = connection.scalars(
        text("select ST_AsBinary(geom) from area where level = 'office' and valid_to = 'infinity'")
    )
    polygons = [*(shapely.from_wkb(bytes(wkb)) for wkb in stored), *more]
    if not polygons:
        return None
    extent = shapely.union_all([_widened(polygon) for polygon in polygons])
    shapely.prepare(extent)
    return extent


def _widened(polygon: Any) -> Any:
    """Return a polygon with the reach around it, in a plane that is true at the polygon's own latitude."""
    _, south, _, north = shapely.bounds(polygon).tolist()
    per_longitude, per_latitude = metres_per_degree(np.array([(south + north) / 2]))
    scale = np.array([per_longitude[0], per_latitude[0]])
    plane = shapely.simplify(shapely.transform(polygon, lambda coords: coords * scale), SIMPLE_M)
    return shapely.transform(shapely.buffer(plane, REACH_M), lambda coords: coords / scale)


def outside_extent(
    extent: Any | None, geometries: NDArray[np.object_], numbers: NDArray[np.int64], rows: Sequence[int]
) -> list[Finding]:
    """Return a finding for each row that does not lie wholly within the extent."""
    if extent is None or not len(rows):
        return []
    chosen = np.asarray(rows)
    present = ~shapely.is_missing(geometries[chosen])
    inside = shapely.covers(extent, geometries[chosen])
    return [
        Finding(
            Code.OUTSIDE_EXTENT,
            row=int(numbers[row]),
            value=_place(geometries[row]),
            hint=N_("Is the coordinate system right? --crs names another; --anywhere stores it as it is."),
        )
        for row in chosen[present & ~inside].tolist()
    ]


def _place(geometry: Any) -> str:
    west, south, east, north = shapely.bounds(geometry).tolist()
    return f"{(west + east) / 2:.5f}, {(south + north) / 2:.5f}"
