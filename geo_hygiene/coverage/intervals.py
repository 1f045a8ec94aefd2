"""Arithmetic on half-open intervals of whole millimetres."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same ground as disjoint intervals in order; touching ones become one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def length(intervals: Iterable[Interval]) -> int:
    """Return the sum of the lengths of disjoint intervals."""
    return sum(end - start for start, end in intervals)


def subtract(ground: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """Return what of ``ground`` is left without ``taken``; both disjoint and in order."""
    left: list[Interval] = []
    for start, end in ground:
        position = start
        for taken_start, taken_end in taken:
            if taken_end <= position or taken_start >= end:
                continue
            if taken_start > position:
                left.append((position, taken_start))
            position = max(position, taken_end)
        if position < end:
            left.append((position, end))
    return left


def twice(claims: Iterable[Sequence[Interval]]) -> list[Interval]:
    """Return the ground that two or more of the claims hold; each claim's intervals are disjoint."""
    edges = sorted(
        (position, step) for claim in claims for span in claim for position, step in zip(span, (1, -1), strict=True)
    )
    doubled: list[Interval] = []
    depth, start = 0, 0
    for position, step in edges:
        if depth == 1 and step == 1:
            start = position
        if depth == 2 and step == -1 and start < position:  # noqa: PLR2004 - two claims meet
            doubled.append((start, position))
        depth += step
    return union(doubled)
