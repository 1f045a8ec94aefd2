"""What the API and the tiles say of a campaign, each against the others."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from geo_hygiene.campaigns import first
from geo_hygiene.campaigns.catalogue import CampaignRecord
from geo_hygiene.maps import CAMPAIGN_STATES
from geo_hygiene.web.campaign_page_data import CampaignHeadline
from geo_hygiene.web.language import format_amount, format_share
from tests.web.tiles import features
from tests.web.towns import COLUMNS, ROWS, SOUTH, STEP, WEST

BASE = "/api/v1/campaigns/R1"
LAST = "2025-04-30"
KINDS = ("street-segments", "septic-tanks")
BOX = (WEST, SOUTH, WEST + COLUMNS * STEP, SOUTH + ROWS * STEP)
STATES = ("treated", "not-treated", "not-visited", "old")


def asked(client: FlaskClient, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"{BASE}/{path}", query_string=query)
    assert answer.status_code == 200, answer.json
    return answer.json


def every_gap(client: FlaskClient, **query: Any) -> list[dict[str, Any]]:
    rows, after = [], ""
    while True:
        page = asked(client, "gaps", limit=7, after=after, **query)
        rows += page["gaps"]
        after = page["next"]
        if after is None:
            return rows


@pytest.mark.parametrize("by", ["office", "community", "group"])
def test_pages_of_areas_are_all_areas(client: FlaskClient, by: str) -> None:
    whole, found, after = asked(client, "cover", on=LAST, by=by), [], ""
    while after is not None:
        page = asked(client, "cover", on=LAST, by=by, limit=2, after=after)
        assert page["kinds"] == whole["kinds"]
        assert sum(area["code"] is not None for area in page["by"]) <= 2
        found += page["by"]
        after = page["next"]
    assert found == whole["by"]
    assert whole["next"] is None
    for area in whole["by"]:
        if area["code"] is not None:
            assert asked(client, "cover", on=LAST, by=by, area=area["code"])["by"] == [area]
    assert asked(client, "cover", on=LAST, by=by, area="nothing")["by"] == []


def test_campaigns_are_listed_with_their_windows(client: FlaskClient) -> None:
    one = client.get("/api/v1/campaigns", query_string={"on": "2025-04-09"}).json["campaigns"]
    assert [(row["code"], row["title"], row["status"], row["shown_on"]) for row in one] == [
        ("R1", "春季灭鼠 <b>", "running", "2025-04-09")
    ]
    assert (one[0]["from"], one[0]["to"], one[0]["kinds"]) == ("2025-04-01", "2025-05-01", list(KINDS))


@pytest.mark.parametrize("on", ["2025-03-31", "2025-04-06", "2025-04-09", LAST, "2025-05-06", "2026-01-01"])
def test_sums_list_and_areas_say_the_same(client: FlaskClient, on: str) -> None:
    told = asked(client, "cover", on=on, by="group")
    for figures in told["kinds"]:
        assert 0 <= figures["treated"] <= figures["found"] <= figures["on_ground"]
        assert sum(figures["states"].values()) == pytest.approx(figures["on_ground"])
        assert (
            figures["states"]["old"] == figures["age_days"]["over_limit"] >= figures["age_days"]["treated_over_limit"]
        )
        lately = figures["treated"] - figures["age_days"]["treated_over_limit"]
        assert figures["states"]["treated"] == pytest.approx(lately)
        of_kind = [kind for area in told["by"] for kind in area["kinds"] if kind["kind"] == figures["kind"]]
        assert sum(kind["treated"] for kind in of_kind) == pytest.approx(figures["treated"])
        for state in STATES:
            rows = every_gap(client, on=on, kind=figures["kind"], state=state)
            assert sum(row["length_m"] for row in rows) == pytest.approx(figures["states"][state]), state
    left = every_gap(client, on=on)
    assert {row["state"] for row in left} <= {"not-treated", "not-visited", "old"}
    lengths = [row["length_m"] for row in left if row["unit"] == "m"]
    assert lengths == sorted(lengths, reverse=True)
    codes = [row["code"] for row in left if row["unit"] == "count"]
    assert codes == sorted(codes)
    assert [row["unit"] for row in left] == ["m"] * len(lengths) + ["count"] * len(codes)
    assert len({(row["segment"], row["from_m"]) for row in left}) == len(left)


def test_what_was_seen_too_long_ago_is_old(client: FlaskClient) -> None:
    states = {
        on: asked(client, "cover", on=on)["kinds"][0]["states"] for on in ("2025-05-01", "2025-05-02", "2025-07-01")
    }
    assert states["2025-05-01"]["old"] == 0
    assert 0 < states["2025-05-02"]["old"] < states["2025-07-01"]["old"]
    assert states["2025-07-01"]["treated"] == states["2025-07-01"]["not-treated"] == 0


def test_reasons_and_areas_filter_the_list(client: FlaskClient) -> None:
    (refused,) = every_gap(client, on=LAST, reason="refused")
    assert (refused["code"], refused["from_m"], refused["to_m"], refused["days"]) == ("S10", 50.0, 90.0, 22)
    assert (refused["lane"], refused["lane_code"], refused["day"]) == ("解放街", "L1", "2025-04-08")
    assert [row["code"] for row in every_gap(client, on=LAST, reason="locked")] == ["T0"]
    assert {row["community"] for row in every_gap(client, on=LAST, community="C2")} == {"C2"}
    assert client.get(f"{BASE}/gaps", query_string={"state": "red"}).status_code == 422


def test_the_days_add_up_to_the_sums(client: FlaskClient) -> None:
    days = asked(client, "days", on=LAST)["days"]
    assert len(days) == 30
    assert sum(day["treatments"] for day in days) == asked(client, "treatments", on=LAST)["total"] == 8
    for until in (0, 4, 7, 8, 29):
        told = {kind["kind"]: kind for kind in asked(client, "cover", on=days[until]["day"])["kinds"]}
        for name in ("found", "treated"):
            sums: Counter[str] = Counter()
            for day in days[: until + 1]:
                sums.update({kind["kind"]: kind[name] for kind in day["kinds"]})
            assert {kind: pytest.approx(told[kind][name]) for kind in KINDS} == {kind: sums[kind] for kind in KINDS}


def test_treatments_come_newest_first_in_pages(client: FlaskClient) -> None:
    whole = asked(client, "treatments", on=LAST)["treatments"]
    assert [row["day"] for row in whole] == sorted((row["day"] for row in whole), reverse=True)
    first = asked(client, "treatments", on=LAST, limit=3)
    assert first["treatments"] + asked(client, "treatments", on=LAST, after=first["next"])["treatments"] == whole
    assert whole[0]["result"] == "locked"
    assert whole[0]["team"] == "<i>Team</i>"
    assert whole[0]["done_at"] == "2025-04-09T09:00:00+08:00"
    assert asked(client, "treatments", on="2025-04-01")["total"] == 1


def test_a_target_tells_its_pieces_treatments_and_chain(client: FlaskClient) -> None:
    told = asked(client, "targets/street-segments/S10", on=LAST)
    length = told["length_m"]
    assert [(piece["from_m"], piece["to_m"], piece["state"], piece["reason"]) for piece in told["pieces"]] == [
        (0, 50, "not-visited", None),
        (50, 90, "not-treated", "refused"),
        (90, length, "not-visited", None),
    ]
    assert [(row["from_m"], row["to_m"], row["result"]) for row in told["treatments"]] == [(50, 90, "refused")]
    assert told["cover"][0]["zone"] == "Z2"
    assert told["in_scope"]
    assert asked(client, f"targets/street-segments/{told['id']}", on=LAST) == told
    for wrong in ("targets/street-segments/none", "targets/areas/C1", "targets/none/S10"):
        assert client.get(f"{BASE}/{wrong}").status_code == 404, wrong


def test_a_tile_shows_the_pieces_of_the_list(client: FlaskClient) -> None:
    fine = [piece for piece, _ in features(client, "campaign", "campaign", BOX, 14, campaign="R1", on=LAST)]
    rows = {(row["segment"], row["from_m"]): row for state in STATES for row in every_gap(client, on=LAST, state=state)}
    assert {(piece["segment"], piece["from_m"]) for piece in fine} == set(rows)
    for piece in fine:
        row = rows[piece["segment"], piece["from_m"]]
        shown = ("state", "kind", "to_m")
        assert [piece[name] for name in shown] == [row[name] for name in shown]
        assert piece["reason"] == (row["reason"] or "")
        assert piece["days"] == (-1 if row["days"] is None else row["days"])
    merged = [piece for piece, _ in features(client, "campaign", "campaign", BOX, 10, campaign="R1", on=LAST)]
    assert {(piece["state"], piece["reason"], piece["kind"]) for piece in merged} == {
        (row["state"], row["reason"] or "", row["kind"]) for row in rows.values()
    }
    assert all(set(piece) == {"state", "reason", "kind"} for piece in merged)


def test_answers_and_tiles_are_kept_until_something_changes(client: FlaskClient) -> None:
    for path in (
        f"{BASE}/cover",
        f"{BASE}/gaps",
        f"{BASE}/days",
        f"{BASE}/treatments",
        "/tiles/campaign/14/12974/6701.mvt",
    ):
        query = {"on": LAST} | ({"campaign": "R1"} if "tiles" in path else {})
        tag = client.get(path, query_string=query).headers["ETag"]
        assert client.get(path, query_string=query, headers={"If-None-Match": tag}).status_code == 304
        later = client.get(path, query_string=query | {"on": "2025-04-05"}, headers={"If-None-Match": tag})
        assert later.status_code == 200


def test_a_campaign_that_does_not_exist_is_named(client: FlaskClient) -> None:
    answer = client.get("/api/v1/campaigns/none/cover")
    assert (answer.status_code, "R1" in answer.json["detail"]) == (404, True)
    assert client.get("/tiles/campaign/14/12974/6701.mvt", query_string={"campaign": "none"}).status_code == 404
    missing = client.get("/tiles/campaign/14/12974/6701.mvt")
    assert (missing.status_code, missing.json["errors"][0]["loc"]) == (422, ["campaign"])


def test_the_list_of_the_page_comes_as_a_file(client: FlaskClient) -> None:
    for words in ({}, {"kind": "street-segments"}, {"reason": "refused"}, {"community": "C2", "state": "not-visited"}):
        answer = client.get(
            "/campaigns/R1/list.csv", query_string={"on": LAST, "left": "known to the page alone", **words}
        )
        assert answer.headers["Content-Disposition"] == f"attachment; filename=R1-{LAST}.csv"
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
        told = every_gap(client, on=LAST, **words)
        assert asked(client, "gaps", on=LAST, limit=1, **words)["total"] == len(told) == len(rows) > 0
        assert [row["Code"] for row in rows] == [gap["code"] or "" for gap in told]
        assert {row["State"] for row in rows} <= {
            "Not treated, with a reason",
            "Not visited",
            "Seen more than 30 days ago",
        }
    chinese = client.get("/campaigns/R1/list.csv?reason=refused&lang=zh-Hans").data.decode("utf-8-sig")
    assert "拒绝" in chinese
    assert client.get("/campaigns/R1/list.csv?on=yesterday").status_code == 422
    assert client.get("/campaigns/nothing/list.csv").status_code == 404


def test_the_list_of_a_lane_is_that_of_its_segments(client: FlaskClient) -> None:
    whole = every_gap(client, on=LAST, kind="street-segments")
    lane = whole[0]["lane_code"]
    assert every_gap(client, on=LAST, lane=lane) == [gap for gap in whole if gap["lane_code"] == lane]
    assert every_gap(client, on=LAST, lane="nothing") == []


@pytest.mark.parametrize(
    "words",
    [
        {},
        *({"kind": kind} for kind in KINDS),
        *({"kind": KINDS[0], "state": state} for state in STATES),
        {"reason": "refused"},
        {"kind": KINDS[1], "reason": "locked"},
        {"community": "C2"},
        {"group": "C1G1", "kind": KINDS[1]},
        {"lane": "L1"},
        {"kind": "drain-segments"},
    ],
)
@pytest.mark.parametrize("on", ["2025-04-09", LAST])
def test_pages_that_look_at_few_targets_are_those_that_look_at_all(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, words: dict[str, str], on: str
) -> None:
    whole = every_gap(client, on=on, **words)
    assert asked(client, "gaps", on=on, **words)["total"] == len(whole)
    monkeypatch.setattr(first, "FIRST", 9)
    monkeypatch.setattr(first, "TIMES", 1)
    assert every_gap(client, on=on, **words) == whole


def test_the_total_of_a_long_list_is_not_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first, "FIRST", 9)
    monkeypatch.setattr(first, "TIMES", 1)
    words = {"on": "2025-03-31", "kind": KINDS[0]}  # nobody was anywhere yet
    page = asked(client, "gaps", **words, limit=3)
    assert (page["total"], len(page["gaps"])) == (None, 3)
    assert asked(client, "gaps", **words, limit=1000)["total"] > 9
    assert "data-total" not in client.get("/campaigns/R1/table", query_string={**words, "limit": 3}).text


def test_the_table_of_a_campaign_has_the_figures_of_its_map(client: FlaskClient) -> None:
    query = {"on": LAST, "kind": "street-segments", "state": "not-visited"}
    told = every_gap(client, **query)
    found: list[str] = []
    address = f"/campaigns/R1/table?{urlencode(query)}&limit=7"
    while address:
        page = client.get(address).get_data(as_text=True)
        assert f'data-total="{len(told)}"' in page
        found += re.findall(r'<tr data-segment="([^"]+)" data-state="not-visited">', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = unescape(following[1]) if following else ""
    assert found == [gap["segment"] for gap in told]
    areas = asked(client, "cover", on=LAST, by="community")["by"]
    sums = {area["code"]: kind for area in areas for kind in area["kinds"] if kind["kind"] == "street-segments"}
    for code, figures in sums.items():
        row = re.search(rf'<tr data-area="{code}">.*?</tr>', page, re.DOTALL)[0]
        assert format_share(figures["effectiveness"]) in row
        assert format_amount(figures["states"]["not-visited"]) in row
    assert "Treated in the last 30 days" in page
    assert [share in page for share in ("Found coverage", "Treatment coverage", "Effectiveness")] == [True] * 3
    tanks = client.get(f"/campaigns/R1/table?on={LAST}&kind=septic-tanks&reason=locked").get_data(as_text=True)
    assert re.findall(r'data-segment="[^"]+" data-state="([^"]+)"', tanks) == ["not-treated"]


@pytest.mark.parametrize("address", [f"/campaigns/R1/table?on={LAST}&kind=street-segments", "/map/table", "/"])
def test_communities_are_shown_in_pages(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def codes(page: str) -> list[str]:
        return re.findall(r'<tr data-area="([^"]*)">', page)

    whole, found = codes(client.get(address).text), []
    for pages in ("campaign_page_data", "page_data", "start_page_data"):
        monkeypatch.setattr(f"geo_hygiene.web.{pages}.TABLE_AREAS", 1)
    while address:
        page = client.get(address).text
        assert sum(map(bool, codes(page))) == 1
        found += codes(page)
        following = re.search(r'href="([^"]+)#sums">More communities', page)
        address = unescape(following[1]) if following else ""
    assert found == whole
    assert len(found) > 1


def test_pages_come_without_the_figures_that_take_too_long(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Too much to be summed up in time"
    assert said not in client.get("/campaigns").text
    monkeypatch.setattr("geo_hygiene.web.campaign_page_data.PATIENCE_SECONDS", 0)
    page = client.get("/campaigns")
    assert page.status_code == 200
    assert page.text.count(said) == page.text.count("data-campaign=") > 0


def test_three_shares_are_told_by_the_same_words_everywhere(client: FlaskClient) -> None:
    shares = ["Found coverage", "Treatment coverage", "Effectiveness"]
    for address in ("/", "/campaigns"):
        page = client.get(address).text
        assert re.findall(r"<dt>([^<]*)</dt><dd>[^<]*</dd></div>", page)[:3] == shares
        key = page.partition('data-key="campaign"')[2].partition("</ul>")[0]
        assert re.findall(r"<span>([^<]+)</span>", key) == [
            "Treated in the last 30 days of the campaign",
            "Not treated, with a reason",
            "Not visited",
            "Seen more than 30 days before its end",
        ]
    page = client.get("/campaigns/R1").text
    assert re.findall(r'<th scope="col" class="right">([^<]*)</th>', page) == [*shares, "Effectiveness"]
    assert "Red is below the goal: 20% found coverage, 90% effectiveness." in page


def test_what_was_treated_lately_is_of_the_end_of_a_campaign_that_ended(app: Flask) -> None:
    campaign = CampaignRecord(
        id=1,
        uuid=UUID(int=1),
        code="R1",
        title="R1",
        pest="rodent",
        season=None,
        start=date(2025, 4, 1),
        end=date(2025, 5, 1),
        scope=(),
        limit_days=30,
        version=1,
    )
    kind = {"kind": "street-segments", "title": "Street segments", "on_ground": 100.0, "found_coverage": 0.9}
    kind |= {"treatment_coverage": None, "effectiveness": 0.8, "age_days": {"treated_over_limit": 20.0}}
    kind["states"] = {"treated": 60.0, "not-treated": 10.0, "not-visited": 10.0, "old": 20.0}
    for status, words in (("ended", " of the campaign: 60.0%"), ("running", ": 60.0%")):
        told = CampaignHeadline(campaign=campaign, on=date(2025, 4, 30), status=status, kinds=[kind])
        with app.test_request_context():
            bars = app.jinja_env.get_template("macros.html").module.campaign_bars(told, CAMPAIGN_STATES)
        assert f"Treated in the last 30 days{words}" in bars
