"""The river: its middle, which no community crosses, its water and the land beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from shapely import LineString, Polygon

from geo_hygiene.sample.parameters import Town


@dataclass(frozen=True, kw_only=True)
class River:
    """A river in the town's plane, flowing from west to east.

    Attributes
    ----------
    middle
        Line halfway between the banks.
    water
        The water's surface.
    corridor
        Water and embankments: ordinary streets end at its edge, which is the embankment road.
    """

    middle: LineString
    water: Polygon
    corridor: Polygon


def make_river(town: Town) -> River:
    """Return the river through the town's control points."""
    control = np.array(town.river, dtype=float)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(control, axis=0).T))])
    spline = CubicSpline(along, control)
    at = np.arange(0, along[-1], 15.0)
    middle = np.round(spline(at), 3)
    slope = spline(at, 1)
    normal = np.column_stack([-slope[:, 1], slope[:, 0]]) / np.hypot(*slope.T)[:, None]
    half = town.river_width / 2
    left = half * (1 + 0.10 * np.sin(at / 310) + 0.06 * np.sin(at / 137 + 1))
    right = half * (1 + 0.09 * np.sin(at / 270 + 2) + 0.06 * np.sin(at / 151))
    banks = np.vstack([middle + normal * left[:, None], (middle - normal * right[:, None])[::-1]])
    water = Polygon(np.round(banks, 3))
    corridor = water.buffer(town.embankment + 60).buffer(-60)
    return River(middle=LineString(middle), water=water, corridor=corridor)
