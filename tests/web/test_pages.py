"""The pages as they come from the server, without a browser."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from geo_hygiene.coverage import questions
from geo_hygiene.database import engine
from geo_hygiene.web.connections import Connections
from geo_hygiene.web.language import format_share
from tests.conftest import TestDatabase
from tests.importing import bring, place, street
from tests.web.conftest import application
from tests.web.towns import AUTUMN, CASE, CASE_IN_GAP, NAMES, SPRING


class Rows(HTMLParser):
    """Collects the rows of the table of pieces, and the words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self.words: list[str] = []
        self.links: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "tr" and "data-segment" in found:
            self.rows.append({"segment": found["data-segment"], "state": found["data-state"]})
        if tag == "a":
            self.links.append(found)

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def read(client: FlaskClient, address: str) -> Rows:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Rows(answer.get_data(as_text=True))


@contextmanager
def counted(connections: Connections) -> Iterator[list[str]]:
    """Collect the statements that the application sends."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def test_the_table_lists_every_piece_over_its_pages(client: FlaskClient) -> None:
    query = {"duty": "sweeping", "on": SPRING.isoformat(), "limit": 1000}
    pieces = client.get("/api/v1/cover/pieces", query_string=query).json["pieces"]
    for sort in ("length", "lane"):
        address: str | None = f"/map/table?duty=sweeping&on={SPRING}&limit=7&sort={sort}"
        found: list[dict[str, str]] = []
        while address:
            page = read(client, address)
            found += page.rows
            address = next((link["href"] for link in page.links if link.get("rel") == "next"), None)
        assert sorted(map(str, found)) == sorted(
            str({"segment": piece["segment"], "state": piece["state"]}) for piece in pieces
        )


@pytest.mark.parametrize(
    "words", ["state=gap", "state=overlap", "community=C1", "lane=%E6%BB%A8", "zone=Z3", "person=P2", "zone=none"]
)
def test_the_table_filters_as_the_api_does(client: FlaskClient, words: str) -> None:
    query = f"duty=sweeping&on={SPRING}&limit=1000&{words}"
    pieces = client.get(f"/api/v1/cover/pieces?{query}").json["pieces"]
    assert [row["segment"] for row in read(client, f"/map/table?{query}").rows] == [row["segment"] for row in pieces]


def test_the_table_numbers_its_rows_and_says_how_many_there_are(client: FlaskClient) -> None:
    every = client.get(f"/api/v1/cover/pieces?duty=sweeping&on={SPRING}&limit=1000").json["pieces"]
    page = read(client, f"/map/table?on={SPRING}&limit=3")
    following = next(link["href"] for link in page.links if link.get("rel") == "next")
    assert "Rows 1–3" in page.words
    assert "Rows 4–6" in read(client, following).words
    for address in (f"/map/table?on={SPRING}&limit=3", following):
        assert f'data-total="{len(every)}"' in client.get(address).get_data(as_text=True)
    gaps = client.get(f"/api/v1/cover/gaps?duty=sweeping&on={SPRING}&limit=1000").json["gaps"]
    assert f'data-total="{len(gaps)}"' in client.get(f"/map/table?on={SPRING}&state=gap&limit=2").get_data(as_text=True)
    whole = next(link["href"] for link in page.links if "data-for-print" in link)
    assert len(read(client, whole).rows) == len(every)


def test_what_takes_long_to_count_is_not_counted(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST_COUNTED", 2)
    page = client.get(f"/map/table?on={SPRING}&limit=3").get_data(as_text=True)
    assert "Rows 1–3" in page
    assert "data-total" not in page


@pytest.mark.parametrize("words", ["", "state=gap", "community=C1&sort=lane", "person=P2", "duty=tanks&state=gap"])
def test_the_rows_of_the_table_come_as_a_file(client: FlaskClient, words: str) -> None:
    query = f"duty=sweeping&on={SPRING}&{words}" if "duty" not in words else f"on={SPRING}&{words}"
    pieces = client.get(f"/api/v1/cover/pieces?{query}&limit=1000").json["pieces"]
    answer = client.get(f"/map/table.csv?{query}&limit=2&row=3")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["Code"] for row in rows] == [piece["code"] or "" for piece in pieces]
    assert len(rows) > 0
    if "tanks" not in words:
        assert [float(row["Length (m)"]) for row in rows] == [piece["length_m"] for piece in pieces]


def test_the_table_says_that_a_community_is_not_known(client: FlaskClient) -> None:
    page = client.get("/map/table?community=QJ99").get_data(as_text=True)
    assert '<option value="QJ99" selected>' in page
    assert "“QJ99” is not known" in page
    assert "is not known" not in client.get("/map/table?community=C1").get_data(as_text=True)


def test_the_table_names_zones_and_holders(client: FlaskClient) -> None:
    page = read(client, f"/map/table?duty=sweeping&on={SPRING}&state=overlap")
    assert {"一号责任区 (Z1), Z3", "张三 (P1), Zhang San (P2)"} <= set(page.words)
    query = f"duty=sweeping&on={SPRING}&limit=1000"
    by_name = read(client, f"/map/table?{query}&zone=%E4%B8%80%E5%8F%B7&person=%E5%BC%A0%20%E4%B8%89&group=C1G1").rows
    assert by_name
    assert by_name == read(client, f"/map/table?{query}&zone=Z1&person=P1&group=C1G1").rows


def test_a_row_of_the_table_leads_to_its_place_on_the_map(client: FlaskClient) -> None:
    page = read(client, f"/map/table?duty=sweeping&on={SPRING}&state=overlap")
    (row,) = page.rows
    link = next(link["href"] for link in page.links if f"select={row['segment']}" in link["href"])
    assert re.fullmatch(rf"/map\?duty=sweeping&on={SPRING}&select={row['segment']}#map=17/31\.\d+/105\.\d+", link)
    assert client.get(link.split("#")[0]).status_code == 200


def test_the_table_shows_counts_of_places_for_tanks(client: FlaskClient) -> None:
    page = read(client, f"/map/table?duty=tanks&on={SPRING}")
    assert [row["state"] for row in page.rows] == ["covered", "covered", "covered", "gap", "gap"]
    assert "T4" in page.words


@pytest.mark.parametrize(("duty", "word"), [("sweeping", "Lane"), ("drains", "Drain"), ("tanks", "Code")])
def test_the_table_calls_its_rows_by_what_they_are(client: FlaskClient, duty: str, word: str) -> None:
    words = read(client, f"/map/table?duty={duty}&on={SPRING}").words
    assert [one for one in words if one in {"Lane", "Drain", "Code"}] in ([word], [word, word])


def test_a_page_about_an_error_looks_like_a_page(client: FlaskClient) -> None:
    page = client.get("/map/table?sort=colour").get_data(as_text=True)
    assert "/static/css/pages.css" in page
    assert '<ul class="findings">' in page


def test_the_start_page_tells_the_figures_of_today(client: FlaskClient) -> None:
    figures = client.get("/api/v1/cover?duty=tanks").json
    words = read(client, "/").words
    assert f"{figures['covered'] / figures['total']:.1%}" in words
    assert any("Septic tanks" in word for word in words)
    assert (f"(of that {figures['vacant'] / figures['total']:.1%} vacant)" in words) is (figures["vacant"] > 0)


def test_the_start_page_leads_to_each_community(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    for row in client.get("/api/v1/cover?duty=sweeping&by=community").json["by"]:
        assert (f"/map?duty=sweeping&amp;select=community:{row['code']}" in page) is (row["code"] is not None)
        listed = f"/map/table?duty=sweeping&amp;state=gap&amp;community={row['code']}"
        assert (listed in page) is (row["code"] is not None)


@pytest.mark.parametrize(("share", "told"), [(0.94074, "94.1%"), (0.99996, "99.9%"), (1, "100.0%"), (0, "0.0%")])
def test_all_is_said_only_of_the_whole(share: float, told: str) -> None:
    assert format_share(share) == told


def config_of(client: FlaskClient, address: str) -> dict[str, object]:
    page = client.get(address).get_data(as_text=True)
    return json.loads(re.search(r'<script type="application/json" id="config"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def test_the_map_begins_where_its_address_says(client: FlaskClient) -> None:
    config = config_of(client, f"/map?duty=tanks&on={AUTUMN}&select=T1&layers=areas,septic-tanks")
    assert (config["duty"], config["on"]) == ("tanks", AUTUMN.isoformat())
    assert "areas" in config["usual"]
    assert "septic-tanks" not in config["usual"]
    assert config["notice"] is None
    duties = {duty["code"]: duty for duty in config["duties"]}
    assert duties["sweeping"]["days"] == ["2025-01-01", "2025-07-01"]
    assert (duties["tanks"]["unit"], duties["tanks"]["kind"]) == ("count", "septic-tanks")
    west, south, east, north = config["extent"]
    assert west < 105.08 < east
    assert south < 31.09 < north
    assert {"areas", "septic-tanks"} <= {layer["key"] for layer in config["layers"]}
    assert config["roles"]["cleaner"] == "Cleaner"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("duty=cooking", "Duty"),
        ("on=yesterday", "Day"),
        ("on=2025-02-30&duty=%00", "Duty, Day"),
        ("layers=" + "x" * 300, "Layers"),
    ],
)
def test_the_map_says_what_of_its_address_it_could_not_read(client: FlaskClient, words: str, told: str) -> None:
    config = config_of(client, f"/map?{words}")
    assert config["duty"] == "sweeping"
    assert config["on"] == config["today"]
    assert config["notice"].endswith(f": {told}.")


def test_a_wrong_word_of_the_table_is_called_as_in_its_form(client: FlaskClient) -> None:
    answer = client.get("/map/table?on=2025-02-30")
    assert answer.status_code == 422
    assert "<strong>Day</strong> must be a day as YYYY-MM-DD" in answer.get_data(as_text=True)


def test_a_page_does_not_ask_more_of_the_database_for_more_rows(client: FlaskClient, connections: Connections) -> None:
    for address, most in (
        ("/", 27),
        ("/map", 12),
        (f"/map/table?on={SPRING}&limit={{}}", 12),
        ("/cases?limit={}", 9),
        (f"/cases/{CASE}", 13),
        ("/cases/heat", 8),
        ("/campaigns/R1", 10),
        (f"/api/v1/cover?duty=sweeping&by=lane&on={SPRING}", 6),
        (f"/api/v1/cover/gaps?duty=sweeping&on={SPRING}&limit={{}}", 5),
        (f"/api/v1/zones?on={SPRING}&limit={{}}", 2),
        (f"/api/v1/search?q=1&on={SPRING}&limit={{}}", 10),
        ("/tiles/areas,street-segments,lanes,cover/14/12974/6701.mvt?duty=sweeping", 8),
    ):
        client.get(address.format(2))
        with counted(connections) as few:
            client.get(address.format(2))
        with counted(connections) as many:
            client.get(address.format(50))
        assert len(many) <= most, (address, many)
        assert len(many) <= len(few) + (5 if "search" in address else 0), address


def test_the_map_page_is_small_and_names_no_record(client: FlaskClient) -> None:
    content = client.get("/map").data
    assert len(content) <= 100_000
    for name in (*NAMES[:2], "张三", "Z1", "清江"):
        assert name.encode() not in content


def test_every_page_says_that_the_town_is_made_up_while_it_is(
    new_database: Callable[..., TestDatabase], client: FlaskClient
) -> None:
    pages = ("/", "/map", "/map/table", "/api/docs", "/nothing")
    assert not any("Sample town" in client.get(path).get_data(as_text=True) for path in pages)
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        connection.execute(text("insert into import_run (layer, file, origin) values ('areas', 'areas.shp', 'sample')"))
    connections = Connections(database.service_url)
    visitor = application(None, connections=connections).test_client()
    for path in pages:
        assert "Sample town" in visitor.get(path).get_data(as_text=True), path
    with writer.begin() as connection:
        connection.execute(text("delete from import_run"))
    assert "Sample town" not in visitor.get("/").get_data(as_text=True)
    connections.close()
    writer.dispose()


def test_an_empty_database_is_a_beginning_and_not_an_error(new_database: Callable[..., TestDatabase]) -> None:
    connections = Connections(new_database().service_url)
    visitor = application(None, connections=connections).test_client()
    assert "geo-hygiene sample load" in visitor.get("/").get_data(as_text=True)
    assert config_of(visitor, "/map")["extent"] is None
    assert read(visitor, "/map/table").rows == []
    assert visitor.get("/api/v1/search?q=a").json == {"results": [], "more": 0}
    assert visitor.get("/api/v1/zones").json == {"zones": [], "next": None}
    assert visitor.get("/api/v1/cover?duty=drains&by=lane").json["total"] == 0
    assert visitor.get("/api/v1/cover/gaps?duty=sweeping").json["gaps"] == []
    assert visitor.get("/tiles/areas,street-segments,cover/14/1/1.mvt?duty=sweeping").status_code == 204
    connections.close()


def test_complaints_without_areas_are_data(new_database: Callable[..., TestDatabase]) -> None:
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        values = {"kind": "rodent", "reported_at": "2025-03-01T08:00:00+08:00"}
        bring(
            connection, "cases", [(place(300 * number, 0), values | {"external_id": f"{number}"}) for number in (0, 1)]
        )
    writer.dispose()
    connections = Connections(database.service_url)
    visitor = application(None, connections=connections).test_client()
    page = visitor.get("/").get_data(as_text=True)
    assert "There is no data yet" not in page
    assert 'data-complaints="2"' in page
    (west, south), (east, _north) = place(0, 0).coords[0], place(300, 0).coords[0]
    assert config_of(visitor, "/cases/heat")["extent"] == pytest.approx([west, south, east, south])
    connections.close()


@pytest.mark.parametrize(
    ("case", "said", "unsaid"),
    [
        (CASE, ("张三 (P1)", "滨江北路", "一号责任区 (Z1)"), ("lies within",)),
        (CASE_IN_GAP, ("a gap here", "/map?duty=sweeping&amp;on=2025-06-01"), ("has no place",)),
        (None, ("The complaint has no place", "&lt;img src=x onerror="), ("<img", 'id="map"')),
    ],
)
def test_a_complaint_has_a_page(client: FlaskClient, case: str | None, said: tuple[str], unsaid: tuple[str]) -> None:
    filters = "kind=rodent%2Cfly%2Cother&to=2025-12-31"
    listed = client.get(f"/cases?{filters}").get_data(as_text=True)
    newest = client.get("/api/v1/cases?limit=1").json["cases"][0]["id"]
    address = f"/cases/{case or newest}?{filters}"
    assert address.replace("&", "&amp;") in listed
    page = client.get(address).get_data(as_text=True)
    assert f'<a href="/cases?{filters.replace("&", "&amp;")}">Back to the list</a>' in page
    for words in said:
        assert words in page, words
    for words in unsaid:
        assert words not in page, words


def test_a_guessed_place_is_told_as_a_guess(new_database: Callable[..., TestDatabase]) -> None:
    database = new_database()
    writer = engine(database.service_url)
    with writer.begin() as connection:
        bring(connection, "street-segments", [(street(0, 0, 1000, 0), {"lane": "珞喻路"})])
        said = {"reported_at": "2025-03-01", "lane": "珞喻路", "house_number": "21号"}
        rows = [(None, said | {"external_id": "G1"}), (place(5, 5), said | {"external_id": "K1"})]
        bring(connection, "cases", rows)
    writer.dispose()
    visitor = application(database.service_url).test_client()
    guessed, known = (visitor.get(f"/cases/{number}").get_data(as_text=True) for number in ("G1", "K1"))
    metres = visitor.get("/api/v1/cases/G1").json["place_accuracy_m"]
    assert metres > 500
    for words in ("Who probably answered", f"placed by house number, ± {metres} m", "The place is a guess"):
        assert words in guessed
        assert words not in known
    assert "0 m away" not in guessed
    assert [config_of(visitor, f"/cases/{number}")["accuracy_m"] for number in ("G1", "K1")] == [metres, 0]


def test_a_complaint_is_found_by_its_number_and_its_words(client: FlaskClient) -> None:
    for address in ("/cases/R3", "/cases/12345:R3"):
        assert "<dt>Number there</dt><dd>R3</dd>" in client.get(address).get_data(as_text=True)
    assert client.get("/cases/R99").status_code == 404
    for words, total in (("r1", 3), ("R11", 1), ("SRC=X", 2), ("> 路", 2), ("%", 0)):
        page = client.get("/cases", query_string={"q": words})
        assert f'data-total="{total}"' in page.get_data(as_text=True)
        assert client.get("/api/v1/cases", query_string={"q": words}).json["total"] == total
    assert client.get("/api/v1/cases?q=R1&status=closed").json["total"] == 2
    (found,) = client.get("/api/v1/search?q=R3").json["results"]
    assert (found["type"], found["code"], found["detail"]) == (
        "case",
        "R3",
        "Rodents · Verified and closed · 2025-03-04",
    )
    assert client.get(f"/cases/{found['id']}").status_code == 200
    assert client.get("/api/v1/search?q=R").json["results"][0]["type"] != "case"


def test_the_list_of_complaints_is_filtered_by_its_form(client: FlaskClient) -> None:
    page = client.get("/cases?kind=rodent,fly&status=open&area=C1&from=2025-03-01").get_data(as_text=True)
    told = client.get("/api/v1/cases?kind=rodent,fly&status=open&area=C1&from=2025-03-01").json
    assert f'data-total="{told["total"]}"' in page
    assert page.count("data-case=") == told["total"] > 0
    for words in ('<option value="rodent,fly" selected>Rodents, Flies<', '<option value="C1" selected>', "2025-03-01"):
        assert words in page


@pytest.mark.parametrize("words", ["kind=rodent,ghost", "hour=25", "from=2025-02-30", "to=0001-01-01", "area=%00"])
def test_the_heat_map_says_what_of_its_address_it_could_not_read(client: FlaskClient, words: str) -> None:
    assert config_of(client, f"/cases/heat?{words}")["notice"]
    assert config_of(client, "/cases/heat?kind=rodent,fly&hour=22-5&by=group&at=2025-06-01")["notice"] is None
