"""The offsets of Chinese web maps: GCJ-02 moves WGS 84 by 100 to 700 m, BD-09 moves GCJ-02 by some 700 m more.

No authority publishes either; the formulas are those in public use since 2010, and agree with the maps to a metre or
two. The inverse is iterated until it is exact. Coordinates are degrees, x = longitude, y = latitude.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Degrees: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = tuple[Degrees, Degrees]

WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""The box in which the web maps are moved; outside of it they are not."""

CENTRE_LON, CENTRE_LAT = 105.0, 35.0
KRASOVSKY_M, KRASOVSKY_ECCENTRICITY_SQUARED = 6_378_245.0, 0.006_693_421_622_965_943
BD_LON, BD_LAT, BD_RADIUS, BD_ANGLE = 0.0065, 0.006, 0.000_02, 0.000_003
BD_PER_DEGREE = math.pi * 3000 / 180

ROUNDING = 1e-10
"""Degrees by which the iterated inverse of a place on the border of the box may lie outside of it."""

ITERATIONS = 12
"""Each one leaves less than a fiftieth of the error of the one before."""


def is_moved(lon: Degrees, lat: Degrees, slack: float = 0.0) -> npt.NDArray[np.bool_]:
    """Return which places lie where the web maps are moved, or not farther from there than ``slack`` degrees."""
    east_west = (lon >= WEST - slack) & (lon <= EAST + slack)
    return east_west & (lat >= SOUTH - slack) & (lat <= NORTH + slack)


def gcj02_from_wgs84(lon: Degrees, lat: Degrees) -> Places:
    """Return where GCJ-02 puts places of WGS 84; outside of China they stay."""
    moved_lon, moved_lat = _gcj02(lon, lat)
    inside = is_moved(lon, lat)
    return np.where(inside, moved_lon, lon), np.where(inside, moved_lat, lat)


def wgs84_from_gcj02(lon: Degrees, lat: Degrees) -> Places:
    """Return the places of WGS 84 that GCJ-02 puts here; the inverse of :func:`gcj02_from_wgs84` to 1e-12 degrees."""
    true_lon, true_lat = _inverse(_gcj02, lon, lat, lon, lat)
    inside = is_moved(true_lon, true_lat, ROUNDING)
    return np.where(inside, true_lon, lon), np.where(inside, true_lat, lat)


def bd09_from_gcj02(lon: Degrees, lat: Degrees) -> Places:
    """Return where BD-09 puts places of GCJ-02."""
    radius = np.hypot(lon, lat) + BD_RADIUS * np.sin(lat * BD_PER_DEGREE)
    angle = np.arctan2(lat, lon) + BD_ANGLE * np.cos(lon * BD_PER_DEGREE)
    return radius * np.cos(angle) + BD_LON, radius * np.sin(angle) + BD_LAT


def gcj02_from_bd09(lon: Degrees, lat: Degrees) -> Places:
    """Return the places of GCJ-02 that BD-09 puts here; the inverse of :func:`bd09_from_gcj02` to 1e-12 degrees."""
    return _inverse(bd09_from_gcj02, lon, lat, lon - BD_LON, lat - BD_LAT)


def wgs84_from_bd09(lon: Degrees, lat: Degrees) -> Places:
    """Return the places of WGS 84 that BD-09 puts here."""
    return wgs84_from_gcj02(*gcj02_from_bd09(lon, lat))


OFFSETS: Mapping[str, Callable[[Degrees, Degrees], Places]] = {
    "GCJ-02": wgs84_from_gcj02,
    "BD-09": wgs84_from_bd09,
}
"""What takes each offset back, by the name under which people know it."""


def offset_named(words: str) -> str | None:
    """Return the offset of a name, however it is spelt: GCJ02, gcj-02, BD09."""
    said = re.sub(r"[\s_-]", "", words).upper().removesuffix("LL")
    return next((name for name in OFFSETS if name.replace("-", "") == said), None)


def _inverse(forward: Callable[[Degrees, Degrees], Places], lon: Degrees, lat: Degrees, *start: Degrees) -> Places:
    """Return what ``forward`` puts at the given places: the offset hardly changes over its own length."""
    guess_lon, guess_lat = start
    for _ in range(ITERATIONS):
        put_lon, put_lat = forward(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + (lon - put_lon), guess_lat + (lat - put_lat)
    return guess_lon, guess_lat


def _gcj02(lon: Degrees, lat: Degrees) -> Places:
    """Return the places moved, wherever they are."""
    x, y = lon - CENTRE_LON, lat - CENTRE_LAT
    root, product = np.sqrt(np.abs(x)), x * y
    ripple = _waves(x, (20.0, 6.0), (20.0, 2.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * product + 0.2 * root
    north += ripple + _waves(y, (20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * product + 0.1 * root
    east += ripple + _waves(x, (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))
    phi = np.radians(lat)
    shrink = 1.0 - KRASOVSKY_ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = KRASOVSKY_M * (1.0 - KRASOVSKY_ECCENTRICITY_SQUARED) / shrink**1.5
    parallel_m = KRASOVSKY_M / np.sqrt(shrink) * np.cos(phi)
    return lon + np.degrees(east / parallel_m), lat + np.degrees(north / meridian_m)


def _waves(at: Degrees, *waves: tuple[float, float]) -> Degrees:
    """Return the sum of sines of an amplitude in metres and half waves to the degree."""
    total = np.zeros_like(at)
    for amplitude, half_waves in waves:
        total += 2 / 3 * amplitude * np.sin(math.pi * half_waves * at)
    return total
