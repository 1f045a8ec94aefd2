"""What a stretch of a target that ended becomes on the targets that began in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from geo_hygiene.coverage.intervals import Interval, subtract, union
from geo_hygiene.coverage.measured import MeasuredLine
from geo_hygiene.records.targets import POINT_EXTENT

REACH_M = 10.0
"""A child further away than this is another place."""

SLIP_MM = 2
"""Two roundings to whole millimetres: a mapped end this close to the child's end is its end."""


def _meetings(one: MeasuredLine, other: MeasuredLine, *, only_own: bool) -> Iterator[Interval]:
    """Yield where each end of a line meets another line, as positions on both.

    With ``only_own`` an end that lies beyond an end of the other line meets nothing: what is there is another's.
    """
    for position in (0, one.extent_mm):
        on_other, distance = other.locate(*one.at(position))
        if distance > REACH_M:
            continue
        if only_own and not SLIP_MM < on_other < other.extent_mm - SLIP_MM:
            back, _distance = one.locate(*other.at(on_other))
            if abs(back - position) > SLIP_MM:
                continue
        yield position, on_other


def _common(
    parent: MeasuredLine, child: MeasuredLine, *, is_cut: bool, is_joined: bool
) -> tuple[Interval, Interval] | None:
    """Return the part of both lines that runs side by side, as (from, to) on each; child positions may fall."""
    pairs = set(_meetings(parent, child, only_own=is_cut))
    pairs |= {(on_parent, position) for position, on_parent in _meetings(child, parent, only_own=is_joined)}
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


@dataclass(frozen=True, slots=True)
class Course:
    """Where a parent and a child run side by side, as (from, to) on each; the child's positions may fall."""

    on_parent: Interval
    on_child: Interval
    child_extent_mm: int

    @classmethod
    def of_points(cls) -> Course:
        """Return that of two points, each of which is the whole of the other."""
        return cls((0, POINT_EXTENT), (0, POINT_EXTENT), POINT_EXTENT)

    def carry(self, stretches: Sequence[Interval]) -> list[Interval]:
        """Return stretches of the parent, in millimetres, as they lie on the child."""
        if self.child_extent_mm == POINT_EXTENT:
            return [self.on_child] if stretches else []
        (first, last), (first_child, last_child) = self.on_parent, self.on_child
        ratio = (last_child - first_child) / (last - first)
        mapped = []
        for start, end in stretches:
            low, high = max(start, first), min(end, last)
            if low < high:
                ends = sorted(round(first_child + (position - first) * ratio) for position in (low, high))
                mapped.append((_snap(ends[0], self.child_extent_mm), _snap(ends[1], self.child_extent_mm)))
        return union(mapped)


def shared_course(parent: MeasuredLine, child: MeasuredLine, *, is_cut: bool, is_joined: bool) -> Course | None:
    """Return where two lines (EPSG:4326) run side by side, ``None`` where the child is another place.

    A line that only moved is whole on its successor, though that be a little shorter or longer. Of a parent that
    ``is_cut`` into several children each has its own part alone, however short the others are; so has each parent on
    a child that ``is_joined`` of several.
    """
    common = _common(parent, child, is_cut=is_cut, is_joined=is_joined)
    if common is None or not _runs_along(parent, child, *common):
        return None
    return Course(*common, child.extent_mm)


def _snap(position: int, extent_mm: int) -> int:
    if position <= SLIP_MM:
        return 0
    return extent_mm if position >= extent_mm - SLIP_MM else position


def left_over(stretches: Sequence[Interval], spoken_for: Sequence[Interval]) -> list[Interval]:
    """Return what no child could take over, without crumbs of rounding; where none could, a point is no crumb."""
    left = subtract(union(stretches), union(spoken_for))
    return [(start, end) for start, end in left if end - start > SLIP_MM or not spoken_for]
