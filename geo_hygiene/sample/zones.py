"""Duty zones as lists: connected shares of about equal work, with the faults that real plans have.

Some stretches are nobody's and some have two owners, left on purpose: new lanes that nobody added, the last metres of a
dead end, lanes at a border that both neighbours think theirs.
"""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from scipy.optimize import linear_sum_assignment

from geo_hygiene.sample.areas import AreaPlan
from geo_hygiene.sample.cells import walkable
from geo_hygiene.sample.partition import partition, share_out
from geo_hygiene.sample.segments import Segment

Lists = dict[str, dict[int, tuple[float, float]]]
"""By zone code: the segments with the metres from and to that it holds."""

EFFORT = {"arterial": 1.7, "street": 1.3, "lane": 1.0, "alley": 0.9}
"""Work of a metre, relative to a lane's."""


@dataclass(frozen=True, kw_only=True)
class Faults:
    """How much of a plan goes wrong on purpose, as shares of the metres, and how many stretches in part."""

    gap: float
    overlap: float
    part_gaps: int
    part_overlaps: int


class Divider:
    """Divides the segments of a duty among zones, community by community."""

    def __init__(self, segments: Sequence[Segment], areas: AreaPlan, chosen: Callable[[int], bool]) -> None:
        self.segments, self.areas = segments, areas
        self.graphs = {}
        for code, graph in sorted(areas.graphs.items()):
            members = [n for n in sorted(graph) if chosen(n)]
            if members:
                self.graphs[code] = walkable(graph, members)
        self.place = {n: segment.middle for n, segment in enumerate(segments)}
        self.work = {n: segment.line.length * EFFORT[segment.category] for n, segment in enumerate(segments)}

    def whole(self) -> nx.Graph[int]:
        """Return the graph of all communities."""
        return nx.compose_all(self.graphs.values())

    def divide(self, count: int, prefix: str, first: int, rng: np.random.Generator) -> Lists:
        """Return ``count`` zones, coded from ``first`` on by community and from the north-west."""
        codes = sorted(self.graphs)
        loads = [sum(self.work[n] for n in self.graphs[code]) for code in codes]
        lists: Lists = {}
        for code, share in zip(codes, share_out(loads, count), strict=True):
            for numbers in self._divide_community(code, share, rng):
                zone = f"{prefix}{first + len(lists):03d}"
                lists[zone] = {n: (0.0, self.segments[n].line.length) for n in numbers}
        return lists

    def _divide_community(self, code: str, count: int, rng: np.random.Generator) -> list[list[int]]:
        parts: dict[int, list[int]] = defaultdict(list)
        for n, part in partition(self.graphs[code], self.work, self.place, count, rng).items():
            parts[part].append(n)
        corner = {part: np.mean([self.place[n] for n in numbers], axis=0) for part, numbers in parts.items()}
        return [sorted(parts[part]) for part in sorted(parts, key=lambda p: corner[p][0] - 1.5 * corner[p][1])]

    def redivide(self, lists: Lists, communities: Sequence[str], rng: np.random.Generator) -> Lists:
        """Return new lists for some communities; a zone keeps the code of the old one it overlaps most."""
        again = dict(lists)
        for code in communities:
            if code not in self.graphs:
                continue
            old = [zone for zone, stretches in lists.items() if next(iter(stretches)) in self.graphs[code]]
            new = self._divide_community(code, len(old), rng)
            shared = np.array(
                [[sum(self.work[n] for n in numbers if n in lists[zone]) for numbers in new] for zone in old]
            )
            for i, j in zip(*linear_sum_assignment(-shared), strict=True):
                again[old[i]] = {n: (0.0, self.segments[n].line.length) for n in new[j]}
        return again


def spoil(
    lists: Lists, graph: nx.Graph[int], segments: Sequence[Segment], faults: Faults, rng: np.random.Generator
) -> Lists:
    """Return the lists with gaps and overlaps; every zone stays connected."""
    spoiled = {zone: dict(stretches) for zone, stretches in lists.items()}
    owner = {n: zone for zone, stretches in lists.items() for n in stretches}
    metres = sum(segments[n].line.length for n in owner)
    touched = _leave_out(spoiled, graph, segments, owner, faults.gap * metres, rng)
    touched |= _hold_twice(spoiled, graph, segments, owner, faults.overlap * metres, touched, rng)
    _cut_short(spoiled, segments, owner, faults.part_gaps, touched, rng)
    _reach_over(spoiled, graph, segments, owner, faults.part_overlaps, touched, rng)
    return spoiled


def _leave_out(
    lists: Lists,
    graph: nx.Graph[int],
    segments: Sequence[Segment],
    owner: Mapping[int, str],
    metres: float,
    rng: np.random.Generator,
) -> set[int]:
    """Take small clusters out of the zones, at their edges."""
    gone: set[int] = set()
    left = 0.0
    for n in (int(k) for k in rng.permutation(sorted(owner))):
        if left >= metres:
            break
        if n in gone or any(other in gone for other in graph[n]):
            continue
        cluster = _cluster(n, int(rng.choice([1, 1, 2, 3, 4])), lambda k: owner[k] == owner[n] and k not in gone, graph)  # noqa: B023
        rest = [k for k in lists[owner[n]] if k not in cluster]
        if len(rest) < 3 or not nx.is_connected(graph.subgraph(rest)):  # a zone keeps three lanes
            continue
        for k in cluster:
            del lists[owner[n]][k]
            left += segments[k].line.length
        gone |= set(cluster)
    return gone


def _cluster(start: int, size: int, fits: Callable[[int], bool], graph: nx.Graph[int]) -> list[int]:
    cluster = [start]
    for n in cluster:
        for other in sorted(graph[n]):
            if len(cluster) < size and other not in cluster and fits(other):
                cluster.append(other)
    return cluster


def _hold_twice(
    lists: Lists,
    graph: nx.Graph[int],
    segments: Sequence[Segment],
    owner: Mapping[int, str],
    metres: float,
    touched: set[int],
    rng: np.random.Generator,
) -> set[int]:
    """Add lanes at a border to the neighbour's zone too."""
    twice: set[int] = set()
    double = 0.0
    for n in (int(k) for k in rng.permutation(sorted(owner))):
        if double >= metres:
            break
        others = sorted({owner[k] for k in graph[n] if k not in touched} - {owner[n]})
        if n in touched | twice or not others or any(k in twice for k in graph[n]):
            continue
        zone = others[int(rng.integers(len(others)))]
        size = int(rng.choice([1, 1, 1, 2, 3]))
        for k in _cluster(n, size, lambda k: owner[k] == owner[n] and k not in touched | twice, graph):  # noqa: B023
            lists[zone][k] = (0.0, segments[k].line.length)
            double += segments[k].line.length
            twice.add(k)
    return twice


def _cut_short(
    lists: Lists,
    segments: Sequence[Segment],
    owner: Mapping[int, str],
    count: int,
    touched: set[int],
    rng: np.random.Generator,
) -> None:
    """Let some zones end before the end of a lane."""
    long = [n for n in sorted(owner) if n not in touched and segments[n].line.length > 85]  # metres
    for n in (int(k) for k in rng.permutation(long)[:count]):
        length = segments[n].line.length
        stop = round(float(rng.uniform(0.35, 0.75)) * length)
        lists[owner[n]][n] = (0.0, float(stop)) if rng.random() < 0.5 else (float(stop), length)
        touched.add(n)


def _reach_over(
    lists: Lists,
    graph: nx.Graph[int],
    segments: Sequence[Segment],
    owner: Mapping[int, str],
    count: int,
    touched: set[int],
    rng: np.random.Generator,
) -> None:
    """Let some zones reach some metres into a lane of their neighbour."""
    for n in (int(k) for k in rng.permutation(sorted(owner))):
        beside = [k for k in sorted(graph[n]) if owner[k] != owner[n] and k not in touched]
        length = segments[n].line.length
        if count == 0 or n in touched or not beside or length < 70:  # metres
            continue
        other = segments[beside[0]]
        if not {segments[n].start, segments[n].end} & {other.start, other.end}:
            continue
        reach = float(round(float(rng.uniform(0.25, 0.5)) * length))
        at_start = segments[n].start in (other.start, other.end)
        lists[owner[beside[0]]][n] = (0.0, reach) if at_start else (length - reach, length)
        touched.add(n)
        count -= 1
