"""Septic tanks and facilities, placed where a town has them."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from shapely import Point, STRtree
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.areas import Area, AreaPlan
from geo_hygiene.sample.buildings import Building, Park
from geo_hygiene.sample.field import Field
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.segments import Segment


@dataclass(frozen=True, kw_only=True)
class Tank:
    """A septic tank beside a building."""

    code: str
    name: str
    volume: float
    households: int
    group: str
    place: Point


@dataclass(frozen=True, kw_only=True)
class Facility:
    """A place that needs care or belongs on the map."""

    code: str
    name: str
    kind: str
    group: str
    place: Point


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How many facilities of a kind stand where."""

    kind: str
    prefix: str
    title: str
    count: int
    apart: float
    quarter: str


KINDS = (
    _Kind(kind="public_toilet", prefix="GC", title="公厕", count=38, apart=230, quarter="any"),
    _Kind(kind="bin", prefix="TX", title="垃圾桶", count=320, apart=38, quarter="any"),
    _Kind(kind="transfer_station", prefix="ZZ", title="垃圾中转站", count=8, apart=650, quarter="fringe"),
    _Kind(kind="market", prefix="SC", title="农贸市场", count=7, apart=480, quarter="any"),
    _Kind(kind="school", prefix="XX", title="学校", count=10, apart=430, quarter="any"),
    _Kind(kind="restaurant", prefix="CY", title="餐馆", count=72, apart=45, quarter="core"),
    _Kind(kind="well", prefix="SJ", title="水井", count=9, apart=110, quarter="old"),
    _Kind(kind="clinic", prefix="WS", title="卫生服务站", count=8, apart=520, quarter="any"),
    _Kind(kind="fitness_ground", prefix="JS", title="健身场地", count=14, apart=330, quarter="any"),
    _Kind(kind="other", prefix="QT", title="公交首末站", count=3, apart=900, quarter="fringe"),
)
PER_COMMUNITY = (("noticeboard", "XC", "宣传栏"), ("culture_room", "WH", "文化活动室"), ("library", "TS", "图书室"))


class GroupFinder:
    """Tells in which resident group a place lies."""

    def __init__(self, areas: AreaPlan) -> None:
        self.groups: list[Area] = areas.level("group")
        self.tree = STRtree([group.shape for group in self.groups])

    def code(self, place: Point) -> str | None:
        """Return the code of the group, ``None`` outside of all."""
        found = sorted(self.tree.query(place, predicate="within"))
        return self.groups[found[0]].code if found else None


def make_tanks(
    town: Town, buildings: Sequence[Building], segments: Sequence[Segment], areas: AreaPlan, rng: np.random.Generator
) -> list[Tank]:
    """Return the septic tanks, more of them beside big houses, none in another's house."""
    finder = GroupFinder(areas)
    houses = STRtree([building.shape for building in buildings])
    lanes = STRtree([segment.line for segment in segments])
    floors = np.array([building.shape.area * building.storeys for building in buildings])
    weight = np.sqrt(floors) / np.sqrt(floors).sum()
    found: list[tuple[str, Point, int]] = []
    for index in rng.choice(len(buildings), size=min(2 * town.tanks, len(buildings)), replace=False, p=weight):
        place = _beside(buildings[index].shape, houses, rng)
        group = finder.code(place) if place is not None else None
        if place is not None and group is not None and len(found) < town.tanks:
            found.append((group, place, int(index)))
    found.sort(key=lambda item: (item[0], item[1].x, item[1].y))
    tanks = []
    for number, (group, place, index) in enumerate(found, start=1):
        households = int(np.clip(round(floors[index] / 110), 2, 96))
        volume = float(next(size for size in (4, 6, 9, 12, 16, 20, 30, 40, 50, 75, 100) if size >= 0.9 * households))
        lane = segments[int(lanes.nearest(place))].lane.name
        tanks.append(
            Tank(
                code=f"HF{number:03d}",
                name=f"{lane}化粪池",
                volume=volume,
                households=households,
                group=group,
                place=place,
            )
        )
    return tanks


def _beside(shape: BaseGeometry, houses: STRtree, rng: np.random.Generator) -> Point | None:
    """Return a place just outside a house, free of others."""
    rim = shape.buffer(1.6).exterior
    for share in rng.random(6):
        spot = rim.interpolate(share, normalized=True)
        if not len(houses.query(spot, predicate="intersects")):
            return Point(round(spot.x, 2), round(spot.y, 2))
    return None


def make_facilities(
    segments: Sequence[Segment], parks: Sequence[Park], areas: AreaPlan, field: Field, rng: np.random.Generator
) -> list[Facility]:
    """Return all facilities, numbered by kind."""
    finder = GroupFinder(areas)
    found: list[Facility] = []

    def add(kind: str, prefix: str, name: str, place: Point) -> None:
        number = sum(one.kind == kind for one in found) + 1
        group = finder.code(place)
        if group is not None:
            found.append(Facility(code=f"{prefix}{number:03d}", name=name, kind=kind, group=group, place=place))

    for rule in KINDS:
        fits = _fits(rule.quarter, areas, field)
        for n, place in _roadside(rule, segments, fits, finder, rng):
            add(rule.kind, rule.prefix, f"{segments[n].lane.name}{rule.title}", place)
    for community in areas.level("community"):
        homes = [n for n in range(len(segments)) if areas.community_of[n] == community.code and not segments[n].level]
        middle = community.shape.centroid
        homes.sort(key=lambda n: segments[n].line.distance(middle))
        for (kind, prefix, title), n in zip(PER_COMMUNITY, homes, strict=False):
            add(kind, prefix, f"{community.name}{title}", kerb_place(segments[n], 0.5, 1.0))
    for park in parks:
        if park.kind == "park" and park.name:
            spot = park.shape.buffer(-4).boundary.interpolate(0.1, normalized=True)  # beside a lake, not in it
            add("park", "GY", park.name, Point(round(spot.x, 2), round(spot.y, 2)))
    return found


def _fits(quarter: str, areas: AreaPlan, field: Field) -> Callable[[int, Point], bool]:
    if quarter == "core":
        return lambda n, _: areas.zone_class_of(n) == "core"
    if quarter == "fringe":
        return lambda n, _: areas.zone_class_of(n) == "fringe"
    if quarter == "old":
        return lambda _, place: field.at(field.old, place.x, place.y) > 0.6
    return lambda _n, _place: True


def kerb_place(segment: Segment, share: float, side: float) -> Point:
    """Return a place beside a street, ``share`` of its way along, left (1) or right (-1) of it."""
    at = share * segment.line.length
    a, b = segment.line.interpolate(at - 1), segment.line.interpolate(at + 1)
    dx, dy = b.x - a.x, b.y - a.y
    size = (dx * dx + dy * dy) ** 0.5
    reach = side * (segment.width / 2 + 2.2) / size
    middle = segment.line.interpolate(at)
    return Point(round(middle.x - dy * reach, 2), round(middle.y + dx * reach, 2))


def _roadside(
    rule: _Kind,
    segments: Sequence[Segment],
    fits: Callable[[int, Point], bool],
    finder: GroupFinder,
    rng: np.random.Generator,
) -> list[tuple[int, Point]]:
    """Return places at the kerb, none nearer than the rule allows to another."""
    lengths = np.array([0.0 if segment.level else segment.line.length for segment in segments])
    tries = rng.choice(len(segments), size=40 * rule.count, p=lengths / lengths.sum())
    shares, sides = rng.uniform(0.15, 0.85, len(tries)), rng.choice([-1.0, 1.0], len(tries))
    found: list[tuple[int, Point]] = []
    spots = np.full((rule.count, 2), 1e9)
    for n, share, side in zip(tries, shares, sides, strict=True):
        if len(found) == rule.count:
            break
        place = kerb_place(segments[n], float(share), float(side))
        if np.hypot(*(spots - (place.x, place.y)).T).min() < rule.apart or not fits(int(n), place):
            continue
        if finder.code(place) is not None:
            spots[len(found)] = place.x, place.y
            found.append((int(n), place))
    return sorted(found, key=lambda item: (item[1].x, item[1].y))
