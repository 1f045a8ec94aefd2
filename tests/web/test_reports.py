"""The annual report as a page: what it leads to, years without records, and files that are made as a job."""

from __future__ import annotations

import io
import json
import re
import zipfile
from html import unescape
from uuid import UUID

import docx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from shapely import LineString
from sqlalchemy import text

from geo_hygiene.database import engine
from geo_hygiene.jobs.store import UnknownJobError
from geo_hygiene.reports.annual import FIGURES, jobs
from geo_hygiene.reports.annual.template import MOST_BYTES
from geo_hygiene.web import report_page_data
from tests.importing import bring
from tests.web.test_access import office, signed_in, token
from tests.web.test_pages import counted
from tests.web.towns import SOUTH, WEST
from tests.working import work_off

__all__ = ["office"]

HREF = re.compile(r'href="([^"]+)"')
LEADER = "leader@office.example"
MOST_QUERIES, FEW_QUERIES = 130, 15


def address(office: Flask) -> str:
    url: str = office.extensions["geo_hygiene"].database
    return url


@pytest.fixture(scope="module")
def dredged(office: Flask) -> Flask:
    """Return the application over a town whose drain was dredged in 2025, some metres of it twice."""
    opened = engine(address(office))
    line = LineString([(WEST + 0.0001, SOUTH + 0.0011), (WEST + 0.002, SOUTH + 0.0011)])
    works = [
        {"kind": "dredging", "done_at": day, "drain": "YG", "from_m": begin, "to_m": begin + 100}
        for day, begin in (("2025-03-01", 0), ("2025-04-01", 60))
    ]
    activity = {"kind": "cleanup", "held_at": "2024-03-05", "areas": "C1", "person_times": 12}
    with opened.begin() as connection:
        assert bring(connection, "drain-segments", [(line, {"code": "YG1", "drain_code": "YG"})]).status == "imported"
        for layer, rows in (("works", works), ("activities", [activity])):
            found = bring(connection, layer, [(None, row) for row in rows])
            assert found.status == "imported", found.findings
    opened.dispose()
    return office


def shown(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def row(page: str, figure: str) -> str:
    return page.partition(f'data-figure="{figure}"')[2].partition("</tr>")[0]


@pytest.mark.parametrize("name", ["leader", "worker-c1"])
def test_each_number_leads_to_what_its_reader_may_open(dredged: Flask, name: str) -> None:
    client = signed_in(dredged, name)
    with counted(dredged.extensions["geo_hygiene"]) as asked:
        page = shown(client, "/reports?year=2025")
    assert len(asked) < MOST_QUERIES
    article = page.partition("<article")[2].partition("</article>")[0]
    addresses = {unescape(one) for one in HREF.findall(article) if one.startswith("/")}
    assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 200)
    for figure in FIGURES:
        told = row(page, figure.id)
        assert figure.definition.partition("’")[0][:30] in unescape(told)
        assert "2025-01-01 – 2025-12-31" in told
    once, plain = row(page, "drain-metres-dredged"), row(page, "drain-metres-dredged-plain")
    assert ">160.0 m</a>" in once
    assert ">200.0 m</a>" in plain
    assert 'href="/works/done?kind=dredging&amp;from=2025-01-01&amp;to=2026-01-01"' in once
    assert "/api/v1/works/sums?kind=dredging&amp;from=2025-01-01&amp;to=2026-01-01#/sums/distinct" in once
    assert 'data-picture="map.drains"' in page
    assert page.count("no record") > len(FIGURES) // 2
    assert (name == "worker-c1") is ("/people?" not in article)


def test_an_area_elsewhere_is_none(dredged: Flask) -> None:
    client = signed_in(dredged, "worker-c1")
    asked = {"csrf_token": token(client, "/sign-in"), "year": "2025", "area": "C2"}
    for area in ("C2", "none"):
        for path in ("/reports", "/reports/annual.md"):
            assert client.get(path, query_string={"area": area}).status_code == 404
        assert client.post("/reports/jobs", data=asked | {"area": area}).status_code == 404
    assert shown(client, "/reports?area=C1&year=2025").count("鼓楼社区") > 1
    assert "C2" not in shown(client, "/reports?year=2025")


def test_a_year_without_records_is_told_and_one_that_is_none_is_refused_in_words(dredged: Flask) -> None:
    client = signed_in(dredged, "leader")
    silent = shown(client, "/reports?year=1999")
    assert 'id="silent"' in silent
    for figure in FIGURES:
        assert row(silent, figure.id).count("no record") >= 2, figure.id
    assert "data:image" not in silent
    later = shown(client, "/reports?year=2190")
    assert "2190 has not begun" in later
    assert "<article" not in later
    assert "Year" in shown(client, "/reports?year=zweitausend").partition('id="notice"')[2].partition("</p>")[0]
    assert client.get("/reports/annual.json?year=2190").status_code == 422
    assert client.get("/reports/annual.exe?year=2025").status_code == 422
    told = client.get("/reports/annual.json?year=2025").get_json()
    values = {one["id"]: one["value"] for one in told["figures"]}
    assert values["drain-metres-dredged"] == pytest.approx(160, abs=0.01)
    proof = token(client, "/reports")
    assert client.post("/reports/jobs", data={"csrf_token": proof, "year": "2190"}).status_code == 422


def test_a_report_of_many_offices_is_not_waited_for(dredged: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_page_data, "FEW_OFFICES", 0)
    client = signed_in(dredged, "leader")
    with counted(dredged.extensions["geo_hygiene"]) as asked:
        page = shown(client, "/reports?year=2025")
    assert len(asked) < FEW_QUERIES
    assert "<article" not in page
    assert 'action="/reports/jobs"' in page
    assert "many offices" in page
    assert client.get("/reports/annual.json?year=2025").status_code == 422
    assert "<article" in shown(client, "/reports?year=2025&area=C1")
    assert "<article" in shown(signed_in(dredged, "leader-c1"), "/reports?year=2025")


def bring_template(client: FlaskClient, content: bytes, name: str = "ours.docx") -> tuple[int, str]:
    """Bring a template as the page's script does, and return status and page."""
    proof = token(client, "/reports/template")
    headers = {"X-CSRFToken": proof, "Content-Type": "application/octet-stream"}
    brought = client.post("/api/v1/uploads", query_string={"name": name}, data=content, headers=headers)
    assert brought.status_code == 201, brought.get_data(as_text=True)
    form = {"csrf_token": proof, "upload": brought.get_json()["upload"], "file": name}
    answer = client.post("/reports/template", data=form)
    assert client.post("/reports/template", data=form).status_code == 404, "what was brought is not kept twice"
    return answer.status_code, unescape(answer.get_data(as_text=True))


def with_sentence(content: bytes, sentence: str) -> bytes:
    document = docx.Document(io.BytesIO(content))
    document.add_paragraph(sentence)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_report_is_made_as_a_job_for_whoever_asked(dredged: Flask) -> None:
    client, other = signed_in(dredged, "leader"), signed_in(dredged, "planner")
    ours = with_sentence(other.get("/reports/template.docx").get_data(), "What we dredged: {{drain-metres-dredged}}.")
    assert bring_template(other, ours)[0] == 303
    asked = {"csrf_token": token(client, "/reports"), "year": "2025", "area": "C1"}
    page = client.post("/reports/jobs", data=asked).headers["Location"]
    waiting = client.post("/reports/jobs", data=asked).headers["Location"]
    assert 'id="progress"' in shown(client, page)
    assert client.post(f"{waiting}/cancel", data=asked).status_code == 303
    assert 'data-state="cancelled"' in shown(client, waiting)
    assert other.get(page).status_code == 404
    assert other.post(f"{page}/cancel", data={"csrf_token": token(other, "/reports")}).status_code == 404
    assert client.get(f"{page}/annual.docx").status_code == 404
    assert work_off(address(dredged), jobs.HANDLERS)
    job = client.get(f"/api/v1/jobs/{page.rpartition('/')[2]}").get_json()
    assert (job["state"], job["result"]) == ("done", {}), job
    opened, uuid = engine(address(dredged)), UUID(page.rpartition("/")[2])
    with opened.connect() as connection:
        assert jobs.own(connection, LEADER, uuid, None).uuid == uuid
        with pytest.raises(UnknownJobError):
            jobs.own(connection, LEADER, uuid, frozenset({"C1"}))
        assert jobs.newest(connection, LEADER, frozenset({"C1"}), 9) == []
    opened.dispose()
    made = shown(client, page)
    assert row(made, "drain-metres-dredged") == row(shown(client, "/reports?year=2025&area=C1"), "drain-metres-dredged")
    files = {ending: client.get(f"{page}/annual.{ending}") for ending in jobs.FORMATS}
    assert {one.status_code for one in files.values()} == {200}
    assert files["pdf"].get_data().startswith(b"%PDF-")
    assert (
        "http://localhost/works/done?kind=dredging"
        in zipfile.ZipFile(io.BytesIO(files["docx"].get_data())).read("word/_rels/document.xml.rels").decode()
    )
    assert docx.Document(io.BytesIO(files["docx"].get_data())).paragraphs[-1].text == "What we dredged: 160.0 m."
    assert json.loads(files["json"].get_data())["year"] == 2025
    assert files["docx"].headers["Content-Disposition"] == "attachment; filename=report-2025-C1.docx"
    assert client.get(f"{page}/annual.exe").status_code == 404
    assert page in shown(client, "/reports")
    assert page not in shown(other, "/reports")
    other.post("/reports/template/forget", data={"csrf_token": token(other, "/reports")})


def test_an_office_brings_its_template_for_a_language_and_leaves_it_again(dredged: Flask) -> None:
    client = signed_in(dredged, "planner")
    own = client.get("/reports/template.docx").get_data()
    ours = with_sentence(own, "What we dredged: {{drain-metres-dredged}}.")
    assert bring_template(client, ours)[0] == 303
    assert "ours.docx" in shown(client, "/reports/template")
    assert client.get("/reports/template.docx").get_data() == ours
    assert "ours.docx" not in shown(client, "/reports/template?lang=zh-Hans")
    shown(client, "/reports/template?lang=en")

    wrong = (
        (b"not a document", "no Word document"),
        (with_sentence(own, "{{drain-meters-dredged}} and {{ 7 * 7 }}"), "Is “drain-metres-dredged” meant?"),
        (with_sentence(own, "{{drain-meters-dredged}} and {{ 7 * 7 }}"), "There is no field “7 * 7”"),
        (b"0" * (MOST_BYTES + 1), "The template has more than 8 MB."),
    )
    for content, told in wrong:
        status, page = bring_template(client, content, "wrong.docx")
        assert (status, told in page, "ours.docx" in page) == (422, True, True), told
    assert client.get("/reports/template.docx").get_data() == ours

    assert client.post("/reports/template/forget", data={"csrf_token": token(client, "/reports")}).status_code == 303
    assert "ours.docx" not in shown(client, "/reports/template")
    with dredged.extensions["geo_hygiene"].connect("test", {}) as connection:
        entries = text("select action, subject from audit_entry where action like 'report%' order by id desc limit 2")
        assert [tuple(one) for one in connection.execute(entries)] == [
            ("report-template.forget", "ours.docx"),
            ("report-template.keep", "ours.docx"),
        ]
