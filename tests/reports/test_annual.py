"""The annual report: each figure is what the exported files say, and its query and its page lead to its records."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import reduce
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Connection, Engine

from geo_hygiene.cli import main
from geo_hygiene.database import engine
from geo_hygiene.files.importing import ImportOptions, import_table
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.reports.annual import FIGURES, MECHANISMS, Report, answer, books, write_report
from geo_hygiene.web.connections import Connections
from tests.conftest import TestDatabase
from tests.importing import block, place, street, table
from tests.web.conftest import application

PUBLIC = {
    *("lanes-put-in-order", "drain-metres-dredged", "drain-metres-dredged-plain", "tanks-emptied"),
    *("tank-emptyings", "blackspots-cleared", "disorders-cleared", "advert-pieces"),
    *("advert-area", "advert-numbers", "letters-units", "letters-frontages"),
    *("cleanups", "cleanup-person-times", "money", "shows"),
    *("troupes", "troupe-people", "banners", "vehicle-tours"),
    *("noticeboards", "trainings", "training-person-times", "inspections-due"),
    *("inspections-done", "bulletins", "exposures-from-above", "communities"),
    *("groups", "people", "cleaners", "supervisors"),
    *("awareness-share",),
}
"""Ids that others rest on."""

NOT_KEPT = {"inspections-due", "inspections-done", "bulletins", "density-surveys", "special-actions"}
SINCE = {"valid_from": "2024-01-01"}
OPTIONS = ImportOptions(secret=lambda: b"k" * 32, today=date(2026, 3, 1))

STOCK: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "areas": [
        (block(-100, -100, 1100, 1100), {"code": "O", "level": "office", "name": "清江街道"}),
        (block(-100, -100, 500, 1100), {"code": "W", "level": "community", "parent": "O", "population": 600}),
        (block(500, -100, 1100, 1100), {"code": "E", "level": "community", "parent": "O", "population": 400}),
        (block(-100, -100, 500, 500), {"code": "W1", "level": "group", "parent": "W", "population": 450}),
        (block(-100, 500, 500, 1100), {"code": "W2", "level": "group", "parent": "W", "population": 150, "name": "北"}),
    ],
    "street-segments": [
        (street(0, 100, 400, 100), {"code": "S1", "lane": "西巷", "lane_code": "L1"}),
        (street(600, 100, 900, 100), {"code": "S2", "lane": "东巷", "lane_code": "L2"}),
    ],
    "drain-segments": [
        (street(0, 150, 200, 150), {"code": "D1", "drain": "阴沟", "drain_code": "D"}),
        (street(600, 150, 700, 150), {"code": "D2", "drain": "东沟", "drain_code": "E"}),
    ],
    "septic-tanks": [(place(50 + 200 * at, 300), {"code": f"T{at}"}) for at in range(4)],
    "facilities": [
        (place(50, 50), {"code": "B1", "kind": "宣传栏"}),
        (place(60, 60), {"code": "B2", "kind": "宣传栏"}),
        (place(700, 50), {"code": "R1", "kind": "文化室", "valid_from": "2025-06-01"}),
    ],
    "frontages": [(place(10 + 50 * at, 120), {"code": f"F{at}", "kind": "住户", **SINCE}) for at in range(4)],
    "units": [(place(700, 700), {"code": "U1", **SINCE})],
    "estates": [(block(600, 600, 700, 700), {"code": "N1", "name": "花园", **SINCE})],
    "people": [
        (None, {"code": f"P{at}", "name": f"P{at}", "role": role, "left_on": "2025-05-01" if at == 1 else None})
        for at, role in enumerate(("cleaner", "cleaner", "supervisor", "volunteer"))
    ],
    "campaigns": [
        (None, {"code": "R", "title": "春季灭鼠", "pest": "rodent", "season": "spring", "valid_from": "2025-03-01",
                "valid_to": "2025-04-01", "scope": "septic-tanks"}),
    ],
    "treatments": [
        (None, {"external_id": "1", "campaign": "R", "done_at": "2025-03-05 08:00", "segment": "T1", "method": "bait",
                "result": "done"}),
    ],
}  # fmt: skip

WORKS = [
    {"kind": "dredging", "done_at": "2025-03-01", "drain": "D", "from_m": 50, "to_m": 150},
    {"kind": "dredging", "done_at": "2025-04-01", "drain": "D", "from_m": 120, "to_m": 170},
    {"kind": "dredging", "done_at": "2024-12-31 23:00", "drain": "E", "from_m": 0, "to_m": 30},
    {"kind": "dredging", "done_at": "2025-12-31 23:00", "drain": "E", "from_m": 10, "to_m": 40},
    *({"kind": "emptying", "done_at": day, "segment": tank} for tank, day in
      (("T0", "2025-01-01"), ("T0", "2025-07-01"), ("T1", "2025-05-01"), ("T2", "2024-05-01"), ("T2", "2026-01-01"))),
    {"kind": "lane-order", "done_at": "2025-05-01", "lane": "L1"},
    {"kind": "lane-order", "done_at": "2025-06-01", "lane": "L1", "from_m": 0, "to_m": 100},
    {"kind": "lane-order", "done_at": "2025-06-02", "lane": "L2"},
    *({"kind": "blackspot", "done_at": day, "at": spot} for spot, day in
      (((10, 10), "2024-12-20"), ((20, 10), "2025-02-01"), ((800, 10), "2025-02-01"), ((20, 10), "2025-08-01"))),
    {"kind": "disorder", "done_at": "2025-05-03", "disorder": "parking", "at": (10, 10), "pieces": 7},
    {"kind": "disorder", "done_at": "2025-05-04", "disorder": "parking", "at": (610, 10)},
    {"kind": "disorder", "done_at": "2025-05-05", "disorder": "digging", "at": (610, 10), "pieces": 3},
    {"kind": "adverts", "done_at": "2025-05-02", "lane": "L1", "pieces": 120, "area_m2": 3.5,
     "phones": "13812345678;028-85551234"},
    {"kind": "adverts", "done_at": "2025-06-02", "lane": "L2", "pieces": 80, "phones": "+86 138 1234 5678"},
]  # fmt: skip

ACTIVITIES = [
    {"kind": "cleanup", "held_at": "2025-03-05", "areas": "W", "person_times": 120, "cost": 1500.5},
    {"kind": "cleanup", "held_at": "2025-12-31 23:30", "areas": "W1", "person_times": 80, "cost": 20},
    {"kind": "cleanup", "held_at": "2024-06-01", "areas": "W", "person_times": 50, "cost": 900},
    {"kind": "vehicle-tour", "held_at": "2025-04-01 09:00", "lanes": "L1"},
    {"kind": "noticeboard", "held_at": "2025-05-01", "facility": "B1", "quantity": 1},
    {"kind": "exposure", "held_at": "2025-06-30", "quantity": 0},
    {"kind": "training", "held_at": "2025-09-01", "areas": "W", "person_times": 300, "cost": 100.25,
     "note": "联系人 13812345678"},
    {"kind": "training", "held_at": "2024-09-01", "areas": "E", "person_times": 9},
    {"kind": "show", "held_at": "2025-09-02", "areas": "W2", "cost": 4800, "title": "W2"},
    {"kind": "troupe", "held_at": "2025-09-03", "areas": "W", "people": 46},
    {"kind": "banner", "held_at": "2025-09-04", "areas": "W", "quantity": 5},
    {"kind": "banner", "held_at": "2025-09-05", "areas": "W", "quantity": 7},
]  # fmt: skip

GATHERED: dict[str, list[dict[str, Any]]] = {
    "letters": [
        *({"target": f"F{at}", "signed_on": "2025-02-01"} for at in range(3)),
        {"target": "F0", "signed_on": "2025-09-01"},
        {"target": "F3", "signed_on": "2024-02-01"},
        {"target": "U1", "signed_on": "2025-02-01"},
    ],
    "awareness-surveys": [
        {"held_on": "2024-11-01", "area": "W", "asked": 50, "aware": 20},
        {"held_on": "2025-03-01", "area": "W", "asked": 50, "aware": 30},
        {"held_on": "2025-11-01", "area": "W", "asked": 40, "aware": 30},
        {"held_on": "2025-11-01", "area": "E", "asked": 60, "aware": 50},
    ],
    "honours": [
        {"kind": "civilized-community", "holder": "W", "year": 2025, "granted_on": "2025-12-20"},
        {"kind": "civilized-community", "holder": "E", "year": 2025, "vetoed_on": "2025-06-01", "reason": "问责"},
        {"kind": "civilized-estate", "holder": "N1", "year": 2025, "granted_on": "2025-12-20"},
        {"kind": "model-household", "holder": "F1", "year": 2024, "granted_on": "2024-12-20"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def town_database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    """Return a database with an office of two communities and what it did in two years."""
    database = new_database()
    writer = engine(database.service_url)
    files = {
        **STOCK,
        "works": [(place(*row["at"]) if "at" in row else None, _without(row)) for row in _numbered(WORKS)],
        "activities": [(None, row) for row in _numbered(ACTIVITIES)],
        **{layer: [(None, row) for row in rows] for layer, rows in GATHERED.items()},
    }
    with writer.begin() as connection:
        for layer, rows in files.items():
            report = import_table(connection, layer, table(rows), OPTIONS)
            assert report.status == "imported", str(report.as_json())
    writer.dispose()
    return database


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"external_id": str(number), **row} for number, row in enumerate(rows)]


def _without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "at"}


@pytest.fixture(scope="module")
def office(town_database: TestDatabase) -> Iterator[Engine]:
    connections = engine(town_database.service_url)
    yield connections
    connections.dispose()


@pytest.fixture(scope="module")
def report(office: Engine) -> Report:
    with office.connect() as connection:
        return answer(connection, 2025)


@pytest.fixture(scope="module")
def client(town_database: TestDatabase) -> Iterator[FlaskClient]:
    opened = Connections(town_database.service_url)
    yield application(None, connections=opened).test_client()
    opened.close()


def test_every_public_id_is_there_once() -> None:
    ids = [one.id for one in FIGURES]
    assert len(ids) == len(set(ids))
    assert set(ids) >= PUBLIC
    assert {one.mechanism for one in FIGURES} == set(MECHANISMS)


def tables(connection: Connection, folder: Path) -> dict[str, pd.DataFrame]:
    """Return the layers as their exported files have them."""
    found = {}
    for layer in (
        "works",
        "activities",
        "letters",
        "awareness-surveys",
        "honours",
        "people",
        "areas",
        "street-segments",
    ):
        file = folder / f"{layer}.csv"
        export(connection, layer_of(layer), file, every_period=True)
        found[layer] = pd.read_csv(file)
    return found


def test_each_figure_is_what_the_exported_files_say(office: Engine, report: Report, tmp_path: Path) -> None:
    with office.connect() as connection:
        files = tables(connection, tmp_path)
        doors = [row["code"] for _shape, row in STOCK["frontages"]]
        before = answer(connection, 2024)
    for found, year in ((report, 2025), (before, 2024)):
        values = {one.id: one.value for one in found.figures}
        wanted = {**dict.fromkeys(values), **_counted(files, year, len(doors))}
        wrong = {key: (value, wanted[key]) for key, value in values.items() if not _is_same(value, wanted[key])}
        assert (wrong, set(wanted) - set(values)) == ({}, set())
    assert {one.id: one.previous for one in report.figures} == {one.id: one.value for one in before.figures}
    assert before["people"].value == 1000


def _is_same(value: Any, wanted: Any) -> bool:
    return bool(value is None if wanted is None else value == pytest.approx(wanted, rel=1e-9, abs=1e-9))


def _counted(files: dict[str, pd.DataFrame], year: int, doors: int) -> dict[str, float | int | None]:
    """Count what the files say of a year; what is not in it has no record."""
    works = files["works"][files["works"].done_at.str[:4] == str(year)]
    held = files["activities"][files["activities"].held_at.str[:4] == str(year)]
    letters = files["letters"][files["letters"].signed_on.str[:4] == str(year)]
    asked = files["awareness-surveys"][files["awareness-surveys"].held_on.str[:4] == str(year)]
    honours = files["honours"][files["honours"].year == year]
    people = files["people"][~(files["people"].left_on < f"{year + 1}")]
    areas = files["areas"]
    return {
        "communities": int((areas.level == "community").sum()),
        "groups": int((areas.level == "group").sum()),
        "people": int(areas.set_index("code").population[["W1", "W2", "E"]].sum()),
        **{f"{role}s": int((people.role == role).sum()) for role in ("cleaner", "supervisor", "volunteer")},
        **_of_works(works, year, files["street-segments"].set_index("lane_code").length_m.round(3)),
        **_of_activities(held),
        **_of_letters(letters, doors, year),
        **_of_surveys(asked),
        **_of_honours(honours),
        "noticeboards": 1,
        **({"communities-with-culture-room": 1} if year == 2025 else {}),
        **({"campaigns-rodent": 1, "least-effectiveness-rodent": 1 / 4} if year == 2025 else {}),
    }


def _of_works(works: pd.DataFrame, year: int, streets: pd.Series) -> dict[str, float | int | None]:
    kinds = {str(kind): rows for kind, rows in works.groupby("kind")}
    told: dict[str, float | int | None] = {}
    if "dredging" in kinds:
        rows = kinds["dredging"]
        stretches = [
            (lane, set(range(int(a), int(b)))) for lane, a, b in zip(rows.lane, rows.from_m, rows.to_m, strict=True)
        ]
        once = {lane: reduce(set.union, (metres for own, metres in stretches if own == lane)) for lane, _ in stretches}
        told["drain-metres-dredged"] = float(sum(map(len, once.values())))
        told["drain-metres-dredged-plain"] = float((rows.to_m - rows.from_m).sum())
    if "emptying" in kinds:
        told["tanks-emptied"] = kinds["emptying"].segment.nunique()
        told["tank-emptyings"] = len(kinds["emptying"])
    if "blackspot" in kinds:
        told["blackspots-cleared"] = len(kinds["blackspot"])
        told["blackspots-again"] = 1 if year == 2025 else 0
    if year == 2025:
        lanes, adverts, disorders = kinds["lane-order"], kinds["adverts"], kinds["disorder"]
        told |= {
            "lanes-put-in-order": lanes.lane.nunique(),
            "lane-metres-put-in-order": float(streets[["L1", "L2"]].sum()),
            "lane-metres-put-in-order-plain": float(streets[["L1", "L2"]].sum() + 100),
            "disorders-cleared": int(disorders.pieces.fillna(1).sum()),
            "disorders-parking": int(disorders[disorders.disorder == "parking"].pieces.fillna(1).sum()),
            "advert-pieces": int(adverts.pieces.sum()),
            "advert-area": float(adverts.area_m2.sum()),
            "advert-numbers": 2,
        }
    return told


def _of_activities(held: pd.DataFrame) -> dict[str, float | int | None]:
    told: dict[str, float | int | None] = {
        "money": held.cost.sum(min_count=1),
        **{f"money-{kind}": rows.cost.sum() for kind, rows in held.groupby("kind") if rows.cost.notna().any()},
    }
    counts = {"cleanup": "cleanups", "show": "shows", "troupe": "troupes", "vehicle-tour": "vehicle-tours"}
    counts |= {"training": "trainings", "noticeboard": "noticeboard-updates"}
    told |= {counts[kind]: len(rows) for kind, rows in held.groupby("kind") if kind in counts}
    sums = (
        ("cleanup", "person_times", "cleanup-person-times"),
        ("training", "person_times", "training-person-times"),
        ("troupe", "people", "troupe-people"),
        ("banner", "quantity", "banners"),
        ("exposure", "quantity", "exposures-from-above"),
    )
    told |= {key: int(held[held.kind == kind][column].sum()) for kind, column, key in sums if (held.kind == kind).any()}
    east = held.areas.fillna("").str.contains("E|O").any()
    west_of_courses = held[held.kind == "training"].areas.str[:1].nunique()
    told |= {"communities-never-reached": 0 if east else 1, "residents-never-reached": 0 if east else 400}
    return told | {"communities-without-training": 2 - west_of_courses}


def _of_letters(letters: pd.DataFrame, doors: int, year: int) -> dict[str, float | int | None]:
    signed = letters.target.value_counts()
    if year == 2024:
        return {"letters-frontages": 1, "letters-frontages-signers": 1, "letters-frontages-share": 1 / doors}
    return {
        "letters-units": 1,
        "letters-units-signers": 1,
        "letters-units-share": 1.0,
        "letters-frontages": len(letters) - 1,
        "letters-frontages-signers": len(signed) - 1,
        "letters-frontages-share": (len(signed) - 1) / doors,
    }


def _of_surveys(asked: pd.DataFrame) -> dict[str, float | int | None]:
    told: dict[str, float | int | None] = {"awareness-share": asked.aware.sum() / asked.asked.sum()}
    days = asked.groupby("held_on")[["asked", "aware"]].sum()
    shares = list(days.aware / days.asked)
    return told | ({"awareness-rise": shares[-1] - shares[0]} if len(shares) > 1 else {})


def _of_honours(honours: pd.DataFrame) -> dict[str, float | int | None]:
    kept = honours[honours.vetoed_on.isna()]
    granted = {f"honours-{kind}": int((kept.kind == kind).sum()) for kind in honours.kind.unique()}
    return granted | {"honours-vetoed": int(honours.vetoed_on.notna().sum())}


def test_each_query_gives_its_figure_and_each_page_its_records(report: Report, client: FlaskClient) -> None:
    for figure in report.figures:
        if figure.id in NOT_KEPT:
            assert (figure.value, figure.query, figure.url) == (None, None, None)
            continue
        address, pointer = str(figure.query).split("#/")
        told = client.get(address).json
        value = reduce(lambda part, name: part[name], pointer.split("/"), told)
        assert (value if told["total"] else None) == figure.value, figure.id
        assert told["total"] == figure.records, figure.id
        page = client.get(f"{figure.url}&limit=1000").get_data(as_text=True)
        rows = re.findall(r'<tr data-(?:work|record|person)="([^"]+)"', page)
        assert len(rows) == len(set(rows)) == figure.records, (figure.id, figure.url)


def test_all_that_was_done_is_never_less_than_what_is_distinct(report: Report) -> None:
    pairs = [(report[one.id], report[one.repeats]) for one in FIGURES if one.repeats]
    assert len(pairs) == 5
    assert all((plain.value or 0) >= (once.value or 0) > 0 for plain, once in pairs)


def test_pages_go_on_and_the_file_holds_all_of_them_in_words(client: FlaskClient) -> None:
    found, address = [], "/records/letters?kind=frontages&from=2025-01-01&to=2026-01-01&limit=3"
    while address:
        page = client.get(address, headers={"Accept-Language": "zh-CN"}).get_data(as_text=True)
        found += re.findall(r'data-record="([^"]+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == 4
    file = client.get(
        "/records/activities/list.csv?from=2025-01-01&until=2025-12-31", headers={"Accept-Language": "zh"}
    )
    text = file.get_data().decode("utf-8-sig")
    assert len(text.splitlines()) == 1 + 10
    assert "清洁日" in text
    assert "联系人 138****5678" in text
    assert "B1" in text
    assert client.get("/records/nothing").status_code == 404
    assert client.get("/records/letters?kind=doors").status_code == 404
    assert client.get("/api/v1/records/letters?from=2025-01-01&to=2025-01-01").status_code == 422


def test_of_a_part_of_the_office_is_told_what_it_did(office: Engine, report: Report) -> None:
    with office.connect() as connection:
        west, east = (answer(connection, 2025, area) for area in ("W", "E"))
        limited = answer(connection, 2025, within=frozenset({"E"}))
        north = answer(connection, 2025, "W2")
    for key in ("drain-metres-dredged", "tanks-emptied", "advert-pieces", "lanes-put-in-order", "blackspots-cleared"):
        assert (west[key].value or 0) + (east[key].value or 0) == report[key].value, key
    assert (west["cleanups"].value, east["cleanups"].value) == (2, None)
    assert (west.office, east["communities"].value, west["people"].value) == ("W", 1, 600)
    assert limited["tanks-emptied"].value == east["tanks-emptied"].value
    assert (limited.office, limited.made_at.utcoffset()) == ("E", timedelta(hours=8))
    # of four tanks, three in the west, none in its north, one in the west was baited
    parts = (report, west, east, limited, north)
    assert [one["campaigns-rodent"].value for one in parts] == [1, 1, 1, 1, None]
    assert [one["least-effectiveness-rodent"].value for one in parts] == [0.25, 1 / 3, 0, 0, None]


def test_a_campaign_is_told_when_it_began_and_its_effect_when_it_is_over(
    office: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {}
    for day in (date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 1)):
        monkeypatch.setattr(books, "today", lambda _connection, day=day: day)
        with office.connect() as connection:
            found = answer(connection, 2025)
        told[day.isoformat()] = (found["campaigns-rodent"].value, found["least-effectiveness-rodent"].value)
    assert told == {"2025-02-28": (None, None), "2025-03-31": (1, None), "2025-04-01": (1, 0.25)}


def test_of_what_is_not_on_record_nothing_is_summed_and_a_word_is_no_code(client: FlaskClient) -> None:
    silent = client.get("/api/v1/records/activities?kind=leaflet&from=2025-01-01&to=2026-01-01").json
    assert (silent["total"], set(silent["sums"].values())) == (0, {None})
    page = client.get("/records/activities?kind=show&from=2025-01-01&until=2025-12-31").get_data(as_text=True)
    assert re.findall(r">(W2|北)<", page.partition("<tbody>")[2]) == ["W2", "北"]


def test_of_a_year_without_records_nothing_is_told(connection: Connection, office: Engine) -> None:
    with office.connect() as town:
        silent = answer(town, 2001)
    for empty in (silent, answer(connection, 2025)):
        assert {(one.value, one.previous, one.records) for one in empty.figures} == {(None, None, 0)}
    assert {one.url is None for one in silent.figures if one.id not in NOT_KEPT} == {False}


def test_files_say_the_same_and_what_is_missing_in_words(
    report: Report, office: Engine, town_database: TestDatabase, tmp_path: Path
) -> None:
    files = {ending: tmp_path / f"report{ending}" for ending in (".json", ".md", ".xlsx")}
    for file in files.values():
        write_report(report, file, "https://office.example")
    told = json.loads(files[".json"].read_text("utf-8"))
    assert told == report.as_json()
    assert [one["id"] for one in told["figures"]] == [one.id for one in FIGURES]
    markdown = files[".md"].read_text("utf-8")
    url = report["drain-metres-dredged"].url
    assert f"[150.0 m](https://office.example{url})" in markdown
    names, *rows = CalamineWorkbook.from_path(files[".xlsx"]).get_sheet_by_index(0).to_python()[2:]
    told = {row[names.index("Id")]: row[names.index("Value")] for row in rows}
    assert {key for key, value in told.items() if value == "no record"} == {
        one.id for one in report.figures if one.value is None
    }
    assert (told["exposures-from-above"], told["drain-metres-dredged"]) == (0, report["drain-metres-dredged"].value)
    with ZipFile(files[".xlsx"]) as parts:
        links = parts.read("xl/worksheets/_rels/sheet1.xml.rels").decode()
    assert f"https://office.example{url}".replace("&", "&amp;") in links
    environment = {
        "GEO_HYGIENE_DATABASE_URL": town_database.owner_url,
        "GEO_HYGIENE_SERVICE_URL": town_database.service_url,
    }
    words = ["report", "annual", "2025", "--json", "--within", "W", "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(main, words, env=environment)
    assert json.loads(done.stdout)["office"] == "W"
    refused = CliRunner().invoke(main, [*words[:3], str(tmp_path / "report.odt")], env=environment)
    assert (refused.exit_code, "docx" in refused.stderr or ".md" in refused.stderr) == (1, True)
