"""The direction field that the streets of the sample town follow.

A tensor field on a grid: each place holds (cos 2a, sin 2a) of the preferred street direction a, so that opposite
directions are the same and sums of several wishes make sense (the river's tangent, grids of newer quarters, rings
around the old centre).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree
from shapely import LineString

from geo_hygiene.sample.parameters import Town

Grid = NDArray[np.float64]

STEP = 10.0


class Field:
    """Preferred street directions and lane spacing over the town's plane.

    Family 0 follows the field (along the river, around the old centre), family 1 crosses it at right angles.
    """

    def __init__(self, town: Town, river: LineString, rng: np.random.Generator) -> None:
        self.town = town
        self.west = -town.half_width - 400
        self.south = -town.half_height - 400
        xs = np.arange(self.west, -self.west + STEP, STEP)
        ys = np.arange(self.south, -self.south + STEP, STEP)
        self.x, self.y = np.meshgrid(xs, ys)
        self.shape = self.x.shape
        self.to_river, self.along_river = nearest_part(river, self.x, self.y)
        self.to_old, self.around_old = old_rings(town, self.x, self.y)
        self.to_suburb = np.hypot(self.x - town.suburb[0], self.y - town.suburb[1])
        self.village = self._villages()
        self.grid_share = self._grid_share()
        self._set_directions(rng)
        self.spacing = self._lane_spacing()

    def _noise(self, rng: np.random.Generator, wavelength: float) -> Grid:
        """Return smooth noise, about normal with deviation 1."""
        rows, columns = (int(n * STEP / wavelength) + 4 for n in self.shape)
        lattice = rng.standard_normal((rows, columns))
        at = np.mgrid[0 : self.shape[0], 0 : self.shape[1]] * (STEP / wavelength) + 1.0
        smooth = ndimage.map_coordinates(lattice, at, order=3, mode="nearest")
        return np.asarray(np.round(smooth / smooth.std(), 9))

    def _villages(self) -> Grid:
        """Return how much each place belongs to an urban village, 0..1."""
        share = np.zeros(self.shape)
        for village in self.town.villages:
            reach = np.hypot(self.x - village.centre[0], self.y - village.centre[1])
            share = np.maximum(share, fade(reach, village.radius, village.radius + 50))
        return share

    def _grid_share(self) -> Grid:
        """Return how much each place belongs to a newer quarter, 0..1."""
        share = np.zeros(self.shape)
        for quarter in self.town.quarters:
            reach = np.hypot(self.x - quarter.centre[0], self.y - quarter.centre[1])
            share = np.maximum(share, fade(reach, 0.8 * quarter.radius, 1.2 * quarter.radius))
        return share

    def _set_directions(self, rng: np.random.Generator) -> None:
        town = self.town
        total = 1.6 * np.exp(-self.to_river / 190) * tensor(self.along_river)
        total = total + 0.12 * tensor(np.full(self.shape, math.radians(-4)))
        for quarter in town.quarters:
            reach = np.hypot(self.x - quarter.centre[0], self.y - quarter.centre[1])
            weight = 0.16 + 0.75 * fade(reach, 0.6 * quarter.radius, 1.2 * quarter.radius)
            near = np.exp(-((reach / (1.1 * quarter.radius)) ** 2))
            total = total + weight * near * tensor(np.full(self.shape, math.radians(quarter.bearing)))
        inside = fade(self.to_old, town.wall_radius - 10, town.wall_radius + 90)
        total = (1 - 0.93 * inside) * total + 1.5 * inside * tensor(self.around_old)
        angle = 0.5 * np.arctan2(total[1], total[0])
        old = np.maximum(inside, fade(self.to_suburb, 0.7 * town.suburb_radius, 1.2 * town.suburb_radius))
        wild = (1 - old) * (1 - self.grid_share)
        calm = 1 - np.exp(-self.to_river / 120)
        angle = angle + calm * np.radians(
            old * 15 * self._noise(rng, 230)
            + self.grid_share * (1 - old) * 2.5 * self._noise(rng, 500)
            + wild * 14 * self._noise(rng, 420)
        )
        crooked = angle + np.radians(self.village * 28 * self._noise(rng, 90))
        self.old = old
        self._main: list[list[list[float]]] = np.round(tensor(angle), 9).tolist()
        self._lanes: list[list[list[float]]] = np.round(tensor(crooked), 9).tolist()

    def _lane_spacing(self) -> Grid:
        """Return the wanted distance between lanes of one family."""
        town = self.town
        inner = fade(np.hypot(self.x / town.half_width, self.y / town.half_height), 0.45, 0.8)
        self.built = np.maximum(self.grid_share, inner)
        spacing = town.lane_fringe + (town.lane_new - town.lane_fringe) * self.built
        spacing = spacing + (town.lane_old - spacing) * self.old
        return spacing + (38.0 - spacing) * self.village

    def at(self, grid: Grid, x: float, y: float) -> float:
        """Return the value of one of the field's grids at a place."""
        return float(grid[round((y - self.south) / STEP), round((x - self.west) / STEP)])

    def direction(self, x: float, y: float, family: int, *, crooked: bool = False) -> tuple[float, float]:
        """Return the unit direction of a family at a place (bilinear), its sense undefined.

        Lanes are ``crooked`` in the old villages, the streets that lead through are not.
        """
        column, row = (x - self.west) / STEP, (y - self.south) / STEP
        i, j = int(row), int(column)
        fy, fx = row - i, column - j
        a, b, c, d = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
        cos, sin = self._lanes if crooked else self._main
        u = a * cos[i][j] + b * cos[i][j + 1] + c * cos[i + 1][j] + d * cos[i + 1][j + 1]
        v = a * sin[i][j] + b * sin[i][j + 1] + c * sin[i + 1][j] + d * sin[i + 1][j + 1]
        angle = 0.5 * math.atan2(v, u) + (math.pi / 2 if family else 0.0)
        return math.cos(angle), math.sin(angle)


def old_rings(town: Town, x: Grid, y: Grid) -> tuple[Grid, Grid]:
    """Return how far out each place lies from the old centre and the bearing of the ring through it, in radians.

    The rings are rounded rectangles along the old town's axis; the first number is metres across that axis.
    """
    axis = math.radians(town.old_axis)
    power = 2.5
    dx, dy = x - town.old_centre[0], y - town.old_centre[1]
    u = (dx * math.cos(axis) + dy * math.sin(axis)) / town.old_stretch
    v = -dx * math.sin(axis) + dy * math.cos(axis)
    reach = (np.abs(u) ** power + np.abs(v) ** power) ** (1 / power)
    slope_u = np.sign(u) * np.abs(u) ** (power - 1) / town.old_stretch
    slope_v = np.sign(v) * np.abs(v) ** (power - 1)
    return reach, np.arctan2(slope_v, slope_u) + axis + np.pi / 2


def nearest_part(line: LineString, x: Grid, y: Grid) -> tuple[Grid, Grid]:
    """Return the distance to a finely drawn line and its bearing there, in radians, for each place."""
    vertices = np.asarray(line.coords)
    steps = np.diff(vertices, axis=0)
    reach, index = cKDTree(vertices).query(np.column_stack([x.ravel(), y.ravel()]))
    index = np.minimum(index, len(steps) - 1)
    bearing = np.arctan2(steps[:, 1], steps[:, 0])[index]
    return reach.reshape(x.shape), bearing.reshape(x.shape)


def tensor(angle: Grid) -> Grid:
    """Return (cos 2a, sin 2a) of angles in radians, stacked in front."""
    return np.stack([np.cos(2 * angle), np.sin(2 * angle)])


def fade(reach: Grid, inner: float, outer: float) -> Grid:
    """Return 1 below ``inner``, 0 above ``outer`` and a smooth step between."""
    t = np.clip((outer - reach) / (outer - inner), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
