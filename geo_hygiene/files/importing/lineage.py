"""Which ended targets the new ones come from: moved, split or joined."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.files.importing.noding.lines import Integers

REACH_M = 10.0
"""A target within this distance of an ended one can take over its duties."""

SHARE = 0.5
"""Of the shorter of the two, that must run within reach."""

Shapes = NDArray[np.object_]


def find_parents(children: Shapes, child_rows: Integers, ended: Shapes, ended_rows: Integers) -> Integers:
    """Return (k, 2) pairs (child, ended target), by index.

    A child comes from every ended target that it runs along, and, where there is none, from those of its own row. A
    place comes from that of its own row, however near its neighbours are, which may move with it.
    Rows are -1 where a target belongs to no row of the file.
    """
    if len(children) == 0 or len(ended) == 0:
        return np.empty((0, 2), dtype=np.int64)
    scale = _scale(ended)
    new, old = _flat(children, scale), _flat(ended, scale)
    one, other = shapely.STRtree(old).query(new, predicate="dwithin", distance=REACH_M)
    lengths_new, lengths_old = shapely.length(new), shapely.length(old)
    shorter = np.minimum(lengths_new[one], lengths_old[other])
    along = shapely.length(shapely.intersection(new[one], shapely.buffer(old, REACH_M)[other]))
    runs = along >= SHARE * shorter
    pairs = np.column_stack((one[runs], other[runs]))
    if not shapely.get_dimensions(new).any():
        pairs = pairs[_are_one_place(child_rows[pairs[:, 0]], ended_rows[pairs[:, 1]], child_rows, ended_rows)]
    return np.unique(np.concatenate((pairs, _of_own_row(pairs, child_rows, ended_rows))), axis=0)


def _are_one_place(mine: Integers, its: Integers, child_rows: Integers, ended_rows: Integers) -> NDArray[np.bool_]:
    """Tell of pairs of near points which are one: of one row, or both without another in theirs."""
    alone = ~np.isin(mine, ended_rows) & ~np.isin(its, child_rows)
    are_one: NDArray[np.bool_] = (mine == its) | alone
    return are_one


def _of_own_row(pairs: Integers, child_rows: Integers, ended_rows: Integers) -> Integers:
    """Return pairs for children that found no parent, and for ended targets that found no child, within their rows."""
    orphans = np.setdiff1d(np.arange(len(child_rows)), pairs[:, 0])
    barren = np.setdiff1d(np.arange(len(ended_rows)), pairs[:, 1])
    children_of, ended_of = _by_row(child_rows), _by_row(ended_rows)
    found = [(child, old) for child in orphans.tolist() for old in ended_of.get(int(child_rows[child]), [])]
    found += [(child, old) for old in barren.tolist() for child in children_of.get(int(ended_rows[old]), [])]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _by_row(rows: Integers) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = defaultdict(list)
    for index, row in enumerate(rows.tolist()):
        if row >= 0:
            grouped[row].append(index)
    return grouped


def _scale(shapes: Shapes) -> NDArray[np.float64]:
    bounds = shapely.total_bounds(shapes)
    per_longitude, per_latitude = metres_per_degree(np.array([(bounds[1] + bounds[3]) / 2]))
    return np.array([per_longitude[0], per_latitude[0]])


def _flat(shapes: Shapes, scale: NDArray[np.float64]) -> Shapes:
    flat: Shapes = shapely.transform(shapes, lambda coords: coords * scale)
    return flat
