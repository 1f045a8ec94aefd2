"""Cut lines at their nodes, drop what is there twice, and mend cuts at which nothing else is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo_hygiene.files.importing.noding.junctions import Cuts, chosen_places, clusters, distinct
from geo_hygiene.files.importing.noding.lines import VERTEX_M, Booleans, Floats, Integers, Lines, offsets_of


@dataclass(frozen=True)
class _Stops:
    """Vertices and cuts of all lines in their order; a cut takes the place of a vertex that it is at."""

    line: Integers
    place: Floats
    is_node: Booleans


def cut(lines: Lines, cuts: Cuts) -> tuple[Lines, Integers]:
    """Cut lines at the given places; places within a millimetre are one node.

    Returns
    -------
    tuple
        The pieces, in the order and direction of the lines, and the line of each.
    """
    stops = _stops(lines, cuts)
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
    return pieces.from_sources(lines.source[owner]), owner


def _stops(lines: Lines, cuts: Cuts) -> _Stops:
    ends = np.concatenate((lines.first, lines.last))
    place = np.concatenate((cuts.place, lines.coords[ends]))
    end_rank = np.where(np.concatenate((lines.fixed, lines.fixed)), 0, 1)
    node = clusters(place, VERTEX_M)
    place = chosen_places(place, node, np.concatenate((cuts.rank, end_rank)))
    vertex_line = np.repeat(np.arange(len(lines), dtype=np.int64), np.diff(lines.offsets))
    line = np.concatenate((vertex_line, lines.edges.line[cuts.edge]))
    count = len(vertex_line)
    vertex_node = np.full(count, -1, dtype=np.int64)
    vertex_node[ends] = node[len(cuts) :]
    coords = lines.coords.copy()
    coords[ends] = place[len(cuts) :]
    # a vertex stands before all cuts of the edge that it begins, except those at its own place
    along = np.concatenate((np.arange(count, dtype=np.float64), lines.edges.start[cuts.edge] + cuts.share))
    is_cut = np.arange(len(line)) >= count
    order = np.lexsort((is_cut, along, line))
    all_node = np.concatenate((vertex_node, node[: len(cuts)]))[order]
    all_place = np.concatenate((coords, place[: len(cuts)]))[order]
    line, at_vertex = line[order], (along % 1.0 == 0.0)[order] & ~is_cut[order]
    keep = ~_covered(line, along[order], all_node, at_vertex)
    line, all_node, all_place = line[keep], all_node[keep], all_place[keep]
    repeats = np.concatenate(([False], (line[1:] == line[:-1]) & (all_node[1:] == all_node[:-1]) & (all_node[1:] >= 0)))
    return _Stops(line[~repeats], all_place[~repeats], all_node[~repeats] >= 0)


def _covered(line: Integers, along: Floats, node: Integers, plain: Booleans) -> Booleans:
    """Tell which vertices have a cut at exactly their place on the line; the cut stands for them."""
    covered = np.zeros(len(line), dtype=bool)
    same = (line[1:] == line[:-1]) & (along[1:] == along[:-1])
    covered[:-1] = same & plain[:-1] & (node[:-1] < 0)
    return covered


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
    start_node, end_node = node[: len(pieces)], node[len(pieces) :]
    joins = np.zeros(len(pieces), dtype=bool)
    joins[1:] = (
        (parent[1:] == parent[:-1]) & (start_node[1:] == end_node[:-1]) & (count[start_node[1:]] == 2)  # noqa: PLR2004
    )
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
    cuts = Cuts(edge.astype(np.int64), np.zeros(count), pieces.coords[at], np.ones(count, dtype=np.int64))
    halves, owner = cut(pieces, cuts)
    return halves, parent[owner], pieces.source[closed]
