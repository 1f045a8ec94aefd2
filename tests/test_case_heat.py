"""Density and places of random complaints, worked out again with plain Python."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from sqlalchemy import Connection, text

from geo_hygiene.cases.counting import Step
from geo_hygiene.cases.density import FEWEST, cell_size
from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.heat import Rank, heat
from geo_hygiene.cases.places import place_cases
from geo_hygiene.cases.questions import list_cases
from tests.importing import at, bring, place, query, street

RADIUS = 6_378_137.0
"""Of the sphere of Web Mercator, in metres."""
BEGIN, COUNT = datetime(2025, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai")), 400


def random_cases(dice: random.Random) -> list[tuple[Any, dict[str, Any]]]:
    rows = []
    for number in range(COUNT):
        spot = place(dice.gauss(0, 400), dice.gauss(0, 400)) if dice.random() < 0.9 else None
        when = BEGIN + timedelta(minutes=dice.randrange(120 * 24 * 60))
        kind = dice.choice(("rodent", "fly", "garbage"))
        rows.append((spot, {"external_id": f"{number}", "kind": kind, "reported_at": when.isoformat()}))
    return rows


def density(shapes: list[Any], cell: float, box: tuple[float, float, float, float]) -> dict[str, Any]:
    """Return what a heat says of places, by the formula of Mercator; each place is in the first cell of enough."""
    placed = [shape for shape in shapes if shape is not None]
    inside = [shape for shape in placed if box[0] <= shape.x <= box[2] and box[1] <= shape.y <= box[3]]
    left = [(math.radians(shape.x) * RADIUS, math.asinh(math.tan(math.radians(shape.y))) * RADIUS) for shape in inside]
    cells = []
    for side in (cell, 2 * cell, 4 * cell, 8 * cell, 16 * cell, 32 * cell):
        held = [(math.floor(x / side), math.floor(y / side)) for x, y in left]
        counts = Counter(held)
        for (across, up), count in counts.items():
            if count >= FEWEST:
                lon = math.degrees((across + 0.5) * side / RADIUS)
                lat = math.degrees(math.atan(math.sinh((up + 0.5) * side / RADIUS)))
                cells.append([round(lon, 7), round(lat, 7), count, side])
        left = [spot for spot, place in zip(left, held, strict=True) if counts[place] < FEWEST]
    return {
        "total": len(shapes),
        "without_place": len(shapes) - len(placed),
        "outside": len(placed) - len(inside),
        "hidden": len(left),
        "cells": sorted(cells),
    }


def same(answer: dict[str, Any], expected: dict[str, Any]) -> None:
    cells = sorted(answer["cells"])
    assert [cell[2] for cell in cells] == [cell[2] for cell in expected["cells"]]
    assert [part for cell in cells for part in cell] == pytest.approx(
        [part for cell in expected["cells"] for part in cell], abs=2e-7
    )
    for name in ("total", "without_place", "outside", "hidden"):
        assert answer[name] == expected[name], name


@pytest.mark.parametrize("seed", range(3))
def test_density_of_random_cases(connection: Connection, seed: int) -> None:
    rows = random_cases(random.Random(seed))
    bring(connection, "cases", rows)
    west, south, east, north = (float(part) for part in (*at(-500, -300)[0], *at(500, 700)[0]))
    wanted = CaseFilter(kinds={"rodent", "fly"}, begin=date(2025, 4, 10), end=date(2025, 7, 5))
    chosen = [
        (shape, datetime.fromisoformat(values["reported_at"]).date())
        for shape, values in rows
        if values["kind"] != "garbage"
    ]
    chosen = [(shape, day) for shape, day in chosen if date(2025, 4, 10) <= day < date(2025, 7, 5)]
    for box, zoom in (((west, south, east, north), 16), ((-180, -90, 180, 90), 14)):
        answer = heat(connection, wanted, date(2025, 7, 5), box=box, zoom=zoom, step=Step.MONTH)
        same(answer, density([shape for shape, _day in chosen], cell_size(zoom), box))
        assert len({cell[3] for cell in answer["cells"]}) > 1
        for frame in answer["frames"]:
            first, following = (date.fromisoformat(frame[name]) for name in ("from", "to"))
            held = [shape for shape, day in chosen if first <= day < following]
            same(frame, density(held, 2 * cell_size(zoom), box))
        assert sum(frame["total"] for frame in answer["frames"]) == answer["total"]
        assert list_cases(connection, wanted).total == answer["total"]


def test_few_cases_are_shown_in_wide_cells_and_never_under_five(connection: Connection) -> None:
    """Of twelve complaints with 200 m between each and the next no small cell holds five, but a wide one does."""
    spots = [place(200 * number, 0) for number in range(12)]
    market = [place(30, 30)] * 7
    values = {"kind": "fly", "reported_at": BEGIN.isoformat()}
    rows = [(spot, values | {"external_id": f"{number}"}) for number, spot in enumerate(spots + market)]
    bring(connection, "cases", rows)
    answer = heat(connection, CaseFilter(), BEGIN.date(), zoom=20)
    assert [(count, side) for *_place, count, side in answer["cells"]] == [(len(market), answer["cell"])]
    wider = heat(connection, CaseFilter(), BEGIN.date(), zoom=16)
    for told in (answer, wider):
        assert all(count >= FEWEST for *_place, count, _side in told["cells"])
        assert told["hidden"] + sum(count for *_place, count, _side in told["cells"]) == len(rows)
    assert wider["hidden"] < answer["hidden"]
    assert {side for *_place, side in wider["cells"]} > {wider["cell"]}


def test_a_rate_of_few_cases_is_uncertain(connection: Connection) -> None:
    """Held to the interval that tables of Poisson counts give: 10 is 4.795 to 18.390, none is none to 3.689."""
    square = shapely.box(*at(-500, -500)[0], *at(500, 500)[0])
    bring(connection, "areas", [(square, {"code": "G", "name": "G", "level": "group", "population": 500})])
    values = {"kind": "fly", "reported_at": BEGIN.isoformat()}
    bring(connection, "cases", [(place(0, 0), values | {"external_id": f"{number}"}) for number in range(10)])
    for wanted, bounds in ((CaseFilter(), (4.795, 18.390)), (CaseFilter(kinds={"rodent"}), (0, 3.689))):
        area = next(area for area in heat(connection, wanted, BEGIN.date())["areas"] if area["code"] == "G")
        assert area["interval"] == pytest.approx([2 * bound for bound in bounds], abs=1e-3)
        assert area["is_uncertain"]
        assert area["bbox"] == pytest.approx(square.bounds)


def test_the_nearest_segment_is_nearest_in_metres(connection: Connection) -> None:
    dice = random.Random(7)
    lines = []
    for _number in range(30):
        east, north = dice.uniform(-900, 900), dice.uniform(-900, 900)
        lines.append(street(east, north, east + dice.uniform(-300, 300), north + dice.uniform(-300, 300)))
    bring(connection, "street-segments", [(line, {}) for line in lines])
    bring(connection, "cases", random_cases(dice))
    plane = [shapely.transform(line, lambda degrees: degrees * (95_500.0, 110_860.0)) for line in lines]
    found = query(
        connection,
        "select ST_X(it.geom), ST_Y(it.geom), distance_m from reported_case as it where geom is not null",
    )
    assert sum(distance is None for *_place, distance in found) > 50
    for lon, lat, distance in found:
        spot = shapely.Point(lon * 95_500.0, lat * 110_860.0)
        nearest = min(shapely.distance(line, spot) for line in plane)
        if distance is None:
            assert nearest > 99.5
        else:
            assert float(distance) == pytest.approx(nearest, abs=0.5)


def test_cases_near_streets_that_change_are_placed_as_if_all_were(connection: Connection) -> None:
    """Only the cases that an import concerns are looked at again; placing all of them anew finds nothing to mend."""
    dice = random.Random(11)

    def streets(count: int) -> list[tuple[Any, dict[str, Any]]]:
        ends = [[dice.uniform(-600, 600) for _end in range(4)] for _street in range(count)]
        return [(street(*end), {"code": f"S{number}"}) for number, end in enumerate(ends)]

    bring(connection, "cases", random_cases(dice))
    first = streets(8)
    changes: list[tuple[list[tuple[Any, dict[str, Any]]], dict[str, Any]]] = [
        (first, {"key": "code"}),
        ([(street(-500, 0, 500, 40), {"code": "crossing"})], {"key": "code", "day": date(2025, 6, 1)}),
        (streets(8)[:5] + first[5:], {"key": "code", "day": date(2025, 7, 1)}),
        (first[:3], {"key": "code", "replace": True, "day": date(2025, 5, 1)}),
    ]
    for rows, asked in changes:
        assert bring(connection, "street-segments", rows, **asked).status == "imported"
        assert place_cases(connection) == 0
        # a test is one transaction: what earlier imports wrote must not pass for new
        connection.execute(text("update target set recorded_at = recorded_at - interval '1 day'"))
    assert query(connection, "select count(distinct target_id) > 5 from reported_case") == [(True,)]


@pytest.mark.parametrize("rank", list(Rank))
def test_of_many_areas_the_foremost_are_told_and_the_rest_is_summed_up(connection: Connection, rank: Rank) -> None:
    """Of a row of groups each has more cases than the one before, and many more residents; the first has too few."""
    rows, cases = [], []
    for number in range(6):
        shape = shapely.box(*at(400 * number, 0)[0], *at(400 * number + 400, 400)[0])
        people = 500 if number == 0 else 2000 * 2**number
        rows.append((shape, {"code": f"G{number}", "name": f"G{number}", "level": "group", "population": people}))
        for count in range(25 + number):
            values = {"external_id": f"{number}-{count}", "kind": "fly", "reported_at": BEGIN.isoformat()}
            cases.append((place(400 * number + 200, 200), values))
    bring(connection, "areas", rows)
    bring(connection, "cases", [*cases, (None, {**cases[0][1], "external_id": "nowhere"})])
    whole = heat(connection, CaseFilter(), BEGIN.date(), rank=rank)
    assert (len(whole["areas"]), whole["areas_left"]) == (7, {"areas": 0, "count": 0})
    told = heat(connection, CaseFilter(), BEGIN.date(), rank=rank, most=2)
    expected = ["G4", "G5"] if rank is Rank.COUNT else ["G1", "G2"]
    assert [area["code"] for area in told["areas"]] == [*expected, None]
    assert told["areas"] == [area for area in whole["areas"] if area["code"] in {*expected, None}]
    assert told["areas_left"]["areas"] == 4
    assert sum(area["count"] for area in told["areas"]) + told["areas_left"]["count"] == told["total"]
