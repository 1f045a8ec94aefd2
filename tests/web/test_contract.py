"""What holds for every address, built from the addresses that the application really has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.web.towns import CASE, SPRING

#: A good value for each place in a path and each required parameter; an address that needs another fails the tests.
PLACES = {
    "layers": "areas",
    "z": "14",
    "x": "12974",
    "y": "6701",
    "kind": "street-segments",
    "id": "S10",
    "zone": "Z1",
    "draft": "D1",
    "campaign": "R1",
    "case": CASE,
    "person": "P1",
    "area": "C1",
    "filename": "css/base.css",
    "groups": "lanes",
    "group": "L1",
    "job": "00000000-0000-4000-8000-0000000000f1",
    "number": "1",
    "work": "00000000-0000-4000-8000-0000000000f2",
    "records": "activities",
    "ending": "xlsx",
}
REQUIRED = {
    "/api/v1/cover": {"duty": "sweeping"},
    "/api/v1/cover/gaps": {"duty": "sweeping"},
    "/api/v1/cover/pieces": {"duty": "sweeping"},
    "/api/v1/cover/along": {"duty": "sweeping", "lane": "L1"},
    "/api/v1/areas/<area>": {"duty": "sweeping"},
    "/api/v1/search": {"q": "张"},
    "/api/v1/drafts": {"duty": "sweeping"},
    "/api/v1/drafts/<draft>/changes": {"from": SPRING.isoformat()},
    "/api/v1/plans/compare": {"duty": "sweeping"},
    "/api/v1/plans/around": {"duty": "sweeping", "west": "105", "south": "31", "east": "105.1", "north": "31.1"},
    "/api/v1/workload": {"duty": "sweeping"},
    "/api/v1/works/due": {"kind": "emptying"},
    "/api/v1/works/rounds": {"kind": "emptying"},
    "/api/v1/works/sums": {"kind": "dredging", "from": "2025-01-01", "to": "2026-01-01"},
    "/api/v1/records/<records>": {"from": "2025-01-01", "to": "2026-01-01"},
    "/api/v1/targets/<kind>": {"west": "105", "south": "31", "east": "105.1", "north": "31.1"},
    "/language": {"to": "en"},
}
BASE_MAP = "/basemap/<int:z>/<int:x>/<int:y>"
MADE_REPORTS = ("/reports/jobs/<uuid:job>", "/reports/jobs/<uuid:job>/annual.<ending>")
"""Of which there are none."""
#: Pages forgive words that a person kept in an address.
FORGIVING = {
    "/reports",
    "/reports/annual.<ending>",
    "/reports/template",
    "/reports/template.docx",
    "/reports/jobs/<uuid:job>",
    "/reports/jobs/<uuid:job>/annual.<ending>",
    "/records/<records>",
    "/records/<records>/list.csv",
    "/chain",
    "/holders",
    "/people",
    "/people/<person>",
    "/people/<person>/hand-over",
    "/people/<person>/hand-over.xlsx",
    BASE_MAP,
    "/map/print",
    "/campaigns/<campaign>/print",
    "/",
    "/map",
    "/map/table",
    "/map/table.csv",
    "/workload",
    "/workload.csv",
    "/work-model",
    "/assets",
    "/zones",
    "/campaigns",
    "/campaigns/<campaign>",
    "/campaigns/<campaign>/list.csv",
    "/campaigns/<campaign>/table",
    "/cases",
    "/cases/<case>",
    "/cases/heat",
    "/works",
    "/works/done",
    "/works/rounds",
    "/works/rounds/<int:number>",
    "/account",
    "/admin",
    "/admin/audit",
    "/api/docs",
    "/language",
    "/sign-in",
    "/static/<path:filename>",
}
PAGES = (
    "/",
    "/map",
    "/map/table",
    "/campaigns",
    "/campaigns/R1",
    "/campaigns/R1/table",
    "/cases",
    f"/cases/{CASE}",
    "/cases/heat",
    "/workload",
    "/work-model",
    "/works",
    "/works/done",
    "/works/rounds",
    "/works/rounds/1",
    "/records/activities",
    "/records/letters",
    "/reports",
    "/chain",
    "/holders",
    "/people",
    "/people/P1",
    "/people/P1/hand-over",
)
NO_PARAMETERS = {"/healthz", "/readyz", "/version", "/openapi.json"}


def address(rule: Rule, places: Mapping[str, str] = PLACES) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: places[match[1]], rule.rule)


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def reading_rules(app: Flask) -> list[Rule]:
    return [rule for rule in rules(app) if "GET" in rule.methods]


#: Without accounts there is nobody to look after them, and nobody who draws plans.
NEEDS_ACCOUNT = (
    "/admin",
    "/admin/audit",
    "/api/v1/drafts",
    "/api/v1/drafts/<draft>",
    "/api/v1/drafts/<draft>/changes",
    "/api/v1/drafts/<draft>/cover",
    "/api/v1/drafts/<draft>/pieces",
    "/api/v1/plans/compare",
    "/api/v1/zones/<zone>/history",
    "/api/v1/plans/around",
    "/api/v1/groups/<groups>/<group>",
    "/api/v1/targets/<kind>",
    "/api/v1/targets/<kind>/<id>",
    "/assets",
    "/api/v1/proposals",
    "/zones",
    "/api/v1/jobs/<job>",
    "/imports",
    "/imports/<int:number>",
    "/imports/jobs/<uuid:job>",
    "/imports/jobs/<uuid:job>/rejected.csv",
    "/reports/template",
    "/reports/template.docx",
)


#: Cases, drafts and work have days of their own.
WITHOUT_DAY = {
    "/api/v1/records/<records>",
    "/api/v1/works",
    "/api/v1/works/sums",
    "/api/v1/drafts",
    "/api/v1/drafts/<draft>",
    "/api/v1/drafts/<draft>/changes",
    "/api/v1/zones/<zone>/history",
    "/api/v1/groups/<groups>/<group>",
    "/api/v1/proposals",
    "/api/v1/cases",
    "/api/v1/cases/<case>",
    "/api/v1/cases/<case>/events",
    "/api/v1/jobs/<job>",
}


def query(rule: Rule) -> dict[str, str]:
    parameters = dict(REQUIRED.get(rule.rule, {}))
    if rule.rule.startswith(("/api/v1", "/tiles")) and "layers" not in rule.rule and rule.rule not in WITHOUT_DAY:
        parameters["on"] = SPRING.isoformat()
    return parameters


def test_every_address_answers_a_good_question(app: Flask, client: FlaskClient) -> None:
    answers = {rule.rule: client.get(address(rule), query_string=query(rule)) for rule in reading_rules(app)}
    wrong = {path: answer.status_code for path, answer in answers.items() if answer.status_code not in {200, 303}}
    assert wrong == dict.fromkeys(NEEDS_ACCOUNT, 403) | dict.fromkeys((BASE_MAP, *MADE_REPORTS), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PROPFIND"])
def test_no_address_takes_another_method(app: Flask, client: FlaskClient, method: str) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.methods <= {"GET", "HEAD", "OPTIONS", "POST"}
        assert client.open(address(rule), method=method, query_string=query(rule)).status_code in {400, 405}, rule


def test_every_answer_carries_the_headers(app: Flask, client: FlaskClient) -> None:
    asked = [client.get(address(rule), query_string=query(rule)) for rule in reading_rules(app)]
    asked += [client.get("/nothing/here"), client.get("/api/v1/nothing"), client.post("/"), client.get("/api/v1/cover")]
    for answer in asked:
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.search(r"script-src 'self' 'nonce-([\w-]{20,})'", policy)[1]
        for directive in (
            f"style-src-elem 'self' 'nonce-{nonce}'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "default-src 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
        ):
            assert directive in policy.split("; "), answer.request.path
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Request-ID"]
        assert "Server" not in answer.headers
        assert answer.headers["Cache-Control"]


def test_a_nonce_is_used_once(client: FlaskClient) -> None:
    policies = {client.get("/healthz").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


def test_pages_are_not_kept(client: FlaskClient) -> None:
    for path in (*PAGES, "/nothing/here", "/api/v1/layers"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store", path


def test_scripts_and_styles_in_pages_carry_the_nonce_of_their_answer(client: FlaskClient) -> None:
    for path in (*PAGES, "/api/docs", "/nothing/here"):
        answer = client.get(path)
        nonce = re.search(r"'nonce-([\w-]+)'", answer.headers["Content-Security-Policy"])[1]
        for tag in re.findall(r"<(?:script|style)\b[^>]*>", answer.get_data(as_text=True)):
            assert f'nonce="{nonce}"' in tag, (path, tag)
        assert not re.search(r"<[^>]+\son\w+\s*=", answer.get_data(as_text=True)), path


def test_nothing_foreign_is_named_in_a_page(client: FlaskClient) -> None:
    for path in (*PAGES, "/api/docs"):
        page = client.get(path).get_data(as_text=True)
        assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page) == [], path


def test_unknown_parameters_are_refused_by_name(app: Flask, client: FlaskClient) -> None:
    for rule in reading_rules(app):
        if rule.rule in FORGIVING | NO_PARAMETERS | set(NEEDS_ACCOUNT):
            continue
        answer = client.get(address(rule), query_string=query(rule) | {"color": "red"})
        assert answer.status_code == 422, rule
        assert answer.json["errors"] == [{"loc": ["color"], "msg": "is not a parameter here"}]


def test_parameters_given_twice_are_refused_by_name(app: Flask, client: FlaskClient) -> None:
    for rule in reading_rules(app):
        if rule.rule in FORGIVING | set(NEEDS_ACCOUNT):
            continue
        answer = client.get(f"{address(rule)}?on=2025-01-01&on=2025-01-02")
        assert answer.status_code == 422, rule
        assert answer.json["errors"][0]["loc"] == ["on"]


def test_pages_forgive_words_that_they_do_not_know(client: FlaskClient) -> None:
    for path in PAGES:
        assert client.get(f"{path}?color=holder&states=gap,overlap&color=again").status_code == 200, path


def test_errors_of_programs_are_problems(client: FlaskClient) -> None:
    for path, status in (
        ("/api/v1/nothing", 404),
        ("/api/v1/cover?duty=cooking", 422),
        ("/api/v1/zones/unknown", 404),
        ("/api/v1/cases/00000000-0000-4000-8000-00000000ffff", 404),
        ("/api/v1/cases/00000000-0000-4000-8000-00000000ffff/events", 404),
        ("/api/v1/cases/unknown", 404),
        ("/api/v1/targets/street-segments/unknown/cover", 404),
        ("/api/v1/targets/people/P1/cover", 404),
        ("/api/v1/targets/nonsense/P1/cover", 404),
        ("/tiles/people/3/1/1.mvt", 404),
        ("/tiles/nonsense/3/1/1.mvt", 404),
        ("/tiles/cover/3/1/1.mvt", 422),
        ("/tiles/areas/23/1/1.mvt", 422),
        ("/tiles/areas/3/8/1.mvt", 422),
        ("/tiles/areas/3/-1/1.mvt", 422),
        (f"/tiles/areas/3/1/{'9' * 900}.mvt", 422),
        ("/api/v1/layers?lang=" + "x" * 3000, 414),
    ):
        answer = client.get(path)
        assert answer.status_code == status, path
        assert answer.mimetype == "application/problem+json"
        content = answer.json
        assert content["status"] == status
        assert content["title"]
        assert content["detail"]
        assert content["request"] == answer.headers["X-Request-ID"]


def test_wrong_values_name_their_place(client: FlaskClient) -> None:
    for path, place in (
        ("/api/v1/cover", "duty"),
        ("/api/v1/cover?duty=", "duty"),
        ("/api/v1/cover?duty=cooking", "duty"),
        ("/api/v1/cover?duty=sweeping&on=2025-02-30", "on"),
        ("/api/v1/cover?duty=sweeping&on=1735689600", "on"),
        ("/api/v1/cover?duty=sweeping&on=0001-01-01", "on"),
        ("/api/v1/cover?duty=sweeping&by=street", "by"),
        ("/api/v1/cover/gaps?duty=sweeping&limit=0", "limit"),
        ("/api/v1/cover/gaps?duty=sweeping&limit=1001", "limit"),
        (f"/api/v1/cover/gaps?duty=sweeping&limit={'9' * 1000}", "limit"),
        ("/api/v1/cover/gaps?duty=sweeping&limit=NaN", "limit"),
        ("/api/v1/cover/gaps?duty=sweeping&limit=1e3", "limit"),
        ("/api/v1/cover/gaps?duty=sweeping&after=1", "after"),
        ("/api/v1/cover/pieces?duty=sweeping&state=blue", "state"),
        ("/api/v1/search?q=", "q"),
        ("/api/v1/search?q=%20", "q"),
        ("/api/v1/search?q=%00", "q"),
        ("/api/v1/search?q=a%0Ab", "q"),
        ("/api/v1/search?q=" + "字" * 101, "q"),
        ("/api/v1/cases?kind=rodent,ghost", "kind"),
        ("/api/v1/cases?status=OPEN", "status"),
        ("/api/v1/cases?weekday=0", "weekday"),
        ("/api/v1/cases?hour=24", "hour"),
        ("/api/v1/cases?from=0001-01-01", "from"),
        ("/api/v1/cases/heat?bbox=1,2,3", "bbox"),
        ("/api/v1/cases/heat?bbox=3,2,1,4", "bbox"),
        ("/api/v1/cases/heat?zoom=21", "zoom"),
        ("/api/v1/cases/heat?step=day&from=2000-01-01&to=2020-01-01", "step"),
        ("/tiles/cover/3/1/1.mvt", "duty"),
        ("/tiles/areas/3/8/1.mvt", "x"),
        ("/tiles/areas/23/1/1.mvt", "z"),
    ):
        answer = client.get(path)
        assert answer.status_code == 422, path
        assert answer.json["errors"], path
        assert answer.json["errors"][0]["loc"] == [place], path
        assert answer.json["errors"][0]["msg"], path


def test_wrong_values_are_told_in_the_language_of_the_asker(client: FlaskClient) -> None:
    for words in ("duty=<b>", "duty=sweeping&after=1", "duty=sweeping&limit=0", "duty=sweeping&on=never"):
        (told,) = client.get(f"/api/v1/cover/gaps?{words}", headers={"Accept-Language": "zh"}).json["errors"]
        assert re.search(r"[\u4e00-\u9fff]", told["msg"]), told


def test_the_description_names_every_machine_address(app: Flask, client: FlaskClient) -> None:
    described = set(client.get("/openapi.json").json["paths"])
    real = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in rules(app)
        if rule.rule.startswith(("/api/v1", "/tiles"))
    }
    assert described == real


def test_the_description_refers_only_to_what_it_holds(client: FlaskClient) -> None:
    description = client.get("/openapi.json").get_data(as_text=True)
    schemas = json.loads(description)["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", description)) <= set(schemas)
