"""Guess the coordinate system of numbers that do not say it."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from pyproj import CRS, Proj
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError, ProjError

from geo_hygiene.crs import (
    GAUSS_KRUGER_3_DEGREES,
    GAUSS_KRUGER_3_DEGREES_PREFIXED,
    GAUSS_KRUGER_6_DEGREES,
    GAUSS_KRUGER_6_DEGREES_PREFIXED,
    STORAGE_SRID,
    TILE_SRID,
    UTM_NORTH,
)
from geo_hygiene.files.reading.systems import Bounds
from geo_hygiene.i18n import N_

#: West, south, east, north of China in degrees, with its seas.
CHINA: Bounds = (73.0, 3.0, 136.0, 54.0)
_LATITUDE, _LONGITUDE = 90.0, 180.0
_MILLION = 1_000_000
#: Northings of China in metres, and eastings within a zone of it.
_NORTHINGS = (300_000.0, 6_000_000.0)
_EASTINGS = (50_000.0, 950_000.0)
_MOST_TRIED = 400


@dataclass(frozen=True)
class Guess:
    """What numbers look like: a sentence for the user, and the system where it is certain enough to be named."""

    text: str
    values: dict[str, object] = field(default_factory=dict)
    srid: int | None = None
    is_swapped: bool = False


def looks_like(bounds: Bounds, extent: Bounds | None) -> Guess:
    """Return what coordinates within `bounds` look like.

    Parameters
    ----------
    bounds
        Least and greatest x and y of the file, as they stand there.
    extent
        West, south, east, north of what is stored already, EPSG:4326, if anything is.
    """
    if not np.isfinite(bounds).all():
        return Guess(N_("The coordinates are not numbers."))
    return _as_degrees(bounds, extent) or _by_extent(bounds, extent) or _as_national_grid(bounds) or Guess(_NO_GUESS)


_NO_GUESS = N_(
    "The numbers are neither degrees nor a national grid with its zone number; they may be metres or feet of a local "
    "grid. Ask who made the file and say it with --crs."
)


def _named(srid: int) -> Guess:
    text = N_("The coordinates fit %(crs)s (%(name)s): say --crs %(crs)s if that is right.")
    return Guess(text, {"crs": f"EPSG:{srid}", "name": CRS.from_epsg(srid).name}, srid=srid)


def _as_degrees(bounds: Bounds, extent: Bounds | None) -> Guess | None:
    west, south, east, north = bounds
    largest_x, largest_y = max(abs(west), abs(east)), max(abs(south), abs(north))
    swapped = Guess(
        N_("The numbers look like degrees with the latitude first; write the file again with the longitude first."),
        is_swapped=True,
    )
    if largest_x <= _LATITUDE < largest_y <= _LONGITUDE:
        return swapped
    if largest_x <= _LONGITUDE and largest_y <= _LATITUDE:
        turned = (south, west, north, east)
        if extent is not None and not _meet(bounds, extent) and _meet(turned, extent):
            return swapped
        return _named(STORAGE_SRID)
    return None


def _as_national_grid(bounds: Bounds) -> Guess | None:
    west, south, east, north = bounds
    if _NORTHINGS[0] <= west and east <= _NORTHINGS[1] and (_is_easting(south) and _is_easting(north)):
        return Guess(
            N_("The numbers look like metres with the northing first; write the file again with the easting first."),
            is_swapped=True,
        )
    zone, easting = divmod(west, _MILLION)
    if zone != east // _MILLION or not (_NORTHINGS[0] <= south and north <= _NORTHINGS[1]):
        return None
    if _EASTINGS[0] <= easting <= _EASTINGS[1]:
        for zones in (GAUSS_KRUGER_3_DEGREES_PREFIXED, GAUSS_KRUGER_6_DEGREES_PREFIXED):
            if int(zone) in zones:
                return _named(zones[int(zone)])
    if zone == 0 and _EASTINGS[0] <= west and east <= _EASTINGS[1]:
        return Guess(
            N_(
                "The numbers look like metres of a zone without its number: CGCS2000 by its central meridian "
                "(EPSG:%(first)s for 75E to EPSG:%(last)s for 135E, every 3 degrees) or UTM. Say it with --crs."
            ),
            {"first": GAUSS_KRUGER_3_DEGREES[75], "last": GAUSS_KRUGER_3_DEGREES[135]},
        )
    return None


def _is_easting(value: float) -> bool:
    zone, easting = divmod(value, _MILLION)
    known = {0, *GAUSS_KRUGER_3_DEGREES_PREFIXED, *GAUSS_KRUGER_6_DEGREES_PREFIXED}
    return int(zone) in known and _EASTINGS[0] <= easting <= _EASTINGS[1]


def _by_extent(bounds: Bounds, extent: Bounds | None) -> Guess | None:
    """Return the first system in which the coordinates lie where the stored data are."""
    area = extent
    web_mercator = _transformed(bounds, TILE_SRID)
    if area is None:
        # Web Mercator gives small numbers near the equator and Greenwich, which everything does; China lies far off.
        certain = web_mercator is not None and _within(web_mercator, CHINA) and bounds[0] > 8 * _MILLION
        return _named(TILE_SRID) if certain else None
    for srid in _likely(bounds, area):
        place = _transformed(bounds, srid)
        if place is not None and _meet(place, area):
            return _named(srid)
    return None


def _likely(bounds: Bounds, extent: Bounds) -> Iterator[int]:
    zone = int(bounds[0] // _MILLION)
    for zones in (GAUSS_KRUGER_3_DEGREES_PREFIXED, GAUSS_KRUGER_6_DEGREES_PREFIXED):
        if zone in zones:
            yield zones[zone]
    yield TILE_SRID
    middle = (extent[0] + extent[2]) / 2
    if _within(extent, CHINA):
        for meridians in (GAUSS_KRUGER_3_DEGREES, GAUSS_KRUGER_6_DEGREES):
            yield from (meridians[meridian] for meridian in sorted(meridians, key=lambda known: abs(known - middle)))
    yield UTM_NORTH[min(60, max(1, int((middle + _LONGITUDE) // 6) + 1))]
    area = AreaOfInterest(*extent)
    registered = query_crs_info(auth_name="EPSG", pj_types=PJType.PROJECTED_CRS, area_of_interest=area, contains=True)
    for info in registered[:_MOST_TRIED]:
        if not info.deprecated:
            yield int(info.code)


def _transformed(bounds: Bounds, srid: int) -> Bounds | None:
    """Return roughly where coordinates lie in degrees; the shift between datums is less than a guess needs."""
    west, south, east, north = bounds
    try:
        with warnings.catch_warnings():
            # Proj says that it does not know every detail of a system.
            warnings.simplefilter("ignore")
            lon, lat = Proj(srid)([west, west, east, east], [south, north, south, north], inverse=True)
    except (CRSError, ProjError):
        return None
    found = (min(lon), min(lat), max(lon), max(lat))
    return found if np.isfinite(found).all() else None


def _meet(one: Bounds, other: Bounds) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _within(one: Bounds, other: Bounds) -> bool:
    return other[0] <= one[0] and one[2] <= other[2] and other[1] <= one[1] and one[3] <= other[3]
