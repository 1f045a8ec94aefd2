"""The street network: raw lines noded, cleaned and cut into segments."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import networkx as nx
import numpy as np
from scipy.spatial import cKDTree
from shapely import LineString, Polygon, STRtree, polygonize

from geo_hygiene.sample.streamlines import Coordinates, Streamline

RANK = {"arterial": 3, "street": 2, "lane": 1, "alley": 0}


@dataclass(frozen=True)
class Edge:
    """A street between two nodes.

    Attributes
    ----------
    points
        From node ``start`` to node ``end``, metres.
    line
        The raw line that it is part of, later the lane.
    """

    start: int
    end: int
    points: Coordinates
    category: str
    line: int

    @cached_property
    def length(self) -> float:
        """Metres."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())

    @cached_property
    def shape(self) -> LineString:
        """The street's line."""
        return LineString(self.points)

    def reverse(self) -> Edge:
        """Return the same street drawn the other way."""
        return replace(self, start=self.end, end=self.start, points=self.points[::-1])

    def bearing(self, node: int, reach: float = 18.0) -> float:
        """Return the direction in which the street leaves a node, in radians."""
        at_start = node == self.start
        place = self.shape.interpolate(min(reach, self.length) if at_start else max(self.length - reach, 0.0))
        x, y = self.points[0] if at_start else self.points[-1]
        return math.atan2(place.y - y, place.x - x)


class Network:
    """Nodes and edges; edges meet nowhere but in nodes."""

    def __init__(self, nodes: dict[int, tuple[float, float]], edges: Iterable[Edge]) -> None:
        self.nodes = nodes
        self.edges: dict[int, Edge] = {}
        self.at: dict[int, set[int]] = defaultdict(set)
        self._next = 0
        self._next_node = max(nodes, default=-1) + 1
        for edge in edges:
            self.add(edge)

    def add(self, edge: Edge) -> int:
        """Add an edge and return its key."""
        key = self._next
        self._next += 1
        self.edges[key] = edge
        self.at[edge.start].add(key)
        self.at[edge.end].add(key)
        return key

    def add_node(self, x: float, y: float) -> int:
        """Add a node and return its key."""
        key = self._next_node
        self._next_node += 1
        self.nodes[key] = (x, y)
        return key

    def drop(self, key: int) -> None:
        """Remove an edge and what nodes it leaves bare."""
        edge = self.edges.pop(key)
        for node in {edge.start, edge.end}:
            self.at[node].discard(key)
            if not self.at[node]:
                del self.at[node], self.nodes[node]

    def degree(self, node: int) -> int:
        """Return how many street ends meet in a node."""
        return sum((self.edges[k].start == node) + (self.edges[k].end == node) for k in self.at[node])

    def split(self, key: int, at: float) -> int:
        """Cut an edge ``at`` metres from its start and return the new node."""
        edge = self.edges[key]
        line = edge.shape
        middle = np.round(np.array(line.interpolate(at).coords[0]), 3)
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(edge.points, axis=0).T))])
        node = self.add_node(float(middle[0]), float(middle[1]))
        first = np.vstack([edge.points[along < at - 0.01], middle])
        second = np.vstack([middle, edge.points[along > at + 0.01]])
        self.add(replace(edge, end=node, points=first))
        self.add(replace(edge, start=node, points=second))
        self.drop(key)
        return node

    def graph(self) -> nx.MultiGraph[int]:
        """Return the network as a graph whose edge keys are ours."""
        graph: nx.MultiGraph[int] = nx.MultiGraph()
        graph.add_nodes_from(sorted(self.nodes))
        for key, edge in self.edges.items():
            graph.add_edge(edge.start, edge.end, key)
        return graph

    def faces(self) -> list[Polygon]:
        """Return the blocks that the streets enclose."""
        faces = polygonize([edge.shape for edge in self.edges.values()]).geoms
        return [face for face in faces if isinstance(face, Polygon)]


def node_lines(lines: list[Streamline]) -> Network:
    """Return the network of lines cut wherever two of them cross."""
    shapes = [LineString(line.points) for line in lines]
    cuts: list[list[float]] = [[] for _ in lines]
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    for i, j in zip(left, right, strict=True):
        if i >= j:
            continue
        shape = shapes[i].intersection(shapes[j])
        for part in getattr(shape, "geoms", [shape]):
            place = part.interpolate(0.5, normalized=True) if part.geom_type == "LineString" else part
            cuts[i].append(shapes[i].project(place))
            cuts[j].append(shapes[j].project(place))
    network = Network({}, ())
    known: dict[tuple[int, int], int] = {}

    def node(x: float, y: float) -> int:
        key = (round(x * 50), round(y * 50))
        if key not in known:
            known[key] = network.add_node(x, y)
        return known[key]

    for index, (line, shape) in enumerate(zip(lines, shapes, strict=True)):
        for piece in cut(line.points, shape, cuts[index]):
            ends = node(*piece[0]), node(*piece[-1])
            if ends[0] != ends[1] or len(piece) > 3:  # two points at one node are nothing
                network.add(Edge(*ends, piece, line.category, index))
    return network


def renode(network: Network) -> Network:
    """Return the network cut at crossings that came about since it was made."""
    before = list(network.edges.values())
    fresh = node_lines([Streamline(edge.points, edge.category, 0) for edge in before])
    for key, edge in fresh.edges.items():
        fresh.edges[key] = replace(edge, line=before[edge.line].line)
    return fresh


def cut(points: Coordinates, shape: LineString, at: list[float]) -> list[Coordinates]:
    """Return the pieces of a line between the given distances from its start."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    stops = [0.0, *sorted(s for s in at if 0.01 < s < along[-1] - 0.01), float(along[-1])]
    pieces = []
    for a, b in pairwise(stops):
        if b - a < 0.01:  # a centimetre
            continue
        ends = [np.array(shape.interpolate(s).coords[0]) for s in (a, b)]
        inner = points[(along > a + 0.005) & (along < b - 0.005)]
        pieces.append(np.vstack([ends[0], inner, ends[1]]))
    return pieces


def merge_near_nodes(network: Network, reach: float) -> Network:
    """Return the network with nodes closer than ``reach`` drawn together, the streets bent softly to follow."""
    keys = sorted(network.nodes)
    places = np.array([network.nodes[key] for key in keys])
    groups = nx.utils.UnionFind(range(len(keys)))
    for a, b in sorted(cKDTree(places).query_pairs(reach)):
        groups.union(a, b)
    rank = [max(RANK[network.edges[k].category] for k in network.at[key]) for key in keys]
    target: dict[int, int] = {}
    nodes: dict[int, tuple[float, float]] = {}
    for number, members in enumerate(sorted(sorted(group) for group in groups.to_sets())):
        best = [m for m in members if rank[m] == max(rank[m] for m in members)]
        middle = places[best].mean(axis=0)
        kept = min(best, key=lambda m: float(np.hypot(*(places[m] - middle)))) if len(best) > 2 else None
        x, y = np.round(middle if kept is None else places[kept], 3)
        nodes[number] = (float(x), float(y))
        target.update({keys[m]: number for m in members})
    merged = Network(nodes, ())
    for edge in network.edges.values():
        start, end = target[edge.start], target[edge.end]
        if start != end:
            points = bend(edge.points, np.array(nodes[start]), np.array(nodes[end]))
            merged.add(replace(edge, start=start, end=end, points=points))
        elif edge.length > 6 * reach:
            merged.add(
                replace(
                    edge, start=start, end=end, points=bend(edge.points, np.array(nodes[start]), np.array(nodes[start]))
                )
            )
    for bare in [node for node in merged.nodes if not merged.at[node]]:
        del merged.nodes[bare]
    return merged


def bend(points: Coordinates, start: Coordinates, end: Coordinates, reach: float = 45.0) -> Coordinates:
    """Return a line moved to new ends, the shift fading out over ``reach`` metres."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    length = along[-1]
    soft = min(reach, length)
    a, b = np.clip(1 - along / soft, 0, 1), np.clip(1 - (length - along) / soft, 0, 1)
    moved = points + a[:, None] * (start - points[0]) + b[:, None] * (end - points[-1])
    moved[0], moved[-1] = start, end
    return np.asarray(moved)


def drop_doubles(network: Network, reach: float) -> None:
    """Drop streets that run beside another one between the same two nodes."""
    pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
    for key, edge in network.edges.items():
        pairs[min(edge.start, edge.end), max(edge.start, edge.end)].append(key)
    for keys in pairs.values():
        keys.sort(key=lambda k: (-RANK[network.edges[k].category], network.edges[k].length))
        for key in keys[1:]:
            if network.edges[keys[0]].shape.hausdorff_distance(network.edges[key].shape) < reach:
                network.drop(key)


def drop_stubs(network: Network, shortest: float) -> None:
    """Drop dead ends shorter than ``shortest`` until none is left."""
    waiting = sorted(network.edges)
    while waiting:
        again: set[int] = set()
        for key in waiting:
            edge = network.edges.get(key)
            if edge is None or edge.length >= shortest:
                continue
            if min(network.degree(edge.start), network.degree(edge.end)) == 1:
                network.drop(key)
                again |= {k for node in (edge.start, edge.end) for k in network.at.get(node, ())}
        waiting = sorted(again)


def join_chains(network: Network) -> None:
    """Make one edge of two wherever only two of the same class meet."""
    for node in sorted(network.nodes):
        keys = sorted(network.at[node])
        if len(keys) != 2 or network.degree(node) != 2:
            continue
        a, b = (network.edges[key] for key in keys)
        if a.category != b.category or {a.start, a.end} == {b.start, b.end}:
            continue
        a = a if a.end == node else a.reverse()
        b = b if b.start == node else b.reverse()
        line = a.line if a.length >= b.length else b.line
        network.add(Edge(a.start, b.end, np.vstack([a.points, b.points[1:]]), a.category, line))
        for key in keys:
            network.drop(key)
