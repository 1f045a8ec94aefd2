"""Parks and buildings: the ground between the streets, parcelled until a house fits."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import (
    Polygon,
    area,
    get_coordinates,
    get_parts,
    intersection,
    oriented_envelope,
    polygons,
    union_all,
)
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.field import Field
from geo_hygiene.sample.names import PARKS
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.river import River
from geo_hygiene.sample.segments import Segment
from geo_hygiene.sample.shapes import blob, middle_of, polygons_of, solid

FOOTWAY = {"arterial": 5.0, "street": 3.5, "lane": 1.6, "alley": 0.8}
"""Metres between the kerb and the parcels."""

LAKES = {"翠湖公园": "翠湖", "北湖公园": "北湖", "东湖公园": "东湖", "柳荫园": "柳荫塘"}


@dataclass(frozen=True, kw_only=True)
class Building:
    """A house with its floors."""

    kind: str
    storeys: int
    shape: Polygon


@dataclass(frozen=True, kw_only=True)
class Park:
    """A green space of the town or the country around it."""

    kind: str
    name: str
    shape: BaseGeometry


def make_blocks(segments: Sequence[Segment], river: River, outline: Polygon) -> list[Polygon]:
    """Return the ground between the streets, without the river and its embankments."""
    streets = [segment.line.buffer(segment.width / 2 + FOOTWAY[segment.category], quad_segs=2) for segment in segments]
    ground = outline.difference(union_all([*streets, river.corridor.buffer(4)]))
    return [part for part in get_parts(ground) if part.area > 90]  # square metres


def make_parks(
    town: Town,
    blocks: Sequence[Polygon],
    segments: Sequence[Segment],
    field: Field,
    river: River,
    outline: Polygon,
    rng: np.random.Generator,
) -> tuple[list[Park], list[tuple[str, BaseGeometry]], list[Polygon]]:
    """Return the green of the town, the lakes in its parks by name, and the blocks that are left to build on."""
    chosen = _choose_parks(town, blocks, field, rng)
    parks: list[Park] = []
    lakes: list[tuple[str, BaseGeometry]] = []
    for name, i in zip(PARKS, chosen, strict=False):
        shape: BaseGeometry = blocks[i].buffer(-1.5)
        if name in LAKES:
            spot = blocks[i].representative_point()
            lake = blob(spot.x, spot.y, 0.34 * math.sqrt(blocks[i].area), rng, stretch=1.15)
            lakes.append((LAKES[name], solid(lake.intersection(blocks[i].buffer(-9)))))
        parks.append(Park(kind="park", name=name, shape=shape))
    for i in _kitchen_gardens(blocks, field, rng):
        if i not in chosen:
            chosen.append(i)
            parks.append(Park(kind="field", name="", shape=blocks[i].buffer(-2.5)))
    verges = embankment_parks(river, outline, segments)
    parks += [Park(kind="verge", name="滨江绿带", shape=shape) for shape in verges]
    return parks, lakes, [block for i, block in enumerate(blocks) if i not in chosen]


def _choose_parks(town: Town, blocks: Sequence[Polygon], field: Field, rng: np.random.Generator) -> list[int]:
    """Return the numbers of the blocks that are parks: the old square first, then others well apart."""
    square = min(range(len(blocks)), key=lambda i: math.dist(middle_of(blocks[i]), town.old_centre))
    chosen = [square]
    wide = [
        i
        for i, block in enumerate(blocks)
        if 4500 < block.area < 42_000 and 4 * np.pi * block.area / block.length**2 > 0.52
    ]
    for i in rng.permutation(wide):
        x, y = middle_of(blocks[i])
        inner = field.at(field.built, x, y) > 0.3 and field.at(field.old, x, y) < 0.8
        apart = all(blocks[i].centroid.distance(blocks[j].centroid) > 430 for j in chosen)
        if inner and apart and len(chosen) < len(PARKS):
            chosen.append(int(i))
    return chosen


def _kitchen_gardens(blocks: Sequence[Polygon], field: Field, rng: np.random.Generator) -> list[int]:
    """Return blocks at the town's rim where vegetables still grow."""
    found = []
    for i, block in enumerate(blocks):
        x, y = middle_of(block)
        rim = field.at(field.built, x, y) < 0.5 and field.at(field.village, x, y) < 0.2
        if rim and 5000 < block.area < 60_000 and rng.random() < 0.34:  # square metres
            found.append(i)
    return found


def embankment_parks(river: River, outline: Polygon, segments: Sequence[Segment]) -> list[BaseGeometry]:
    """Return the strips of green between the water and the embankment roads."""
    roads = union_all(
        [s.line.buffer(s.width / 2 + 4, quad_segs=2) for s in segments if s.line.distance(river.water) < 40]
    )
    strip = river.corridor.intersection(outline.buffer(-20)).difference(river.water.buffer(5)).difference(roads)
    return [part.buffer(-2).buffer(2) for part in get_parts(strip) if part.area > 900]  # square metres


def make_buildings(town: Town, blocks: Sequence[Polygon], field: Field, rng: np.random.Generator) -> list[Building]:
    """Return the houses of all blocks: small and close in the old town, bigger and apart in the newer quarters."""
    shapes, olds, builts = _parcels(blocks, field, rng)
    angle = np.arange(0, 2 * np.pi, np.pi / 4)
    x, y = town.old_centre
    tower = Polygon(np.round(np.column_stack([x + 11 * np.cos(angle), y + 11 * np.sin(angle)]), 2))
    found = [Building(kind="culture", storeys=3, shape=tower)]
    for shape, old, built in zip(shapes, olds, builts, strict=True):
        house = _house(shape, old, built, rng)
        if house is not None:
            found.append(house)
    return found


def _parcels(
    blocks: Sequence[Polygon], field: Field, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.float64]]:
    """Return parcels with how old and how built-up their ground is; each block is halved until a parcel is small."""
    todo = np.array(blocks, dtype=object)
    done: list[NDArray[np.object_]] = []
    kept: list[NDArray[np.float64]] = []
    while len(todo):
        spots = get_coordinates([shape.representative_point() for shape in todo])
        old = np.array([max(field.at(field.old, x, y), field.at(field.village, x, y)) for x, y in spots])
        built = np.array([field.at(field.built, x, y) for x, y in spots])
        limit = np.where(old > 0.5, 380.0, np.where(built > 0.5, 1500.0, 2400.0)) * rng.uniform(0.7, 1.35, len(todo))
        small = area(todo) < limit
        done.append(todo[small])
        kept.append(np.column_stack([old, built])[small])
        todo = halve(todo[~small], rng)
    traits = np.vstack(kept)
    return np.concatenate(done), traits[:, 0], traits[:, 1]


def halve(shapes: NDArray[np.object_], rng: np.random.Generator) -> NDArray[np.object_]:
    """Return the parts of polygons cut across the long side of their least rotated rectangle."""
    if not len(shapes):
        return shapes
    corners = get_coordinates(oriented_envelope(shapes)).reshape(len(shapes), 5, 2)
    sides = np.hypot(*np.moveaxis(corners[:, 1:3] - corners[:, 0:2], -1, 0))
    turned = sides[:, 1] > sides[:, 0]
    corners[turned] = np.concatenate([corners[turned, 1:], corners[turned, 1:2]], axis=1)
    share = rng.uniform(0.42, 0.58, len(shapes))[:, None]
    a, b, c, d = (corners[:, k] for k in range(4))
    cut_a, cut_b = a + share * (b - a), d + share * (c - d)
    grow = 0.5 * ((a - d) + (b - c)) * 0.05  # the halves reach a little beyond the rectangle
    first = polygons(np.stack([a + grow, cut_a + grow, cut_b - grow, d - grow], axis=1))
    second = polygons(np.stack([cut_a + grow, b + grow, c - grow, cut_b - grow], axis=1))
    parts = get_parts(np.concatenate([intersection(shapes, first), intersection(shapes, second)]))
    return parts[area(parts) > 40]  # square metres


def _house(shape: Polygon, old: float, built: float, rng: np.random.Generator) -> Building | None:
    """Return the house on a parcel, or nothing where the parcel stays open."""
    dense = old > 0.5
    chance = 0.94 if dense else (0.86 if built > 0.5 else 0.34)
    if rng.random() > chance:
        return None
    inset = rng.uniform(0.9, 1.8) if dense else rng.uniform(3.5, 7.5)
    parts = polygons_of(shape.buffer(-inset, join_style="mitre").simplify(0.8))
    body = max(parts, key=lambda part: part.area, default=Polygon())
    least = 45.0 if dense else 120.0
    if body.area < least or 4 * np.pi * body.area / body.length**2 < 0.42:
        return None
    body = Polygon(body.exterior)
    if not dense and rng.random() < 0.45:
        body = _slab(body, rng)
    storeys = (
        int(rng.integers(1, 4))
        if dense
        else int(rng.choice([3, 5, 6, 6, 7, 11, 18] if built > 0.5 else [1, 2, 2, 3, 5]))
    )
    kind = str(
        rng.choice(
            ["residential", "residential", "residential", "mixed", "commercial"]
            if dense or built > 0.5
            else ["residential", "residential", "workshop"]
        )
    )
    return Building(kind=kind, storeys=storeys, shape=body)


def _slab(body: Polygon, rng: np.random.Generator) -> Polygon:
    """Return a long, narrow part of a body, as blocks of flats are."""
    corners = get_coordinates(oriented_envelope(body))
    sides = np.hypot(*(corners[1:3] - corners[0:2]).T)
    if sides[1] > sides[0]:
        corners = np.concatenate([corners[1:], corners[1:2]])
    share = rng.uniform(0.5, 0.7)
    a, b, c, d = corners[:4]
    slab = Polygon([a, b, b + share * (c - b), a + share * (d - a)]).intersection(body)
    part = max(polygons_of(slab), key=lambda part: part.area)
    return part if part.area > 110 else body
