"""Which segments make one named lane: those that go on straight across junctions."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from collections import defaultdict

import networkx as nx

from geo_hygiene.sample.network import RANK, Network


def make_lanes(network: Network, *, shortest: float = 205.0) -> list[list[int]]:
    """Return the edges of each lane, every lane connected and of one class, the most important first.

    Parameters
    ----------
    shortest
        A shorter lane joins the one that it goes on in, if there is one of its class, in metres.
    """
    joined: nx.utils.UnionFind[int] = nx.utils.UnionFind(sorted(network.edges))
    for turn in (35.0, 60.0):
        for node in sorted(network.nodes):
            _pair_at(network, node, joined, turn if network.degree(node) > 2 else 100.0)
    _join_short(network, joined, shortest)
    lanes: dict[int, list[int]] = defaultdict(list)
    for key in sorted(network.edges):
        lanes[joined[key]].append(key)
    return sorted(lanes.values(), key=lambda keys: (-RANK[network.edges[keys[0]].category], -_length(network, keys)))


def _length(network: Network, keys: list[int]) -> float:
    return sum(network.edges[key].length for key in keys)


def deviation(network: Network, node: int, one: int, other: int) -> float:
    """Return by how many degrees the way bends from one edge into the other at a node."""
    between = (network.edges[one].bearing(node) - network.edges[other].bearing(node)) % (2 * math.pi)
    return abs(180.0 - math.degrees(between))


def _pair_at(network: Network, node: int, joined: nx.utils.UnionFind[int], turn: float) -> None:
    """Join the edges at a node two by two, straightest first, each at most once and of one class."""
    keys = sorted(network.at[node])
    taken = {key for key in keys if any(joined[key] == joined[other] for other in keys if other != key)}
    pairs = []
    for i, one in enumerate(keys):
        for other in keys[i + 1 :]:
            a, b = network.edges[one], network.edges[other]
            if a.category == b.category and not {one, other} & taken:
                same_line = 0 if a.line == b.line else 1
                pairs.append((deviation(network, node, one, other) + 12 * same_line, one, other))
    for bend, one, other in sorted(pairs):
        if bend <= turn and not {one, other} & taken:
            joined.union(one, other)
            taken |= {one, other}


def _join_short(network: Network, joined: nx.utils.UnionFind[int], shortest: float) -> None:
    """Give short ends to the lane of their class that they bend into least."""
    lanes: dict[int, list[int]] = defaultdict(list)
    for key in sorted(network.edges):
        lanes[joined[key]].append(key)
    for first in sorted(lanes, key=lambda first: _length(network, lanes[first])):
        keys = lanes.get(first, [])
        if not keys or network.edges[keys[0]].category == "alley" or _length(network, keys) >= shortest:
            continue
        choices = [
            (deviation(network, node, key, other), key, other)
            for key in keys
            for node in (network.edges[key].start, network.edges[key].end)
            for other in sorted(network.at[node])
            if network.edges[other].category == network.edges[keys[0]].category and joined[other] != joined[key]
        ]
        if choices:
            other = min(choices)[2]
            whole = sorted(keys + lanes.pop(joined[other]))
            lanes.pop(first, None)
            joined.union(keys[0], other)
            lanes[joined[other]] = whole
