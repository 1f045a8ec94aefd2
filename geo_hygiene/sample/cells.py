"""Shapes drawn from lists of segments: each place belongs to the nearest segment, then segments join to areas.

The shape of a duty zone or a resident group is the picture of its segments. Segments are sampled symmetrically from
both ends, so that the borders between their Voronoi cells pass exactly through the junctions; borders between two
areas are simplified once, so that neighbours share them.
"""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree
from shapely import (
    LineString,
    MultiPolygon,
    Point,
    Polygon,
    STRtree,
    line_merge,
    linestrings,
    multilinestrings,
    polygonize,
    prepare,
    union_all,
)
from shapely import length as measure

from geo_hygiene.sample.segments import Segment

Label = TypeVar("Label", bound=Hashable)
"""What the segments of one area have in common."""

SIMPLIFY = 3.0
SNAP = 0.1


@dataclass(frozen=True, kw_only=True)
class Compartment:
    """A piece of ground that is shared out among its segments.

    Attributes
    ----------
    ground
        Polygon, metres.
    segments
        Numbers of the segments that share it.
    pairs
        Two segment numbers for each piece of border between cells.
    borders
        Two ends, x and y, of each piece.
    """

    ground: Polygon | MultiPolygon
    segments: tuple[int, ...]
    pairs: NDArray[np.int64]
    borders: NDArray[np.float64]


def sample_places(length: float) -> NDArray[np.float64]:
    """Return distances along a segment: dense near both ends and symmetric, then every 8 m."""
    near = 0.25 * 1.7 ** np.arange(20)
    near = near[near < min(8.0, length / 2)]
    inner = np.arange(near[-1], length - near[-1], 8.0)[1:] if length > 2 * near[-1] else np.array([])
    if len(inner):
        inner = np.linspace(near[-1], length - near[-1], len(inner) + 2)[1:-1]
    return np.concatenate([near, inner, length - near[::-1]])


def make_compartment(
    ground: Polygon | MultiPolygon, numbers: Sequence[int], segments: Sequence[Segment]
) -> Compartment:
    """Return the cells of segments within a piece of ground.

    Parameters
    ----------
    ground
        The segments' own ground; parts of segments outside (on bridges) get no cell.
    """
    prepare(ground)
    spots, owner = [], []
    for number in numbers:
        line = segments[number].line
        places = line_points(line, sample_places(line.length))
        if segments[number].level:
            places = places[[ground.contains(Point(place)) for place in places]]
        spots.append(places)
        owner.append(np.full(len(places), number))
    sites, owners = np.vstack(spots), np.concatenate(owner)
    # far mirror sites close every cell within the ground
    middle, far = sites.mean(axis=0), 20 * np.ptp(sites, axis=0).max()
    ring = middle + far * np.array([[np.cos(a), np.sin(a)] for a in np.arange(0, 2 * np.pi, 0.5)])
    cells = Voronoi(np.vstack([sites, ring]))
    owners = np.concatenate([owners, np.full(len(ring), -1)])
    pairs = owners[cells.ridge_points]
    ends = np.array([pair for pair in cells.ridge_vertices if len(pair) == 2])
    known = (ends.min(axis=1) >= 0) & (pairs.min(axis=1) >= 0) & (pairs[:, 0] != pairs[:, 1])
    borders = cells.vertices[ends[known]]
    return Compartment(
        ground=ground,
        segments=tuple(numbers),
        pairs=np.sort(pairs[known], axis=1),
        borders=np.round(borders, 6),
    )


def line_points(line: LineString, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places along a line."""
    vertices = np.asarray(line.coords)
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])
    return np.column_stack([np.interp(at, along, vertices[:, 0]), np.interp(at, along, vertices[:, 1])])


def neighbours(compartment: Compartment, segments: Sequence[Segment]) -> nx.Graph[int]:
    """Return the graph of segments whose cells share more than half a metre of border.

    Each edge has that border in ``metres`` and, in ``near``, whether the two also share a junction.
    """
    prepare(compartment.ground)
    lines = [LineString(piece) for piece in compartment.borders]
    lengths = np.atleast_1d(measure(lines))
    metres: dict[tuple[int, int], float] = defaultdict(float)
    for index in sorted(STRtree(lines).query(compartment.ground, predicate="contains")):
        one, other = compartment.pairs[index]
        metres[int(one), int(other)] += float(lengths[index])
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(compartment.segments)
    for (one, other), length in sorted(metres.items()):
        if length > 0.5:  # metres
            a, b = segments[one], segments[other]
            graph.add_edge(one, other, metres=length, near=bool({a.start, a.end} & {b.start, b.end}))
    return graph


def walkable(graph: nx.Graph[int], members: Iterable[int]) -> nx.Graph[int]:
    """Return which of some segments follow each other.

    They share a junction and a border; a lane that meets the others only through a street of somebody else is tied to
    the neighbour with which it shares most.
    """
    inner = graph.subgraph(members)
    edges: list[tuple[int, int, dict[str, float]]] = sorted(
        ((min(a, b), max(a, b), traits) for a, b, traits in inner.edges(data=True)), key=lambda edge: edge[:2]
    )
    ways: nx.Graph[int] = nx.Graph()
    ways.add_nodes_from(sorted(inner))
    ways.add_edges_from((a, b) for a, b, traits in edges if traits["near"])
    rims = sorted((-traits["metres"], a, b) for a, b, traits in edges)
    for part in sorted(nx.connected_components(ways), key=lambda part: (len(part), min(part)))[:-1]:
        own = nx.node_connected_component(ways, min(part))
        link = next(((a, b) for _, a, b in rims if (a in own) != (b in own)), None)
        if link is not None:
            ways.add_edge(*link)
    return ways


def draw_areas(
    compartment: Compartment, label: Mapping[int, Label], segments: Sequence[Segment]
) -> dict[Label, list[Polygon]]:
    """Return the ground of each label, cut along shared, simplified borders.

    Parameters
    ----------
    label
        Of every segment of the compartment; segments of one label become one area.
    """
    arcs = _arcs(compartment, label, segments)
    shell = compartment.ground.boundary
    faces = polygonize([*getattr(union_all([shell, *arcs], grid_size=0.001), "geoms", [shell])]).geoms
    faces = [face for face in faces if compartment.ground.contains(face.representative_point())]
    return _label_faces(faces, compartment, label, segments)


def _arcs(compartment: Compartment, label: Mapping[int, Label], segments: Sequence[Segment]) -> list[LineString]:
    """Return the simplified borders between areas, each once."""
    room = compartment.ground.buffer(0.05)
    prepare(room)
    lanes = [segments[number].line for number in compartment.segments]
    junctions = np.array([point for line in lanes for point in (line.coords[0], line.coords[-1])])
    tree, near = STRtree(lanes), cKDTree(junctions)
    arcs = []
    for line in _borders_between(compartment, label):
        snapped = _snap_ends(line, junctions, near)
        clipped = snapped if room.contains(snapped) else line_merge(snapped.intersection(room))
        parts = getattr(clipped, "geoms", [clipped])
        arcs += [_simplify(part, tree) for part in parts if isinstance(part, LineString) and not part.is_empty]
    return arcs


def _borders_between(compartment: Compartment, label: Mapping[int, Label]) -> Iterator[LineString]:
    """Yield the borders between cells of different labels, joined to lines for each two labels."""
    order = {name: i for i, name in enumerate(dict.fromkeys(label[n] for n in compartment.segments))}
    codes = np.full(max(compartment.segments) + 1, -1)
    codes[list(compartment.segments)] = [order[label[n]] for n in compartment.segments]
    sides = np.sort(codes[compartment.pairs], axis=1)
    real = (sides[:, 0] != sides[:, 1]) & (compartment.borders[:, 0] != compartment.borders[:, 1]).any(axis=1)
    sides, lines = sides[real], linestrings(compartment.borders[real])
    both = sides[:, 0] * len(order) + sides[:, 1]
    ranked = np.argsort(both, kind="stable")
    for members in np.split(ranked, np.flatnonzero(np.diff(both[ranked])) + 1):
        if len(members):
            merged = line_merge(multilinestrings(lines[members]))
            yield from getattr(merged, "geoms", [merged])


def _snap_ends(line: LineString, junctions: NDArray[np.float64], near: cKDTree) -> LineString:
    """Put the ends of a border on the junction that they are meant to be."""
    points = np.array(line.coords)
    reach, index = near.query(points[[0, -1]])
    if not (reach < SNAP).any():
        return line
    for end, far, junction in zip((0, -1), reach, index, strict=True):
        if far < SNAP:
            points[end] = junctions[junction]
    return LineString(points)


def _simplify(line: LineString, lanes: STRtree) -> LineString:
    """Return a border with fewer vertices that still crosses no lane."""
    tolerance = SIMPLIFY
    while tolerance > 0.1:  # metres
        simple = line.simplify(tolerance)
        if isinstance(simple, LineString) and not len(lanes.query(simple, predicate="crosses")):
            return simple
        tolerance /= 2.5
    return line


def _label_faces(
    faces: list[Polygon], compartment: Compartment, label: Mapping[int, Label], segments: Sequence[Segment]
) -> dict[Label, list[Polygon]]:
    """Give each face to the label of the lane inside; faces without one go to the neighbour they touch most."""
    tree = STRtree(faces)
    metres: list[dict[Label, float]] = [defaultdict(float) for _ in faces]
    for number in compartment.segments:
        line = segments[number].line
        for index in sorted(tree.query(line, predicate="intersects")):
            metres[index][label[number]] += faces[index].intersection(line).length
    areas: dict[Label, list[Polygon]] = defaultdict(list)
    bare = []
    for face, share in zip(faces, metres, strict=True):
        best = max(share, key=lambda name: share[name], default=None) if share else None
        if best is not None and share[best] > 1.0:
            areas[best].append(face)
        else:
            bare.append(face)
    for face in bare:
        touching = {
            name: sum(face.boundary.intersection(f.boundary).length for f in near) for name, near in areas.items()
        }
        areas[max(touching, key=lambda name: touching[name])].append(face)
    return dict(areas)
