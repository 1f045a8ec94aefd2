"""Counts on a grid, such as may be shown: fine where cases are dense, coarse where they are not.

A cell that holds only a few cases would point at who complained. They are counted in a larger cell around it, together
with the few of its other parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo_hygiene.crs import TILE_CIRCUMFERENCE_M, from_tile_plane

Numbers = NDArray[np.int64]

FEWEST = 5
"""Cases from which a cell is shown."""

CELL_PIXELS = 32
"""Side of the smallest cells on the screen; 256 pixels are a tile."""

CELL_SIZES = 6
"""Cells are so wide, twice, four times as wide and so on: the widest is as wide as a screen."""

TILE_PIXELS = 256


def cell_size(zoom: int) -> float:
    """Return the side of the smallest cells in metres of the tiles' plane (EPSG:3857)."""
    return TILE_CIRCUMFERENCE_M / (TILE_PIXELS * 2.0**zoom) * CELL_PIXELS


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of several frames, beside each other: the frame, column and row of each, and its cases.

    A column begins at a multiple of a cell's side in the plane of the tiles, a row too.
    """

    frame: Numbers
    across: Numbers
    up: Numbers
    cases: Numbers

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Cells:
        """Return the cells of rows of frame, column, row and cases."""
        return cls(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)

    def chosen(self, which: NDArray[np.bool_]) -> Cells:
        """Return some of them."""
        return Cells(self.frame[which], self.across[which], self.up[which], self.cases[which])

    def summed(self) -> Cells:
        """Return them with each in one row, in order."""
        order = np.lexsort((self.up, self.across, self.frame))
        found = Cells(self.frame[order], self.across[order], self.up[order], self.cases[order])
        if not len(order):
            return found
        differs = np.diff(found.frame) | np.diff(found.across) | np.diff(found.up)
        first = np.concatenate(([0], np.flatnonzero(differs) + 1))
        sums = np.add.reduceat(found.cases, first)
        return Cells(found.frame[first], found.across[first], found.up[first], sums)

    def wider(self) -> Cells:
        """Return the cells twice as wide that hold them."""
        return Cells(self.frame, self.across >> 1, self.up >> 1, self.cases).summed()


@dataclass(frozen=True, slots=True)
class Density:
    """Cases on a grid, in frames.

    Attributes
    ----------
    cell
        Side of the cells.
    frames
        First days of the frames; of a single one that has no days, ``None``.
    without_place, outside
        Cases that are in no cell, by frame.
    cells
        Each but once.
    """

    cell: float
    frames: Sequence[date | None]
    without_place: Numbers
    outside: Numbers
    cells: Cells

    @property
    def totals(self) -> Numbers:
        """Return the cases of each frame."""
        return self.without_place + self.outside + _by_frame(self.cells, len(self.frames))

    def shown(self) -> dict[date | None, dict[str, Any]]:
        """Return the public form of each frame.

        What is too few for its cell goes up to the one twice as wide that holds it. A shown cell is left out there, so
        that no difference of two cells tells of fewer cases than a cell does.
        """
        left, side = self.cells, self.cell
        found: list[list[list[float]]] = [[] for _frame in self.frames]
        for _size in range(CELL_SIZES):
            enough = left.cases >= FEWEST
            _place(found, left.chosen(enough), side)
            left, side = left.chosen(~enough).wider(), side * 2
        hidden, totals = _by_frame(left, len(self.frames)), self.totals
        return {
            frame: {
                "total": int(totals[at]),
                "without_place": int(self.without_place[at]),
                "outside": int(self.outside[at]),
                "hidden": int(hidden[at]),
                "cells": sorted(found[at]),
            }
            for at, frame in enumerate(self.frames)
        }


def _by_frame(cells: Cells, count: int) -> Numbers:
    return np.bincount(cells.frame, cells.cases, minlength=count).astype(np.int64)


def _place(found: list[list[list[float]]], cells: Cells, side: float) -> None:
    """Add to each frame its cells: longitude and latitude of the middle, cases, and the side."""
    middles = ((axis.astype(np.float64) + 0.5) * side for axis in (cells.across, cells.up))
    lon, lat = from_tile_plane(*middles)
    columns = (cells.frame.tolist(), lon.tolist(), lat.tolist(), cells.cases.tolist())
    for frame, x, y, cases in zip(*columns, strict=True):
        found[frame].append([round(x, 7), round(y, 7), cases, side])


def nothing(cell: float) -> dict[str, Any]:
    """Return the public form of a frame without cases."""
    none = np.zeros(1, dtype=np.int64)
    return Density(cell, [None], none, none, Cells.of([])).shown()[None]
