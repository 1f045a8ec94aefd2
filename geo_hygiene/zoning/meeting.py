"""What hangs together: lines that share a junction, points with nobody else between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from geo_hygiene.zoning.plane import Shapes

NODE_DECIMALS = 7
"""Ends whose degrees agree so far are one junction: a centimetre."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Arm:
    """An end of a line, by the number of the line."""

    line: int
    is_start: bool


Junctions = Sequence[Sequence[Arm]]
"""Of each junction the ends that meet there."""


def junctions_of(lines: Shapes) -> Junctions:
    """Return the junctions of lines (EPSG:4326)."""
    at: dict[tuple[float, float], list[Arm]] = defaultdict(list)
    for index, line in enumerate(lines):
        ends = np.round(shapely.get_coordinates(line)[[0, -1]], NODE_DECIMALS)
        for is_start, (x, y) in zip((True, False), ends.tolist(), strict=True):
            at[x, y].append(Arm(index, is_start))
    return list(at.values())


def meeting(junctions: Junctions) -> list[Pair]:
    """Return each two lines that share an end."""
    return sorted({pair for arms in junctions for pair in combinations(sorted({arm.line for arm in arms}), 2)})


def neighbouring(points: Shapes) -> list[Pair]:
    """Return each two points whose circle, with both on its rim, has no other inside (the Gabriel graph)."""
    places = shapely.get_coordinates(points)
    alike: dict[tuple[float, float], int] = {}
    pairs = {(alike.setdefault((x, y), index), index) for index, (x, y) in enumerate(places.tolist())}
    pairs = {(one, other) for one, other in pairs if one != other}
    single = sorted(alike.values())
    spots = places[single]
    if len(single) < 4 or np.linalg.matrix_rank(spots - spots[0]) < 2:  # noqa: PLR2004 - no triangle to be had
        order = sorted(single, key=lambda index: tuple(places[index]))
        return sorted(pairs | {(min(two), max(two)) for two in pairwise(order)})
    triangles = Delaunay(spots).simplices
    edges = np.unique(np.sort(triangles[:, [[0, 1], [1, 2], [0, 2]]].reshape(-1, 2), axis=1), axis=0)
    middles = spots[edges].mean(axis=1)
    radii = np.linalg.norm(spots[edges[:, 0]] - spots[edges[:, 1]], axis=1) / 2
    nearest, _index = cKDTree(spots).query(middles)
    kept = edges[nearest >= radii * (1 - 1e-9)]
    return sorted(pairs | {(single[one], single[other]) for one, other in kept.tolist()})
