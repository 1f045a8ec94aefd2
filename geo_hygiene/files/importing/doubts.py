"""What is odd about lines, though it does not keep them out: near misses, slivers, loops, lines there twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from geo_hygiene.crs import GEOD
from geo_hygiene.files.findings import Code, Finding
from geo_hygiene.files.importing.measure import Measured
from geo_hygiene.files.importing.noding import NODE_M, Lines
from geo_hygiene.files.importing.noding.junctions import distinct
from geo_hygiene.files.importing.noding.lines import Integers, offsets_of, ranges, together
from geo_hygiene.files.importing.noding.search import project
from geo_hygiene.files.importing.pieces import Neighbours, Pieces
from geo_hygiene.i18n import N_

NEAR_MISS_M = 2.0
"""An end this near to another lane, without a junction, was probably meant to meet it."""

SLIVER_M = 0.5
"""A segment shorter than this is probably a slip of the hand."""

SLIVER_M2 = 1.0
"""So is a face smaller than this."""


def line_findings(
    pieces: Pieces, measured: Measured, neighbours: Neighbours, numbers: NDArray[np.int64]
) -> list[Finding]:
    """Return the doubts about the segments that rows became."""
    return [
        *_loops(pieces, numbers),
        *_doubled(pieces, numbers),
        *_slivers(pieces, measured, numbers),
        *_near_misses(pieces, neighbours, numbers),
    ]


def _loops(pieces: Pieces, numbers: NDArray[np.int64]) -> list[Finding]:
    text = N_("The line closes, crosses or touches itself and was cut there.")
    return [Finding(Code.LOOP_CUT, text, row=int(numbers[row])) for row in np.unique(pieces.looped).tolist()]


def _doubled(pieces: Pieces, numbers: NDArray[np.int64]) -> list[Finding]:
    findings = []
    for row, other in pieces.doubled.tolist():
        if other == row:
            continue
        if other < 0:
            text, values = N_("The line runs over a stored one; what is there already was not stored again."), {}
        else:
            text = N_("The line runs over that of row %(other)s; what is there twice was stored once.")
            values = {"other": int(numbers[other])}
        findings.append(Finding(Code.DUPLICATE_FEATURE, text, row=int(numbers[row]), values=values))
    return findings


def _slivers(pieces: Pieces, measured: Measured, numbers: NDArray[np.int64]) -> list[Finding]:
    small = np.flatnonzero((measured.extent_mm < SLIVER_M * 1000) & ~pieces.of_neighbour)
    return [
        Finding(
            Code.SLIVER,
            N_("A piece of the line is only %(metres)s m long."),
            row=int(numbers[pieces.lines.source[piece]]),
            values={"metres": f"{measured.extent_mm[piece] / 1000:.3f}"},
        )
        for piece in small.tolist()
    ]


def _near_misses(pieces: Pieces, neighbours: Neighbours, numbers: NDArray[np.int64]) -> list[Finding]:
    lines = _with_uncut(pieces, neighbours)
    count = len(pieces.lines)
    end, line, distance = near_misses(lines)
    new = (line < count) & ~np.concatenate((pieces.of_neighbour, np.ones(len(lines) - count, dtype=bool)))[line]
    return [
        Finding(
            Code.NEAR_MISS,
            N_("The end of the line is %(metres)s m from another line without a junction."),
            row=int(numbers[lines.source[of]]),
            value=f"{lines.coords[at][0]:.6f}, {lines.coords[at][1]:.6f}",
            values={"metres": f"{metres:.2f}"},
        )
        for at, of, metres in zip(end[new].tolist(), line[new].tolist(), distance[new].tolist(), strict=True)
    ]


def _with_uncut(pieces: Pieces, neighbours: Neighbours) -> Lines:
    """Return the segments together with the stored lines that were not cut."""
    cut = np.unique(pieces.lines.source[pieces.of_neighbour])
    stored = neighbours.lines
    return together(pieces.lines, stored.select(~np.isin(stored.source, cut))) if len(stored) else pieces.lines


def near_misses(lines: Lines) -> tuple[Integers, Integers, NDArray[np.float64]]:
    """Return loose ends within two metres of a line that they have no junction with.

    Returns
    -------
    tuple
        The vertex of each such end, its line, and the metres to the nearest other line.
    """
    ends = np.concatenate((lines.first, lines.last))
    owner = np.tile(np.arange(len(lines), dtype=np.int64), 2)
    _, node, count = distinct(lines.coords[ends])
    loose = np.flatnonzero(count[node] == 1)
    points = lines.coords[ends[loose]]
    position, other = shapely.STRtree(lines.boxes(NEAR_MISS_M)).query(shapely.points(points))
    at = loose[position]
    mine = owner[at]
    start_node, end_node = node[: len(lines)], node[len(lines) :]
    shares = np.zeros(len(at), dtype=bool)
    for one in (start_node, end_node):
        for another in (start_node, end_node):
            shares |= one[mine] == another[other]
    same_day = (lines.begins[mine] < lines.ends[other]) & (lines.begins[other] < lines.ends[mine])
    keep = ~shares & same_day & (lines.group[mine] == lines.group[other])
    at, distance = at[keep], _distances(lines, ends[at[keep]], other[keep])
    near = (distance <= NEAR_MISS_M) & (distance > NODE_M)
    at, distance = at[near], distance[near]
    order = np.lexsort((distance, at))
    at, distance = at[order], distance[order]
    first = np.concatenate(([True], at[1:] != at[:-1])) if len(at) else np.empty(0, dtype=bool)
    return ends[at[first]], owner[at[first]], distance[first]


def _distances(lines: Lines, vertices: Integers, others: Integers) -> NDArray[np.float64]:
    """Return the metres from vertices to lines, pair by pair."""
    if len(vertices) == 0:
        return np.empty(0)
    edges = np.diff(lines.offsets)[others] - 1
    start = ranges(lines.first[others], edges)
    points = lines.coords[np.repeat(vertices, edges)]
    _, distance = project(points, lines.coords[start], lines.coords[start + 1])
    nearest: NDArray[np.float64] = np.minimum.reduceat(distance, offsets_of(edges)[:-1])
    return nearest


def sliver_faces(shapes: NDArray[np.object_], numbers: NDArray[np.int64], rows: Sequence[int]) -> list[Finding]:
    """Return a warning for each face that is too small to be meant."""
    findings = []
    chosen = np.asarray(rows, dtype=np.int64)
    boxes = shapely.bounds(shapes[chosen])
    # only boxes of at most some ten metres can hold so little, or be so thin
    for row in chosen[(boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) < 1e-8].tolist():  # noqa: PLR2004
        area = abs(GEOD.geometry_area_perimeter(shapes[row])[0])
        if area < SLIVER_M2:
            text = N_("The area measures only %(area)s m².")
            findings.append(Finding(Code.SLIVER, text, row=int(numbers[row]), values={"area": f"{area:.2f}"}))
    return findings
