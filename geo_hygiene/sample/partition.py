"""Split a graph into connected parts of about equal weight."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence

import networkx as nx
import numpy as np

Node = Hashable
ROUNDS = 6


def partition(
    graph: nx.Graph[int],
    weight: Mapping[int, float],
    place: Mapping[int, tuple[float, float]],
    count: int,
    rng: np.random.Generator,
    *,
    seeds: Sequence[int] | None = None,
) -> dict[int, int]:
    """Return the part, from 0, of each node; every part is connected.

    Parameters
    ----------
    graph
        Nodes are whole numbers; parts hold together along its edges.
    weight, place
        Load and position (metres) of each node.
    count
        Parts wanted. A graph in several pieces gets at least one part for each piece.
    seeds
        Nodes to grow the parts from instead of scattered ones; needs a connected graph.
    """
    parts: dict[int, int] = {}
    pieces = sorted((sorted(piece) for piece in nx.connected_components(graph)), key=lambda p: (-len(p), p[0]))
    for piece, share in zip(pieces, share_out([sum(weight[n] for n in p) for p in pieces], count), strict=True):
        inner = graph.subgraph(piece).copy()
        start = list(seeds) if seeds is not None else _scatter(piece, place, share, rng)
        grown = _grow_in_rounds(inner, weight, place, start, fixed=seeds is not None)
        _balance(inner, weight, grown, len(start))
        first = max(parts.values(), default=-1) + 1
        parts.update({node: first + part for node, part in grown.items()})
    return parts


def share_out(loads: Sequence[float], count: int) -> list[int]:
    """Return how many of ``count`` parts each piece gets, at least one, by the largest quotient."""
    shares = [1] * len(loads)
    for _ in range(count - len(loads)):
        most = max(range(len(loads)), key=lambda i: (loads[i] / (shares[i] + 0.5), -i))
        shares[most] += 1
    return shares


def _scatter(
    nodes: Sequence[int], place: Mapping[int, tuple[float, float]], count: int, rng: np.random.Generator
) -> list[int]:
    """Return nodes far from each other, beginning with a random one."""
    count = min(count, len(nodes))
    spots = np.array([place[node] for node in nodes])
    chosen = [int(rng.integers(len(nodes)))]
    reach = np.hypot(*(spots - spots[chosen[0]]).T)
    while len(chosen) < count:
        chosen.append(int(reach.argmax()))
        reach = np.minimum(reach, np.hypot(*(spots - spots[chosen[-1]]).T))
    return [nodes[i] for i in chosen]


def _grow_in_rounds(
    graph: nx.Graph[int],
    weight: Mapping[int, float],
    place: Mapping[int, tuple[float, float]],
    seeds: list[int],
    *,
    fixed: bool,
) -> dict[int, int]:
    """Grow parts from seeds, move each seed to the middle of its part, and again."""
    best: dict[int, int] = {}
    least = float("inf")
    for _ in range(1 if fixed else ROUNDS):
        parts = _grow(graph, weight, place, seeds)
        loads: dict[int, float] = defaultdict(float)
        members: dict[int, list[int]] = defaultdict(list)
        for node in sorted(parts):
            loads[parts[node]] += weight[node]
            members[parts[node]].append(node)
        worst = max(loads.values())
        if worst < least:
            best, least = parts, worst
        seeds = [_middle(members[part], weight, place) for part in range(len(seeds))]
    return best


def _middle(nodes: Sequence[int], weight: Mapping[int, float], place: Mapping[int, tuple[float, float]]) -> int:
    spots = np.array([place[node] for node in nodes])
    loads = np.array([weight[node] for node in nodes])
    middle = (spots * loads[:, None]).sum(axis=0) / loads.sum()
    return nodes[int(np.hypot(*(spots - middle).T).argmin())]


def _grow(
    graph: nx.Graph[int], weight: Mapping[int, float], place: Mapping[int, tuple[float, float]], seeds: Sequence[int]
) -> dict[int, int]:
    """Let the lightest part take the free neighbour nearest to its seed, until all nodes are taken."""
    parts: dict[int, int] = {}
    fronts: list[list[tuple[float, int]]] = [[(0.0, seed)] for seed in seeds]
    loads = [(0.0, part) for part in range(len(seeds))]
    while loads:
        load, part = heapq.heappop(loads)
        front = fronts[part]
        while front and front[0][1] in parts:
            heapq.heappop(front)
        if not front:
            continue
        _, node = heapq.heappop(front)
        parts[node] = part
        sx, sy = place[seeds[part]]
        for other in sorted(graph[node]):
            if other not in parts:
                x, y = place[other]
                heapq.heappush(front, (float(np.hypot(x - sx, y - sy)), other))
        heapq.heappush(loads, (load + weight[node], part))
    return parts


def _balance(
    graph: nx.Graph[int],
    weight: Mapping[int, float],
    parts: dict[int, int],
    count: int,
) -> None:
    """Move border nodes from heavy to light parts while both stay connected."""
    members: list[set[int]] = [set() for _ in range(count)]
    for node, part in parts.items():
        members[part].add(node)
    loads = [sum(weight[node] for node in sorted(group)) for group in members]
    for _ in range(30):
        moved = False
        for node in sorted(graph):
            old = parts[node]
            choices = sorted({parts[other] for other in graph[node]} - {old}, key=lambda p: (loads[p], p))
            if not choices or len(members[old]) == 1:
                continue
            new = choices[0]
            before = abs(loads[old] - loads[new])
            after = abs(loads[old] - loads[new] - 2 * weight[node])
            if loads[old] <= loads[new] or after >= 0.8 * before or not _stays_whole(graph, members[old], node):
                continue
            members[old].discard(node)
            members[new].add(node)
            loads[old] -= weight[node]
            loads[new] += weight[node]
            parts[node] = new
            moved = True
        if not moved:
            return


def _stays_whole(graph: nx.Graph[int], group: set[int], node: int) -> bool:
    """Tell whether a part stays connected without one of its nodes."""
    rest = group - {node}
    start = min(rest)
    seen, stack = {start}, [start]
    while stack:
        for other in graph[stack.pop()]:
            if other in rest and other not in seen:
                seen.add(other)
                stack.append(other)
    return len(seen) == len(rest)
