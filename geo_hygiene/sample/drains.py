"""The drains: trees of covered ditches under the lanes, which flow to outfalls at the river."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely import LineString, Point, line_interpolate_point
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.areas import AreaPlan
from geo_hygiene.sample.field import Field
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.river import River
from geo_hygiene.sample.segments import Segment

BESIDE = 2.2
"""Metres between the middle of a lane and its drain."""


@dataclass(frozen=True, kw_only=True)
class DrainSegment:
    """A piece of drain between two nodes, drawn with the flow.

    Attributes
    ----------
    street
        Number of the street segment that it lies under; -1 for an outfall.
    group
        Code of the resident group.
    line
        Metres in the town's plane.
    """

    code: str
    drain: str
    drain_code: str
    from_node: str
    to_node: str
    width: int
    depth: int
    street: int
    group: str
    line: LineString


@dataclass(frozen=True)
class _Piece:
    """A street segment whose drain flows to ``low``."""

    street: int
    high: int
    low: int


def make_drains(
    town: Town, segments: Sequence[Segment], areas: AreaPlan, field: Field, river: River, rng: np.random.Generator
) -> list[DrainSegment]:
    """Return the drain segments, ordered by drain and with the flow."""
    outfalls = _outfalls(segments, areas, river, rng)
    pieces = _grow(town, segments, areas, field, outfalls)
    used = sorted({node for piece in pieces for node in (piece.high, piece.low)})
    names = {node: f"N{number:03d}" for number, node in enumerate(used, start=1)}
    by_lane: dict[str, list[_Piece]] = defaultdict(list)
    for piece in pieces:
        by_lane[segments[piece.street].lane.code].append(piece)
    found: list[DrainSegment] = []
    for number, lane in enumerate(sorted(by_lane), start=1):
        name = f"{segments[by_lane[lane][0].street].lane.name}阴沟"
        width, depth = int(rng.choice([400, 500, 600, 800])), int(rng.choice([500, 600, 800, 1000]))
        for place, piece in enumerate(by_lane[lane], start=1):
            found.append(
                DrainSegment(
                    code=f"D{number:02d}-{place:02d}",
                    drain=name,
                    drain_code=f"D{number:02d}",
                    from_node=names[piece.high],
                    to_node=names[piece.low],
                    width=width,
                    depth=depth,
                    street=piece.street,
                    group=areas.group_of[piece.street],
                    line=beside(segments[piece.street], piece.high),
                )
            )
    return found + _mouths(found, outfalls, names, river)


def _outfalls(segments: Sequence[Segment], areas: AreaPlan, river: River, rng: np.random.Generator) -> dict[int, Point]:
    """Return the nodes on the embankments where drains leave for the river, well apart, in the core."""
    places: dict[int, Point] = {}
    for n, segment in enumerate(segments):
        if segment.level == 0 and areas.zone_class_of(n) == "core" and segment.line.distance(river.water) < 45:
            places[segment.start] = Point(segment.line.coords[0])
            places[segment.end] = Point(segment.line.coords[-1])
    near = [node for node in sorted(places) if river.water.distance(places[node]) < 40]  # metres
    chosen: dict[int, Point] = {}
    for node in rng.permutation(near):
        if all(places[int(node)].distance(point) > 330 for point in chosen.values()):
            chosen[int(node)] = places[int(node)]
    return chosen


def _grow(
    town: Town, segments: Sequence[Segment], areas: AreaPlan, field: Field, outfalls: dict[int, Point]
) -> list[_Piece]:
    """Return the streets that drain to the outfalls: nearest first, old lanes before new ones."""
    at: dict[int, list[int]] = defaultdict(list)
    for n, segment in enumerate(segments):
        if segment.level == 0 and segment.category != "arterial":
            at[segment.start].append(n)
            at[segment.end].append(n)
    reached: set[int] = set()
    pieces: list[_Piece] = []
    total = 30.0 * len(outfalls)
    queue: list[tuple[float, int, int, int]] = [(0.0, node, -1, node) for node in sorted(outfalls)]
    heapq.heapify(queue)
    while queue and total < town.drain_metres:
        cost, node, street, low = heapq.heappop(queue)
        if node in reached:
            continue
        reached.add(node)
        if street >= 0:
            pieces.append(_Piece(street, node, low))
            total += segments[street].line.length
        for n in at[node]:
            segment = segments[n]
            far = segment.end if segment.start == node else segment.start
            x, y = segment.middle
            old = field.at(field.old, x, y)
            price = segment.line.length * (1.8 - 1.35 * old) * (0.6 if segment.category == "street" else 1.0)
            if far not in reached and areas.zone_class_of(n) == "core":
                heapq.heappush(queue, (cost + price, far, n, node))
    return pieces


def beside(segment: Segment, high: int) -> LineString:
    """Return the drain of a street: from junction to junction with the flow, a little beside the middle."""
    line = segment.line if segment.start == high else segment.line.reverse()
    length = line.length
    if length < 20:  # metres; too short to step aside
        return line
    at = np.array([line.project(Point(c)) for c in line.coords[1:-1]])
    at = np.unique(np.concatenate([[5.0, length - 5.0], at[(at > 6) & (at < length - 6)]]))
    middle = np.array([p.coords[0] for p in line_interpolate_point(line, at)])
    ahead = np.array([p.coords[0] for p in line_interpolate_point(line, at + 1.0)])
    behind = np.array([p.coords[0] for p in line_interpolate_point(line, at - 1.0)])
    heading = (ahead - behind) / np.hypot(*(ahead - behind).T)[:, None]
    moved = middle + BESIDE * np.column_stack([heading[:, 1], -heading[:, 0]])
    return LineString(np.round(np.vstack([line.coords[0], moved, line.coords[-1]]), 3))


def _mouths(
    drains: Sequence[DrainSegment], outfalls: dict[int, Point], names: dict[int, str], river: River
) -> list[DrainSegment]:
    """Return the last pieces of the drains, from the embankment to the water."""
    bank: BaseGeometry = river.water.exterior
    mouths: list[DrainSegment] = []
    for node in sorted(outfalls):
        if node not in names:
            continue
        place = outfalls[node]
        end = bank.interpolate(bank.project(place))
        number = len(mouths) + 1
        above = next(drain for drain in drains if drain.to_node == names[node])
        mouths.append(
            DrainSegment(
                code=f"DP-{number:02d}",
                drain="滨江排水口",
                drain_code="DP",
                from_node=names[node],
                to_node=f"P{number:02d}",
                width=1000,
                depth=1200,
                street=-1,
                group=above.group,
                line=LineString(np.round([place.coords[0], end.coords[0]], 3)),
            )
        )
    return mouths
