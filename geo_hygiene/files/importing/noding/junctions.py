"""Bring together the ends of lines that nearly meet: each other, or the side of another line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geo_hygiene.files.importing.noding.lines import NODE_M, Booleans, Floats, Integers, Lines, geocentric
from geo_hygiene.files.importing.noding.search import EdgeIndex, between, project

STORED, VERTEX, SIDE, CROSSING, PASSING = range(5)
"""Which place wins where several are one node, the first before the others."""


@dataclass(frozen=True)
class Cuts:
    """Places at which lines must be cut.

    Attributes
    ----------
    edge
        (k) index of the edge.
    share
        (k) 0..1 along it.
    place
        (k, 2) the node, EPSG:4326.
    rank
        (k) which place wins where several are one node, low first.
    """

    edge: Integers
    share: Floats
    place: Floats
    rank: Integers

    @classmethod
    def none(cls) -> Cuts:
        """Return no cuts."""
        return cls(np.empty(0, np.int64), np.empty(0), np.empty((0, 2)), np.empty(0, np.int64))

    @classmethod
    def joined(cls, parts: list[Cuts]) -> Cuts:
        """Return the cuts of all parts."""
        if not parts:
            return cls.none()
        return cls(
            np.concatenate([part.edge for part in parts]),
            np.concatenate([part.share for part in parts]),
            np.concatenate([part.place for part in parts]),
            np.concatenate([part.rank for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.edge)


def distinct(points: Floats) -> tuple[Integers, Integers, Integers]:
    """Return (index of a first occurrence, number of the distinct point of each, occurrences) for equal points."""
    # sorting one number per point is several times faster than sorting pairs; equal numbers by chance: 1 in 10^7 towns
    bits = np.ascontiguousarray(points + 0.0).view(np.uint64)
    with np.errstate(over="ignore"):
        mixed = bits[:, 0] * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed = (mixed + bits[:, 1]) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    _, first, inverse, counts = np.unique(mixed, return_index=True, return_inverse=True, return_counts=True)
    return first.astype(np.int64), inverse.astype(np.int64), counts.astype(np.int64)


def clusters(points: Floats, distance: float) -> Integers:
    """Return a cluster number for each point; points within the distance (metres) share one, also through others."""
    if len(points) == 0:
        return np.empty(0, dtype=np.int64)
    from scipy.spatial import cKDTree  # noqa: PLC0415 - half a second, and files without lines need none of it

    first, inverse, _ = distinct(points)
    pairs = cKDTree(geocentric(points[first])).query_pairs(distance, output_type="ndarray")
    if len(pairs) == 0:
        return inverse
    return connected(pairs[:, 0], pairs[:, 1], len(first))[inverse]


def connected(one: Integers, other: Integers, count: int) -> Integers:
    """Return the number of the connected part of each of ``count`` things, given pairs that are joined."""
    from scipy.sparse import coo_matrix  # noqa: PLC0415 - as above
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    graph = coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    labels: Integers = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels


def chosen_places(points: Floats, cluster: Integers, rank: Integers) -> Floats:
    """Return for each point the place of the best ranked point of its cluster (the first of equals)."""
    if len(points) == 0:
        return points
    count = int(cluster.max()) + 1
    lowest = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(lowest, cluster, rank)
    # written backwards, the first of the best stays
    best = np.flatnonzero(rank == lowest[cluster])[::-1]
    chosen = np.empty(count, dtype=np.int64)
    chosen[cluster[best]] = best
    return points[chosen[cluster]]


def join_ends(lines: Lines) -> Floats:
    """Return the vertices with ends within a centimetre of one another at one place; stored ends stay."""
    ends = np.concatenate((lines.first, lines.last))
    points = lines.coords[ends]
    fixed = np.concatenate((lines.fixed, lines.fixed))
    _, inverse, counts = distinct(points)
    rank = np.where(fixed, np.iinfo(np.int64).min, -counts[inverse])
    places = chosen_places(points, clusters(points, NODE_M), rank)
    coords = lines.coords.copy()
    coords[ends[~fixed]] = places[~fixed]
    return coords


def attach_ends(lines: Lines, index: EdgeIndex) -> tuple[Floats, Cuts]:
    """Put ends that are within a centimetre of another line's side onto it.

    Returns
    -------
    tuple
        The coordinates of the vertices after the ends moved, and the cuts of the lines that they touch. A stored end
        stays, and the other line is led through it.
    """
    ends = np.concatenate((lines.first, lines.last))
    owner = np.tile(np.arange(len(lines), dtype=np.int64), 2)
    at, edge, share, distance = _sides(lines, index, ends, owner)
    if len(at) == 0:
        return lines.coords, Cuts.none()
    _, spot, _ = distinct(lines.coords[ends])
    stored_spot = np.bincount(spot, weights=np.concatenate((lines.fixed, lines.fixed))) > 0
    stays = stored_spot[spot[at]]
    start = lines.edges.start[edge]
    side = between(lines.coords[start], lines.coords[start + 1], _to_vertices(lines, edge, share))
    place = lines.coords[ends].copy()
    moving = np.flatnonzero(~stays)
    # every end at one spot goes to the same side, the nearest of all
    nearest = moving[np.lexsort((distance[moving], spot[at[moving]]))][::-1]
    target = np.full(int(spot.max()) + 1, -1, dtype=np.int64)
    target[spot[at[nearest]]] = nearest
    goes = target[spot] >= 0
    place[goes] = side[target[spot[goes]]]
    coords = lines.coords.copy()
    coords[ends] = place
    return coords, Cuts(edge, share, place[at], np.where(stays, STORED, SIDE).astype(np.int64))


def _sides(
    lines: Lines, index: EdgeIndex, ends: Integers, owner: Integers
) -> tuple[Integers, Integers, Floats, Floats]:
    """Return (position among the ends, edge, share, distance) of ends within a centimetre of a line's side."""
    at, edge = index.around(lines.coords[ends])
    here = lines.coords[ends[at]]
    start = lines.edges.start[edge]
    # the edges that begin or end right there are most of what is found
    apart = ~((lines.coords[start] == here).all(axis=1) | (lines.coords[start + 1] == here).all(axis=1))
    at, edge = at[apart], edge[apart]
    meets = index.may_meet(owner[at], lines.edges.line[edge])
    at, edge = at[meets], edge[meets]
    here, start = lines.coords[ends[at]], lines.edges.start[edge]
    share, distance = project(here, lines.coords[start], lines.coords[start + 1])
    near = distance <= NODE_M
    at, edge, share, distance = at[near], edge[near], share[near], distance[near]
    keep = ~_begins_there(lines, edge, lines.coords[ends[at]])
    return at[keep], edge[keep], share[keep], distance[keep]


def _begins_there(lines: Lines, edge: Integers, here: Floats) -> Booleans:
    """Tell which edges lie within two centimetres, along their line, of an end that is at the place already."""
    line = lines.edges.line[edge]
    along = lines.distances
    start = lines.edges.start[edge]
    first, last = lines.first[line], lines.last[line]
    from_first = (lines.coords[first] == here).all(axis=1) & (along[start] - along[first] <= 2 * NODE_M)
    from_last = (lines.coords[last] == here).all(axis=1) & (along[last] - along[start + 1] <= 2 * NODE_M)
    begins: Booleans = from_first | from_last
    return begins


def _to_vertices(lines: Lines, edge: Integers, share: Floats) -> Floats:
    """Take the vertex of an edge where the place is within a centimetre of it."""
    start = lines.edges.start[edge]
    one, other = lines.coords[start], lines.coords[start + 1]
    place = between(one, other, share)
    snapped = share.copy()
    for value, vertex in ((0.0, one), (1.0, other)):
        _, distance = project(place, vertex, vertex)
        snapped[distance <= NODE_M] = value
    return snapped


@dataclass(frozen=True)
class Nodes:
    """The nodes of lines: ends and cuts, those within a centimetre as one.

    Attributes
    ----------
    of_cut, of_end
        Number of the node of each cut, and of each end (first ends, then last ends).
    places
        Place of each cut and of each end.
    """

    of_cut: Integers
    of_end: Integers
    place_of_cut: Floats
    place_of_end: Floats


def find_nodes(lines: Lines, cuts: Cuts) -> Nodes:
    """Return the nodes of lines and their cuts."""
    ends = np.concatenate((lines.first, lines.last))
    points = np.concatenate((cuts.place, lines.coords[ends]))
    fixed = np.concatenate((lines.fixed, lines.fixed))
    node = clusters(points, NODE_M)
    rank = np.concatenate((cuts.rank, np.where(fixed, STORED, VERTEX)))
    places = chosen_places(points, node, rank)
    count = len(cuts)
    # stored ends never move
    places[count:][fixed] = points[count:][fixed]
    return Nodes(node[:count], node[count:], places[:count], places[count:])


def passing_lines(lines: Lines, index: EdgeIndex, cuts: Cuts, nodes: Nodes) -> Cuts:
    """Return the cuts of lines that pass a crossing of others within a centimetre: they are led through it."""
    if len(cuts) == 0:
        return Cuts.none()
    line = np.concatenate((lines.edges.line[cuts.edge], np.tile(np.arange(len(lines), dtype=np.int64), 2)))
    node = np.concatenate((nodes.of_cut, nodes.of_end))
    span = np.int64(len(lines) + 1)
    there = np.unique(node * span + line)
    asked, first = np.unique(nodes.of_cut, return_index=True)
    at, edge = index.around(nodes.place_of_cut[first])
    new = ~np.isin(asked[at] * span + lines.edges.line[edge], there)
    at, edge = at[new], edge[new]
    place = nodes.place_of_cut[first][at]
    start = lines.edges.start[edge]
    share, distance = project(place, lines.coords[start], lines.coords[start + 1])
    meets = (distance <= NODE_M) & index.may_meet(lines.edges.line[cuts.edge[first[at]]], lines.edges.line[edge])
    rank = np.full(int(meets.sum()), PASSING, dtype=np.int64)
    return Cuts(edge[meets], share[meets], place[meets], rank)
