"""Rows that say a lane and a house number instead of coordinates: where they are put, and how far off that may be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.places import is_guessed, told_accuracy
from geo_hygiene.cases.questions import list_cases
from geo_hygiene.files.importing import ImportOptions, import_file
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.layerspec import PLACE_ACCURACY
from tests.importing import bring, codes, counts, place, query, street

DAY = date(2026, 3, 1)
POINT_LAYERS = {"facilities": "facility", "frontages": "frontage", "units": "unit", "septic-tanks": "septic_tank"}


@pytest.fixture
def town(connection: Connection) -> Connection:
    """Return 珞喻路, 1000 m from west to east with three known doors, and two lanes without any."""
    lanes = [
        (street(0, 0, 1000, 0), {"lane": "珞喻路"}),
        (street(200, -100, 200, 100), {"lane": "建设街"}),
        (street(0, 900, 1000, 900), {"lane": "解放路1巷"}),
    ]
    bring(connection, "street-segments", lanes)
    doors = [(place(100, 5), "１1号"), (place(300, 5), "31"), (place(500, -5), "50号")]
    bring(connection, "frontages", [(at, {"lane": "珞喻路", "house_number": number}) for at, number in doors])
    return connection


def placed(connection: Connection, layer: str, **said: str | None) -> tuple[float, float, int]:
    """Return where a row is put, in metres east and north, and how far off it may be."""
    report = bring(connection, layer, [(None, {"code": "A1", **said})], today=DAY)
    assert counts(report) == ("imported", 1, 0, 0, 0), [finding.message() for finding in report.findings]
    ((x, y, accuracy),) = query(
        connection,
        "select (ST_X(geom) - 105.08) * 95414.4, (ST_Y(geom) - 31.09) * 110871.0, cast(extra ->> :name as int)"
        f" from target join {POINT_LAYERS[layer]} using (id) where code = 'A1'",
        name=PLACE_ACCURACY,
    )
    return round(x), round(y), accuracy


@pytest.mark.parametrize("layer", POINT_LAYERS)
def test_a_row_lies_between_the_known_doors_of_its_side(town: Connection, layer: str) -> None:
    assert placed(town, layer, lane="珞喻路", house_number="21") == (200, 0, 100)


@pytest.mark.parametrize(
    ("lane", "number", "where"),
    [
        ("珞喻路", "11号", (100, 0, 0)),
        ("珞喻路", "11-3", (100, 0, 0)),
        ("武汉市洪山区珞喻路", "50", (500, 0, 0)),
        ("珞喻路31号", None, (300, 0, 0)),
        ("珞喻路21号附1号2楼", None, (200, 0, 100)),
        ("珞喻路", "71", (715, 0, 285)),
        ("珞喻路与建设街交叉口", None, (200, 0, 0)),
        ("珞喻路", None, (500, 0, 500)),
        ("珞喻路", "东湖宾馆对面", (500, 0, 500)),
        ("解放路1巷5号", None, (833, 900, 833)),
    ],
)
def test_places_as_people_write_them(
    town: Connection, lane: str, number: str | None, where: tuple[float, float, int]
) -> None:
    assert placed(town, "units", lane=lane, house_number=number) == where


def test_a_rough_place_is_a_warning_with_its_metres_and_a_good_one_is_told(town: Connection) -> None:
    rows = [(None, {"lane": "珞喻路", "house_number": "21"}), (None, {"lane": "珞喻路"})]
    findings = [one for one in bring(town, "units", rows).findings if one.code == "place-from-lane"]
    assert [(one.row, str(one.weight())) for one in findings] == [(1, "information"), (2, "warning")]
    assert "500 m" in findings[1].as_json()["hint"]


def test_a_lane_that_is_not_known_is_guessed_and_refuses_the_row(town: Connection) -> None:
    report = bring(town, "facilities", [(None, {"lane": "珞喻街", "house_number": "1"}), (place(1, 1), {})])
    assert codes(report)[:1] == [("unknown-code", 1)]
    assert len([one for one in report.findings if one.is_error()]) == 1
    assert "珞喻路" in report.findings[0].as_json()["hint"]


def test_a_case_keeps_its_words_and_takes_the_place_where_there_is_one(town: Connection) -> None:
    rows = [
        (None, {"external_id": str(at), "reported_at": "2025-03-01", "lane": lane, "house_number": "21号"})
        for at, lane in enumerate(["珞喻路", "没有这条路"])
    ]
    report = bring(town, "cases", rows)
    assert (report.status, report.accepted, report.stored.without_place) == ("imported", 2, 1)
    assert query(town, "select lane, geom is null from reported_case order by external_id") == [
        ("珞喻路", False),
        ("没有这条路", True),
    ]


def test_a_case_tells_how_far_off_its_place_may_be_until_a_file_gives_the_place(
    town: Connection, tmp_path: Path
) -> None:
    said = {"external_id": "A1", "reported_at": "2025-03-01", "lane": "珞喻路", "house_number": "71号"}

    def told(number: str = "A1") -> tuple[int | None, str | None, bool]:
        (case,) = list_cases(town, CaseFilter(words=number)).rows
        return case["place_accuracy_m"], told_accuracy(case), is_guessed(case)

    bring(town, "cases", [(None, said)], today=DAY)
    assert told() == (285, "placed by house number, ± 285 m", True)
    export(town, layer_of("cases"), tmp_path / "cases.csv", on=DAY)
    assert import_file(town, "cases", tmp_path / "cases.csv", ImportOptions()).status == "unchanged"
    (tmp_path / "other.csv").write_text((tmp_path / "cases.csv").read_text().replace("A1", "A2"))
    import_file(town, "cases", tmp_path / "other.csv", ImportOptions(fields={"id": ""}))
    assert told("A2")[0] == 285
    bring(town, "cases", [(place(710, 3), said)], today=DAY)
    assert told() == (None, None, False)
    bring(town, "cases", [(None, said | {"house_number": "31"})], today=DAY)
    assert told() == (0, "placed by its address", False)
    town.execute(text("update reported_case set extra = jsonb_build_object('place_accuracy_m', 'about here')"))
    assert told()[0] is None


def test_the_same_addresses_again_change_nothing_and_placed_doors_are_no_known_doors(town: Connection) -> None:
    rows = [(None, {"name": f"店{at}", "lane": "珞喻路", "house_number": f"{at}号"}) for at in (21, 23, 71)]
    assert counts(bring(town, "frontages", rows)) == ("imported", 3, 0, 0, 0)
    assert counts(bring(town, "frontages", rows)) == ("unchanged", 0, 0, 3, 0)
    assert placed(town, "units", lane="珞喻路", house_number="71") == (715, 0, 285)


def test_a_table_that_says_nothing_of_places_is_refused_once(town: Connection, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("编号,名称\n1,东厕\n2,西厕\n")
    report = import_file(town, "facilities", tmp_path / "a.csv", ImportOptions())
    assert codes(report) == [("geometry-empty", None)]
    assert "经度" in report.findings[0].as_json()["hint"]
