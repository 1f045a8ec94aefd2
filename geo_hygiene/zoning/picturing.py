"""The picture of lists: the ground of a duty parted among its zones, each place to the zone of the nearest lane.

Lanes are sampled from both of their ends alike, so that the borders between the Voronoi cells of two lanes go exactly
through the junction where they meet. Borders between two zones become lines with few vertices that still cross no
lane, and one net of all of them is cut into faces: neighbours share their borders to the last digit, nothing lies
between them and nothing twice. A face is of the zone whose lanes lie in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import Delaunay, cKDTree

from geo_hygiene.zoning.plane import Shapes

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.float64]

STEP_M = 8.0
NEAR_STEPS = 0.25 * 1.7 ** np.arange(10)
"""Lanes are sampled at an even step, and in these distances from an end where another zone begins."""

TOLERANCE_M, FEW = 3.0, 4
"""Borders are simplified by as much, unless they have few vertices."""

AT_JUNCTION_M = 0.1
"""So near to a junction a border goes through it."""

GRID_M = 0.001
"""Grid on which borders meet."""

CROSSING_M = 0.05
"""Borders run so far beyond the ground, so that their ends cross its rim."""

FILLED_M, AROUND_M = 150.0, 70.0
"""What lies between lanes less than twice the first apart is worked ground, and so far around them."""

BLOCK_M2 = 500_000.0
"""What lanes enclose is worked ground too, up to so much."""

DECK_M = 6.0
"""A bridge is ground so far to each side."""

INSIDE_M, SHORT_M = 1.0, 10.0
"""A lane of another community has ground in this one where so much of it lies deeper inside."""

LANE_M = 1.0
"""Less of a lane inside a face does not tell whose it is."""

FAR = 20.0
"""Sites so many times as far away as all is wide close the outer cells."""


@dataclass(frozen=True, slots=True)
class Compartment:
    """Ground that is parted among some lanes; metres."""

    ground: shapely.Geometry
    members: Numbers
    """Numbers of the lanes."""


def compartments(
    lanes: Shapes, communities: Sequence[str | None], areas: Mapping[str, shapely.Geometry], water: Shapes
) -> list[Compartment]:
    """Return the worked ground around lanes, community by community, without water but for bridges.

    Parameters
    ----------
    lanes
        Lines or points, metres.
    communities
        Of each lane its community; what has none, or one whose area is not known, lies in a compartment of its own.
    areas
        Areas of communities by code, metres; they may overlap: a place is of the first.
    water
        Polygons, metres.
    """
    tree, wet = shapely.STRtree(lanes), shapely.STRtree(water)
    around = shapely.buffer(shapely.simplify(lanes, TOLERANCE_M), AROUND_M, quad_segs=2)
    known = np.array([code if code in areas else "" for code in communities])
    found = []
    for code in sorted(set(known), key=lambda one: (not one, one)):
        own = np.flatnonzero(known == code)
        near, members = own, own
        if code:
            near = np.union1d(own, tree.query(areas[code], predicate="dwithin", distance=2 * FILLED_M))
            members = np.union1d(own, _reaching_into(areas[code], near, lanes))
        ground = _worked(around[near])
        if code:
            ground = shapely.intersection(ground, areas[code])
        ponds = water[wet.query(ground, predicate="intersects")]
        if len(ponds):
            decks = shapely.buffer(shapely.union_all(lanes[members]), DECK_M, quad_segs=2)
            ground = shapely.difference(ground, shapely.difference(shapely.union_all(ponds), decks))
        found.append(Compartment(shapely.set_precision(_faces(ground), GRID_M), members))
    return found


def _worked(around: Shapes) -> shapely.Geometry:
    """Return what lies around lanes and between them."""
    apart = FILLED_M - AROUND_M
    filled = shapely.buffer(shapely.simplify(shapely.union_all(around), TOLERANCE_M), apart, quad_segs=2)
    closed = shapely.simplify(shapely.buffer(filled, -apart, quad_segs=2), TOLERANCE_M)
    return shapely.union_all([_without_small_holes(part) for part in shapely.get_parts(closed)])


def _without_small_holes(part: shapely.Polygon) -> shapely.Polygon:
    return shapely.Polygon(part.exterior, [hole for hole in part.interiors if shapely.Polygon(hole).area > BLOCK_M2])


def _reaching_into(area: shapely.Geometry, near: Numbers, lanes: Shapes) -> Numbers:
    inner = shapely.buffer(area, -INSIDE_M, quad_segs=1)
    shapely.prepare(inner)
    near = near[shapely.intersects(inner, lanes[near])]
    deep = shapely.length(shapely.intersection(lanes[near], inner))
    return near[(deep > SHORT_M) | (deep > shapely.length(lanes[near]) / 3)]


def _faces(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a shape."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape).tolist() if part.geom_type == "Polygon"])


def draw(lanes: Shapes, owners: Sequence[int], grounds: Sequence[Compartment]) -> dict[int, shapely.MultiPolygon]:
    """Return the picture of each owner of lanes; pictures share borders and no ground.

    Parameters
    ----------
    lanes
        Lines or points, metres.
    owners
        Of each lane the number of its zone.
    """
    zones = np.asarray(owners, dtype=np.int64)
    ends = shapely.get_coordinates([shapely.get_point(lanes, 0), shapely.get_point(lanes, -1)])
    junctions = cKDTree(ends) if len(ends) else None
    arcs = [arc for ground in grounds for arc in _arcs(ground, lanes, zones, junctions)]
    rims = [shapely.boundary(ground.ground) for ground in grounds]
    net = shapely.union_all([*rims, *arcs], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(net)))
    place, faces = _placed(faces, grounds)
    owner = _owned(faces, place, lanes, zones, grounds)
    return {
        int(zone): shapely.MultiPolygon(shapely.get_parts(shapely.coverage_union_all(faces[owner == zone])).tolist())
        for zone in np.unique(owner)
    }


def _placed(faces: Shapes, grounds: Sequence[Compartment]) -> tuple[Numbers, Shapes]:
    """Return the faces that lie in a compartment, each with the first that holds it."""
    insides = shapely.point_on_surface(faces)
    place = np.full(len(faces), len(grounds))
    tree = shapely.STRtree(insides)
    for number in reversed(range(len(grounds))):
        place[tree.query(grounds[number].ground, predicate="contains")] = number
    is_inside = place < len(grounds)
    return place[is_inside], faces[is_inside]


def _arcs(ground: Compartment, lanes: Shapes, zones: Numbers, junctions: cKDTree | None) -> list[shapely.LineString]:
    """Return the simplified borders between the zones of a compartment, each once."""
    sides, borders = _cell_borders(lanes[ground.members], zones[ground.members])
    if not len(sides):
        return []
    room = shapely.buffer(ground.ground, CROSSING_M, quad_segs=1)
    shapely.prepare(room)
    tree = shapely.STRtree(lanes[ground.members])
    order = np.lexsort(sides.T)
    changes = np.flatnonzero(np.diff(sides[order], axis=0).any(axis=1)) + 1
    arcs: list[shapely.LineString] = []
    for members in np.split(order, changes):
        lines: Any = shapely.linestrings(borders[members])
        merged = shapely.line_merge(shapely.multilinestrings(lines))
        for line in shapely.get_parts(merged):
            for arc in _at_junctions(line, junctions):
                clipped = arc if room.contains(arc) else shapely.line_merge(shapely.intersection(arc, room))
                for part in shapely.get_parts(clipped):
                    if part.geom_type == "LineString":
                        arcs += _simplified(part, tree)
    return arcs


def _cell_borders(lanes: Shapes, zones: Numbers) -> tuple[Numbers, Places]:
    """Return the pieces of border between cells of different zones: the two zones, and both ends of each."""
    none = np.zeros((0, 2), dtype=np.int64), np.zeros((0, 2, 2))
    if len(set(zones.tolist())) < 2:  # noqa: PLR2004 - no border
        return none
    places, lane = _sampled(lanes, zones)
    middle, far = places.mean(axis=0), FAR * max(float(np.ptp(places, axis=0).max()), 1.0)
    angles = np.arange(0, 2 * np.pi, 0.5)
    ring = far * np.column_stack([np.cos(angles), np.sin(angles)])
    sites = np.vstack([places - middle, ring])
    cells = Delaunay(sites)
    owner = np.concatenate([zones[lane], np.full(len(ring), -1)])
    # each corner of a triangle faces a side, and beyond it another triangle: cells border between their two centres
    sides = np.sort(np.stack([owner[cells.simplices[:, [1, 2, 0]]], owner[cells.simplices[:, [2, 0, 1]]]], axis=2))
    is_border = (sides[:, :, 0] >= 0) & (sides[:, :, 0] != sides[:, :, 1])
    is_border &= cells.neighbors > np.arange(len(cells.simplices))[:, None]
    one, corner = np.nonzero(is_border)
    both = np.column_stack([one, cells.neighbors[one, corner]])
    borders = np.round(_centres(sites[cells.simplices[both]]) + middle, 6)
    has_length = np.isfinite(borders).all(axis=(1, 2)) & (borders[:, 0] != borders[:, 1]).any(axis=1)
    return sides[one, corner][has_length], borders[has_length]


def _centres(triangles: Places) -> Places:
    """Return the centre of the circle through the corners of each triangle."""
    first = triangles[..., 0, :]
    (bx, by), (cx, cy) = (np.moveaxis(triangles[..., corner, :] - first, -1, 0) for corner in (1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        double = 2 * (bx * cy - by * cx)
        b, c = bx * bx + by * by, cx * cx + cy * cy
        away = np.stack([(cy * b - by * c) / double, (bx * c - cx * b) / double], axis=-1)
    centres: Places = first + away
    return centres


def _sampled(lanes: Shapes, zones: Numbers) -> tuple[Places, Numbers]:
    """Return places along lanes, and the number of the lane of each."""
    lengths, meets = shapely.length(lanes).tolist(), _meet_others(lanes, zones).tolist()
    steps = [_steps(length, *dense) for length, dense in zip(lengths, meets, strict=True)]
    lane = np.repeat(np.arange(len(lanes)), [len(own) for own in steps])
    along = np.concatenate(steps)
    is_line = shapely.get_dimensions(lanes)[lane] == 1
    places = shapely.get_coordinates(shapely.centroid(lanes))[lane]
    places[is_line] = shapely.get_coordinates(shapely.line_interpolate_point(lanes[lane[is_line]], along[is_line]))
    return places, lane


def _meet_others(lanes: Shapes, zones: Numbers) -> npt.NDArray[np.bool_]:
    """Tell of both ends of each lane whether lanes of other zones meet there."""
    is_line = shapely.get_dimensions(lanes) == 1
    ends = np.zeros((len(lanes), 2, 2))
    for end in (0, -1):
        ends[is_line, end] = shapely.get_coordinates(shapely.get_point(lanes[is_line], end))
    met, junction = np.unique(np.round(ends.reshape(-1, 2), 2), axis=0, return_inverse=True)
    least, most = np.full(len(met), zones.max()), np.full(len(met), zones.min())
    np.minimum.at(least, junction.ravel(), np.repeat(zones, 2))
    np.maximum.at(most, junction.ravel(), np.repeat(zones, 2))
    mixed: npt.NDArray[np.bool_] = (least != most)[junction].reshape(-1, 2)
    return mixed


def _steps(length: float, dense_start: bool, dense_end: bool) -> Places:  # noqa: FBT001 - one of each end
    """Return distances along a lane: even steps, and dense ones from an end where others meet it."""
    near = NEAR_STEPS[min(STEP_M, length / 2) > NEAR_STEPS]
    start, end = (near if dense else near[-1:] for dense in (dense_start, dense_end))
    between = length - 2 * near[-1] if len(near) else length
    count = int(between // STEP_M) + (not len(near))
    inner = (near[-1] if len(near) else 0.0) + between * np.arange(1, count + 1) / (count + 1)
    return np.concatenate([start, inner, length - end[::-1]])


def _at_junctions(line: shapely.LineString, junctions: cKDTree | None) -> Iterator[shapely.LineString]:
    """Yield the parts of a border between the junctions that it goes through, which are its vertices then."""
    places = shapely.get_coordinates(line)
    if junctions is None:
        yield line
        return
    away, nearest = junctions.query(places, distance_upper_bound=AT_JUNCTION_M)
    met = np.isfinite(away)
    places[met] = junctions.data[nearest[met]]
    cuts = [0, *(np.flatnonzero(met[1:-1]) + 1).tolist(), len(places) - 1]
    for start, end in pairwise(cuts):
        part = shapely.remove_repeated_points(shapely.LineString(places[start : end + 1]))
        if part.length > 0:
            yield part


def _simplified(line: shapely.LineString, lanes: shapely.STRtree) -> Iterator[shapely.LineString]:
    """Yield a border with fewer vertices that crosses no lane, in parts where it would as a whole."""
    simple = shapely.simplify(line, TOLERANCE_M)
    places = shapely.get_coordinates(line)
    if len(places) <= FEW or not len(lanes.query(simple, predicate="crosses")):
        yield simple if len(places) > FEW else line
        return
    middle = len(places) // 2
    for part in (places[: middle + 1], places[middle:]):
        yield from _simplified(shapely.LineString(part), lanes)


def _owned(faces: Shapes, place: Numbers, lanes: Shapes, zones: Numbers, grounds: Sequence[Compartment]) -> Numbers:
    """Return the zone of each face: whose lanes lie in it, else that of the face beside with most common border."""
    owner = np.full(len(faces), -1, dtype=np.int64)
    for number, ground in enumerate(grounds):
        here = np.flatnonzero(place == number)
        if not len(here):
            continue
        own = lanes[ground.members]
        lane, face = shapely.STRtree(faces[here]).query(own, predicate="intersects")
        inside = shapely.length(shapely.intersection(own[lane], faces[here][face]))
        inside[shapely.get_dimensions(own[lane]) == 0] = 2 * LANE_M
        order, zone = np.unique(zones[ground.members], return_inverse=True)
        metres = np.zeros((len(here), len(order)))
        np.add.at(metres, (face, zone[lane]), inside)
        best = metres.argmax(axis=1)
        told = metres[np.arange(len(here)), best] > LANE_M
        owner[here[told]] = order[best[told]]
        _spread(faces[here], here, owner)
        bare = here[owner[here] < 0]
        nearest = shapely.STRtree(own).nearest(shapely.point_on_surface(faces[bare])) if len(bare) else []
        owner[bare] = zones[ground.members][nearest]
    return owner


def _spread(faces: Shapes, numbers: Numbers, owner: Numbers) -> None:
    """Give faces without an owner to that of the face beside with most common border, from the owned ones on."""
    bare = np.flatnonzero(owner[numbers] < 0)
    if not len(bare):
        return
    one, other = shapely.STRtree(faces).query(faces[bare], predicate="intersects")
    one = bare[one]
    shared = shapely.length(shapely.intersection(shapely.boundary(faces[one]), shapely.boundary(faces[other])))
    order = np.argsort(-shared, kind="stable")
    order = order[(shared[order] > 0) & (one[order] != other[order])]
    pairs = list(zip(numbers[one[order]].tolist(), numbers[other[order]].tolist(), strict=True))
    while True:
        gained: dict[int, int] = {}
        for face, beside in pairs:
            if owner[face] < 0 <= owner[beside]:
                gained.setdefault(face, int(owner[beside]))
        if not gained:
            return
        for face, zone in gained.items():
            owner[face] = zone
