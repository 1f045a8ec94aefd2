"""Complaints over HTTP: lists, one case with its chain, its history, and where complaints gather."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from geo_hygiene.database import engine
from geo_hygiene.features import area_choices, areas
from geo_hygiene.permissions import EVERYWHERE
from tests.conftest import TestDatabase
from tests.web.towns import CASE, CASE_IN_GAP, FLIES, NOWHERE, RODENTS, web_town

ALL = RODENTS + FLIES + NOWHERE
DAY = date(2025, 6, 1)


def ask(client: FlaskClient, path: str, **words: Any) -> Any:
    answer = client.get(f"/api/v1/cases{path}", query_string={name.rstrip("_"): value for name, value in words.items()})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_pages_of_cases_are_the_whole_list(client: FlaskClient) -> None:
    whole = ask(client, "")
    assert (whole["total"], whole["without_place"], len(whole["cases"]), whole["next"]) == (ALL, NOWHERE, ALL, None)
    times = [case["reported_at"] for case in whole["cases"]]
    assert times == sorted(times, reverse=True)
    found: list[Any] = []
    after: dict[str, Any] = {}
    while True:
        page = ask(client, "", limit=5, **after)
        assert page["total"] == ALL
        found += page["cases"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == whole["cases"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"kind": "rodent"}, RODENTS),
        ({"kind": "rodent,fly"}, RODENTS + FLIES),
        ({"channel": "hotline"}, RODENTS),
        ({"channel": "web"}, 0),
        ({"status": "closed"}, RODENTS // 2),
        ({"status": "open"}, ALL - RODENTS // 2),
        ({"from_": "2025-03-01", "to": "2025-03-03"}, 2),
        ({"hour": "22-1"}, 2 + FLIES),
        ({"hour": "0"}, 1),
        ({"hour": "2,4"}, 2),
        ({"weekday": "6-7"}, 4 + 1),
        ({"area": "C1"}, RODENTS + FLIES),
        ({"area": "C2"}, 0),
        ({"area": "nowhere"}, 0),
    ],
)
def test_filters_of_the_list_and_the_heat_are_the_same(
    client: FlaskClient, words: dict[str, str], expected: int
) -> None:
    heat = ask(client, "/heat", **words)
    assert ask(client, "", **words)["total"] == heat["total"] == expected
    assert sum(area["count"] for area in heat["areas"]) == expected
    assert sum(heat["weekdays"]) == sum(heat["hours"]) + heat["without_time"] == expected
    for name in ("kinds", "statuses"):
        assert sum(heat[name].values()) == expected


def test_a_case_names_who_answered_for_its_place_on_its_day(client: FlaskClient) -> None:
    case = ask(client, f"/{CASE}")
    assert (case["gap"], case["segment_lane"], case["community"], case["on"]) == (False, "滨江北路", "C1", "2025-03-01")
    assert case["distance_m"] < 40
    (duty,) = case["duties"]
    assert case["gaps"] == ["supervision"]
    assert (duty["duty"], duty["zone"]) == ("sweeping", "Z1")
    assert [(link["role"], link["name"]) for link in duty["chain"]] == [
        ("leader", "李领导"),
        ("cadre", "王干部"),
        ("cleaner", "张三"),
    ]
    assert duty["from_m"] <= case["at_m"] < duty["to_m"]


def test_a_case_where_nobody_sweeps_is_a_gap(client: FlaskClient) -> None:
    case = ask(client, f"/{CASE_IN_GAP}")
    assert (case["gap"], case["gaps"], case["duties"]) == (True, ["sweeping", "supervision"], [])
    assert case["segment"] is not None
    assert [(link["role"], link["name"]) for link in case["above"]] == [("leader", "李领导"), ("cadre", "王干部")]
    assert (case["office"], case["community"], case["group"]) == ("O", "C1", "C1G2")
    nowhere = ask(client, "", kind="other")["cases"][0]
    whole = ask(client, f"/{nowhere['id']}")
    nothing = {"gap": None, "gaps": [], "place": None, "at_m": None, "duties": [], "above": [], "has_time": False}
    assert whole == whole | nowhere | nothing
    assert nowhere["description"] == '<img src=x onerror="alert(1)"> 139****5678'


def test_history_of_a_case(client: FlaskClient) -> None:
    (event,) = ask(client, f"/{CASE}/events")["events"]
    assert (event["status"], event["at"], event["known"]) == ("handled", "2025-03-01T00:30:00+08:00", "report")
    case = ask(client, f"/{CASE}")
    assert (case["events"], case["status_known"], case["has_time"]) == ([event], "report", True)


def test_cells_under_five_are_hidden_and_add_up(client: FlaskClient) -> None:
    heat = ask(client, "/heat", zoom=17, step="month")
    assert (heat["total"], heat["without_place"], heat["outside"], heat["hidden"]) == (ALL, NOWHERE, 0, FLIES)
    assert (heat["without_time"], heat["hours"][0]) == (NOWHERE, 1)
    ((lon, lat, count, side),) = heat["cells"]
    assert (count, side) == (RODENTS, heat["cell"])
    width = heat["cell"] / 6378137 * 180 / math.pi
    assert abs(lon - 105.081) <= width
    assert abs(lat - 31.0903) <= width
    frames = {frame["from"]: frame for frame in heat["frames"]}
    assert [frame["from"] for frame in heat["frames"]] == [f"2025-0{month}-01" for month in range(3, 8)]
    assert {day: frame["total"] for day, frame in frames.items()} == {
        "2025-03-01": RODENTS,
        "2025-04-01": 0,
        "2025-05-01": 0,
        "2025-06-01": FLIES,
        "2025-07-01": NOWHERE,
    }
    assert frames["2025-06-01"]["hidden"] == FLIES
    for frame in (*heat["frames"], heat):
        cells = sum(cell[2] for cell in frame["cells"])
        assert frame["total"] == frame["without_place"] + frame["outside"] + frame["hidden"] + cells


def test_a_box_says_what_lies_outside(client: FlaskClient) -> None:
    heat = ask(client, "/heat", bbox="105.0805,31.0895,105.0815,31.0905", zoom=17)
    assert (heat["total"], heat["outside"], heat["hidden"]) == (ALL, FLIES, 0)
    assert ask(client, "/heat", bbox="0,0,1,1")["outside"] == ALL - NOWHERE


def test_more_cells_than_anybody_sees_are_refused(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo_hygiene.cases.heat.MOST_CELLS", 1)
    assert client.get("/api/v1/cases/heat?zoom=8").status_code == 200
    answer = client.get("/api/v1/cases/heat?zoom=20")
    assert (answer.status_code, answer.json["errors"][0]["loc"][-1]) == (422, "zoom")


def test_rates_are_of_the_residents(client: FlaskClient) -> None:
    by_group = {area["code"]: area for area in ask(client, "/heat", kind="rodent")["areas"]}
    assert (by_group["C1G1"]["count"], by_group["C1G1"]["rate"]) == (RODENTS, RODENTS / 200 * 1000)
    assert (by_group["C2G1"]["count"], by_group["C2G1"]["rate"]) == (0, None)
    by_community = {area["code"]: area for area in ask(client, "/heat", by="community")["areas"]}
    assert by_community["C1"]["residents"] == 200
    assert by_community[None]["count"] == NOWHERE


def test_frames_of_weeks_begin_on_mondays_within_the_period(client: FlaskClient) -> None:
    frames = ask(client, "/heat", step="week", from_="2025-03-05", to="2025-03-18")["frames"]
    assert [(frame["from"], frame["to"]) for frame in frames] == [
        ("2025-03-05", "2025-03-10"),
        ("2025-03-10", "2025-03-17"),
        ("2025-03-17", "2025-03-18"),
    ]
    assert sum(frame["total"] for frame in frames) == ask(client, "", from_="2025-03-05", to="2025-03-18")["total"]
    assert ask(client, "/heat", step="day", kind="toilet")["frames"] == []


def test_heat_is_not_sent_again_unchanged(client: FlaskClient) -> None:
    first = client.get("/api/v1/cases/heat")
    again = client.get("/api/v1/cases/heat", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/api/v1/cases/heat?kind=fly", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


def test_areas_of_cases_are_those_that_hold_them(client: FlaskClient, town_database: TestDatabase) -> None:
    cases = ask(client, "")["cases"]
    holds = "select code from area where level = 'group' and ST_Covers(geom, ST_SetSRID(ST_Point(:lon, :lat), 4326))"
    reading = engine(town_database.service_url)
    with reading.connect() as connection:
        expected = Counter(
            None
            if case["place"] is None
            else connection.scalar(text(holds), {"lon": case["place"][0], "lat": case["place"][1]})
            for case in cases
        )
    reading.dispose()
    counts = {area["code"]: area["count"] for area in ask(client, "/heat")["areas"] if area["count"]}
    assert counts == expected == Counter(case["group"] for case in cases)


def test_where_communities_are_too_many_offices_are_chosen(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    web_town(connection)
    communities = area_choices(connection, DAY, within=EVERYWHERE)
    assert set(communities) == {"C1", "C2"}
    monkeypatch.setattr(areas, "MOST_CHOICES", 1)
    assert list(area_choices(connection, DAY, within=EVERYWHERE)) == ["O"]
    for chosen in ("O", "C2", "C1G1"):
        assert list(area_choices(connection, DAY, chosen, within=EVERYWHERE)) == ["O", *communities]
    assert list(area_choices(connection, DAY, "nowhere", within=EVERYWHERE)) == ["O"]
    names = area_choices(connection, DAY, "C2", within=EVERYWHERE)
    assert names["C2"] == f"{names['O']} · {communities['C2']}"
    assert area_choices(connection, DAY, "C1", within=frozenset({"C1"})) == {"C1": communities["C1"]}
