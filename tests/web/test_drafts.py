"""A plan is drafted, compared, published and taken back over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from geo_hygiene.coverage.duties import today
from tests.web.test_zone_editing import Planner, desk, part, planner, segments, stored, whole
from tests.web.towns import SECOND_PLAN

__all__ = ["desk", "part", "planner", "segments", "whole"]

DRAFTS = "/api/v1/drafts"
BOX = {"west": "105", "south": "31", "east": "105.1", "north": "31.1"}


@pytest.fixture(scope="module")
def monday(desk: Flask) -> date:
    """Return a day to come."""
    now: date = desk.extensions["geo_hygiene"].read(today)
    return now + timedelta(days=30)


def demand_compared(planner: Planner, day: str) -> None:
    """Compare the draft with the plan; hold the minutes against those of the workload."""
    compared = planner.get("/plans/compare", duty="sweeping", on=day, with_draft="新方案").json
    people = {row["code"]: (row["gains"] > 0, row["loses"] > 0) for row in compared["people"]}
    assert people == {"P1": (False, True), "P2": (True, False)}
    assert compared["moved"] == pytest.approx(next(r["loses"] for r in compared["people"] if r["code"] == "P1"))
    rows = planner.get("/workload", duty="sweeping", on=day, by="zone").json["rows"]
    minutes = {row["code"]: row["minutes"] for row in rows}
    for row in compared["zones"]:
        assert row["before_min"] == pytest.approx(minutes.get(row["code"], 0), abs=0.02)
        assert row["after_min"] == pytest.approx(row["before_min"] + row["gains_min"] - row["loses_min"], abs=0.02)
    assert compared["moved_min"] > 0
    asked = {"duty": "sweeping", "on": day, "with_draft": "新方案", "everybody": True}
    everybody = planner.get("/plans/compare", **asked).json
    assert [row for row in everybody["zones"] if row["gains"] or row["loses"]] == compared["zones"]


def test_a_draft_is_drawn_compared_published_and_taken_back(
    planner: Planner, part: Planner, desk: Flask, monday: date, whole: Callable[..., list[dict[str, str]]]
) -> None:
    day = monday.isoformat()
    kept = planner.cover(day)

    def tell(who: Planner, path: str, body: dict[str, Any] | None, tag: str | None = None) -> Any:
        return who.send(path, body, tag, to=DRAFTS)

    begun = tell(planner, "", {"name": "新方案", "duty": "sweeping", "on": day})
    assert begun.status_code == 200, begun.json
    tag = begun.headers["ETag"]
    lists = {"zone": "Z9", "segments": whole(*(f"S{row}{column}" for row in (0, 1) for column in range(6)))}
    first = tell(planner, "/新方案/zones", {"zones": [lists]}, tag)
    assert first.status_code == 200, first.json
    assert [zone["code"] for zone in first.json["zones"]] == ["Z9"]
    late = tell(planner, "/新方案/zones", {"zones": [lists]}, tag)
    assert (late.status_code, late.json["current"]["version"]) == (412, 2)
    new = {"zone": "Z10", "person": "P2", "segments": whole(*(f"S2{column}" for column in range(6)))}
    second = tell(planner, "/新方案/zones", {"zones": [new]}, first.headers["ETag"])
    assert [zone["holders"] for zone in second.json["zones"]] == [["P2"], None]
    assert (
        tell(part, "/新方案/zones", {"zones": [{"zone": "Z9", "ends": True}]}, second.headers["ETag"]).status_code
        == 403
    )
    assert planner.cover(day) == kept

    told = planner.get("/drafts/新方案/cover", on=day).json
    assert told["changed"]["makes"]["covered"] == pytest.approx(told["covered"] - kept["covered"], abs=1e-3)
    shown = planner.get("/drafts/新方案/pieces", on=day).json["features"]
    assert {feature["geometry"]["type"] for feature in shown} <= {"LineString", "MultiLineString"}
    assert {feature["properties"]["state"] for feature in shown} == {"gap", "covered"}
    demand_compared(planner, day)
    assert planner.get("/drafts/新方案/changes", **{"from": day}).json["seen"] is None

    zone = planner.get("/zones/Z9", on=day)
    assert planner.send("/Z9", {"correct": True, "name": "全城"}, zone.headers["ETag"]).status_code == 200
    before = stored(desk)
    unseen = tell(planner, "/新方案/publish", {"from": day}, second.headers["ETag"])
    assert (unseen.status_code, unseen.json["changes"]["zones"]) == (409, [{"zone": "Z9", "change": "changed"}])
    assert tell(part, "/新方案/publish", {"from": day}, second.headers["ETag"]).status_code == 403
    for wrong in ({"from": SECOND_PLAN.isoformat()}, {"from": "soon"}, {}, {"from": day, "pad": 1}):
        refused = tell(planner, "/新方案/publish", wrong, second.headers["ETag"])
        assert refused.status_code == 422
        assert refused.json["errors"][0]["msg"]
    assert stored(desk) == before
    seen = {"from": day, "seen": unseen.json["changes"]["seen"]}
    published = tell(planner, "/新方案/publish", seen, second.headers["ETag"])
    assert published.status_code == 200, published.json
    assert planner.cover(day) == {name: told[name] for name in kept}
    assert planner.cover((monday - timedelta(days=1)).isoformat()) == kept
    assert planner.get("/zones/Z10", on=day).json["properties"]["holders"] == ["P2"]

    back = tell(planner, "/新方案/take-back", None, published.headers["ETag"])
    assert (back.status_code, planner.cover(day)) == (200, kept)
    assert planner.get("/zones/Z10", on=day).status_code == 404
    listed = planner.get("/drafts", duty="sweeping").json["drafts"]
    assert [(one["name"], one["published_from"], one["version"]) for one in listed] == [("新方案", None, 5)]
    dropped = tell(planner, "/新方案/zones", {"zones": [{"zone": "Z10", "drop": True}]}, back.headers["ETag"])
    assert [one["code"] for one in dropped.json["zones"]] == ["Z9"]


def test_a_draft_is_begun_under_a_name_for_its_duty_alone(planner: Planner, monday: date) -> None:
    body = {"name": "a/b", "duty": "sweeping", "on": monday.isoformat()}
    assert planner.send("", body, to=DRAFTS).json["errors"][0]["loc"] == ["name"]
    assert planner.send("", body | {"name": "甲"}, to=DRAFTS).status_code == 200
    again = planner.send("", body | {"name": "甲"}, to=DRAFTS)
    assert (again.status_code, again.json["errors"][0]["loc"]) == (422, ["name"])
    begun = planner.send("", body | {"name": "乙"}, to=DRAFTS)
    tag = begun.headers["ETag"]
    for name, status in (("甲", 422), ("a/b", 422), ("", 422), ("丙", 200), ("丁", 412)):
        said = planner.send(f"/{'丙' if status == 412 else '乙'}/rename", {"name": name}, tag, to=DRAFTS)
        assert said.status_code == status, name
        if status == 412:
            assert said.json["current"]["name"] == "丙"
    assert planner.get("/drafts/乙").status_code == 404
    assert planner.get("/drafts/丙").json["id"] == begun.json["id"]
    for path, words in (("/plans/compare", {"with_draft": "甲"}), ("/plans/around", {"draft": "甲", **BOX})):
        wrong = planner.get(path, duty="tanks", on=monday.isoformat(), **words)
        assert (wrong.status_code, wrong.json["errors"][0]["loc"]) == (422, ["draft"])
