"""The duty roster: from nothing to who covers what, and out and in again without a change."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.coverage.lane_lines import LaneLine, lane_lines
from geo_hygiene.files.importing import ImportOptions, import_file
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.people import giving, keeping
from geo_hygiene.zoning.records import Editor
from tests.importing import bring, counts, query, street

DAY = date(2026, 3, 1)


@pytest.fixture
def town(connection: Connection) -> Connection:
    """Return a long street 解放路 that three others cross, at 200, 400 and 600 m, and a drain."""
    rows = [
        (street(0, 0, 1000, 0), {"lane": "解放路"}),
        (street(200, -100, 200, 100), {"lane": "建设街"}),
        (street(400, -100, 400, 100), {"lane": "胜利巷"}),
        (street(600, -100, 600, 100), {"lane": "人民路"}),
    ]
    bring(connection, "street-segments", rows)
    bring(connection, "drain-segments", [(street(0, 50, 300, 50), {"lane": "东沟", "name": "东沟"})])
    return connection


def line_of(connection: Connection, name: str) -> LaneLine:
    (line,) = [line for line in lane_lines(connection, layer_of("street-segments"), DAY) if line.name == name]
    return line


def roster(connection: Connection, *rows: dict[str, Any], **asked: Any) -> Any:
    return bring(connection, "duty-roster", [(None, row) for row in rows], today=DAY, **asked)


def covered(connection: Connection) -> dict[str, int]:
    """Return the metres of each zone."""
    statement = (
        "select duty_zone.code, round(sum(to_mm - from_mm) / 1000.0)::int from duty_zone join claim using (id)"
        " join cover using (source_id) where valid_from <= :day and :day < valid_to group by 1 order by 1"
    )
    return dict(query(connection, statement, day=DAY))


@pytest.mark.parametrize(
    ("begin", "end", "metres"),
    [
        (None, None, (0, 1000)),
        ("建设街", "人民路", (200, 600)),
        ("人民路口", "建设街", (200, 600)),
        ("建设街", None, (200, 1000)),
        (None, "与胜利巷交叉口", (0, 400)),
        ("100", "350.5米", (100, 350.5)),
        ("K0+100", "0+250", (100, 250)),
        ("起点", "100m", (0, 100)),
        ("１００", "２００ m", (100, 200)),
    ],
)
def test_stretches_as_people_say_them(
    town: Connection, begin: str | None, end: str | None, metres: tuple[float, float]
) -> None:
    low, high = line_of(town, "解放路").between(begin, end)[0]
    assert (low / 1000, high / 1000) == pytest.approx(metres, abs=0.01)


def test_a_roster_alone_tells_who_covers_what(town: Connection) -> None:
    rows = [
        {"姓名": "张伟", "岗位": "保洁员", "责任路段": "解放路", "起点": None, "终点": "胜利巷", "电话": "13912345678"},
        {"姓名": "张伟", "岗位": "保洁员", "责任路段": "建 设 街", "起点": None, "终点": None, "电话": None},
        {"姓名": "李强", "岗位": "市容监督员", "责任路段": "解放路", "起点": "胜利巷", "终点": None, "电话": None},
    ]
    report = roster(town, *rows)
    assert counts(report) == ("imported", 3, 0, 0, 0), report.findings
    assert covered(town) == {"sweeping-张伟": 600, "supervision-李强": 600}
    assert query(town, "select name, role, phone from person order by 1") == [
        ("张伟", "cleaner", "139****5678"),
        ("李强", "supervisor", None),
    ]
    assert counts(roster(town, *rows)) == ("unchanged", 0, 0, 3, 0)


def test_a_newer_roster_ends_what_it_changes_and_leaves_other_zones(town: Connection) -> None:
    roster(town, {"person": "P1", "name": "甲", "lane": "解放路"}, {"person": "P2", "name": "乙", "lane": "人民路"})
    newer = roster(town, {"person": "P1", "name": "甲", "lane": "解放路", "from": "建设街"}, day=DAY)
    assert counts(newer) == ("imported", 0, 1, 0, 0)
    assert covered(town) == {"sweeping-P1": 800, "sweeping-P2": 200}
    periods = "select valid_from::text, valid_to::text from claim join duty_zone using (id) where code = 'sweeping-P1'"
    assert query(town, f"{periods} order by 1") == [("-infinity", "2026-03-01"), ("2026-03-01", "infinity")]


def test_another_holder_takes_over_on_the_day(town: Connection) -> None:
    roster(town, {"zone": "Z1", "person": "P1", "name": "甲", "lane": "解放路"})
    assert counts(roster(town, {"zone": "Z1", "person": "P2", "name": "乙", "lane": "解放路"}, day=DAY))[2] == 1
    held = query(
        town,
        "select person.code, valid_from::text, valid_to::text from assignment join person on person.id = person_id"
        " order by 1",
    )
    assert held == [("P1", "-infinity", "2026-03-01"), ("P2", "2026-03-01", "infinity")]


def test_what_one_row_changes_of_a_holding_is_a_change(town: Connection) -> None:
    row = {"zone": "Z1", "person": "P1", "name": "甲", "lane": "解放路", "shift": "早班"}
    other = {"zone": "Z1", "person": "P1", "name": "甲", "lane": "人民路", "shift": "早班"}
    roster(town, row, other)
    held = (
        "select shift, valid_from::text, valid_to::text from assignment where zone = 'Z1'"
        " union all select claim.shift, claim.valid_from::text, claim.valid_to::text"
        " from claim join duty_zone using (id) where code = 'Z1' order by 2, 1"
    )
    until = {"valid_to": "2026-09-01"}
    assert counts(roster(town, row | until, other, day=DAY)) == ("imported", 0, 1, 1, 0)
    assert counts(roster(town, row | until, other | until, day=DAY)) == ("unchanged", 0, 0, 2, 0)
    assert query(town, held) == [("morning", "-infinity", "2026-09-01"), ("morning", "-infinity", "infinity")]
    afternoon = {"shift": "中班"}
    assert counts(roster(town, row | afternoon, other | afternoon, day=DAY)) == ("imported", 0, 2, 0, 0)
    assert query(town, held) == [
        *[("morning", "-infinity", "2026-03-01")] * 2,
        ("afternoon", "2026-03-01", "2026-09-01"),
        ("afternoon", "2026-03-01", "infinity"),
    ]
    assert counts(roster(town, row | afternoon, other | afternoon, day=DAY)) == ("unchanged", 0, 0, 2, 0)
    for wrong in ({"valid_to": "2026-02-01"}, {"valid_from": "2027-01-01"}):
        report = roster(town, row | afternoon | wrong, other | afternoon, day=DAY)
        assert (report.status, report.findings[0].field) == ("refused", "valid_to")
    report = roster(town, row | afternoon | until, other | afternoon | {"valid_to": "2026-10-01"}, day=DAY)
    assert counts(report)[:3] == ("imported", 0, 1)
    report = roster(town, row | afternoon | until, other | afternoon | {"valid_to": "2026-11-01"}, day=DAY)
    assert (report.status, report.findings[0].row) == ("refused", 2)


def test_who_is_back_before_a_substitute_s_time_is_over_holds_once(town: Connection) -> None:
    editor = Editor("planner@office.example", None)
    row = {"zone": "Z1", "person": "P1", "name": "甲", "lane": "解放路"}
    roster(town, row)
    keeping.add(town, editor, "P2", {"name": "乙", "role": "cleaner"})
    start, end = date(2026, 2, 25), date(2026, 3, 10)
    version = town.execute(text("select version from person where code = 'P1'")).scalar_one()
    giving.substitute(town, editor, "P1", version=version, person="P2", start=start, end=end)
    roster(town, row, day=DAY)
    held = query(
        town,
        "select person.code, valid_from::text, valid_to::text from assignment join person on person.id = person_id"
        " order by 2, 1",
    )
    assert held == [
        ("P1", "-infinity", "2026-02-25"),
        ("P2", "2026-02-25", "2026-03-01"),
        ("P1", "2026-03-01", "infinity"),
    ]


def test_a_zone_with_a_wrong_row_stays_as_it_is_where_wrong_rows_are_skipped(town: Connection) -> None:
    rows = [{"person": "P1", "name": "甲", "lane": lane} for lane in ("解放路", "人民路")]
    roster(town, *rows)
    before = covered(town)
    rows[1]["lane"] = "人民大道"
    other = {"person": "P2", "name": "乙", "lane": "东沟", "duty": "阴沟"}
    report = roster(town, *rows, other, day=DAY, skip_rejected=True)
    assert counts(report) == ("imported", 1, 0, 0, 0)
    assert {(f.row, f.field) for f in report.findings if f.is_error()} == {(1, "zone"), (2, "lane")}
    assert covered(town) == before | {"drains-P2": 300}


def test_a_telephone_that_one_row_changes_is_changed_once(town: Connection) -> None:
    lanes = [{"person": "P1", "name": "甲", "lane": lane, "phone": "13900000001"} for lane in ("解放路", "人民路")]
    roster(town, *lanes)
    lanes[1]["phone"] = "15900000002"
    assert counts(roster(town, *lanes)) == ("imported", 0, 1, 2, 0)
    assert counts(roster(town, *lanes)) == ("unchanged", 0, 0, 2, 0)
    assert query(town, "select phone from person") == [("159****0002",)]
    lanes[0]["phone"] = "17700000003"
    lanes[1]["phone"] = "18800000004"
    assert [(f.code, f.row) for f in roster(town, *lanes).findings if f.is_error()] == [("value-invalid", 2)]


@pytest.mark.parametrize(
    ("said", "guess"),
    [
        ("解放街", "解放路"),
        ("解方路", "解放路"),
        ("胜利路", "胜利巷"),
        ("人民大道", "人民路"),
        ("解放路南", "解放路"),
        ("长江路", None),
    ],
)
def test_a_lane_that_is_written_otherwise_is_guessed_and_never_taken(
    town: Connection, said: str, guess: str | None
) -> None:
    report = roster(town, {"name": "甲", "lane": said})
    (finding,) = [finding for finding in report.findings if finding.is_error()]
    assert (report.status, finding.code, finding.field) == ("refused", "unknown-code", "lane")
    hint = finding.as_json()["hint"]
    assert (guess in hint) if guess else ("Did you mean" not in hint)


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"name": "甲", "lane": "解放路", "from": "长江路"}, "value-invalid", "from"),
        ({"name": "甲", "lane": "解放路", "to": "12号"}, "value-invalid", "to"),
        ({"name": "甲", "lane": "解放路", "to": "1200"}, "value-invalid", "to"),
        ({"name": "甲", "lane": "解放路", "from": "100", "to": "100"}, "value-invalid", "to"),
        ({"lane": "解放路"}, "value-missing", None),
        ({"name": "甲", "lane": None}, "value-missing", "lane"),
        ({"name": "甲", "lane": "解放路", "post": "飞行员"}, "unknown-code", "post"),
    ],
)
def test_what_a_row_can_not_mean_is_said(town: Connection, row: dict[str, Any], code: str, field: str | None) -> None:
    report = roster(town, row)
    assert report.status == "refused"
    assert [(f.code, f.row, f.field) for f in report.findings if f.is_error()] == [(code, 1, field)]
    assert query(town, "select count(*) from person") == [(0,)]


def test_house_numbers_are_places_where_frontages_are_known(town: Connection) -> None:
    doors = [(street(0, 0, 1, 0).interpolate(0), {"lane": "解放路", "house_number": "1号"})]
    point = street(300, 5, 301, 5).interpolate(0)
    bring(town, "frontages", [*doors, (point, {"lane": "解放路", "house_number": "31号"})])
    low, high = line_of(town, "解放路").between("1号", "31号")[0]
    assert (low / 1000, high / 1000) == pytest.approx((0, 300), abs=0.5)


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_the_roster_goes_out_and_comes_in_again(town: Connection, tmp_path: Path, ending: str) -> None:
    roster(
        town,
        {"person": "P1", "name": "甲", "lane": "解放路", "from": "建设街", "to": "777.123", "phone": "13912345678"},
        {"person": "P2", "name": "乙", "lane": "解放路", "to": "建设街", "shift": "早班"},
        {"person": "P2", "name": "乙", "lane": "人民路", "shift": "早班"},
        {"person": "P3", "name": "丙", "lane": "东沟", "duty": "阴沟"},
    )
    text_of_zones = "select md5(string_agg(c::text, '' order by c)) from (select cover.* from cover) as c"
    before = query(town, text_of_zones)
    path = tmp_path / f"roster{ending}"
    assert export(town, layer_of("duty-roster"), path, on=DAY).rows == 4
    report = import_file(town, "duty-roster", path, ImportOptions(today=DAY))
    assert counts(report) == ("unchanged", 0, 0, 4, 0), [finding.message() for finding in report.findings]
    assert query(town, text_of_zones) == before
    town.execute(text("delete from assignment"))
    assert export(town, layer_of("duty-roster"), path, on=DAY).rows == 4
