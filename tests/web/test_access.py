"""Who may open what: every address with every role, and sessions that end when they must."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.routing import Rule

from geo_hygiene.accounts import failures, store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.database import engine
from geo_hygiene.files.importing.run import IMPORT_LOCK
from geo_hygiene.permissions import Permission, Role
from geo_hygiene.web import create_app, health
from geo_hygiene.web.access import UndeclaredViewError, need_of
from geo_hygiene.web.connections import WRITING, Connections
from geo_hygiene.zoning.drafts import begin
from geo_hygiene.zoning.records import Editor
from tests.conftest import TestDatabase
from tests.importing import bring
from tests.web.conftest import application
from tests.web.test_contract import BASE_MAP, PLACES, address, query, rules
from tests.web.test_pages import counted
from tests.web.towns import FIRST_PLAN, SOUTH, SPRING, STEP, SWEEPING, WEST, web_town

PASSWORD = "lantern orchid gravel tuesday"
ANOTHER = "copper window thirteen meadow"
EVERYBODY = frozenset(Role)
OFFICE = frozenset({Role.PLANNER, Role.LEADER, Role.CLERK, Role.INSPECTOR})
IMPORTERS = frozenset({Role.PLANNER, Role.ADMIN})
"""They change the whole office: a planner of one area is none of them."""
PLANNERS = frozenset({Role.PLANNER})
HANDS = frozenset({Role.PLANNER, Role.ADMIN})
"""They change what is looked after, within their areas."""
FIELD = frozenset({Role.PLANNER, Role.LEADER, Role.INSPECTOR, Role.PEST})
WORK_SEEN = EVERYBODY - {Role.ADMIN}
WORK_TOLD = frozenset({Role.PLANNER, Role.CLERK, Role.WORKER})
HOME_AREA = "C1"
LIMITED = [f"{role}-{HOME_AREA}".lower() for role in Role if role is not Role.ADMIN]
"""Accounts of one role each, which is limited to one community."""

CASE_ELSEWHERE = "00000000-0000-4000-8000-0000000000e1"
PLACES_OF = {
    "own": {**PLACES, "person": "P2"},
    "other": {
        **PLACES,
        "case": CASE_ELSEWHERE,
        "person": "P9",
        "area": "C2",
        "zone": "Z9",
        "draft": "D2",
        "id": "S15",
        "layers": "street-segments",
    },
    "unknown": {
        **PLACES,
        "case": "00000000-0000-4000-8000-00000000dead",
        "filename": "css/no.css",
        "job": "00000000-0000-4000-8000-00000000dead",
        "number": "999999",
        "work": "00000000-0000-4000-8000-00000000dead",
        **dict.fromkeys(("person", "area", "zone", "draft", "id", "campaign", "layers"), "none"),
        **dict.fromkeys(("person", "area", "zone", "draft", "id", "group", "campaign", "layers"), "none"),
    },
}
"""Objects of the community to which a role is limited, of another one, and such as do not exist."""
OBJECTS = frozenset(name for name, value in PLACES_OF["unknown"].items() if value != PLACES[name])
PERSONAL = frozenset(
    {
        *("/api/v1/people/<person>", "/people/<person>"),
        *("/people/<person>/hand-over", "/people/<person>/hand-over.xlsx"),
        *("/api/v1/cases/<case>", "/api/v1/cases/<case>/events", "/cases/<case>"),
    }
)
"""Whose objects are of a place: those of another area are as if they did not exist."""
CHOOSE_AREA = frozenset(
    {
        *("/cases", "/api/v1/cases", "/api/v1/cases/heat"),
        *("/works", "/works/done", "/works/rounds", "/api/v1/works", "/api/v1/works/due", "/api/v1/works/rounds"),
        *("/people", "/holders", "/chain", "/api/v1/people", "/api/v1/holders", "/api/v1/chain"),
    }
)
"""Where an area is asked for beside the path."""

#: Who may open an address, written down by hand: a new address that is not here fails.
MAY: dict[str, frozenset[Role] | str] = {
    "/": EVERYBODY,
    "/account": "signed in",
    "/admin": frozenset({Role.ADMIN}),
    "/admin/accounts": frozenset({Role.ADMIN}),
    "/admin/accounts/close": frozenset({Role.ADMIN}),
    "/admin/accounts/open": frozenset({Role.ADMIN}),
    "/admin/accounts/password": frozenset({Role.ADMIN}),
    "/admin/accounts/roles": frozenset({Role.ADMIN}),
    "/admin/audit": frozenset({Role.ADMIN}),
    "/api/docs": EVERYBODY,
    "/assets": HANDS,
    "/api/v1/areas/<area>": EVERYBODY,
    "/api/v1/campaigns": FIELD,
    "/api/v1/campaigns/<campaign>/cover": FIELD,
    "/api/v1/campaigns/<campaign>/days": FIELD,
    "/api/v1/campaigns/<campaign>/gaps": FIELD,
    "/api/v1/campaigns/<campaign>/targets/<kind>/<id>": FIELD,
    "/api/v1/campaigns/<campaign>/treatments": FIELD,
    "/api/v1/cases": OFFICE,
    "/api/v1/cases/<case>": OFFICE,
    "/api/v1/cases/<case>/events": OFFICE,
    "/api/v1/cases/heat": OFFICE,
    "/api/v1/drafts": PLANNERS,
    "/api/v1/drafts/<draft>": PLANNERS,
    "/api/v1/drafts/<draft>/changes": PLANNERS,
    "/api/v1/drafts/<draft>/cover": PLANNERS,
    "/api/v1/drafts/<draft>/discard": PLANNERS,
    "/api/v1/drafts/<draft>/pieces": PLANNERS,
    "/api/v1/drafts/<draft>/publish": PLANNERS,
    "/api/v1/drafts/<draft>/take-back": PLANNERS,
    "/api/v1/drafts/<draft>/zones": PLANNERS,
    "/api/v1/plans/around": PLANNERS,
    "/api/v1/plans/compare": PLANNERS,
    "/api/v1/cover": EVERYBODY,
    "/api/v1/cover/along": EVERYBODY,
    "/api/v1/cover/gaps": EVERYBODY,
    "/api/v1/cover/pieces": EVERYBODY,
    "/api/v1/layers": EVERYBODY,
    "/api/v1/chain": FIELD | OFFICE,
    "/api/v1/holders": FIELD | OFFICE,
    "/api/v1/people": FIELD | OFFICE,
    "/api/v1/people/<person>": FIELD | OFFICE,
    "/api/v1/people/<person>/leave": PLANNERS,
    "/api/v1/people/<person>/posts": PLANNERS,
    "/api/v1/people/<person>/posts/end": PLANNERS,
    "/api/v1/people/<person>/return": PLANNERS,
    "/api/v1/people/<person>/substitute": PLANNERS,
    "/api/v1/people/<person>/substitute/end": PLANNERS,
    "/api/v1/search": EVERYBODY,
    "/api/v1/changes/<number>/undo": HANDS,
    "/api/v1/groups/<groups>/<group>": HANDS,
    "/api/v1/targets/<kind>": HANDS,
    "/api/v1/targets/<kind>/<id>": HANDS,
    "/api/v1/targets/<kind>/<id>/cover": EVERYBODY,
    "/api/v1/work-rules": EVERYBODY,
    "/api/v1/workload": FIELD | OFFICE,
    "/api/v1/targets/<kind>/<id>/end": HANDS,
    "/api/v1/targets/<kind>/<id>/join": HANDS,
    "/api/v1/targets/<kind>/<id>/split": HANDS,
    "/api/v1/zones": EVERYBODY,
    "/api/v1/zones/<zone>": EVERYBODY,
    "/api/v1/zones/<zone>/assign": PLANNERS,
    "/api/v1/zones/<zone>/end": PLANNERS,
    "/api/v1/zones/<zone>/history": PLANNERS,
    "/api/v1/zones/<zone>/merge": PLANNERS,
    "/api/v1/zones/<zone>/split": PLANNERS,
    "/api/v1/zones/<zone>/undo": PLANNERS,
    "/api/v1/zones/cut": PLANNERS,
    "/api/v1/zones/join": PLANNERS,
    "/api/v1/zones/preview": PLANNERS,
    "/api/v1/proposals": PLANNERS,
    "/api/v1/proposals/<job>/adopt": PLANNERS,
    "/api/v1/proposals/<job>/cancel": PLANNERS,
    "/api/v1/zones/propose": PLANNERS,
    "/basemap/<int:z>/<int:x>/<int:y>": EVERYBODY,
    "/campaigns": FIELD,
    "/campaigns/<campaign>": FIELD,
    "/campaigns/<campaign>/list.csv": FIELD,
    "/campaigns/<campaign>/print": FIELD,
    "/campaigns/<campaign>/table": FIELD,
    "/cases": OFFICE,
    "/cases/<case>": OFFICE,
    "/cases/heat": OFFICE,
    "/chain": FIELD | OFFICE,
    "/healthz": "open",
    "/holders": FIELD | OFFICE,
    "/people": FIELD | OFFICE,
    "/people/<person>": FIELD | OFFICE,
    "/people/<person>/hand-over": FIELD | OFFICE,
    "/people/<person>/hand-over.xlsx": FIELD | OFFICE,
    "/api/v1/jobs/<job>": IMPORTERS,
    "/api/v1/uploads": IMPORTERS,
    "/imports": IMPORTERS,
    "/imports/<int:number>": IMPORTERS,
    "/imports/<int:number>/take-back": IMPORTERS,
    "/imports/jobs/<uuid:job>": IMPORTERS,
    "/imports/jobs/<uuid:job>/again": IMPORTERS,
    "/imports/jobs/<uuid:job>/rejected.csv": IMPORTERS,
    "/imports/jobs/<uuid:job>/cancel": IMPORTERS,
    "/imports/jobs/<uuid:job>/discard": IMPORTERS,
    "/imports/jobs/<uuid:job>/store": IMPORTERS,
    "/imports/jobs/<uuid:job>/try": IMPORTERS,
    "/language": "open",
    "/map": EVERYBODY,
    "/map/print": EVERYBODY,
    "/map/table": EVERYBODY,
    "/map/table.csv": EVERYBODY,
    "/openapi.json": EVERYBODY,
    "/readyz": "open",
    "/sign-in": "open",
    "/sign-out": "signed in",
    "/static/<path:filename>": "open",
    "/tiles/<layers>/<z>/<x>/<y>.mvt": EVERYBODY,
    "/version": "open",
    "/work-model": EVERYBODY,
    "/work-model/change": IMPORTERS,
    "/work-model/end": IMPORTERS,
    "/workload": FIELD | OFFICE,
    "/workload.csv": FIELD | OFFICE,
    "/zones": PLANNERS,
    "/api/v1/works": WORK_SEEN,
    "/api/v1/works/<work>/take-back": WORK_TOLD,
    "/api/v1/works/due": WORK_SEEN,
    "/api/v1/works/rounds": WORK_SEEN,
    "/api/v1/works/sums": WORK_SEEN,
    "/works": WORK_SEEN,
    "/works/<uuid:work>/take-back": WORK_TOLD,
    "/works/done": WORK_SEEN,
    "/works/rounds": WORK_SEEN,
}
NOTHING_THERE = {BASE_MAP, "/imports/jobs/<uuid:job>/rejected.csv"}
"""What this home has none of."""
MAY_WRITE: dict[str, frozenset[Role] | str] = {
    "/api/v1/drafts": PLANNERS,
    "/api/v1/holders": PLANNERS,
    "/api/v1/people": PLANNERS,
    "/api/v1/people/<person>": PLANNERS,
    "/api/v1/zones": PLANNERS,
    "/api/v1/zones/<zone>": PLANNERS,
    "/work-model": IMPORTERS,
    "/api/v1/works": WORK_TOLD,
    "/works/done": WORK_TOLD,
}
"""Who may write where others may read, or somebody else."""
PROGRAMS = ("/api/v1", "/tiles/", "/basemap/", "/openapi.json")
GOOD = {200, 204, 303}


@pytest.fixture(scope="module")
def office(new_database: Callable[..., TestDatabase]) -> Iterator[Flask]:
    """Return the application over a town with an account for each role, everywhere and in one community."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        _something_elsewhere(connection)
        _a_job(connection)
        for name in (*Role, *LIMITED):
            role, _dash, area = name.partition("-")
            store.add(
                connection,
                actor="test",
                email=f"{name}@office.example",
                name=f"The {name}",
                grants=[Grant(Role(role), area.upper() or None)],
                password=PASSWORD,
            )
    writer.dispose()
    opened = Connections(database.service_url)
    yield application(None, connections=opened)
    opened.close()


def _something_elsewhere(connection: Connection) -> None:
    """Write a cleaner with a zone and two complaints of the other community."""
    connection.execute(
        text(
            "insert into person (code, name, role, phone, community)"
            " values ('P9', '张九', 'cleaner', '139****0009', 'C2')"
        )
    )
    statement = text("select id, extent_mm from target join street_segment using (id) where code = 'S15'")
    segment, extent = connection.execute(statement).one()
    add_zones(
        connection,
        [NewZone(code="Z8", duty_id=SWEEPING, stretches=[Stretch(segment, 0, extent)], valid_from=FIRST_PLAN)],
    )
    connection.execute(text("insert into assignment (person_id, zone) select id, 'Z8' from person where code = 'P9'"))
    assignments_changed(connection, ["Z8"])
    rows = [
        {
            "id": CASE_ELSEWHERE if number == 1 else None,
            "external_id": f"E{number}",
            "kind": "disorder" if number == 1 else "rodent",
            "status": "open",
            "reported_at": f"2026-01-0{number} 08:00",
            "lon": WEST + 5 * STEP,
            "lat": SOUTH + 0.0003,
        }
        for number in (1, 2)
    ]
    report = bring(connection, "cases", [(None, row) for row in rows], constants={"source": "12345"})
    assert report.status == "imported", report.findings
    for draft in ("D1", "D2"):
        begin(connection, Editor("test", None), name=draft, duty=duty_of(connection, "sweeping"), plan_on=FIRST_PLAN)


def _a_job(connection: Connection) -> None:
    asked = {"upload": "00000000-0000-4000-8000-0000000000f2", "file": "roads.zip", "layer": "street-segments"}
    connection.execute(
        text("insert into job (uuid, kind, parameters, actor, locale) values (:id, 'import-try', :asked, 'x', 'en')"),
        {"id": PLACES["job"], "asked": json.dumps(asked)},
    )


@pytest.fixture(autouse=True)
def no_failures(office: Flask) -> None:
    office.extensions["geo_hygiene"].write(lambda connection: connection.execute(text("delete from failed_sign_in")))


def token(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).get_data(as_text=True))
    assert found, page
    return found[1]


def signed_in(office: Flask, name: str, password: str = PASSWORD) -> FlaskClient:
    client = office.test_client()
    form = {"csrf_token": token(client, "/sign-in"), "email": f"{name}@office.example", "password": password}
    answer = client.post("/sign-in", data=form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return client


def write(office: Flask, change: Callable[..., object], **words: object) -> None:
    office.extensions["geo_hygiene"].write(change, actor="test", **words)


def who_may(rule: Rule) -> frozenset[Role] | str:
    """Return who may open an address with the methods of a rule."""
    return MAY_WRITE.get(rule.rule, MAY[rule.rule]) if "POST" in rule.methods else MAY[rule.rule]


def test_every_address_is_in_the_table(office: Flask) -> None:
    assert {rule.rule for rule in rules(office)} == set(MAY)


def test_a_view_that_declares_nothing_keeps_the_program_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(health.alive, "needs")
    with pytest.raises(UndeclaredViewError):
        create_app()


def expected(rule: Rule, name: str, which: str) -> set[int]:
    """Return what somebody must be answered who asks for such an object."""
    may, (role, _dash, limit) = MAY[rule.rule], name.partition("-")
    names = set(rule.arguments) | ({"area"} if rule.rule in CHOOSE_AREA else set())
    good = {404} if rule.rule in NOTHING_THERE or (which == "unknown" and names & OBJECTS) else GOOD
    if may == "open":
        return good
    if name == "stranger":
        return {401} if rule.rule.startswith(PROGRAMS) else {303}
    if isinstance(may, frozenset) and (role not in may or (limit and may is IMPORTERS)):
        return {403}
    if rule.rule in CHOOSE_AREA:
        return {404} if limit and which != "own" else GOOD
    return {404} if limit and which == "other" and rule.rule in PERSONAL else good


def cells(office: Flask) -> Iterator[tuple[Rule, str]]:
    """Yield every address that is read, with each sort of object that it can name."""
    for rule in rules(office):
        if "GET" in rule.methods:
            names_something = rule.rule in CHOOSE_AREA or set(rule.arguments) & OBJECTS
            for which in PLACES_OF if names_something else ("own",):
                yield rule, which


@pytest.mark.parametrize("name", [*Role, *LIMITED, "stranger"])
def test_every_role_opens_what_it_may_and_nothing_else(office: Flask, name: str) -> None:
    client = office.test_client() if name == "stranger" else signed_in(office, name)
    wrong = {}
    for rule, which in cells(office):
        chosen = {"area": PLACES_OF[which]["area"]} if rule.rule in CHOOSE_AREA else {}
        answer = client.get(address(rule, PLACES_OF[which]), query_string=query(rule) | chosen)
        if answer.status_code not in expected(rule, name, which):
            wrong[rule.rule, which] = answer.status_code
        if name == "stranger" and answer.status_code == 303 and MAY[rule.rule] != "open":
            assert answer.headers["Location"].startswith("/sign-in?next=%2F")
    assert wrong == {}


@pytest.mark.parametrize("name", [*Role, "stranger"])
def test_every_write_needs_the_token_of_the_session_and_the_role(office: Flask, name: str) -> None:
    client = office.test_client() if name == "stranger" else signed_in(office, name)
    proof, foreign = token(client, "/sign-in"), {"csrf_token": token(office.test_client(), "/sign-in")}
    for rule in rules(office):
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}:
            assert client.open(address(rule), method=method).status_code == 400, rule
            assert client.open(address(rule), method=method, json={}).status_code == 400, rule
            assert client.open(address(rule), method=method, data=foreign).status_code == 400, rule
            may = who_may(rule)
            if name == "stranger" and may != "open":
                answer = client.open(address(rule), method=method, headers={"X-CSRFToken": proof})
                assert answer.status_code == 401, rule
            elif isinstance(may, frozenset) and name not in may:
                answer = client.open(address(rule), method=method, headers={"X-CSRFToken": proof})
                assert answer.status_code == 403, rule


def test_what_takes_no_other_method_says_which_it_takes(office: Flask) -> None:
    client = signed_in(office, "admin")
    proof = {"X-CSRFToken": token(client, "/account")}
    for rule in rules(office):
        for method in {"POST", "PUT", "PATCH", "DELETE"} - rule.methods:
            if any(method in other.methods for other in rules(office) if other.rule == rule.rule):
                continue
            answer = client.open(address(rule), method=method, headers=proof)
            assert answer.status_code == 405, (rule, method)
            assert method not in answer.headers["Allow"]


def test_a_machine_without_accounts_shows_everything_to_its_user(app: Flask) -> None:
    assert app.test_client().get("/cases").status_code == 200
    assert app.test_client().get("/admin").status_code == 403


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


def test_sign_in_leads_back_to_a_page_of_ours_only(office: Flask) -> None:
    for wanted, led in (
        ("/map?duty=drains", "/map?duty=drains"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
    ):
        client = office.test_client()
        form = {"csrf_token": token(client, "/sign-in"), "email": "clerk@office.example", "password": PASSWORD}
        assert client.post("/sign-in", data=form | {"next": wanted}).headers["Location"] == led


@pytest.mark.parametrize("email", ["clerk@office.example", "nobody@office.example"])
def test_a_wrong_password_and_a_wrong_address_are_told_alike_until_the_door_closes(office: Flask, email: str) -> None:
    client = office.test_client()
    form = {"csrf_token": token(client, "/sign-in"), "email": email, "password": "wrong"}
    answers = [client.post("/sign-in", data=form) for _try in range(failures.MOST_OF_ACCOUNT + 1)]
    assert [answer.status_code for answer in answers] == [403] * failures.MOST_OF_ACCOUNT + [429]
    assert "is not right" in answers[0].get_data(as_text=True)
    right = client.post("/sign-in", data=form | {"password": PASSWORD})
    assert right.status_code == 429
    admin = signed_in(office, "admin")
    assert ("locked until 20" in admin.get("/admin").get_data(as_text=True)) == email.startswith("clerk")
    assert f"Too many failed sign-ins as {email}" in admin.get("/admin/audit").get_data(as_text=True)
    office.extensions["geo_hygiene"].write(failures.forget, email=email)
    assert client.get("/account").status_code == 303


def tries_of(office: Flask) -> int:
    count = text("select count(*) from failed_sign_in")
    found: int = office.extensions["geo_hygiene"].read(lambda connection: connection.scalar(count))
    return found


def test_somebody_signs_in_while_an_import_runs(office: Flask) -> None:
    with office.extensions["geo_hygiene"].connect("writers", WRITING) as importing, importing.begin():
        importing.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": IMPORT_LOCK})
        signed_in(office, "clerk")


def test_a_sign_in_that_we_can_not_answer_does_not_count_as_failed(office: Flask) -> None:
    client = office.test_client()
    form = {"csrf_token": token(client, "/sign-in"), "email": "clerk@office.example", "password": PASSWORD}
    with office.extensions["geo_hygiene"].connect("writers", WRITING) as changing, changing.begin():
        changing.execute(text("lock table account_session in share mode"))
        assert client.post("/sign-in", data=form).status_code == 503
    assert tries_of(office) == 0
    client.post("/sign-in", data=form | {"password": "wrong"})
    assert tries_of(office) == 1


def test_a_session_ends_with_sign_out_with_the_account_and_with_the_password(office: Flask) -> None:
    def cookie(client: FlaskClient) -> str:
        found = client.get_cookie("geo_hygiene", domain="localhost")
        assert found is not None
        assert found.http_only
        assert found.same_site == "Lax"
        return found.value

    def works(value: str) -> bool:
        client = office.test_client()
        client.set_cookie("geo_hygiene", value, domain="localhost")
        return client.get("/account").status_code == 200

    client = signed_in(office, "pest")
    stolen = cookie(client)
    assert works(stolen)
    write(office, store.set_open, email="pest@office.example", is_open=False)
    assert not works(stolen)
    write(office, store.set_open, email="pest@office.example", is_open=True)
    assert not works(stolen)

    client, other = signed_in(office, "pest"), signed_in(office, "pest")
    stolen = cookie(other)
    form = {"csrf_token": token(client, "/account"), "current": PASSWORD, "password": ANOTHER, "again": ANOTHER}
    assert client.post("/account", data=form).status_code == 303
    assert client.get("/account").status_code == 200
    assert not works(stolen)
    stolen = cookie(client)
    assert works(stolen)
    assert not works(stolen[:-4] + "AAAA")
    assert client.post("/sign-out", data={"csrf_token": token(client, "/account")}).status_code == 303
    assert client.get("/account").status_code == 303
    assert not works(stolen)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"current": "wrong"}, "present password is not right"),
        ({"again": "something else entirely"}, "differ"),
        ({"password": "short", "again": "short"}, "between 12 and 128"),
        ({"password": "passwordpassword", "again": "passwordpassword"}, "easily guessed"),
    ],
)
def test_a_password_of_ones_own_is_refused_in_words(office: Flask, words: dict[str, str], told: str) -> None:
    client = signed_in(office, "inspector")
    form = {"csrf_token": token(client, "/account"), "current": PASSWORD, "password": ANOTHER, "again": ANOTHER}
    answer = client.post("/account", data=form | words)
    assert answer.status_code == 422
    assert told in answer.get_data(as_text=True)
    assert tries_of(office) == ("current" in words)
    signed_in(office, "inspector")


def test_an_administrator_looks_after_the_accounts(office: Flask) -> None:
    client = signed_in(office, "admin")
    proof = {"csrf_token": token(client, "/admin")}
    made = client.post(
        "/admin/accounts",
        data=proof | {"email": "New@office.example", "name": "<b>New</b>", "roles": ["clerk", "pest"], "area": "C1"},
    ).get_data(as_text=True)
    password = re.search(r'<code class="password">([^<]+)</code>', made)[1]
    assert "&lt;b&gt;New&lt;/b&gt;" in made
    assert "<b>New</b>" not in made

    new = signed_in(office, "new", password)
    assert new.get("/map").headers["Location"] == "/account?next=%2Fmap"
    assert new.get("/api/v1/layers").status_code == 403
    form = {"csrf_token": token(new, "/account"), "current": password, "password": ANOTHER, "again": ANOTHER}
    assert new.post("/account", data=form | {"next": "/map"}).headers["Location"] == "/map"
    assert new.get("/map").status_code == 200

    assert client.post("/admin/accounts/roles", data=proof | {"email": "new@office.example", "roles": "worker"})
    assert new.get("/cases").status_code == 403
    assert client.post("/admin/accounts/close", data=proof | {"email": "new@office.example"}).status_code == 200
    assert new.get("/map").status_code == 303
    refused = client.post("/admin/accounts/close", data=proof | {"email": "admin@office.example"})
    assert refused.status_code == 422
    assert "administrator" in refused.get_data(as_text=True)
    again = client.post("/admin/accounts", data=proof | {"email": "new@office.example", "name": "x", "roles": "clerk"})
    assert again.status_code == 422
    entries = client.get("/admin/audit").get_data(as_text=True)
    assert "Made the account new@office.example: Clerk in C1, Pest control in C1." in entries
    assert "Gave new@office.example other roles: Field worker. Before: Clerk in C1, Pest control in C1." in entries
    chinese = client.get("/admin/audit", headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
    assert "停用了账号 new@office.example。" in chinese
    for action in ("account.add", "account.sign-in", "account.password", "account.roles", "account.close"):
        assert action in entries
    assert password not in entries
    assert ANOTHER not in entries


def test_an_area_that_is_gone_stays_the_limit_until_another_is_chosen(office: Flask) -> None:
    opened, client = office.extensions["geo_hygiene"], signed_in(office, "admin")
    gone = text("update account_role set area = 'GONE' where area = 'C1' and role = 'pest'")
    back = text("update account_role set area = 'C1' where area = 'GONE'")
    opened.write(lambda connection: connection.execute(gone))
    page = client.get("/admin").get_data(as_text=True)
    assert '<option value="GONE" selected>GONE (no longer there)</option>' in page
    form = {"csrf_token": token(client, "/admin"), "email": "pest-c1@office.example", "roles": "pest", "area": "GONE"}
    answer = client.post("/admin/accounts/roles", data=form)
    assert answer.status_code == 422
    assert "no area with the code GONE" in answer.get_data(as_text=True)
    opened.write(lambda connection: connection.execute(back))


def test_a_permission_says_who_may_the_same_as_the_table(office: Flask) -> None:
    for rule in rules(office):
        need, may = need_of(office, rule.endpoint), who_may(rule)
        assert isinstance(need, Permission) == isinstance(may, frozenset), rule
