"""The office, its communities and resident groups: who answers for which ground.

Communities are blocks between main streets, grown together on one bank of the river; the street between two of them
belongs wholly to one, so that their border runs along its kerb. Resident groups are the lanes that people share: their
borders run between the lanes.
"""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from shapely import LineString, Point, Polygon, STRtree, polygonize, prepare, union_all
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.cells import Compartment, draw_areas, make_compartment, neighbours, walkable
from geo_hygiene.sample.field import Field
from geo_hygiene.sample.names import COMMUNITIES, OFFICE
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.partition import partition, share_out
from geo_hygiene.sample.river import River
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.shapes import polygons_of, solid
from geo_hygiene.sample.streets import WALL_WOBBLE, ring

KERB = 6.0
"""A border lies this far, in metres, beside the middle of the street that it follows."""


@dataclass(frozen=True, kw_only=True)
class Area:
    """An area of the tree office, community, group, in the town's plane."""

    code: str
    name: str
    level: str
    parent: str | None
    zone_class: str | None
    shape: BaseGeometry


@dataclass(frozen=True, kw_only=True)
class AreaPlan:
    """The area tree and what else is known of it.

    Attributes
    ----------
    areas
        Office, communities and groups, in the order of the tree.
    community_of, group_of
        Code of the area of each segment.
    compartments, graphs
        By community: the ground that zones share out, and which cells touch there.
    """

    areas: tuple[Area, ...]
    community_of: Mapping[int, str]
    group_of: Mapping[int, str]
    compartments: Mapping[str, Compartment]
    graphs: Mapping[str, nx.Graph[int]]

    def level(self, level: str) -> list[Area]:
        """Return the areas of one level."""
        return [area for area in self.areas if area.level == level]

    def zone_class_of(self, number: int) -> str:
        """Return the zone class of a segment's group."""
        return self._classes[self.group_of[number]]

    @property
    def _classes(self) -> dict[str, str]:
        return {area.code: area.zone_class or "" for area in self.areas}


def make_outline(segments: Sequence[Segment]) -> Polygon:
    """Return the office's ground: the streets and a strip around them, without deep bays."""
    strips = [segment.line.simplify(5.0).buffer(240, quad_segs=6) for segment in segments]
    shape = union_all(strips).buffer(-175, quad_segs=6).simplify(3.0)
    biggest = max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)
    return Polygon(np.round(np.array(biggest.exterior.coords), 2))


def make_areas(
    town: Town, segments: Sequence[Segment], river: River, field: Field, outline: Polygon, rng: np.random.Generator
) -> AreaPlan:
    """Return the area tree of the town."""
    community_of, grounds = _communities(town, segments, river, outline)
    compartments, graphs = {}, {}
    for number, ground in enumerate(grounds):
        numbers = [n for n in range(len(segments)) if community_of[n] == number]
        compartments[number] = make_compartment(solid(ground.difference(river.water)), numbers, segments)
        graphs[number] = neighbours(compartments[number], segments)
    group_of, group_shapes = _groups(town, segments, field, compartments, graphs, rng)
    shapes = _mosaic(segments, river, grounds, group_of, group_shapes)
    classes = _zone_classes(town, segments, field, group_of)
    return _tree(shapes, community_of, group_of, classes, compartments, graphs)


def _communities(
    town: Town, segments: Sequence[Segment], river: River, outline: Polygon
) -> tuple[dict[int, int], list[BaseGeometry]]:
    """Return the community of each segment, and the ground of each, the river shared at its middle."""
    main = [n for n, segment in enumerate(segments) if segment.category in ("arterial", "street")]
    lines = [segments[n].line for n in main] + _ways_out(segments, main, outline) + _ways_down(segments, main, river)
    net = union_all([*lines, outline.exterior, river.middle])
    faces = [face for face in polygons_of(polygonize([net])) if outline.contains(face.representative_point())]
    wall = Polygon(ring(town, town.wall_radius, WALL_WOBBLE)).buffer(30)
    walled = [wall.contains(face) for face in faces]
    old_town = union_all([face for face, inside in zip(faces, walled, strict=True) if inside])  # never divided
    faces = [*(face for face, inside in zip(faces, walled, strict=True) if not inside), *polygons_of(old_town)]
    south = Polygon([*river.middle.coords, (9000, -9000), (-9000, -9000)])
    banks = [south.contains(face.representative_point()) for face in faces]
    great = union_all([segments[n].line.buffer(1) for n in main if segments[n].category == "arterial"])
    graph = _shared_rims(faces, banks, great)
    wet = [river.corridor.contains(face.representative_point()) for face in faces]
    dry = graph.subgraph([i for i in graph if not wet[i]])
    parts = _grow_communities(town, faces, banks, _street_metres(faces, segments), nx.Graph(dry))
    for i in (i for i in sorted(graph) if wet[i]):  # water goes to the land beside it
        land = [j for j in sorted(graph[i]) if not wet[j]]
        parts[i] = parts[
            max(land, key=lambda j: graph.edges[i, j]["metres"])
            if land
            else min(sorted(dry), key=lambda j: (banks[j] != banks[i], faces[i].distance(faces[j])))
        ]
    grounds = [union_all([face for i, face in enumerate(faces) if parts[i] == part]) for part in range(6)]
    owner = _segment_owner(segments, faces, parts, south)
    return owner, _move_to_kerb(segments, owner, grounds)


def _ways_down(segments: Sequence[Segment], main: Sequence[int], river: River) -> list[LineString]:
    """Return lines from the junctions on the embankments to the middle of the river: there borders go on."""
    places = {place for n in main for place in (segments[n].line.coords[0], segments[n].line.coords[-1])}
    ways = []
    for place in sorted(places):
        spot = Point(place)
        if river.water.distance(spot) < 40 and river.middle.distance(spot) > 1:  # metres
            below = river.middle.interpolate(river.middle.project(spot))
            far = Point(below.x + 0.02 * (below.x - spot.x), below.y + 0.02 * (below.y - spot.y))
            ways.append(LineString([spot, far]))
    return ways


def _ways_out(segments: Sequence[Segment], main: Sequence[int], outline: Polygon) -> list[LineString]:
    """Return lines from the outer ends of main streets straight on to the outline."""
    degree: dict[int, int] = defaultdict(int)
    for segment in segments:
        degree[segment.start] += 1
        degree[segment.end] += 1
    ways = []
    for n in main:
        segment = segments[n]
        for node, line in ((segment.end, segment.line), (segment.start, segment.line.reverse())):
            end = Point(line.coords[-1])
            if degree[node] == 1 and outline.exterior.distance(end) < 150:  # metres
                before = line.interpolate(max(line.length - 20, 0))
                size = before.distance(end)
                far = Point(end.x + 400 * (end.x - before.x) / size, end.y + 400 * (end.y - before.y) / size)
                ways.append(LineString([end, far]))
    return ways


def _shared_rims(faces: Sequence[Polygon], banks: Sequence[bool], great: BaseGeometry) -> nx.Graph[int]:
    """Return which faces of one bank touch; a great road between them counts little, so that it becomes a border."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(faces)))
    prepare(great)
    for i, j in zip(*STRtree(faces).query(faces, predicate="intersects"), strict=True):
        if i < j and banks[i] == banks[j]:
            rim = faces[i].boundary.intersection(faces[j].boundary)
            if rim.length > 5:
                graph.add_edge(int(i), int(j), metres=rim.length - 0.7 * rim.intersection(great).length)
    return graph


def _street_metres(faces: Sequence[Polygon], segments: Sequence[Segment]) -> list[float]:
    """Return the metres of street within each face, a street between two counted half."""
    metres = [0.0] * len(faces)
    tree = STRtree(faces)
    for segment in segments:
        near = sorted(tree.query(Point(segment.middle), predicate="dwithin", distance=0.05))
        for index in near:
            metres[index] += segment.line.length / len(near)
    return metres


def _grow_communities(
    town: Town, faces: Sequence[Polygon], banks: Sequence[bool], metres: Sequence[float], graph: nx.Graph[int]
) -> dict[int, int]:
    parts: dict[int, int] = {}
    place = {i: (face.centroid.x, face.centroid.y) for i, face in enumerate(faces)}
    town_metres = sum(metres) / sum(face.area for face in faces)
    weight = {i: metres[i] + town_metres * face.area for i, face in enumerate(faces)}
    for bank, first in ((False, 0), (True, 3)):
        own = [i for i in sorted(graph) if banks[i] == bank]
        wide = max(nx.connected_components(graph.subgraph(own)), key=len)
        seeds = [
            min(sorted(wide), key=lambda i: math.dist(place[i], seed))
            for seed in town.community_seeds[first : first + 3]
        ]
        part = partition(graph.subgraph(wide), weight, place, 3, np.random.default_rng(0), seeds=seeds)
        parts.update({i: first + p for i, p in part.items()})
        for i in sorted(set(own) - wide):  # a corner that touches the others only in a point
            near = min(sorted(wide), key=lambda j: faces[i].distance(faces[j]) + 1e-3 * math.dist(place[i], place[j]))
            parts[i] = parts[near]
    _straighten(graph, parts, weight)
    return parts


def _straighten(graph: nx.Graph[int], parts: dict[int, int], weight: Mapping[int, float]) -> None:
    """Give faces to the community that surrounds them most, so that borders follow long streets; sizes stay alike."""
    load: dict[int, float] = defaultdict(float)
    for face in sorted(graph):
        load[parts[face]] += weight[face]
    mean = sum(load.values()) / len(load)
    for _ in range(12):
        moved = False
        for face in sorted(graph):
            rim: dict[int, float] = defaultdict(float)
            for other in sorted(graph[face]):
                rim[parts[other]] += graph.edges[face, other]["metres"]
            own, best = parts[face], max(rim, key=lambda part: rim[part], default=parts[face])
            uneven = load[own] - weight[face] < 0.72 * mean or load[best] + weight[face] > 1.35 * mean
            if best == own or uneven or rim[best] <= 1.1 * rim[own]:
                continue
            rest = [other for other in graph if parts[other] == own and other != face]
            if nx.is_connected(graph.subgraph(rest)):
                parts[face] = best
                load[own] -= weight[face]
                load[best] += weight[face]
                moved = True
        if not moved:
            return


def _segment_owner(
    segments: Sequence[Segment], faces: Sequence[Polygon], parts: Mapping[int, int], south: Polygon
) -> dict[int, int]:
    """Return the community of each segment; a lane between two of them goes whole to the one with fewer metres."""
    tree = STRtree(faces)
    owner: dict[int, int] = {}
    between: dict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
    load: dict[int, float] = defaultdict(float)
    for n, segment in enumerate(segments):
        middle = Point(segment.middle)
        near = tree.query(middle, predicate="dwithin", distance=0.05)
        sides = tuple(sorted({parts[int(i)] for i in near}))
        if segment.level:
            bank = (3, 4, 5) if south.contains(middle) else (0, 1, 2)
            sides = tuple(side for side in sides if side in bank)
        if len(sides) == 1:
            owner[n] = sides[0]
            load[sides[0]] += segment.line.length
        else:
            between[segment.lane.code, sides].append(n)
    for (_, sides), numbers in sorted(between.items()):
        side = min(sides, key=lambda s: (load[s], s))
        for n in numbers:
            owner[n] = side
            load[side] += segments[n].line.length
    return owner


def _move_to_kerb(
    segments: Sequence[Segment], owner: Mapping[int, int], grounds: Sequence[BaseGeometry]
) -> list[BaseGeometry]:
    """Return the grounds with border streets wholly on their owner's side."""
    grounds = list(grounds)
    strips: dict[tuple[int, int], list[LineString]] = defaultdict(list)
    for other, ground in enumerate(grounds):
        prepare(ground)
        rim = ground.boundary
        for n, segment in enumerate(segments):
            middle = Point(segment.middle)
            if owner[n] != other and not segment.level and rim.distance(middle) < 0.05:
                strips[owner[n], other].append(segment.line)
    for (taker, giver), lines in sorted(strips.items()):
        merged = union_all(lines).buffer(KERB, cap_style="square", join_style="mitre", mitre_limit=2.0)
        strip = merged.intersection(grounds[giver])
        grounds[giver] = solid(grounds[giver].difference(strip))
        grounds[taker] = solid(grounds[taker].union(strip))
    return grounds


def _groups(
    town: Town,
    segments: Sequence[Segment],
    field: Field,
    compartments: Mapping[int, Compartment],
    graphs: Mapping[int, nx.Graph[int]],
    rng: np.random.Generator,
) -> tuple[dict[int, tuple[int, int]], dict[tuple[int, int], list[Polygon]]]:
    """Return community and group of each segment, and the faces of each group."""
    place = {n: segment.middle for n, segment in enumerate(segments)}
    weight = {n: segment.line.length * 60 / field.at(field.spacing, *place[n]) for n, segment in enumerate(segments)}
    loads = [sum(weight[n] for n in compartments[number].segments) for number in sorted(compartments)]
    group_of: dict[int, tuple[int, int]] = {}
    shapes: dict[tuple[int, int], list[Polygon]] = {}
    for number, count in zip(sorted(compartments), share_out(loads, town.groups), strict=True):
        parts = partition(walkable(graphs[number], graphs[number]), weight, place, count, rng)
        label = {n: (number, part) for n, part in parts.items()}
        group_of.update(label)
        shapes.update(draw_areas(compartments[number], label, segments))
    return group_of, shapes


def deck(segment: Segment, water: BaseGeometry) -> BaseGeometry:
    """Return the surface of a bridge over the water."""
    return segment.line.buffer(segment.width / 2, cap_style="flat").intersection(water)


def _mosaic(
    segments: Sequence[Segment],
    river: River,
    grounds: Sequence[BaseGeometry],
    group_of: Mapping[int, tuple[int, int]],
    groups: Mapping[tuple[int, int], list[Polygon]],
) -> dict[tuple[int, ...], BaseGeometry]:
    """Return the shapes of communities and groups with exactly the same borders wherever they touch."""
    decks = {n: deck(segment, river.water) for n, segment in enumerate(segments) if segment.level}
    decks = {n: shape.intersection(grounds[group_of[n][0]]) for n, shape in decks.items()}
    rims: list[BaseGeometry] = [face.boundary for faces in groups.values() for face in faces]
    rims += [ground.boundary for ground in grounds] + [shape.boundary for shape in decks.values()]
    faces = polygons_of(polygonize([union_all(rims, grid_size=0.001)]))
    homes: list[tuple[tuple[int, int], BaseGeometry]] = [(key, face) for key in sorted(groups) for face in groups[key]]
    homes += [(group_of[n], shape) for n, shape in sorted(decks.items())]
    inner, outer = STRtree([shape for _, shape in homes]), STRtree(list(grounds))
    by_group: dict[tuple[int, ...], list[BaseGeometry]] = defaultdict(list)
    for face in faces:
        spot = face.representative_point()
        found = sorted(inner.query(spot, predicate="intersects"))
        if found:
            key = homes[found[0]][0]
            by_group[key].append(face)
            by_group[key[:1]].append(face)
            continue
        found = sorted(outer.query(spot, predicate="intersects"))
        if found:
            by_group[(int(found[0]),)].append(face)
    return {key: union_all(faces) for key, faces in sorted(by_group.items())}


def _zone_classes(
    town: Town, segments: Sequence[Segment], field: Field, group_of: Mapping[int, tuple[int, int]]
) -> dict[tuple[int, int], str]:
    """Return the class of each group: villages, then the core from the middle outwards, the rest fringe."""
    members: dict[tuple[int, int], list[int]] = defaultdict(list)
    for n in sorted(group_of):
        members[group_of[n]].append(n)
    classes: dict[tuple[int, int], str] = {}
    reach: dict[tuple[int, int], float] = {}
    for key, numbers in sorted(members.items()):
        spots = np.array([segments[n].middle for n in numbers])
        village = np.mean([field.at(field.village, *spot) for spot in spots])
        if village > 0.55:
            classes[key] = "urban_village"
            continue
        x, y = spots.mean(axis=0)
        dense = np.mean([field.at(field.old, *spot) for spot in spots])
        reach[key] = float(np.hypot(x / town.half_width + 0.12, y / town.half_height)) - 0.25 * float(dense)
    core = 0
    for key in sorted(reach, key=lambda k: reach[k]):
        classes[key] = "core" if core < town.core_share * len(segments) else "fringe"
        core += len(members[key]) if classes[key] == "core" else 0
    return classes


def _tree(
    shapes: Mapping[tuple[int, ...], BaseGeometry],
    community_of: Mapping[int, int],
    group_of: Mapping[int, tuple[int, int]],
    classes: Mapping[tuple[int, int], str],
    compartments: Mapping[int, Compartment],
    graphs: Mapping[int, nx.Graph[int]],
) -> AreaPlan:
    """Return the areas with codes and names; groups are numbered from the north-west of their community."""
    codes: dict[tuple[int, ...], str] = {(number,): f"QJ{number + 1:02d}" for number in compartments}
    areas = []
    for number in sorted(compartments):
        own = [key for key in shapes if len(key) == 2 and key[0] == number]
        own.sort(key=lambda key: shapes[key].centroid.x - 1.5 * shapes[key].centroid.y)
        name = COMMUNITIES[number]
        areas.append(
            Area(code=codes[number,], name=name, level="community", parent="QJ", zone_class=None, shape=shapes[number,])
        )
        for place, key in enumerate(own, start=1):
            codes[key] = f"{codes[number,]}-{place:02d}"
            areas.append(
                Area(
                    code=codes[key],
                    name=f"{name.removesuffix('社区')}第{place:02d}居民组",
                    level="group",
                    parent=codes[number,],
                    zone_class=classes[key[0], key[1]],
                    shape=shapes[key],
                )
            )
    whole = union_all([area.shape for area in areas if area.level == "community"])
    office = Area(code="QJ", name=OFFICE, level="office", parent=None, zone_class=None, shape=whole)
    return AreaPlan(
        areas=(office, *areas),
        community_of={n: codes[number,] for n, number in community_of.items()},
        group_of={n: codes[key] for n, key in group_of.items()},
        compartments={codes[number,]: compartment for number, compartment in compartments.items()},
        graphs={codes[number,]: graph for number, graph in graphs.items()},
    )
