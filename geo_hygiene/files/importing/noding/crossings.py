"""Find where lines cross, touch or run over one another."""

from __future__ import annotations

import numpy as np

from geo_hygiene.files.importing.noding.junctions import Cuts
from geo_hygiene.files.importing.noding.lines import VERTEX_M, Booleans, Floats, Integers, Lines, metres_per_degree
from geo_hygiene.files.importing.noding.search import EdgeIndex, between, project

STORED, VERTEX, CROSSING = 0, 1, 3
"""Which place wins where several are one node."""

PARALLEL = 1e-12
"""Sine of the angle under which edges have no crossing of their own; where they overlap, their vertices say it."""


def crossings(lines: Lines, index: EdgeIndex, edges: Integers) -> Cuts:
    """Return the cuts at which some edges meet any edge: crossings, shared vertices, vertices on the side of an edge.

    Consecutive edges of a line meet at their common vertex, which is no cut.
    """
    parts = []
    for one, other in index.pairs(edges):
        parts += _meetings(lines, one, other)
    return Cuts.joined([part for part in parts if len(part)])


def _meetings(lines: Lines, one: Integers, other: Integers) -> list[Cuts]:
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
        common = follows & ((against == start) | (against == start + 1))
        touches = (distance <= VERTEX_M) & ~common
        touched |= distance <= VERTEX_M
        parts += _vertex_cuts(lines, edge[touches], share[touches], against[touches])
    parts.append(_proper(lines, one[~touched], other[~touched]))
    return parts


def _follow(lines: Lines, one: Integers, other: Integers) -> Booleans:
    same_line = lines.edges.line[one] == lines.edges.line[other]
    follow: Booleans = same_line & (np.abs(lines.edges.start[one] - lines.edges.start[other]) == 1)
    return follow


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
    per_longitude, per_latitude = metres_per_degree(a[:, 1])
    scale = np.column_stack((per_longitude, per_latitude))
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
            Cuts(other[meets], share_other[meets], place.copy(), rank),
        ]
    )


def _cross(u: Floats, v: Floats) -> Floats:
    product: Floats = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    return product
