"""Find where lines cross, touch or run over one another."""

from __future__ import annotations

import numpy as np

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.files.importing.noding.junctions import CROSSING, STORED, VERTEX, Cuts
from geo_hygiene.files.importing.noding.lines import VERTEX_M, Booleans, Floats, Integers, Lines
from geo_hygiene.files.importing.noding.search import EdgeIndex, between, project

PARALLEL = 1e-12
"""Sine of the angle under which edges have no crossing of their own; where they overlap, their vertices say it."""

TURNED_BACK = -0.9
"""Cosine of a turn at which a line may run back over itself."""


def crossings(lines: Lines, index: EdgeIndex) -> Cuts:
    """Return the cuts at which edges meet: crossings, shared vertices, vertices on the side of an edge."""
    is_end = np.zeros(len(lines.coords), dtype=bool)
    is_end[lines.first] = is_end[lines.last] = True
    parts = []
    for one, other in index.pairs():
        apart = ~_follow(lines, one, other)
        parts += _meetings(lines, is_end, one[apart], other[apart])
    there, back = _turned_back(lines)
    parts += _meetings(lines, is_end, there, back)
    # cut at the turn too, both ways are pieces and one of them is there twice
    parts += _vertex_cuts(lines, there, np.ones(len(there)), lines.edges.start[back])
    return Cuts.joined([part for part in parts if len(part)])


def _follow(lines: Lines, one: Integers, other: Integers) -> Booleans:
    """Tell which pairs are consecutive edges of a line; their common vertex is no meeting."""
    same_line = lines.edges.line[one] == lines.edges.line[other]
    follow: Booleans = same_line & (np.abs(lines.edges.start[one] - lines.edges.start[other]) == 1)
    return follow


def _turned_back(lines: Lines) -> tuple[Integers, Integers]:
    """Return the pairs of consecutive edges of which the second runs back over the first."""
    start, line = lines.edges.start, lines.edges.line
    one = np.flatnonzero((line[1:] == line[:-1]) & ~lines.fixed[line[1:]])
    a, b, c = lines.coords[start[one]], lines.coords[start[one] + 1], lines.coords[start[one] + 2]
    scale = np.column_stack(metres_per_degree(b[:, 1]))
    u, v = (b - a) * scale, (c - b) * scale
    sharp = np.einsum("ij,ij->i", u, v) < TURNED_BACK * np.hypot(*u.T) * np.hypot(*v.T)
    one, a, b, c = one[sharp], a[sharp], b[sharp], c[sharp]
    over = (project(c, a, b)[1] <= VERTEX_M) | (project(a, b, c)[1] <= VERTEX_M)
    return one[over], one[over] + 1


def _meetings(lines: Lines, is_end: Booleans, one: Integers, other: Integers) -> list[Cuts]:
    start_one, start_other = lines.edges.start[one], lines.edges.start[other]
    follows = _follow(lines, one, other)
    touched = np.zeros(len(one), dtype=bool)
    parts = []
    for edge, start, against in (
        (one, start_one, start_other),
        (one, start_one, start_other + 1),
        (other, start_other, start_one),
        (other, start_other, start_one + 1),
    ):
        share, distance = project(lines.coords[against], lines.coords[start], lines.coords[start + 1])
        touches = distance <= VERTEX_M
        touched |= touches
        at = np.flatnonzero(touches)
        nearest = start[at] + (share[at] > 0.5)  # noqa: PLR2004 - the nearer end of the edge
        common = follows[at] & ((against[at] == start[at]) | (against[at] == start[at] + 1))
        same = (lines.coords[nearest] == lines.coords[against[at]]).all(axis=1)
        at = at[~common & ~(same & is_end[nearest] & is_end[against[at]])]
        parts += _vertex_cuts(lines, edge[at], share[at], against[at])
    parts.append(_proper(lines, one[~touched], other[~touched]))
    return parts


def _vertex_cuts(lines: Lines, edge: Integers, share: Floats, vertex: Integers) -> list[Cuts]:
    """Return the cuts of an edge at a vertex on it, and of the vertex's own line there."""
    stored = lines.fixed[np.searchsorted(lines.offsets, vertex, side="right") - 1]
    rank = np.where(stored, STORED, VERTEX).astype(np.int64)
    place = lines.coords[vertex]
    return [Cuts(edge, share, place, rank), Cuts(*_own_edge(lines, vertex), place, rank)]


def _own_edge(lines: Lines, vertex: Integers) -> tuple[Integers, Floats]:
    """Return an edge that has the vertex, and the share at which it has it."""
    line = np.searchsorted(lines.offsets, vertex, side="right") - 1
    ends_line = vertex == lines.offsets[line + 1] - 1
    # the edges of a line are one fewer than its vertices
    edge = vertex - line - ends_line
    return edge.astype(np.int64), ends_line.astype(np.float64)


def _proper(lines: Lines, one: Integers, other: Integers) -> Cuts:
    """Return both cuts of each pair of edges that cross between their vertices."""
    a, b = lines.coords[lines.edges.start[one]], lines.coords[lines.edges.start[one] + 1]
    c, d = lines.coords[lines.edges.start[other]], lines.coords[lines.edges.start[other] + 1]
    scale = np.column_stack(metres_per_degree(a[:, 1]))
    r, s, q = (b - a) * scale, (d - c) * scale, (c - a) * scale
    turn = _cross(r, s)
    steep = np.abs(turn) > PARALLEL * np.hypot(*r.T) * np.hypot(*s.T)
    divisor = np.where(steep, turn, 1.0)
    share_one, share_other = _cross(q, s) / divisor, _cross(q, r) / divisor
    meets = steep & (share_one > 0) & (share_one < 1) & (share_other > 0) & (share_other < 1)
    place = between(a[meets], b[meets], share_one[meets])
    rank = np.full(int(meets.sum()), CROSSING, dtype=np.int64)
    return Cuts.joined(
        [
            Cuts(one[meets], share_one[meets], place, rank),
            Cuts(other[meets], share_other[meets], place, rank),
        ]
    )


def _cross(u: Floats, v: Floats) -> Floats:
    product: Floats = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    return product
