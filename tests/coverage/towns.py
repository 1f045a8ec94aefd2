"""Random towns, small enough to be checked by hand and odd enough to be worth it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from pyproj import Geod
from sqlalchemy import Connection, text

from geo_hygiene.coverage.targets import areas_changed, targets_changed
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones

GEOD = Geod(ellps="WGS84")
WEST, SOUTH, STEP = 105.08, 31.09, 0.001
START = date(2025, 1, 1)
SHIFTS = ("all-day", "all-day", "morning", "afternoon", "night")


@dataclass
class Town:
    """Ids and extents of what a random town holds."""

    extents: dict[int, int] = field(default_factory=dict)
    zones: dict[int, str] = field(default_factory=dict)

    def stretches(self, dice: random.Random) -> list[Stretch]:
        chosen = dice.sample(sorted(self.extents), dice.randint(1, 8))
        return [self.stretch(dice, target_id) for target_id in chosen for _ in range(dice.choice((1, 1, 1, 2)))]

    def stretch(self, dice: random.Random, target_id: int) -> Stretch:
        extent = self.extents[target_id]
        if dice.random() < 0.6:
            return Stretch(target_id, 0, extent)
        start = dice.randrange(extent - 1)
        return Stretch(target_id, start, dice.randint(start + 1, extent))


def measured(points: list[tuple[float, float]]) -> tuple[str, int]:
    """Return a LINESTRING M and its whole millimetres."""
    metres, parts = 0.0, []
    for index, (lon, lat) in enumerate(points):
        if index:
            metres += GEOD.inv(*points[index - 1], lon, lat)[2]
        parts.append(f"{lon!r} {lat!r} {metres!r}")
    return f"LINESTRING M ({','.join(parts)})", round(metres * 1000)


def add_target(connection: Connection, points: list[tuple[float, float]], **period: date) -> tuple[int, int]:
    line, extent = measured(points)
    target_id = connection.execute(
        text(
            "insert into target (kind, category, extent_mm, geom, valid_from, valid_to)"
            " values ('street-segments', 'lane', :extent, ST_GeomFromText(:line, 4326),"
            " coalesce(cast(:valid_from as date), '-infinity'), coalesce(cast(:valid_to as date), 'infinity'))"
            " returning id"
        ),
        {"extent": extent, "line": line, "valid_from": period.get("valid_from"), "valid_to": period.get("valid_to")},
    ).scalar_one()
    connection.execute(text("insert into street_segment (id) values (:id)"), {"id": target_id})
    return target_id, extent


def add_area(
    connection: Connection, code: str, level: str, parent: int | None, box: tuple[float, ...], **more: object
) -> int:
    return connection.execute(
        text(
            "insert into area (code, name, level, parent_id, zone_class, geom)"
            " values (:code, :code, :level, :parent, :zone_class, ST_Multi(ST_MakeEnvelope(:w, :s, :e, :n, 4326)))"
            " returning id"
        ),
        {
            "code": code,
            "level": level,
            "parent": parent,
            "zone_class": more.get("zone_class"),
            **dict(zip("wsen", box, strict=True)),
        },
    ).scalar_one()


def grid_town(connection: Connection, size: int = 5) -> Town:
    """Write a grid of streets over two communities of two groups each; the first community is core."""
    side = size * STEP
    office = add_area(connection, "O", "office", None, (WEST - STEP, SOUTH - STEP, WEST + side, SOUTH + side))
    for index, zone_class in enumerate(("core", "fringe")):
        west = WEST - STEP + index * side / 2
        box = (west, SOUTH - STEP, west + side / 2 + STEP, SOUTH + side)
        community = add_area(connection, f"C{index}", "community", office, box, zone_class=zone_class)
        middle = (box[1] + box[3]) / 2
        add_area(connection, f"G{index}0", "group", community, (box[0], box[1], box[2], middle))
        add_area(connection, f"G{index}1", "group", community, (box[0], middle, box[2], box[3]))
    town = Town()
    for row in range(size):
        for column in range(size):
            lon, lat = WEST + column * STEP, SOUTH + row * STEP
            for target in (
                [(lon, lat), (lon + STEP / 2, lat + STEP / 9), (lon + STEP, lat)],
                [(lon, lat), (lon, lat + STEP)],
            ):
                target_id, extent = add_target(connection, target)
                town.extents[target_id] = extent
    areas_changed(connection)
    targets_changed(connection, begun=town.extents, ended=[])
    return town


def random_period(dice: random.Random) -> tuple[date | None, date | None]:
    start = START + timedelta(days=dice.randrange(0, 300))
    end = start + timedelta(days=dice.randrange(1, 200))
    return dice.choice((None, start)), dice.choice((None, end))


def random_zone(dice: random.Random, town: Town, code: str) -> NewZone:
    valid_from, valid_to = random_period(dice)
    return NewZone(
        code=code,
        duty_id=dice.choice((1, 1, 2)),
        stretches=town.stretches(dice),
        shift=dice.choice(SHIFTS),
        valid_from=valid_from,
        valid_to=valid_to,
    )


def add_random_zones(connection: Connection, dice: random.Random, town: Town, count: int) -> None:
    zones = [random_zone(dice, town, f"Z{len(town.zones) + index}") for index in range(count)]
    for claim_id, zone in zip(add_zones(connection, zones), zones, strict=True):
        town.zones[claim_id] = zone.code
