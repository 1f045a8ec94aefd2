"""Named lanes and their segments, made from the finished street network."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from dataclasses import dataclass

import networkx as nx
import numpy as np
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.field import Field
from geo_hygiene.sample.names import VILLAGES, NameBook
from geo_hygiene.sample.network import Network
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.river import River
from geo_hygiene.sample.shapes import middle_of
from geo_hygiene.sample.streets import SQUARE_WOBBLE, WALL_WOBBLE, ring
from geo_hygiene.sample.strokes import make_lanes

WIDTHS = {"arterial": (26.0, 40.0), "street": (14.0, 20.0), "lane": (5.0, 9.0), "alley": (2.5, 4.0)}
"""Metres from kerb to kerb, least and most."""


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A named lane."""

    code: str
    name: str
    category: str


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A piece of lane between two junctions.

    Attributes
    ----------
    start, end
        Nodes; segments of one junction share the number and the exact place.
    line
        From ``start`` to ``end``, metres in the town's plane.
    level
        1 on a bridge, 0 elsewhere.
    width
        Metres.
    """

    code: str
    lane: Lane
    start: int
    end: int
    line: LineString
    level: int
    width: float

    @property
    def category(self) -> str:
        """Class of the lane."""
        return self.lane.category

    @property
    def middle(self) -> tuple[float, float]:
        """Return the place halfway along."""
        return middle_of(self.line)


def make_segments(network: Network, town: Town, field: Field, river: River, rng: np.random.Generator) -> list[Segment]:
    """Return all segments, ordered by lane and along each lane."""
    lanes = make_lanes(network)
    names = name_lanes(network, lanes, town, field, river)
    segments = []
    for number, (keys, name) in enumerate(zip(lanes, names, strict=True), start=1):
        lane = Lane(code=f"L{number:03d}", name=name, category=network.edges[keys[0]].category)
        low, high = WIDTHS[lane.category]
        width = round(float(rng.uniform(low, high)) * 2) / 2
        for place, (start, end, line) in enumerate(in_order(network, keys), start=1):
            level = int(line.intersects(river.water))
            code = f"{lane.code}-{place:02d}"
            segments.append(Segment(code=code, lane=lane, start=start, end=end, line=line, level=level, width=width))
    return segments


def in_order(network: Network, keys: list[int]) -> list[tuple[int, int, LineString]]:
    """Return start, end and line of a lane's edges, drawn and ordered from one of its ends."""
    graph: nx.MultiGraph[int] = nx.MultiGraph()
    for key in keys:
        graph.add_edge(network.edges[key].start, network.edges[key].end, key)
    ends = [node for node in graph if graph.degree(node) == 1] or list(graph)
    first = min(ends, key=lambda node: (round(network.nodes[node][0] - network.nodes[node][1]), node))
    ordered, seen = [], set()
    for start, _, key in nx.edge_dfs(graph, first):
        if key not in seen:
            seen.add(key)
            edge = network.edges[key] if network.edges[key].start == start else network.edges[key].reverse()
            ordered.append((edge.start, edge.end, edge.shape))
    return ordered


def name_lanes(network: Network, lanes: list[list[int]], town: Town, field: Field, river: River) -> list[str]:
    """Return a name for each lane that fits its class and place."""
    book = NameBook()
    names: list[str] = []
    fixed = _fixed_names(network, lanes, town, river)
    at_node: dict[int, str] = {}
    for number, keys in enumerate(lanes):
        category = network.edges[keys[0]].category
        x, y = middle_of(max((network.edges[key] for key in keys), key=lambda edge: edge.length).shape)
        if number in fixed:
            name = fixed[number]
        elif category == "alley":
            ends = (network.edges[keys[0]].start, network.edges[keys[0]].end)
            name = book.court(next(at_node[node] for node in ends if node in at_node))
        elif category == "lane":
            name = book.take(_quarter(field, town, x, y))
        else:
            name = book.take(category)
        names.append(name)
        for key in keys:
            for node in (network.edges[key].start, network.edges[key].end):
                at_node.setdefault(node, name)
                if category == "lane":
                    at_node[node] = name
    return names


def _quarter(field: Field, town: Town, x: float, y: float) -> str:
    """Return which list a lane's name comes from."""
    if field.at(field.village, x, y) > 0.5:
        near = min(range(len(town.villages)), key=lambda k: math.dist(town.villages[k].centre, (x, y)))
        return VILLAGES[near]
    if field.at(field.old, x, y) > 0.4:
        return "old"
    return "new" if field.at(field.built, x, y) > 0.55 else "fringe"


def _fixed_names(network: Network, lanes: list[list[int]], town: Town, river: River) -> dict[int, str]:
    """Return the names that follow from a place: the embankments, the ring, the main streets of the old town."""
    best: dict[str, tuple[float, int]] = {}
    for name, ground, categories in _places(town, river):
        for number, keys in enumerate(lanes):
            if network.edges[keys[0]].category not in categories:
                continue
            shapes = [network.edges[key].shape for key in keys]
            inside = sum(shape.intersection(ground).length for shape in shapes)
            share = inside / sum(shape.length for shape in shapes)
            if inside > max(60.0, best.get(name, (0.0, 0))[0]) and share > 0.35:
                best[name] = (inside, number)
    return {number: name for name, (_, number) in best.items()}


def _places(town: Town, river: River) -> list[tuple[str, BaseGeometry, tuple[str, ...]]]:
    """Return names with the ground that a lane must mostly follow to bear them."""
    x, y = town.old_centre
    bank = LineString(river.corridor.exterior).buffer(16)
    south = Polygon([*river.middle.coords, (9000, -9000), (-9000, -9000)])
    main = ("arterial", "street")
    places: list[tuple[str, BaseGeometry, tuple[str, ...]]] = [
        ("滨江南路", bank & south, main),
        ("滨江北路", bank - south, main),
        ("环城路", ring(town, town.wall_radius, WALL_WOBBLE).buffer(16), main),
        ("鼓楼广场", ring(town, town.square_radius, SQUARE_WOBBLE).buffer(16), main),
    ]
    for gate, name in zip(town.gates, ("北街", "西街", "南街", "东街"), strict=True):
        a, b = math.radians(gate - 22), math.radians(gate + 22)
        far = 0.9 * town.wall_radius
        wedge = Polygon(
            [(x, y), (x + far * math.cos(a), y + far * math.sin(a)), (x + far * math.cos(b), y + far * math.sin(b))]
        )
        places.append((name, wedge - ring(town, town.square_radius, SQUARE_WOBBLE).buffer(16), ("street",)))
    return places
