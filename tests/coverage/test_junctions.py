"""By which lanes a segment is told from others of its lane."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from geo_hygiene.coverage.junctions import with_lanes
from geo_hygiene.layers import layer_of
from tests.coverage.towns import add_target

WEST, SOUTH, STEP = 105.08, 31.09, 0.002
DAY = date(2025, 4, 1)


def add_segment(connection: Connection, lane: str, *line: tuple[int, int]) -> str:
    """Write a segment of a lane between corners of a grid and return its id."""
    target, _ = add_target(connection, [(WEST + x * STEP, SOUTH + y * STEP) for x, y in line])
    known = connection.scalar(text("select id from lane where code = :lane"), {"lane": lane})
    new = "insert into lane (code, name, category) values (:lane, :lane, 'lane') returning id"
    lane_id = known or connection.scalar(text(new), {"lane": lane})
    statement = "update street_segment set lane_id = :lane_id where id = :target"
    connection.execute(text(statement), {"lane_id": lane_id, "target": target})
    return str(connection.scalar(text("select uuid from target where id = :target"), {"target": target}))


def test_a_segment_is_told_by_the_lanes_that_meet_its_ends(connection: Connection) -> None:
    first = add_segment(connection, "Main", (0, 0), (1, 0))
    second = add_segment(connection, "Main", (1, 0), (2, 0))
    add_segment(connection, "West", (0, 0), (0, 1))
    add_segment(connection, "Middle", (1, 0), (1, 1))
    add_segment(connection, "Alley", (1, 0), (1, -1))
    rows = [{"segment": second, "from_m": 7}, {"segment": first, "from_m": 0}, {"segment": first, "from_m": 9}]
    told = with_lanes(connection, layer_of("street-segments"), DAY, rows)
    assert [row | {"from_m": 0} for row in told] == [
        {"segment": second, "from_m": 0, "from_lane": "Alley", "to_lane": None},
        {"segment": first, "from_m": 0, "from_lane": "West", "to_lane": "Alley"},
        {"segment": first, "from_m": 0, "from_lane": "West", "to_lane": "Alley"},
    ]
    assert [row["from_m"] for row in told] == [7, 0, 9]
    assert with_lanes(connection, layer_of("septic-tanks"), DAY, [{"segment": first}]) == [
        {"segment": first, "from_lane": None, "to_lane": None}
    ]
