"""What a stretch of a target that ended becomes on the targets that began in its place."""

from __future__ import annotations

from collections.abc import Sequence

from geo_hygiene.coverage.intervals import Interval, subtract, union
from geo_hygiene.coverage.measured import MeasuredLine

REACH_M = 10.0
"""A child further away than this is another place."""

SLIP_MM = 2
"""Two roundings to whole millimetres: a mapped end this close to the child's end is its end."""


def _common(parent: MeasuredLine, child: MeasuredLine) -> tuple[Interval, Interval] | None:
    """Return the part of both lines that runs side by side, as (from, to) on each; child positions may fall."""
    pairs: set[Interval] = set()
    for position in (0, child.extent_mm):
        on_parent, distance = parent.locate(*child.at(position))
        if distance <= REACH_M:
            pairs.add((on_parent, position))
    for position in (0, parent.extent_mm):
        on_child, distance = child.locate(*parent.at(position))
        if distance <= REACH_M:
            pairs.add((position, on_child))
    if not pairs:
        return None
    (first, first_child), (last, last_child) = min(pairs), max(pairs)
    if first == last or first_child == last_child:
        return None
    return (first, last), (first_child, last_child)


def _runs_along(parent: MeasuredLine, child: MeasuredLine, on_parent: Interval, on_child: Interval) -> bool:
    low, high = sorted(on_child)
    return all(parent.locate(lon, lat)[1] <= REACH_M for lon, lat in child.between(low, high)) and all(
        child.locate(lon, lat)[1] <= REACH_M for lon, lat in parent.between(*on_parent)
    )


def project(
    parent: MeasuredLine, child: MeasuredLine, stretches: Sequence[Interval]
) -> tuple[list[Interval], list[Interval]]:
    """Return the stretches as they lie on the child, and the parts of the parent that the child can speak for.

    Both lines are in EPSG:4326; stretches are millimetres on the parent.
    """
    common = _common(parent, child)
    if common is None or not _runs_along(parent, child, *common):
        return [], []
    (first, last), (first_child, last_child) = common
    ratio = (last_child - first_child) / (last - first)
    mapped = []
    for start, end in stretches:
        low, high = max(start, first), min(end, last)
        if low < high:
            ends = sorted(round(first_child + (position - first) * ratio) for position in (low, high))
            mapped.append((_snap(ends[0], child.extent_mm), _snap(ends[1], child.extent_mm)))
    return union(mapped), [(first, last)]


def _snap(position: int, extent_mm: int) -> int:
    if position <= SLIP_MM:
        return 0
    return extent_mm if position >= extent_mm - SLIP_MM else position


def left_over(stretches: Sequence[Interval], spoken_for: Sequence[Interval]) -> list[Interval]:
    """Return what no child could take over, without crumbs of rounding."""
    return [(start, end) for start, end in subtract(union(stretches), union(spoken_for)) if end - start > SLIP_MM]
