"""Tanks and streets are changed over HTTP: by those who may, version by version, and nothing wrong is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.importing import fingerprint
from tests.web.conftest import application
from tests.web.test_access import PASSWORD
from tests.web.test_zone_editing import Planner
from tests.web.towns import SOUTH, STEP, WEST, web_town

DAY = "2025-07-10"
API = "/api/v1"
STREETS, TANKS = "/targets/street-segments", "/targets/septic-tanks"


@pytest.fixture(scope="module")
def desk(new_database: Callable[..., TestDatabase]) -> Iterator[Flask]:
    """Return the application over a town with planners of everything and of one community."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        for name, area in (("planner", None), ("part", "C1")):
            grants = [Grant(Role.PLANNER, area)]
            email = f"{name}@office.example"
            store.add(connection, actor="test", email=email, name=name, grants=grants, password=PASSWORD)
    writer.dispose()
    opened = Connections(database.service_url)
    yield application(None, connections=opened)
    opened.close()


@pytest.fixture(scope="module")
def planner(desk: Flask) -> Planner:
    return Planner(desk, "planner")


def point(east: float, north: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [WEST + east * STEP, SOUTH + north * STEP]}


def line(*places: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [point(*place)["coordinates"] for place in places]}


def everything(desk: Flask) -> dict[str, str]:
    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        return fingerprint(connection)


def tag_of(feature: dict[str, Any]) -> str:
    return f'"{feature["properties"]["version"]}-{feature["id"].replace("-", "")}"'


def read(planner: Planner, path: str) -> tuple[Any, str]:
    answer = planner.get(path, on=DAY)
    assert answer.status_code == 200, answer.json
    return answer.json, answer.headers["ETag"]


def test_a_tank_is_tried_stored_once_moved_and_undone(planner: Planner, desk: Flask) -> None:
    body = {"id": str(uuid4()), "geometry": point(0.4, 0.3), "fields": {"code": "T9", "volume_m3": 4.5}, "from": DAY}
    before = everything(desk)
    tried = planner.send(TANKS, body | {"dry_run": True}, to=API)
    assert (tried.status_code, tried.json["stored"], tried.json["change"]) == (200, False, None)
    assert everything(desk) == before
    made = planner.send(TANKS, body, to=API).json
    assert made["duties"][0]["makes"] == tried.json["duties"][0]["makes"] | {"gap": 1, "total": 1}
    after = everything(desk)
    again = planner.send(TANKS, body, to=API).json
    assert (again["targets"][0]["id"], again["stored"]) == (body["id"], False)
    assert everything(desk) == after

    path = f"{TANKS}/{body['id']}"
    tank, tag = read(planner, path)
    assert tank["properties"]["fields"]["volume_m3"] == 4.5
    move = {"geometry": point(0.42, 0.3), "from": "2025-08-01"}
    assert planner.send(path, move, to=API).status_code == 428
    moved = planner.send(path, move, tag, to=API).json
    assert moved["ended"][0]["properties"]["valid_to"] == "2025-08-01"
    stale = planner.send(path, move, tag, to=API)
    assert stale.status_code == 412
    assert stale.json["current"]["properties"]["version"] == 2
    assert stale.json["yours"]["version"] == 1
    rest = planner.send(f"/changes/{made['change']}/undo", {}, to=API)
    assert rest.status_code == 409
    assert planner.send(f"/changes/{moved['change']}/undo", {}, to=API).json["put_back"] == 1
    assert read(planner, path)[0]["properties"]["valid_to"] is None


def test_a_street_is_drawn_split_joined_renamed_and_ended(planner: Planner) -> None:
    street = line((0.5, -0.3), (0.5, 0.6))
    drawn = planner.send(STREETS, {"geometry": street, "fields": {"lane": "新巷", "code": "N"}, "from": DAY}, to=API)
    assert {one["properties"]["code"] for one in drawn.json["targets"]} == {"S00-1", "S00-2", "N-1", "N-2"}
    piece = next(one for one in drawn.json["targets"] if one["properties"]["code"] == "N-2")
    path = f"{STREETS}/{piece['id']}"
    halves = planner.send(f"{path}/split", {"at_m": 20, "from": "2025-08-01"}, tag_of(piece), to=API).json["targets"]
    one, other = (half["id"] for half in halves)
    body = {"other": other, "version": 1, "from": "2025-09-01"}
    joined = planner.send(f"{STREETS}/{one}/join", body, tag_of(halves[0]), to=API).json["targets"][0]
    assert joined["properties"]["length_m"] == pytest.approx(piece["properties"]["length_m"], abs=0.002)
    lane = f"/groups/lanes/{joined['properties']['fields']['lane_code']}"
    renamed = planner.send(lane, {"name": "和平巷"}, read(planner, lane)[1], to=API)
    assert (renamed.json["name"], renamed.json["version"]) == ("和平巷", 2)
    assert planner.send(lane, {"name": "x"}, '"1"', to=API).status_code == 412
    end = planner.send(f"{STREETS}/{joined['id']}/end", {"from": "2025-10-01"}, tag_of(joined), to=API)
    assert end.json["targets"][0]["properties"]["valid_to"] == "2025-10-01"
    box = {"west": str(WEST), "south": str(SOUTH), "east": str(WEST + STEP), "north": str(SOUTH + STEP)}
    around = planner.get(STREETS, on="2025-10-02", **box).json
    assert joined["id"] not in {one["id"] for one in around["features"]}


def test_what_is_wrong_is_told_with_its_place_and_nothing_is_stored(planner: Planner, desk: Flask) -> None:
    part = Planner(desk, "part")
    before = everything(desk)
    good = {"geometry": line((0.1, 1.5), (0.9, 1.5)), "from": DAY}
    far = {"type": "LineString", "coordinates": [[121.4, 31.2], [121.5, 31.2]]}
    many = {"type": "LineString", "coordinates": [[WEST + at * 1e-7, SOUTH] for at in range(100_000)]}
    wrong: list[tuple[dict[str, Any], list[str], str | None]] = [
        (good | {"geometry": line((0, 1.2), (0.5, 1.8), (0.5, 1.2), (0, 1.8))}, ["geometry"], "geometry-invalid"),
        (good | {"geometry": far}, ["geometry"], "outside-extent"),
        (good | {"geometry": many}, ["geometry"], "too-many-vertices"),
        (good | {"geometry": point(0, 0)}, ["geometry"], "geometry-type"),
        (
            good | {"geometry": line((0, float("nan")), (1, 1))},
            ["geometry", "LineString", "coordinates", "0", "1"],
            None,
        ),
        (good | {"correct": True}, ["from"], None),
        (good | {"fields": {"width_m": 10**30}}, ["fields", "width_m"], "value-invalid"),
        (good | {"fields": {"width_m": "wide"}}, ["fields", "width_m"], "value-invalid"),
        (good | {"fields": {"colour": "red"}}, ["fields", "colour"], None),
        ({"geometry": good["geometry"]}, ["from"], None),
    ]
    for body, place, code in wrong:
        answer = planner.send(STREETS, body, to=API)
        assert (answer.status_code, answer.json["errors"][0]["loc"]) == (422, place), answer.json
        assert answer.json["errors"][0].get("code") == code, answer.json
        assert answer.json["errors"][0]["msg"]
    segment, tag = read(planner, f"{STREETS}/S30")
    other = read(planner, f"{STREETS}/S32")[0]["id"]
    for path, body in (
        ("/split", {"at_m": 999, "from": DAY}),
        ("/split", {"from": DAY}),
        ("/join", {"other": other, "version": 1, "from": DAY}),
    ):
        assert planner.send(f"{STREETS}/{segment['id']}{path}", body, tag, to=API).status_code == 422, path
    assert planner.send(f"{STREETS}/S31", {"correct": True}, tag, to=API).status_code == 404
    tag = read(planner, f"{STREETS}/S35")[1]
    assert part.send(f"{STREETS}/S35", {"fields": {"level": 1}, "correct": True}, tag, to=API).status_code == 404
    assert part.send("/groups/lanes/L1", {"name": "x"}, '"1"', to=API).status_code == 404
    east = {"geometry": line((4.1, 1.5), (4.9, 1.5)), "from": DAY}
    assert part.send(STREETS, east, to=API).status_code == 403
    assert everything(desk) == before


def test_of_two_at_once_one_is_told(planner: Planner, desk: Flask) -> None:
    others = [Planner(desk, "planner") for _hand in range(4)]
    tag = read(planner, f"{TANKS}/T0")[1]

    def move(number: int) -> int:
        body = {"geometry": point(0.01 * number + 0.01, 0.5), "from": DAY}
        return others[number].send(f"{TANKS}/T0", body, tag, to=API).status_code

    with ThreadPoolExecutor(len(others)) as hands:
        told = sorted(hands.map(move, range(len(others))))
    assert told == [200, 412, 412, 412]
    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        holds = "select count(*) from target join septic_tank using (id) where code = 'T0' and valid_to = 'infinity'"
        assert connection.scalar(text(holds)) == 1


def test_a_tank_that_several_tell_of_at_once_is_emptied_once(planner: Planner, desk: Flask) -> None:
    others = [Planner(desk, "planner") for _hand in range(4)]
    tank = read(planner, f"{TANKS}/T4")[0]["id"]
    words = {"kind": "emptying", "target": tank, "done_at": "2025-07-20T08:00:00+08:00", "note": "联系人 13812345678"}

    def told(bodies: list[dict[str, Any]]) -> list[int]:
        with ThreadPoolExecutor(len(others)) as hands:
            return sorted(
                hands.map(lambda hand, body: hand.send("/works", words | body, to=API).status_code, others, bodies)
            )

    assert told([{"id": str(uuid4())}] * len(others)) == [200] * len(others)
    noon = {"done_at": "2025-07-20T12:00:00+08:00"}
    assert told([noon | {"id": str(uuid4())} for _hand in others]) == [200, 422, 422, 422]
    works = planner.get("/works", kind="emptying").json
    assert (works["total"], {one["note"] for one in works["works"]}) == (2, {"联系人 138****5678"})
    year = {"kind": "emptying", "from": "2025-01-01", "to": "2026-01-01"}
    assert planner.get("/works/sums", **year).json["kinds"][0]["plain"] == 2
    assert Planner(desk, "part").get("/works/sums", **year).json["kinds"] == []
