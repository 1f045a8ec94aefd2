"""What an editor is told while a zone is drawn in a draft, and the tiles that show the draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.web.test_zone_editing import ACROSS, FIRST_LANE, Planner, desk, part, planner, segments, stored, whole
from tests.web.tiles import addresses, features
from tests.web.towns import COLUMNS, ROWS, SECOND_PLAN, SOUTH, STEP, WEST

__all__ = ["desk", "part", "planner", "segments", "whole"]

DAY = SECOND_PLAN.isoformat()
OVER = {"duty": "sweeping", "on": DAY}
BOX = (WEST - 0.001, SOUTH - 0.001, WEST + COLUMNS * STEP + 0.001, SOUTH + ROWS * STEP + 0.001)
FIGURES = ("covered", "gap", "overlap", "vacant")

Whole = Callable[..., list[dict[str, str]]]


@pytest.fixture(scope="module")
def draft(planner: Planner, segments: dict[str, str]) -> str:
    """Return the name of a draft in which one zone of two lanes stands in the place of the one of all."""
    lanes = [{"segment": segments[f"S{row}{column}"]} for row in (0, 1) for column in range(COLUMNS)]
    begun = planner.send("", {"name": "绘制", **OVER}, to="/api/v1/drafts")
    put(planner, "绘制", {"zone": "Z9", "segments": lanes}, tag=begun.headers["ETag"])
    return "绘制"


def put(planner: Planner, draft: str, *zones: dict[str, Any], tag: str | None = None) -> Any:
    known = tag or planner.get(f"/drafts/{draft}").headers["ETag"]
    answer = planner.send(f"/{draft}/zones", {"zones": list(zones)}, known, to="/api/v1/drafts")
    assert answer.status_code == 200, answer.json
    return answer.json


def figures(planner: Planner, draft: str) -> dict[str, float]:
    told = planner.get(f"/drafts/{draft}/cover", on=DAY).json
    return {name: told[name] for name in FIGURES}


def ask(planner: Planner, path: str, **body: Any) -> Any:
    answer = planner.send(path, {**OVER, **body})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_preview_tells_what_storing_the_zone_does(planner: Planner, draft: str, whole: Whole, desk: Flask) -> None:
    kept, before = stored(desk), figures(planner, draft)
    lists = whole("S00", "S01", "S20")
    alone = ask(planner, "/preview", zone="Z10", segments=lists, held=True)
    told = ask(planner, "/preview", draft=draft, zone="Z10", segments=lists, held=True)
    assert stored(desk) == kept
    assert [one["zone"] for one in told["shared"]] == ["Z9"]
    assert {row["code"] for row in told["shared"][0]["segments"]} == {"S00", "S01"}
    assert told["left"]["segments"] == []
    assert {state for state, made in told["makes"].items() if made} == {"overlap"}, "the plan has no gap there"
    begun = planner.send("", {"name": "单个", **OVER}, to="/api/v1/drafts")
    put(planner, "单个", {"zone": "Z10", "segments": lists, "person": "P2"}, tag=begun.headers["ETag"])
    plan, after = planner.cover(DAY), figures(planner, "单个")
    assert alone["makes"] == {name: pytest.approx(after[name] - plan[name], abs=1e-3) for name in FIGURES}
    put(planner, draft, {"zone": "Z10", "segments": lists, "person": "P2"})

    smaller = ask(planner, "/preview", draft=draft, zone="Z9", segments=whole("S00", "S10"))
    assert len(smaller["left"]["segments"]) == ROWS * COLUMNS - 4, "but for what it keeps, and what Z10 has of the rest"
    assert smaller["makes"]["gap"] == pytest.approx(smaller["left"]["amount"])
    beside = [
        {"zone": "Z12", "segments": whole(*(f"S{r}{c}" for r in (1, 2, 3) for c in range(COLUMNS))), "held": True}
    ]
    moved = ask(planner, "/preview", draft=draft, zone="Z9", segments=whole("S00", "S10"), beside=beside)
    assert [one["zone"] for one in moved["shared"]] == ["Z10", "Z12"]
    assert {row["code"] for row in moved["left"]["segments"]} == {"S02", "S03", "S04", "S05"}
    gone = ask(planner, "/preview", draft=draft, zone="Z10", segments=lists, beside=[{"zone": "Z9", "segments": None}])
    assert gone["shared"] == []
    put(planner, draft, {"zone": "Z10", "drop": True})
    assert figures(planner, draft) == before


def test_a_border_changes_in_a_list_only_what_it_passes(planner: Planner, whole: Whole) -> None:
    taller = {**FIRST_LANE, "coordinates": [[*FIRST_LANE["coordinates"][0]]]}
    top = SOUTH + STEP + 0.001
    taller["coordinates"] = [[[lon, top if lat > SOUTH else lat] for lon, lat in FIRST_LANE["coordinates"][0]]]
    by_hand = whole("S00", "S01", "S35")
    told = ask(planner, "/preview", segments=by_hand, former=FIRST_LANE, polygon=taller)
    codes = {row["code"] for row in told["segments"]}
    assert codes == {"S00", "S01", "S35"} | {f"S1{column}" for column in range(COLUMNS)}
    back = ask(planner, "/preview", segments=by_hand, former=taller, polygon=FIRST_LANE)
    assert {row["code"] for row in back["segments"]} == {"S00", "S01", "S35"}


def test_lists_are_cut_and_joined_and_tell_what_lies_along_them(planner: Planner, whole: Whole, desk: Flask) -> None:
    kept = stored(desk)
    lane = whole(*(f"S0{column}" for column in range(COLUMNS)))
    parts = ask(planner, "/cut", segments=lane, picture=FIRST_LANE, line=ACROSS)["parts"]
    assert [len(part["segments"]) for part in parts] == [4, 2]
    assert all(part["picture"]["type"] == "MultiPolygon" for part in parts)
    bare = [
        {
            "picture": part["picture"],
            "segments": [{key: row[key] for key in ("segment", "from_m", "to_m")} for row in part["segments"]],
        }
        for part in parts
    ]
    (one,) = ask(planner, "/join", zones=bare)["parts"]
    assert one["amount"] == pytest.approx(sum(part["amount"] for part in parts))
    assert one["picture"]["coordinates"]
    uncut = ask(planner, "/cut", segments=whole("S30"), line=ACROSS)["parts"]
    assert len(uncut) == 1

    town = planner.get("/cover", duty="sweeping", on=DAY).json["total"]
    everything = ask(planner, "/preview", segments=whole(*(f"S{r}{c}" for r in range(ROWS) for c in range(COLUMNS))))
    assert everything["amount"] == pytest.approx(town)
    assert everything["minutes"] == pytest.approx(town * (0.2 + 0.16 + 0.12 + 0.11) / ROWS, rel=1e-4), "of each class"
    assert everything["residents"] == pytest.approx(200), "those of the one group that has some"
    assert everything["tanks"] == 5
    half = ask(planner, "/preview", segments=whole("S00"))
    assert 0 < half["residents"] < 200
    assert half["tanks"] < 5
    found = planner.get(
        "/plans/around", **OVER, west=str(BOX[0]), south=str(BOX[1]), east=str(BOX[2]), north=str(BOX[3])
    )
    assert len(found.json["targets"]) == ROWS * COLUMNS
    assert stored(desk) == kept


@pytest.fixture(scope="module")
def one_more(planner: Planner, segments: dict[str, str]) -> str:
    """Return the name of a draft that has one zone more than the plan."""
    begun = planner.send("", {"name": "加一个", **OVER}, to="/api/v1/drafts")
    zone = {"zone": "Z20", "segments": [{"segment": segments["S30"]}]}
    put(planner, "加一个", zone, tag=begun.headers["ETag"])
    return "加一个"


@pytest.mark.parametrize("zoom", [13, 16])
@pytest.mark.parametrize(("name", "state"), [("draft", "gap"), ("one_more", "overlap")])
def test_tiles_of_a_draft_add_up_to_its_figures(
    planner: Planner, request: pytest.FixtureRequest, name: str, state: str, zoom: int
) -> None:
    draft: str = request.getfixturevalue(name)
    sums, seen = dict.fromkeys((*FIGURES,), 0.0), set()
    shown = features(planner.client, "cover", "cover", BOX, zoom, duty="sweeping", on=DAY, draft=draft)
    for piece, _shape in shown:
        if (key := (piece["segment"], piece["from_m"])) not in seen:
            seen.add(key)
            sums[piece["state"]] += piece["to_m"] - piece["from_m"]
    told = figures(planner, draft)
    assert sums["gap"] == pytest.approx(told["gap"], abs=1e-3)
    assert sums["overlap"] == pytest.approx(told["overlap"], abs=1e-3)
    assert sums[state] > 0


@pytest.mark.parametrize("zoom", [10, 12])
def test_tiles_of_a_draft_far_out_show_its_states(planner: Planner, draft: str, zoom: int) -> None:
    def states(**more: str) -> set[str]:
        shown = features(planner.client, "cover", "cover", BOX, zoom, duty="sweeping", on=DAY, **more)
        return {piece["state"] for piece, _shape in shown}

    assert "gap" not in states()
    assert "gap" in states(draft=draft)


def test_tiles_of_a_draft_are_for_planners_and_always_of_its_newest_version(
    planner: Planner, draft: str, whole: Whole, desk: Flask
) -> None:
    x, y = next(addresses(BOX, 14))
    path = f"/tiles/cover/14/{x}/{y}.mvt"
    asked = {**OVER, "draft": draft}
    assert desk.test_client().get(path, query_string=asked).status_code == 401
    first = planner.client.get(path, query_string=asked)
    known = {**asked, "key": first.headers["Tile-Key"]}
    assert planner.client.get(path, query_string=known).data == first.data
    put(planner, draft, {"zone": "Z11", "segments": whole("S20", "S21")})
    after = planner.client.get(path, query_string=known, headers={"If-None-Match": first.headers["ETag"]})
    assert after.status_code == 200
    assert after.data != first.data
    put(planner, draft, {"zone": "Z11", "drop": True})
