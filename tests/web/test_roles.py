"""What a role sees of a page or an answer that others see whole."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from geo_hygiene.permissions import Role
from tests.web.test_access import CASE_ELSEWHERE, HOME_AREA, LIMITED, office, signed_in
from tests.web.test_pages import counted
from tests.web.towns import SPRING

__all__ = ["office"]


def test_a_role_in_one_area_is_told_of_its_complaints_only(office: Flask) -> None:
    whole, part = signed_in(office, "clerk"), signed_in(office, f"clerk-{HOME_AREA}".lower())

    def told(client: FlaskClient, path: str, **words: object) -> Any:
        return client.get(path, query_string=words).get_json()

    for words in ({}, {"limit": 5}, {"kind": "rodent"}, {"from": "2026-01-01"}):
        everything, mine = told(whole, "/api/v1/cases", limit=1000), told(part, "/api/v1/cases", **words)
        fitting = [
            row
            for row in everything["cases"]
            if row["community"] == HOME_AREA
            and words.get("kind", row["kind"]) == row["kind"]
            and row["reported_at"] >= words.get("from", "")
        ]
        assert mine["total"] == len(fitting)
        assert mine["cases"] == fitting[: words.get("limit", 1000)]
    assert told(part, "/api/v1/cases", after=CASE_ELSEWHERE)["cases"] == []
    assert told(part, "/api/v1/cases/12345:R1")["external_id"] == "R1"
    assert part.get("/api/v1/cases/E1").status_code == 404
    assert whole.get("/api/v1/cases/E1").status_code == 200
    assert [len(told(client, "/api/v1/search", q="E1")["results"]) for client in (whole, part)] == [1, 0]
    assert told(signed_in(office, "worker"), "/api/v1/search", q="E1")["results"] == []

    heat = told(part, "/api/v1/cases/heat", by="community", step="month", zoom=16)
    assert [area["code"] for area in heat["areas"]] == [HOME_AREA]
    assert heat["total"] == heat["areas"][0]["count"] == told(part, "/api/v1/cases")["total"]
    assert sum(heat["kinds"].values()) == heat["total"] == sum(frame["total"] for frame in heat["frames"])
    assert "disorder" not in heat["kinds"]
    assert told(whole, "/api/v1/cases/heat")["total"] > heat["total"]
    tag = whole.get("/api/v1/cases/heat").headers["ETag"]
    assert part.get("/api/v1/cases/heat", headers={"If-None-Match": tag}).status_code == 200

    page = part.get("/cases").get_data(as_text=True)
    assert "All of 鼓楼社区" in page
    assert "All areas" not in page
    assert 'value="C2"' not in page
    assert "2026-01-0" not in part.get("/cases/heat").get_data(as_text=True)
    assert "2026-01-0" in whole.get("/cases/heat").get_data(as_text=True)
    start = [client.get("/").get_data(as_text=True) for client in (whole, part)]
    assert ["2026-01" in page for page in start] == [True, False]


def test_a_role_in_one_area_finds_its_people_only(office: Flask) -> None:
    whole, part = signed_in(office, "leader"), signed_in(office, f"leader-{HOME_AREA}".lower())
    worker = signed_in(office, "worker")

    def people(client: FlaskClient) -> set[str]:
        found = client.get("/api/v1/search", query_string={"q": "p", "limit": 50, "on": SPRING.isoformat()}).get_json()
        return {row["code"] for row in found["results"] if row["type"] == "person"}

    def holders(client: FlaskClient) -> set[str]:
        asked = {"duty": "sweeping", "by": "person", "on": SPRING.isoformat()}
        return {row["code"] for row in client.get("/api/v1/cover", query_string=asked).get_json()["by"]} - {None}

    def found(client: FlaskClient, person: str) -> int:
        asked = {"duty": "sweeping", "person": person, "on": SPRING.isoformat()}
        return len(client.get("/api/v1/cover/pieces", query_string=asked).get_json()["pieces"])

    assert people(whole) == {"P1", "P2", "P9"}
    assert people(part) == {"P1", "P2"}
    assert people(worker) == set()
    assert (holders(whole), holders(part)) == ({"P1", "P2", "P9"}, {"P1", "P2"})
    assert found(part, "P2") == found(whole, "P2") > 0
    assert (found(whole, "张九") > 0, found(part, "张九")) == (True, 0)
    assert worker.get("/api/v1/cover?duty=sweeping&by=person").status_code == 403
    for path in ("/api/v1/cover/pieces?duty=sweeping&person=P2", "/map/table?person=P2", "/map/table.csv?person=P2"):
        assert worker.get(path).status_code == 403
        assert part.get(path).status_code == 200


def test_the_first_page_asks_for_nothing_that_one_may_not_see(office: Flask) -> None:
    client = signed_in(office, "worker")
    with counted(office.extensions["geo_hygiene"]) as asked:
        page = client.get("/").get_data(as_text=True)
    assert asked
    assert not [statement for statement in asked if re.search("campaign|reported_case", statement)]
    assert "campaign" not in page.lower()
    assert "data-complaints" not in page


def test_tiles_of_a_campaign_are_for_those_who_may_see_campaigns(office: Flask) -> None:
    path = "/tiles/campaign/14/12974/6701.mvt?campaign=R1"
    assert signed_in(office, "clerk").get(path).status_code == 403
    assert signed_in(office, "pest").get(path).status_code in {200, 204}


def test_areas_of_campaigns_are_for_those_who_may_see_campaigns(office: Flask) -> None:
    tile = "/tiles/street-segments,campaign-areas/14/12975/6713.mvt"
    assert signed_in(office, Role.WORKER).get(tile).status_code == 403
    assert signed_in(office, Role.PEST).get(tile).status_code in (200, 204)


def test_how_many_complaints_there_are_is_for_those_who_may_see_them_all(office: Flask) -> None:
    def numbers(name: str) -> dict[str, int | None]:
        layers = signed_in(office, name).get("/api/v1/layers").json["layers"]  # type: ignore[index]
        return {layer["key"]: layer["count"] for layer in layers}

    seen = numbers(Role.PLANNER)
    assert None not in seen.values()
    hidden = {key for key, number in numbers(Role.WORKER).items() if number is None}
    assert hidden == {
        *("people", "posts", "assignments", "duty-roster"),
        *("campaigns", "campaign-areas", "treatments", "cases", "case-events"),
    }
    in_one_area = numbers(next(iter(LIMITED)))
    assert in_one_area["cases"] is None
    assert in_one_area["street-segments"] == seen["street-segments"]


def test_pages_lead_to_what_one_may_open(office: Flask) -> None:
    page = signed_in(office, "worker").get("/map").get_data(as_text=True)
    assert 'href="/map/table"' in page
    assert 'href="/cases/heat"' not in page
    assert 'href="/admin"' not in page
    assert 'href="/admin"' in signed_in(office, "admin").get("/map").get_data(as_text=True)
