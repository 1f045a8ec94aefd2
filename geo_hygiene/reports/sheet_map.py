"""The map of a duty sheet as SVG, in millimetres of the paper, at a round scale."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely
import shapely.affinity
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from geo_hygiene.coverage.duties import DutyRecord
from geo_hygiene.crs import metres_per_degree
from geo_hygiene.layers import layer_of
from geo_hygiene.maps.palette import FONTS, INK, state_ink
from geo_hygiene.reports.sheet_data import Street, Zone, ground_in, streets_in

SCALES = (250, 500, 750, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 7_500, 10_000, 15_000, 20_000, 30_000, 50_000)

MARGIN_MM = 9
"""Between what the zone holds and the edge of the map."""

WIDTHS_M = {"arterial": 22.0, "street": 14.0, "lane": 7.0, "alley": 4.0, "": 6.0}
"""Of streets that do not say how wide they are."""

LEAST_WIDTH_MM = 0.7
ZONE_LAND, ZONE_EDGE = "#F8EEDB", "#8A5A1E"
EDGE_DASHES = "2.4 0.8 0.5 0.8"
LAND, CASING = "#FBF9F5", "#D2C7B2"
DRAWN_AS = {"water": "water-bodies", "green": "green-spaces", "building": "buildings"}

LABEL_MM, OWN_LABEL_MM = 2.3, 3.2
"""Heights of names around, and of the zone's own lanes."""

UPRIGHT = 62
"""Degrees from which the characters of a Chinese name stand upon each other."""

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Sheet:
    """Where places lie on the paper.

    Attributes
    ----------
    width, height
        Of the map, in millimetres.
    scale
        1 on the paper is so much on the ground.
    text
        How many times as large as on A4 letters and signs are.
    """

    width: float
    height: float
    middle: tuple[float, float]
    scale: int
    text: float

    @classmethod
    def around(cls, box: Box, width: float, height: float, text: float = 1.0, *, margin: float = MARGIN_MM) -> Sheet:
        """Return the sheet on which a box of degrees is as large as can be."""
        west, south, east, north = box
        middle = ((west + east) / 2, (south + north) / 2)
        per_lon, per_lat = _metres(middle[1])
        room = (width - 2 * margin, height - 2 * margin)
        needed = max((east - west) * per_lon * 1000 / room[0], (north - south) * per_lat * 1000 / room[1])
        scale = next((one for one in SCALES if one >= needed), math.ceil(needed / 10_000) * 10_000)
        return cls(width, height, middle, scale, text)

    @property
    def box(self) -> Box:
        """Return the degrees that the paper shows."""
        per_lon, per_lat = _metres(self.middle[1])
        x = self.width / 2 / 1000 * self.scale / per_lon
        y = self.height / 2 / 1000 * self.scale / per_lat
        return self.middle[0] - x, self.middle[1] - y, self.middle[0] + x, self.middle[1] + y

    def drawn(self, shape: BaseGeometry) -> BaseGeometry:
        """Return a shape in millimetres from the upper left corner."""
        factor = np.array(_metres(self.middle[1])) * 1000 / self.scale
        corner = np.array([self.width / 2, self.height / 2])
        return shapely.transform(shape, lambda places: (places - self.middle) * factor * (1, -1) + corner)

    def wide(self, street: Street) -> float:
        """Return how wide a street is on the paper."""
        metres = street.width_m or WIDTHS_M.get(street.category or "", WIDTHS_M[""])
        return max(LEAST_WIDTH_MM, metres * 1000 / self.scale)


def _metres(latitude: float) -> tuple[float, float]:
    per_lon, per_lat = metres_per_degree(np.array([latitude]))
    return float(per_lon[0]), float(per_lat[0])


def map_of(connection: Connection, zone: Zone, sheet: Sheet) -> str:
    """Return the map of a zone; every value of a record in it is escaped."""
    streets = streets_in(connection, zone.on, sheet.box)
    frame = shapely.box(0, 0, sheet.width, sheet.height)
    size = f'width="{sheet.width}mm" height="{sheet.height}mm" viewBox="0 0 {sheet.width} {sheet.height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(", ".join(FONTS))}>',
        f'<rect width="{sheet.width}" height="{sheet.height}" fill="{LAND}"/>',
        *_ground(connection, zone, sheet, frame),
        *_streets(sheet, streets, frame),
        *_zone(zone, sheet, frame),
        *_Names(frame, sheet.text).written(zone, sheet, streets),
        *_north(sheet),
        f'<rect width="{sheet.width}" height="{sheet.height}" fill="none" stroke="#B9AE9A" stroke-width="0.3"/>',
        "</svg>",
    ]
    return "".join(parts)


def _ground(connection: Connection, zone: Zone, sheet: Sheet, frame: shapely.Polygon) -> Iterator[str]:
    ground = ground_in(connection, zone.on, sheet.box)
    picture = None if zone.picture is None else sheet.drawn(zone.picture)
    for kind in ("green", "water"):
        yield faces_of(sheet, ground[kind], frame, kind)
    if picture is not None:
        yield f'<path d="{path_of(picture.intersection(frame))}" fill="{ZONE_LAND}"/>'
    yield faces_of(sheet, ground["building"], frame, "building")


def faces_of(sheet: Sheet, shapes: Sequence[BaseGeometry], frame: shapely.Polygon, kind: str) -> str:
    """Return what covers the ground as an SVG path in the colours of its layer."""
    style = layer_of(DRAWN_AS[kind]).style
    fill, line = (style.fill, style.line) if style is not None else (LAND, CASING)
    path = "".join(path_of(shapely.make_valid(sheet.drawn(shape)).intersection(frame)) for shape in shapes)
    return f'<path d="{path}" fill="{fill}" stroke="{line}" stroke-width="0.12" fill-rule="evenodd"/>' if path else ""


def _streets(sheet: Sheet, streets: Sequence[Street], frame: shapely.Polygon) -> Iterator[str]:
    """Yield casings, then roadbeds, the narrow ones first."""
    ordered = sorted(streets, key=sheet.wide)
    drawn = [(path_of(sheet.drawn(street.shape).intersection(frame)), sheet.wide(street)) for street in ordered]
    for color, more in ((CASING, 0.3), ("#FFFFFF", 0.0)):
        for path, wide in drawn:
            yield (
                f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{wide + more:.2f}" stroke-linecap="round"'
                ' stroke-linejoin="round"/>'
            )


def _zone(zone: Zone, sheet: Sheet, frame: shapely.Polygon) -> Iterator[str]:
    """Yield the stretches of a zone in the colours of their states, and its edge."""
    if zone.picture is not None:
        yield (
            f'<path d="{path_of(sheet.drawn(zone.picture).boundary.intersection(frame))}" fill="none"'
            f' stroke="{ZONE_EDGE}" stroke-width="0.35" stroke-dasharray="{EDGE_DASHES}"/>'
        )
    for state in ("covered", "overlap", "vacant"):
        ink = state_ink(state)
        shapes = [sheet.drawn(one.shape) for one in zone.stretches if one.state == state]
        if zone.duty.unit == "count":
            sign = f'r="{1.5 * sheet.text:.2f}" fill="{ink.color}" stroke="#FFFFFF" stroke-width="0.35"'
            for x, y in shapely.get_coordinates(shapes):
                yield f'<circle cx="{x:.2f}" cy="{y:.2f}" {sign}/>'
            continue
        path = "".join(path_of(shape) for shape in shapes)
        if not path:
            continue
        yield _line(path, ink.color, 2.0 * sheet.text)
        if ink.core is not None:
            wide = 2.0 * ink.core_share * sheet.text
            yield _line(path, ink.core, wide, " ".join(f"{wide * dash:.2f}" for dash in ink.dashes), cap="butt")


def _line(path: str, color: str, wide: float, dashes: str = "", *, cap: str = "round") -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{wide:.2f}" stroke-linecap="{cap}"'
        f' stroke-linejoin="round"{dashed}/>'
    )


def path_of(shape: BaseGeometry) -> str:
    """Return the lines and faces of a shape as the data of an SVG path."""
    parts = []
    for part in getattr(shape, "geoms", [shape]):
        if part.is_empty or part.geom_type == "Point":
            continue
        if part.geom_type == "Polygon":
            rings = [part.exterior, *part.interiors]
            parts += [_moves(ring.coords) + "Z" for ring in rings]
        elif hasattr(part, "geoms"):
            parts.append(path_of(part))
        else:
            parts.append(_moves(part.coords))
    return "".join(parts)


def _moves(places: Iterable[Sequence[float]]) -> str:
    return "M" + "L".join(f"{place[0]:.2f} {place[1]:.2f}" for place in places)


@dataclass(slots=True)
class _Names:
    """Names of lanes, each once and none upon another."""

    frame: shapely.Polygon
    text: float
    taken: list[BaseGeometry] = field(default_factory=list)

    def written(self, zone: Zone, sheet: Sheet, streets: Sequence[Street]) -> Iterator[str]:
        """Yield the names of the zone's own lanes on what it holds of them, then those of the widest around."""
        own: dict[str, list[BaseGeometry]] = defaultdict(list)
        for one in zone.stretches:
            if one.lane:
                own[one.lane].append(sheet.drawn(one.shape))
        around: dict[str, list[BaseGeometry]] = defaultdict(list)
        wide: dict[str, float] = defaultdict(float)
        for street in streets:
            if street.lane and street.lane not in own:
                around[street.lane].append(sheet.drawn(street.shape).intersection(self.frame))
                wide[street.lane] = max(wide[street.lane], sheet.wide(street))
        for lane in sorted(own):
            yield from self._once(lane, own[lane], is_own=True)
        for lane in sorted(around, key=lambda name: (-wide[name], name)):
            yield from self._once(lane, around[lane], is_own=False)

    def _once(self, lane: str, lines: Sequence[BaseGeometry], *, is_own: bool) -> Iterator[str]:
        """Yield a name on the longest of some lines that has room for it."""
        merged = shapely.line_merge(shapely.union_all(lines))
        pieces = [piece for piece in getattr(merged, "geoms", [merged]) if piece.geom_type == "LineString"]
        for piece in sorted(pieces, key=lambda piece: -piece.length)[:3]:
            name = self._written(lane, piece, is_own=is_own)
            if name is not None:
                yield name
                return

    def _written(self, lane: str, piece: shapely.LineString, *, is_own: bool) -> str | None:
        """Return a name beside the middle of a line, where there is room."""
        size = self.text * (OWN_LABEL_MM if is_own else LABEL_MM)
        length = sum(size if ord(character) > 0x2E7F else size * 0.55 for character in lane)  # noqa: PLR2004 - CJK
        for share in (0.5, 0.35, 0.65, 0.2, 0.8):
            place = piece.interpolate(share, normalized=True)
            near = [piece.interpolate(max(0.0, min(piece.length, share * piece.length + way))) for way in (-2, 2)]
            angle = math.degrees(math.atan2(near[1].y - near[0].y, near[1].x - near[0].x))
            angle = (angle + 90) % 180 - 90
            stands = abs(angle) > UPRIGHT and all(ord(character) > 0x2E7F for character in lane)  # noqa: PLR2004 - CJK
            turn = (angle - math.copysign(90, angle)) if stands else angle
            reach = (size, length) if stands else (length, size)
            room = shapely.affinity.rotate(
                shapely.box(
                    *(place.x - reach[0] / 2, place.y - reach[1] / 2), *(place.x + reach[0] / 2, place.y + reach[1] / 2)
                ),
                turn,
            )
            if (
                self.frame.contains(room)
                and (is_own or piece.length > length)
                and not any(room.intersects(one) for one in self.taken)
            ):
                self.taken.append(room.buffer(0.6))
                return _text(lane, place, turn, size, is_own=is_own, stands=stands)
        return None


def _text(lane: str, place: shapely.Point, turn: float, size: float, *, is_own: bool, stands: bool) -> str:
    """Return a name twice: its halo, then its letters."""
    letters = list(lane) if stands else [lane]
    first = place.y - size * (len(letters) - 1) / 2 + size * 0.36
    color = INK if is_own else "#6B7376"
    rows = "".join(
        f'<text x="{place.x:.2f}" y="{first + size * at:.2f}" {{style}}>{escape(letter)}</text>'
        for at, letter in enumerate(letters)
    )
    halo = 'fill="none" stroke="#FFFDF9" stroke-width="0.9" stroke-linejoin="round"'
    return (
        f'<g transform="rotate({turn:.1f} {place.x:.2f} {place.y:.2f})" font-size="{size}" text-anchor="middle">'
        f"{rows.replace('{style}', halo)}{rows.replace('{style}', f'fill={quoteattr(color)}')}</g>"
    )


def _north(sheet: Sheet) -> Iterator[str]:
    x = sheet.width - 8
    yield f'<path d="M{x} 4L{x + 2.6} 14L{x} 12Z" fill="{INK}"/>'
    yield f'<path d="M{x} 4L{x - 2.6} 14L{x} 12Z" fill="#FFFFFF" stroke="{INK}" stroke-width="0.25"/>'


def bar_metres(scale: int) -> int:
    """Return the metres of a scale bar that is some 3 cm long."""
    wanted = 0.03 * scale
    power = 10 ** math.floor(math.log10(wanted))
    return int(max(step * power for step in (1, 2, 5) if step * power <= wanted))


def swatch(state: str, duty: DutyRecord) -> str:
    """Return the sign of a state in the legend."""
    ink = state_ink(state)
    drawn = _line("M0 1.5L12 1.5", ink.color, 2.0, cap="butt")
    if duty.unit == "count":
        drawn = f'<circle cx="6" cy="1.5" r="1.4" fill="{ink.color}"/>'
    elif ink.core is not None:
        wide = 2.0 * ink.core_share
        drawn += _line(
            "M0 1.5L12 1.5", ink.core, wide, " ".join(f"{wide * dash:.2f}" for dash in ink.dashes), cap="butt"
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="12mm" height="3mm" viewBox="0 0 12 3">{drawn}</svg>'


def edge_swatch() -> str:
    """Return the sign of the edge of a zone in the legend."""
    line = f'<path d="M0 1.5L12 1.5" stroke="{ZONE_EDGE}" stroke-width="0.35" stroke-dasharray="{EDGE_DASHES}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="12mm" height="3mm" viewBox="0 0 12 3">{line}</svg>'
