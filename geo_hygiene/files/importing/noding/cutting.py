"""Cut lines at their nodes, drop what is there twice, and mend cuts at which nothing else is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo_hygiene.crs import metres_per_degree
from geo_hygiene.files.importing.noding.junctions import VERTEX, Cuts, Nodes, distinct
from geo_hygiene.files.importing.noding.lines import Booleans, Floats, Integers, Lines, offsets_of
from geo_hygiene.files.importing.noding.search import between

BENT_M = 1e-7
"""A line that is led further than this from its course may meet others by it."""


@dataclass(frozen=True)
class _Stops:
    """Vertices and cuts of all lines in their order; a cut takes the place of a vertex that it is at.

    Attributes
    ----------
    shift
        Metres from the course that the line had before.
    """

    line: Integers
    place: Floats
    is_node: Booleans
    shift: Floats


def cut(lines: Lines, cuts: Cuts, nodes: Nodes, before: Floats) -> tuple[Lines, Integers, Booleans]:
    """Cut lines at the given places.

    Parameters
    ----------
    before
        The vertices of the lines as they were before their ends moved.

    Returns
    -------
    tuple
        The pieces, in the order and direction of the lines; the line of each; and which were led from their course.
    """
    stops = _stops(lines, cuts, nodes, before)
    inner = stops.is_node.copy()
    inner[np.flatnonzero(np.diff(stops.line, prepend=-1))] = False
    inner[np.flatnonzero(np.diff(stops.line, append=-1))] = False
    copies = 1 + inner.astype(np.int64)
    # a node inside a line ends one piece and begins the next
    stop = np.repeat(np.arange(len(stops.line)), copies)
    second = np.concatenate(([False], (stop[1:] == stop[:-1])))
    begins = np.concatenate(([True], stops.line[stop][1:] != stops.line[stop][:-1])) | second
    first = np.flatnonzero(begins).astype(np.int64)
    line = stops.line[stop[first]]
    bent = np.maximum.reduceat(stops.shift[stop], first) > BENT_M
    pieces = Lines(
        coords=stops.place[stop],
        offsets=np.append(first, len(stop)),
        source=np.arange(len(first), dtype=np.int64),
        group=lines.group[line],
        fixed=lines.fixed[line],
        begins=lines.begins[line],
        ends=lines.ends[line],
    )
    pieces = pieces.moved(pieces.coords)
    owner = line[pieces.source]
    return pieces.from_sources(lines.source[owner]), owner, bent[pieces.source]


def _stops(lines: Lines, cuts: Cuts, nodes: Nodes, before: Floats) -> _Stops:
    ends = np.concatenate((lines.first, lines.last))
    start = lines.edges.start[cuts.edge]
    along = start + cuts.share
    order = np.argsort(along, kind="stable")
    along = along[order]
    count = len(lines.coords)
    node = np.full(count, -1, dtype=np.int64)
    node[ends] = nodes.of_end
    place = lines.coords.copy()
    place[ends] = nodes.place_of_end
    shift = np.zeros(count)
    shift[ends] = _metres(before[ends], nodes.place_of_end)
    course = between(lines.coords[start], lines.coords[start + 1], cuts.share)
    # vertices are in order already: each cut goes behind the vertices up to its place
    position = np.searchsorted(np.arange(count), along, side="right")
    line = np.repeat(np.arange(len(lines), dtype=np.int64), np.diff(lines.offsets))
    merged = _Merged(
        line=np.insert(line, position, lines.edges.line[cuts.edge[order]]),
        along=np.insert(np.arange(count, dtype=np.float64), position, along),
        node=np.insert(node, position, nodes.of_cut[order]),
        place=np.insert(place, position, nodes.place_of_cut[order], axis=0),
        shift=np.insert(shift, position, _metres(course, nodes.place_of_cut)[order]),
        is_cut=np.insert(np.zeros(count, dtype=bool), position, values=True),
    )
    return merged.tidied()


@dataclass(frozen=True)
class _Merged:
    """Vertices and cuts in one order."""

    line: Integers
    along: Floats
    node: Integers
    place: Floats
    shift: Floats
    is_cut: Booleans

    def tidied(self) -> _Stops:
        """Leave out vertices that have a cut at their place, and repeated cuts at one node."""
        same_place = (self.line[1:] == self.line[:-1]) & (self.along[1:] == self.along[:-1])
        covered = np.zeros(len(self.line), dtype=bool)
        covered[:-1] = same_place & ~self.is_cut[:-1] & (self.node[:-1] < 0)
        keep = np.flatnonzero(~covered)
        line, node, shift = self.line[keep], self.node[keep], self.shift[keep]
        repeats = np.zeros(len(keep), dtype=bool)
        repeats[1:] = (line[1:] == line[:-1]) & (node[1:] == node[:-1]) & (node[1:] >= 0)
        # the farthest of repeated cuts says how far the line was led
        run = np.cumsum(~repeats) - 1
        farthest = np.zeros(int(run[-1]) + 1 if len(run) else 0)
        np.maximum.at(farthest, run, shift)
        kept = keep[~repeats]
        return _Stops(self.line[kept], self.place[kept], self.node[kept] >= 0, farthest)


def _metres(one: Floats, other: Floats) -> Floats:
    steps = (one - other) * np.column_stack(metres_per_degree(one[:, 1]))
    return np.hypot(steps[:, 0], steps[:, 1])


def twice(pieces: Lines) -> tuple[Booleans, Integers]:
    """Tell which pieces lie exactly on an earlier one, and on which; stored pieces count as earlier.

    Only pieces of one group are compared, and only where the earlier one exists on every day of the later one.
    """
    first_key, second_key = _fingerprints(pieces)
    order = np.lexsort((np.arange(len(pieces)), ~pieces.fixed, second_key, first_key, pieces.group))
    same = np.ones(len(order), dtype=bool)
    same[0:1] = False
    for key in (pieces.group, first_key, second_key):
        same[1:] &= key[order][1:] == key[order][:-1]
    run = np.cumsum(~same) - 1
    leader = order[np.flatnonzero(~same)][run]
    within = (pieces.begins[leader] <= pieces.begins[order]) & (pieces.ends[order] <= pieces.ends[leader])
    doubled = np.zeros(len(order), dtype=bool)
    doubled[order] = same & within
    original = np.arange(len(order), dtype=np.int64)
    original[order] = leader
    return doubled, np.where(doubled, original, np.arange(len(order)))


def _fingerprints(pieces: Lines) -> tuple[Integers, Integers]:
    """Return two numbers per piece that do not depend on its direction and all but never agree by chance."""
    bits = np.ascontiguousarray(pieces.coords).view(np.uint64)
    keys = []
    with np.errstate(over="ignore"):
        for salt in (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)):
            mixed = bits[:, 0] * salt
            mixed ^= mixed >> np.uint64(29)
            mixed = (mixed + bits[:, 1]) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(32)
            mixed *= salt | np.uint64(1)
            keys.append(np.add.reduceat(mixed ^ (mixed >> np.uint64(31)), pieces.first).view(np.int64))
    return keys[0], keys[1]


def mend(pieces: Lines, parent: Integers) -> tuple[Lines, Integers]:
    """Join consecutive pieces of a line where nothing else ends at the node between them.

    Parameters
    ----------
    pieces
        Pieces in the order of their lines.
    parent
        The line of each piece.

    Returns
    -------
    tuple
        The joined pieces and the line of each.
    """
    if len(pieces) == 0:
        return pieces, parent
    _, node, count = distinct(pieces.coords[np.concatenate((pieces.first, pieces.last))])
    # a stored line is only cut for one that is not
    movable = np.bincount(node, weights=np.tile(~pieces.fixed, 2))
    start_node, end_node = node[: len(pieces)], node[len(pieces) :]
    joins = np.zeros(len(pieces), dtype=bool)
    joins[1:] = (parent[1:] == parent[:-1]) & (start_node[1:] == end_node[:-1])
    joins[1:] &= np.where(pieces.fixed[1:], movable[start_node[1:]] == 0, count[start_node[1:]] == 2)  # noqa: PLR2004
    # the first vertex of a piece that joins repeats the last one of the piece before
    keep = np.ones(len(pieces.coords), dtype=bool)
    keep[pieces.first[joins]] = False
    sizes = np.diff(pieces.offsets) - joins
    begins = np.flatnonzero(~joins)
    sizes = np.add.reduceat(sizes, begins)
    joined = Lines(
        pieces.coords[keep],
        offsets_of(sizes),
        pieces.source[begins],
        pieces.group[begins],
        pieces.fixed[begins],
        pieces.begins[begins],
        pieces.ends[begins],
    )
    return joined, parent[begins]


def open_loops(pieces: Lines, parent: Integers) -> tuple[Lines, Integers, Integers]:
    """Cut each piece that ends where it begins at the vertex nearest to its middle.

    Returns
    -------
    tuple
        The pieces, the line of each, and the sources of those that were cut.
    """
    closed = (pieces.coords[pieces.first] == pieces.coords[pieces.last]).all(axis=1)
    if not closed.any():
        return pieces, parent, np.empty(0, dtype=np.int64)
    along = pieces.distances
    vertex = np.arange(len(pieces.coords))
    piece = np.repeat(np.arange(len(pieces)), np.diff(pieces.offsets))
    middle = (along[pieces.first] + along[pieces.last]) / 2
    inner = closed[piece] & (vertex != pieces.first[piece]) & (vertex != pieces.last[piece])
    off = np.abs(along - middle[piece])[inner]
    candidates = vertex[inner]
    order = np.lexsort((off, piece[candidates]))
    first = np.concatenate(([True], np.diff(piece[candidates[order]]) > 0))
    at = candidates[order][first]
    edge = pieces.edges.start.searchsorted(at)
    count = len(at)
    cuts = Cuts(edge.astype(np.int64), np.zeros(count), pieces.coords[at], np.full(count, VERTEX, dtype=np.int64))
    ends = pieces.coords[np.concatenate((pieces.first, pieces.last))]
    _, node, _ = distinct(np.concatenate((cuts.place, ends)))
    nodes = Nodes(node[:count], node[count:], cuts.place, ends)
    halves, owner, _bent = cut(pieces, cuts, nodes, pieces.coords)
    return halves, parent[owner], pieces.source[closed]
