"""Proposals of zones over HTTP: asked for, stopped, refused, adopted as a draft; and drafts that are deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from flask import Flask
from sqlalchemy import Connection, text

from geo_hygiene.jobs.store import Job
from geo_hygiene.jobs.worker import Progress
from geo_hygiene.zoning import proposal_jobs
from tests.web.test_zone_editing import Planner, desk, part, planner, segments, stored, whole
from tests.web.towns import AUTUMN, SOUTH, STEP, WEST
from tests.working import wait_for, work_off, working

__all__ = ["desk", "part", "planner", "segments", "whole"]

DAY = AUTUMN.isoformat()
JOBS = "/api/v1"
WISHES = {"duty": "sweeping", "count": 4, "on": DAY, "tolerance": 0.2}


def work(desk: Flask) -> None:
    assert work_off(address(desk), proposal_jobs.HANDLERS)


def address(desk: Flask) -> str:
    url: str = desk.extensions["geo_hygiene"].database
    return url


def waiting(desk: Flask) -> int:
    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        count: int = connection.scalar(text("select count(*) from job"))
        return count


def job(planner: Planner, asked: Any) -> Any:
    answer = planner.get(f"/jobs/{asked.json['id']}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_proposal_is_asked_for_adopted_as_a_draft_and_the_draft_deleted(
    planner: Planner, part: Planner, desk: Flask
) -> None:
    before = stored(desk)
    asked = planner.send("/propose", WISHES | {"barriers": ["river", "main-road"]})
    assert (asked.status_code, asked.json["state"]) == (202, "waiting"), asked.json
    assert part.get(f"/jobs/{asked.json['id']}").status_code == 403
    assert planner.send(f"/proposals/{asked.json['id']}/adopt", {"name": "early"}, to=JOBS).status_code == 404
    work(desk)
    found = job(planner, asked)
    assert (found["state"], found["result"]["draft"]) == ("done", None), found
    told = found["result"]
    assert (told["count"], len(told["zones"]), told["unassigned"], told["barriers"]) == (
        4,
        4,
        0,
        ["main-road", "river"],
    )
    assert "pictures" not in told
    listed = planner.get("/proposals").json["jobs"]
    assert [(one["id"], one["asked"]) for one in listed] == [
        (asked.json["id"], {"duty": "sweeping", "on": DAY, "count": 4})
    ]
    assert part.get("/proposals").json["jobs"] == []
    assert stored(desk) == before

    adopting = planner.send(f"/proposals/{asked.json['id']}/adopt", {"name": "新划分"}, to=JOBS)
    assert adopting.status_code == 202, adopting.json
    work(desk)
    assert job(planner, adopting)["result"] == {"draft": "新划分", "duty": "sweeping"}
    draft = planner.get("/drafts/新划分")
    kept = {zone["code"]: zone for zone in draft.json["zones"] if not zone["ends"]}
    for zone in told["zones"]:
        if zone["code"] in kept:
            assert {one["segment"] for one in kept[zone["code"]]["segments"]} == set(zone["segments"])
            assert kept[zone["code"]]["picture"]["type"] == "MultiPolygon"
    figures = planner.get("/drafts/新划分/cover", on=DAY).json
    assert (figures["gap"], figures["overlap"]) == (0, 0)
    again = planner.send(f"/proposals/{asked.json['id']}/adopt", {"name": "新划分"}, to=JOBS)
    assert (again.status_code, again.json["errors"][0]["loc"]) == (422, ["name"])

    tag, to = draft.headers["ETag"], "/api/v1/drafts"
    assert part.send("/新划分/discard", None, tag, to=to).status_code == 403
    assert planner.send("/新划分/discard", None, '"99"', to=to).status_code == 412
    gone = planner.send("/新划分/discard", None, tag, to=to)
    assert (gone.status_code, gone.json["name"]) == (200, "新划分")
    assert planner.get("/drafts/新划分").status_code == 404
    with desk.extensions["geo_hygiene"].connect("test", {}) as connection:
        assert connection.scalar(text("select count(*) from draft_zone")) == 0
        newest = "select actor, action, subject from audit_entry order by id desc limit 1"
        assert connection.execute(text(newest)).one() == ("planner@office.example", "draft.discard", "新划分")


def test_a_list_that_is_told_without_a_picture_is_drawn(
    planner: Planner, whole: Callable[..., list[dict[str, str]]], segments: dict[str, str]
) -> None:
    """The picture holds what the list holds, and not what others look after; the list stays as it was told."""
    to = "/api/v1/drafts"
    begun = planner.send("", {"name": "手改", "duty": "sweeping", "on": DAY}, to=to)
    half = {"segment": segments["S02"], "to_m": 80.0}
    words = {"zones": [{"zone": "N7", "segments": [*whole("S00", "S01"), half]}]}
    put = planner.send("/手改/zones", words, begun.headers["ETag"], to=to)
    assert put.status_code == 200, put.json
    (zone,) = put.json["zones"]
    assert {(one["segment"], one["to_m"]) for one in zone["segments"]} >= {(segments["S02"], 80.0)}
    picture = shapely.from_geojson(json.dumps(zone["picture"]))
    assert picture.is_valid
    middles = [shapely.Point(WEST + (column + 0.5) * STEP, SOUTH + STEP / 9) for column in range(4)]
    assert [bool(picture.contains(middle)) for middle in middles] == [True, True, False, False]
    assert picture.contains(shapely.Point(WEST + 2.3 * STEP, SOUTH + 0.6 * STEP / 9))
    assert not picture.intersects(shapely.Point(WEST + 0.5 * STEP, SOUTH + STEP + STEP / 9))


def test_a_published_draft_stays(planner: Planner, desk: Flask) -> None:
    to = "/api/v1/drafts"
    begun = planner.send("", {"name": "公布", "duty": "sweeping", "on": DAY}, to=to)
    with desk.extensions["geo_hygiene"].connect("test", {"default_transaction_read_only": "off"}) as connection:
        connection.execute(text("update draft set published_from = '2030-01-01', published_at = now()"))
        connection.commit()
    refused = planner.send("/公布/discard", None, begun.headers["ETag"], to=to)
    assert (refused.status_code, refused.json["errors"][0]["loc"]) == (422, ["draft"])
    assert planner.get("/drafts/公布").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"count": 0}, "count"),
        ({"count": 10**9}, "count"),
        ({"count": 25}, "count"),
        ({"count": "many"}, "count"),
        ({"tolerance": -0.1}, "tolerance"),
        ({"tolerance": 1.5}, "tolerance"),
        ({"tolerance": float("nan")}, "tolerance"),
        ({"keep": 2}, "keep"),
        ({"within": "nowhere"}, "within"),
        ({"duty": "singing"}, "duty"),
        ({"lock": ["Z99"]}, "lock"),
        ({"within": "C2", "count": 2, "lock": ["Z1"]}, "lock"),
        ({"borders": "open"}, "borders"),
        ({"barriers": ["wall"]}, "barriers"),
        ({"duty": "drains", "barriers": ["main-road"]}, "barriers"),
        ({"on": "soon"}, "on"),
        ({"pad": 1}, "pad"),
    ],
)
def test_what_can_not_be_asked_is_said_at_its_place_and_stores_nothing(
    planner: Planner, desk: Flask, wrong: dict[str, Any], place: str
) -> None:
    before = waiting(desk)
    refused = planner.send("/propose", WISHES | wrong)
    assert refused.status_code == 422, refused.json
    assert refused.json["errors"][0]["loc"][0] == place
    assert refused.json["errors"][0]["msg"]
    assert waiting(desk) == before


def test_more_than_a_county_and_areas_of_others_are_refused(
    planner: Planner, part: Planner, desk: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert part.send("/propose", WISHES | {"count": 2, "within": "C2"}).status_code == 404
    monkeypatch.setattr(proposal_jobs, "MOST_TARGETS", 20)
    refused = planner.send("/propose", WISHES)
    assert (refused.status_code, refused.json["errors"][0]["loc"]) == (422, ["within"])
    assert "24" in refused.json["errors"][0]["msg"]


def test_a_planner_of_a_community_shares_out_that_alone(part: Planner, desk: Flask, planner: Planner) -> None:
    """Its lanes do not meet: where there are more parts than zones it says which zone takes which."""
    asked = part.send("/propose", WISHES | {"count": 2})
    work(desk)
    told = job(part, asked)["result"]
    own = {segment for zone in told["zones"] for segment in zone["segments"]}
    assert (len(own), len(told["zones"])) == (12, 2)
    assert {one["constraint"] for one in told["binding"]} >= {"apart"}
    assert planner.get(f"/jobs/{asked.json['id']}").status_code == 404
    assert planner.send(f"/proposals/{asked.json['id']}/cancel", None, to=JOBS).status_code == 404


def test_a_proposal_that_runs_is_stopped(planner: Planner, desk: Flask) -> None:
    """The computation ends with its process, whatever it is about at the moment."""

    def endless(connection: Connection, one: Job, progress: Progress) -> dict[str, Any]:
        progress("share", 1, 2)
        while True:
            pass

    asked = planner.send("/propose", WISHES)
    with working(address(desk), {proposal_jobs.PROPOSE: endless}):
        wait_for(lambda: job(planner, asked)["step"] == "share")
        assert planner.send(f"/proposals/{asked.json['id']}/cancel", None, to=JOBS).status_code == 200
        wait_for(lambda: job(planner, asked)["state"] == "cancelled")
    assert job(planner, asked)["result"] is None
