"""Find the edges that are near one another or near a point, and measure how near in metres."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.files.importing.noding.lines import Booleans, Floats, Integers, Lines, widened

BLOCK = 200_000
"""Edges that are looked up at once; bounds the memory of a search."""


class EdgeIndex:
    """A spatial index of the edges of lines.

    Parameters
    ----------
    lines
        What is searched.
    reach
        Metres within which boxes are found.
    """

    def __init__(self, lines: Lines, reach: float) -> None:
        self.lines = lines
        self.reach = reach
        start = lines.edges.start
        self._tree = shapely.STRtree(_boxes(lines.coords[start], lines.coords[start + 1], reach / 2))

    def pairs(self) -> Iterator[tuple[Integers, Integers]]:
        """Yield pairs of edges whose boxes are within reach, each once, block by block; only of lines that may meet."""
        count = len(self.lines.edges)
        for begin in range(0, count, BLOCK):
            edge, other = self._tree.query(self._tree.geometries[begin : begin + BLOCK])
            edge = edge + begin
            once = edge < other
            edge, other = edge[once], other[once]
            meets = self.may_meet(self.lines.edges.line[edge], self.lines.edges.line[other])
            yield edge[meets], other[meets]

    def around(self, points: Floats) -> tuple[Integers, Integers]:
        """Return (index of the point, edge) for boxes within reach of a point."""
        if len(points) == 0:
            empty = np.empty(0, dtype=np.int64)
            return empty, empty
        position, edge = self._tree.query(_boxes(points, points, self.reach / 2))
        return position.astype(np.int64), edge.astype(np.int64)

    def may_meet(self, one: Integers, other: Integers) -> Booleans:
        """Tell which pairs of lines share a group and a day, and are not both stored."""
        lines = self.lines
        meets: Booleans = (
            (lines.group[one] == lines.group[other])
            & (lines.begins[one] < lines.ends[other])
            & (lines.begins[other] < lines.ends[one])
            & ~(lines.fixed[one] & lines.fixed[other])
        )
        return meets


def _boxes(one: Floats, other: Floats, margin: float) -> NDArray[np.object_]:
    return widened(np.minimum(one, other), np.maximum(one, other), margin)


def project(points: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Return the share of the edge at which the nearest place to each point lies (0..1), and its distance in metres."""
    per_longitude, per_latitude = metres_per_degree(points[:, 1])
    scale = np.column_stack((per_longitude, per_latitude))
    along = (end - start) * scale
    away = (points - start) * scale
    length_squared = np.einsum("ij,ij->i", along, along)
    share = np.einsum("ij,ij->i", away, along) / np.where(length_squared > 0, length_squared, 1.0)
    share = np.clip(share, 0.0, 1.0)
    distance = np.linalg.norm(away - along * share[:, None], axis=1)
    return share, distance


def between(start: Floats, end: Floats, share: Floats) -> Floats:
    """Return the place at a share of each edge; exactly an end at 0 and 1."""
    place: Floats = start + (end - start) * share[:, None]
    place[share == 1.0] = end[share == 1.0]
    return place
