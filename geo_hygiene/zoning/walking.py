"""Find a walk that sweeps all of some ways, with the least walking over what is swept already or not to be swept.

This is the route of a postman: each way is swept once, in either direction. Where an odd number of ways meets, one is
walked again; which ones is the cheapest perfect matching of such places. Pieces of the ways that do not hang together
are joined by the shortest walks between them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import inf
from typing import TypeAlias

import networkx as nx

from geo_hygiene.crs import GEOD

Node: TypeAlias = tuple[float, float]
"""Longitude, latitude (EPSG:4326) of a place where ways end."""

FREE: tuple[Node, ...] = ((inf, 0.0), (inf, 1.0))
"""Stand for ends of a walk that are not told: to be matched with any place costs nothing."""


@dataclass(frozen=True, slots=True)
class Way:
    """A stretch between two places; ``key`` is whatever the caller knows it by, ``None`` where there is no way."""

    key: Hashable
    start: Node
    end: Node
    metres: float


@dataclass(frozen=True, slots=True)
class Step:
    """A way that is walked: from its start to its end or back, and swept or not."""

    way: Way
    is_forward: bool
    sweeps: bool


def sweeping_walk(ways: Sequence[Way], others: Iterable[Way] = (), *, start: Node | None = None) -> list[Step]:
    """Return the steps of a walk that sweeps each way once, and ends where it ends best.

    Parameters
    ----------
    ways
        What is swept.
    others
        What can be walked as well.
    start
        An end of a way; without it the walk begins where it begins best.
    """
    if not ways:
        return []
    ground = _ground([*ways, *others])
    walked: nx.MultiGraph[Node] = nx.MultiGraph()
    for way in ways:
        walked.add_edge(way.start, way.end, way=way, sweeps=True)
    for one, other in _joints(walked, ground):
        _walk(walked, ground, one, other)
    odd = {node for node, degree in walked.degree() if degree % 2}
    if start is not None:
        odd ^= {start}
    begin = start
    for one, other in _matched(odd, ground, FREE if start is None else FREE[:1]):
        if {one, other}.isdisjoint(FREE):
            _walk(walked, ground, one, other)
        elif begin is None:
            begin = next((place for place in (one, other) if place not in FREE), None)
    return _steps(walked, min(walked) if begin is None else begin)


def _ground(ways: Iterable[Way]) -> nx.Graph[Node]:
    """Return the shortest way between each two places that one joins."""
    ground: nx.Graph[Node] = nx.Graph()
    for way in ways:
        known = ground.get_edge_data(way.start, way.end)
        if known is None or way.metres < known["metres"]:
            ground.add_edge(way.start, way.end, way=way, metres=way.metres)
    return ground


def _walk(walked: nx.MultiGraph[Node], ground: nx.Graph[Node], one: Node, other: Node) -> None:
    """Add the shortest walk between two places; straight where no way leads."""
    if nx.has_path(ground, one, other):
        for near, far in pairwise(nx.dijkstra_path(ground, one, other, weight="metres")):
            walked.add_edge(near, far, way=ground[near][far]["way"], sweeps=False)
    else:
        walked.add_edge(one, other, way=Way(None, one, other, _straight(one, other)), sweeps=False)


def _straight(one: Node, other: Node) -> float:
    metres: float = GEOD.inv(*one, *other)[2]
    return metres


def _joints(walked: nx.MultiGraph[Node], ground: nx.Graph[Node]) -> list[tuple[Node, Node]]:
    """Return between which places the pieces of the ways are joined, so that all hang together."""
    pieces = [sorted(piece) for piece in nx.connected_components(walked)]
    if len(pieces) == 1:
        return []
    near: nx.Graph[int] = nx.Graph()
    for number, piece in enumerate(pieces):
        away = nx.multi_source_dijkstra_path_length(ground, set(piece), weight="metres")
        paths = nx.multi_source_dijkstra_path(ground, set(piece), weight="metres")
        for other in range(number + 1, len(pieces)):
            reached = [node for node in pieces[other] if node in away]
            if reached:
                node = min(reached, key=lambda one: (away[one], one))
                near.add_edge(number, other, metres=away[node], ends=(paths[node][0], node))
            else:
                ends = min(((a, b) for a in piece for b in pieces[other]), key=lambda two: (_straight(*two), two))
                near.add_edge(number, other, metres=_straight(*ends), ends=ends)
    return [traits["ends"] for _one, _other, traits in nx.minimum_spanning_edges(near, weight="metres", data=True)]


def _matched(odd: set[Node], ground: nx.Graph[Node], free: Sequence[Node]) -> list[tuple[Node, Node]]:
    """Return the pairs of places whose shortest walks are cheapest in all; each place, and each free end, is in one."""
    costs: nx.Graph[Node] = nx.Graph()
    places = sorted(odd)
    for number, place in enumerate(places):
        away = nx.single_source_dijkstra_path_length(ground, place, weight="metres")
        for other in places[number + 1 :]:
            costs.add_edge(place, other, weight=away.get(other) if other in away else _straight(place, other))
    for end in free:
        costs.add_weighted_edges_from((end, place, 0.0) for place in places)
    costs.add_weighted_edges_from((one, other, 0.0) for one, other in combinations(free, 2))
    return sorted(nx.min_weight_matching(costs), key=str)


def _steps(walked: nx.MultiGraph[Node], begin: Node) -> list[Step]:
    """Return the edges as steps of one walk."""
    trail = nx.eulerian_path(walked, source=begin, keys=True)
    return [
        Step(traits["way"], is_forward=traits["way"].start == one, sweeps=traits["sweeps"])
        for one, other, key in trail
        for traits in [walked.edges[one, other, key]]
    ]
