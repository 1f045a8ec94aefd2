"""Zones are changed over HTTP: by planners of their areas, version by version, and nothing wrong is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from math import cos, sin
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.permissions import Role
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.web.conftest import application
from tests.web.test_access import PASSWORD, token
from tests.web.towns import SECOND_PLAN, SOUTH, STEP, WEST, web_town

DAY = "2025-07-10"
PREFIX = "/api/v1/zones"
KEPT = ("claim", "duty_zone", "claim_stretch", "cover", "state", "vacancy", "ledger", "assignment", "record_history")
ACROSS = {"type": "LineString", "coordinates": [[WEST + 2 * STEP, SOUTH - 0.01], [WEST + 2 * STEP, SOUTH + 0.01]]}


def ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


FIRST_LANE = {
    "type": "Polygon",
    "coordinates": [ring(WEST - 0.0005, SOUTH - 0.0005, WEST + 6 * STEP + 0.0005, SOUTH + 0.001)],
}


@pytest.fixture(scope="module")
def desk(new_database: Callable[..., TestDatabase]) -> Iterator[Flask]:
    """Return the application over a town with planners of everything and of one community."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        for name, area in (("planner", None), ("part", "C1")):
            store.add(
                connection,
                actor="test",
                email=f"{name}@office.example",
                name=name,
                grants=[Grant(Role.PLANNER, area)],
                password=PASSWORD,
            )
    writer.dispose()
    opened = Connections(database.service_url)
    yield application(None, connections=opened)
    opened.close()


class Planner:
    """Somebody who edits zones."""

    def __init__(self, app: Flask, name: str) -> None:
        self.client: FlaskClient = app.test_client()
        form = {"csrf_token": token(self.client, "/sign-in"), "email": f"{name}@office.example", "password": PASSWORD}
        assert self.client.post("/sign-in", data=form).status_code == 303
        self.proof = token(self.client, "/account")

    def send(self, path: str, body: object, tag: str | None = None, *, to: str = PREFIX) -> Any:
        headers = {"X-CSRFToken": self.proof} | ({"If-Match": tag} if tag else {})
        # as JSON of old: what is no number is sent too
        return self.client.post(to + path, data=json.dumps(body), content_type="application/json", headers=headers)

    def get(self, path: str, **words: str) -> Any:
        return self.client.get("/api/v1" + path, query_string=words)

    def cover(self, on: str = DAY) -> dict[str, float]:
        told = self.get("/cover", duty="sweeping", on=on).json
        return {name: told[name] for name in ("covered", "gap", "overlap", "vacant")}


@pytest.fixture(scope="module")
def planner(desk: Flask) -> Planner:
    return Planner(desk, "planner")


@pytest.fixture(scope="module")
def part(desk: Flask) -> Planner:
    return Planner(desk, "part")


@pytest.fixture(scope="module")
def segments(desk: Flask) -> dict[str, str]:
    """Return the ids of segments by their codes."""
    statement = text("select code, uuid::text from street_segment join target using (id)")
    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        return {row.code: row.uuid for row in connection.execute(statement)}


@pytest.fixture
def whole(segments: dict[str, str]) -> Callable[..., list[dict[str, str]]]:
    return lambda *codes: [{"segment": segments[code]} for code in codes]


def stored(desk: Flask) -> str:
    """Return everything that is kept of zones, and the audit, as one text."""
    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        return json.dumps(
            [
                list(connection.scalars(text(f"select kept::text from {table} as kept order by 1")))
                for table in (*KEPT, "audit_entry")
            ]
        )


def made(planner: Planner, code: str, segments: list[dict[str, str]], **more: object) -> Any:
    body = {"duty": "sweeping", "code": code, "valid_from": DAY, "segments": segments} | more
    answer = planner.send("", body)
    assert answer.status_code == 200, answer.json
    return answer


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: pytest.approx(after[name] - before[name], abs=1e-3) for name in before}


def test_a_zone_is_made_changed_and_ended_and_tells_what_that_does(
    planner: Planner, whole: Callable[..., list[dict[str, str]]], desk: Flask
) -> None:
    figures = [planner.cover()]

    def told(answer: Any) -> Any:
        assert answer.status_code == 200, answer.json
        figures.append(planner.cover())
        assert answer.json["makes"] == difference(figures[-2], figures[-1])
        return answer

    body = {"duty": "sweeping", "code": "N1", "valid_from": DAY, "segments": whole("S10", "S11"), "name": "新区"}
    body["id"] = "00000000-0000-4000-8000-0000000000f1"
    first = told(planner.send("", body))
    zone = first.json["zones"][0]
    assert (zone["id"], zone["properties"]["version"], zone["properties"]["targets"]) == (body["id"], 1, 2)
    assert first.json["makes"]["overlap"] > 0
    again = planner.send("", body)
    assert (again.status_code, again.json["zones"]) == (200, [zone])
    assert planner.send("", body | {"code": "N2"}).status_code == 409

    second = told(planner.send("/N1", {"correct": True, "segments": whole("S10")}, first.headers["ETag"]))
    assert second.json["zones"][0]["properties"]["version"] == 2
    assert second.json["zones"][0]["properties"]["name"] == "新区"
    held = told(planner.send("/N1/assign", {"person": "P2", "from": DAY}, second.headers["ETag"]))
    assert held.json["zones"][0]["properties"]["holders"] == ["P2"]
    assert (held.json["makes"]["vacant"], held.json["makes"]["covered"]) == (0, 0)
    later = planner.send("/N1", {"from": "2025-08-01", "segments": whole("S12", "S13")}, held.headers["ETag"])
    assert later.json["zones"][0]["properties"]["valid_from"] == "2025-08-01"
    before = planner.get("/zones/N1", on=DAY).json["properties"]
    assert ([one["from_m"] for one in before["segments"]], before["valid_to"]) == ([0.0], "2025-08-01")
    assert planner.send("/N1/end", {"from": "2025-09-01"}, later.headers["ETag"]).status_code == 200
    assert planner.get("/zones", on="2025-09-01", duty="sweeping").json["zones"][0]["code"] != "N1"

    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        entries = connection.execute(text("select * from audit_entry where subject = 'sweeping N1' order by id")).all()
        history = connection.execute(text("select content ->> 'code' from record_history")).all()
    assert [entry.action for entry in entries] == [
        *("zone.create", "zone.change", "zone.assign", "zone.change", "zone.end")
    ]
    assert {entry.actor for entry in entries} == {"planner@office.example"}
    lists = [[len(state["zones"][0]["segments"]) for state in (entries[1].before, entries[1].after)]]
    assert lists == [[2, 1]]
    assert [row[0] for row in history] == ["N1"] * 4


def test_who_comes_second_is_shown_both_versions(
    planner: Planner, part: Planner, whole: Callable[..., list[dict[str, str]]]
) -> None:
    tag = made(planner, "N3", whole("S20")).headers["ETag"]
    assert part.send("/N3", {"correct": True, "segments": whole("S21")}, tag).status_code == 200
    late = planner.send("/N3", {"correct": True, "segments": whole("S22")}, tag)
    assert late.status_code == 412
    assert late.json["current"]["properties"]["version"] == 2
    assert [one["segment"] for one in late.json["current"]["properties"]["segments"]] == [whole("S21")[0]["segment"]]
    assert (late.json["yours"]["version"], late.json["yours"]["segments"]) == (1, whole("S22"))
    newest = planner.get("/zones/N3", on=DAY).headers["ETag"]
    assert planner.send("/N3", {"correct": True, "segments": whole("S22")}, newest).status_code == 200
    for tag in (None, "*", '"x"', '"1", "2"'):
        assert planner.send("/N3", {"correct": True, "name": "x"}, tag).status_code == 428


def test_a_version_is_that_of_one_zone_and_not_of_its_code(
    planner: Planner, part: Planner, whole: Callable[..., list[dict[str, str]]]
) -> None:
    """A zone that is otherwise from a day on is another of the same code, whose versions begin anew."""
    read = made(planner, "V1", whole("S20")).headers["ETag"]
    changed = part.send("/V1", {"from": "2025-08-01", "segments": whole("S21")}, read)
    assert (changed.status_code, changed.json["zones"][0]["properties"]["version"]) == (200, 1)
    for body in ({"from": "2025-08-01", "segments": whole("S22")}, {"from": "2025-09-01", "segments": whole("S22")}):
        assert planner.send("/V1", body, read).status_code == 412
    held = planner.get("/zones/V1", on="2025-09-01").json["properties"]["segments"]
    assert [one["segment"] for one in held] == [whole("S21")[0]["segment"]]
    assert planner.send("/V1/end", {"from": "2025-09-01"}, changed.headers["ETag"]).status_code == 200
    assert planner.send("/N3", {"correct": True, "name": "x"}, changed.headers["ETag"]).status_code == 412
    assert planner.send("/V1", {"correct": True, "name": "x"}, '"1"').status_code == 428


def test_a_zone_becomes_again_what_it_was(planner: Planner, whole: Callable[..., list[dict[str, str]]]) -> None:
    first = made(planner, "U1", whole("S20"), name="旧", picture=FIRST_LANE)
    before = planner.cover()
    words = {"correct": True, "name": "新", "segments": whole("S21", "S22"), "shift": "night"}
    tag = planner.send("/U1", words, first.headers["ETag"]).headers["ETag"]
    tag = planner.send("/U1/end", {"from": "2025-10-01"}, tag).headers["ETag"]
    versions = planner.get("/zones/U1/history").json["versions"]
    assert [(one["version"], one["name"], one["valid_to"]) for one in versions] == [(2, "新", None), (1, "旧", None)]
    assert planner.send("/U1/undo", {"version": 7}, tag).json["errors"][0]["loc"] == ["version"]
    back = planner.send("/U1/undo", {"version": 1}, tag)
    assert back.status_code == 200, back.json
    was, now = (answer.json["zones"][0] for answer in (first, back))
    assert now["properties"] == was["properties"] | {"version": 4}
    assert now["geometry"] == was["geometry"]
    assert planner.cover() == before


def test_a_line_cuts_a_zone_and_the_parts_become_one_again(
    planner: Planner, whole: Callable[..., list[dict[str, str]]]
) -> None:
    lane = whole(*(f"S3{column}" for column in range(6)))
    first = made(planner, "N4", lane, picture=FIRST_LANE)
    tag, length = first.headers["ETag"], first.json["zones"][0]["properties"]["length_m"]
    before = planner.cover()
    line = {"type": "LineString", "coordinates": [[WEST + 2.25 * STEP, SOUTH - 1], [WEST + 2.25 * STEP, SOUTH + 1]]}
    cut = planner.send("/N4/split", {"from": DAY, "line": line, "codes": ["N5"]}, tag)
    assert cut.status_code == 200, cut.json
    kept, new = (zone["properties"] for zone in cut.json["zones"])
    assert ([kept["code"], new["code"]], [kept["targets"], new["targets"]]) == (["N4", "N5"], [4, 3])
    assert kept["length_m"] + new["length_m"] == pytest.approx(length, abs=1e-3)
    assert cut.json["makes"] == {"covered": 0, "gap": 0, "overlap": 0, "vacant": 0}
    assert planner.cover() == before
    assert all(zone["geometry"] for zone in cut.json["zones"])
    one = planner.send("/N4/merge", {"from": DAY, "zone": "N5", "version": new["version"]}, cut.headers["ETag"])
    assert one.status_code == 200, one.json
    together = one.json["zones"][0]["properties"]
    assert (together["targets"], together["length_m"]) == (6, pytest.approx(kept["length_m"] + new["length_m"]))
    assert planner.get("/zones/N5", on=DAY).status_code == 404
    assert planner.cover() == before


def test_a_drawing_proposes_its_list_and_stores_nothing(planner: Planner, desk: Flask) -> None:
    before = stored(desk)
    asked = {"duty": "sweeping", "on": "2025-03-01", "polygon": FIRST_LANE}
    answer = planner.send("/preview", asked)
    assert answer.status_code == 200, answer.json
    assert answer.json["targets"] == 6
    assert answer.json["makes"]["overlap"] == pytest.approx(answer.json["amount"] - answer.json["before"]["overlap"])
    instead = planner.send("/preview", asked | {"zone": "Z1"}).json
    assert instead["makes"] == {"covered": 0, "gap": 0, "overlap": 0, "vacant": 0}
    narrow = {"type": "Polygon", "coordinates": [ring(WEST + 0.0001, SOUTH + 0.00003, WEST + STEP, SOUTH + 0.0012)]}
    (lane,) = planner.send("/preview", asked | {"polygon": narrow}).json["border"] or [None]
    assert lane is None or lane["zones"] == ["Z1"]
    two = [{key: row[key] for key in ("segment", "from_m", "to_m")} for row in instead["segments"][:2]]
    listed = planner.send("/preview", {"duty": "sweeping", "on": "2025-03-01", "segments": two})
    assert listed.json["segments"] == instead["segments"][:2]
    assert stored(desk) == before


def test_a_planner_of_an_area_changes_what_lies_whole_in_it(
    planner: Planner, part: Planner, whole: Callable[..., list[dict[str, str]]], desk: Flask
) -> None:
    inside = made(part, "A1", whole("S20")).headers["ETag"]
    across = made(planner, "A2", whole("S20", "S25")).headers["ETag"]
    outside = made(planner, "A3", whole("S25")).headers["ETag"]
    before = stored(desk)
    for path, body, tag, status in (
        ("", {"duty": "sweeping", "code": "A4", "valid_from": DAY, "segments": whole("S20", "S25")}, None, 403),
        ("/A1", {"correct": True, "segments": whole("S25")}, inside, 403),
        ("/A2", {"correct": True, "segments": whole("S20")}, across, 403),
        ("/A3", {"correct": True, "segments": whole("S20")}, outside, 404),
        ("/A3/end", {"from": DAY}, outside, 404),
        ("/A2/split", {"from": DAY, "line": ACROSS}, across, 403),
        ("/A1/merge", {"from": DAY, "zone": "A3", "version": 1}, inside, 404),
        ("/A3/assign", {"from": DAY, "person": "P1"}, outside, 404),
    ):
        assert part.send(path, body, tag).status_code == status, (path, body)
    assert stored(desk) == before
    assert part.send("/A1", {"correct": True, "segments": whole("S21")}, inside).status_code == 200


CIRCLE = [[105 + cos(turn / 1600), 31 + sin(turn / 1600)] for turn in range(10_001)]

BAD = {
    "no list": ({"segments": []}, "segments"),
    "a street that is not there": ({"segments": [{"segment": "00000000-0000-4000-8000-00000000dead"}]}, "segments"),
    "past the end": ({"segments": [{"from_m": 0, "to_m": 5000}]}, "segments"),
    "an end before its start": ({"segments": [{"from_m": 90, "to_m": 20}]}, "segments"),
    "a negative metre": ({"segments": [{"from_m": -1}]}, "segments"),
    "not a number": ({"segments": [{"from_m": float("nan")}]}, "segments"),
    "not a list": ({"segments": "S10"}, "segments"),
    "a period that ends before it begins": ({"valid_to": "2025-07-09"}, "valid_to"),
    "a day that is not there": ({"valid_from": "2025-02-30"}, "valid_from"),
    "an unknown duty": ({"duty": "cooking"}, "duty"),
    "the wrong kind of target": ({"duty": "tanks"}, "segments"),
    "a code that is taken": ({"code": "Z9"}, "code"),
    "a code that no list can name": ({"code": "A;B"}, "code"),
    "an unknown shift": ({"shift": "noon"}, "shift"),
    "an unknown word": ({"colour": "red"}, "colour"),
    "a drawing that crosses itself": (
        {
            "picture": {
                "type": "Polygon",
                "coordinates": [[[105, 31], [105.1, 31.1], [105.1, 31], [105, 31.1], [105, 31]]],
            }
        },
        "picture",
    ),
    "a drawing without ground": (
        {"picture": {"type": "Polygon", "coordinates": [[[105, 31], [105.1, 31], [105, 31], [105, 31]]]}},
        "picture",
    ),
    "a drawing of 10 001 corners": (
        {"picture": {"type": "Polygon", "coordinates": [CIRCLE]}},
        "picture",
    ),
    "a point as a drawing": ({"picture": {"type": "Point", "coordinates": [105, 31]}}, "picture"),
    "a hole outside": (
        {
            "picture": {
                "type": "Polygon",
                "coordinates": [ring(105, 31, 105.1, 31.1), ring(105.2, 31, 105.3, 31.1)],
            }
        },
        "picture",
    ),
    "a drawing of another world": (
        {"picture": {"type": "Polygon", "coordinates": [ring(4e6, 3e6, 5e6, 4e6)]}},
        "picture",
    ),
    "a drawing of nonsense": ({"picture": {"type": "Polygon", "coordinates": [[["a", "b"]]]}}, "picture"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_be_is_refused_in_a_sentence_and_nothing_is_stored(
    planner: Planner, segments: dict[str, str], desk: Flask, name: str
) -> None:
    words, place = BAD[name]
    body = {"duty": "sweeping", "code": "B1", "valid_from": DAY, "segments": [{}]} | words
    if isinstance(body["segments"], list):
        body["segments"] = [{"segment": segments["S10"]} | one for one in body["segments"]]
    before = stored(desk)
    answer = planner.send("", body)
    assert answer.status_code == 422, answer.json
    assert answer.json["errors"][0]["loc"][0] == place
    assert len(answer.json["errors"][0]["msg"]) > 10
    assert stored(desk) == before


def test_bad_days_and_people_are_refused_and_nothing_is_stored(
    planner: Planner, whole: Callable[..., list[dict[str, str]]], desk: Flask
) -> None:
    tag = made(planner, "B2", whole("S15"), valid_to="2025-12-01").headers["ETag"]
    apart = {"type": "LineString", "coordinates": [[WEST, SOUTH + 1], [WEST + 1, SOUTH + 1]]}
    before = stored(desk)
    long = {"type": "LineString", "coordinates": [[WEST, SOUTH + turn / 1e6] for turn in range(1001)]}
    for path, body, place in (
        ("/B2/split", {"from": DAY, "line": long}, "line"),
        ("/B2", {"segments": whole("S14")}, "from"),
        ("/B2", {"from": DAY, "correct": True, "segments": whole("S14")}, "from"),
        ("/B2", {"from": "2025-12-01", "segments": whole("S14")}, "from"),
        ("/B2", {"from": "2025-07-09", "segments": whole("S14")}, "from"),
        ("/B2/end", {"from": "2026-01-01"}, "from"),
        ("/B2/split", {"from": DAY, "line": apart}, "line"),
        ("/B2/merge", {"from": DAY, "zone": "B2", "version": 1}, "zone"),
        ("/B2/merge", {"from": DAY, "zone": "Z9", "version": 1}, "zone"),
        ("/B2/assign", {"from": DAY, "person": "P404"}, "person"),
        ("/B2/assign", {"from": DAY, "to": DAY, "person": "P1"}, "to"),
        ("/B2/assign", {"from": DAY}, "person"),
    ):
        answer = planner.send(path, body, tag)
        assert answer.status_code == 422, (path, body, answer.json)
        assert answer.json["errors"][0]["loc"] == [place]
    assert planner.send("/none", {"correct": True, "name": "x"}, tag).status_code == 404
    assert planner.send("", {"duty": "sweeping", "pad": "x" * 5_000_000}).status_code == 413
    assert planner.send("/B2/end", {"from": DAY, "pad": "x" * 70_000}, tag).status_code == 413
    assert stored(desk) == before


def test_a_large_list_is_not_read_from_a_stranger_nor_as_a_form(desk: Flask, planner: Planner) -> None:
    content = b'{"duty": "sweeping", "segments": [' + b"{}," * 30_000 + b"{}]}"
    stranger = desk.test_client().post(PREFIX, data=content, content_type="application/json")
    assert stranger.status_code in {400, 401}
    headers = {"X-CSRFToken": planner.proof}
    told = planner.client.post(PREFIX, data=content, content_type="application/json", headers=headers)
    assert (told.status_code, told.json["errors"][0]["loc"][0]) == (422, "segments")
    form = "application/x-www-form-urlencoded"
    assert planner.client.post(PREFIX, data=content, content_type=form, headers=headers).status_code == 413


def test_a_substitute_holds_a_zone_for_a_week(planner: Planner, whole: Callable[..., list[dict[str, str]]]) -> None:
    tag = made(planner, "H1", whole("S23")).headers["ETag"]
    tag = planner.send("/H1/assign", {"from": DAY, "person": "P1"}, tag).headers["ETag"]
    week = {"from": "2025-08-04", "to": "2025-08-11", "person": "P2"}
    tag = planner.send("/H1/assign", week, tag).headers["ETag"]
    gone = planner.send("/H1/assign", {"from": "2025-09-01", "person": None}, tag)
    assert gone.status_code == 200, gone.json
    held = {
        day: planner.get("/zones/H1", on=day).json["properties"]["holders"]
        for day in (DAY, "2025-08-03", "2025-08-04", "2025-08-10", "2025-08-11", "2025-08-31", "2025-09-01")
    }
    assert [*held.values()] == [["P1"], ["P1"], ["P2"], ["P2"], ["P1"], ["P1"], []]
    assert date.fromisoformat(DAY) > SECOND_PLAN
