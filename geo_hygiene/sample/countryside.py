"""The ground around the town: brooks, ponds, fields between tracks, woods and hamlets.

Tracks are not drawn; they show as the gaps between fields, because a line outside the office would be a street that
nobody sweeps.
"""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely import LineString, MultiLineString, Point, Polygon, STRtree, get_parts, polygonize, union_all
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.buildings import Building, Park, halve
from geo_hygiene.sample.names import BROOK, RIVER
from geo_hygiene.sample.river import River
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.shapes import blob, chaikin

REACH = 1700.0
"""Metres of country around the town."""


@dataclass(frozen=True, kw_only=True)
class Water:
    """A river, lake, pond or canal."""

    kind: str
    name: str
    shape: BaseGeometry


@dataclass(frozen=True, kw_only=True)
class Country:
    """What lies around the town."""

    waters: tuple[Water, ...]
    greens: tuple[Park, ...]
    farms: tuple[Building, ...]


def make_country(segments: Sequence[Segment], river: River, outline: Polygon, rng: np.random.Generator) -> Country:
    """Return the country around the outline; nothing of it touches the office's ground."""
    ground = outline.buffer(REACH, quad_segs=6).difference(outline.buffer(14))
    roads = country_roads(segments, outline, rng)
    waters = _flowing_water(river, outline)
    flowing = union_all([river.water, *(water.shape for water in waters)])
    ponds = _ponds(ground, union_all([flowing.buffer(40), roads.buffer(30)]), rng)
    tracks = _tracks(outline, rng)
    free = ground.difference(union_all([flowing.buffer(16), *(pond.shape.buffer(7) for pond in ponds)]))
    hamlets = _hamlets(free, roads, rng)
    fields = _fields(free, roads, tracks, [point for point, _ in hamlets], outline, rng)
    farms = _farms(hamlets, fields, rng)
    woods = _woods(free, union_all([field.shape for field in fields]), roads, hamlets, rng)
    return Country(waters=(*waters, *ponds), greens=(*fields, *woods), farms=tuple(farms))


def country_roads(segments: Sequence[Segment], outline: Polygon, rng: np.random.Generator) -> MultiLineString:
    """Return the roads by which the town's outer streets lead on into the country."""
    ends: dict[int, list[Segment]] = {}
    for segment in segments:
        for node in (segment.start, segment.end):
            ends.setdefault(node, []).append(segment)
    roads: list[LineString] = []
    for node in sorted(ends):
        segment = ends[node][0]
        if len(ends[node]) > 1 or segment.category not in ("arterial", "street"):
            continue
        line = segment.line if segment.end == node else segment.line.reverse()
        place = np.array(line.coords[-1])
        if outline.exterior.distance(Point(place)) > 130 or any(road.distance(Point(place)) < 240 for road in roads):
            continue
        before = np.array(line.interpolate(max(line.length - 30, 0)).coords[0])
        bearing = math.atan2(*(place - before)[::-1])
        points, turn = [place], 0.0
        for _ in range(int(REACH / 40) + 8):
            turn = 0.85 * turn + rng.normal(0, 0.02)
            away = math.atan2(points[-1][1] / 0.7, points[-1][0])
            pull = (away - bearing + math.pi) % (2 * math.pi) - math.pi
            bearing += turn + 0.035 * pull
            points.append(points[-1] + 40 * np.array([math.cos(bearing), math.sin(bearing)]))
        roads.append(LineString(np.round(points, 2)))
    return MultiLineString(roads)


def _flowing_water(river: River, outline: Polygon) -> list[Water]:
    """Return the brook and the canal that run into the river outside the town."""
    found = []
    for name, kind, width, way in (
        (BROOK, "river", 11.0, ((-3050, -2350), (-2600, -1750), (-2330, -1180),
          (-2420, -700), (-2150, -250), (-2230, 120), (-2080, 540))),
        ("东干渠", "canal", 7.0, ((2900, 2300), (2330, 1660), (2150, 1080), (2290, 620), (2200, 200), (2260, -60))),
    ):  # fmt: skip
        line = LineString(chaikin(np.array(way, dtype=float), 4))
        shape = line.buffer(width / 2, quad_segs=2).difference(river.water.buffer(-2)).difference(outline.buffer(12))
        found.append(Water(kind=kind, name=name, shape=max(get_parts(shape), key=lambda part: part.area)))
    return [Water(kind="river", name=RIVER, shape=river.water), *found]


def _scattered(ground: BaseGeometry, count: int, apart: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return places on the ground, none nearer than ``apart`` metres to another."""
    west, south, east, north = ground.bounds
    found: list[tuple[float, float]] = []
    for _ in range(60 * count):
        x, y = float(rng.uniform(west, east)), float(rng.uniform(south, north))
        if (
            len(found) < count
            and all(math.dist((x, y), spot) > apart for spot in found)
            and ground.contains(Point(x, y))
        ):
            found.append((x, y))
    return found


def _ponds(ground: BaseGeometry, taken: BaseGeometry, rng: np.random.Generator) -> list[Water]:
    ponds = []
    for number, (x, y) in enumerate(_scattered(ground.difference(taken.buffer(60)), 14, 420, rng), start=1):
        shape = blob(x, y, float(rng.uniform(22, 62)), rng, stretch=float(rng.uniform(1, 1.35)))
        ponds.append(Water(kind="pond", name=f"{number}号塘", shape=shape))
    return ponds


def _tracks(outline: Polygon, rng: np.random.Generator) -> list[LineString]:
    """Return the tracks that run around the town, farther and farther out."""
    tracks = []
    for reach in (190.0, 420.0, 690.0, 990.0, 1320.0):
        rim = outline.buffer(reach, quad_segs=6).exterior
        at = np.arange(0, rim.length, 60.0)
        spots = np.array([rim.interpolate(s).coords[0] for s in at])
        wave = 38 * np.sin(at / rng.uniform(230, 320) + rng.uniform(0, 6)) + 20 * np.sin(at / 97 + rng.uniform(0, 6))
        out = spots / np.hypot(*spots.T)[:, None]
        moved = spots + out * wave[:, None]
        tracks.append(LineString(np.round(np.vstack([moved, moved[:1]]), 2)))
    return tracks


def _fields(
    free: BaseGeometry,
    roads: BaseGeometry,
    tracks: Sequence[LineString],
    hamlets: Sequence[Point],
    outline: Polygon,
    rng: np.random.Generator,
) -> list[Park]:
    """Return fields in patches near the town, the roads and the hamlets."""
    blocks = polygonize([union_all([roads, *tracks, free.boundary])]).geoms
    parcels = np.array([block for block in blocks if free.contains(block.representative_point())], dtype=object)
    done = []
    while len(parcels):
        limit = 19_000 * rng.uniform(0.7, 1.6, len(parcels))
        small = np.array([parcel.area for parcel in parcels]) < limit
        done += list(parcels[small])
        parcels = halve(parcels[~small], rng)
    near = _scattered(free.intersection(outline.buffer(330)), 14, 470, rng)
    apart = _scattered(free.difference(outline.buffer(450)).intersection(outline.buffer(1200)), 7, 600, rng)
    centres = [*hamlets, *(Point(spot) for spot in near + apart)]
    fields = []
    for parcel in done:
        shape = parcel.buffer(-5, join_style="mitre").buffer(-2).buffer(2)
        if (
            shape.is_empty
            or shape.geom_type != "Polygon"
            or shape.area < 2200
            or 12.6 * shape.area / shape.length**2 < 0.38
        ):
            continue
        far = min(centre.distance(shape.centroid) for centre in centres)
        if far + rng.normal(0, 45) < 270 and rng.random() < 0.92:  # metres; some lie fallow
            fields.append(Park(kind="field", name="", shape=shape.intersection(free).simplify(0.5)))
    return fields


def _hamlets(free: BaseGeometry, roads: BaseGeometry, rng: np.random.Generator) -> list[tuple[Point, list[Polygon]]]:
    """Return the hamlets by the roads: a middle and the houses around it."""
    near_roads = free.buffer(-150).intersection(roads.buffer(85).difference(roads.buffer(45)))
    hamlets = []
    for x, y in _scattered(near_roads, 8, 620, rng):
        lean = rng.uniform(0, np.pi)
        houses: list[Polygon] = []
        for _ in range(int(rng.integers(26, 44))):
            reach, angle = 75 * math.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
            cx, cy = x + reach * math.cos(angle), y + reach * math.sin(angle)
            house = _farmhouse(cx, cy, lean + rng.normal(0, 0.12), rng)
            if (
                all(house.distance(other) > 4 for other in houses)
                and house.distance(roads) > 9
                and free.contains(house)
            ):
                houses.append(house)
        hamlets.append((Point(x, y), houses))
    return hamlets


def _farmhouse(x: float, y: float, lean: float, rng: np.random.Generator) -> Polygon:
    w, h = rng.uniform(9, 17), rng.uniform(7, 11)
    corners = np.array([(-w, -h), (w, -h), (w, h), (-w, h)]) / 2
    if rng.random() < 0.45:  # a farm with a wing
        corners = np.array([(-w, -h), (w, -h), (w, h), (0.2 * w, h), (0.2 * w, 0.1 * h), (-w, 0.1 * h)]) / 2
    turn = np.array([[math.cos(lean), math.sin(lean)], [-math.sin(lean), math.cos(lean)]])
    return Polygon(np.round(corners @ turn + (x, y), 2))


def _farms(
    hamlets: Sequence[tuple[Point, list[Polygon]]], fields: list[Park], rng: np.random.Generator
) -> list[Building]:
    """Return the houses of the hamlets; fields where houses stand are taken away."""
    houses = [house for _, group in hamlets for house in group]
    tree = STRtree(houses)
    fields[:] = [field for field in fields if not len(tree.query(field.shape, predicate="intersects"))]
    return [Building(kind="farm", storeys=int(rng.integers(1, 3)), shape=house) for house in houses]


def _woods(
    free: BaseGeometry,
    fields: BaseGeometry,
    roads: BaseGeometry,
    hamlets: Sequence[tuple[Point, list[Polygon]]],
    rng: np.random.Generator,
) -> list[Park]:
    """Return woods in the ground that fields leave, smaller groves among them."""
    taken = union_all([fields.buffer(9), roads.buffer(11), *(point.buffer(100) for point, _ in hamlets)])
    woods = []
    for x, y in _scattered(free.difference(taken), 46, 210, rng):
        radius = float(rng.choice([38, 55, 80, 120, 165], p=[0.26, 0.26, 0.22, 0.16, 0.10]))
        shape = blob(x, y, radius, rng, stretch=float(rng.uniform(1.0, 1.3))).intersection(free).difference(taken)
        shape = shape.buffer(-6).buffer(6)
        woods += [Park(kind="wood", name="", shape=part.simplify(0.8)) for part in get_parts(shape) if part.area > 1500]
        taken = union_all([taken, shape.buffer(14)])
    return woods
