"""Who may open what: every address with every role."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from geo_hygiene.accounts import store
from geo_hygiene.accounts.store import Grant
from geo_hygiene.coverage.duties import duty_of
from geo_hygiene.coverage.holders import assignments_changed
from geo_hygiene.coverage.writing import NewZone, Stretch, add_zones
from geo_hygiene.database import engine
from geo_hygiene.permissions import Permission, Role
from geo_hygiene.web import create_app, health
from geo_hygiene.web.access import UndeclaredViewError, need_of
from geo_hygiene.web.connections import Connections
from geo_hygiene.zoning.drafts import begin
from geo_hygiene.zoning.records import Editor
from tests.conftest import TestDatabase
from tests.importing import bring
from tests.web.conftest import application
from tests.web.test_contract import BASE_MAP, MADE_REPORTS, PLACES, address, query, rules
from tests.web.towns import FIRST_PLAN, SOUTH, STEP, SWEEPING, WEST, web_town

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
        *(
            "/works/rounds/<int:number>",
            "/api/v1/works/sums",
            "/records/<records>",
            "/records/<records>/list.csv",
            "/api/v1/records/<records>",
        ),
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
    "/api/v1/drafts/<draft>/rename": PLANNERS,
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
    "/api/v1/records/<records>": WORK_SEEN,
    "/records/<records>": WORK_SEEN,
    "/records/<records>/list.csv": WORK_SEEN,
    "/reports": WORK_SEEN,
    "/reports/annual.<ending>": WORK_SEEN,
    "/reports/jobs": WORK_SEEN,
    "/reports/jobs/<uuid:job>": WORK_SEEN,
    "/reports/jobs/<uuid:job>/again": WORK_SEEN,
    "/reports/jobs/<uuid:job>/annual.<ending>": WORK_SEEN,
    "/reports/jobs/<uuid:job>/cancel": WORK_SEEN,
    "/reports/template": IMPORTERS,
    "/reports/template.docx": IMPORTERS,
    "/reports/template/forget": IMPORTERS,
    "/works": WORK_SEEN,
    "/works/<uuid:work>/take-back": WORK_TOLD,
    "/works/done": WORK_SEEN,
    "/works/rounds": WORK_SEEN,
    "/works/rounds/<int:number>": WORK_SEEN,
}
NOTHING_THERE = {BASE_MAP, "/imports/jobs/<uuid:job>/rejected.csv", *MADE_REPORTS}
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


def fill_office(connection: Connection) -> None:
    """Write a town with an account for each role, everywhere and in one community."""
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


@pytest.fixture(scope="module")
def office(new_database: Callable[..., TestDatabase]) -> Iterator[Flask]:
    """Return the application over a town with an account for each role."""
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        fill_office(connection)
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
    good = {404} if rule.rule in NOTHING_THERE or (which == "unknown" and rule.arguments & OBJECTS) else GOOD
    if may == "open":
        return good
    if name == "stranger":
        return {401} if rule.rule.startswith(PROGRAMS) else {303}
    if isinstance(may, frozenset) and (role not in may or (limit and may is IMPORTERS)):
        return {403}
    if rule.rule in CHOOSE_AREA:
        return {404} if limit and which != "own" else good
    return {404} if limit and which == "other" and rule.rule in PERSONAL else good


class Cell(NamedTuple):
    """What somebody is answered at an address, and what is right.

    Attributes
    ----------
    sort
        The object that is asked for, or how a write is forged.
    right
        The status codes that are right.
    """

    rule: Rule
    sort: str
    right: set[int]
    answer: TestResponse

    @property
    def is_right(self) -> bool:
        return self.answer.status_code in self.right


def reads(client: FlaskClient, name: str) -> Iterator[Cell]:
    """Ask for every address that is read, with each sort of object that it can name."""
    for rule in rules(client.application):
        if "GET" in rule.methods:
            names_something = rule.rule in CHOOSE_AREA or set(rule.arguments) & OBJECTS
            for which in PLACES_OF if names_something else ("own",):
                chosen = {"area": PLACES_OF[which]["area"]} if rule.rule in CHOOSE_AREA else {}
                answer = client.get(address(rule, PLACES_OF[which]), query_string=query(rule) | chosen)
                yield Cell(rule, which, expected(rule, name, which), answer)


def writes(client: FlaskClient, name: str) -> Iterator[Cell]:
    """Write to every address without the token of the session, and where the role may not write also with it."""
    proof = token(client, "/sign-in")
    foreign = {"csrf_token": token(client.application.test_client(), "/sign-in")}
    for rule in rules(client.application):
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}:
            path, may = address(rule), who_may(rule)
            yield Cell(rule, "without a token", {400}, client.open(path, method=method))
            yield Cell(rule, "as JSON without a token", {400}, client.open(path, method=method, json={}))
            yield Cell(rule, "with another session's token", {400}, client.open(path, method=method, data=foreign))
            refused = 401 if name == "stranger" and may != "open" else 403
            if refused == 401 or (isinstance(may, frozenset) and name not in may):
                answer = client.open(path, method=method, headers={"X-CSRFToken": proof})
                yield Cell(rule, "without the role", {refused}, answer)


def visitor(office: Flask, name: str) -> FlaskClient:
    """Return somebody who has the account of that name, or a stranger."""
    return office.test_client() if name == "stranger" else signed_in(office, name)


def wrong(cells: Iterable[Cell]) -> list[tuple[str, str, int]]:
    return [(cell.rule.rule, cell.sort, cell.answer.status_code) for cell in cells if not cell.is_right]


@pytest.mark.parametrize("name", [*Role, *LIMITED, "stranger"])
def test_every_role_opens_what_it_may_and_nothing_else(office: Flask, name: str) -> None:
    cells = list(reads(visitor(office, name), name))
    assert wrong(cells) == []
    if name == "stranger":
        led = [cell.answer.location or "" for cell in cells if cell.right == {303} and MAY[cell.rule.rule] != "open"]
        assert led
        assert all(address.startswith("/sign-in?next=%2F") for address in led)


@pytest.mark.parametrize("name", [*Role, "stranger"])
def test_every_write_needs_the_token_of_the_session_and_the_role(office: Flask, name: str) -> None:
    assert wrong(writes(visitor(office, name), name)) == []


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


def test_a_permission_says_who_may_the_same_as_the_table(office: Flask) -> None:
    for rule in rules(office):
        need, may = need_of(office, rule.endpoint), who_may(rule)
        assert isinstance(need, Permission) == isinstance(may, frozenset), rule
