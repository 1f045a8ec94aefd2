"""Make a street network plausible: no slivers, no hairpins, blocks of several sizes, courts in the big ones."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import networkx as nx
import numpy as np
from shapely import LineString, Polygon, STRtree
from shapely.geometry import Point

from geo_hygiene.sample.field import Field
from geo_hygiene.sample.network import RANK, Edge, Network, drop_doubles, drop_stubs, join_chains, merge_near_nodes
from geo_hygiene.sample.streamlines import Coordinates

SLIVER = 9.0
"""Blocks of a smaller mean width, in metres, are not left."""
SHORTEST_END = 38.0
"""Shorter dead ends, in metres, are yards and not lanes."""
SHARP = math.radians(25)


def clean(network: Network) -> Network:
    """Return the network without near nodes, doubles, slivers, sharp forks and stubs."""
    for _ in range(2):
        network = merge_near_nodes(network, 13.0)
        tidy(network)
    keep_main_part(network)
    return network


def tidy(network: Network) -> None:
    """Drop doubles, slivers, sharp forks, stubs and loops, in place."""
    drop_doubles(network, 25.0)
    drop_stubs(network, SHORTEST_END)
    drop_slivers(network)
    drop_sharp_forks(network)
    drop_stubs(network, SHORTEST_END)
    join_chains(network)
    drop_loops(network)


def faces_with_edges(network: Network) -> list[tuple[Polygon, list[int]]]:
    """Return each block with the keys of the streets around it."""
    keys = sorted(network.edges)
    middles = [network.edges[key].shape.interpolate(0.5, normalized=True) for key in keys]
    tree = STRtree(middles)
    found = []
    for face in network.faces():
        near = tree.query(face.boundary, predicate="dwithin", distance=0.01)
        found.append((face, [keys[i] for i in sorted(near)]))
    return found


def drop_slivers(network: Network) -> None:
    """Open blocks that are too thin or too small to hold a house, by their least important street."""
    for _ in range(4):
        narrow = False
        for face, keys in faces_with_edges(network):
            if 2 * face.area / face.length >= SLIVER and face.area >= 500:  # square metres
                continue
            rest = [key for key in keys if key in network.edges]
            if len(rest) < len(keys) or not rest:
                continue
            network.drop(min(rest, key=lambda k: (RANK[network.edges[k].category], -network.edges[k].length)))
            narrow = True
        if not narrow:
            return


def drop_sharp_forks(network: Network) -> None:
    """Drop the lesser of two streets that leave a node almost side by side."""
    for node in sorted(network.nodes):
        if node not in network.nodes:
            continue
        ends = sorted((network.edges[key].bearing(node), key) for key in network.at[node])
        for (a, one), (b, other) in zip(ends, ends[1:] + ends[:1], strict=True):
            if one == other or one not in network.edges or other not in network.edges:
                continue
            if (b - a) % (2 * math.pi) >= SHARP:
                continue
            lesser = min((one, other), key=lambda k: (RANK[network.edges[k].category], -network.edges[k].length))
            if has_way_around(network, lesser):
                network.drop(lesser)


def drop_loops(network: Network) -> None:
    """Drop streets that end where they begin."""
    for key in [key for key, edge in network.edges.items() if edge.start == edge.end]:
        network.drop(key)


def keep_main_part(network: Network) -> None:
    """Drop everything that is not connected with the largest part."""
    parts = sorted(nx.connected_components(network.graph()), key=len, reverse=True)
    main = parts[0]
    for key in [key for key, edge in network.edges.items() if edge.start not in main]:
        network.drop(key)


def join_dead_ends(network: Network, reach: float, barrier: LineString, ground: Polygon) -> None:
    """Let dead ends run on to the next street, a little aside if need be, but never over the barrier.

    Main roads that reach the rim of the ground lead on into the country.
    """
    for node in sorted(network.nodes):
        if node not in network.nodes or network.degree(node) != 1:
            continue
        keys = sorted(network.edges)
        shapes = [network.edges[key].shape for key in keys]
        (own,) = network.at[node]
        if network.edges[own].category == "arterial" and ground.exterior.distance(Point(network.nodes[node])) < 120:
            continue
        way = _way_on(network, node, own, reach, STRtree(shapes), keys, barrier)
        if way is None:
            continue
        key, at, heading = way
        other = network.edges[key]
        if at < 22:  # metres; better the crossing that is there
            target = other.start
        elif at > other.length - 22:
            target = other.end
        else:
            target = network.split(key, at)
        a, b = np.array(network.nodes[node]), np.array(network.nodes[target])
        knee = a + 0.45 * float(np.hypot(*(b - a))) * heading
        t = np.linspace(0, 1, 9)[:, None]
        curve = np.round((1 - t) ** 2 * a + 2 * t * (1 - t) * knee + t**2 * b, 3)
        network.add(Edge(node, target, curve, network.edges[own].category, network.edges[own].line))


def _way_on(
    network: Network, node: int, own: int, reach: float, tree: STRtree, keys: list[int], barrier: LineString
) -> tuple[int, float, np.ndarray] | None:
    """Return the street that a dead end should meet, where on it, and the heading of the end."""
    bearing = network.edges[own].bearing(node) + math.pi
    end = np.array(network.nodes[node])
    best: tuple[float, int, float] | None = None
    turns = (0, 12, -12) if network.edges[own].category == "arterial" else (0, 15, -15, 30, -30, 45, -45)
    for turn in turns:
        heading = np.array([math.cos(bearing + math.radians(turn)), math.sin(bearing + math.radians(turn))])
        ray = LineString([end + 0.5 * heading, end + reach * heading])
        hits = []
        for index in tree.query(ray, predicate="intersects"):
            line = network.edges[keys[index]].shape
            meeting = line.intersection(ray)
            spot = getattr(meeting, "geoms", [meeting])[0].coords[0]
            hits.append((math.dist(spot, end), keys[index], line.project(Point(spot))))
        if not hits:
            continue
        far, key, at = min(hits)
        line = network.edges[key].shape
        a, b = (np.array(line.interpolate(s).coords[0]) for s in (max(at - 3, 0), at + 3))
        across = abs(float(heading[0] * (b - a)[1] - heading[1] * (b - a)[0])) / float(np.hypot(*(b - a)))
        if key == own or across < 0.6 or LineString([end, end + far * heading]).intersects(barrier):
            continue
        cost = far * (1 + abs(turn) / 40)
        if best is None or cost < best[0]:
            best = (cost, key, at)
    ahead = np.array([math.cos(bearing), math.sin(bearing)])
    return None if best is None else (best[1], best[2], ahead)


def promote_links(network: Network, reach: float) -> None:
    """Raise the lanes by which a main street, broken off in the middle of the town, goes straight on to the next."""
    for node in sorted(network.nodes):
        main = [key for key in sorted(network.at[node]) if RANK[network.edges[key].category] > 1]
        if len(main) != 1 or network.degree(node) == 1:
            continue
        street = network.edges[main[0]]
        far, target, way = _nearest_main(network, node, reach)
        (x, y), (tx, ty) = network.nodes[node], network.nodes[target]
        turn = (math.atan2(ty - y, tx - x) - street.bearing(node)) % (2 * math.pi) - math.pi
        if not way or math.dist((x, y), (tx, ty)) < 0.94 * far or abs(turn) > math.radians(35):
            continue
        for key in way:
            network.edges[key] = replace(network.edges[key], category=street.category, line=street.line)


def _nearest_main(network: Network, node: int, reach: float) -> tuple[float, int, list[int]]:
    """Return metres, end and lanes of the shortest way to another main street; no lanes where there is none."""
    queue: list[tuple[float, int, list[int]]] = [(0.0, node, [])]
    seen = {node}
    while queue:
        queue.sort(key=lambda item: (item[0], item[1]))
        far, at, way = queue.pop(0)
        if way and any(RANK[network.edges[key].category] > 1 for key in network.at[at]):
            return far, at, way
        for key in sorted(network.at[at]):
            edge = network.edges[key]
            after = edge.end if edge.start == at else edge.start
            if edge.category == "lane" and after not in seen and far + edge.length < reach:
                seen.add(after)
                queue.append((far + edge.length, after, [*way, key]))
    return 0.0, node, []


def demote_tails(network: Network, shortest: float, ground: Polygon) -> None:
    """Make lanes of the short ends of main streets that lead to no other one, except at the rim of the ground."""

    def main(node: int) -> list[int]:
        return [key for key in sorted(network.at[node]) if RANK[network.edges[key].category] > 1]

    for start in sorted(network.nodes):
        if len(main(start)) != 1 or ground.exterior.distance(Point(network.nodes[start])) < 130:
            continue
        node, tail = start, main(start)
        while True:
            edge = network.edges[tail[-1]]
            node = edge.end if edge.start == node else edge.start
            onward = [key for key in main(node) if key != tail[-1]]
            if len(onward) != 1 or onward[0] in tail:
                break
            tail.append(onward[0])
        if sum(network.edges[key].length for key in tail) < shortest:
            for key in tail:
                network.edges[key] = replace(network.edges[key], category="lane")


def has_way_around(network: Network, key: int, most: int = 14) -> bool:
    """Tell whether an edge's ends stay connected, within ``most`` streets, without it."""
    edge = network.edges[key]
    seen, queue = {edge.start}, deque([(edge.start, 0)])
    while queue:
        node, steps = queue.popleft()
        if node == edge.end:
            return True
        if steps == most:
            continue
        for other in sorted(network.at[node]):
            if other == key:
                continue
            far = network.edges[other]
            after = far.end if far.start == node else far.start
            if after not in seen:
                seen.add(after)
                queue.append((after, steps + 1))
    return False


def thin(network: Network, rng: np.random.Generator) -> None:
    """Drop one lane in six so that blocks differ in size."""
    for key in rng.permutation(sorted(network.edges)):
        edge = network.edges.get(int(key))
        if edge is None or edge.category != "lane" or edge.length > 190:  # the longest stay
            continue
        if rng.random() > 0.18 or min(network.degree(edge.start), network.degree(edge.end)) < 3:
            continue
        if has_way_around(network, int(key)):
            network.drop(int(key))


def add_courts(network: Network, field: Field, barrier: LineString, rng: np.random.Generator) -> None:
    """Lead dead-end alleys from a lane into big blocks, but not into the river."""
    for face, keys in faces_with_edges(network):
        if face.intersects(barrier):
            continue
        x, y = face.centroid.coords[0]
        spacing = field.at(field.spacing, x, y)
        old = max(field.at(field.old, x, y), field.at(field.village, x, y))
        wanted = 1.5 * spacing**2 if old > 0.5 else 2.6 * spacing**2
        if face.area < wanted or spacing > 120 or rng.random() < 0.6:  # metres; no courts in fields
            continue
        _add_court(network, face, [k for k in keys if k in network.edges], 75.0 if old > 0.5 else 110.0, rng)


def _add_court(network: Network, face: Polygon, keys: list[int], longest: float, rng: np.random.Generator) -> None:
    sides = [k for k in keys if network.edges[k].category != "arterial" and network.edges[k].length > 50]
    if not sides:
        return
    key = max(sides, key=lambda k: network.edges[k].length)
    edge = network.edges[key]
    at = edge.length * rng.uniform(0.38, 0.62)
    a, b = (np.array(edge.shape.interpolate(s).coords[0]) for s in (at - 2, at + 2))
    start, along = (a + b) / 2, (b - a) / np.hypot(*(b - a))
    across = np.array([-along[1], along[0]])
    if not face.contains(Point(start + 4 * across)):
        across = -across
    reach = 14.0
    while reach < longest and _is_free(face, start + (reach + 4) * across):
        reach += 4
    if reach < 30:  # metres; a shorter one is a yard
        return
    node = network.split(key, at)
    bent = start + reach * across + along * rng.uniform(-0.12, 0.12) * reach
    middle = start + 0.55 * reach * across
    end = network.add_node(*(float(v) for v in np.round(bent, 3)))
    points = np.round(np.vstack([network.nodes[node], middle, bent]), 3)
    network.add(Edge(node, end, points, "alley", -1))


def _is_free(face: Polygon, place: Coordinates) -> bool:
    spot = Point(place)
    return bool(face.contains(spot)) and face.exterior.distance(spot) > 13.5  # half a house's depth


def finish(network: Network, longest: float, middle: LineString) -> None:
    """Round the coordinates, drop needless vertices, cut long streets into equal parts and bridges in the middle."""
    for key in sorted(network.edges):
        edge = network.edges[key]
        rounded = np.asarray(np.round(np.array(edge.shape.simplify(0.35).segmentize(150).coords), 3), dtype=np.float64)
        network.edges[key] = replace(edge, points=rounded)
    for key in sorted(network.edges):
        edge = network.edges[key]
        if edge.shape.intersects(middle):
            network.split(key, edge.shape.project(edge.shape.intersection(middle).centroid))
    for key in sorted(network.edges):
        count = math.ceil(network.edges[key].length / longest)
        rest = key
        for part in range(count, 1, -1):
            edge = network.edges[rest]
            node = network.split(rest, edge.length / part)
            rest = max(network.at[node])


def crossings(network: Network) -> int:
    """Return how many pairs of streets meet elsewhere than in a shared node."""
    keys = sorted(network.edges)
    shapes = [network.edges[key].shape for key in keys]
    wrong = 0
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    for i, j in zip(left, right, strict=True):
        if i >= j:
            continue
        one, other = network.edges[keys[i]], network.edges[keys[j]]
        shared = {one.start, one.end} & {other.start, other.end}
        meeting = shapes[i].intersection(shapes[j])
        wrong += len(getattr(meeting, "geoms", [meeting])) > len(shared) or meeting.length > 0
    return wrong
