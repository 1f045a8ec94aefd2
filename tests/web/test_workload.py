"""The work model is changed on its page, and what people have to do is told by it, with a draft too."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.test_zone_editing import Planner, desk, part, planner, segments, whole
from tests.web.towns import AUTUMN

__all__ = ["desk", "part", "planner", "segments", "whole"]

DAY = AUTUMN.isoformat()


def post(who: Planner, path: str, **form: str) -> Any:
    return who.client.post(f"/work-model{path}", data={"csrf_token": who.proof, **form})


def rule_of(who: Planner, day: str = DAY, **subject: str) -> dict[str, Any]:
    told = who.get("/work-rules", on=day).json["rules"]
    (found,) = [rule for rule in told if all(rule[name] == value for name, value in subject.items())]
    return found


def minutes(who: Planner, day: str = DAY, **asked: str) -> dict[str, float]:
    told = who.get("/workload", duty="sweeping", on=day, **asked).json
    return {row["code"]: row["minutes"] for row in told["rows"]}


def refusal(answer: Any) -> tuple[int, str]:
    found = re.search(r'class="refusal card" role="alert"><p>(.*?)</p>', answer.get_data(as_text=True))
    assert found, answer.status_code
    return answer.status_code, found[1]


def test_a_rule_is_changed_from_a_day_on_and_never_over_another_change(planner: Planner, part: Planner) -> None:
    before, then = minutes(planner), minutes(planner, "2025-08-31")
    lane = rule_of(planner, category="lane")
    words = {"rule": lane["id"], "version": str(lane["version"]), "minutes": "0.36", "times": "1", "days": "1"}
    assert post(part, "/change", **words).status_code == 403, "the model is the whole office's"
    assert post(planner, "/change", **words, **{"from": DAY}).status_code == 303
    after = minutes(planner)
    assert any(after[code] > before[code] for code in before)
    assert minutes(planner, "2025-08-31") == then
    assert refusal(post(planner, "/change", **words, **{"from": DAY}))[0] == 412
    newer = rule_of(planner, category="lane")
    assert (newer["valid_from"], newer["minutes_a_day"], newer["version"]) == (DAY, 0.36, 1)
    now = {"rule": newer["id"], "version": "1"}
    assert post(planner, "/change", **now, minutes="0.12", correct="true").status_code == 303
    assert minutes(planner) == before
    page = planner.client.get(f"/work-model?rule={newer['id']}").get_data(as_text=True)
    assert 'id="former"' in page
    assert ">0.36<" in page
    refused = post(planner, "/end", rule=newer["id"], version="2", **{"from": DAY})
    assert refusal(refused)[0] == 422
    assert 'name="minutes"' in refused.get_data(as_text=True)
    assert 'value="0.12"' in refused.get_data(as_text=True), "what can be changed besides is told still"
    assert post(planner, "/end", rule=newer["id"], version="2", **{"from": "2030-01-01"}).status_code == 303
    new = re.search(r'id="valid_from"[^>]*value="(.*?)"', planner.client.get("/work-model").get_data(as_text=True))
    assert new, "a new rule"
    assert new[1] > DAY, "and what it says is from today on, if nobody says otherwise"
    assert post(planner, "", subject="street-segments:lane", minutes="0.2", valid_from="2030-01-01").status_code == 303


WRONG = {
    "negative": ({"subject": "street-segments", "minutes": "-1"}, "Minutes each time"),
    "not finite": ({"subject": "street-segments", "minutes": "nan"}, "Minutes each time"),
    "no number": ({"subject": "street-segments", "minutes": "soon"}, "Minutes each time"),
    "missing": ({"subject": "street-segments"}, "Minutes each time"),
    "never": ({"subject": "street-segments", "minutes": "1", "times": "0"}, "Times"),
    "half days": ({"subject": "street-segments", "minutes": "1", "days": "0.5"}, "In so many days"),
    "unknown kind": ({"subject": "trees", "minutes": "1"}, "Kind"),
    "unknown class": ({"subject": "street-segments:bin", "minutes": "1"}, "Class"),
    "unknown zone class": ({"subject": "street-segments", "zone_class": "moon", "minutes": "1"}, "Zone class"),
    "no width": ({"subject": "septic-tanks", "width_from_m": "2", "minutes": "1"}, "Width from"),
    "turned width": (
        {"subject": "street-segments", "width_from_m": "5", "width_to_m": "5", "minutes": "1"},
        "Width below",
    ),
    "narrower than a centimetre": (
        {"subject": "street-segments", "width_from_m": "5.001", "width_to_m": "5.004", "minutes": "1"},
        "Width below",
    ),
    "backwards": (
        {"subject": "septic-tanks:", "minutes": "1", "valid_from": "2025-02-01", "valid_to": "2025-02-01"},
        "Valid until",
    ),
    "said already": ({"subject": "street-segments:alley", "minutes": "1", "valid_from": "2025-02-01"}, "Valid from"),
    "a long day": ({"subject": "people:full_time", "minutes": "1500"}, "Minutes each time"),
}


def test_what_can_not_be_is_told_above_the_form_and_changes_nothing(planner: Planner) -> None:
    before = planner.get("/work-rules", on=DAY).json
    told = {name: refusal(post(planner, "", **form)) for name, (form, _title) in WRONG.items()}
    assert {name: (422, words.startswith(WRONG[name][1])) for name, (_status, words) in told.items()} == dict.fromkeys(
        WRONG, (422, True)
    )
    assert planner.get("/work-rules", on=DAY).json == before
    gone = {"rule": "00000000-0000-4000-8000-00000000dead", "version": "1", "minutes": "1"}
    assert post(planner, "/change", **gone).status_code == 404


def test_a_draft_is_told_beside_the_plan_to_planners(
    planner: Planner, whole: Callable[..., list[dict[str, str]]]
) -> None:
    begun = planner.send("", {"name": "even", "duty": "sweeping", "on": DAY}, to="/api/v1/drafts")
    zone = {"zone": "Z10", "person": "P2", "segments": whole(*(f"S2{column}" for column in range(6)))}
    drawn = planner.send("/even/zones", {"zones": [zone]}, begun.headers["ETag"], to="/api/v1/drafts")
    assert drawn.status_code == 200, drawn.json
    plan = planner.get("/workload", duty="sweeping", on=DAY)
    told = planner.get("/workload", duty="sweeping", draft="even").json
    assert (told["on"], told["plan"], told["published"]) == (DAY, "even", plan.json["distribution"])
    assert sum(one["count"] for one in told["bins"]) == told["distribution"]["count"]
    assert sum(one["published"] for one in told["bins"]) == plan.json["distribution"]["count"]
    by_zone = minutes(planner, by="zone", draft="even")
    assert told["distribution"]["sum"] - plan.json["distribution"]["sum"] == pytest.approx(by_zone["Z10"], abs=0.02)
    again = planner.client.get(
        "/api/v1/workload?duty=sweeping&on=" + DAY, headers={"If-None-Match": plan.headers["ETag"]}
    )
    assert again.status_code == 304
    page = planner.client.get(f"/workload?on={DAY}&draft=even").get_data(as_text=True)
    assert page.count('class="former"') > 1
    zones = {"duty": "sweeping", "draft": "even", "by": "zone"}
    first = planner.get("/workload", **zones, limit="1").json
    rest = planner.get("/workload", **zones, after=first["next"]).json
    assert [*first["rows"], *rest["rows"]] == planner.get("/workload", **zones).json["rows"]
    listed = list(csv.DictReader(io.StringIO(planner.client.get(f"/workload.csv?on={DAY}").data.decode("utf-8-sig"))))
    assert [float(row["Minutes a day"]) for row in listed] == [row["minutes"] for row in plan.json["rows"]]
    assert planner.get("/workload", duty="tanks", draft="even").status_code == 422
    assert planner.get("/workload", duty="sweeping", within="nowhere").status_code == 404
