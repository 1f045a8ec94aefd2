"""A year's activities, letters, surveys and honours: what is refused and why, what comes of them, and the way back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, text

from geo_hygiene.assets import acts
from geo_hygiene.assets.records import asset_layer
from geo_hygiene.database import engine
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file
from geo_hygiene.files.taking_back import NotTakenBackError, take_back
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.works.activities import activities, by_community, by_kind, summed
from geo_hygiene.works.amenities import facilities_had, noticeboards
from geo_hygiene.works.asked import Asked
from geo_hygiene.works.awareness import by_day, change, share_of, surveys, wilson
from geo_hygiene.works.honours import State, counted, holders
from geo_hygiene.works.letters import all_letters, letter_records, letters, without_letter
from geo_hygiene.works.reach import lanes_reached, reach, routes, venues
from geo_hygiene.zoning.records import Editor
from tests.conftest import TestDatabase
from tests.importing import block, bring, codes, counts, place, query, street
from tests.test_campaigns import Town

TODAY = date(2026, 3, 1)
YEAR = Asked(begin=date(2025, 1, 1), end=date(2026, 1, 1))
KEYS = ("activities", "letters", "awareness-surveys", "honours")


@pytest.fixture
def town(connection: Connection) -> Connection:
    """Return an office of two communities, the west one of two groups; lanes, doors, units, an estate, facilities."""
    areas = [
        (block(-100, -100, 1100, 1100), {"code": "O", "level": "office", "name": "街道", "population": 1000}),
        (block(-100, -100, 500, 1100), {"code": "W", "level": "community", "parent": "O", "population": 600}),
        (block(500, -100, 1100, 1100), {"code": "E", "level": "community", "parent": "O", "population": 400}),
        (block(-100, -100, 500, 500), {"code": "W1", "level": "group", "parent": "W", "population": 450}),
        (block(-100, 500, 500, 1100), {"code": "W2", "level": "group", "parent": "W", "population": 150}),
    ]
    streets = [
        (street(0, 100, 400, 100), {"code": "S1", "lane": "西巷", "lane_code": "L1"}),
        (street(600, 100, 900, 100), {"code": "S2", "lane": "东巷", "lane_code": "L2"}),
        (street(600, 800, 1000, 800), {"code": "S3", "lane": "北巷", "lane_code": "L3"}),
        (street(600, 900, 1000, 900), {"code": "S4", "lane": "废巷", "lane_code": "L4", "valid_to": "2025-03-01"}),
    ]
    doors = [
        (place(10 + 50 * at, 120), {"code": f"F{at}", "kind": kind, "valid_to": "2025-07-01" if at == 4 else None})
        for at, kind in enumerate(("住户", "住户", "商户", None, "住户"))
    ]
    facilities = [
        (place(50, 50), {"code": "B1", "kind": "宣传栏"}),
        (place(60, 60), {"code": "B2", "kind": "宣传栏"}),
        (place(700, 50), {"code": "R1", "kind": "文化室", "valid_from": "2025-06-01"}),
    ]
    for layer, rows in (
        ("areas", areas),
        ("street-segments", streets),
        ("frontages", doors),
        ("units", [(place(700, 700), {"code": "U1"}), (place(710, 700), {"code": "F1"})]),
        ("facilities", facilities),
        ("estates", [(block(600, 600, 700, 700), {"code": "N1", "name": "花园"})]),
    ):
        assert bring(connection, layer, rows).status == "imported"
    return connection


def store(town: Connection, layer: str, *rows: dict[str, Any], **asked: Any) -> ImportReport:
    return bring(town, layer, [(row.pop("at", None), row) for row in map(dict, rows)], today=TODAY, **asked)


HELD = (
    {"编号": "1", "活动类别": "大扫除", "主题": "公共卫生整治日", "活动时间": "2025-03-05", "社区": "W", "人次": "120",
     "费用": "1,500.50", "参加人员": "公益岗位；4050；低保"},
    {"编号": "2", "活动类别": "clean-up day", "活动时间": "2025-12-31 23:30", "社区": "W1;E", "人次": "80",
     "费用": "20"},
    {"编号": "3", "活动类别": "宣传车", "活动时间": "2025-04-01 09:00", "路线": "西巷、L2"},
    {"编号": "4", "活动类别": "宣传栏更新", "活动时间": "2025-05-01", "设施编号": "B1", "数量": "1"},
    {"编号": "5", "活动类别": "曝光", "活动时间": "2025-06-30", "数量": "0"},
    {"编号": "6", "活动类别": "培训", "活动时间": "2025-09-01", "场所": "进学校", "人次": "300", "at": place(800, 800),
     "备注": "联系人 13812345678"},
    {"编号": "7", "活动类别": "培训", "活动时间": "2026-01-01", "社区": "W2", "人次": "9"},
)  # fmt: skip

WRONG = {
    "person_times": ({"活动时间": "2025-03-05", "人次": "12.5"}, "value-invalid", "人次"),
    "cost": ({"活动时间": "2025-03-05", "费用": "10.125"}, "value-invalid", "费用"),
    "kind": ({"活动类别": "郊游", "活动时间": "2025-03-05"}, "unknown-code", "活动类别"),
    "participants": ({"活动时间": "2025-03-05", "参加人员": "居民;火星人"}, "value-cut", "参加人员"),
    "area": ({"活动时间": "2025-03-05", "社区": "W;X"}, "unknown-code", "社区"),
    "before": ({"活动时间": "2025-05-31", "设施编号": "R1"}, "unknown-code", "设施编号"),
    "no board": ({"活动类别": "宣传栏更新", "活动时间": "2025-06-02", "设施编号": "R1"}, "unknown-code", "设施编号"),
    "lane": ({"活动时间": "2025-03-05", "路线": "南巷"}, "unknown-code", "路线"),
    "no lane any more": ({"活动时间": "2025-03-05", "路线": "西巷;L4"}, "unknown-code", "路线"),
    "future": ({"活动时间": "2036-03-05"}, "value-invalid", "活动时间"),
    "exposure": ({"活动类别": "曝光", "活动时间": "2025-03-05"}, "value-missing", "quantity"),
}


def test_activities_that_can_not_be_are_told_with_their_reason(town: Connection) -> None:
    rows = [{"活动类别": "大扫除", **row, "备注": reason} for reason, (row, *_told) in WRONG.items()]
    report = store(town, "activities", *rows, {"活动类别": "大扫除", "活动时间": "2025-03-05"}, skip_rejected=True)
    told = {one.row: (str(one.code), one.field) for one in report.findings if one.row and one.field != "备注"}
    assert told == {
        number: expected for number, (_row, *pair) in enumerate(WRONG.values(), 1) for expected in [tuple(pair)]
    }
    hint = next(one for one in report.findings if one.row == list(WRONG).index("before") + 1)
    assert "2025-06-01 – …" in str(hint.as_json())
    assert report.stored.created == 2  # the unknown participant is set aside, beside the good row


def test_figures_of_a_year_stand_on_their_records(town: Connection, tmp_path: Path) -> None:
    assert store(town, "activities", *HELD).stored.created == len(HELD)
    held = activities(town, YEAR)
    file = tmp_path / "activities.csv"
    export(town, layer_of("activities"), file, every_period=True)
    table = pd.read_csv(file)
    table = table[table.held_at.str[:4] == "2025"]  # in the time of the office: the last evening of the year counts
    assert sorted(str(one.id) for one in held) == sorted(table.id)
    assert summed(held).person_times == table.person_times.sum() == 500
    assert float(summed(held).cost or 0) == table.cost.sum() == 1520.5
    kinds = by_kind(held)
    assert {kind: sums.activities for kind, sums in kinds.items()} == dict(table.kind.value_counts())
    assert (kinds["exposure"].quantity, kinds["exposure"].person_times) == (0, None)
    rows = {
        row.code: (row.sums.activities, row.sums.person_times, row.shared) for row in by_community(town, YEAR, held)
    }
    assert rows == {"W": (2, 120, 2), "E": (1, 300, 2), None: (3, 80, 0)}
    east = activities(town, Asked(begin=YEAR.begin, end=YEAR.end, area="E"))
    assert [str(one.kind) for one in east] == ["vehicle-tour", "training", "cleanup"]
    assert activities(town, Asked(begin=YEAR.begin, end=YEAR.end, within=frozenset({"W2"})), {"training"}) == []
    assert summed(activities(town, Asked(begin=date(2024, 1, 1), end=date(2025, 1, 1)))).person_times is None
    assert query(
        town, "select note, participants from activity where external_id in ('1', '6') order by external_id"
    ) == [
        (None, ["public_post", "older_jobseeker", "low_income"]),
        ("联系人 138****5678", None),
    ]


def test_reach_tells_whom_nothing_reached(town: Connection) -> None:
    store(town, "activities", *HELD[1:])
    west, east = sorted(reach(town, YEAR), key=lambda one: one.code or "", reverse=True)
    assert (west.never, west.never_residents, west.residents, len(west.records)) == (["W2"], 150, 600, 3)
    assert west.never_share == 0.25
    assert (east.is_reached, east.never, east.last_on) == (True, [], date(2025, 12, 31))
    boards = reach(town, YEAR, {"noticeboard"})
    assert {one.code: one.never for one in boards} == {"W": ["W2"], "E": ["E"]}
    (tour,) = routes(town, YEAR)
    assert (tour.lanes, round(tour.length_m)) == (["L1", "L2"], 700)
    lanes = {one.code: (one.lanes, one.never_lanes, round(one.never_m)) for one in lanes_reached(town, YEAR)}
    assert lanes == {"W": (1, 0, 0), "E": (2, 1, 400)}
    assert {venue: len(records) for venue, records in venues(town, YEAR).items()} == {"school": 1}


def test_facilities_that_lack_and_boards_that_hang_too_long(town: Connection) -> None:
    store(town, "activities", *HELD)
    had = {(one.code, one.kind): len(one.records) for one in facilities_had(town, YEAR)}
    assert [kind for kind, number in had.items() if number] == [("E", "culture_room"), ("W", "noticeboard")]
    assert had["W", "noticeboard"] == 2
    assert [(board.code, board.days) for board in noticeboards(town, YEAR)] == [("B2", None), ("B1", 244)]
    early = Asked(begin=date(2025, 1, 1), end=date(2025, 5, 1))
    assert [board.days for board in noticeboards(town, early)] == [None, None]


LETTERS = (
    {"门牌编号": "F0", "年度": "2025", "签订日期": "2024-12-20"},
    {"门牌编号": "F0", "年度": "2025", "签订日期": "2025-06-01"},
    {"门牌编号": "F2", "年度": "2025", "签订日期": "2025-02-01", "有效期止": "2025-07-01"},
    {"门牌编号": "F4", "签订日期": "2025-03-01"},
    {"门牌编号": "U1", "签订日期": "2025-03-01"},
)


def test_letters_are_signings_and_shares_are_over_who_is_there(town: Connection) -> None:
    assert store(town, "letters", *LETTERS).stored.created == 5
    year = letters(town, YEAR)
    doors, units = all_letters(year, "frontages"), all_letters(year, "units")
    assert (doors.signings, doors.signers, doors.registered, doors.holders) == (3, 3, 4, 1)
    assert (doors.share, units.share) == (0.25, 0.5)
    half = all_letters(letters(town, Asked(begin=date(2024, 12, 1), end=date(2025, 7, 1))), "frontages")
    assert (half.signings, half.signers, half.registered, half.holders) == (4, 3, 5, 3)
    assert all_letters(letters(town, Asked(begin=date(2023, 1, 1), end=date(2024, 1, 1))), "units").share == 0
    unsigned = without_letter(town, YEAR, limit=10)
    assert [one.code for one in unsigned] == ["F1", "F2", "F3", "F1"]
    assert [one.code for one in without_letter(town, YEAR, limit=1, after=unsigned[0].number)] == ["F2"]
    assert {row.code: row.holders for row in year if row.kind == "units"} == {"E": 1}
    assert len(letter_records(town, YEAR, "frontages", limit=10)) == doors.signings


def test_letters_and_boards_go_on_with_what_takes_their_place(town: Connection) -> None:
    store(town, "letters", *LETTERS)
    store(town, "activities", *HELD)
    told = letters(town, YEAR), [one.code for one in without_letter(town, YEAR, limit=10)]
    boards = {board.code: board.days for board in noticeboards(town, YEAR)}
    clerk = Editor("clerk@office.example", None)

    def move(key: str, code: str, day: date | None, east: float, north: float) -> None:
        acts.change(town, clerk, asset_layer(key), code, version=1, day=day, shape=place(east, north), fields={})

    autumn = date(2025, 9, 1)
    move("frontages", "F0", autumn, 12, 125)
    move("facilities", "B1", autumn, 80, 50)
    assert {board.code: board.days for board in noticeboards(town, YEAR)} == boards
    move("frontages", "F2", None, 112, 125)
    move("units", "U1", None, 720, 700)
    assert (letters(town, YEAR), sorted(one.code for one in without_letter(town, YEAR, limit=10))) == (
        told[0],
        sorted(told[1]),
    )
    assert town.scalar(text("select count(*) from letter")) == len(LETTERS)
    move("facilities", "B1", autumn, 85, 50)
    assert {board.code: board.days for board in noticeboards(town, YEAR)} == boards


@pytest.mark.parametrize("correct", [False, True])
def test_of_neighbours_that_move_together_each_keeps_its_own_letters(town: Connection, *, correct: bool) -> None:
    asked: dict[str, Any] = {"key": "code", "day": date(2025, 9, 1), "correct": correct}
    begin = {"valid_from": "2024-01-01"}
    bring(town, "frontages", [(place(300 + 5 * at, 120), {"code": f"N{at}"} | begin) for at in range(3)], key="code")
    store(town, "letters", *({"门牌编号": code, "签订日期": "2025-08-01"} for code in ("N0", "N2", "F0")))
    bring(town, "frontages", [(place(302 + 5 * at, 121), {"code": f"N{at}"}) for at in range(3)], **asked)
    unsigned = {one.code for one in without_letter(town, YEAR, ["frontages"], limit=10)}
    assert unsigned == {"F1", "F2", "F3", "N1"}


def test_a_place_that_a_newer_file_lacks_does_not_take_its_letters_along(town: Connection) -> None:
    store(town, "letters", *LETTERS)
    store(town, "activities", *HELD)
    doors = [(place(10 + 50 * at, 120), {"code": f"F{at}"}) for at in (0, 3, 4)]
    board = [(place(700, 50), {"code": "R1", "kind": "文化室"})]
    for layer, rows, name in (("frontages", doors, "F2."), ("facilities", board, "B1.")):
        refused = bring(town, layer, rows, replace=True, correct=True)
        assert (refused.status, codes(refused)) == ("refused", [("told-of", None)])
        assert name in refused.findings[0].message()
    assert town.scalar(text("select count(*) from letter")) == len(LETTERS)
    kept = bring(town, "frontages", doors, replace=True, day=date(2025, 6, 1))
    (finding,) = kept.findings
    assert (kept.status, kept.stored.ended, str(finding.weight())) == ("imported", 2, "warning")
    assert "F2." in finding.message()
    assert town.scalar(text("select count(*) from letter")) == len(LETTERS)


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"年度": "2025", "有效期止": "2026-06-01"}, "value-invalid", "有效期止"),
        ({"年度": "2025-2026"}, "value-invalid", "年度"),
        ({"年度": "2027"}, "value-invalid", "年度"),
        ({"签订日期": "2026-03-02"}, "value-invalid", "签订日期"),
        ({"签订日期": ""}, "value-missing", "签订日期"),
        ({"门牌编号": "F9"}, "unknown-code", "门牌编号"),
        ({"门牌编号": "F4", "签订日期": "2025-07-01"}, "unknown-code", "门牌编号"),
        ({"门牌编号": "F1"}, "unknown-code", "门牌编号"),
    ],
)
def test_letters_that_can_not_be(town: Connection, row: dict[str, str], code: str, field: str) -> None:
    report = store(town, "letters", {"门牌编号": "F0", "签订日期": "2025-03-01"} | row)
    assert report.status == "refused"
    assert [(str(one.code), one.field) for one in report.findings if one.is_error()] == [(code, field)]


def test_the_same_letter_twice_is_an_error_and_again_is_unchanged(town: Connection) -> None:
    assert codes(store(town, "letters", *LETTERS, LETTERS[0])) == [("duplicate-key", 6)]
    assert counts(store(town, "letters", *LETTERS)) == ("imported", 5, 0, 0, 0)
    assert counts(store(town, "letters", *LETTERS)) == ("unchanged", 0, 0, 5, 0)
    assert counts(store(town, "letters", LETTERS[3] | {"有效期止": "2025-10-01"})) == ("imported", 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("positive", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_intervals_are_those_that_newcombe_published(positive: int, of: int, low: float, high: float) -> None:
    assert wilson(positive, of) == pytest.approx((low, high), abs=0.0001)


def test_awareness_rises_by_more_than_chance(town: Connection) -> None:
    rows = [
        {"调查日期": "2025-03-01", "社区": "W", "调查人数": "50", "知晓人数": "30"},
        {"调查日期": "2025-03-01", "社区": "E", "调查人数": "30", "知晓人数": "18"},
        {"调查日期": "2025-11-01", "社区": "W", "调查人数": "70", "知晓人数": "56"},
    ]
    assert counts(store(town, "awareness-surveys", *rows)) == ("imported", 3, 0, 0, 0)
    assert counts(store(town, "awareness-surveys", rows[0])) == ("unchanged", 0, 0, 1, 0)
    days = by_day(surveys(town, YEAR))
    first, last = days.values()
    risen = change(first, last)  # 48 of 80 and 56 of 70: the example (a) of Newcombe's second paper
    assert (risen.value, *risen.interval) == pytest.approx((0.2, 0.0524, 0.3339), abs=0.0001)
    assert risen.is_rise
    assert not change(first, first).is_rise
    west = share_of(surveys(town, Asked(begin=YEAR.begin, end=YEAR.end, area="W")))
    assert west is not None
    assert (west.asked, west.aware, len(west.records)) == (120, 86, 2)
    assert share_of(surveys(town, YEAR, topic="控烟")) is None
    wrong = [{"aware": "51"}, {"aware": "1.5"}, {"area": "X"}, {"held_on": "2026-03-02"}, {"asked": "0"}]
    good = {"held_on": "2025-04-01", "area": "W", "asked": "50", "aware": "5"}
    report = store(town, "awareness-surveys", *({**good, **row} for row in wrong))
    assert {one.row: one.field for one in report.findings} == {n: next(iter(row)) for n, row in enumerate(wrong, 1)}


def test_honours_and_their_vetoes(town: Connection) -> None:
    rows = [
        {"kind": "文明社区", "holder": "W", "year": "2025", "granted_on": "2025-12-20"},
        {"kind": "文明社区", "holder": "E", "year": "2025", "vetoed_on": "2025-08-01", "reason": "曝光两次"},
        {"kind": "标兵户", "holder": "F0", "year": "2025", "granted_on": "2025-06-01", "vetoed_on": "2025-09-01",
         "reason": "乱堆"},
    ]  # fmt: skip
    assert counts(store(town, "honours", *rows)) == ("imported", 3, 0, 0, 0)
    assert counted(town, "civilized-community", YEAR) == {
        State.GRANTED: 1, State.ELIGIBLE: 0, State.VETOED: 1, State.WITHDRAWN: 0,
    }  # fmt: skip
    (kept_away,) = holders(town, "civilized-community", YEAR, State.VETOED, limit=5)
    assert (kept_away.code, kept_away.reason) == ("E", "曝光两次")
    assert counted(town, "civilized-estate", YEAR)[State.ELIGIBLE] == 1
    assert counted(town, "civilized-estate", Asked(begin=YEAR.begin, end=YEAR.end, area="W"))[State.ELIGIBLE] == 0
    early = Asked(begin=date(2025, 1, 1), end=date(2025, 7, 1))
    free = holders(town, "model-household", early, State.ELIGIBLE, limit=9)
    assert {one.code for one in free} == {"F1", "F3", "F4"}
    assert counted(town, "model-household", YEAR)[State.WITHDRAWN] == 1
    good = {"kind": "文明小区", "holder": "N1", "year": "2025", "granted_on": "2025-12-01"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"holder": "W"}, "holder"),
        ({"kind": "文明社区", "holder": "W1"}, "holder"),
        ({"granted_on": None}, "granted_on"),
        ({"vetoed_on": "2025-11-01"}, "reason"),
        ({"vetoed_on": "2025-11-01", "reason": "脏乱"}, "granted_on"),
        ({"granted_on": "2026-04-01"}, "granted_on"),
    ]
    report = store(town, "honours", *({**good, **row} for row, _field in wrong))
    assert [one.field for one in report.findings if one.is_error()] == [field for _row, field in wrong]


@pytest.mark.parametrize(
    ("key", "row"),
    [
        ("activities", {"kind": "cleanup"}),
        ("letters", {"target": "F0"}),
        ("awareness-surveys", {"area": "W", "asked": "9"}),
        ("honours", {"holder": "F0", "granted_on": "2025-06-01"}),
    ],
)
def test_a_file_that_lacks_a_column_is_refused_with_its_name(town: Connection, key: str, row: dict[str, str]) -> None:
    report = store(town, key, row)
    lacking = [field.name for field in layer_of(key) if field.required and field.importable and field.name not in row]
    assert report.status == "refused"
    assert {one.field for one in report.findings if one.is_error()} == set(lacking)


def fill(town: Connection) -> None:
    store(town, "activities", *HELD)
    store(town, "letters", *LETTERS)
    store(town, "awareness-surveys", {"held_on": "2025-03-01", "area": "W", "asked": "9", "aware": "3", "调查员": "甲"})
    store(town, "honours", {"kind": "标兵户", "holder": "F0", "year": "2025", "granted_on": "2025-06-01"})


@pytest.mark.parametrize("key", KEYS)
def test_what_goes_out_comes_in_unchanged(town: Connection, tmp_path: Path, key: str) -> None:
    fill(town)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    export(town, layer_of(key), first, every_period=True)
    table = {
        "activities": "activity",
        "letters": "letter",
        "awareness-surveys": "awareness_survey",
        "honours": "honour",
    }
    number = query(town, f"select count(*) from {table[key]}")[0][0]
    assert counts(import_file(town, key, first, ImportOptions(today=TODAY))) == ("unchanged", 0, 0, number, 0)
    town.execute(text(f"delete from {table[key]}"))
    town.execute(text("delete from source_row where layer = :layer"), {"layer": key})
    assert counts(import_file(town, key, first, ImportOptions(today=TODAY))) == ("imported", number, 0, 0, 0)
    export(town, layer_of(key), second, every_period=True)
    assert first.read_bytes() == second.read_bytes()


def test_the_command_tells_each_activity_once(database: TestDatabase, tmp_path: Path) -> None:
    connections = engine(database.service_url)
    with connections.begin() as connection:
        areas = [
            (block(-100, -100, 1100, 1100), {"code": "O", "level": "office", "name": "街道"}),
            (block(-100, -100, 500, 1100), {"code": "W", "level": "community", "parent": "O", "name": "西社区"}),
            (block(500, -100, 1100, 1100), {"code": "E", "level": "community", "parent": "O", "name": "东社区"}),
        ]
        assert bring(connection, "areas", areas).status == "imported"
        store(connection, "activities", HELD[0], HELD[1] | {"社区": "W;E"})
    connections.dispose()
    terminal, period = Town(database, tmp_path / "home"), ("--from", "2025-01-01", "--to", "2026-01-01")
    answer = json.loads(terminal.run("activities", *period, "--by", "community", "--json")[1])
    (kind,) = answer["kinds"]
    assert kind == {
        "kind": "cleanup", "activities": 2, "person_times": 200, "people": None, "quantity": None, "cost": 1520.5,
    }  # fmt: skip
    assert [(row["code"], row["activities"], row["person_times"], row["shared"]) for row in answer["by"]] == [
        ("E", 0, None, 1), ("W", 1, 120, 1), (None, 1, 80, 0),
    ]  # fmt: skip
    assert "西社区" in terminal.run("activities", *period, "--by", "community")[1]
    assert terminal.run("activities", "--from", "2026-01-01", "--to", "2025-01-01")[0] == 2


def test_a_place_stays_while_a_year_rests_on_it(town: Connection) -> None:
    bring(town, "frontages", [(place(10, 300), {"code": "F7", "valid_from": "2026-01-01"})])
    (run,) = query(town, "select max(id) from import_run")[0]
    assert store(town, "letters", {"门牌编号": "F7", "签订日期": "2026-02-01"}).status == "imported"
    (signed,) = query(town, "select max(id) from import_run")[0]
    with pytest.raises(NotTakenBackError, match="frontages"):
        take_back(town, str(run), actor="test")
    assert take_back(town, str(signed), actor="test").removed == 1
    assert take_back(town, str(run), actor="test").removed == 1
