"""The pages of imports, from the file in the browser to what was stored, without a browser."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from geo_hygiene.accounts import store as accounts
from geo_hygiene.accounts.store import Grant
from geo_hygiene.database import engine
from geo_hygiene.files.audit import changes_of
from geo_hygiene.files.import_jobs import ImportJobs
from geo_hygiene.permissions import Role
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.made_workbooks import workbook
from tests.web.conftest import application
from tests.web.test_access import PASSWORD, signed_in, token
from tests.web.towns import web_town
from tests.working import work_off

SAMPLE = Path(__file__).parents[2] / "data" / "shapefiles"
PLACES = """{"type": "FeatureCollection", "features": [%s]}"""
PLACE = (
    '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [%s, %s]},'
    ' "properties": {"编号": "%s", "类别": "%s", "名称": "%s"}}'
)
WEST, SOUTH = 105.081, 31.091


def places(*rows: tuple[str, str], west: float = WEST) -> bytes:
    drawn = (
        PLACE % (west + 0.0001 * at, SOUTH, code, category, f"厕所{code}") for at, (code, category) in enumerate(rows)
    )
    return (PLACES % ", ".join(drawn)).encode()


def far_away(content: bytes, code: str) -> bytes:
    """Return a file of places in which one lies on another continent."""
    told = json.loads(content)
    for one in told["features"]:
        if one["properties"]["编号"] == code:
            one["geometry"]["coordinates"][0] -= 90
    return json.dumps(told, ensure_ascii=False).encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def office(database: TestDatabase, home: Path) -> Iterator[Flask]:
    writer = engine(database.service_url)
    with writer.begin() as connection:
        web_town(connection)
        for role in (Role.PLANNER, Role.ADMIN):
            accounts.add(
                connection,
                actor="test",
                email=f"{role}@office.example",
                name=f"The {role}",
                grants=[Grant(role)],
                password=PASSWORD,
            )
    writer.dispose()
    opened = Connections(database.service_url)
    yield application(None, home=home, connections=opened)
    opened.close()


@pytest.fixture
def planner(office: Flask) -> FlaskClient:
    return signed_in(office, "planner")


@pytest.fixture
def service(database: TestDatabase) -> Iterator[Engine]:
    opened = engine(database.service_url)
    yield opened
    opened.dispose()


class Importing:
    """Somebody at the pages of imports, and the worker that does what they ask."""

    def __init__(self, client: FlaskClient, database: TestDatabase, home: Path) -> None:
        self.client = client
        self.database = database
        self.jobs = ImportJobs(home)
        self.proof = {"csrf_token": token(client, "/imports")}

    def bring(self, name: str, content: bytes, **words: str) -> Any:
        return self.client.post(
            "/api/v1/uploads",
            query_string={"name": name, **words},
            data=content,
            content_type="application/octet-stream",
            headers={"X-CSRFToken": self.proof["csrf_token"]},
        )

    def send(self, address: str, **form: str) -> str:
        answer = self.client.post(address, data=self.proof | form)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return answer.headers["Location"]

    def work(self) -> int:
        return work_off(self.database.service_url, self.jobs.handlers, self.jobs.tidy)

    def attempt(self, name: str, content: bytes) -> str:
        upload = self.bring(name, content).get_json()["upload"]
        page = self.send("/imports", upload=upload, file=name)
        assert self.work() == 1
        return page

    def page(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def told(self, page: str) -> dict[str, Any]:
        return self.client.get(f"/api/v1/jobs/{page.rpartition('/')[2]}").get_json()


@pytest.fixture
def importing(planner: FlaskClient, database: TestDatabase, home: Path) -> Importing:
    return Importing(planner, database, home)


def facilities(service: Engine) -> list[tuple[str, str]]:
    with service.connect() as connection:
        rows = connection.execute(
            text("select facility.code, target.category from facility join target using (id) order by 1")
        )
        return [tuple(row) for row in rows]


def test_a_file_is_looked_at_tried_stored_and_stands_in_the_history(
    importing: Importing, office: Flask, service: Engine, home: Path
) -> None:
    before = facilities(service)
    upload = importing.bring("公厕.geojson", places(("N1", "公共厕所"), ("N2", "公共厕所"))).get_json()["upload"]
    page = importing.send("/imports", upload=upload, file="公厕.geojson")
    assert 'id="progress"' in importing.page(page)
    assert importing.told(page)["state"] == "waiting"
    assert importing.work() == 1

    told = importing.told(page)
    assert (told["state"], told["result"]["layer"], told["result"]["guesses"][0]) == (
        "done",
        "facilities",
        "facilities",
    )
    assert told["result"]["mapping"] == {"code": "编号", "kind": "类别", "name": "名称"}
    assert told["result"]["report"]["records"]["created"] == 2
    tried = importing.page(page)
    assert 'data-status="dry-run"' in tried
    assert "<td>Tried: nothing was stored</td>" in importing.page("/imports")
    assert '<option value="编号" selected>编号 (N1, N2)</option>' in tried
    config = json.loads(re.search(r'<script type="application/json" id="config"[^>]*>(.*?)</script>', tried, re.S)[1])
    drawn = config["features"]["features"]
    assert [one["properties"] for one in drawn] == [{"row": 1, "wrong": False}, {"row": 2, "wrong": False}]
    assert "Rows with errors are red." not in tried
    assert drawn[0]["geometry"] == {"type": "Point", "coordinates": [WEST, SOUTH]}
    assert facilities(service) == before, "a try stores nothing"

    stored = importing.send(f"{page}/store")
    assert importing.work() == 1
    result = importing.told(stored)["result"]
    assert result["report"]["status"] == "imported"
    assert len(facilities(service)) == len(before) + 2
    assert f'data-import="{result["number"]}"' in importing.page("/imports")
    history = importing.page(f"/imports/{result['number']}")
    assert history.count('data-action="created"') == 2
    assert "公厕.geojson" in history
    assert list((home / "incoming").iterdir()) == [], "what was imported is not kept twice"
    with service.connect() as connection:
        entry = connection.execute(
            text("select actor, action, subject, after from audit_entry order by id desc")
        ).first()
    assert tuple(entry)[:3] == ("planner@office.example", "data import", f"import {result['number']}")
    assert entry.after["layer"] == "facilities"
    audit = signed_in(office, "admin").get("/admin/audit").get_data(as_text=True)
    assert f"Stored the file 公厕.geojson as “Facilities”: Import {result['number']}." in audit
    assert "data import import" not in audit


def test_a_file_with_errors_is_read_in_another_way_until_it_fits(importing: Importing, service: Engine) -> None:
    before = facilities(service)
    page = importing.attempt("places.geojson", places(("N1", "公共厕所"), ("", "no such thing"), west=15.0))
    told = importing.told(page)["result"]
    assert told["report"]["status"] == "refused"
    assert "outside-extent" in {one["code"] for one in told["report"]["findings"]}
    shown = importing.page(page)
    assert 'data-code="outside-extent" data-level="error" data-count="2"' in shown
    assert "Rows with errors are red." in shown
    assert f"{page}/store" not in shown
    rejected = importing.client.get(f"{page}/rejected.csv")
    assert rejected.data.decode("utf-8-sig").splitlines()[1].startswith("1,outside-extent,")
    assert f'href="{page}/rejected.csv"' in shown
    assert told["report"]["rejected_file"] == "rejected.csv"
    again = importing.send(
        f"{page}/try",
        layer="facilities",
        shown="facilities",
        anywhere="true",
        **{"field.code": "", "field.name": "名称"},
    )
    assert importing.work() == 1
    told = importing.told(again)["result"]
    assert told["mapping"] == {"name": "名称", "kind": "类别"}
    assert told["report"]["status"] == "dry-run", told["report"]["findings"]
    importing.send(f"{again}/store")
    assert importing.work() == 1
    assert len(facilities(service)) == len(before) + 2


def test_of_several_sheets_one_is_chosen(importing: Importing, tmp_path: Path) -> None:
    lines = [["编号", "姓名", "岗位"], ["P77", "王五", "保洁员"]]
    book = workbook(tmp_path / "人员.xlsx", {"东区": lines, "西区": lines}).read_bytes()
    page = importing.attempt("人员.xlsx", book)
    assert "<td>Refused: nothing was stored</td>" in importing.page("/imports")
    shown = importing.page(page)
    assert "Say which one with “Table or sheet”." in shown
    assert '<option value="东区">东区</option><option value="西区">西区</option>' in shown
    again = importing.send(f"{page}/try", table="西区")
    assert importing.work() == 1
    assert importing.told(again)["result"]["report"]["status"] == "dry-run"


def test_a_layer_that_nothing_tells_is_chosen(importing: Importing) -> None:
    named = places(("N1", "公共厕所")).replace("编号".encode(), b"one").replace("类别".encode(), b"two")
    page = importing.attempt("a.geojson", named)
    shown = importing.page(page)
    assert "Its layer could not be guessed: choose it below" in shown
    assert 'id="map"' in shown, "its places help to know it"
    assert "<td>Its layer could not be guessed</td>" in importing.page("/imports")
    again = importing.send(f"{page}/try", layer="facilities")
    assert importing.work() == 1
    assert importing.told(again)["result"]["report"]["status"] == "dry-run"


def test_rows_that_were_left_out_are_still_given_after_the_others_were_stored(importing: Importing, home: Path) -> None:
    page = importing.attempt("places.geojson", far_away(places(("N1", "公共厕所"), ("N2", "公共厕所")), "N2"))
    again = importing.send(f"{page}/try", skip_rejected="true")
    importing.work()
    stored = importing.send(f"{again}/store")
    importing.work()
    assert importing.told(stored)["result"]["report"]["rows"]["rejected"] == 1
    for address in (again, stored):
        assert f'href="{address}/rejected.csv"' in importing.page(address)
        rows = importing.client.get(f"{address}/rejected.csv").data.decode("utf-8-sig").splitlines()
        assert rows[1].startswith("2,outside-extent,")
    (left,) = (home / "incoming").iterdir()
    assert all(file.name.startswith(".rejected-") for file in left.iterdir())


def test_a_file_is_stored_once_however_often_that_is_asked(importing: Importing, service: Engine) -> None:
    before = facilities(service)
    page = importing.attempt("places.geojson", places(("N1", "公共厕所")))
    stored = importing.send(f"{page}/store")
    assert importing.send(f"{page}/store") == stored
    assert importing.work() == 1
    assert importing.send(f"{page}/store") == stored
    assert importing.work() == 0
    assert len(facilities(service)) == len(before) + 1
    shown = importing.page(page)
    assert f'href="{stored}"' in shown
    assert f"{page}/store" not in shown
    again = importing.attempt("places.geojson", places(("N1", "公共厕所")))
    shown = importing.page(again)
    assert 'id="nothing-new"' in shown
    assert f"{again}/store" not in shown


def test_a_file_is_discarded(importing: Importing, home: Path) -> None:
    page = importing.attempt("places.geojson", far_away(places(("N1", "公共厕所")), "N1"))
    assert importing.client.get(f"{page}/rejected.csv").status_code == 200
    assert importing.send(f"{page}/discard") == "/imports"
    assert list((home / "incoming").iterdir()) == []
    assert "no longer there" in importing.page(page)
    assert f"{page}/discard" not in importing.page(page)


def test_an_administrator_sees_no_people_and_no_rows_of_others(
    importing: Importing, office: Flask, service: Engine
) -> None:
    people = "编号,姓名,岗位\nP77,王五,保洁员\n".encode()
    page = importing.attempt("人员.csv", people)
    assert "王五" in importing.page(page)
    stored = importing.send(f"{page}/store")
    assert importing.work() == 1
    number = importing.told(stored)["result"]["number"]
    wrong = importing.attempt("places.geojson", far_away(places(("N1", "公共厕所")), "N1"))
    assert "王五" in importing.page(f"/imports/{number}")

    admin = signed_in(office, "admin")
    for address in (page, stored, f"{page}/rejected.csv", f"/api/v1/jobs/{page.rpartition('/')[2]}"):
        assert admin.get(address).status_code == 403, address
    history = admin.get(f"/imports/{number}").get_data(as_text=True)
    assert "王五" not in history
    assert "P77" not in history
    assert "your roles do not show" in history
    assert admin.get(wrong).status_code == 200
    assert "rejected.csv" not in admin.get(wrong).get_data(as_text=True)
    assert admin.get(f"{wrong}/rejected.csv").status_code == 404
    assert importing.client.get(f"{wrong}/rejected.csv").status_code == 200


def test_the_page_of_a_large_import_reads_what_it_shows(importing: Importing, service: Engine) -> None:
    rows = [(f"N{at}", "公共厕所") for at in range(120)]
    number = stored_places(importing, *(code for code, _category in rows))
    told = importing.page(f"/imports/{number}")
    assert told.count('data-action="created"') == 50
    assert "The first 50 are shown" in told
    with service.connect() as connection:
        read: list[int] = []
        event.listen(connection, "after_cursor_execute", lambda *call: read.append(call[1].rowcount))
        assert len(list(islice(changes_of(connection, number, most=51), 51))) == 51
        assert max(read) <= 51


def test_rows_are_told_apart_by_the_column_that_is_said(importing: Importing) -> None:
    page = importing.attempt("places.geojson", places(("N1", "公共厕所"), ("N1", "公共厕所")))
    assert importing.told(page)["result"]["report"]["records"]["created"] == 2
    again = importing.send(f"{page}/try", layer="facilities", shown="facilities", key="编号", **{"field.code": "编号"})
    assert importing.work() == 1
    assert "duplicate-key" in {one["code"] for one in importing.told(again)["result"]["report"]["findings"]}
    assert '<option value="编号" selected>编号</option>' in importing.page(again)


def test_a_file_that_does_not_say_its_system_is_told_what_it_looks_like(importing: Importing) -> None:
    parts = {part: (SAMPLE / f"facilities.{part}").read_bytes() for part in ("shp", "shx", "dbf", "cpg")}
    upload = importing.bring("places.shp", parts.pop("shp")).get_json()["upload"]
    for part, content in parts.items():
        assert importing.bring(f"places.{part}", content, upload=upload).status_code == 201
    page = importing.send("/imports", upload=upload, file="places.shp")
    assert importing.work() == 1
    shown = importing.page(page)
    assert 'data-code="crs-missing"' in shown
    assert "Read it as EPSG:4326" in shown
    assert "say “Coordinate system” EPSG:4326 if that is right" in shown
    again = importing.send(f"{page}/try", crs="EPSG:4326", anywhere="true")
    assert importing.work() == 1
    assert importing.told(again)["result"]["layer"] == "facilities"
    report = importing.told(again)["result"]["report"]
    assert report["status"] == "dry-run"
    assert report["crs"]["used"] == "EPSG:4326"


def test_a_job_is_cancelled_and_started_again(importing: Importing, service: Engine) -> None:
    upload = importing.bring("a.geojson", places(("N1", "公共厕所"))).get_json()["upload"]
    page = importing.send("/imports", upload=upload, file="a.geojson")
    assert importing.send(f"{page}/cancel") == page
    assert importing.told(page)["state"] == "cancelled"
    assert importing.work() == 0
    again = importing.send(f"{page}/again")
    assert again != page
    assert importing.work() == 1
    assert importing.told(again)["result"]["report"]["status"] == "dry-run"


def test_what_is_gone_or_was_not_tried_is_refused_in_words(importing: Importing) -> None:
    nothing = str(uuid.uuid4())
    answer = importing.client.post("/imports", data=importing.proof | {"upload": nothing, "file": "a.csv"})
    assert answer.status_code == 404
    assert "no longer there" in answer.get_data(as_text=True)
    page = importing.attempt("a.geojson", places(("N1", "公共厕所")))
    assert f"{page}/store" in importing.page(page)
    importing.jobs.uploads.discard(_upload_of(importing, page))
    shown = importing.page(page)
    assert 'id="gone"' in shown
    assert f"{page}/store" not in shown
    assert f"{page}/try" not in shown
    stored = importing.send(f"{page}/store")
    assert importing.work() == 1
    assert (importing.told(stored)["state"], importing.told(stored)["result"]) == ("failed", None)
    assert "no longer there" in importing.told(stored)["reason"]
    refused = importing.client.post(f"{stored}/store", data=importing.proof)
    assert refused.status_code == 409
    assert importing.client.get(f"/imports/jobs/{nothing}").status_code == 404


def _upload_of(importing: Importing, page: str) -> str:
    with engine(importing.database.service_url).connect() as connection:
        found = "select parameters ->> 'upload' from job where cast(uuid as text) = :job"
        return connection.execute(text(found), {"job": page.rpartition("/")[2]}).scalar_one()


def test_numbers_of_people_are_masked_on_the_page(importing: Importing, service: Engine) -> None:
    page = importing.attempt("人员.csv", "编号,姓名,联系电话,备注\nP77,王五,13912345678,可打13912345678\n".encode())
    assert "1391234" not in importing.page(page)
    with service.connect() as connection:
        assert "1391234" not in connection.execute(text("select result::text from job")).scalar_one()


def test_pages_speak_chinese(importing: Importing) -> None:
    importing.client.get("/language?to=zh-Hans&next=/imports")
    page = importing.attempt("公厕.geojson", places(("N1", "公共厕所")))
    shown = importing.page(page)
    assert "试运行，没有保存任何内容" in shown
    assert "按列名推测" in shown


def stored_places(importing: Importing, *codes: str) -> int:
    page = importing.attempt("places.geojson", places(*((code, "公共厕所") for code in codes)))
    stored = importing.send(f"{page}/store")
    assert importing.work() == 1
    number: int = importing.told(stored)["result"]["number"]
    return number


def taken_back(importing: Importing, number: int) -> dict[str, Any]:
    page = importing.send(f"/imports/{number}/take-back")
    assert importing.work() == 1
    assert importing.page(page)
    return importing.told(page)


def test_an_import_is_taken_back_on_its_day(importing: Importing, service: Engine) -> None:
    before = facilities(service)
    number = stored_places(importing, "N1", "N2")
    assert facilities(service) != before
    assert 'id="take-back"' in importing.page(f"/imports/{number}")
    assert taken_back(importing, number)["result"] == {"number": number, "removed": 2, "put_back": 0}
    assert facilities(service) == before
    history = importing.page(f"/imports/{number}")
    assert "was taken back on" in history
    assert "2 records went." in history
    assert "Nothing of this import is left." in history
    assert 'id="take-back"' not in history
    assert "taken back" in importing.page("/imports")
    told = taken_back(importing, number)
    assert (told["state"], told["reason"]) == ("failed", f"Import {number} was taken back already.")
    with service.connect() as connection:
        said = connection.execute(text("select actor, action, before from audit_entry order by id desc")).first()
    assert said.action == "data import taken back"
    assert said.before["records"] == 2
    assert stored_places(importing, "N1") > number, "the same file can come again"


def test_what_an_import_changed_is_as_before(importing: Importing, service: Engine) -> None:
    stored_places(importing, "N1", "N2")
    before = facilities(service)
    page = importing.attempt("places.geojson", places(("N1", "垃圾桶")))
    stored = importing.send(f"{page}/store")
    assert importing.work() == 1
    number = importing.told(stored)["result"]["number"]
    assert facilities(service) != before
    assert taken_back(importing, number)["result"] == {"number": number, "removed": 0, "put_back": 1}
    assert facilities(service) == before
    history = importing.page(f"/imports/{number}")
    assert history.count('data-action="changed"') == 1
    assert "category: public_toilet → bin" in history
    assert "<td>changed, put back</td>" in history
    assert "0 records went. 1 record that it had changed is as before." in history


def test_an_import_on_which_something_rests_stays(importing: Importing, service: Engine) -> None:
    first = stored_places(importing, "N1", "N2")
    numbers = []
    for category in ("垃圾桶", "学校"):
        page = importing.attempt("places.geojson", places(("N1", category)))
        again = importing.send(f"{page}/store")
        assert importing.work() == 1
        numbers.append(importing.told(again)["result"]["number"])
    assert "changed later: N1" in taken_back(importing, first)["reason"]
    assert "changed later: N1" in taken_back(importing, numbers[0])["reason"]
    assert taken_back(importing, numbers[1])["state"] == "done"
    with service.begin() as connection:
        connection.execute(
            text("update import_run set recorded_at = '2025-02-03 04:00+00' where id = :id"), {"id": first}
        )
    assert "is of 2025-02-03. Days that have passed" in taken_back(importing, first)["reason"]
    assert 'id="take-back"' not in importing.page(f"/imports/{first}")
