"""Complaints from files: newer exports, statuses that run backwards, places, and everything that files do wrong."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from geo_hygiene.cases.filters import CaseFilter
from geo_hygiene.cases.questions import case_of, events_of, list_cases
from geo_hygiene.files.importing import ImportOptions, ImportReport, NoImportError, import_file
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from geo_hygiene.permissions import EVERYWHERE
from tests.importing import block, bring, codes, counts, place, query, street

MARKUP = '<img src=x onerror="alert(1)">'


def report(**values: Any) -> dict[str, Any]:
    return {"external_id": "A1", "kind": "rodent", "status": "open", "reported_at": "2025-06-01 08:00", **values}


def take(connection: Connection, *rows: dict[str, Any], **asked: Any) -> ImportReport:
    return bring(connection, "cases", [(None, row) for row in rows], **asked)


def state(connection: Connection) -> list[Any]:
    return query(connection, "select status, version, description from reported_case order by id")


def history(connection: Connection) -> list[str]:
    return [row[0] for row in query(connection, "select status from case_event order by at, id")]


def test_a_case_begins_with_what_its_row_says(connection: Connection) -> None:
    stored = take(connection, report(channel="12345", lon=105.08, lat=31.09), report(external_id="A2"))
    assert counts(stored) == ("imported", 2, 0, 0, 0)
    assert stored.as_json()["records"]["without_place"] == 1
    case = list_cases(connection, CaseFilter()).rows[1]
    assert (case["channel"], case["status"], case["source"], case["place"]) == (
        "hotline",
        "collected",
        "file",
        [105.08, 31.09],
    )
    assert case["reported_at"] == case["status_at"] == "2025-06-01T08:00:00+08:00"


def test_the_same_export_again_changes_nothing(connection: Connection) -> None:
    rows = [report(), report(external_id=None), report(external_id=None, description="another")]
    assert counts(take(connection, *rows)) == ("imported", 3, 0, 0, 0)
    assert counts(take(connection, *rows)) == ("unchanged", 0, 0, 3, 0)


def test_a_newer_export_brings_cases_up_to_date(connection: Connection) -> None:
    take(connection, report(description="rats", lon=105.08, lat=31.09), report(external_id="A2"))
    newer = take(connection, report(status="closed", closed_at="2025-06-03 10:00"), report(external_id="A2"))
    assert counts(newer) == ("imported", 0, 1, 1, 0)
    assert state(connection) == [("closed", 2, "rats"), ("collected", 1, None)]
    assert history(connection) == ["collected", "collected", "closed"]
    ((before,),) = query(connection, "select content ->> 'status' from record_history where layer = 'cases'")
    assert before == "collected"
    (place_,) = query(connection, "select ST_X(geom) from reported_case where external_id = 'A1'")
    assert place_ == (105.08,)


def test_the_same_number_of_another_system_is_another_case(connection: Connection) -> None:
    take(connection, report(), constants={"source": "12345"})
    assert counts(take(connection, report(), constants={"source": "app"})) == ("imported", 1, 0, 0, 0)


def test_an_older_export_goes_to_the_history_only(connection: Connection) -> None:
    take(connection, report(status="closed", closed_at="2025-06-03 10:00", description="new"))
    older = take(connection, report(status="assigned", status_at="2025-06-02 09:00", description="old"))
    assert [code for code, _row in codes(older)] == ["status-backwards"]
    assert (older.status, state(connection)) == ("imported", [("closed", 1, "new")])
    assert history(connection) == ["dispatched", "closed"]
    again = take(connection, report(status="assigned", status_at="2025-06-02 09:00", description="old"))
    assert counts(again) == ("unchanged", 0, 0, 1, 0)


def test_of_two_statuses_the_newer_holds_even_when_it_goes_back(connection: Connection) -> None:
    take(connection, report(status="closed", closed_at="2025-06-03 10:00"))
    reopened = take(connection, report(status="in progress", status_at="2025-06-05 09:00"))
    assert codes(reopened) == [("status-backwards", 1)]
    assert state(connection) == [("handled", 2, None)]
    assert history(connection) == ["closed", "handled"]
    by_day = take(connection, report(status="open"), day=date(2025, 7, 1))
    assert codes(by_day) == [("status-backwards", 1)]
    assert history(connection) == ["closed", "handled", "collected"]


def test_a_step_forward_holds_though_nobody_says_when(connection: Connection) -> None:
    take(connection, report(status="assigned", status_at="2025-06-02 09:00"))
    newer = take(connection, report(status="closed"))
    assert (counts(newer), codes(newer)) == (("imported", 0, 1, 0, 0), [])
    assert state(connection) == [("closed", 2, None)]
    known = "select status, known, at = '2025-06-02 09:00+08' from case_event order by id"
    assert query(connection, known) == [("dispatched", "time", True), ("closed", "report", True)]


def test_of_two_exports_without_times_the_later_import_holds(connection: Connection) -> None:
    """A hotline closes a complaint, has it done again, and closes it again; no file says when."""
    said = ("已派单", "已办结", "处理中", "已办结", "处理中")
    found = [codes(take(connection, report(status=word))) for word in said]
    assert found == [[], [], [("status-backwards", 1)], [], [("status-backwards", 1)]]
    assert state(connection) == [("handled", 5, None)]
    (case,) = list_cases(connection, CaseFilter()).rows
    events = events_of(connection, case["id"], within=EVERYWHERE)["events"]
    assert [event["status"] for event in events] == ["dispatched", "closed", "handled", "closed", "handled"]
    assert {event["known"] for event in events} == {"report"}
    assert case["status_at"][:16] == case["reported_at"][:16]


@pytest.mark.parametrize("closed_at", ["2025-06-03 10:00", "2025-06-03"])
def test_a_complaint_to_be_done_again_is_open_though_nobody_says_when(connection: Connection, closed_at: str) -> None:
    done = report(status="已办结", closed_at=closed_at)
    take(connection, done)
    again = take(connection, report(status="重办", closed_at=closed_at))
    assert codes(again) == [("value-cut", 1), ("status-backwards", 1)]
    assert state(connection) == [("dispatched", 2, None)]
    assert codes(take(connection, done)) == [("status-backwards", 1)], "the file before it comes again"
    assert (state(connection), history(connection)) == ([("dispatched", 2, None)], ["closed", "dispatched"])
    take(connection, report(status="已办结", closed_at="2025-06-09"))
    assert (state(connection), history(connection)) == ([("closed", 3, None)], ["closed", "dispatched", "closed"])


def test_the_day_of_a_file_makes_the_same_rows_newer(connection: Connection) -> None:
    """What the hint says must help: the file comes again, and only its day is said."""
    take(connection, report(status="closed", closed_at="2025-06-03 10:00"))
    row = report(status="assigned")
    assert take(connection, row).findings[0].hint is not None
    assert state(connection) == [("closed", 1, None)]
    assert codes(take(connection, row, day=date(2025, 6, 9))) == [("status-backwards", 1)]
    assert state(connection) == [("dispatched", 2, None)]
    assert counts(take(connection, row, day=date(2025, 6, 9))) == ("unchanged", 0, 0, 1, 0)


@pytest.mark.parametrize(("day", "known"), [(None, "day"), (date(2025, 6, 5), "file")])
def test_a_day_is_not_before_a_time_on_it(connection: Connection, day: date | None, known: str) -> None:
    take(connection, report(status="assigned", status_at="2025-06-05 09:00"))
    closed_at = {"closed_at": "2025-06-05"} if day is None else {}
    newer = take(connection, report(status="closed", **closed_at), day=day)
    assert codes(newer) == []
    assert state(connection) == [("closed", 2, None)]
    assert query(connection, "select known from case_event order by id") == [("time",), (known,)]


def test_a_case_that_is_closed_again_has_both_times(connection: Connection) -> None:
    take(connection, report(status="closed", closed_at="2025-06-03 10:00"))
    take(connection, report(status="closed", closed_at="2025-06-10 10:00"))
    shown = "select to_char(at at time zone 'Asia/Shanghai', 'DD') from case_event order by at"
    assert query(connection, shown) == [("03",), ("10",)]
    current = "select to_char(status_at, 'DD') = to_char(closed_at, 'DD') and version = 2 from reported_case"
    assert query(connection, current) == [(True,)]


def test_two_rows_never_change_one_case(connection: Connection) -> None:
    identity = "00000000-0000-4000-8000-00000000000a"
    take(connection, report(id=identity))
    both = take(connection, report(lane="东街"), report(external_id="B", id=identity))
    assert codes(both) == [("duplicate-key", 2)]


def test_instants_of_two_time_zones_are_one_case(connection: Connection) -> None:
    without = {"external_id": None}
    take(connection, report(**without, reported_at="2025-06-01T08:00:00+08:00"))
    again = take(connection, report(**without, reported_at="2025-06-01T00:00:00Z"))
    assert counts(again) == ("unchanged", 0, 0, 1, 0)


@pytest.mark.parametrize("field", ["reported_at", "closed_at", "status_at"])
@pytest.mark.parametrize("written", ["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00+08:00", "2025-06-01T24:00:00Z"])
def test_an_instant_that_another_time_zone_can_not_write_is_an_error(
    connection: Connection, field: str, written: str
) -> None:
    refused = take(connection, report(**{"reported_at": "2025-06-01T08:00:00Z", field: written}))
    assert (refused.status, codes(refused)) == ("refused", [("value-invalid", 1)])


def test_a_place_that_nobody_knows_is_none(connection: Connection) -> None:
    office = {"code": "O", "name": "Office", "level": "office"}
    bring(connection, "areas", [(block(0, 0, 1000, 1000), office)])
    stored = take(connection, report(lon=0, lat=0))
    assert (stored.status, codes(stored), stored.stored.without_place) == ("imported", [("value-cut", 1)], 1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025年6月1日8时", "2025-06-01 08:00:00"),
        ("2025-06-01 8：05", "2025-06-01 08:05:00"),
        ("2025/6/1 下午 12:05", "2025-06-01 12:05:00"),
        ("2025/6/1 上午 12:05", "2025-06-01 00:05:00"),
        ("2025-06-01 中午1:00", "2025-06-01 13:00:00"),
        ("2025-06-01 星期日 20:15", "2025-06-01 20:15:00"),
        ("2025-06-01 8 pm", "2025-06-01 20:00:00"),
        ("20250601201530", "2025-06-01 20:15:30"),
        ("20250601", "2025-06-01 00:00:00"),
        ("2025.6.1(周日)", "2025-06-01 00:00:00"),
        ("2025-06-01T12:00:00Z", "2025-06-01 20:00:00"),
    ],
)
def test_times_as_offices_write_them(connection: Connection, written: str, read: str) -> None:
    assert take(connection, report(reported_at=written)).status == "imported"
    assert query(connection, "select (reported_at at time zone 'Asia/Shanghai')::text from reported_case") == [(read,)]


@pytest.mark.parametrize("written", ["2025-06-01 soon", "2025-06-01 晚上12:30", "2025-06-01 24:00", "2025-06-01 08"])
def test_a_time_that_can_not_be_read_is_not_midnight(connection: Connection, written: str) -> None:
    refused = take(connection, report(reported_at=written))
    assert codes(refused) == [("value-invalid", 1)]
    assert refused.findings[0].hint == "Write times as 2025-12-31 18:30:00."


def test_a_row_that_says_nothing_of_a_field_leaves_it(connection: Connection) -> None:
    take(connection, report(status="closed", closed_at="2025-06-03", description="x", lane="解放街", kind="fly"))
    short = take(connection, {"external_id": "A1", "reported_at": "2025-06-01 08:00", "kind": None, "lane": "东街"})
    assert counts(short) == ("imported", 0, 1, 0, 0)
    (kept,) = query(connection, "select kind, status, description, lane, closed_at is not null from reported_case")
    assert kept == ("fly", "closed", "x", "东街", True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reported_at": None}, "reported_at"),
        ({"reported_at": "1970-01-01"}, "reported_at"),
        ({"reported_at": (datetime.now(UTC) + timedelta(days=2)).date().isoformat()}, "reported_at"),
        ({"reported_at": "yesterday"}, "reported_at"),
        ({"closed_at": "2025-05-31 23:00", "status": "closed"}, "closed_at"),
        ({"closed_at": "2025-06-01 07:59", "status": "closed"}, "closed_at"),
        ({"closed_at": "2999-01-01", "status": None}, "closed_at"),
        ({"lat": "north"}, "lat"),
        ({"lat": 91.0, "lon": 105.0}, "lat"),
        ({"kind": "ghost"}, "kind"),
        ({"status": "lost"}, "status"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_a_wrong_value_keeps_its_row_out(connection: Connection, values: dict[str, Any], field: str) -> None:
    refused = take(connection, report(**values), report(external_id="A2"))
    assert refused.status == "refused"
    assert [(finding.row, finding.field) for finding in refused.findings] == [(1, field)]
    kept = take(connection, report(**values), report(external_id="A2"), skip_rejected=True)
    assert counts(kept) == ("imported", 1, 0, 0, 0)


def test_a_clock_that_is_ahead_keeps_no_row_out(connection: Connection) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    assert take(connection, report(reported_at=soon), report(external_id="A2")).status == "imported"


def test_days_in_two_orders_are_asked_for(connection: Connection) -> None:
    rows = report(reported_at="09/10/2018 12:00:00 AM"), report(external_id="A2", reported_at="09/26/2018 06:00:00 PM")
    both = *rows, report(external_id="A3", reported_at="26/09/2018 06:00:00 PM")
    assert codes(take(connection, *both)) == [("date-ambiguous", 1), ("date-ambiguous", 2), ("date-ambiguous", 3)]
    assert take(connection, *rows, date_order="dmy").status == "refused"
    assert take(connection, *rows, date_order="mdy").status == "imported"
    days = query(connection, "select (reported_at at time zone 'Asia/Shanghai')::text from reported_case order by 1")
    assert days == [("2018-09-10 00:00:00",), ("2018-09-26 18:00:00",)]


def test_a_day_without_a_time_is_never_before_the_report_of_that_day(connection: Connection) -> None:
    take(connection, report(reported_at="2025-06-01 15:00", closed_at="2025-06-01", status="closed"))
    assert query(connection, "select closed_at = reported_at from reported_case") == [(True,)]


def test_a_case_that_is_open_has_no_day_of_closing(connection: Connection) -> None:
    """A system that opens a case again leaves the old day behind."""
    stored = take(connection, report(status="in progress", closed_at="2025-05-01"))
    assert (stored.status, codes(stored)) == ("imported", [("value-cut", 1)])
    assert query(connection, "select status, closed_at from reported_case") == [("handled", None)]


def test_rows_about_one_case_stand_once_in_a_file(connection: Connection) -> None:
    doubled = take(connection, report(), report(), report(external_id=None), report(external_id=None))
    assert codes(doubled) == [("duplicate-key", 2), ("duplicate-key", 4)]
    identity = "00000000-0000-4000-8000-00000000000a"
    take(connection, report(id=identity))
    twice = take(connection, report(external_id="B", id=identity), report(external_id="C", id=identity))
    assert codes(twice) == [("duplicate-key", 2)]
    assert take(connection, report(external_id="B2", id=identity)).stored.updated == 1
    assert query(connection, "select source_key from reported_case") == [("file:B2",)]


def test_foreign_words_stay_literal_and_phones_are_masked(connection: Connection) -> None:
    said = f"{MARKUP} =cmd|'/c calc'!A1 打 13912345678 找我\n第二行"
    stored = take(
        connection, report(description=said, lane=MARKUP, house_number="=1+1", remark=said, category="Ghosts")
    )
    assert stored.status == "imported"
    row = query(connection, "select description, lane, house_number, extra ->> 'remark' from reported_case")[0]
    clean = f"{MARKUP} =cmd|'/c calc'!A1 打 139****5678 找我第二行"
    assert row == (clean, MARKUP, "=1+1", clean)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("座机0832-2034567，或028-85123456转801", "座机0832-****567，或028-****3456转801"),
        ("请回电（0832）2034567", "请回电（0832）****567"),
        ("来电08322034567 投诉", "来电0832****567 投诉"),
        ("联系电话：8123456", "联系电话：****456"),
        ("拨打400-812-3456没人接，800 820 8820也是", "拨打400-****456没人接，800 ****820也是"),
        ("热线4008123456没人接", "热线400****456没人接"),
        ("手机１３９１２３４５６７８", "手机139****5678"),
        ("０８３２－２０３４５６７", "０８３２－****567"),
        ("身份证11010519491231002X，住3栋", "身份证110***********002X，住3栋"),
        ("王某 510104 19900101 1234", "王某 510***********1234"),
    ],
)
def test_numbers_of_people_are_masked(connection: Connection, written: str, stored: str) -> None:
    take(connection, report(description=written, house_number=written, remark=written))
    kept = query(connection, "select description, house_number, extra ->> 'remark' from reported_case")
    assert kept == [(stored, stored, stored)]


@pytest.mark.parametrize(
    "written",
    [
        "解放街1234567号2单元303室",
        "2025-06-01至2025-06-15，距离400米，长1234.5678901米",
        "工单4008123456，编号20250601001234",
        "工单510703202506010012",
        "受理号2025-0832-2034567",
        "105.0832123456, 31.13912345678",
        "电话 20250601 打过，第0832号",
        "欠费8001234567元，面积400 1234567 米",
        "4006160073",
    ],
)
def test_other_numbers_stay(connection: Connection, written: str) -> None:
    take(connection, report(description=written, remark=written))
    assert query(connection, "select description, extra ->> 'remark' from reported_case") == [(written, written)]


def test_no_finding_repeats_a_telephone_number(connection: Connection) -> None:
    said = take(connection, report(description="打13912345678\t找我", status="13912345678", time="0832-2034567"))
    told = json.dumps(said.as_json(), ensure_ascii=False)
    assert {code for code, _row in codes(said)} == {"text-cleaned", "unknown-code", "value-invalid"}
    assert "139****5678" in told
    assert "13912345678" not in told
    assert "2034567" not in told


def test_cases_do_not_end_because_a_file_lacks_them(connection: Connection) -> None:
    with pytest.raises(NoImportError, match="cases"):
        take(connection, report(), replace=True)


def test_a_foreign_class_is_kept_beside_the_kind(connection: Connection) -> None:
    stored = take(connection, {"unique key": 7, "Complaint Type": "Ghosts", "Created Date": "2025-06-01"})
    assert [code for code, _row in codes(stored)] == ["value-cut"]
    kept = query(connection, "select external_id, kind, extra ->> 'Complaint Type' from reported_case")
    assert kept == [("7", "other", "Ghosts")]


def test_a_megabyte_of_text_is_cut_and_told(connection: Connection) -> None:
    stored = take(connection, report(description="鼠" * 350_000))
    assert [(str(finding.code), finding.field) for finding in stored.findings] == [("value-cut", "description")]
    assert query(connection, "select length(description) from reported_case") == [(1000,)]


def test_places_far_from_the_office_are_errors(connection: Connection) -> None:
    office = {"code": "O", "name": "Office", "level": "office"}
    bring(connection, "areas", [(block(0, 0, 1000, 1000), office)])
    assert codes(take(connection, report(lon=-73.9, lat=40.7))) == [("outside-extent", 1)]
    far = take(connection, report(lon=-73.9, lat=40.7), anywhere=True)
    assert far.status == "imported"


def test_cases_find_area_and_segment_also_when_these_come_later(connection: Connection) -> None:
    bring(connection, "cases", [(place(500, 60), report()), (place(500, 500), report(external_id="A2"))])
    assert query(connection, "select area_id, target_id from reported_case") == [(None, None)] * 2
    bring(connection, "areas", [(block(0, 0, 1000, 1000), {"code": "O", "name": "Office", "level": "office"})])
    bring(connection, "street-segments", [(street(0, 0, 1000, 0), {"name": "解放街"})])
    bring(connection, "street-segments", [(street(0, 150, 1000, 150), {"name": "东街"})])
    near, far = sorted(list_cases(connection, CaseFilter()).rows, key=lambda case: case["external_id"])
    assert near["segment"] is not None
    assert near["distance_m"] == pytest.approx(60, abs=0.5)
    assert far["segment"] is None
    found = case_of(connection, near["id"], within=EVERYWHERE)
    assert (found["gap"], found["segment_lane"]) == (True, "解放街")
    assert found["at_m"] == pytest.approx(500, abs=2)
    assert case_of(connection, far["id"], within=EVERYWHERE)["gap"] is None
    assert len(events_of(connection, near["id"], within=EVERYWHERE)["events"]) == 1
    assert list_cases(connection, CaseFilter(area="O")).total == 2


def test_a_street_has_nothing_to_do_with_a_case_before_it_began(connection: Connection) -> None:
    bring(connection, "street-segments", [(street(0, 0, 1000, 0), {"valid_from": "2025-07-01"})])
    bring(
        connection,
        "cases",
        [(place(500, 10), report()), (place(500, 10), report(external_id="B", reported_at="2025-08-01"))],
    )
    assert [case["segment"] is None for case in list_cases(connection, CaseFilter()).rows] == [False, True]


def test_an_export_is_the_inverse_of_an_import(connection: Connection, tmp_path: Path) -> None:
    rows = [
        (place(10, 10), report(description=f'{MARKUP}, "quoted"\nline', channel="web", lane="解放街")),
        (None, report(external_id=None, kind="garbage", status="closed", closed_at="2025-06-02 11:12:13")),
        (None, report(external_id="=A3", kind=None, reported_at="2025-06-05")),
    ]
    bring(connection, "cases", rows, constants={"source": "12345"})
    first, second = tmp_path / "cases.csv", tmp_path / "again.csv"
    on = date(2025, 7, 1)
    export(connection, layer_of("cases"), first, on=on)
    again = import_file(connection, "cases", first, ImportOptions())
    assert counts(again) == ("unchanged", 0, 0, 3, 0), again.findings
    connection.execute(text("delete from reported_case"))
    connection.execute(text("delete from source_row"))
    assert counts(import_file(connection, "cases", first, ImportOptions())) == ("imported", 3, 0, 0, 0)
    export(connection, layer_of("cases"), second, on=on)
    assert second.read_bytes() == first.read_bytes()
    for ending in (".gpkg", ".geojson", ".shp"):
        other = tmp_path / f"cases{ending}"
        export(connection, layer_of("cases"), other, on=on)
        assert import_file(connection, "cases", other, ImportOptions()).status == "unchanged", ending


def test_the_history_goes_out_whole(connection: Connection, tmp_path: Path) -> None:
    take(connection, report(), report(external_id="A2"))
    take(connection, report(status="closed", closed_at="2025-06-03 10:00"))
    file = tmp_path / "history.csv"
    assert export(connection, layer_of("case-events"), file, on=date(2025, 7, 1)).rows == 3
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    (case,) = query(connection, "select uuid::text from reported_case where external_id = 'A1'")
    own = [(row["status"], row["known"], row["at"][:16]) for row in rows if row["case"] == case[0]]
    assert own == [("collected", "time", "2025-06-01T08:00"), ("closed", "time", "2025-06-03T10:00")]
    with pytest.raises(NoImportError, match="cases"):
        import_file(connection, "case-events", file, ImportOptions())
