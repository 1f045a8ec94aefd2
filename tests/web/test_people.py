"""People over HTTP: lists, acts that name what was read, and a hand-over that can be taken along."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from tests.web.test_zone_editing import Planner, desk

__all__ = ["desk"]

API, MAY, JUNE = "/api/v1", "2025-05-01", "2025-06-01"


@pytest.fixture
def planner(desk: Flask) -> Planner:
    return Planner(desk, "planner")


def people(planner: Planner, **words: str) -> list[dict[str, Any]]:
    answer = planner.get("/people", on=MAY, **words)
    assert answer.status_code == 200, answer.json
    return answer.json["people"]


def test_people_are_found_sorted_and_paged(planner: Planner) -> None:
    everybody = people(planner)
    assert [row["code"] for row in everybody] == ["CD", "LD", "P1", "P2"]
    assert [row["code"] for row in people(planner, sort="metres", limit="2", page="1")] == ["P1", "P2"]
    assert [row["code"] for row in people(planner, limit="3", page="2")] == ["P2"]
    assert [row["code"] for row in people(planner, q="张")] == ["P1"]
    assert people(planner, q="%") == []
    assert [row["code"] for row in people(planner, duty="tanks")] == ["P2"]
    assert [row["code"] for row in people(planner, area="C2")] == ["LD", "P1"][1:]
    assert people(planner, show="without") == []
    (first, second) = (row for row in everybody if row["code"].startswith("P"))
    assert [zone["code"] for zone in second["zones"]] == ["Z3", "K1"]
    assert first["length_m"] == pytest.approx(first["zones"][0]["length_m"])
    vacant = planner.get("/holders", on=MAY, vacant="1").json
    assert ([zone["code"] for zone in vacant["zones"]], vacant["total"]) == (["Z2"], 1)
    assert planner.get("/people", area="none").json["people"] == []
    assert planner.get("/people", show="everybody").status_code == 422


def test_acts_name_what_was_read_and_who_comes_second_sees_both(desk: Flask, planner: Planner) -> None:
    added = planner.send("/people", {"code": "P5", "name": "周五", "role": "cleaner", "phone": "13912345678"}, to=API)
    assert (added.status_code, added.json["person"]["phone"], added.headers["ETag"]) == (200, "139****5678", '"1"')
    again = planner.send("/people", {"code": "P5", "name": "x", "role": "cleaner"}, to=API)
    assert again.status_code == 409
    assert planner.send("/people/P5", {"name": "周六"}, to=API).status_code == 428
    assert planner.send("/people/P5", {"name": "周六"}, '"1"', to=API).json["person"]["version"] == 2
    late = planner.send("/people/P5", {"name": "周日"}, '"1"', to=API)
    assert late.status_code == 412
    assert (late.json["current"]["name"], late.json["yours"]) == ("周六", {"version": 1, "name": "周日"})

    zone = planner.get("/holders", on=MAY, q="Z2").json["zones"][0]
    gift = {"zone": "Z2", "person": "P5", "version": zone["version"]}
    given = planner.send("/holders", {"zones": [gift], "from": MAY}, to=API)
    assert given.json["zones"][0]["holders"] == [
        {"person": "P5", "shift": "all-day", "valid_from": MAY, "valid_to": None, "stands_in_for": None}
    ]
    assert given.json["vacant"]["before"]["sweeping"] > 0 == len(given.json["vacant"]["after"])
    late = planner.send("/holders", {"zones": [gift | {"person": None}], "from": MAY}, to=API)
    assert (late.status_code, [one["code"] for one in late.json["current"]["zones"]]) == (412, ["Z2"])
    part = Planner(desk, "part")
    assert part.send("/holders", {"zones": [{"zone": "Z1", "person": "P5"}], "from": MAY}, to=API).status_code == 403
    assert part.send("/people", {"code": "P6", "name": "x", "role": "cleaner"}, to=API).status_code == 403
    assert [row["code"] for row in people(part, q="P5")] == ["P5"], "the zone lies in the area"
    wrong = planner.send("/holders", {"zones": [{"zone": "Z1", "person": "P5"}], "from": JUNE, "to": MAY}, to=API)
    assert (wrong.status_code, wrong.json["errors"][0]["loc"]) == (422, ["to"])

    file = planner.client.get(f"/people/P5/hand-over.xlsx?on={MAY}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file.data)).get_sheet_by_index(0).to_python()
    assert "周六" in rows[0][0]
    assert ("Z2", "Sweeping") in [(row[0], row[2]) for row in rows]
    tag = planner.get("/people/P5").headers["ETag"]
    left = planner.send("/people/P5/leave", {"from": JUNE, "hand_over": {"Z2": "P1"}}, tag, to=API)
    assert left.json["person"]["left_on"] == JUNE
    assert [one["person"] for one in left.json["zones"][0]["holders"]] == ["P5", "P1"]
    assert planner.send("/people/P5/return", {}, tag, to=API).status_code == 412
    assert "gone from 2025-06-01 on" in planner.client.get("/people/P5").get_data(as_text=True)
