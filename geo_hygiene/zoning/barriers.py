"""Rivers and main roads that no zone is to cross: what they take apart though it meets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import combinations

import numpy as np
import numpy.typing as npt
import shapely

from geo_hygiene.zoning.meeting import Arm, Junctions, Pair
from geo_hygiene.zoning.plane import Shapes

ARM_M = 5.0
"""The direction in which a lane leaves a junction is that of a place so far along."""

GRAZED_M = 3.0
"""Who runs over the bank by less does not cross the water."""

AT_END_M = 0.01


class Barrier(StrEnum):
    """What no zone of a proposal reaches across."""

    RIVER = "river"
    MAIN_ROAD = "main-road"


def joined_lines(junctions: Junctions, lines: Shapes, water: Shapes, is_main: Sequence[bool]) -> set[Pair]:
    """Return each two lines that meet on one side of all barriers.

    A line that crosses water, or a main road where there is no junction, goes on only where most of it lies. A main
    road goes on to the side where more metres meet it.

    Parameters
    ----------
    lines, water
        Lines and polygons, metres.
    is_main
        Whether each line is a main road that must not be crossed.
    """
    main = np.asarray(is_main, dtype=bool)
    ended = _cut_ends(lines, shapely.buffer(water, -GRAZED_M), main)
    open_ends = [[arm for arm in arms if (arm.line, arm.is_start) not in ended] for arms in junctions]
    sectors = [list(_sectors(arms, lines, main)) for arms in open_ends]
    left = _sides(sectors, lines, main)
    found: set[Pair] = set()
    for parts in sectors:
        for part in parts:
            members = {arm.line for arm, is_left in part if is_left is None or left[arm.line] == is_left}
            found.update(combinations(sorted(members), 2))
    return found


Sector = list[tuple[Arm, bool | None]]
"""Ends between two main roads at a junction; of a main road whether it is its left side that lies there."""


def _sectors(arms: Sequence[Arm], lines: Shapes, main: npt.NDArray[np.bool_]) -> Iterator[Sector]:
    """Yield the sectors into which main roads part a junction."""
    roads = [arm for arm in arms if main[arm.line]]
    if len(roads) < 2:  # noqa: PLR2004 - around the end of a road everything meets
        yield [(arm, None) for arm in arms]
        return
    around = sorted(arms, key=lambda arm: (_direction(lines[arm.line], is_start=arm.is_start), arm.line))
    first = next(at for at, arm in enumerate(around) if main[arm.line])
    sector: Sector = []
    for arm in [*around[first:], *around[:first], around[first]]:
        if not main[arm.line]:
            sector.append((arm, None))
            continue
        if sector:
            yield [*sector, (arm, not arm.is_start)]  # it is come upon from its right where it begins here
        sector = [(arm, arm.is_start)]


def _direction(line: shapely.LineString, *, is_start: bool) -> float:
    """Return the direction in which a line leaves its start or its end, counter-clockwise."""
    reach = min(ARM_M, line.length)
    places = shapely.line_interpolate_point(line, [0.0, reach] if is_start else [line.length, line.length - reach])
    (x, y), (far_x, far_y) = shapely.get_coordinates(places).tolist()
    return float(np.arctan2(far_y - y, far_x - x))


def _sides(sectors: Sequence[Sequence[Sector]], lines: Shapes, main: npt.NDArray[np.bool_]) -> dict[int, bool]:
    """Return of each main road whether it goes on to the left."""
    metres: dict[int, float] = defaultdict(float)
    for parts in sectors:
        for part in parts:
            beside = sum(lines[arm.line].length for arm, _side in part if not main[arm.line])
            for arm, is_left in part:
                if is_left is not None:
                    metres[arm.line] += beside if is_left else -beside
    return {int(line): metres[line] >= 0 for line in np.flatnonzero(main).tolist()}


def _cut_ends(lines: Shapes, water: Shapes, main: npt.NDArray[np.bool_]) -> set[tuple[int, bool]]:
    """Return the ends of lines from which a barrier keeps most of the line."""
    obstacles: dict[int, list[shapely.Geometry]] = defaultdict(list)
    for one, other in shapely.STRtree(water).query(lines, predicate="intersects").T.tolist():
        obstacles[one].append(water[other])
    roads, streets = np.flatnonzero(main), np.flatnonzero(~main)
    for one, other in shapely.STRtree(lines[roads]).query(lines[streets], predicate="crosses").T.tolist():
        obstacles[int(streets[one])].append(lines[roads[other]])
    found = set()
    for line, across in obstacles.items():
        parts = shapely.get_parts(shapely.difference(lines[line], shapely.union_all(across)))
        home = max(parts, key=lambda part: part.length, default=shapely.Point())
        for is_start, place in ((True, 0), (False, -1)):
            if home.is_empty or home.distance(shapely.get_point(lines[line], place)) > AT_END_M:
                found.add((line, is_start))
    return found


def joined_points(pairs: Sequence[Pair], points: Shapes, obstacles: Shapes) -> set[Pair]:
    """Return the pairs of points between which no barrier lies."""
    if not pairs:
        return set()
    ways = shapely.linestrings(shapely.get_coordinates(points)[np.array(pairs)])
    cut = set(shapely.STRtree(obstacles).query(ways, predicate="intersects")[0].tolist())
    return {pair for number, pair in enumerate(pairs) if number not in cut}
