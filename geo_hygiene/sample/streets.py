"""The raw streets of the sample town: fixed ones first, then arterials, streets and lanes along the field."""

# ruff: noqa: PLR2004 - metres, degrees and shares that shape a synthetic town stand where they are used

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from shapely import LineString, Polygon, STRtree, contains_xy, distance, get_parts, line_merge, points
from shapely.geometry.base import BaseGeometry

from geo_hygiene.sample.cleaning import (
    add_courts,
    clean,
    demote_tails,
    finish,
    join_dead_ends,
    promote_links,
    thin,
    tidy,
)
from geo_hygiene.sample.field import Field, old_rings
from geo_hygiene.sample.network import Network, join_chains, node_lines, renode
from geo_hygiene.sample.parameters import Town
from geo_hygiene.sample.river import River
from geo_hygiene.sample.streamlines import Coordinates, Level, Streamline, Tracer

WALL_WOBBLE = 0.025
SQUARE_WOBBLE = 0.03


def make_ground(town: Town, rng: np.random.Generator) -> Polygon:
    """Return the outline within which streets may run: an oval with bays and tongues."""
    angle = np.linspace(0, 2 * np.pi, 181)[:-1]
    reach = (np.abs(np.cos(angle) / town.half_width) ** 2.5 + np.abs(np.sin(angle) / town.half_height) ** 2.5) ** -0.4
    wave = sum(
        rng.uniform(0.5, 1.0) * 0.10 / math.sqrt(k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
        for k in range(3, 11)
    )
    reach = reach * (0.93 + 0.55 * wave)
    return Polygon(np.round(np.column_stack([reach * np.cos(angle), reach * np.sin(angle)]), 2))


def ring(town: Town, radius: float, wobble: float) -> LineString:
    """Return a closed street around the old centre, ``radius`` metres across the old town's axis."""
    angle = np.linspace(0, 2 * np.pi, max(36, int(radius / 2)) + 1)
    x, y = town.old_centre
    far, _ = old_rings(town, x + np.cos(angle), y + np.sin(angle))
    reach = radius / far * (1 + wobble * (np.cos(2 * angle + 0.6) + 0.8 * np.cos(5 * angle + 2.0)))
    return LineString(np.round(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]), 3))


class Plan:
    """The streets while they are drawn, with the rasters that say where each class may run."""

    def __init__(self, town: Town, field: Field, river: River, ground: Polygon, rng: np.random.Generator) -> None:
        self.town, self.field, self.river, self.rng = town, field, river, rng
        self.tracer = Tracer(field)
        x, y = self.tracer.centres()
        self.dry = ~contains_xy(river.corridor, x, y)
        self.town_ground = contains_xy(ground, x, y)
        rim = ground.exterior
        shape = self.tracer.shape
        self.to_rim = distance(points(x[::8, ::8], y[::8, ::8]), rim).repeat(8, 0).repeat(8, 1)[: shape[0], : shape[1]]
        wall = Polygon(ring(town, town.wall_radius, WALL_WOBBLE))
        to_centre, _ = old_rings(town, x, y)
        self.walled = contains_xy(wall, x, y).astype(np.int64)
        self.open = to_centre > town.square_radius + 9
        self.ground, self.wall = ground, wall
        self.lane_spacing = self.tracer.raster(field.spacing)

    def level(self, category: str) -> Level:
        """Return the rules of a class of streets."""
        town, lanes = self.town, self.lane_spacing
        if category == "arterial":
            spacing = np.full(self.tracer.shape, town.arterial_spacing)
            ground = self.town_ground & (self.walled == 0)
            return Level(
                category=category,
                spacing=spacing,
                ground=ground,
                seeds=ground & (self.to_rim > 200),
                zone=self.walled,
                shortest=500,
                longest=6000,
            )
        spacing = np.maximum(town.street_spacing, 2.3 * lanes) if category == "street" else lanes
        ground = self.town_ground & self.dry & self.open
        shortest, longest = (180.0, 1700.0) if category == "street" else (55.0, town.longest_lane)
        return Level(
            category=category,
            spacing=spacing,
            ground=ground,
            seeds=ground & (self.to_rim > (95 if category == "street" else 30)),
            zone=self.walled,
            shortest=shortest,
            longest=longest,
            crooked=category == "lane",
        )

    def draw(self) -> list[Streamline]:
        """Return all raw streets, ends joined to the next street where that is near."""
        self._fixed_streets()
        self._gates()
        for category, reach in (("arterial", 260.0), ("street", 180.0), ("lane", 0.0)):
            first = len(self.tracer.lines)
            self.tracer.fill(self.level(category), rng=self.rng)
            if category == "arterial":
                self._end_on_land(first)
            self._join_ends(first, reach)
        return self.tracer.lines

    def _fixed_streets(self) -> None:
        reach = self.town.arterial_spacing
        edge = LineString(self.river.corridor.exterior)
        for part in get_parts(edge.intersection(self.ground)):
            self.tracer.add(resample(part, 12.0), "street", 0, reach)
        wall = ring(self.town, self.town.wall_radius, WALL_WOBBLE).difference(self.river.corridor.buffer(-3))
        part = max(getattr(merge(wall), "geoms", [merge(wall)]), key=lambda line: line.length)
        self.tracer.add(resample(part, 12.0), "arterial", 0, reach)
        self.tracer.add(resample(ring(self.town, self.town.square_radius, SQUARE_WOBBLE), 6.0), "street", 0, 60.0)

    def _gates(self) -> None:
        """Draw the four main streets of the old town and the roads that go on from its gates."""
        town = self.town
        x, y = town.old_centre
        free = np.zeros(self.tracer.shape)  # these run whatever is near
        level, beyond = replace(self.level("street"), spacing=free), replace(self.level("arterial"), spacing=free)
        for bearing in town.gates:
            dx, dy = math.cos(math.radians(bearing)), math.sin(math.radians(bearing))
            far, _ = old_rings(town, np.array(x + dx), np.array(y + dy))
            edge = town.square_radius / float(far)
            inner = np.array(self.tracer.walk((x + (edge + 14) * dx, y + (edge + 14) * dy), (dx, dy), 1, level))
            ends = np.array([x + 0.8 * edge * dx, y + 0.8 * edge * dy])  # surely over the lane around the square
            self.tracer.add(np.vstack([ends, inner]), "street", 1, 200.0)
            self._road_from(inner, beyond)

    def _road_from(self, inner: Coordinates, level: Level) -> None:
        dx, dy = inner[-1] - inner[-4]
        size = math.hypot(dx, dy)
        start = (inner[-1][0] + 90 * dx / size, inner[-1][1] + 90 * dy / size)
        while self.walled[self.tracer.cell(*start)]:
            start = (start[0] + 10 * dx / size, start[1] + 10 * dy / size)
        along = [abs(np.dot(self.field.direction(*start, family), (dx / size, dy / size))) for family in (0, 1)]
        family = int(along[1] > along[0])
        road = self.tracer.walk(start, (dx, dy), family, level)
        self.tracer.add(
            smooth(np.vstack([inner[-1:], np.array(road)]), 90.0), "arterial", family, 1.25 * self.town.arterial_spacing
        )

    def _end_on_land(self, first: int) -> None:
        """Cut back roads that end on a bridge, to the embankment."""
        for index in range(first, len(self.tracer.lines)):
            line = self.tracer.lines[index]
            wet = contains_xy(self.river.corridor, *line.points.T)
            dry = np.flatnonzero(~wet)
            points = line.points[max(dry[0] - 1, 0) : dry[-1] + 2]
            self.tracer.lines[index] = replace(line, points=points)

    def _join_ends(self, first: int, reach: float) -> None:
        """Let the ends of the lines from ``first`` on run to the next street, or cut what dangles."""
        lines = self.tracer.lines
        shapes = [LineString(line.points) for line in lines]
        tree = STRtree(shapes)
        for index in range(first, len(lines)):
            points = lines[index].points
            for at_end in (True, False):
                points = points if at_end else points[::-1]
                room = reach or min(150.0, 0.85 * self.lane_spacing[self.tracer.cell(*points[-1])])
                hit = self._next_street(points, room, index, shapes, tree)
                if hit is not None:
                    points = np.vstack([points, hit])  # a little beyond, so that the lines surely cross
                points = points if at_end else points[::-1]
            lines[index] = Streamline(points, lines[index].category, lines[index].family)

    def _next_street(
        self, points: Coordinates, room: float, own: int, shapes: list[LineString], tree: STRtree
    ) -> Coordinates | None:
        end = points[-1]
        heading = end - points[max(-5, -len(points))]
        heading = heading / np.hypot(*heading)
        ray = LineString([end - 0.5 * heading, end + room * heading])
        best: tuple[float, Coordinates] | None = None
        for other in tree.query(ray, predicate="intersects"):
            if other == own:
                continue
            for x, y in meeting_points(ray, shapes[other]):
                far = math.hypot(x - end[0], y - end[1])
                if best is None or far < best[0]:
                    best = (far, np.array([x, y]) + 0.5 * heading)
        return None if best is None else best[1]


def make_network(town: Town, field: Field, river: River, ground: Polygon, rng: np.random.Generator) -> Network:
    """Return the finished street network of a town."""
    lines = Plan(town, field, river, ground, rng).draw()
    network = clean(node_lines(lines))
    join_dead_ends(network, 170.0, river.middle, ground)
    network = clean(renode(network))
    thin(network, rng)
    promote_links(network, 90.0)
    demote_tails(network, 190.0, ground)
    join_chains(network)
    tidy(network)
    add_courts(network, field, river.middle, rng)
    finish(network, town.longest_segment, river.middle)
    return network


def merge(shape: BaseGeometry) -> BaseGeometry:
    """Return lines joined where their ends meet."""
    return shape if shape.geom_type == "LineString" else line_merge(shape)


def meeting_points(a: BaseGeometry, b: BaseGeometry) -> list[tuple[float, float]]:
    """Return the places where two lines meet."""
    shape = a.intersection(b)
    parts = getattr(shape, "geoms", [shape])
    return [(part.coords[0][0], part.coords[0][1]) for part in parts if not part.is_empty]


def smooth(points: Coordinates, reach: float) -> Coordinates:
    """Return a line without sharp bends: each place becomes the mean of ``reach`` metres around it."""
    line = LineString(points)
    fine = resample(line, 6.0)
    half = int(reach / 12)
    padded = np.vstack([2 * fine[0] - fine[half:0:-1], fine, 2 * fine[-1] - fine[-2 : -half - 2 : -1]])
    total = np.cumsum(np.vstack([np.zeros(2), padded]), axis=0)
    return np.asarray(np.round((total[2 * half + 1 :] - total[: -2 * half - 1]) / (2 * half + 1), 3))


def resample(line: LineString, step: float) -> Coordinates:
    """Return points along a line, evenly about ``step`` metres apart, both ends kept."""
    count = max(2, round(line.length / step) + 1)
    at = np.linspace(0, line.length, count)
    return np.round(np.array([line.interpolate(s).coords[0] for s in at]), 3)
