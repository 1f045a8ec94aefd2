"""What rows say and what the user says of all of them, dates whose order a file proves, and how errors are told."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection

from geo_hygiene.cli import main
from geo_hygiene.files.importing import ImportOptions, ImportReport, import_file
from geo_hygiene.files.writing.export import export
from geo_hygiene.layers import layer_of
from tests.conftest import TestDatabase
from tests.importing import bring, codes, place, query
from tests.test_import_command import Terminal


def take(connection: Connection, *rows: dict[str, Any], **asked: Any) -> ImportReport:
    said = [(None, {"external_id": str(number), **row}) for number, row in enumerate(rows, start=1)]
    return bring(connection, "cases", said, **asked)


def reported(connection: Connection) -> list[str]:
    statement = "select to_char(reported_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') from reported_case"
    return [row[0] for row in query(connection, f"{statement} order by external_id")]


def test_a_constant_fills_what_rows_leave_empty_and_changes_nothing_else(connection: Connection) -> None:
    rows = {"reported_at": "2025-06-01", "time": "08:15"}, {"reported_at": "2025-06-02", "time": "n/a"}
    assert take(connection, *rows, constants={"time": "12:00", "channel": "web"}).status == "imported"
    assert reported(connection) == ["2025-06-01 08:15", "2025-06-02 12:00"]
    assert query(connection, "select distinct channel from reported_case") == [("web",)]
    wrong = take(connection, *rows, {"reported_at": "2025-06-03", "time": "noon"}, constants={"time": "12:00"})
    assert codes(wrong) == [("value-invalid", 3)]


def test_a_wrong_constant_is_told_once(connection: Connection) -> None:
    bins = [(place(0, 0), {"kind": "bin"}), (place(9, 0), {"kind": None}), (place(18, 0), {"kind": None})]
    assert codes(bring(connection, "facilities", bins, constants={"kind": "castle"})) == [("unknown-code", None)]
    assert bring(connection, "facilities", bins, constants={"kind": "market"}).status == "imported"
    assert query(connection, "select category from facility join target using (id) order by 1") == [
        ("bin",),
        ("market",),
        ("market",),
    ]


def test_no_cut_shows_a_part_of_a_telephone_number(connection: Connection) -> None:
    told = take(connection, {"reported_at": "2025-06-01", "description": f"{'鼠' * 72}\t13812345678"}).findings
    assert [finding.code for finding in told] == ["text-cleaned"]
    assert "13812" not in json.dumps([finding.as_json() for finding in told])


@pytest.mark.parametrize("ending", [".csv", ".geojson", ".gpkg"])
def test_instants_go_out_in_the_time_of_the_office(connection: Connection, tmp_path: Path, ending: str) -> None:
    rows = {"reported_at": "2025-09-01 09:12"}, {"reported_at": "2025-09-04"}, {"reported_at": "2025-09-05T23:30:00Z"}
    take(connection, *rows)
    file = tmp_path / f"cases{ending}"
    export(connection, layer_of("cases"), file, on=date(2025, 10, 1))
    if ending == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as lines:
            written = [row["reported_at"] for row in csv.DictReader(lines)]
        assert written == ["2025-09-01T09:12:00+08:00", "2025-09-04T00:00:00+08:00", "2025-09-06T07:30:00+08:00"]
    again = import_file(connection, "cases", file, ImportOptions())
    assert (again.status, again.stored.unchanged) == ("unchanged", 3)


def test_a_date_that_can_only_be_read_in_one_way_tells_the_order_of_all(connection: Connection) -> None:
    rows = (
        {"reported_at": "03/04/2025 10:00", "closed_at": None, "status": "open"},
        {"reported_at": "05/04/2025 10:00", "closed_at": "29/04/2025", "status": "closed"},
    )
    told = take(connection, *rows)
    (order,) = told.findings
    assert (order.code, order.row, order.field, order.value) == ("date-order", 2, "closed_at", "29/04/2025")
    assert "day, month and year" in order.message()
    assert reported(connection) == ["2025-04-03 10:00", "2025-04-05 10:00"]
    assert take(connection, *rows, date_order="mdy").status == "refused"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("03/04/2025", "05/05/2025"), "nothing in the file says"),
        (("03/04/2025", "29/04/2025", "04/30/2025"), "29/04/2025 in row 2, 04/30/2025 in row 3"),
        (("03/04/2025", "31/02/2025"), "nothing in the file says"),
    ],
)
def test_an_order_that_no_date_or_two_dates_show_is_asked_for(
    connection: Connection, days: tuple[str, ...], words: str
) -> None:
    told = take(connection, *({"reported_at": day} for day in days))
    assert codes(told) == [("date-ambiguous", row) for row in range(1, len(days) + 1)]
    assert all(words in finding.message() for finding in told.findings)


def test_all_errors_are_told_at_once(connection: Connection) -> None:
    bring(connection, "areas", [(place(0, 0).buffer(0.001), {"code": "O", "level": "office"})])
    rows = [
        (place(900_000, 0), {"external_id": "1", "kind": "ghost", "status": "lost", "reported_at": "yesterday"}),
        (place(0, 0), {"external_id": "2", "reported_at": "2199-01-01"}),
        (place(0, 0), {"external_id": "3", "reported_at": "2025-06-02", "closed_at": "2025-06-01"}),
        (place(0, 0), {"external_id": "4", "reported_at": "2025-06-02"}),
        (place(0, 0), {"external_id": "4", "reported_at": "2025-06-02"}),
    ]
    told = bring(connection, "cases", rows)
    assert sorted((finding.row, finding.code, finding.field) for finding in told.findings) == [
        (1, "outside-extent", None),
        (1, "unknown-code", "kind"),
        (1, "unknown-code", "status"),
        (1, "value-invalid", "reported_at"),
        (2, "value-invalid", "reported_at"),
        (3, "value-invalid", "closed_at"),
        (5, "duplicate-key", None),
    ]
    assert (told.status, told.accepted, told.rejected) == ("refused", 1, 4)
    assert query(connection, "select count(*) from reported_case, import_run") == [(0,)]


def ask(database: TestDatabase, tmp_path: Path, *words: str | Path, locale: str = "en") -> tuple[int, str, str]:
    environment = {**Terminal(database, tmp_path / "home").environment, "GEO_HYGIENE_LOCALE": locale}
    result = CliRunner().invoke(main, [str(word) for word in words], env=environment)
    return result.exit_code, result.stdout, result.stderr


def test_a_terminal_tells_rows_and_lines_and_each_sentence_once(database: TestDatabase, tmp_path: Path) -> None:
    file = tmp_path / "12345.csv"
    lines = ["单号,来电时间,纬度,经度", "A1,2025-06-01 08:00,31.09,105.08", ",,,", "A2,,105.073,31.088"]
    file.write_text("\n".join([*lines, *(f"B{at},,," for at in range(5))]))
    code, _, err = ask(database, tmp_path, "case", "import", file)
    assert code == 1
    assert (
        "error value-missing: row 2 (line 4, A2), row 3 (line 5, B0), row 4 (line 6, B1) and 3 more, 来电时间: " in err
    )
    assert "row 2 (line 4, A2), 纬度, 105.073: “105.073” is not a possible value of “纬度”." in err
    assert "look swapped" in err
    assert err.count("value-missing") == 1
    _, _, err = ask(database, tmp_path, "case", "import", file, locale="zh_Hans")
    assert "第 2 行 (表格第 4 行, A2), 第 3 行 (表格第 5 行, B0)" in err
    _, out, _ = ask(database, tmp_path, "case", "import", file, "--json")
    missing = [finding["row"] for finding in json.loads(out)["findings"] if finding["code"] == "value-missing"]
    assert missing == [2, 3, 4, 5, 6, 7]


def test_a_field_without_a_column_is_called_by_its_title(database: TestDatabase, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("编号,姓名\nP1,王一\n")
    _, _, err = ask(database, tmp_path, "import", "people", file, locale="zh_Hans")
    assert "error value-missing: 岗位: " in err.replace("错误", "error")
    assert "--field role=" in err
    spots = tmp_path / "treatments.csv"
    spots.write_text("日期,lon,lat\n" + "2025-03-01 09:00,105.08,31.09\n" * 4)
    _, _, err = ask(database, tmp_path, "import", "treatments", spots)
    assert "unknown-code: in all 4 rows, Campaign: The row names no campaign, and there are none yet." in err
    assert "code, title, pest, valid_from, valid_to, scope" in err


def test_what_all_rows_come_from_stands_above_a_column(database: TestDatabase, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text("编号,来源,类型,受理时间\n1,微信,垃圾,2025-06-01\n2,,,2025-06-02\n")
    words = "case", "import", file, "--source", "12345", "--kind", "rodent"
    assert ask(database, tmp_path, *words)[0] == 0
    _, out, _ = ask(database, tmp_path, "case", "list", "--json")
    assert {(one["source"], one["kind"]) for one in json.loads(out)["cases"]} == {("12345", "rodent")}
    assert json.loads(ask(database, tmp_path, *words, "--json")[1])["status"] == "unchanged"


def test_a_file_of_refused_rows_is_read_back_as_the_rows_that_it_holds(connection: Connection, tmp_path: Path) -> None:
    file, wrong, again = tmp_path / "cases.csv", tmp_path / "wrong.csv", tmp_path / "again.csv"
    file.write_text("受理时间,内容,lon,lat\n" + "2025-06-01 08:00,=鼠,105.08,31.09\n" * 3 + ",,,\n,x,,\n")
    first = import_file(connection, "cases", file, ImportOptions(skip_rejected=True, rejected=wrong))
    assert (first.accepted, first.rejected, first.line_of(4)) == (1, 3, 6)
    back = import_file(connection, "cases", wrong, ImportOptions(skip_rejected=True, rejected=again))
    errors = [(finding.code, finding.row) for finding in back.findings if finding.is_error()]
    assert errors == [("value-missing", 3), ("duplicate-key", 2)]
    assert (back.status, back.stored.unchanged) == ("unchanged", 1)
    with again.open(encoding="utf-8-sig", newline="") as lines:
        assert [row[:2] for row in csv.reader(lines)] == [
            ["row", "codes"],
            ["2", "duplicate-key"],
            ["3", "value-missing"],
        ]
    people = tmp_path / "people.csv"
    people.write_text("code,name,role\nP1,王一,king\n")
    import_file(connection, "people", people, ImportOptions(rejected=wrong))
    wrong.write_text(wrong.read_text(encoding="utf-8-sig").replace("king", "cleaner"))
    assert codes(import_file(connection, "people", wrong)) == []
