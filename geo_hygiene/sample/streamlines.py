"""Evenly spaced lines along a direction field: the raw streets.

Lines of one family keep their distance through a raster of distances to the lines drawn so far; a new line starts
where the next one is due and ends where it comes too near to another, leaves the allowed ground, or is long enough.
"""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo_hygiene.sample.field import Field

Coordinates = NDArray[np.float64]

CELL = 5.0
STRIDE = 6.0
TOO_NEAR = 0.55
DUE = 0.92
FAR = 1.0e6


@dataclass(frozen=True, kw_only=True)
class Level:
    """One class of streets while it is drawn.

    Attributes
    ----------
    category
        arterial, street or lane.
    spacing
        Wanted distance between lines of a family, on the raster.
    ground
        Where lines may run, on the raster.
    seeds
        Where lines may begin, on the raster.
    zone
        A line does not run from one number of this raster into another.
    shortest, longest
        Metres.
    """

    category: str
    spacing: Coordinates
    ground: NDArray[np.bool_]
    seeds: NDArray[np.bool_]
    zone: NDArray[np.int64]
    shortest: float
    longest: float
    crooked: bool = False


@dataclass(frozen=True)
class Streamline:
    """A street before it is joined to others."""

    points: Coordinates
    category: str
    family: int


class Tracer:
    """Draws streamlines of both families and remembers where they run."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.west, self.south = field.west, field.south
        height, width = field.shape
        self.shape = (int((height - 1) * 10 / CELL), int((width - 1) * 10 / CELL))
        self.near = [np.full(self.shape, FAR), np.full(self.shape, FAR)]
        self.lines: list[Streamline] = []

    def raster(self, values: Coordinates) -> Coordinates:
        """Return a field grid on the finer raster of distances."""
        fine = np.kron(values[:-1, :-1], np.ones((2, 2)))
        return np.asarray(fine[: self.shape[0], : self.shape[1]], dtype=np.float64)

    def centres(self) -> tuple[Coordinates, Coordinates]:
        """Return x and y of the raster's cells."""
        xs = self.west + (np.arange(self.shape[1]) + 0.5) * CELL
        ys = self.south + (np.arange(self.shape[0]) + 0.5) * CELL
        return np.meshgrid(xs, ys)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Return row and column of a place."""
        return int((y - self.south) / CELL), int((x - self.west) / CELL)

    def add(self, points: Coordinates, category: str, family: int, reach: float) -> None:
        """Keep a line and note the distance to it up to ``reach`` metres around."""
        self.lines.append(Streamline(points, category, family))
        steps = np.hypot(*np.diff(points, axis=0).T)
        along = np.concatenate([[0], np.cumsum(steps)])
        at = np.linspace(0, along[-1], max(2, int(along[-1] / max(STRIDE, reach / 25)) + 1))
        near = self.near[family]
        span = int(reach / CELL) + 1
        for x, y in zip(np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1]), strict=True):
            i, j = self.cell(x, y)
            top, left = max(i - span, 0), max(j - span, 0)
            window = near[top : i + span + 1, left : j + span + 1]
            if window.size == 0:
                continue
            ys = self.south + (top + np.arange(window.shape[0]) + 0.5) * CELL - y
            xs = self.west + (left + np.arange(window.shape[1]) + 0.5) * CELL - x
            np.minimum(window, np.sqrt(ys[:, None] ** 2 + xs[None, :] ** 2), out=window)

    def trace(self, start: tuple[float, float], family: int, level: Level) -> Coordinates:
        """Return the line through a place, drawn both ways until it must end."""
        heading = self.field.direction(*start, family, crooked=level.crooked)
        forward = self.walk(start, heading, family, level)
        backward = self.walk(start, (-heading[0], -heading[1]), family, level, used=0.5 * STRIDE * len(forward))
        return np.array(backward[:0:-1] + forward)

    def walk(
        self,
        start: tuple[float, float],
        heading: tuple[float, float],
        family: int,
        level: Level,
        *,
        used: float = 0.0,
    ) -> list[tuple[float, float]]:
        """Return the line from a place on, in the sense of ``heading``; ``used`` metres of its length are gone."""
        x, y = start
        row, column = self.cell(x, y)
        zone = level.zone[row, column]
        near, spacing, ground, zones = self.near[family], level.spacing, level.ground, level.zone
        path = [(x, y)]
        dx, dy = self.field.direction(x, y, family, crooked=level.crooked)
        if dx * heading[0] + dy * heading[1] < 0:
            dx, dy = -dx, -dy
        for _ in range(int((level.longest - used) / STRIDE)):
            mx, my = x + 0.5 * STRIDE * dx, y + 0.5 * STRIDE * dy
            ux, uy = self.field.direction(mx, my, family, crooked=level.crooked)
            along = ux * dx + uy * dy
            if along < 0:
                ux, uy, along = -ux, -uy, -along
            if along < 0.9:  # sharper than 26 degrees in three metres: a singular place
                break
            x, y = round(x + STRIDE * ux, 4), round(y + STRIDE * uy, 4)
            i, j = self.cell(x, y)
            if not ground[i, j] or zones[i, j] != zone or near[i, j] < TOO_NEAR * spacing[i, j]:
                break
            if len(path) > 40 and self._returns(path, x, y, 0.8 * spacing[i, j]):
                break
            path.append((x, y))
            dx, dy = ux, uy
        return path

    @staticmethod
    def _returns(path: list[tuple[float, float]], x: float, y: float, reach: float) -> bool:
        """Tell whether a line comes back near its own older part."""
        older = path[: -int(2.5 * reach / STRIDE) or None : 3]
        return any(math.hypot(x - px, y - py) < reach for px, py in older)

    def fill(self, level: Level, families: tuple[int, ...] = (0, 1), *, rng: np.random.Generator) -> None:
        """Draw lines of a level until no place is left where one is due."""
        reach = 1.25 * float(level.spacing[level.ground].max())
        jitter = rng.random(self.shape)
        for family in families:
            dead = ~level.seeds
            while True:
                ratio = self.near[family] / level.spacing
                due = (ratio >= DUE) & ~dead
                if not due.any():
                    break
                # the next line belongs beside an existing one; ties and empty ground are settled by chance
                order = np.where(due, np.minimum(ratio, 3.0) + 0.12 * jitter, np.inf)
                i, j = np.unravel_index(int(order.argmin()), self.shape)
                start = (self.west + (j + 0.5) * CELL, self.south + (i + 0.5) * CELL)
                line = self.trace(start, family, level)
                if STRIDE * (len(line) - 1) < level.shortest:
                    dead[max(i - 2, 0) : i + 3, max(j - 2, 0) : j + 3] = True
                    continue
                self.add(line, level.category, family, reach)
                dead[i, j] = True
