"""The offsets of Chinese web maps, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_hygiene.china_offset import (
    EAST,
    NORTH,
    SOUTH,
    WEST,
    bd09_from_gcj02,
    gcj02_from_bd09,
    gcj02_from_wgs84,
    wgs84_from_gcj02,
)
from geo_hygiene.crs import GEOD

MOST_ERROR = 1e-9
"""Of a degree; a tenth of a millimetre."""

PLACES_IN_CHINA = st.tuples(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))


def as_arrays(place: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([place[0]]), np.array([place[1]])


@settings(max_examples=2000, deadline=None)
@given(PLACES_IN_CHINA)
def test_what_is_moved_comes_back(place: tuple[float, float]) -> None:
    lon, lat = as_arrays(place)
    gcj02 = gcj02_from_wgs84(lon, lat)
    assert (
        np.hypot(*(back - given for back, given in zip(wgs84_from_gcj02(*gcj02), (lon, lat), strict=True))) < MOST_ERROR
    )
    bd09 = bd09_from_gcj02(*gcj02)
    assert np.hypot(*(back - given for back, given in zip(gcj02_from_bd09(*bd09), gcj02, strict=True))) < MOST_ERROR


@settings(max_examples=300, deadline=None)
@given(PLACES_IN_CHINA)
def test_the_offset_is_of_the_size_that_people_measure(place: tuple[float, float]) -> None:
    lon, lat = as_arrays(place)
    moved = gcj02_from_wgs84(lon, lat)
    _, _, metres = GEOD.inv(lon, lat, *moved)
    # 1.2 km is reached in the far west alone; in the towns of the east it is 400 to 700 m.
    assert 5 < metres[0] < 1_300


def test_a_place_whose_three_coordinates_are_known() -> None:
    gcj02 = gcj02_from_wgs84(*as_arrays((116.404, 39.915)))
    assert [float(value[0]) for value in gcj02] == pytest.approx([116.410244499169, 39.916404281502], abs=1e-11)
    bd09 = bd09_from_gcj02(*as_arrays((116.404, 39.915)))
    assert [float(value[0]) for value in bd09] == pytest.approx([116.410369493710, 39.921336993510], abs=1e-11)


@pytest.mark.parametrize("place", [(-73.98, 40.75), (139.69, 35.68), (0.0, 0.0), (103.8, -10.0), (100.0, 60.0)])
def test_outside_of_china_nothing_is_moved(place: tuple[float, float]) -> None:
    lon, lat = as_arrays(place)
    assert gcj02_from_wgs84(lon, lat) == (lon, lat)
    assert wgs84_from_gcj02(lon, lat) == (lon, lat)
