"""Polygons propose lists: whole inside, cut where crossed, border lanes to one side."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.intervals import length, twice, union
from geo_hygiene.coverage.measured import MeasuredLines
from geo_hygiene.coverage.proposal import Proposal, propose_lists
from tests.coverage.towns import SOUTH, STEP, WEST, Town, add_target, grid_town

ON = date(2025, 3, 1)


def propose(connection: Connection, zones: dict[str, shapely.Geometry]) -> Proposal[str]:
    return propose_lists(connection, duty_of(connection, "sweeping"), zones, ON)


def by_target(proposal: Proposal[str]) -> dict[int, list[list[tuple[int, int]]]]:
    found: dict[int, list[list[tuple[int, int]]]] = {}
    for stretches in proposal.lists.values():
        mine: dict[int, list[tuple[int, int]]] = {}
        for stretch in stretches:
            mine.setdefault(stretch.target_id, []).append((stretch.from_mm, stretch.to_mm))
        for target_id, spans in mine.items():
            found.setdefault(target_id, []).append(spans)
    return found


def test_a_segment_inside_goes_in_whole_and_a_crossed_one_is_cut_at_the_border(connection: Connection) -> None:
    inside, extent = add_target(connection, [(WEST, SOUTH), (WEST + STEP, SOUTH)])
    crossed, crossed_extent = add_target(connection, [(WEST, SOUTH + STEP), (WEST + 4 * STEP, SOUTH + STEP)])
    zone = shapely.box(WEST - STEP, SOUTH - STEP, WEST + 2 * STEP, SOUTH + 2 * STEP)
    stretches = {item.target_id: (item.from_mm, item.to_mm) for item in propose(connection, {"A": zone}).lists["A"]}
    assert stretches[inside] == (0, extent)
    assert stretches[crossed][0] == 0
    assert stretches[crossed][1] == pytest.approx(crossed_extent / 2, abs=2)


def test_a_lane_along_the_border_goes_to_one_zone_and_is_remarked(connection: Connection) -> None:
    border, _ = add_target(connection, [(WEST, SOUTH), (WEST + STEP, SOUTH)])
    north = shapely.box(WEST - STEP, SOUTH, WEST + 2 * STEP, SOUTH + STEP)
    south = shapely.box(WEST - STEP, SOUTH - STEP, WEST + 2 * STEP, SOUTH)
    add_target(connection, [(WEST, SOUTH + STEP / 2), (WEST + STEP, SOUTH + STEP / 2)])
    proposal = propose(connection, {"N": north, "S": south})
    holders = [key for key, items in proposal.lists.items() if border in {item.target_id for item in items}]
    assert holders == ["N"]  # both shares are equal, and N lies on the left
    assert [(remark.code, remark.zone) for remark in proposal.remarks] == [("border-lane", "N"), ("no-targets", "S")]
    assert proposal.remarks[0].others == ("S",)


def test_a_border_lane_goes_where_most_of_its_lane_goes(connection: Connection) -> None:
    lane = connection.scalar(text("insert into lane (name) values ('小米市巷') returning id"))
    border, _ = add_target(connection, [(WEST, SOUTH), (WEST + STEP, SOUTH)])
    deep, _ = add_target(connection, [(WEST + STEP, SOUTH), (WEST + STEP, SOUTH - STEP / 2)])
    connection.execute(text("update street_segment set lane_id = :lane"), {"lane": lane})
    zones = {
        "N": shapely.box(WEST - STEP, SOUTH, WEST + 2 * STEP, SOUTH + STEP),
        "S": shapely.box(WEST - STEP, SOUTH - STEP, WEST + 2 * STEP, SOUTH),
    }
    lists = propose(connection, zones).lists
    assert {item.target_id for item in lists["S"]} == {border, deep}
    assert lists["N"] == []


@pytest.mark.parametrize("seed", range(12))
def test_zones_that_share_borders_leave_no_gap_and_no_overlap(connection: Connection, seed: int) -> None:
    """A partition of the ground, with borders along lanes, across them and with a hole, partitions the targets."""
    dice = random.Random(seed)
    town = grid_town(connection)
    zones = partition(dice)
    covered = by_target(propose(connection, zones))
    assert set(covered) == set(town.extents)
    for target_id, extent in town.extents.items():
        doubled, missing = check_target(covered[target_id], extent)
        assert doubled <= 1, target_id
        assert missing <= 1, target_id


def check_target(claims: list[list[tuple[int, int]]], extent: int) -> tuple[int, int]:
    spans = union(span for claim in claims for span in claim)
    return length(twice(union(claim) for claim in claims)), extent - length(spans)


def partition(dice: random.Random) -> dict[str, shapely.Geometry]:
    """Cut the town's ground by lines, some of them exactly along lanes, and take a hole out of it."""
    west, south, east, north = WEST - 2 * STEP, SOUTH - 2 * STEP, WEST + 7 * STEP, SOUTH + 7 * STEP
    lines = [shapely.box(west, south, east, north).exterior]
    for _ in range(dice.randint(1, 3)):
        x = WEST + dice.choice((dice.randrange(5) * STEP, dice.uniform(0, 5) * STEP))
        lines.append(shapely.LineString([(x, south), (x + dice.choice((0, dice.uniform(-2, 2) * STEP)), north)]))
        y = SOUTH + dice.choice((dice.randrange(5) * STEP, dice.uniform(0, 5) * STEP))
        lines.append(shapely.LineString([(west, y), (east, y + dice.choice((0, dice.uniform(-2, 2) * STEP)))]))
    hole = shapely.Point(WEST + dice.uniform(1, 4) * STEP, SOUTH + dice.uniform(1, 4) * STEP).buffer(
        dice.uniform(0.3, 1.2) * STEP
    )
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([*lines, hole.exterior])]))
    return {f"F{index}": face for index, face in enumerate(faces)}


def test_a_town_without_targets_gives_empty_lists(connection: Connection) -> None:
    town = Town()
    assert town.extents == {}
    assert [remark.code for remark in propose(connection, {"A": shapely.box(0, 0, 1, 1)}).remarks] == ["no-targets"]


@pytest.mark.parametrize("seed", range(6))
def test_many_places_are_found_on_many_lines_as_on_each_alone(seed: int) -> None:
    dice = np.random.default_rng(seed)
    shapes = [random_line(dice) for _ in range(20)]
    shapes.append(np.array([(WEST, SOUTH, 0), (WEST, SOUTH, 0), (WEST + STEP, SOUTH, 95.4)]))
    lines = MeasuredLines(shapely.from_wkt(np.array([measure_text(shape) for shape in shapes])))
    which = dice.integers(0, len(shapes), 200)
    places = np.array([shapes[line][dice.integers(len(shapes[line])), :2] for line in which])
    places[::2] += dice.normal(size=(100, 2)) * 1e-4
    alone = [lines.line(line).locate(*place)[0] for line, place in zip(which, places, strict=True)]
    assert lines.locate(which, places).tolist() == alone
    assert lines.extents_mm.tolist() == [lines.line(index).extent_mm for index in range(len(shapes))]
    assert lines.locate(which[:0], places[:0]).tolist() == []


def random_line(dice: np.random.Generator) -> npt.NDArray[np.float64]:
    places = np.array([WEST, SOUTH]) + np.cumsum(dice.normal(size=(dice.integers(2, 9), 2)) * 1e-4, axis=0)
    metres = np.cumsum(dice.uniform(1, 30, len(places))) - 1
    return np.column_stack([places, metres - metres[0]])


def measure_text(coordinates: npt.NDArray[np.float64]) -> str:
    return f"LINESTRING M ({', '.join(f'{lon!r} {lat!r} {metres!r}' for lon, lat, metres in coordinates.tolist())})"
